/* session_bind.c: resource binding (RFC 6120 §7) with stable resources.
 *
 * The server makes the resource: base32(HMAC(server secret, account ‖ what the client asked for)). The same client gets
 * the same one again, nothing of it is chosen by the client, and binding it again ends the older session. Dino's is an exception.
 */
#include <string.h>

#include "base/encode.h"
#include "crypto/hash.h"
#include "server/auth.h"
#include "server/calls.h"
#include "server/limits.h"
#include "server/push.h"
#include "server/router.h"

void bind_features(struct session *s, struct arena *a, struct xml_node *features)
{
    if (s->state == SESSION_AUTHENTICATED) {
        xml_add(a, features, STR(NS_BIND), STR("bind"));
        /* RFC 3921 clients ask for it; RFC 6120 servers say that it is not needed. */
        xml_add(a, xml_add(a, features, STR(NS_SESSION), STR("session")), STR(NS_SESSION),
                STR("optional"));
    }
    if (s->sm == NULL)
        xml_add(a, features, STR(NS_SM), STR("sm"));
    xml_add(a, features, STR(NS_CSI), STR("csi"));
    xml_add(a, features, STR(NS_ROSTERVER), STR("ver"));
    xml_add(a, features, STR(NS_PREAPPROVAL), STR("sub"));
}

/* Dino takes a call that it made for accepted only if the answer is addressed to the resource that it asked for, and not to the one
 * that it was given (docs/peers.md). So one like those that it draws is kept: 32 bits in digits, which say nothing to anybody. */
static bool is_dinos(struct str wish)
{
    enum { DIGITS_MAX = 8 };
    struct str prefix = STR("dino."), digits;

    if (!str_starts(wish, prefix))
        return false;
    digits = str_skip(wish, prefix.n);
    for (size_t i = 0; i < digits.n; i++)
        if (!(digits.p[i] >= '0' && digits.p[i] <= '9')
            && !(digits.p[i] >= 'a' && digits.p[i] <= 'f'))
            return false;
    return digits.n > 0 && digits.n <= DIGITS_MAX;
}

struct str bind_resource(const struct home *h, struct arena *a, const struct jid *jid,
                         struct str wish)
{
    struct str account = jid_bare_text(a, jid);
    uint8_t tag[HASH_SIZE_MAX];
    struct buf input;
    struct str text;

    if (is_dinos(wish))
        return arena_str(a, wish);
    buf_init(&input, JID_MAX * 2);
    buf_add(&input, account);
    buf_add_char(&input, '\0');
    buf_add(&input, wish.n > 0 ? wish : random_token(&h->host->random, a, 16));
    hmac(HASH_SHA256, bytes_of(h->settings->secret, sizeof h->settings->secret), buf_bytes(&input),
         tag);
    buf_deinit(&input);
    text = base32_text(a, bytes_of(tag, 8));
    return str_slice(text, 0, RESOURCE_OCTETS);
}

static void bind_refuse(struct session *s, const struct stanza *iq, enum stanza_condition why,
                        struct str text)
{
    struct arena a = { 0 };

    stream_write(&s->stream, stanza_error(&a, iq, why, text));
    session_flush(s);
    arena_deinit(&a);
}

static struct str owned_text(struct str text)
{
    char *p = mem_alloc_raw(text.n);

    memcpy(p, text.p, text.n);
    return (struct str){ p, text.n };
}

/* The account is there, or will be: then bind_complete() goes on. */
void bind_when_ready(struct session *s)
{
    if (s->account->state == ACCOUNT_READY)
        bind_complete(s);
    else
        list_add(&s->account->arriving, &s->in_account);
}

void bind_begin(struct session *s, struct str wish)
{
    struct arena a = { 0 };
    struct jid full = s->jid;

    full.resource = bind_resource(s->home, &a, &s->jid, wish);
    session_set_jid(s, &full);
    arena_deinit(&a);
    s->state = SESSION_BINDING;
    s->account = account_get(s->home, &(struct jid){ s->jid.local, s->jid.domain, { NULL, 0 } });
    bind_when_ready(s);
}

