/* session_auth.c: SASL (RFC 6120 §6) on a session: SCRAM with and without channel binding, PLAIN where configured.
 *
 * Keys come from the store, so an exchange pauses the session once. A user who does not exist gets keys of a decoy:
 * the same answers after the same work.
 */
#include "server/limits.h"
#include "base/encode.h"
#include "server/session.h"

struct mechanism { struct str name; enum hash hash; bool plus, plain; };

static const struct mechanism mechanisms[] = {
    { STR_INIT("SCRAM-SHA-512-PLUS"), HASH_SHA512, true, false },
    { STR_INIT("SCRAM-SHA-256-PLUS"), HASH_SHA256, true, false },
    { STR_INIT("SCRAM-SHA-1-PLUS"), HASH_SHA1, true, false },
    { STR_INIT("SCRAM-SHA-512"), HASH_SHA512, false, false },
    { STR_INIT("SCRAM-SHA-256"), HASH_SHA256, false, false },
    { STR_INIT("SCRAM-SHA-1"), HASH_SHA1, false, false },
    { STR_INIT("PLAIN"), HASH_SHA256, false, true },
};

enum auth_step { AUTH_STARTED, AUTH_FETCHING, AUTH_CHALLENGED, AUTH_DERIVING };

struct auth {
    struct session *session;
    const struct mechanism *mechanism;
    enum auth_step step;
    struct arena arena;              /* of the exchange */
    struct scram_server scram;
    struct scram_keys keys;
    bool known;                      /* the account exists */
    struct jid jid;
    struct str password;             /* PLAIN only, prepared */
    struct scram_keys derived;       /* PLAIN only */
    struct store_query query;
    unsigned failures;               /* over all exchanges of this stream */
};

void auth_free(struct auth *auth)
{
    if (auth == NULL)
        return;
    secure_zero(&auth->keys, sizeof auth->keys);
    secure_zero(&auth->derived, sizeof auth->derived);
    arena_deinit(&auth->query.op.arena);
    arena_deinit(&auth->arena);
    mem_free(auth);
}

static bool mechanism_offered(const struct settings *s, const struct mechanism *m)
{
    if (m->plain)
        return s->mechanism_plain;
    switch (m->hash) {
    case HASH_SHA1: return s->mechanism_sha1;
    case HASH_SHA256: return s->mechanism_sha256;
    case HASH_SHA512: return s->mechanism_sha512;
    }
    return false;
}

static bool session_can_bind(const struct session *s, struct arena *a)
{
    struct binding_data bound = s->home->host->ops->binding(s->link, a);

    return bound.exporter.n > 0 || bound.server_end_point.n > 0;
}

static void write_bindings(struct session *s, struct arena *a, struct xml_node *features)
{
    struct binding_data bound = s->home->host->ops->binding(s->link, a);
    struct xml_node *list = xml_add(a, features, STR(NS_SASL_CB), STR("sasl-channel-binding"));

    if (bound.server_end_point.n > 0) /* XEP-0440 §3: a server MUST offer it */
        xml_set(a, xml_add(a, list, STR(NS_SASL_CB), STR("channel-binding")), STR("type"),
                STR("tls-server-end-point"));
    if (bound.exporter.n > 0)
        xml_set(a, xml_add(a, list, STR(NS_SASL_CB), STR("channel-binding")), STR("type"),
                STR("tls-exporter"));
}

void auth_features(struct session *s, struct arena *a, struct xml_node *features)
{
    struct xml_node *list = xml_add(a, features, STR(NS_SASL), STR("mechanisms"));
    bool can_bind = session_can_bind(s, a);

    for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
        if (mechanism_offered(s->home->settings, &mechanisms[i]) && (can_bind || !mechanisms[i].plus))
            xml_add_text_child(a, list, STR(NS_SASL), STR("mechanism"), mechanisms[i].name);
    if (can_bind)
        write_bindings(s, a, features);
}

/* ---- Answers --------------------------------------------------------------------------------------- */

static void write_octets(struct session *s, struct str name, struct str octets)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR(NS_SASL), name);

    if (octets.n > 0)
        xml_add_text(&a, node, base64_text(&a, bytes_of_str(octets)));
    stream_write(&s->stream, node);
    arena_deinit(&a);
}

