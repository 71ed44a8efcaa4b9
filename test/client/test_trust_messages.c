/* test_trust_messages.c: what devices tell each other about keys (XEP-0450): who is told, who is believed, and what others say who may
 * not. Three devices of Alice and one of Bob on the server's engine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "client/engine_inside.h"
#include "client/devices.h"
#include "client/ours.h"
#include "client/outbox.h"
#include "client/trust_book.h"
#include "client/trust_message.h"
#include "test/client/trio.h"
#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

#define ALICE "alice@sotto.test"
#define BOB   "bob@sotto.test"
#define CAROL "carol@sotto.test"

#define DAY_MS (24 * 3600 * (uint64_t)1000)

struct scene {
    struct trio *trio;
    struct handset *alice, *alice2, *bob, alice3;
};

static int set_up(void **state)
{
    struct scene *s = mem_alloc(sizeof *s);
    void *trio;

    trio_set_up_contacts(&trio);
    s->trio = trio;
    s->alice = &s->trio->alice;
    s->alice2 = &s->trio->alice2;
    s->bob = &s->trio->bob;
    handset_init(&s->alice3, s->trio->world, ALICE, 4);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    void *trio = s->trio;

    handset_deinit(&s->alice3);
    mem_free(s);
    return trio_tear_down(&trio);
}

static void run(struct scene *s)
{
    struct handset *const all[] = { s->alice, s->alice2, s->bob, &s->alice3 };

    handsets_run(all, COUNT_OF(all));
}

static void start(struct scene *s, struct handset *h)
{
    handset_start(h);
    run(s);
}

static void start_all(struct scene *s)
{
    start(s, s->alice);
    start(s, s->alice2);
    start(s, &s->alice3);
    start(s, s->bob);
}

static void meet(struct scene *s)
{
    handset_write(s->alice, BOB, "hello");
    handset_write(s->alice2, BOB, "hello");
    handset_write(&s->alice3, BOB, "hello");
    handset_write(s->bob, ALICE, "hello");
    run(s);
}

static struct engine_key_info key_of(const struct handset *owner, const char *account)
{
    struct engine_key_info k = { .account = str_from(account),
                                 .device = owner->engine->identity->device_id };

    memcpy(k.curve, owner->engine->identity->curve, sizeof k.curve);
    return k;
}

static struct engine_key_info known(const struct handset *h, const struct handset *owner)
{
    struct engine_key_info k;

    for (size_t cursor = 0; engine_next_key(h->engine, &cursor, &k);)
        if (memcmp(k.curve, owner->engine->identity->curve, sizeof k.curve) == 0)
            return k;
    return (struct engine_key_info){ .trust = TRUST_UNDECIDED };
}

static void decide(struct scene *s, struct handset *h, const char *account,
                   const struct handset *owner, enum trust_action action)
{
    struct arena a = { 0 };
    struct str digits = hex_text(&a, bytes_of(owner->engine->identity->curve, OMEMO_KEY));

    engine_now(h->engine, h->now_ms);
    assert_int_equal(engine_decide(h->engine, str_from(account), digits, action), ERR_NONE);
    arena_deinit(&a);
    run(s);
}

/* What linking leaves in `h`; `tells`: it is the one that gave. */
static void linked(struct scene *s, struct handset *h, const struct handset *other, bool tells)
{
    struct engine_key_info k = key_of(other, ALICE);

    k.trust = TRUST_TRUSTED;
    k.linked = true;
    k.decided_ms = h->now_ms;
    trust_adopt(h->engine, &k);
    if (tells)
        trust_message_decided(h->engine, &k);
    engine_end_round(h->engine);
    run(s);
}

static void link_first_two(struct scene *s)
{
    linked(s, s->alice2, s->alice, false);
    linked(s, s->alice, s->alice2, true);
}

static enum trust trust_in(const struct handset *h, const struct handset *owner)
{
    return known(h, owner).trust;
}

/* ---- Told and believed ----------------------------------------------------------------------------- */

