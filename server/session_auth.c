/* session_auth.c: the SASL exchange (RFC 4422), whatever profile carries it: SCRAM with and without channel binding,
 * FAST tokens, PLAIN where configured.
 *
 *   start -> (empty challenge ->) first message -> name -> keys, device -> challenge -> last message -> verdict
 *                                                                       \-> PLAIN: derive -> verdict
 *                                                                        \-> token: verdict
 *
 * Keys come from the store, so an exchange pauses the session. A user who does not exist gets keys of a decoy, made
 * for everybody before the look-up: the same answers after the same work.
 */
#include "server/auth.h"

#include "server/limits.h"

/* In the order in which they are offered. */
static const struct mechanism mechanisms[AUTH_MECHANISMS] = {
    { STR_INIT("SCRAM-SHA-512-PLUS"), SASL_SCRAM, HASH_SHA512, BINDING_TLS_EXPORTER },
    { STR_INIT("SCRAM-SHA-256-PLUS"), SASL_SCRAM, HASH_SHA256, BINDING_TLS_EXPORTER },
    { STR_INIT("SCRAM-SHA-1-PLUS"), SASL_SCRAM, HASH_SHA1, BINDING_TLS_EXPORTER },
    { STR_INIT("SCRAM-SHA-512"), SASL_SCRAM, HASH_SHA512, BINDING_NONE },
    { STR_INIT("SCRAM-SHA-256"), SASL_SCRAM, HASH_SHA256, BINDING_NONE },
    { STR_INIT("SCRAM-SHA-1"), SASL_SCRAM, HASH_SHA1, BINDING_NONE },
    { STR_INIT("PLAIN"), SASL_PLAIN, HASH_SHA256, BINDING_NONE },
};

/* ---- Life ------------------------------------------------------------------------------------------ */

void login_free(struct login *l)
{
    if (l == NULL)
        return;
    arena_deinit(&l->found);
    arena_deinit(&l->arena);
    mem_free(l);
}

/* What an exchange leaves; the session and the count of failures stay. */
static void auth_reset(struct auth *auth)
{
    secure_zero(auth->keys, sizeof auth->keys);
    secure_zero(&auth->derived, sizeof auth->derived);
    arena_deinit(&auth->query.op.arena);
    arena_deinit(&auth->arena);
    login_free(auth->login);
    *auth =
        (struct auth){ .session = auth->session, .sasl2 = auth->sasl2, .failures = auth->failures };
}

void auth_free(struct auth *auth)
{
    if (auth == NULL)
        return;
    auth_reset(auth);
    mem_free(auth);
}

/* ---- What is offered ------------------------------------------------------------------------------- */

/* Asked once a connection: to export keys from TLS is work. */
static unsigned find_bindings(const struct session *s)
{
    struct arena a = { 0 };
    struct binding_data bound = s->home->host->ops->binding(s->link, &a);
    unsigned found = 1u << BINDING_NONE;

    if (bound.exporter.n > 0)
        found |= 1u << BINDING_TLS_EXPORTER;
    if (bound.server_end_point.n > 0)
        found |= 1u << BINDING_TLS_SERVER_END_POINT;
    arena_deinit(&a);
    return found;
}

bool auth_can_bind(struct session *s, enum channel_binding b)
{
    if (s->bindings == 0)
        s->bindings = find_bindings(s);
    return s->bindings & 1u << b;
}

static bool can_bind_any(struct session *s)
{
    return auth_can_bind(s, BINDING_TLS_EXPORTER) || auth_can_bind(s, BINDING_TLS_SERVER_END_POINT);
}

static bool is_offered(struct session *s, const struct mechanism *m)
{
    const struct settings *settings = s->home->settings;

    if (m->kind == SASL_PLAIN)
        return settings->mechanism_plain;
    if (m->binding != BINDING_NONE && !can_bind_any(s))
        return false;
    switch (m->hash) {
    case HASH_SHA1: return settings->mechanism_sha1;
    case HASH_SHA256: return settings->mechanism_sha256;
    case HASH_SHA512: return settings->mechanism_sha512;
    }
    return false;
}

