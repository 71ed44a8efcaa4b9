/* remote.c: which of a device's sessions a message belongs to, and which one is current. */
#include "omemo/remote.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/curve.h"
#include "omemo/x3dh.h"

void remote_init(struct remote *r, enum omemo version)
{
    memset(r, 0, sizeof *r);
    r->version = version;
}

static struct ratchet_ends ends_of(const struct remote *r, const struct identity *self)
{
    return (struct ratchet_ends){
        .ours = r->version == OMEMO_03 ? self->curve : self->ed,
        .theirs = identity_key_wire(r->version, &r->identity),
        .our_device_id = self->device_id,
    };
}

/* Learns the identity, or compares it with the known one. The sign of a key of 0.3 may be learned
 * later. */
static enum err meet(struct remote *r, const struct identity_key *key)
{
    if (r->is_known && !identity_same(&r->identity, key))
        return ERR_CONFLICT;
    if (!r->is_known || (key->has_ed && !r->identity.has_ed))
        r->identity = *key;
    r->is_known = true;
    return ERR_NONE;
}

static void put_session(struct remote *r, const struct ratchet *session, struct session_end *end)
{
    *end = (struct session_end){ .ended = r->count == REMOTE_SESSIONS };
    if (end->ended)
        memcpy(end->id, r->sessions[--r->count].id, SESSION_ID);
    memmove(r->sessions + 1, r->sessions, r->count * sizeof r->sessions[0]);
    r->sessions[0] = *session;
    r->count++;
}

static void make_current(struct remote *r, size_t at)
{
    struct ratchet session = r->sessions[at];

    memmove(r->sessions + 1, r->sessions, at * sizeof r->sessions[0]);
    r->sessions[0] = session;
    secure_zero(&session, sizeof session);
}

/* X3DH with fresh keys, and the session that follows from it. */
static enum err start_session(const struct remote *r, const struct identity *self,
                              const struct bundle *b, const struct random *random,
                              struct ratchet *out)
{
    const struct bundle_prekey *chosen = bundle_choose(b, random);
    struct ratchet_exchange x = { .signed_prekey_id = b->signed_id };
    uint8_t ephemeral[OMEMO_KEY], secret[OMEMO_KEY];
    struct x3dh_initiator in = {
        .identity_secret = self->scalar,
        .ephemeral_secret = ephemeral,
        .their_identity = r->identity.curve,
        .their_signed_prekey = b->signed_key,
    };
    enum err e;

    if (chosen != NULL) {
        x.has_prekey = true;
        x.prekey_id = chosen->id;
        in.their_prekey = chosen->key;
    } else if (r->version == OMEMO_2) {
        return ERR_MISSING;
    }
    random_fill(random, ephemeral, sizeof ephemeral);
    x25519_clamp(ephemeral);
    x25519_public(ephemeral, x.ephemeral);
    if ((e = x3dh_initiate(r->version, &in, secret)) == ERR_NONE)
        e = ratchet_start(r->version, secret, b->signed_key, &x, random, out);
    secure_zero(ephemeral, sizeof ephemeral);
    secure_zero(secret, sizeof secret);
    return e;
}

enum err remote_start(struct remote *r, const struct identity *self, const struct bundle *b,
                      const struct random *random, struct session_end *out_end)
{
    struct remote next = *r;
    struct ratchet session = { .version = r->version };
    struct identity_key key;
    enum err e;

    if (b->version != r->version)
        return ERR_UNSUPPORTED;
    if ((e = bundle_verify(b, &key)) != ERR_NONE || (e = meet(&next, &key)) != ERR_NONE
        || (e = start_session(&next, self, b, random, &session)) != ERR_NONE)
        goto done;
    put_session(&next, &session, out_end);
    *r = next;
done:
    secure_zero(&session, sizeof session);
    secure_zero(&next, sizeof next);
    return e;
}

enum err remote_encrypt(struct remote *r, size_t session, const struct identity *self,
                        struct bytes plain, struct codec_out *out)
{
    struct ratchet_ends ends = ends_of(r, self);

    if (session >= r->count)
        return ERR_MISSING;
    return ratchet_encrypt(&r->sessions[session], &ends, plain, out);
}

/* r->count if there is none. */
static size_t session_of_id(const struct remote *r, const uint8_t id[SESSION_ID])
{
    size_t i = 0;

    while (i < r->count && memcmp(r->sessions[i].id, id, SESSION_ID) != 0)
        i++;
    return i;
}

static bool begins_session(const struct remote *r, const struct codec_key *key)
{
    return key->is_exchange && session_of_id(r, key->exchange.ephemeral) == r->count;
}

static bool may_have_kept(const struct remote *r, const struct codec_key *key)
{
    bool may = false;

    for (size_t i = 0; i < r->count; i++) {
        if (ratchet_has_chain(&r->sessions[i], &key->message))
            return ratchet_may_have_kept(&r->sessions[i], &key->message);
        may = may || ratchet_may_have_kept(&r->sessions[i], &key->message);
    }
    return may;
}

void remote_wants(const struct remote *r, const struct codec_key *key, struct remote_wants *out)
{
    memset(out, 0, sizeof *out);
    out->prekeys = begins_session(r, key);
    if (out->prekeys) {
        out->signed_prekey_id = key->exchange.signed_prekey_id;
        out->has_prekey = key->exchange.has_prekey;
        out->prekey_id = key->exchange.prekey_id;
    } else {
        out->kept = may_have_kept(r, key);
        memcpy(out->chain, key->message.ratchet_key, CHAIN_ID);
        out->n = key->message.n;
    }
}