/* The second device believes the third one because the first, which linked both, says so. */
static void a_third_device(void **state)
{
    struct scene *s = *state;

    start_all(s);
    link_first_two(s);
    linked(s, &s->alice3, s->alice, false);
    linked(s, &s->alice3, s->alice2, false); /* the gift told of it */
    linked(s, s->alice, &s->alice3, true);
    meet(s);
    assert_true(known(s->alice2, &s->alice3).linked);
    assert_int_equal(trust_in(s->alice2, &s->alice3), TRUST_TRUSTED);
    assert_int_equal(book_count(&s->alice2->store, BOOK_TOLD), 0);
    /* And what one of them compares all of them have compared. */
    decide(s, &s->alice3, BOB, s->bob, TRUST_VERIFY);
    assert_int_equal(trust_in(s->alice, s->bob), TRUST_VERIFIED);
    assert_int_equal(trust_in(s->alice2, s->bob), TRUST_VERIFIED);
    assert_int_equal(s->alice2->seen[ENGINE_TRUST], 1);
    /* Refused by one, refused by all. */
    s->alice->now_ms += 1000;
    decide(s, s->alice, BOB, s->bob, TRUST_DISTRUST);
    assert_int_equal(trust_in(s->alice2, s->bob), TRUST_DISTRUSTED);
    assert_int_equal(trust_in(&s->alice3, s->bob), TRUST_DISTRUSTED);
}

/* Where somebody of the account was compared, a device of it waits for a decision; one of the others makes it. */
static void instead_of_a_question(void **state)
{
    struct scene *s = *state;

    start(s, s->alice);
    start(s, s->alice2);
    start(s, s->bob);
    handset_write(s->bob, ALICE, "hello");
    handset_write(s->alice2, BOB, "hello");
    run(s);
    decide(s, s->bob, ALICE, s->alice, TRUST_VERIFY);
    decide(s, s->alice, BOB, s->bob, TRUST_VERIFY);
    start(s, &s->alice3);
    handset_write(&s->alice3, BOB, "it is me");
    run(s);
    assert_int_equal(trust_in(s->bob, &s->alice3), TRUST_UNDECIDED);
    handset_write(s->bob, ALICE, "waits");
    run(s);
    assert_int_equal(handset_count(s->alice, "waits", false), 0);
    decide(s, s->alice, ALICE, &s->alice3, TRUST_VERIFY);
    assert_int_equal(trust_in(s->bob, &s->alice3), TRUST_VERIFIED);
    assert_int_equal(handset_count(s->alice, "waits", false), 1);
    assert_int_equal(handset_count(&s->alice3, "waits", false), 1);
    assert_int_equal(trust_in(s->bob, s->alice2), TRUST_TRUSTED); /* nobody spoke of it */
    /* It is sent away: those who believed in it hear of that, too. */
    s->alice->now_ms += 1000;
    decide(s, s->alice, ALICE, &s->alice3, TRUST_DISTRUST);
    assert_int_equal(trust_in(s->bob, &s->alice3), TRUST_DISTRUSTED);
    handset_write(s->bob, ALICE, "without it");
    run(s);
    assert_int_equal(handset_count(s->alice, "without it", false), 1);
    assert_int_equal(handset_count(&s->alice3, "without it", false), 0);
}

/* XEP-0450 §5.1: what came before its sender was compared counts then; and over a crash. */
static void before_its_sender_was_compared(void **state)
{
    struct scene *s = *state;

    start_all(s);
    link_first_two(s);
    meet(s);
    decide(s, s->alice, BOB, s->bob, TRUST_VERIFY); /* Bob is told of the second device */
    assert_int_equal(trust_in(s->bob, s->alice2), TRUST_TRUSTED);
    assert_int_equal(book_count(&s->bob->store, BOOK_TOLD), 1);
    handset_crash(s->bob);
    start(s, s->bob);
    decide(s, s->bob, ALICE, s->alice, TRUST_VERIFY);
    assert_int_equal(trust_in(s->bob, s->alice2), TRUST_VERIFIED);
    assert_int_equal(trust_in(s->bob, &s->alice3), TRUST_TRUSTED);
    assert_int_equal(book_count(&s->bob->store, BOOK_TOLD), 0);
}

/* Devices that are not authentic get nothing to read, and show nothing of what they cannot read. */
static void nobody_else_is_told(void **state)
{
    struct scene *s = *state;

    start_all(s);
    link_first_two(s);
    meet(s);
    decide(s, s->alice, BOB, s->bob, TRUST_VERIFY);
    assert_int_equal(trust_in(s->alice2, s->bob), TRUST_VERIFIED);
    assert_int_equal(trust_in(&s->alice3, s->bob), TRUST_TRUSTED);
    assert_int_equal(book_count(&s->alice3.store, BOOK_TOLD), 0);
    assert_null(handset_last(&s->alice3, ENTRY_SEALED));
    assert_null(handset_last(s->alice, ENTRY_FAILED));
    assert_int_equal(book_count(&s->alice->store, BOOK_OUTBOX), 0);
}