size_t auth_offered(struct session *s, struct str out[AUTH_MECHANISMS])
{
    size_t n = 0;

    for (size_t i = 0; i < AUTH_MECHANISMS; i++)
        if (is_offered(s, &mechanisms[i]))
            out[n++] = mechanisms[i].name;
    return n;
}

static const struct mechanism *find_mechanism(const struct auth *auth, struct str name)
{
    for (size_t i = 0; i < AUTH_MECHANISMS; i++)
        if (str_eq(name, mechanisms[i].name) && is_offered(auth->session, &mechanisms[i]))
            return &mechanisms[i];
    if (auth->login->agent_id.n == 0
        || xml_child(auth->login->request, STR(NS_FAST), STR("fast")) == NULL)
        return NULL; /* a token is a device's: XEP-0484 §4.1 */
    return fast_mechanism(auth->session, name);
}

/* ---- Downgrade protection (XEP-0474 §4.1) ---------------------------------------------------------- */

/* A client sees by it whether somebody on the way has taken away some of what was offered. */
static struct str downgrade_attribute(const struct auth *auth, struct arena *a)
{
    struct session *s = auth->session;
    struct str names[AUTH_MECHANISMS], bindings[2];
    struct sasl_offer offer = { .mechanisms = names, .bindings = bindings };

    offer.mechanism_count = auth_offered(s, names);
    for (int b = BINDING_TLS_EXPORTER; b <= BINDING_TLS_SERVER_END_POINT; b++)
        if (auth_can_bind(s, (enum channel_binding)b))
            bindings[offer.binding_count++] =
                str_from(channel_binding_name((enum channel_binding)b));
    return arena_concat(a, STR("h="), sasl_downgrade_hash(a, auth->scram.hash, &offer));
}

/* ---- Verdicts -------------------------------------------------------------------------------------- */

static struct login_note note_of(const struct auth *auth, bool failed)
{
    struct session *s = auth->session;
    struct arena a = { 0 };
    struct login_note note = {
        .account = login_guard_key(s->home->settings, jid_bare_text(&a, &auth->jid)),
        .address = s->home->host->ops->peer(s->link).address,
        .failed = failed,
    };

    arena_deinit(&a);
    return note;
}

static enum login_class login_class(const struct login *login)
{
    const struct mechanism *m = login->mechanism;

    if (m->kind == SASL_PLAIN)
        return LOGIN_PLAIN;
    if (m->kind == SASL_TOKEN)
        return LOGIN_FAST;
    return m->binding == BINDING_NONE ? LOGIN_SCRAM : LOGIN_SCRAM_PLUS;
}

/* The exchange is over; the client may try again on the same stream a few times (RFC 6120 §6.4.5). */
void auth_fail(struct auth *auth, struct str condition)
{
    struct session *s = auth->session;

    sasl_failure(auth, condition);
    if (auth->login != NULL && auth->login->mechanism != NULL)
        count(&s->home->counters, COUNTER_FAILED_LOGINS + login_class(auth->login));
    auth_reset(auth);
    if (++auth->failures >= PREAUTH_ATTEMPTS)
        session_fail(s, STREAM_POLICY_VIOLATION, STR("Too many failed logins."));
}

static void tell(const struct auth *auth, enum event_reason reason)
{
    struct arena a = { 0 };

    home_event(
        auth->session->home, auth->session,
        EVENT(reason, .actor = auth->jid.local.n > 0 ? jid_bare_text(&a, &auth->jid) : STR_NONE));
    arena_deinit(&a);
}