static enum err accept_session(const struct remote *r, const struct identity *self,
                               const struct codec_exchange *x, const struct remote_rows *rows,
                               struct ratchet *out)
{
    uint8_t secret[OMEMO_KEY];
    struct x3dh_acceptor in = {
        .identity_secret = self->scalar,
        .their_identity = r->identity.curve,
        .their_ephemeral = x->ephemeral,
    };
    enum err e;

    if (rows->signed_prekey == NULL || (x->has_prekey && rows->prekey == NULL))
        return ERR_MISSING;
    in.signed_prekey_secret = rows->signed_prekey->secret;
    in.prekey_secret = x->has_prekey ? rows->prekey->secret : NULL;
    if ((e = x3dh_accept(r->version, &in, secret)) == ERR_NONE)
        ratchet_accept(r->version, secret, rows->signed_prekey, x->ephemeral, out);
    secure_zero(secret, sizeof secret);
    return e;
}

static void place_new(struct remote_received *to)
{
    struct remote *r = &to->remote;
    struct ratchet *session = &to->message.session;

    if (r->count > 0 && r->sessions[0].is_pending)
        r->sessions[0].is_rival = session->is_rival = true;
    put_session(r, session, &to->end);
    to->session = 0;
}

static enum err decrypt_new(const struct identity *self, const struct codec_key *key,
                            const struct remote_rows *rows, const struct random *random,
                            struct remote_received *to)
{
    struct ratchet session = { .version = to->remote.version };
    struct ratchet_ends ends = ends_of(&to->remote, self);
    enum err e = accept_session(&to->remote, self, &key->exchange, rows, &session);

    if (e == ERR_NONE)
        e = ratchet_decrypt(&session, &ends, &key->message, NULL, random, &to->message);
    if (e == ERR_NONE) {
        place_new(to);
        to->began = true;
        to->prekey_used = key->exchange.has_prekey;
        to->prekey_id = key->exchange.prekey_id;
    }
    secure_zero(&session, sizeof session);
    return e;
}

/* A message came in an archived session, which the other side therefore has. So it has the current
 * one if anything ever came in that; of two such rivals both sides keep the one with the smaller
 * id. */
static bool takes_over(const struct ratchet *current, const struct ratchet *session)
{
    bool are_rivals = current->is_rival && session->is_rival && !current->is_pending;

    return !are_rivals || memcmp(session->id, current->id, SESSION_ID) < 0;
}

static enum err decrypt_in(size_t at, const struct identity *self, const struct codec_key *key,
                           const struct kept_key *kept, const struct random *random,
                           struct remote_received *to)
{
    struct remote *r = &to->remote;
    struct ratchet *current = r->sessions, *session = &r->sessions[at];
    struct ratchet_ends ends = ends_of(r, self);
    enum err e = ratchet_decrypt(session, &ends, &key->message, kept, random, &to->message);

    if (e != ERR_NONE)
        return e;
    *session = to->message.session;
    to->session = at;
    if (session != current && takes_over(current, session)) {
        make_current(r, at);
        to->session = 0;
    }
    return ERR_NONE;
}

/* The session that has the message's chain; r->count if none does. */
static size_t session_of_chain(const struct remote *r, const struct codec_message *m)
{
    size_t i = 0;

    while (i < r->count && !ratchet_has_chain(&r->sessions[i], m))
        i++;
    return i;
}

/* A new ratchet key does not say which session it continues: each is tried. */
static enum err decrypt_somewhere(const struct identity *self, const struct codec_key *key,
                                  const struct random *random, struct remote_received *to)
{
    enum err e = ERR_MISSING;

    for (size_t i = 0; i < to->remote.count; i++) {
        e = decrypt_in(i, self, key, NULL, random, to);
        if (e != ERR_DENIED)
            break;
    }
    return e;
}

static enum err decrypt_known(const struct identity *self, const struct codec_key *key,
                              const struct kept_key *kept, const struct random *random,
                              struct remote_received *to)
{
    const struct remote *r = &to->remote;
    size_t at = r->count;

    if (kept != NULL)
        at = session_of_id(r, kept->session);
    else if (key->is_exchange)
        at = session_of_id(r, key->exchange.ephemeral);
    else
        at = session_of_chain(r, &key->message);
    if (at < r->count)
        return decrypt_in(at, self, key, kept, random, to);
    return decrypt_somewhere(self, key, random, to);
}

/* The identity in an exchange. That of a device that we know is compared as it is on the wire,
 * which costs nothing. */
static enum err meet_exchange(struct remote *r, const struct codec_exchange *x)
{
    const uint8_t *known = r->is_known ? identity_key_wire(r->version, &r->identity) : NULL;
    struct identity_key key;
    enum err e;

    if (known != NULL)
        return memcmp(known, x->identity, OMEMO_KEY) == 0 ? ERR_NONE : ERR_CONFLICT;
    if ((e = identity_key_read(r->version, x->identity, &key)) != ERR_NONE)
        return e;
    return meet(r, &key);
}

enum err remote_decrypt(const struct remote *r, const struct identity *self,
                        const struct codec_key *key, const struct remote_rows *rows,
                        const struct random *random, struct remote_received *out)
{
    struct remote_received to = { .remote = *r };
    enum err e = ERR_NONE;

    if (key->is_exchange)
        e = meet_exchange(&to.remote, &key->exchange);
    if (e == ERR_NONE)
        e = begins_session(r, key) ? decrypt_new(self, key, rows, random, &to)
                                   : decrypt_known(self, key, rows->kept, random, &to);
    if (e == ERR_NONE) {
        to.wants_answer =
            to.message.wants_heartbeat || (key->is_exchange && to.message.session.sent == 0);
        *out = to;
    }
    secure_zero(&to, sizeof to);
    return e;
}