/* It goes on running, and puts itself into the list again: who was told encrypts nothing to it, whatever the list says. */
static void sent_away_and_back(void **state)
{
    struct scene *s = *state;
    uint32_t gone;

    start_all(s);
    link_first_two(s);
    meet(s);
    decide(s, s->bob, ALICE, s->alice, TRUST_VERIFY);
    decide(s, s->alice, BOB, s->bob, TRUST_VERIFY);
    gone = s->alice3.engine->identity->device_id;
    s->alice->now_ms += 1000;
    engine_now(s->alice->engine, s->alice->now_ms);
    assert_int_equal(engine_remove_device(s->alice->engine, gone), ERR_NONE);
    assert_int_equal(engine_remove_device(s->alice->engine, 4711), ERR_MISSING);
    assert_int_equal(engine_remove_device(s->alice->engine, s->alice->engine->identity->device_id),
                     ERR_MALFORMED);
    run(s);
    assert_true(devices_lists(s->bob->engine, OMEMO_2, STR(ALICE), gone));
    assert_int_equal(trust_in(s->bob, &s->alice3), TRUST_DISTRUSTED);
    assert_int_equal(trust_in(s->alice2, &s->alice3), TRUST_DISTRUSTED);
    handset_write(s->bob, ALICE, "behind its back");
    handset_write(s->alice, BOB, "so do I");
    handset_write(s->alice2, BOB, "and I");
    run(s);
    assert_int_equal(handset_count(s->alice2, "behind its back", false), 1);
    assert_int_equal(handset_count(s->bob, "so do I", false), 1);
    assert_int_equal(handset_count(&s->alice3, "behind its back", false), 0);
    assert_int_equal(handset_count(&s->alice3, "so do I", true), 0);
    assert_int_equal(handset_count(&s->alice3, "and I", true), 0);
    /* Once it cannot log in any more it leaves the list for good. */
    handset_crash(&s->alice3);
    handset_crash(s->alice);
    start(s, s->alice);
    assert_false(devices_lists(s->bob->engine, OMEMO_2, STR(ALICE), gone));
    assert_false(devices_lists(s->bob->engine, OMEMO_03, STR(ALICE), gone));
}

/* One that was lost before anybody exchanged anything with it goes all the same; and is refused if it comes back. */
static void sent_away_unmet(void **state)
{
    struct scene *s = *state;
    struct engine_key_info k;
    uint32_t gone;

    start_all(s);
    gone = s->alice3.engine->identity->device_id;
    handset_crash(&s->alice3);
    for (size_t cursor = 0; engine_next_key(s->alice->engine, &cursor, &k);)
        assert_int_not_equal(k.device, gone);
    assert_true(devices_lists(s->alice->engine, OMEMO_2, STR(ALICE), gone));
    assert_int_equal(engine_remove_device(s->alice->engine, gone), ERR_NONE);
    run(s);
    assert_false(devices_lists(s->alice->engine, OMEMO_2, STR(ALICE), gone));
    assert_false(devices_lists(s->alice->engine, OMEMO_03, STR(ALICE), gone));
    handset_crash(s->alice); /* it is not forgotten */
    start(s, s->alice);
    assert_int_equal(engine_remove_device(s->alice->engine, gone), ERR_NONE);
    handset_write(s->bob, ALICE, "not for it");
    run(s);
    start(s, &s->alice3); /* which puts itself into the list again */
    handset_write(s->alice, BOB, "nor is this");
    run(s);
    assert_int_equal(trust_in(s->alice, &s->alice3), TRUST_DISTRUSTED);
    assert_int_equal(handset_count(s->alice2, "not for it", false), 1);
    assert_int_equal(handset_count(s->bob, "nor is this", false), 1);
    assert_int_equal(handset_count(&s->alice3, "not for it", false), 0);
    assert_int_equal(handset_count(&s->alice3, "nor is this", true), 0);
}

/* ---- On the wire ------------------------------------------------------------------------------------ */

static struct xml_node *parsed(struct arena *a, const char *text)
{
    static const struct xml_limits limits = { 1 << 20, 16, 16, 20000 };
    struct xml_node *root;

