/* mend.c: see mend.h. */
#include "client/mend.h"

#include <string.h>

#include "client/devices.h"
#include "client/people.h"
#include "client/seal.h"
#include "client/trust_book.h"
#include "omemo/healing.h"
#include "omemo/payload.h"
#include "xmpp/ns.h"

/* Devices with trouble at one time, which a hostile server may invent; receipts that a long archive asks for: the newest ones tell all
 * that a person wants to know, and servers limit how much one may send in a minute. */
enum { TROUBLED_MAX = 500, RECEIPTS_MAX = 100, RECEIPT_ID_MAX = 1024 };

struct troubled {
    struct link link;
    struct arena arena;
    enum omemo version;
    struct str bare;
    uint32_t device;
    struct healing healing;
    bool answer; /* is owed in this session */
    uint8_t session[SESSION_ID];
};

struct receipt {
    struct link link;
    struct arena arena;
    struct str to, id;
};

/* ---- Devices --------------------------------------------------------------------------------------- */

static struct troubled *find(struct engine *c, enum omemo version, struct str bare, uint32_t device)
{
    LIST_EACH (&c->mend.devices, l) {
        struct troubled *t = LIST_ENTRY(l, struct troubled, link);

        if (t->version == version && t->device == device && str_eq(t->bare, bare))
            return t;
    }
    return NULL;
}

/* NULL: there are too many already. */
static struct troubled *find_or_add(struct engine *c, enum omemo version, struct str bare,
                                    uint32_t device)
{
    struct troubled *t = find(c, version, bare, device);

    if (t != NULL || c->mend.device_count >= TROUBLED_MAX)
        return t;
    t = mem_alloc(sizeof *t);
    t->version = version;
    t->bare = arena_str(&t->arena, bare);
    t->device = device;
    list_add(&c->mend.devices, &t->link);
    c->mend.device_count++;
    return t;
}

static void troubled_free(struct engine *c, struct troubled *t)
{
    list_remove(&t->link);
    c->mend.device_count--;
    arena_deinit(&t->arena);
    mem_free(t);
}

void mend_note(struct engine *c, const struct arrival *m, enum omemo version, enum err what)
{
    struct troubled *t = what == ERR_NONE || people_is_quiet(c, m->author)
                             ? find(c, version, m->author, m->device)
                             : find_or_add(c, version, m->author, m->device);

    if (t != NULL)
        healing_note(&t->healing, what);
}

void mend_answer(struct engine *c, const struct arrival *m, enum omemo version,
                 const uint8_t session[SESSION_ID])
{
    struct troubled *t = find_or_add(c, version, m->author, m->device);

    if (t == NULL)
        return;
    t->answer = true;
    memcpy(t->session, session, SESSION_ID);
}

/* ---- Empty messages -------------------------------------------------------------------------------- */

static void send_empty(struct engine *c, const struct seal_target *to)
{
    struct arena a = { 0 };
    struct encrypted_key key;
    struct encrypted e = {
        .version = to->version, .sid = c->identity->device_id, .keys = &key, .count = 1
    };
    struct payload empty;
    struct jid jid;

    payload_empty(to->version, &a, &c->random, &empty);
    if (jid_parse(&a, to->bare, &jid) == ERR_NONE
        && seal_key(c, &a, to, bytes_of(empty.key, empty.key_n), &key)) {
        e.iv = empty.iv;
        engine_send(c,
                    seal_wrap(&a, &jid, random_token(&c->random, &a, 15), to->version,
                              encrypted_write(&a, &e)),
                    0);
    }
    secure_zero(&empty, sizeof empty);
    arena_deinit(&a);
}

/* The session that asked for it may have moved in the list, or out of it. */
static void answer(struct engine *c, struct troubled *t)
{
    struct seal_target to = { t->version, t->bare, t->device, 0 };
    struct remote r;

    t->answer = false;
    devices_remote(c, t->version, t->bare, t->device, &r);
    while (to.session < r.count && memcmp(r.sessions[to.session].id, t->session, SESSION_ID) != 0)
        to.session++;
    if (to.session < r.count && trust_of(c, t->bare, &r.identity) != TRUST_DISTRUSTED)
        send_empty(c, &to);
    secure_zero(&r, sizeof r);
}