/* The exchange is over; the client may try again on the same stream a few times (RFC 6120 §6.4.5). */
static void auth_fail(struct auth *auth, struct str condition)
{
    struct session *s = auth->session;
    unsigned failures = auth->failures + 1;
    struct arena a = { 0 };
    struct xml_node *failure = xml_new(&a, STR(NS_SASL), STR("failure"));

    xml_add(&a, failure, STR(NS_SASL), condition);
    stream_write(&s->stream, failure);
    arena_deinit(&a);
    s->home->counters.failed_logins++;
    auth_free(auth);
    s->auth = mem_alloc(sizeof *s->auth);
    s->auth->session = s;
    s->auth->failures = failures;
    if (failures >= PREAUTH_ATTEMPTS)
        session_fail(s, STREAM_POLICY_VIOLATION, STR("Too many failed logins."));
}

static void auth_succeed(struct auth *auth, struct str octets)
{
    struct session *s = auth->session;
    unsigned home;

    session_set_jid(s, &auth->jid);
    write_octets(s, STR("success"), octets);
    session_flush(s);
    auth_free(auth);
    s->auth = NULL;
    if (!stream_restart(&s->stream))
        s->home->counters.early++; /* its new header came early; without a security layer that does no harm */
    s->home->counters.logins++;
    s->state = SESSION_MOVING;
    home = home_of(s->home, &s->jid);
    s->home->counters.sessions--;
    if (home == s->home->number)
        session_arrived(s, s->home);
    else
        s->home->host->ops->move(s->link, home);
}

/* ---- SCRAM ----------------------------------------------------------------------------------------- */

static void auth_resume(struct session *s)
{
    s->paused = false;
    session_flush(s);
    session_resume_reading(s);
}

static void auth_challenge(struct auth *auth)
{
    struct session *s = auth->session;

    if (!auth->known)
        scram_decoy(auth->mechanism->hash, bytes_of(s->home->settings->secret, sizeof s->home->settings->secret),
                    auth->scram.username, s->home->settings->scram_iterations, &auth->keys);
    auth->step = AUTH_CHALLENGED;
    write_octets(s, STR("challenge"),
                 scram_server_challenge(&auth->scram, &auth->arena, &auth->keys, &s->home->host->random));
}

static void plain_derive(void *arg)
{
    struct auth *auth = arg;

    scram_derive(auth->mechanism->hash, auth->password, bytes_of(auth->keys.salt, auth->keys.salt_n),
                 auth->keys.iterations, &auth->derived);
}

static void plain_derived(void *arg)
{
    struct auth *auth = arg;
    struct session *s = auth->session;

    if (s->state != SESSION_CLOSED) {
        if (auth->known
            && ct_equal(auth->derived.stored_key, auth->keys.stored_key, hash_size(auth->mechanism->hash)))
            auth_succeed(auth, STR_NONE);
        else
            auth_fail(auth, STR("not-authorized"));
        auth_resume(s);
    }
    session_release(s);
}

static void auth_fetched(struct store_op *op)
{
    struct auth *auth = CONTAINER_OF(op, struct auth, query.op);
    struct session *s = auth->session;

    auth->known = op->result == ERR_NONE;
    if (auth->known)
        auth->keys = auth->query.out.credentials.keys;
    secure_zero(&auth->query.out, sizeof auth->query.out);
    if (s->state == SESSION_CLOSED) {
        session_release(s);
        return;
    }
    if (auth->mechanism->plain) {
        if (!auth->known)
            scram_decoy(auth->mechanism->hash,
                        bytes_of(s->home->settings->secret, sizeof s->home->settings->secret), auth->jid.local,
                        s->home->settings->scram_iterations, &auth->keys);
        auth->step = AUTH_DERIVING;
        s->home->host->ops->offload(s->home->host->ctx, plain_derive, plain_derived, auth);
        return; /* still held */
    }
    auth_challenge(auth);
    auth_resume(s);
    session_release(s);
}

/* The account's name as the client wrote it becomes an address; what is no name is a name nobody has. */
static void auth_fetch(struct auth *auth, struct str username)
{
    struct session *s = auth->session;
    struct store_query *q = &auth->query;

    auth->jid = (struct jid){ .domain = s->domain };
    if (jid_prepare_local(&auth->arena, username, &auth->jid.local) != ERR_NONE)
        auth->jid.local = STR("");
    arena_deinit(&q->op.arena);
    *q = (struct store_query){ .kind = QUERY_CREDENTIALS };
    q->in.credentials.local = auth->jid.local;
    q->in.credentials.domain = auth->jid.domain;
    q->in.credentials.hash = auth->mechanism->hash;
    q->op.home = s->home->number;
    q->op.done = auth_fetched;
    auth->step = AUTH_FETCHING;
    s->paused = true;
    session_hold(s);
    store_query(s->home->store, q);
}

