/* seal.c: a message for every device of both sides (XEP-0384 0.3.0 §4.4, 0.9 §5.4).
 *
 * One stanza in OMEMO 2 if all devices know it, else one in 0.3 if all know that, else one of each, so that every device finds
 * exactly one.
 */
#include "client/seal.h"

#include <string.h>

#include "client/devices.h"
#include "client/trust_book.h"
#include "omemo/encrypted.h"
#include "omemo/payload.h"
#include "omemo/sce.h"
#include "xmpp/ns.h"

enum { TARGETS_MAX = 2 * OMEMO_VERSIONS * DEVICES_MAX };

/* What a client without OMEMO shows. */
#define FALLBACK "You received a message that only a client with OMEMO encryption can show."

struct target {
    const struct jid *of;
    struct str bare;
    uint32_t device;
    bool speaks[OMEMO_VERSIONS];
    enum omemo version; /* chosen */
};

struct plan {
    struct target *targets;
    size_t count;
};

/* ---- Who ------------------------------------------------------------------------------------------- */

static struct target *target_of(struct plan *p, struct str bare, uint32_t device)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->targets[i].device == device && str_eq(p->targets[i].bare, bare))
            return &p->targets[i];
    if (p->count == TARGETS_MAX)
        return NULL;
    p->targets[p->count] = (struct target){ .bare = bare, .device = device };
    return &p->targets[p->count++];
}

/* False: a list is not known yet. */
static bool add_devices(struct engine *c, struct arena *a, struct plan *p, const struct jid *of)
{
    struct str bare = jid_text(a, of);
    bool own = str_eq(bare, c->bare), known = true;

    for (int v = 0; v < OMEMO_VERSIONS; v++) {
        const uint32_t *ids;
        size_t n;

        if (!devices_of(c, a, (enum omemo)v, of, &ids, &n)) {
            known = false;
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            struct target *t =
                own && ids[i] == c->identity->device_id ? NULL : target_of(p, bare, ids[i]);

            if (t == NULL)
                continue;
            t->of = of;
            t->speaks[v] = true;
        }
    }
    return known;
}

/* A device with which we have a session of OMEMO 2 knows it, though the server may have lost that list, or want us to write 0.3. */
static void remember_versions(struct engine *c, struct plan *p)
{
    for (size_t i = 0; i < p->count; i++) {
        struct target *t = &p->targets[i];
        struct remote r;

        devices_remote(c, OMEMO_2, t->bare, t->device, &r);
        t->speaks[OMEMO_2] |= r.count > 0;
        secure_zero(&r, sizeof r);
    }
}

/* What 0.3 cannot carry goes to the devices that know better; the others cannot show it in any way. */
static void leave_out_03(struct plan *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->count; i++)
        if (p->targets[i].speaks[OMEMO_2])
            p->targets[kept++] = p->targets[i];
    p->count = kept;
}

static void leave_out_others(const struct engine *c, struct plan *p, struct str to, uint32_t only)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->count; i++) {
        const struct target *t = &p->targets[i];

        if (str_eq(t->bare, to)
            && (only == OUTBOX_AUTHENTIC ? trust_has_authentic(c, t->bare, t->device)
                                         : t->device == only))
            p->targets[kept++] = *t;
    }
    p->count = kept;
}

static void choose_versions(struct plan *p, const struct job *j)
{
    bool all[OMEMO_VERSIONS] = { true, true };

    if (j->text.n == 0)
        leave_out_03(p);
    for (size_t i = 0; i < p->count; i++)
        for (int v = 0; v < OMEMO_VERSIONS; v++)
            all[v] &= p->targets[i].speaks[v];
    for (size_t i = 0; i < p->count; i++)
        p->targets[i].version =
            all[OMEMO_2] || (!all[OMEMO_03] && p->targets[i].speaks[OMEMO_2]) ? OMEMO_2 : OMEMO_03;
}

enum reach { REACHED, REACH_WAITS, REACH_USELESS, REACH_DISTRUSTED };

/* WAITS: for its bundle, or for a person's decision. */
static enum reach reach(struct engine *c, const struct target *t, uint32_t only)
{
    enum reach out = REACH_WAITS;
    struct remote r;