    assert_int_equal(xml_parse_document(a, str_from(text), &limits, &root), ERR_NONE);
    return root;
}

/* The shape of examples 1 and 5 of XEP-0450 0.4.0. */
static void written_as_in_the_examples(void **state)
{
    struct scene *s = *state;
    struct arena a = { 0 };
    struct str ours, bobs;
    const struct job *j;
    struct buf text;

    start_all(s);
    link_first_two(s);
    meet(s);
    bobs = base64_text(&a, bytes_of(s->bob->engine->identity->curve, OMEMO_KEY));
    ours = base64_text(&a, bytes_of(s->alice2->engine->identity->curve, OMEMO_KEY));
    handset_cut(s->alice); /* so that it stays where it can be looked at */
    engine_now(s->alice->engine, s->alice->now_ms);
    assert_int_equal(
        engine_decide(s->alice->engine, STR(BOB),
                      hex_text(&a, bytes_of(s->bob->engine->identity->curve, OMEMO_KEY)),
                      TRUST_VERIFY),
        ERR_NONE);
    buf_init(&text, 1 << 16);
    LIST_EACH (&s->alice->engine->outbox, l) {
        j = LIST_ENTRY(l, const struct job, link);
        xml_write(&text, xml_first_element(j->content), STR_NONE);
        buf_add_char(&text, '\n');
    }
    assert_true(
        str_eq(buf_str(&text),
               arena_printf(&a,
                            "<trust-message xmlns='urn:xmpp:tm:1' usage='urn:xmpp:atm:1' "
                            "encryption='urn:xmpp:omemo:2'><key-owner jid='bob@sotto.test'>"
                            "<trust>%.*s</trust></key-owner></trust-message>\n"
                            "<trust-message xmlns='urn:xmpp:tm:1' usage='urn:xmpp:atm:1' "
                            "encryption='urn:xmpp:omemo:2'><key-owner jid='alice@sotto.test'>"
                            "<trust>%.*s</trust></key-owner></trust-message>\n",
                            STR_ARG(bobs), STR_ARG(ours))));
    buf_deinit(&text);
    arena_deinit(&a);
}

/* ---- From those who may not ------------------------------------------------------------------------- */

struct arriving {
    struct stanza stanza;
    struct identity_key key;
    struct arrival m;
};

static void from(struct arriving *v, const struct handset *sender, const char *account,
                 uint64_t said_ms)
{
    v->key = identity_public(sender->engine->identity);
    v->m = (struct arrival){ .stanza = &v->stanza,
                             .author = str_from(account),
                             .chat = str_from(account),
                             .outgoing = strcmp(account, ALICE) == 0,
                             .encryption = ENCRYPTION_OMEMO_2,
                             .trust = ENTRY_TRUST_TRUSTED,
                             .said_ms = said_ms,
                             .key = &v->key };
}

#define SAYS(USAGE, ENCRYPTION, OWNER, WHAT)                                                       \
    "<content xmlns='urn:xmpp:sce:1'><trust-message xmlns='urn:xmpp:tm:1' usage='" USAGE           \
    "' encryption='" ENCRYPTION "'><key-owner jid='" OWNER "'>" WHAT                               \
    "</key-owner></trust-message></content>"
#define ATM  "urn:xmpp:atm:1"
#define OME2 "urn:xmpp:omemo:2"