/* The client was wrong about a secret. */
static void auth_deny(struct auth *auth, struct str condition)
{
    struct session *s = auth->session;

    tell(auth, EVENT_CREDENTIALS);
    if (!s->home->host->ops->peer(s->link).exempt)
        s->home->host->ops->note_login(s->home->host->ctx, note_of(auth, true));
    auth_fail(auth, condition);
}

static void auth_succeed(struct auth *auth, struct str octets)
{
    struct session *s = auth->session;
    struct login_note note = note_of(auth, false);
    unsigned home;

    session_set_jid(s, &auth->jid);
    s->home->host->ops->logged_in(s->link);
    if (!login_guard_is_familiar(&s->home->guard, note, s->home->now_ms))
        s->home->host->ops->note_login(s->home->host->ctx, note);
    s->login = auth->login;
    s->login->final = arena_str(&s->login->arena, octets);
    session_set_credential(s, s->login->credential);
    auth->login = NULL;
    auth_free(auth);
    s->auth = NULL;
    /* XEP-0388's is written at home: it says what became of the inline requests. */
    if (s->login->request == NULL)
        sasl_success(s);
    count(&s->home->counters, COUNTER_LOGINS + login_class(s->login));
    s->state = SESSION_MOVING;
    home = home_of(s->home, &s->jid);
    uncount(&s->home->counters, COUNTER_SESSIONS);
    if (home == s->home->number)
        session_arrived(s, s->home);
    else
        s->home->host->ops->move(s->link, home);
}

/* ---- Keys and device ------------------------------------------------------------------------------- */

static void auth_resume(struct session *s)
{
    s->paused = false;
    session_flush(s);
    session_resume_reading(s);
}

static void auth_ask(struct auth *auth, enum query_kind kind, store_done *done)
{
    struct session *s = auth->session;

    arena_deinit(&auth->query.op.arena);
    auth->query = (struct store_query){ .kind = kind };
    auth->query.op.home = s->home->number;
    auth->query.op.done = done;
}

static void plain_derive(void *arg)
{
    struct auth *auth = arg;

    scram_derive(HASH_SHA256, auth->password, bytes_of(auth->keys->salt, auth->keys->salt_n),
                 auth->keys->iterations, &auth->derived);
}

/* True: the client has these keys, which are of the account, or of one of its grants. */
static bool take_credential(struct auth *auth, size_t fitted)
{
    struct login *l = auth->login;

    if (l->account == 0 || fitted >= auth->own_count)
        return false;
    l->credential = arena_str(&l->arena, auth->credentials[fitted]);
    return true;
}

/* All are compared when none fits. */
static bool password_is_right(struct auth *auth)
{
    for (size_t i = 0; i < auth->key_count; i++)
        if (ct_equal(auth->derived.stored_key, auth->keys[i].stored_key, hash_size(HASH_SHA256)))
            return take_credential(auth, i);
    return false;
}

static void plain_derived(void *arg)
{
    struct auth *auth = arg;
    struct session *s = auth->session;

    if (s->state != SESSION_CLOSED) {
        if (password_is_right(auth))
            auth_succeed(auth, STR_NONE);
        else
            auth_deny(auth, STR("not-authorized"));
        auth_resume(s);
    }
    session_release(s);
}

static void auth_judge_token(struct auth *auth)
{
    const char *why = fast_check(auth);

    if (why == NULL)
        auth_succeed(auth, auth->login->final);
    else
        auth_deny(auth, str_from(why));
}

static void auth_challenge(struct auth *auth)
{
    auth->step = AUTH_CHALLENGED;
    auth->scram.extra = downgrade_attribute(auth, &auth->arena);
    sasl_challenge(auth,
                   scram_server_challenge(&auth->scram, &auth->arena, auth->keys, auth->key_count,
                                          &auth->session->home->host->random));
}

/* A known device is not held to the account's limit: guessing by others must not lock it out. */
static bool is_admitted(const struct auth *auth)
{
    const struct home *h = auth->session->home;

    return auth->login->device_known
           || login_guard_admits_account(&h->guard, h->settings, note_of(auth, false).account,
                                         h->host->ops->peer(auth->session->link), h->now_ms);
}