/* A client that named itself while logging in is known by that, whatever resource it wishes for. */
void bind_request(struct session *s, struct xml_node *node)
{
    struct arena a = { 0 };
    struct stanza iq;
    enum stanza_condition why;
    struct str wish = STR(""), prepared;

    if (stanza_parse(&a, node, &iq, &why) != ERR_NONE || iq.type != IQ_SET) {
        bind_refuse(s, &iq, COND_BAD_REQUEST, STR("Binding is an iq of type set."));
        goto done;
    }
    prepared = xml_child_text(&a, iq.payload, STR(NS_BIND), STR("resource"));
    if (prepared.n > 0 && jid_prepare_resource(&a, prepared, &wish) != ERR_NONE) {
        bind_refuse(s, &iq, COND_BAD_REQUEST, STR("That is no valid resource."));
        goto done;
    }
    s->bind_id = owned_text(iq.id);
    s->login->stable = wish.n > 0;
    bind_begin(s, s->login->agent_id.n > 0 ? s->login->agent_id : wish);
done:
    arena_deinit(&a);
}

/* The same client again: the older session is a ghost or a second run of the same program. */
static void end_conflict(struct session *s)
{
    LIST_EACH (&s->account->sessions, l) {
        struct session *other = LIST_ENTRY(l, struct session, in_account);

        if (other != s && str_eq(other->jid.resource, s->jid.resource)) {
            uint64_t first = sm_first_unacked(other);

            s->inherited_from = first ? first - 1 : 0;
            session_fail(other, STREAM_CONFLICT, STR("The same client has logged in again."));
            return;
        }
    }
}

static size_t session_count(const struct account *a)
{
    size_t n = 0;

    for (const struct link *l = list_first(&a->sessions); l != NULL; l = list_next(&a->sessions, l))
        n++;
    return n;
}

static void bind_answer(struct session *s)
{
    struct arena a = { 0 };
    struct xml_node *iq = stanza_new(&a, STANZA_IQ, "result", STR_NONE, STR_NONE, s->bind_id);
    struct xml_node *bind = xml_add(&a, iq, STR(NS_BIND), STR("bind"));

    xml_add_text_child(&a, bind, STR(NS_BIND), STR("jid"), s->full);
    stream_write(&s->stream, iq);
    session_flush(s);
    arena_deinit(&a);
}

void bind_complete(struct session *s)
{
    struct account *a = s->account;

    if (a->view.account == 0) { /* removed since it logged in */
        session_fail(s, STREAM_NOT_AUTHORIZED, STR("This account does not exist any more."));
        return;
    }
    if (bind2_request(s->login) != NULL && !bind2_prepare(s))
        return;
    if (!grant_admitted(
            s)) /* the last that is waited for: from then on whoever takes it back finds this session */
        return;
    end_conflict(s);
    if (session_count(a) >= s->home->settings->sessions_per_account) {
        session_fail(s, STREAM_RESOURCE_CONSTRAINT,
                     STR("Too many devices are connected to this account."));
        return;
    }
    list_add(&a->sessions, &s->in_account);
    count(&s->home->counters, COUNTER_BOUND);
    s->state = SESSION_BOUND;
    s->bound_ms = s->home->now_ms;
    session_heard(s, 0);
    s->deadline_ms = 0;
    s->home->host->ops->wake_at(s->link, 0);
    if (s->login->agent_id.n == 0 && s->login->stable)
        device_bound(s);
    if (bind2_request(s->login) != NULL)
        bind2_answer(s);
    else
        bind_answer(s);
    login_free(s->login);
    s->login = NULL;
    calls_device_came(s);
    push_device_came(s);
}

/* Leaves the account; what others saw of the session ends (RFC 6121 §4.5). */
void session_unbind(struct session *s)
{
    struct account *a = s->account;

    if (a == NULL)
        return;
    list_remove(&s->waiting);
    idle_forget(s);
    if (s->state == SESSION_BOUND || s->state == SESSION_RESUMING) {
        presence_gone(s);
        calls_device_gone(s);
        push_device_gone(s);
        uncount(&s->home->counters, COUNTER_BOUND);
    }
    list_remove(&s->in_account);
    s->account = NULL;
    sm_left(s, a);
    account_unpin(a);
}