/* KEY in `xml`: Bob's second key, which Alice has met. */
static const struct {
    const char *name;
    enum { OWN, OWN_UNKNOWN, BOBS, BOBS_UNKNOWN } sender;
    const char *xml;
    enum { CURVE, ED, CURVE_33, SHORT, OWN_KEY } form;
    int64_t ahead_ms;
    enum { PLAIN, SEALED_03, SEALED_2 } how;
    enum trust want;
    size_t waits;
} cases[] = {
#define TRUST_IT "<trust>KEY</trust>"
#define REFUSE   "<distrust>KEY</distrust>"
    { "own device", OWN, SAYS(ATM, OME2, BOB, TRUST_IT), CURVE, 1, SEALED_2, TRUST_VERIFIED, 0 },
    { "as OMEMO 2 has it", OWN, SAYS(ATM, OME2, BOB, TRUST_IT), ED, 1, SEALED_2, TRUST_VERIFIED,
      0 },
    { "as OMEMO 0.3 has it", OWN, SAYS(ATM, OME2, BOB, TRUST_IT), CURVE_33, 1, SEALED_2,
      TRUST_VERIFIED, 0 },
    { "refused", OWN, SAYS(ATM, OME2, BOB, REFUSE), CURVE, 1, SEALED_2, TRUST_DISTRUSTED, 0 },
    { "his own device", BOBS, SAYS(ATM, OME2, BOB, TRUST_IT), CURVE, 1, SEALED_2, TRUST_VERIFIED,
      0 },
    { "his own device refuses", BOBS, SAYS(ATM, OME2, BOB, REFUSE), CURVE, 1, SEALED_2,
      TRUST_DISTRUSTED, 0 },
    { "own, not compared", OWN_UNKNOWN, SAYS(ATM, OME2, BOB, REFUSE), CURVE, 1, SEALED_2,
      TRUST_TRUSTED, 1 },
    { "his, not compared", BOBS_UNKNOWN, SAYS(ATM, OME2, BOB, REFUSE), CURVE, 1, SEALED_2,
      TRUST_TRUSTED, 1 },
    { "he speaks of us", BOBS, SAYS(ATM, OME2, ALICE, REFUSE), CURVE, 1, SEALED_2, TRUST_TRUSTED,
      0 },
    { "he speaks of others", BOBS, SAYS(ATM, OME2, CAROL, TRUST_IT), CURVE, 1, SEALED_2,
      TRUST_TRUSTED, 0 },
    { "a key nobody has met", OWN, SAYS(ATM, OME2, CAROL, TRUST_IT), CURVE, 1, SEALED_2,
      TRUST_TRUSTED, 1 },
    { "of this device itself", OWN, SAYS(ATM, OME2, ALICE, REFUSE), OWN_KEY, 1, SEALED_2,
      TRUST_TRUSTED, 0 },
    { "said before it was decided here", OWN, SAYS(ATM, OME2, BOB, REFUSE), CURVE, -5000, SEALED_2,
      TRUST_TRUSTED, 0 },
    { "said in two days", OWN, SAYS(ATM, OME2, BOB, REFUSE), CURVE, 2 * DAY_MS, SEALED_2,
      TRUST_TRUSTED, 0 },
    { "not sealed", OWN, SAYS(ATM, OME2, BOB, REFUSE), CURVE, 1, PLAIN, TRUST_TRUSTED, 0 },
    { "sealed without its time", OWN, SAYS(ATM, OME2, BOB, REFUSE), CURVE, 1, SEALED_03,
      TRUST_TRUSTED, 0 },
    { "for something else", OWN, SAYS("urn:x", OME2, BOB, REFUSE), CURVE, 1, SEALED_2,
      TRUST_TRUSTED, 0 },
    { "another encryption", OWN, SAYS(ATM, "urn:x", BOB, REFUSE), CURVE, 1, SEALED_2, TRUST_TRUSTED,
      0 },
    { "too short", OWN, SAYS(ATM, OME2, BOB, REFUSE), SHORT, 1, SEALED_2, TRUST_TRUSTED, 0 },
    { "no base64", OWN, SAYS(ATM, OME2, BOB, "<distrust>?!</distrust>"), CURVE, 1, SEALED_2,
      TRUST_TRUSTED, 0 },
    { "a full address", OWN, SAYS(ATM, OME2, BOB "/x", REFUSE), CURVE, 1, SEALED_2, TRUST_TRUSTED,
      0 },
    { "no address", OWN, SAYS(ATM, OME2, "@@", REFUSE), CURVE, 1, SEALED_2, TRUST_TRUSTED, 0 },
    { "empty", OWN,
      "<content xmlns='urn:xmpp:sce:1'><trust-message xmlns='urn:xmpp:tm:1'/></content>", CURVE, 1,
      SEALED_2, TRUST_TRUSTED, 0 },
};

static struct str id_text(struct arena *a, const struct identity *of, const struct engine *self,
                          int form)
{
    uint8_t octets[1 + OMEMO_KEY] = { 5 };

    memcpy(octets + 1,
           form == ED        ? of->ed
           : form == OWN_KEY ? self->identity->curve
                             : of->curve,
           OMEMO_KEY);
    if (form == CURVE_33)
        return base64_text(a, bytes_of(octets, sizeof octets));
    return base64_text(a, bytes_of(octets + 1, form == SHORT ? OMEMO_KEY - 1 : OMEMO_KEY));
}