/* ---- Healing --------------------------------------------------------------------------------------- */

/* Whether we would write to it anyway: it is known and trusted, or at least on its account's list. */
static bool is_welcome(struct engine *c, const struct troubled *t)
{
    struct remote r;
    bool welcome;

    devices_remote(c, t->version, t->bare, t->device, &r);
    welcome = r.is_known ? trust_allows(trust_of(c, t->bare, &r.identity))
                         : devices_lists(c, t->version, t->bare, t->device);
    secure_zero(&r, sizeof r);
    return welcome;
}

static void heal(struct engine *c, struct troubled *t)
{
    struct jid of;

    if (healing_is_due(&t->healing, c->archive.caught_up, is_welcome(c, t))
        && jid_parse(&t->arena, t->bare, &of) == ERR_NONE)
        devices_renew(c, t->version, &of, t->device);
}

void mend_begun(struct engine *c, enum omemo version, struct str bare, uint32_t device)
{
    struct seal_target to = { version, bare, device, 0 };
    struct remote r;

    devices_remote(c, version, bare, device, &r);
    if (r.count > 0 && trust_allows(trust_of(c, bare, &r.identity)))
        send_empty(c, &to);
    secure_zero(&r, sizeof r);
}

/* ---- Receipts -------------------------------------------------------------------------------------- */

static void receipt_free(struct receipt *r)
{
    list_remove(&r->link);
    arena_deinit(&r->arena);
    mem_free(r);
}

void mend_receipt(struct engine *c, const struct arrival *m)
{
    struct receipt *r;

    if (m->stanza->id.n > RECEIPT_ID_MAX)
        return;
    if (c->mend.receipt_count++ >= RECEIPTS_MAX) {
        receipt_free(LIST_ENTRY(list_first(&c->mend.receipts), struct receipt, link));
        c->mend.receipt_count--;
    }
    r = mem_alloc(sizeof *r);
    r->to = arena_str(&r->arena, m->author);
    r->id = arena_str(&r->arena, m->stanza->id);
    list_add(&c->mend.receipts, &r->link);
}

static void send_receipt(struct engine *c, const struct receipt *r)
{
    struct arena a = { 0 };
    struct xml_node *m =
        stanza_new(&a, STANZA_MESSAGE, "chat", STR_NONE, r->to, random_token(&c->random, &a, 15));

    xml_set(&a, xml_add(&a, m, STR(NS_RECEIPTS), STR("received")), STR("id"), r->id);
    xml_add(&a, m, STR(NS_HINTS), STR("store"));
    engine_send(c, m, 0);
    arena_deinit(&a);
}

/* ---- Work ------------------------------------------------------------------------------------------ */

void mend_work(struct engine *c)
{
    if (!c->archive.caught_up || c->line.state != LINE_ONLINE)
        return;
    LIST_EACH (&c->mend.receipts, l) {
        struct receipt *r = LIST_ENTRY(l, struct receipt, link);

        send_receipt(c, r);
        receipt_free(r);
    }
    c->mend.receipt_count = 0;
    LIST_EACH (&c->mend.devices, l) {
        struct troubled *t = LIST_ENTRY(l, struct troubled, link);

        if (t->answer)
            answer(c, t);
        heal(c, t);
        if (!t->healing.is_broken && !t->healing.was_tried)
            troubled_free(c, t);
    }
}

void mend_online(struct engine *c)
{
    LIST_EACH (&c->mend.devices, l)
        LIST_ENTRY(l, struct troubled, link)->healing.was_tried = false;
}

void mend_forget(struct engine *c)
{
    LIST_EACH (&c->mend.devices, l)
        troubled_free(c, LIST_ENTRY(l, struct troubled, link));
    LIST_EACH (&c->mend.receipts, l)
        receipt_free(LIST_ENTRY(l, struct receipt, link));
    c->mend.receipt_count = 0;
}
