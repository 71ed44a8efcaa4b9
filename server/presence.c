/* presence.c: availability of a session and who learns of it (RFC 6121 §4), and what coming online brings: probes,
 * waiting subscription requests, offline messages.
 */
#include <string.h>

#include "jingle/message.h"
#include "server/caps.h"
#include "server/deliver.h"
#include "server/limits.h"
#include "server/pep_events.h"
#include "server/photo.h"
#include "server/router.h"
#include "server/stored.h"

/* A session's presence as it is sent, but for `to`; NULL: it has none. */
static struct xml_node *current_presence(struct arena *a, const struct session *s)
{
    struct xml_node *node = NULL;

    if ((s->flags & SESSION_AVAILABLE) && s->presence != NULL)
        node = stored_stanza(a, blob_str(s->presence));
    if (node != NULL)
        photo_stamp(a, node, &s->account->view, true);
    return node;
}

static void emit_presence(struct session *s, struct str to, bool available)
{
    struct arena a = { 0 };
    struct xml_node *node;

    node = available ? current_presence(&a, s)
                     : stanza_new(&a, STANZA_PRESENCE, "unavailable", s->full, to, STR_NONE);
    if (node != NULL) {
        xml_set(&a, node, STR("to"), to);
        router_emit(s->home, node, STR_NONE);
    }
    arena_deinit(&a);
}

/* ---- Broadcast ------------------------------------------------------------------------------------- */

static void broadcast(struct session *s, struct arena *arena, struct xml_node *node)
{
    const struct stanza own = { .kind = STANZA_PRESENCE, .from = s->jid };
    struct account *a = s->account;
    struct map_slot slot;
    struct blob *b;

    photo_stamp(arena, node, &a->view, true);
    for (size_t at = 0; map_next(&a->view.roster, &at, &slot);) {
        if (!view_shows(&a->view, slot.key))
            continue;
        xml_set(arena, node, STR("to"), slot.key);
        router_emit(s->home, node, STR_NONE);
    }
    /* Also to the account's own devices, this one included: RFC 6121 §4.2.2. */
    xml_set(arena, node, STR("to"), a->bare);
    b = stanza_blob(node);
    LIST_EACH (&a->sessions, l) {
        struct session *other = LIST_ENTRY(l, struct session, in_account);

        if (other->flags & SESSION_AVAILABLE)
            session_defer(other, b, &own);
    }
    blob_unref(b);
}

void presence_refresh(struct account *a)
{
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);
        struct arena scratch = { 0 };
        struct xml_node *node = current_presence(&scratch, s);

        if (node != NULL)
            broadcast(s, &scratch, node);
        arena_deinit(&scratch);
    }
}

static void forget_directed(struct session *s)
{
    struct map_slot slot;

    for (size_t at = 0; map_next(&s->directed, &at, &slot);)
        mem_free(slot.value);
    map_deinit(&s->directed);
}

void presence_forget(struct session *s)
{
    forget_directed(s);
}

static void become_unavailable(struct session *s, struct arena *arena, struct xml_node *node)
{
    struct map_slot slot;

    if (s->flags & SESSION_AVAILABLE) {
        s->flags &= ~(unsigned)SESSION_AVAILABLE;
        broadcast(s, arena, node);
    }
    for (size_t at = 0; map_next(&s->directed, &at, &slot);) /* RFC 6121 §4.6.3 */
        emit_presence(s, slot.key, false);
    forget_directed(s);
    blob_unref(s->presence);
    s->presence = NULL;
}

void presence_gone(struct session *s)
{
    struct arena a = { 0 };

    become_unavailable(s, &a,
                       stanza_new(&a, STANZA_PRESENCE, "unavailable", s->full, STR_NONE, STR_NONE));
    arena_deinit(&a);
}

/* ---- Coming online --------------------------------------------------------------------------------- */

static void probe_contacts(struct session *s)
{
    struct account *a = s->account;
    struct map_slot slot;

    for (size_t at = 0; map_next(&a->view.roster, &at, &slot);) {
        struct arena scratch = { 0 };

        if (view_watches(&a->view, slot.key))
            router_emit(s->home,
                        stanza_new(&scratch, STANZA_PRESENCE, "probe", s->full, slot.key, STR_NONE),
                        STR_NONE);
        arena_deinit(&scratch);
    }
}

