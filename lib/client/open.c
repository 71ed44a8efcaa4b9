/* open.c: where a message comes from (live, a carbon, the archive), and what is sealed in it. */
#include "client/arrival.h"

#include <string.h>

#include "client/devices.h"
#include "client/history.h"
#include "client/keys.h"
#include "client/mend.h"
#include "client/open.h"
#include "client/outbox.h"
#include "client/people.h"
#include "client/reading.h"
#include "client/record.h"
#include "client/rooms_inside.h"
#include "client/trust_book.h"
#include "client/trust_message.h"
#include "omemo/encrypted.h"
#include "omemo/payload.h"
#include "omemo/sce.h"
#include "xmpp/ns.h"

enum { KEPT_KEY = SESSION_ID + CHAIN_ID + 4, KEPT_VALUE = 8 + OMEMO_KEY };

/* ---- Keys of messages that are still to come -------------------------------------------------------- */

static struct bytes kept_key(struct arena *a, const uint8_t *session, const uint8_t *chain,
                             uint32_t n)
{
    uint8_t octets[KEPT_KEY];

    memcpy(octets, session, SESSION_ID);
    memcpy(octets + SESSION_ID, chain, CHAIN_ID);
    record_put_u32(octets + SESSION_ID + CHAIN_ID, n);
    return arena_bytes(a, bytes_of(octets, sizeof octets));
}

/* Which of the sessions with a device kept it is not known beforehand. */
static bool find_kept(struct engine *c, const struct remote *r, const struct remote_wants *w,
                      struct kept_key *out)
{
    struct arena a = { 0 };
    bool found = false;

    for (size_t i = 0; i < r->count && !found && w->kept; i++) {
        struct bytes row =
            book_get(&c->book, BOOK_KEPT, kept_key(&a, r->sessions[i].id, w->chain, w->n));

        if (row.n != KEPT_VALUE)
            continue;
        found = true;
        memcpy(out->session, r->sessions[i].id, SESSION_ID);
        memcpy(out->chain, w->chain, CHAIN_ID);
        out->n = w->n;
        memcpy(out->key, row.p + 8, OMEMO_KEY);
    }
    arena_deinit(&a);
    return found;
}

static uint64_t age_of(struct bytes value)
{
    struct reader r = reader_of(value);

    return read_u64(&r);
}

static bool oldest_kept(struct engine *c, const uint8_t *session, struct bytes *out_key)
{
    struct bytes key, value;
    uint64_t oldest = UINT64_MAX;

    for (size_t cursor = 0; book_next(&c->book, BOOK_KEPT, &cursor, &key, &value);)
        if (memcmp(key.p, session, SESSION_ID) == 0 && age_of(value) < oldest) {
            oldest = age_of(value);
            *out_key = key;
        }
    return oldest != UINT64_MAX;
}

static void add_kept(struct engine *c, struct kept_range range)
{
    struct kept_key k;

    while (kept_next(&range, &k)) {
        struct arena a = { 0 };
        uint8_t value[KEPT_VALUE];

        record_put_u64(value, c->next_kept++);
        memcpy(value + 8, k.key, OMEMO_KEY);
        book_put(&c->book, BOOK_KEPT, kept_key(&a, k.session, k.chain, k.n),
                 bytes_of(value, sizeof value));
        secure_zero(value, sizeof value);
        arena_deinit(&a);
    }
    secure_zero(&k, sizeof k);
    secure_zero(&range, sizeof range);
}

void devices_drop_kept(struct engine *c, const struct session_end *end)
{
    struct bytes key;

    while (end->ended && oldest_kept(c, end->id, &key))
        book_delete(&c->book, BOOK_KEPT, key);
}

/* ---- One key --------------------------------------------------------------------------------------- */

static void commit(struct engine *c, struct str author, uint32_t sid,
                   const struct remote_received *got, const struct kept_key *used)
{
    struct arena a = { 0 };
    struct bytes key;

    trust_met(c, author, sid, &got->remote.identity);
    devices_keep_remote(c, author, sid, &got->remote);
    if (got->message.kept_used)
        book_delete(&c->book, BOOK_KEPT, kept_key(&a, used->session, used->chain, used->n));
    add_kept(c, got->message.add);
    for (uint32_t i = 0; i < got->message.evict && oldest_kept(c, got->message.session.id, &key);
         i++)
        book_delete(&c->book, BOOK_KEPT, key);
    devices_drop_kept(c, &got->end);
    if (got->prekey_used)
        keys_used(c, got->remote.version, got->prekey_id, got->message.session.id);
    arena_deinit(&a);
}

