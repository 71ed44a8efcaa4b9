/* telephone.c: see telephone.h. */
#include "test/client/telephone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "xml/parser.h"
#include "xmpp/ns.h"

struct str telephone_ring(struct exchange *x, unsigned media)
{
    struct jid alice = trio_jid(x->trio, "alice@sotto.test");
    struct str id;

    engine_now(x->trio->bob.engine, x->trio->bob.now_ms);
    assert_int_equal(call_begin(x->trio->bob.engine, &x->arena, &alice, media, &id), ERR_NONE);
    exchange_run(x);
    return id;
}

void telephone_answer(struct exchange *x, struct handset *h, struct str id)
{
    engine_now(h->engine, h->now_ms);
    assert_int_equal(call_answer(h->engine, id), ERR_NONE);
    exchange_run(x);
}

void telephone_describe(struct exchange *x, struct handset *h, struct str id, const char *sdp)
{
    const char *why;

    engine_now(h->engine, h->now_ms);
    assert_true(call_find(h->engine, id, &(struct call_info){ 0 })
                || (print_error("%.*s\n", STR_ARG(*exchange_told(h, CALL_IS_OVER))), false));
    if (call_describe(h->engine, id, str_from(sdp), &why) != ERR_NONE)
        fail_msg("%s", why != NULL ? why : "out of order");
    exchange_run(x);
}

struct str telephone_talk(struct exchange *x, unsigned media)
{
    struct str id = telephone_ring(x, media);
    bool video = (media & JINGLE_VIDEO) != 0;
    struct call_info info;

    telephone_answer(x, &x->trio->alice, id);
    telephone_describe(x, &x->trio->bob, id,
                       video ? OFFER(DIGEST_OF_CALLER, VIDEO_OF(DIGEST_OF_CALLER))
                             : OFFER(DIGEST_OF_CALLER, ""));
    telephone_describe(x, &x->trio->alice, id,
                       video ? ANSWER(DIGEST_OF_CALLEE, VIDEO_OF(DIGEST_OF_CALLEE))
                             : ANSWER(DIGEST_OF_CALLEE, ""));
    if (call_connected(x->trio->bob.engine, id) != ERR_NONE
        || call_connected(x->trio->alice.engine, id) != ERR_NONE)
        fail_msg("no call: %.*s / %.*s",
                 STR_ARG(call_find(x->trio->bob.engine, id, &info)
                             ? STR("goes on")
                             : *exchange_told(&x->trio->bob, CALL_IS_OVER)),
                 STR_ARG(call_find(x->trio->alice.engine, id, &info)
                             ? STR("goes on")
                             : *exchange_told(&x->trio->alice, CALL_IS_OVER)));
    return id;
}

void telephone_end(struct exchange *x, struct handset *h, struct str id)
{
    engine_now(h->engine, h->now_ms);
    assert_int_equal(call_end(h->engine, id, NULL, STR_NONE), ERR_NONE);
    exchange_run(x);
}

struct call *telephone_call(const struct handset *h, struct str id)
{
    struct call *call = call_of(h->engine, id);

    assert_non_null(call);
    return call;
}

bool telephone_heard(const struct handset *h, const char *text)
{
    const struct str *sdp = exchange_told(h, CALL_IS_DESCRIBED);

    return sdp != NULL && memmem(sdp->p, sdp->n, text, strlen(text)) != NULL;
}

const char *telephone_record(const struct handset *h)
{
    static char text[64];
    static int which;
    const struct entry *e = handset_last(h, ENTRY_CALL);
    char *out = text + 32 * (which++ & 1); /* two live at once */

    if (e == NULL || e->text.n >= 32)
        return NULL;
    memcpy(out, e->text.p, e->text.n);
    out[e->text.n] = '\0';
    return out;
}

void telephone_verify(struct exchange *x, struct handset *by, const struct handset *of)
{
    struct str account = jid_text(&x->arena, &of->config.jid);
    uint32_t device;
    struct str fingerprint = engine_fingerprint(of->engine, &x->arena, &device);

    assert_int_equal(engine_decide(by->engine, account, fingerprint, TRUST_VERIFY), ERR_NONE);
    exchange_run(x);
}

void telephone_inject(struct exchange *x, struct handset *h, const char *text)
{
    static const struct xml_limits limits = { 1 << 16, 64, 64, 200 };
    struct xml_node *n;

    assert_int_equal(xml_parse_document(&x->arena, arena_cstr(&x->arena, text), &limits, &n),
                     ERR_NONE);
    exchange_inject(x, h, n);
    exchange_run(x);
}

void telephone_forget_version(struct exchange *x, struct handset *h, const char *of,
                              enum omemo version)
{
    bool new = version == OMEMO_2;

    telephone_inject(
        x, h,
        arena_printf(&x->arena,
                     "<message xmlns='jabber:client' type='headline' from='%s'><event "
                     "xmlns='http://jabber.org/protocol/pubsub#event'><items node='%s'><item "
                     "id='current'><%s xmlns='%s'/></item></items></event></message>",
                     of, new ? NS_OMEMO_DEVICES : NS_OMEMO_LEGACY_DEVICES, new ? "devices" : "list",
                     new ? NS_OMEMO : NS_OMEMO_LEGACY)
            .p);
}