    devices_remote(c, t->version, t->bare, t->device, &r);
    if (r.count > 0) {
        enum trust trust = trust_of(c, t->bare, &r.identity);

        if (only != 0) /* a server that shows another key for a device gets nothing by it */
            out = trust_key_is_authentic(c, t->bare, &r.identity) ? REACHED : REACH_DISTRUSTED;
        else
            out = trust_allows(trust) ? REACHED : trust == TRUST_UNDECIDED ? out : REACH_DISTRUSTED;
    } else if (devices_begin(c, t->version, t->of, t->device) == BUNDLE_USELESS) {
        out = REACH_USELESS;
    }
    secure_zero(&r, sizeof r);
    return out;
}

/* Takes out devices with which no session can be had, and those that the person distrusts. True: there were some, so the versions are to be
 * chosen again: a mere number in a list decides nothing for the others. */
static bool leave_out_unreached(struct engine *c, struct plan *p, uint32_t only, bool *out_ready)
{
    size_t kept = 0, before = p->count;
    bool any = false;

    *out_ready = true;
    for (size_t i = 0; i < before; i++) {
        struct target *t = &p->targets[i];
        enum reach how = reach(c, t, only);

        *out_ready &= how != REACH_WAITS;
        any |= how >= REACH_USELESS;
        if (how == REACH_USELESS)
            t->speaks[t->version] = false;
        if (how <= REACH_WAITS
            || (how == REACH_USELESS && (t->speaks[OMEMO_03] || t->speaks[OMEMO_2])))
            p->targets[kept++] = *t;
    }
    p->count = kept;
    return any;
}

/* False: answers are on their way, or a person's decision is. */
static bool have_sessions(struct engine *c, struct plan *p, const struct job *j)
{
    bool ready;

    do
        choose_versions(p, j);
    while (leave_out_unreached(c, p, j->only, &ready));
    return ready;
}

static bool reaches(const struct plan *p, struct str bare)
{
    for (size_t i = 0; i < p->count; i++)
        if (str_eq(p->targets[i].bare, bare))
            return true;
    return false;
}

/* ---- How ------------------------------------------------------------------------------------------- */

static void add_children(struct arena *a, struct xml_node *to, const struct xml_node *from)
{
    for (const struct xml_node *n = from != NULL ? xml_first_element(from) : NULL; n != NULL;
         n = xml_next_element(n))
        xml_append(to, xml_copy(a, n));
}

static struct bytes plaintext(struct engine *c, struct arena *a, enum omemo version,
                              const struct job *j)
{
    struct sce s = { .content = sce_content(a),
                     .from = c->bare,
                     .to = jid_text(a, &j->to),
                     .has_time = true,
                     .time_ms = j->time_ms };

    if (version == OMEMO_03)
        return bytes_of_str(j->text);
    add_children(a, s.content, j->content);
    return sce_write(a, &c->random, &s);
}

bool seal_key(struct engine *c, struct arena *a, const struct seal_target *t, struct bytes secret,
              struct encrypted_key *out)
{
    struct codec_out sealed;
    struct remote r;
    bool ok;

    devices_remote(c, t->version, t->bare, t->device, &r);
    ok = r.count > t->session
         && remote_encrypt(&r, t->session, c->identity, secret, &sealed) == ERR_NONE;
    if (ok) {
        devices_keep_remote(c, t->bare, t->device, &r);
        *out =
            (struct encrypted_key){ .jid = t->bare,
                                    .rid = t->device,
                                    .is_exchange = sealed.is_exchange,
                                    .octets = arena_bytes(a, bytes_of(sealed.octets, sealed.n)) };
    }
    secure_zero(&r, sizeof r);
    secure_zero(&sealed, sizeof sealed);
    return ok;
}

static struct xml_node *encrypt(struct engine *c, struct arena *a, const struct plan *p,
                                enum omemo version, const struct job *j)
{
    struct encrypted_key *keys = arena_alloc(a, p->count * sizeof *keys);
    struct encrypted e = { .version = version, .sid = c->identity->device_id, .keys = keys };
    struct payload payload;

    payload_seal(version, a, &c->random, plaintext(c, a, version, j), &payload);
    for (size_t i = 0; i < p->count; i++) {
        struct seal_target t = { version, p->targets[i].bare, p->targets[i].device, 0 };

        if (p->targets[i].version == version
            && seal_key(c, a, &t, bytes_of(payload.key, payload.key_n), &keys[e.count]))
            e.count++;
    }
    e.iv = payload.iv;
    e.has_payload = true;
    e.payload = payload.sealed;
    secure_zero(payload.key, sizeof payload.key);
    return e.count > 0 ? encrypted_write(a, &e) : NULL;
}