static enum err try_key(struct engine *c, struct str author, const struct encrypted *e,
                        const struct encrypted_key *text, struct remote_received *out)
{
    struct remote_rows rows = { 0 };
    struct prekey signed_prekey, prekey;
    struct kept_key kept = { 0 };
    struct remote_wants wants;
    struct codec_key key;
    struct bytes octets;
    struct remote remote = { 0 };
    enum err err;
    struct arena a = { 0 };

    if ((err = encrypted_key_octets(&a, text, &octets)) != ERR_NONE
        || (err = codec_read(e->version, text->is_exchange, octets, &key)) != ERR_NONE)
        goto done;
    devices_remote(c, e->version, author, e->sid, &remote);
    remote_wants(&remote, &key, &wants);
    if (wants.prekeys && keys_signed(c, wants.signed_prekey_id, &signed_prekey))
        rows.signed_prekey = &signed_prekey;
    if (wants.prekeys && wants.has_prekey) {
        err = keys_prekey(c, e->version, wants.prekey_id, key.exchange.ephemeral, &prekey);
        if (err == ERR_EXISTS)
            goto done;
        rows.prekey = err == ERR_NONE ? &prekey : NULL;
    }
    if (find_kept(c, &remote, &wants, &kept))
        rows.kept = &kept;
    err = remote_decrypt(&remote, c->identity, &key, &rows, &c->random, out);
    if (err == ERR_NONE)
        commit(c, author, e->sid, out, &kept);
done:
    secure_zero(&remote, sizeof remote);
    secure_zero(&signed_prekey, sizeof signed_prekey);
    secure_zero(&prekey, sizeof prekey);
    secure_zero(&kept, sizeof kept);
    arena_deinit(&a);
    return err;
}

enum err open_keys(struct engine *c, struct str author, const struct encrypted *e,
                   struct remote_received *out)
{
    const struct encrypted_key *key;
    enum err err = ERR_MISSING, last;
    size_t cursor = 0;

    while ((key = encrypted_next_key(e, c->bare, c->identity->device_id, &cursor)) != NULL) {
        last = try_key(c, author, e, key, out);
        if (last == ERR_NONE || last == ERR_EXISTS)
            return last;
        err = last == ERR_MISSING ? ERR_DENIED : last;
    }
    return err;
}

/* ---- Messages -------------------------------------------------------------------------------------- */

static void add_unreadable(struct engine *c, const struct arrival *m, const char *why)
{
    struct entry e = arrival_entry(m, ENTRY_SEALED);

    e.text = str_from(why);
    engine_add_entry(c, &e);
}

static const char *in_words(enum err e)
{
    switch (e) {
    case ERR_MISSING: return "This message was not encrypted for this device.";
    case ERR_CONFLICT:
        return "This message came from a device whose key has changed. It was not opened.";
    case ERR_DENIED: return "This message was altered on its way, or its session is lost.";
    default: return "This message could not be decrypted.";
    }
}

static void opened(struct engine *c, struct arena *a, struct arrival *m, const struct encrypted *e,
                   struct payload *p)
{
    struct xml_node *content;
    struct bytes plain;
    struct sce sce;
    enum err err = payload_open(e->version, a, p, &plain);

    m->encryption = e->version == OMEMO_2 ? ENCRYPTION_OMEMO_2 : ENCRYPTION_OMEMO_03;
    if (err == ERR_NONE && e->version == OMEMO_2) {
        err = sce_read(a, plain, &sce);
        if (err == ERR_NONE)
            err = sce_check(a, &sce, &m->from, &m->to, false);
        content = err == ERR_NONE ? sce.content : NULL;
        m->said_ms = err == ERR_NONE && sce.has_time ? sce.time_ms : 0;
    } else {
        content = xml_new(a, STR(NS_CLIENT), STR("message"));
        if (err == ERR_NONE)
            xml_add_text_child(a, content, STR(NS_CLIENT), STR("body"), str_of_bytes(plain));
    }
    if (err == ERR_CONFLICT) /* XEP-0420 §4.2: the envelope names others than the stanza */
        add_unreadable(c, m,
                       "This message was written for another conversation. It was not opened.");
    else if (err != ERR_NONE)
        add_unreadable(c, m, in_words(err));
    else if (!history_came(c, m, content) && !trust_message_came(c, m, content))
        content_came(c, m, content);
}

/* Whoever writes to people leaves a text for those who cannot read it; what devices tell some others has none. */
static bool is_for_people(const struct arrival *m)
{
    return xml_child(m->stanza->node, STR(NS_CLIENT), STR("body")) != NULL;
}

static void encrypted_came(struct engine *c, struct arena *a, struct arrival *m,
                           const struct encrypted *e)
{
    struct remote_received got;
    struct payload p = { .iv = e->iv, .has_sealed = e->has_payload, .sealed = e->payload };
    enum err err;

    m->device = e->sid;
    if (m->outgoing && e->sid == c->identity->device_id)
        return; /* our own, out of the archive: nobody encrypts for himself */
    err = open_keys(c, m->author, e, &got);
    if (err != ERR_MISSING)
        mend_note(c, m, e->version, err);
    if (err == ERR_EXISTS || (err != ERR_NONE && !e->has_payload))
        return;
    if (err != ERR_NONE) {
        if (err != ERR_MISSING || is_for_people(m))
            add_unreadable(c, m, in_words(err));
        return;
    }
    devices_heard(c, e->version, &m->from, e->sid);
    m->key = &got.remote.identity;
    m->trust = trust_shown(trust_of(c, m->author, &got.remote.identity));
    memcpy(p.key, got.message.plain, got.message.plain_n);
    p.key_n = got.message.plain_n;
    if (e->has_payload)
        opened(c, a, m, e, &p);
    if ((got.wants_answer || got.message.wants_heartbeat) && !people_is_quiet(c, m->author))
        mend_answer(c, m, e->version, got.remote.sessions[got.session].id);
    m->key = NULL;
    secure_zero(&got, sizeof got);
    secure_zero(&p, sizeof p);
}

