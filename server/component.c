/* component.c: see component.h. */
#include "server/component.h"

#include <string.h>

#include "base/encode.h"
#include "crypto/hash.h"
#include "server/home.h"
#include "server/limits.h"

enum {
    BLANK_MS = 60 * 1000, /* a blank now and then shows whether the other end is there */
};

static void flush(struct component *c)
{
    struct str out = stream_output(&c->stream);

    if (out.n > 0)
        c->ops->write(c->link, out);
    stream_sent(&c->stream, out.n);
}

static void end(struct component *c)
{
    if (c->state == COMPONENT_CLOSED)
        return;
    c->state = COMPONENT_CLOSED;
    stream_close(&c->stream);
    flush(c);
    c->ops->wake_at(c->link, 0);
    c->ops->close(c->link);
}

static void fail(struct component *c, enum stream_condition why)
{
    stream_error(&c->stream, why, STR_NONE);
    end(c);
}

static void tell(const struct component *c, enum event_reason reason, const char *rule)
{
    home_event(
        c->home, NULL,
        EVENT(reason, .rule = rule, .actor = c->known != NULL ? c->known->domain : STR_NONE));
}

/* ---- Who it is ------------------------------------------------------------------------------------- */

static const struct component_secret *known_by(const struct settings *s, struct str text)
{
    struct arena a = { 0 };
    const struct component_secret *found = NULL;
    struct str domain;

    if (jid_prepare_domain(&a, text, &domain) == ERR_NONE)
        found = settings_component(s, domain);
    arena_deinit(&a);
    return found;
}

static void opened(struct component *c, const struct xml_node *header)
{
    struct arena a = { 0 };
    struct str id = random_token(&c->home->host->random, &a, 16);

    c->known = known_by(c->home->settings, xml_get(header, STR("to")));
    memcpy(c->id, id.p, id.n);
    stream_open(&c->stream, c->known != NULL ? c->known->domain : c->home->settings->domains[0],
                STR_NONE, id, STR_NONE);
    arena_deinit(&a);
    c->state = COMPONENT_HANDSHAKE;
    if (c->known == NULL) {
        tell(c, EVENT_CREDENTIALS, "component");
        fail(c, STREAM_HOST_UNKNOWN);
    }
}

/* XEP-0114 §3: SHA-1 over the stream's id and the secret, in lower-case hexadecimal digits. */
static bool proves(const struct component *c, const struct xml_node *handshake)
{
    struct arena a = { 0 };
    struct str said = str_trim(xml_text_of(&a, handshake)), expected;
    uint8_t digest[HASH_SIZE_MAX];
    struct buf both;
    bool good;

    buf_init(&both, sizeof c->id + COMPONENT_SECRET_MAX);
    buf_add(&both, str_from(c->id));
    buf_add(&both, c->known->secret);
    hash_digest(HASH_SHA1, buf_bytes(&both), digest);
    secure_zero(both.p, both.n);
    buf_deinit(&both);
    expected = hex_text(&a, bytes_of(digest, hash_size(HASH_SHA1)));
    good = said.n == expected.n && ct_equal(said.p, expected.p, expected.n);
    arena_deinit(&a);
    return good;
}

/* The older stream may be one whose other end is gone without a word. */
static void replace_older(const struct component *c)
{
    LIST_EACH (&c->home->components, l) {
        struct component *other = LIST_ENTRY(l, struct component, in_home);

        if (other != c && other->state == COMPONENT_OPEN && other->known == c->known)
            fail(other, STREAM_CONFLICT);
    }
}

static void settled(void *ctx);

static void open_stream(struct component *c)
{
    struct xml_limits limits = { c->home->settings->stanza_bytes, STANZA_DEPTH, STANZA_ATTRS,
                                 STANZA_NODES };
    struct arena a = { 0 };

    replace_older(c);
    stream_write(&c->stream, xml_new(&a, STR(NS_COMPONENT), STR("handshake")));
    arena_deinit(&a);
    stream_limits(&c->stream, &limits);
    c->state = COMPONENT_OPEN;
    c->remote = remote_new(c->home, c->known->domain, REMOTE_COMPONENT);
    c->remote->settled = settled;
    c->remote->ctx = c;
    c->ops->wake_at(c->link, c->home->now_ms + BLANK_MS);
}

static void shake_hands(struct component *c, const struct xml_node *node)
{
    if (xml_is(node, STR(NS_COMPONENT), STR("handshake")) && proves(c, node)) {
        open_stream(c);
        return;
    }
    tell(c, EVENT_CREDENTIALS, "component");
    fail(c, STREAM_NOT_AUTHORIZED);
}

/* ---- Stanzas --------------------------------------------------------------------------------------- */