struct xml_node *seal_wrap(struct arena *a, const struct jid *to, struct str id, enum omemo version,
                           struct xml_node *encrypted)
{
    struct xml_node *m = stanza_new(a, STANZA_MESSAGE, "chat", STR_NONE, jid_text(a, to), id);
    struct xml_node *eme;

    xml_append(m, encrypted);
    eme = xml_add(a, m, STR(NS_EME), STR("encryption"));
    xml_set(a, eme, STR("namespace"), version == OMEMO_2 ? STR(NS_OMEMO) : STR(NS_OMEMO_LEGACY));
    xml_set(a, eme, STR("name"), STR("OMEMO"));
    xml_add(a, m, STR(NS_HINTS), STR("store"));
    return m;
}

static struct xml_node *stanza_for(struct engine *c, struct arena *a, const struct plan *p,
                                   enum omemo version, const struct job *j)
{
    struct xml_node *encrypted = encrypt(c, a, p, version, j), *m;
    /* The server takes a second message with one origin-id for a repetition. */
    struct str id = version == OMEMO_2 ? j->id : arena_concat(a, j->id, STR("-03"));

    if (encrypted == NULL)
        return NULL;
    m = seal_wrap(a, &j->to, j->id, version, encrypted);
    if (j->text.n > 0)
        xml_add_text_child(a, m, STR(NS_CLIENT), STR("body"), STR(FALLBACK));
    if (version == OMEMO_03)
        add_children(a, m, j->beside);
    xml_set(a, xml_add(a, m, STR(NS_SID), STR("origin-id")), STR("id"), id);
    if (j->kind == ENTRY_MESSAGE || j->kind == ENTRY_CORRECTION) {
        xml_add(a, m, STR(NS_RECEIPTS), STR("request"));
        xml_add(a, m, STR(NS_MARKERS), STR("markable"));
    }
    return m;
}

/* They are as good as the one that is known least. */
static enum entry_trust least_trust(const struct engine *c, const struct plan *p, struct str bare)
{
    enum entry_trust least = ENTRY_TRUST_VERIFIED;

    for (size_t i = 0; i < p->count; i++) {
        const struct target *t = &p->targets[i];
        enum entry_trust trust;
        struct remote r;

        if (!str_eq(t->bare, bare))
            continue;
        devices_remote(c, t->version, t->bare, t->device, &r);
        trust = trust_shown(trust_of(c, bare, &r.identity));
        least = trust < least ? trust : least;
        secure_zero(&r, sizeof r);
    }
    return least;
}

enum seal seal_job(struct engine *c, struct job *j, struct str *out_why)
{
    struct target *targets = mem_alloc(TARGETS_MAX * sizeof *targets);
    struct plan p = { targets, 0 };
    struct arena a = { 0 };
    enum seal result = SEAL_WAITS;
    bool known = add_devices(c, &a, &p, &j->to);

    known &= add_devices(c, &a, &p, &c->config.jid);
    if (!known)
        goto done;
    remember_versions(c, &p);
    if (j->only != 0)
        leave_out_others(c, &p, jid_text(&a, &j->to), j->only);
    if (!have_sessions(c, &p, j))
        goto done;
    result = SEAL_IMPOSSIBLE;
    *out_why = j->text.n > 0 ? STR("They have no device that can read encrypted messages.")
                             : STR("They have no device that can show this.");
    if (engine_noted(&c->unreachable, jid_text(&a, &j->to)))
        *out_why = STR("Their server cannot be reached, or there is no such domain.");
    if (jid_eq(&j->to, &c->config.jid))
        *out_why = STR("You have no other device that could get this.");
    if (!reaches(&p, jid_text(&a, &j->to)))
        goto done;
    for (int v = 0; v < OMEMO_VERSIONS; v++) {
        struct xml_node *m = stanza_for(c, &a, &p, (enum omemo)v, j);

        j->stanzas[v] = m != NULL ? xml_copy(&j->arena, m) : NULL;
    }
    j->trust = least_trust(c, &p, jid_text(&a, &j->to));
    result = SEALED;
done:
    mem_free(targets);
    arena_deinit(&a);
    return result;
}