static bool is_for_us(const struct engine *c, const struct encrypted *e)
{
    size_t cursor = 0;

    return encrypted_next_key(e, c->bare, c->identity->device_id, &cursor) != NULL;
}

/* A message may be sealed in both versions, each for the devices that know it (Converse.js does so): ours is the one that has a
 * key for us, the newer one if both do or none does. *out_any: it is sealed at all. */
static enum err read_sealed(const struct engine *c, struct arena *a, const struct xml_node *message,
                            struct encrypted *out, bool *out_any)
{
    static const struct str versions[] = { STR_INIT(NS_OMEMO), STR_INIT(NS_OMEMO_LEGACY) };
    enum err result = ERR_MISSING;

    *out_any = false;
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        const struct xml_node *node = xml_child(message, versions[i], STR("encrypted"));
        struct encrypted e;
        enum err err;

        if (node == NULL)
            continue;
        err = encrypted_read(a, node, &e);
        if (*out_any && (err != ERR_NONE || !is_for_us(c, &e)))
            continue;
        *out_any = true;
        result = err;
        if (err != ERR_NONE)
            continue;
        *out = e;
        if (is_for_us(c, &e))
            break;
    }
    return result;
}

static void arrived(struct engine *c, struct arena *a, const struct stanza *s, struct arrival *m)
{
    struct encrypted e;
    bool sealed;
    enum err err;

    if (!s->has_from || s->type == MESSAGE_ERROR || s->type == MESSAGE_GROUPCHAT)
        return;
    if (people_is_blocked(c, &s->from))
        return;
    m->stanza = s;
    m->from = jid_bare(&s->from);
    m->to = s->has_to ? jid_bare(&s->to) : c->config.jid;
    m->outgoing = jid_eq(&m->from, &c->config.jid);
    m->author = jid_text(a, &m->from);
    m->chat = m->outgoing ? jid_text(a, &m->to) : m->author;
    if (c->call_hooks != NULL && c->call_hooks->message(c, m))
        return;
    err = read_sealed(c, a, s->node, &e, &sealed);
    if (!sealed)
        content_came(c, m, s->node);
    else if (err == ERR_NONE)
        encrypted_came(c, a, m, &e);
    else
        add_unreadable(c, m, in_words(ERR_MALFORMED));
    if (sealed)
        content_beside(c, m); /* receipts and the like, which hardly anybody seals */
}

void message_live(struct engine *c, struct arena *a, const struct stanza *s, struct str archive_id)
{
    struct arrival m = { .time_ms = c->now_ms, .archive_id = archive_id };

    arrived(c, a, s, &m);
}

/* XEP-0280 §11: only our own server's carbons count, or anybody could speak for anybody. */
static const struct xml_node *carbon(const struct engine *c, const struct stanza *s,
                                     bool *out_is_one)
{
    const struct xml_node *wrap = xml_child(s->node, STR(NS_CARBONS), STR("sent")), *forwarded;

    if (wrap == NULL)
        wrap = xml_child(s->node, STR(NS_CARBONS), STR("received"));
    *out_is_one = wrap != NULL;
    if (wrap == NULL || !s->has_from || !jid_eq(&s->from, &c->config.jid))
        return NULL;
    forwarded = xml_child(wrap, STR(NS_FORWARD), STR("forwarded"));
    return forwarded != NULL ? xml_child(forwarded, STR(NS_CLIENT), STR("message")) : NULL;
}

static void from_archive(struct engine *c, struct arena *a, const struct archived *found)
{
    struct arrival m = { .time_ms = found->time_ms, .archive_id = found->id, .old = true };
    struct stanza s;
    enum stanza_condition why;

    if (found->message != NULL
        && stanza_parse(a, (struct xml_node *)found->message, &s, &why) == ERR_NONE)
        arrived(c, a, &s, &m);
}

static void live(struct engine *c, struct arena *a, const struct xml_node *message)
{
    struct str archive_id;
    struct stanza s;
    enum stanza_condition why;

    if (!archive_takes(c, message, &archive_id)
        && stanza_parse(a, (struct xml_node *)message, &s, &why) == ERR_NONE)
        message_live(c, a, &s, archive_id);
}

void message_came(struct engine *c, struct arena *a, const struct stanza *s)
{
    const struct xml_node *copy;
    struct archived found;
    bool is_carbon;

    if (archive_result(c, s, &found)) {
        from_archive(c, a, &found);
        return;
    }
    copy = carbon(c, s, &is_carbon);
    if (is_carbon) {
        if (copy != NULL)
            live(c, a, copy);
    } else if (s->type == MESSAGE_ERROR) {
        content_refused(c, a, s);
    } else if (!reading_event(c, s) && !bookmarks_event(c, s) && !devices_event(c, s)) {
        live(c, a, s->node);
    }
}