static void send_own_devices(struct session *s)
{
    LIST_EACH (&s->account->sessions, l) {
        struct session *other = LIST_ENTRY(l, struct session, in_account);
        struct arena scratch = { 0 };
        struct xml_node *node = other != s ? current_presence(&scratch, other) : NULL;

        if (node != NULL)
            session_send_node(s, node);
        arena_deinit(&scratch);
    }
}

/* Requests wait in the roster until they are answered: RFC 6121 §3.1.3. */
static void send_requests(struct session *s)
{
    struct map_slot slot;

    for (size_t at = 0; map_next(&s->account->view.roster, &at, &slot);) {
        const struct roster_item *item = slot.value;
        struct blob *b;

        if (!item->pending_in || item->request.n == 0
            || view_blocks_text(&s->account->view, item->jid))
            continue;
        b = blob_new(item->request);
        session_send(s, b);
        blob_unref(b);
    }
}

/* 0 if there is none. False: it is no number from -128 to 127 (RFC 6121 §4.7.2.3). */
static bool read_priority(struct arena *a, const struct xml_node *presence, int *out)
{
    struct str text = xml_child_text(a, presence, STR(NS_CLIENT), STR("priority"));
    bool negative;
    uint64_t value;

    *out = 0;
    if (text.p == NULL)
        return true;
    text = str_trim(text);
    negative = str_starts(text, STR("-"));
    if (str_to_u64(negative ? str_skip(text, 1) : text, negative ? 128 : 127, &value) != ERR_NONE)
        return false;
    *out = negative ? -(int)value : (int)value;
    return true;
}

bool presence_is_own(const struct stanza *st)
{
    return st->kind == STANZA_PRESENCE && !st->has_to
           && (st->type == PRESENCE_AVAILABLE || st->type == PRESENCE_UNAVAILABLE);
}

bool presence_is_sound(struct arena *a, const struct stanza *st)
{
    int priority;

    return !presence_is_own(st) || read_priority(a, st->node, &priority);
}

void presence_own(struct session *s, struct routed *r)
{
    struct xml_node *node = r->stanza.node;
    bool initial = !(s->flags & SESSION_AVAILABLE);
    int old_priority = s->priority;
    const char *took;

    if ((took = call_strip(node)) != NULL) /* contacts hear of calls by the gate alone */
        home_event(s->home, s, EVENT(EVENT_CALL_STRIPPED, .rule = took, .actor = s->account->bare));
    if (r->stanza.type == PRESENCE_UNAVAILABLE) {
        become_unavailable(s, &r->arena, node);
        caps_forget(s); /* it hears of no node until it is back, and then of what it missed */
        return;
    }
    (void)read_priority(&r->arena, node, &s->priority); /* else it had been refused */
    s->flags |= SESSION_AVAILABLE;
    blob_unref(s->presence);
    s->presence = stanza_blob(node);
    broadcast(s, &r->arena, node);
    if (initial) {
        send_own_devices(s);
        probe_contacts(s);
        send_requests(s);
    }
    caps_presence(s, node);
    if (s->priority >= 0 && (initial || old_priority < 0))
        presence_catch_up(s);
}

bool incoming_shown_directly(const struct incoming *in)
{
    struct arena a = { 0 };
    struct str from = jid_text(&a, &in->stanza->from);
    bool shown = false;

    LIST_EACH (&in->account->sessions, l) {
        const struct session *s = LIST_ENTRY(l, const struct session, in_account);

        shown |= map_get(&s->directed, from) != NULL || map_get(&s->directed, in->sender) != NULL;
    }
    arena_deinit(&a);
    return shown;
}

static bool remember_directed(struct session *s, struct str to)
{
    struct str *kept;

    if (map_get(&s->directed, to) != NULL)
        return true;
    if (s->directed.n == DIRECTED_PRESENCES)
        return false;
    kept = mem_alloc_raw(sizeof *kept + to.n);
    memcpy(kept + 1, to.p, to.n);
    *kept = (struct str){ (char *)(kept + 1), to.n };
    map_put(&s->directed, *kept, kept);
    return true;
}

/* Of the account itself, or of somebody who sees its presence anyway. */
static bool sees_us_anyway(const struct account *a, const struct jid *to)
{
    struct arena scratch = { 0 };
    struct str bare = jid_bare_text(&scratch, to);
    bool is = str_eq(bare, a->bare) || view_sees_us(&a->view, bare);

    arena_deinit(&scratch);
    return is;
}