/* All is there that the store has; the session is held and paused. */
static void auth_go_on(struct auth *auth)
{
    struct session *s = auth->session;
    enum sasl_kind kind = auth->login->mechanism->kind;
    bool admitted = is_admitted(auth);

    if (admitted && kind == SASL_PLAIN) {
        auth->step = AUTH_DERIVING;
        s->home->host->ops->offload(s->home->host->ctx, plain_derive, plain_derived, auth);
        return; /* still held */
    }
    if (!admitted) {
        tell(auth, EVENT_LOGIN_ACCOUNT);
        auth_fail(auth, STR("temporary-auth-failure"));
    } else if (kind == SASL_TOKEN)
        auth_judge_token(auth);
    else
        auth_challenge(auth);
    auth_resume(s);
    session_release(s);
}

static void device_fetched(struct store_op *op)
{
    struct auth *auth = CONTAINER_OF(op, struct auth, query.op);
    struct login *l = auth->login;

    if (auth->session->state == SESSION_CLOSED) {
        session_release(auth->session);
        return;
    }
    l->device_known = op->result == ERR_NONE && auth->query.out.devices.count > 0;
    if (l->device_known)
        l->device = l->device_was = auth->query.out.devices.devices[0];
    l->found = arena_move(&op->arena);
    auth_go_on(auth);
}

/* A name that nobody has keeps the decoy's keys in the first place: its salt is always the same. */
static void take_keys(struct auth *auth, const struct credential *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0 || list[i].account != 0)
            auth->keys[i] = list[i].keys;
        auth->credentials[i] = arena_str(&auth->arena, list[i].device);
        auth->own_count += list[i].account != 0;
    }
    auth->key_count = n;
    auth->login->account = list[0].account;
}

static void keys_fetched(struct store_op *op)
{
    struct auth *auth = CONTAINER_OF(op, struct auth, query.op);
    struct session *s = auth->session;
    struct login *l = auth->login;

    if (s->state == SESSION_CLOSED) {
        session_release(s);
        return;
    }
    if (op->result == ERR_NONE && auth->query.out.credentials.count > 0) {
        take_keys(auth, auth->query.out.credentials.list, auth->query.out.credentials.count);
        secure_zero(auth->query.out.credentials.list,
                    auth->query.out.credentials.count * sizeof(struct credential));
    }
    if (l->agent_id.n == 0) {
        auth_go_on(auth);
        return;
    }
    auth_ask(auth, QUERY_DEVICES, device_fetched);
    auth->query.in.devices.account = l->account; /* an account 0 has no devices */
    auth->query.in.devices.resource = bind_resource(s->home, &auth->arena, &auth->jid, l->agent_id);
    store_query(s->home->store, &auth->query);
}

/* The account's name as the client wrote it becomes an address; what is no name is a name nobody has. */
static void auth_fetch(struct auth *auth, struct str username)
{
    struct session *s = auth->session;
    const struct settings *settings = s->home->settings;
    enum hash hash = auth->login->mechanism->hash;

    auth->jid = (struct jid){ .domain = s->domain };
    if (jid_prepare_local(&auth->arena, username, &auth->jid.local) != ERR_NONE)
        auth->jid.local = STR("");
    scram_decoy(hash, bytes_of(settings->secret, sizeof settings->secret), auth->jid.local,
                settings->scram_iterations, auth->keys);
    auth->key_count = 1;
    auth_ask(auth, QUERY_CREDENTIALS, keys_fetched);
    auth->query.in.credentials.local = auth->jid.local;
    auth->query.in.credentials.domain = auth->jid.domain;
    auth->query.in.credentials.hash = hash;
    auth->step = AUTH_FETCHING;
    s->paused = true;
    session_hold(s);
    store_query(s->home->store, &auth->query);
}