static void take_stanza(struct component *c, struct stream_event *e)
{
    static const enum stream_condition conditions[] = {
        [REMOTE_NO_STANZA] = STREAM_UNSUPPORTED_STANZA_TYPE,
        [REMOTE_UNADDRESSED] = STREAM_IMPROPER_ADDRESSING,
        [REMOTE_FORGED] = STREAM_INVALID_FROM,
        [REMOTE_NOT_OURS] = STREAM_HOST_UNKNOWN,
    };
    enum remote_fault fault;

    bucket_take(&c->stanzas, &c->home->settings->stanzas_per_component, 1, c->home->now_ms);
    remote_content(e->node, STR(NS_COMPONENT), STR(NS_SERVER));
    fault = remote_receive(c->remote, e->node, &e->arena, e->received_bytes);
    if (fault != REMOTE_TAKEN)
        fail(c, conditions[fault]);
}

static void take_event(struct component *c, struct stream_event *e)
{
    switch (e->kind) {
    case STREAM_OPENED: opened(c, e->node); break;
    case STREAM_ELEMENT:
        if (c->state == COMPONENT_OPEN)
            take_stanza(c, e);
        else
            shake_hands(c, e->node);
        break;
    case STREAM_CLOSED: end(c); break;
    case STREAM_FAILED: /* the stream has written its error already */
        tell(c, e->condition == STREAM_POLICY_VIOLATION ? EVENT_OVERSIZED : EVENT_MALFORMED,
             stream_condition_text(e->condition));
        end(c);
        break;
    }
    arena_deinit(&e->arena);
}

static uint64_t wait_ms(const struct component *c)
{
    return bucket_wait_ms(&c->stanzas, &c->home->settings->stanzas_per_component, c->home->now_ms);
}

static bool reads(const struct component *c)
{
    if (c->state != COMPONENT_OPEN)
        return c->state != COMPONENT_CLOSED;
    return c->remote->pending_count < PENDING_STANZAS && c->remote->pending_bytes < PENDING_BYTES
           && wait_ms(c) == 0;
}

static void run(struct component *c)
{
    struct stream_event e;

    if (c->dispatching)
        return;
    c->dispatching = true;
    while (reads(c) && stream_next(&c->stream, &e))
        take_event(c, &e);
    c->dispatching = false;
    if (c->state == COMPONENT_CLOSED)
        return;
    stream_park(&c->stream);
    flush(c);
    c->ops->pause(c->link, !reads(c));
    if (c->state == COMPONENT_OPEN && wait_ms(c) > 0)
        c->ops->wake_at(c->link, c->home->now_ms + wait_ms(c));
}

static void settled(void *ctx)
{
    struct component *c = ctx;

    if (c->state == COMPONENT_OPEN)
        run(c);
}

static struct component *open_component(struct home *h, struct str domain)
{
    LIST_EACH (&h->components, l) {
        struct component *c = LIST_ENTRY(l, struct component, in_home);

        if (c->state == COMPONENT_OPEN && str_eq(c->known->domain, domain))
            return c;
    }
    return NULL;
}

void component_send(struct home *h, struct remote_parcel *p)
{
    struct component *c = open_component(h, p->domain);

    if (c == NULL || c->ops->queued(c->link) > h->settings->output_bytes) {
        remote_bounce(h, p, c == NULL ? COND_REMOTE_SERVER_TIMEOUT : COND_RESOURCE_CONSTRAINT);
        return;
    }
    c->ops->send(c->link, blob_ref(p->stanza));
    remote_arrived(h, p);
}

/* ---- Life ------------------------------------------------------------------------------------------ */

struct component *component_new(struct home *h, const struct component_ops *ops, void *link)
{
    struct component *c = mem_alloc(sizeof *c);
    struct xml_limits limits = { h->settings->element_bytes, PREAUTH_DEPTH, PREAUTH_ATTRS,
                                 PREAUTH_NODES };

    c->home = h;
    c->ops = ops;
    c->link = link;
    list_add(&h->components, &c->in_home);
    stream_init(&c->stream, STREAM_SERVER, STREAM_TCP, STR(NS_COMPONENT), &limits);
    ops->wake_at(link, h->now_ms + (uint64_t)h->settings->login_s * 1000);
    return c;
}

void component_received(struct component *c, struct str bytes)
{
    if (c->state == COMPONENT_CLOSED)
        return;
    stream_feed(&c->stream, bytes);
    run(c);
}

void component_wake(struct component *c)
{
    if (c->state == COMPONENT_CLOSED)
        return;
    if (c->state != COMPONENT_OPEN) {
        fail(c, STREAM_CONNECTION_TIMEOUT);
        return;
    }
    c->ops->write(c->link, STR(" "));
    c->ops->wake_at(c->link, c->home->now_ms + BLANK_MS);
    run(c); /* it had sent too fast */
}

void component_shutdown(struct component *c)
{
    if (c->state != COMPONENT_CLOSED)
        fail(c, STREAM_SYSTEM_SHUTDOWN);
}

void component_gone(struct component *c)
{
    list_remove(&c->in_home);
    stream_deinit(&c->stream);
    remote_gone(c->remote);
    mem_free(c);
}