static void auth_plain(struct auth *auth, struct str message)
{
    struct str authzid, user, password;

    if (sasl_plain_read(message, &authzid, &user, &password) != ERR_NONE
        || sasl_prepare_password(&auth->arena, password, &auth->password) != ERR_NONE)
        auth_fail(auth, STR("malformed-request"));
    else if (authzid.n > 0 && !str_eq(authzid, user)) /* nobody acts for somebody else */
        auth_fail(auth, STR("invalid-authzid"));
    else
        auth_fetch(auth, user);
}

static void auth_first(struct auth *auth, struct str message)
{
    struct session *s = auth->session;
    struct arena a = { 0 };
    bool plus_offered = session_can_bind(s, &a);

    arena_deinit(&a);
    if (auth->mechanism->plain) {
        auth_plain(auth, message);
        return;
    }
    scram_server_init(&auth->scram, auth->mechanism->hash, auth->mechanism->plus, plus_offered);
    switch (scram_server_first(&auth->scram, &auth->arena, message)) {
    case ERR_NONE:
        if (auth->scram.authzid.n > 0)
            auth_fail(auth, STR("invalid-authzid"));
        else
            auth_fetch(auth, auth->scram.username);
        break;
    case ERR_DENIED:
        auth_fail(auth, STR("not-authorized"));
        break;
    default:
        auth_fail(auth, STR("malformed-request"));
    }
}

static void auth_final(struct auth *auth, struct str message)
{
    struct session *s = auth->session;
    struct binding_data bound = s->home->host->ops->binding(s->link, &auth->arena);
    struct str server_final;
    enum err e = scram_server_final(&auth->scram, &auth->arena, message, &bound, &server_final);

    if (e == ERR_NONE && auth->known)
        auth_succeed(auth, server_final);
    else
        auth_fail(auth, e == ERR_MALFORMED ? STR("malformed-request") : STR("not-authorized"));
}

/* ---- Elements -------------------------------------------------------------------------------------- */

/* Base64 text content; "=" stands for an empty message (RFC 6120 §6.4.2). */
static enum err element_octets(struct arena *a, const struct xml_node *node, struct str *out)
{
    struct str text = xml_text_of(a, node);
    struct bytes octets;
    enum err e;

    if (text.n == 0 || str_eq(text, STR("="))) {
        *out = STR("");
        return ERR_NONE;
    }
    e = base64_read(a, text, &octets);
    if (e == ERR_NONE)
        *out = str_of_bytes(octets);
    return e;
}

static void auth_begin(struct session *s, const struct xml_node *node)
{
    struct auth *auth = s->auth;
    struct str name = xml_get(node, STR("mechanism")), message;

    auth->mechanism = NULL;
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
        if (str_eq(name, mechanisms[i].name) && mechanism_offered(s->home->settings, &mechanisms[i]))
            auth->mechanism = &mechanisms[i];
    if (auth->mechanism == NULL)
        auth_fail(auth, STR("invalid-mechanism"));
    else if (element_octets(&auth->arena, node, &message) != ERR_NONE)
        auth_fail(auth, STR("incorrect-encoding"));
    else if (message.n == 0) { /* client-first was not sent along: ask for it with an empty challenge */
        auth->step = AUTH_STARTED;
        write_octets(s, STR("challenge"), STR_NONE);
    } else {
        auth_first(auth, message);
    }
}

static void auth_response(struct session *s, const struct xml_node *node)
{
    struct auth *auth = s->auth;
    struct str message;

    if (auth->mechanism == NULL)
        auth_fail(auth, STR("malformed-request"));
    else if (element_octets(&auth->arena, node, &message) != ERR_NONE)
        auth_fail(auth, STR("incorrect-encoding"));
    else if (auth->step == AUTH_STARTED)
        auth_first(auth, message);
    else
        auth_final(auth, message);
}

bool auth_element(struct session *s, struct xml_node *node)
{
    if (!str_eq(node->ns, STR(NS_SASL)))
        return false;
    if (s->auth == NULL) {
        s->auth = mem_alloc(sizeof *s->auth);
        s->auth->session = s;
    }
    if (str_eq(node->name, STR("auth")))
        auth_begin(s, node);
    else if (str_eq(node->name, STR("response")))
        auth_response(s, node);
    else if (str_eq(node->name, STR("abort")))
        auth_fail(s->auth, STR("aborted"));
    else
        return false;
    return true;
}