bool presence_sent(struct session *s, struct routed *r)
{
    const struct stanza *p = &r->stanza;
    struct arena a = { 0 };
    struct str to;
    bool kept = true;

    if (p->kind != STANZA_PRESENCE
        || (p->type != PRESENCE_AVAILABLE && p->type != PRESENCE_UNAVAILABLE))
        return true;
    photo_stamp(&r->arena, p->node, &s->account->view, sees_us_anyway(s->account, &p->to));
    to = jid_text(&a, &p->to);
    if (p->type == PRESENCE_UNAVAILABLE)
        mem_free(map_remove(&s->directed, to));
    else
        kept = remember_directed(s, to);
    arena_deinit(&a);
    return kept;
}

/* ---- Probes ---------------------------------------------------------------------------------------- */

static void announce_all(struct account *a, struct str to, bool available, size_t *out_count)
{
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (!(s->flags & SESSION_AVAILABLE))
            continue;
        emit_presence(s, to, available);
        ++*out_count;
    }
}

void presence_announce(struct account *a, struct str jid, bool available)
{
    size_t count = 0;

    if (view_blocks_text(&a->view, jid))
        return; /* who is blocked was told so, and hears no more: XEP-0191 §3.3 */
    announce_all(a, jid, available, &count);
    if (available)
        pep_offer(a, jid);
}

/* RFC 6121 §4.3.2. A prober without subscription gets no answer at all, the same as for an account that does not
 * exist: an answer would tell who is here. */
void presence_probed(struct account *a, const struct stanza *probe)
{
    struct arena scratch = { 0 };
    struct str to = jid_text(&scratch, &probe->from);
    struct str from = jid_bare_text(&scratch, &probe->from);
    size_t count = 0;

    if (view_shows(&a->view, from) && !str_eq(from, a->bare)) {
        announce_all(a, to, true, &count);
        if (count == 0)
            router_emit(a->home,
                        stanza_new(&scratch, STANZA_PRESENCE, "unavailable", a->bare, to, STR_NONE),
                        STR_NONE);
    }
    arena_deinit(&scratch);
}

/* ---- Offline messages (XEP-0160) -------------------------------------------------------------------- */

struct catch_up {
    struct store_query query;
    struct session *session;
    uint64_t newest; /* of the account when the page was asked for */
};

/* What it was sent for itself says nothing of what waits for the account. */
void presence_delivered(struct session *s, uint64_t seq)
{
    if (s->account != NULL)
        account_delivered(s->account, seq < s->followed_to ? seq : s->followed_to);
}

static void ask_page(struct session *s);

/* Of what another device has sent: XEP-0280 §8, as it would have been live. */
static void send_copy(struct session *s, const struct archive_result *m)
{
    struct account *account = s->account;
    struct arena a = { 0 };
    struct xml_node *node =
        stored_message(&a, s->home->settings, account->bare, account->view.account, m, STR_NONE);
    struct blob *b;

    if (m->seq >= s->copies_from && (s->flags & SESSION_CARBONS) && node != NULL
        && xml_child(node, STR(NS_HINTS), STR("no-copy")) == NULL) {
        b = carbon_wrap(&a, account->bare, WRAP_SENT, node);
        session_send_archived(s, b, m->seq, WRAP_SENT);
        blob_unref(b);
    }
    arena_deinit(&a);
}

static void send_archived(struct session *s, const struct archive_result *m)
{
    struct account *account = s->account;
    struct arena a = { 0 };
    struct xml_node *node =
        stored_message(&a, s->home->settings, account->bare, account->view.account, m, s->domain);
    struct blob *b = node ? stanza_blob(node) : NULL;

    /* Nothing of the blocked is delivered (XEP-0191 §3.3), what they wrote before neither; it stays in the archive. */
    if (b != NULL && !view_blocks_text(&account->view, m->peer))
        session_send_archived(s, b, m->seq, WRAP_NONE);
    blob_unref(b);
    arena_deinit(&a);
}

static void reach(struct session *s, uint64_t seq)
{
    s->caught_up_to = seq;
    if (session_follows(s))
        s->followed_to = seq;
}

/* XEP-0386 §3.2: they are cleared without being sent. What was sent of them all the same is, when it is acknowledged. */
static void clear_shown(struct session *s)
{
    if (session_follows(s) && sm_first_unacked(s) == 0)
        account_delivered(s->account, s->shown_up_to);
}