/* ---- Messages -------------------------------------------------------------------------------------- */

/* Nobody acts for somebody else (RFC 6120 §6.3.8). The own address, bare, or the own name says nothing new. */
static bool acts_for_itself(const struct auth *auth, struct arena *a, struct str authzid,
                            struct str user)
{
    struct jid meant;
    struct str local;

    if (authzid.n == 0 || str_eq(authzid, user))
        return true;
    return jid_parse(a, authzid, &meant) == ERR_NONE && jid_is_bare(&meant)
           && jid_prepare_local(a, user, &local) == ERR_NONE && str_eq(meant.local, local)
           && str_eq(meant.domain, auth->session->domain);
}

static enum err read_first(struct auth *auth, struct str message, struct str *out_user,
                           struct str *out_authzid)
{
    struct arena *a = &auth->arena;
    struct str password;
    enum err e;

    switch (auth->login->mechanism->kind) {
    case SASL_PLAIN:
        e = sasl_plain_read(message, out_authzid, out_user, &password);
        return e == ERR_NONE ? sasl_prepare_password(a, password, &auth->password) : e;
    case SASL_TOKEN:
        *out_authzid = STR_NONE;
        return sasl_ht_read(message, out_user, &auth->proof); /* views of the exchange's arena */
    case SASL_SCRAM:
        scram_server_init(&auth->scram, auth->login->mechanism->hash,
                          auth->login->mechanism->binding != BINDING_NONE,
                          can_bind_any(auth->session));
        e = scram_server_first(&auth->scram, a, message);
        *out_user = auth->scram.username;
        *out_authzid = auth->scram.authzid;
        return e;
    }
    return ERR_MALFORMED;
}

static void auth_first(struct auth *auth, struct str message)
{
    struct home *h = auth->session->home;
    struct str user, authzid;
    enum err e = read_first(auth, message, &user, &authzid);

    if (e != ERR_NONE)
        auth_fail(auth, e == ERR_DENIED ? STR("not-authorized") : STR("malformed-request"));
    else if (!acts_for_itself(auth, &auth->arena, authzid, user))
        auth_fail(auth, STR("invalid-authzid"));
    else if (!login_guard_admits_address(&h->guard, h->settings,
                                         h->host->ops->peer(auth->session->link), h->now_ms)) {
        tell(auth, EVENT_LOGIN_ADDRESS);
        auth_fail(auth, STR("temporary-auth-failure"));
    } else
        auth_fetch(auth, user);
}

static void auth_last(struct auth *auth, struct str message)
{
    struct session *s = auth->session;
    struct binding_data bound = s->home->host->ops->binding(s->link, &auth->arena);
    struct str final;
    enum err e = scram_server_final(&auth->scram, &auth->arena, message, &bound, &final);

    if (e == ERR_NONE && take_credential(auth, auth->scram.fitted))
        auth_succeed(auth, final);
    else if (e == ERR_MALFORMED)
        auth_fail(auth, STR("malformed-request"));
    else
        auth_deny(auth, STR("not-authorized"));
}

void auth_start(struct auth *auth, struct str mechanism, struct login *login)
{
    auth_reset(auth);
    auth->login = login;
    login->mechanism = find_mechanism(auth, mechanism);
    if (login->mechanism == NULL)
        auth_fail(auth, STR("invalid-mechanism"));
    else
        auth->step = AUTH_STARTED;
}

void auth_receive(struct auth *auth, struct str message)
{
    switch (auth->step) {
    case AUTH_STARTED:
        if (message.n
            == 0) /* the first message was not sent along: ask for it with an empty challenge */
            sasl_challenge(auth, STR_NONE);
        else
            auth_first(auth, message);
        break;
    case AUTH_CHALLENGED: auth_last(auth, message); break;
    default: auth_fail(auth, STR("malformed-request"));
    }
}
