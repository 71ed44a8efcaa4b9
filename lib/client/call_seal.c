/* call_seal.c: DTLS fingerprints sealed by OMEMO for the one device that answered, and opened (the draft of Conversations and Dino, whose
 * namespace has a typo that everybody sends).
 *
 *   OMEMO 0.3   the payload is the fingerprint's text: nothing else would be understood
 *   OMEMO 2     an envelope (XEP-0420) around
 *               <fingerprint xmlns='urn:sotto:call:0' hash setup call='base64 of SHA-256'>AA:BB…</fingerprint>
 *               where `call` binds it to the id of the call, both full addresses and who of them says it: one that is taken out of
 *               another call, or is sent back, opens and does not fit.
 *
 * What the server could do without this: put a fingerprint of its own in place of each, and sit in the middle.
 */
#include "client/call_inside.h"

#include <string.h>

#include "base/encode.h"
#include "client/devices.h"
#include "client/open.h"
#include "client/seal.h"
#include "client/trust_book.h"
#include "crypto/hash.h"
#include "omemo/payload.h"
#include "omemo/sce.h"
#include "xmpp/ns.h"

/* ---- What is to be expected of them ----------------------------------------------------------------- */

static bool has_met(const struct engine *c, struct str bare)
{
    struct engine_key_info k;

    for (size_t cursor = 0; engine_next_key(c, &cursor, &k);)
        if (str_eq(k.account, bare))
            return true;
    return false;
}

/* Whether they have devices that can seal. WAITS: their lists are on the way; READY: *out. */
static enum call_seal has_devices(struct engine *c, const struct call *call, bool *out)
{
    enum call_seal result = CALL_SEAL_READY;
    struct arena a = { 0 };

    *out = call->device != 0 || has_met(c, call->peer);
    for (int v = 0; v < OMEMO_VERSIONS && !*out; v++) {
        const uint32_t *ids;
        size_t n = 0;

        if (!devices_of(c, &a, (enum omemo)v, &call->bare, &ids, &n))
            result = CALL_SEAL_WAITS;
        else
            *out = n > 0;
    }
    arena_deinit(&a);
    return *out ? CALL_SEAL_READY : result;
}

static enum call_seal fails(struct str *out_why, const char *why)
{
    *out_why = str_from(why);
    return CALL_SEAL_FAILS;
}

/* Whether the person lets this key be written to, or heard. */
static enum call_seal judge(struct engine *c, struct call *call, const struct identity_key *key,
                            struct str *out_why)
{
    enum trust trust = trust_of(c, call->peer, key);

    if (trust == TRUST_UNDECIDED)
        return fails(out_why, "They answer with a new device: decide about it with `trust` first.");
    if (!trust_allows(trust))
        return fails(out_why, "They answer with a device that you distrust.");
    call->trust = trust_shown(trust);
    return CALL_SEAL_READY;
}

/* ---- Sealing ---------------------------------------------------------------------------------------- */

/* The newer version that their device knows. */
static enum call_seal choose_version(struct engine *c, struct call *call, struct str *out_why)
{
    static const enum omemo versions[] = { OMEMO_2, OMEMO_03 };
    struct arena a = { 0 };
    enum call_seal result = CALL_SEAL_FAILS;

    for (size_t i = 0; i < OMEMO_VERSIONS && result == CALL_SEAL_FAILS; i++) {
        const uint32_t *ids;
        size_t n;

        if (!devices_of(c, &a, versions[i], &call->bare, &ids, &n)) {
            result = CALL_SEAL_WAITS;
        } else if (devices_lists(c, versions[i], call->peer, call->device)) {
            call->version = versions[i];
            result = CALL_SEAL_READY;
        }
    }
    arena_deinit(&a);
    if (result == CALL_SEAL_FAILS)
        return fails(out_why, "The device that answered is not one of theirs.");
    return result;
}