static void send_page(struct session *s, const struct catch_up *c)
{
    for (size_t i = 0; i < c->query.out.archive.count; i++) {
        const struct archive_result *m = &c->query.out.archive.results[i];

        reach(s, m->seq);
        if (m->flags & ENTRY_OFFLINE)
            send_archived(s, m);
        else if (m->flags & ENTRY_SENT)
            send_copy(s, m);
    }
    if (!c->query.out.archive.complete || s->account == NULL)
        return;
    if (c->newest > s->caught_up_to)
        reach(s, c->newest);
    if (c->query.in.archive.part == ARCHIVE_UNSHOWN)
        clear_shown(s);
}

static bool is_behind(const struct session *s)
{
    return s->account->view.last_seq > s->caught_up_to || s->copies_to > s->caught_up_to;
}

static void end_catching_up(struct session *s)
{
    s->catching_up = false;
    s->copies_from = s->copies_to = 0;
}

static void page_came(struct store_op *op)
{
    struct catch_up *c = CONTAINER_OF(op, struct catch_up, query.op);
    struct session *s = c->session;
    const struct archive_query *q = &c->query.in.archive;
    bool good = op->result == ERR_NONE;
    /* Meanwhile it has become available, or a copy was held back: more is due to it than was asked for. */
    bool anew = q->after != s->caught_up_to || (q->part == ARCHIVE_WAITING && s->copies_from != 0);

    s->page_asked = false;
    if (s->account != NULL) {
        if (good && !anew)
            send_page(s, c);
        if (s->account != NULL && good && (anew || !c->query.out.archive.complete || is_behind(s)))
            presence_unlag(s);
        else
            end_catching_up(s);
    }
    arena_deinit(&op->arena);
    mem_free(c);
    session_release(s);
}

static void ask_page(struct session *s)
{
    struct catch_up *c = mem_alloc(sizeof *c);
    struct archive_query *q = &c->query.in.archive;

    s->page_asked = true;
    c->session = s;
    c->newest = s->account->view.last_seq;
    c->query.kind = QUERY_ARCHIVE;
    q->account = s->account->view.account;
    q->shelf = SHELF_ARCHIVE;
    q->after = s->caught_up_to;
    q->part = s->copies_from != 0 ? ARCHIVE_ALL : ARCHIVE_WAITING;
    if (s->caught_up_to < s->shown_up_to) {
        q->part = ARCHIVE_UNSHOWN;
        q->before = s->shown_up_to + 1;
        c->newest = s->shown_up_to;
    }
    q->max = OFFLINE_PAGE;
    c->query.op.home = s->home->number;
    c->query.op.done = page_came;
    session_hold(s);
    store_query(s->home->store, &c->query);
}

static void set_lagging(struct session *s, bool lagging)
{
    if (lagging == (s->lagging_since_ms != 0))
        return;
    s->lagging_since_ms = lagging ? s->home->now_ms : 0;
    if (lagging)
        list_add(&s->home->lagging, &s->lagging);
    else
        list_remove(&s->lagging);
}

void presence_lag(struct session *s, uint64_t seq, enum wrapping wrapping)
{
    if (wrapping == WRAP_SENT) {
        s->copies_from = s->copies_from != 0 ? s->copies_from : seq;
        s->copies_to = seq;
    }
    if ((!s->catching_up && !session_follows(s)) /* of what came before nothing is due to it */
        || seq <= s->caught_up_to)               /* a copy comes back from another home */
        s->caught_up_to = seq - 1;
    s->catching_up = true;
    if (!s->page_asked)
        set_lagging(s, true);
}

void presence_unlag(struct session *s)
{
    if (!s->catching_up || s->page_asked || s->account == NULL)
        return;
    set_lagging(s, session_is_slow(s));
    if (s->lagging_since_ms == 0)
        ask_page(s);
}

void presence_catch_up(struct session *s)
{
    uint64_t from = s->account->view.cursor;

    /* What a replaced session of the same client never acknowledged is due again, whatever other devices have. */
    if (s->inherited_from != 0 && s->inherited_from < from)
        from = s->inherited_from;
    s->inherited_from = 0;
    if (from < s->followed_to)
        from = s->followed_to;
    s->caught_up_to = s->followed_to = from; /* what it was sent for itself before may come again */
    if (!s->catching_up && s->account->view.last_seq > from) {
        s->catching_up = true;
        ask_page(s);
    }
}