static struct xml_node *filled_in(struct arena *a, const char *xml, struct str id)
{
    const char *at = strstr(xml, "KEY");

    if (at == NULL)
        return parsed(a, xml);
    return parsed(a, arena_printf(a, "%.*s%.*s%s", (int)(at - xml), xml, STR_ARG(id), at + 3).p);
}

static void one_case(struct scene *s, size_t i)
{
    const struct handset *senders[] = { s->alice2, &s->alice3, s->bob, &s->alice3 };
    struct engine *c = s->alice->engine;
    struct identity second;
    struct engine_key_info k = { .account = STR(BOB),
                                 .device = 99,
                                 .trust = TRUST_TRUSTED,
                                 .decided_ms = s->alice->now_ms - 1000 };
    struct identity_key public_key;
    struct arriving v;
    struct arena a = { 0 };
    size_t before = book_count(&c->book, BOOK_TOLD);

    identity_make(&second, &s->alice->random);
    public_key = identity_public(&second);
    memcpy(k.curve, second.curve, sizeof k.curve);
    trust_adopt(c, &k);
    engine_now(c, s->alice->now_ms);
    from(&v, senders[cases[i].sender], cases[i].sender <= OWN_UNKNOWN ? ALICE : BOB,
         s->alice->now_ms + (uint64_t)cases[i].ahead_ms);
    v.m.encryption = cases[i].how == PLAIN       ? ENCRYPTION_NONE
                     : cases[i].how == SEALED_03 ? ENCRYPTION_OMEMO_03
                                                 : ENCRYPTION_OMEMO_2;
    if (cases[i].how == SEALED_03)
        v.m.said_ms = 0;
    assert_true(trust_message_came(
        c, &v.m, filled_in(&a, cases[i].xml, id_text(&a, &second, c, cases[i].form))));
    if (trust_of(c, STR(BOB), &public_key) != cases[i].want
        || book_count(&c->book, BOOK_TOLD) - before != cases[i].waits)
        fail_msg("%s: trust %d, %zu wait", cases[i].name, (int)trust_of(c, STR(BOB), &public_key),
                 book_count(&c->book, BOOK_TOLD) - before);
    run(s);
    arena_deinit(&a);
}

static void who_may_say_what(void **state)
{
    struct scene *s = *state;

    start_all(s);
    link_first_two(s);
    meet(s);
    decide(s, s->alice, BOB, s->bob, TRUST_VERIFY);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        one_case(s, i);
    assert_null(handset_last(s->alice, ENTRY_SEALED)); /* people are shown none of it */
}

/* The later word holds, in whichever order they come; what the person refused here no device of others turns. */
static void again_and_out_of_order(void **state)
{
    struct scene *s = *state;
    struct engine_key_info k;
    struct arena a = { 0 };
    struct arriving v;
    uint64_t now;

    start_all(s);
    link_first_two(s);
    meet(s);
    decide(s, s->alice, BOB, s->bob, TRUST_VERIFY);
    k = key_of(s->bob, BOB);
    now = s->alice->now_ms;
    static const struct {
        bool trusts;
        uint64_t after_ms;
        enum trust want;
    } steps[] = {
        { false, 300, TRUST_DISTRUSTED }, { true, 200, TRUST_DISTRUSTED },
        { true, 300, TRUST_DISTRUSTED },  { true, 400, TRUST_VERIFIED },
        { false, 300, TRUST_VERIFIED },   { true, 400, TRUST_VERIFIED },
    };
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        from(&v, s->alice2, ALICE, now + steps[i].after_ms);
        assert_true(trust_message_came(s->alice->engine, &v.m,
                                       filled_in(&a,
                                                 steps[i].trusts ? SAYS(ATM, OME2, BOB, TRUST_IT)
                                                                 : SAYS(ATM, OME2, BOB, REFUSE),
                                                 base64_text(&a, bytes_of(k.curve, OMEMO_KEY)))));
        engine_end_round(s->alice->engine);
        assert_int_equal(trust_in(s->alice, s->bob), steps[i].want);
    }
    run(s);
    arena_deinit(&a);
}