/* Who answers seals in the session that the caller sealed in. */
enum call_seal call_seal_ready(struct engine *c, struct call *call, struct str *out_why)
{
    enum call_seal result;
    struct remote r;
    bool any;

    if (call->device == 0) {
        result = has_devices(c, call, &any);
        return result == CALL_SEAL_READY && any
                   ? fails(out_why, "They answered without the encryption that they have.")
                   : result;
    }
    if (call->side == CALL_CALLER && (result = choose_version(c, call, out_why)) != CALL_SEAL_READY)
        return result;
    devices_remote(c, call->version, call->peer, call->device, &r);
    if (r.count > 0)
        result = judge(c, call, &r.identity, out_why);
    else if (devices_begin(c, call->version, &call->bare, call->device) == BUNDLE_USELESS)
        result = fails(out_why, "The device that answered has published no keys.");
    else
        result = CALL_SEAL_WAITS;
    secure_zero(&r, sizeof r);
    return result;
}

/* What a fingerprint belongs to; `by`: whose it is. */
static struct str binding(struct engine *c, struct arena *a, const struct call *call,
                          enum call_side by)
{
    struct str self = jid_text(a, &c->calls->self), far = jid_text(a, &call->far);
    struct str parts[] = { call->id, call->side == CALL_CALLER ? self : far,
                           call->side == CALL_CALLER ? far : self,
                           by == CALL_CALLER ? STR("initiator") : STR("responder") };
    uint8_t digest[32];
    struct hash_state h;

    hash_init(&h, HASH_SHA256);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        hash_update(&h, bytes_of_str(parts[i]));
        hash_update(&h, bytes_of("", 1));
    }
    hash_final(&h, digest);
    return base64_text(a, bytes_of(digest, sizeof digest));
}

static struct bytes plaintext(struct engine *c, struct arena *a, const struct call *call,
                              const struct jingle_fingerprint *f)
{
    struct sce s = { .content = sce_content(a),
                     .from = c->bare,
                     .to = call->peer,
                     .has_time = true,
                     .time_ms = c->now_ms };
    struct xml_node *n;

    if (call->version == OMEMO_03)
        return bytes_of_str(f->value);
    n = xml_add_text_child(a, s.content, STR(NS_CALL), STR("fingerprint"), f->value);
    xml_set(a, n, STR("hash"), f->hash);
    xml_set(a, n, STR("setup"), jingle_setup_text(f->setup));
    xml_set(a, n, STR("call"), binding(c, a, call, call->side));
    return sce_write(a, &c->random, &s);
}

static bool seal(struct engine *c, struct arena *a, const struct call *call,
                 struct jingle_fingerprint *f)
{
    struct seal_target t = { call->version, call->peer, call->device, 0 };
    struct encrypted_key *key = ARENA_NEW(a, struct encrypted_key);
    struct payload p;
    bool ok;

    payload_seal(call->version, a, &c->random, plaintext(c, a, call, f), &p);
    ok = seal_key(c, a, &t, bytes_of(p.key, p.key_n), key);
    f->is_sealed = true;
    f->sealed = (struct encrypted){ .version = call->version,
                                    .sid = c->identity->device_id,
                                    .keys = key,
                                    .count = 1,
                                    .iv = p.iv,
                                    .has_payload = true,
                                    .payload = p.sealed };
    secure_zero(p.key, sizeof p.key);
    return ok;
}

bool call_seal_all(struct engine *c, struct arena *a, struct call *call, const struct jingle *j,
                   struct jingle *out)
{
    bool ok = true;

    *out = *j;
    for (size_t i = 0; i < out->content_count && call->device != 0; i++)
        ok &= seal(c, a, call, &out->contents[i].transport.fingerprint);
    return ok;
}

/* ---- Opening ---------------------------------------------------------------------------------------- */

/* OMEMO 2: it has to be what it is beside, for this call. */
static bool read_bound(struct engine *c, struct arena *a, const struct call *call,
                       struct bytes plain, struct jingle_fingerprint *f)
{
    enum call_side theirs = call->side == CALL_CALLER ? CALL_CALLEE : CALL_CALLER;
    const struct xml_node *n;
    struct sce s;