static void refused_here(void **state)
{
    struct scene *s = *state;
    struct identity second;
    struct engine_key_info k = { .account = STR(BOB), .device = 99, .trust = TRUST_DISTRUSTED };
    struct identity_key public_key;
    struct arena a = { 0 };
    struct arriving v;

    start_all(s);
    link_first_two(s);
    meet(s);
    decide(s, s->alice, BOB, s->bob, TRUST_VERIFY);
    identity_make(&second, &s->alice->random);
    public_key = identity_public(&second);
    memcpy(k.curve, second.curve, sizeof k.curve);
    trust_adopt(s->alice->engine, &k);
    for (int own = 0; own < 2; own++) {
        from(&v, own ? s->alice2 : s->bob, own ? ALICE : BOB, s->alice->now_ms + 10);
        assert_true(trust_message_came(s->alice->engine, &v.m,
                                       filled_in(&a, SAYS(ATM, OME2, BOB, TRUST_IT),
                                                 base64_text(&a, bytes_of(k.curve, OMEMO_KEY)))));
        assert_int_equal(trust_of(s->alice->engine, STR(BOB), &public_key),
                         own ? TRUST_VERIFIED : TRUST_DISTRUSTED);
    }
    engine_end_round(s->alice->engine);
    run(s);
    arena_deinit(&a);
}

static void flood(struct scene *s, const struct handset *sender, const char *account)
{
    struct buf text;
    struct arena a = { 0 };
    struct arriving v;

    for (int i = 0; i < 10; i++) {
        buf_init(&text, 1 << 20);
        buf_add(&text, STR("<content xmlns='urn:xmpp:sce:1'><trust-message xmlns='urn:xmpp:tm:1' "
                           "usage='urn:xmpp:atm:1' encryption='urn:xmpp:omemo:2'>"));
        buf_add(&text, arena_printf(&a, "<key-owner jid='%s'>", account));
        for (int n = 0; n < 300; n++) {
            uint8_t octets[OMEMO_KEY];

            random_fill(&s->alice->random, octets, sizeof octets);
            buf_add(&text, STR("<trust>"));
            buf_add(&text, base64_text(&a, bytes_of(octets, sizeof octets)));
            buf_add(&text, STR("</trust>"));
        }
        buf_add(&text, STR("</key-owner></trust-message></content>"));
        buf_add_char(&text, '\0');
        from(&v, sender, account, s->alice->now_ms);
        assert_true(trust_message_came(s->alice->engine, &v.m, parsed(&a, text.p)));
        engine_end_round(s->alice->engine);
        buf_deinit(&text);
        run(s);
    }
    arena_deinit(&a);
}

static size_t told_by(const struct handset *h, const struct handset *sender)
{
    struct arena a = { 0 };
    struct str digits = hex_text(&a, bytes_of(sender->engine->identity->curve, OMEMO_KEY));
    struct bytes key, value;
    size_t n = 0;

    for (size_t cursor = 0; book_next(&h->store, BOOK_TOLD, &cursor, &key, &value);) {
        struct str text = str_of_bytes(key);

        (void)str_split(&text, ' ');
        n += str_starts(text, digits);
    }
    arena_deinit(&a);
    return n;
}

static void not_without_end(void **state)
{
    struct scene *s = *state;

    start_all(s);
    link_first_two(s);
    meet(s);
    flood(s, s->bob, BOB);
    assert_int_equal(book_count(&s->alice->store, BOOK_TOLD), TOLD_OF_ONE_MAX);
    flood(s, &s->alice3, ALICE);
    assert_int_equal(book_count(&s->alice->store, BOOK_TOLD), TOLD_MAX);
    assert_int_equal(told_by(s->alice, s->alice2), 0);
    flood(s, s->alice2, ALICE); /* who is believed finds room */
    assert_int_equal(book_count(&s->alice->store, BOOK_TOLD), TOLD_MAX);
    assert_int_equal(told_by(s->alice, s->alice2), TOLD_MAX);
    decide(s, s->alice, BOB, s->bob, TRUST_VERIFY); /* and what there is works on */
    assert_int_equal(trust_in(s->alice2, s->bob), TRUST_VERIFIED);
}

#define SCENE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_third_device),
        SCENE(instead_of_a_question),
        SCENE(before_its_sender_was_compared),
        SCENE(nobody_else_is_told),
        SCENE(sent_away_and_back),
        SCENE(sent_away_unmet),
        SCENE(written_as_in_the_examples),
        SCENE(who_may_say_what),
        SCENE(again_and_out_of_order),
        SCENE(refused_here),
        SCENE(not_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