    if (sce_read(a, plain, &s) != ERR_NONE
        || sce_check(a, &s, &call->bare, &c->config.jid, false) != ERR_NONE)
        return false;
    n = xml_child(s.content, STR(NS_CALL), STR("fingerprint"));
    if (n == NULL || !str_eq(xml_get(n, STR("hash")), f->hash)
        || !str_eq(xml_get(n, STR("setup")), jingle_setup_text(f->setup))
        || !str_eq(xml_get(n, STR("call")), binding(c, a, call, theirs)))
        return false;
    f->value = xml_text_of(a, n);
    return true;
}

static bool read_plain(struct engine *c, struct arena *a, const struct call *call,
                       struct remote_received *got, struct jingle_fingerprint *f)
{
    struct payload p = { .iv = f->sealed.iv, .has_sealed = true, .sealed = f->sealed.payload };
    struct bytes plain = { 0 };
    enum err e;

    memcpy(p.key, got->message.plain, got->message.plain_n);
    p.key_n = got->message.plain_n;
    e = payload_open(f->sealed.version, a, &p, &plain);
    secure_zero(p.key, sizeof p.key);
    f->value = str_of_bytes(plain);
    return e == ERR_NONE && (f->sealed.version == OMEMO_03 || read_bound(c, a, call, plain, f));
}

/* The device that sealed the first one is their device from then on. */
static enum call_seal open_one(struct engine *c, struct call *call, struct jingle_fingerprint *f,
                               struct str *out_why)
{
    struct remote_received got;
    struct arena a = { 0 };
    enum call_seal result;

    if (call->device != 0 && f->sealed.sid != call->device)
        return fails(out_why, "The call was set up by another device than the one that answered.");
    if (open_keys(c, call->peer, &f->sealed, &got) != ERR_NONE)
        return fails(out_why, "What proves who is calling could not be decrypted.");
    call->device = f->sealed.sid;
    call->version = f->sealed.version;
    result = judge(c, call, &got.remote.identity, out_why);
    if (result == CALL_SEAL_READY
        && (!read_plain(c, &a, call, &got, f) || !jingle_digest_valid(f->hash, f->value)))
        result = fails(out_why, "What proves who is calling was made for something else.");
    f->value = arena_str(&call->arena, f->value);
    f->is_sealed = false;
    secure_zero(&got, sizeof got);
    arena_deinit(&a);
    return result;
}

/* Dino has no proof for a device that it has no session with, and takes no empty message for the beginning of one; after a call from
 * here it has one. What was stripped on its way looks the same, so it ends the same way. */
static const char unproven_caller[] =
    "Nothing proves who is calling: their app never talked with this device before, or somebody "
    "took the proof away. Call them, or write to them first.";
static const char unproven_callee[] =
    "Nothing proves who answered: somebody may have taken the proof away.";

static size_t count_sealed(const struct jingle *j)
{
    size_t n = 0;

    for (size_t i = 0; i < j->content_count; i++)
        n += j->contents[i].transport.fingerprint.is_sealed;
    return n;
}

enum call_seal call_open_all(struct engine *c, struct call *call, struct jingle *j,
                             struct str *out_why)
{
    size_t sealed = count_sealed(j);
    enum call_seal result;
    bool any;

    if (sealed == 0) {
        result = has_devices(c, call, &any);
        return result == CALL_SEAL_READY && any
                   ? fails(out_why, call->side == CALL_CALLEE ? unproven_caller : unproven_callee)
                   : result;
    }
    if (sealed < j->content_count)
        return fails(out_why, "Only a part of the call is proved to be theirs.");
    for (size_t i = 0; i < j->content_count; i++)
        if ((result = open_one(c, call, &j->contents[i].transport.fingerprint, out_why))
            != CALL_SEAL_READY)
            return result;
    return CALL_SEAL_READY;
}
