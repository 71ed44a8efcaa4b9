/* calls.c: see calls.h. */
#include "cli/chat/calls.h"

#include "cli/call_event.h"
#include "cli/visible.h"

enum { LINES_MAX = 2, LOOK_MS = 700, RING_EVERY_MS = 4000, SECOND_MS = 1000 };

/* ---- Which ------------------------------------------------------------------------------------------ */

static const struct call_view *find(const struct model *m, struct str id)
{
    for (size_t i = 0; i < m->call_count; i++)
        if (str_eq(m->calls[i].id, id))
            return &m->calls[i];
    return NULL;
}

/* The one that the person is in; NULL: none. */
static const struct call_view *own(const struct model *m)
{
    for (size_t i = 0; i < m->call_count; i++)
        if (m->calls[i].stage != STAGE_RINGS_HERE)
            return &m->calls[i];
    return NULL;
}

static struct str name_of(const struct model *m, struct arena *a, struct str jid)
{
    const struct chat *c = model_find(m, jid);

    return visible_line(a, c != NULL ? chat_name(c) : jid);
}

static bool is_called(const struct model *m, const struct call_view *v, struct str who)
{
    const struct chat *c = model_find(m, v->peer);

    return who.n == 0 || str_eq_nocase(v->peer, who)
           || (c != NULL && str_eq_nocase(chat_name(c), who));
}

static size_t ringing(const struct model *m, struct str who, const struct call_view **out)
{
    size_t n = 0;

    for (size_t i = 0; i < m->call_count; i++)
        if (m->calls[i].stage == STAGE_RINGS_HERE && is_called(m, &m->calls[i], who)) {
            *out = &m->calls[i];
            n++;
        }
    return n;
}

/* ---- What there is ---------------------------------------------------------------------------------- */

static void refresh(struct model *m);

void model_set_calls(struct model *m, const struct call_view *calls, size_t count)
{
    struct arena fresh = { 0 };
    struct call_view *list = count > 0 ? arena_alloc(&fresh, count * sizeof *list) : NULL;
    bool other = count != m->call_count;

    for (size_t i = 0; i < count; i++) {
        const struct call_view *before = find(m, calls[i].id);

        list[i] = calls[i];
        list[i].id = arena_str(&fresh, calls[i].id);
        list[i].peer = arena_str(&fresh, calls[i].peer);
        list[i].shown_ms = before != NULL ? before->shown_ms : m->now_ms;
        other |= before == NULL || before->stage != list[i].stage || before->muted != list[i].muted;
        if (before == NULL && list[i].stage == STAGE_RINGS_HERE)
            m->ring_ms = m->now_ms;
    }
    arena_deinit(&m->call_arena);
    m->call_arena = fresh;
    m->calls = list;
    m->call_count = count;
    if (m->panel.kind != PANEL_CALLS)
        return;
    if (count == 0)
        model_act(m, ACT_BACK);
    else
        refresh(m);
    if (!other)
        m->panel.version--; /* the same page with other figures: it is not read out again */
}

bool calls_now(struct model *m)
{
    const struct call_view *v = NULL;
    bool talks = own(m) != NULL && own(m)->stage == STAGE_TALKING;

    if (ringing(m, STR_NONE, &v) > 0 && m->ring_ms <= m->now_ms) {
        m->bell = true;
        m->ring_ms = own(m) != NULL ? UINT64_MAX : m->now_ms + RING_EVERY_MS;
    }
    return talks;
}

uint64_t calls_wake_ms(const struct model *m)
{
    const struct call_view *v = own(m), *rings = NULL;
    uint64_t wake = UINT64_MAX;

    if (v != NULL && v->stage == STAGE_TALKING)
        wake = m->now_ms + SECOND_MS - (m->now_ms - v->talk_ms) % SECOND_MS;
    if (ringing(m, STR_NONE, &rings) > 0 && m->ring_ms < wake)
        wake = m->ring_ms;
    return wake;
}

/* ---- Words ------------------------------------------------------------------------------------------ */

struct str call_words(struct arena *a, const struct model *m, const struct call_view *v)
{
    struct str who = name_of(m, a, v->peer);
    const char *video = v->video ? " with video" : "";

    switch (v->stage) {
    case STAGE_RINGS_HERE: return arena_printf(a, "%.*s calls%s", STR_ARG(who), video);
    case STAGE_CALLING: return arena_printf(a, "Calling %.*s%s", STR_ARG(who), video);
    case STAGE_RINGS_THERE: return arena_printf(a, "Calling %.*s: it rings", STR_ARG(who));
    case STAGE_CONNECTING: return arena_printf(a, "Connecting with %.*s", STR_ARG(who));
    case STAGE_TALKING: break;
    }
    return arena_printf(a, "In a call with %.*s: %s", STR_ARG(who), call_trust_words(v->trust));
}

static struct str duration(struct arena *a, const struct model *m, const struct call_view *v)
{
    uint64_t s = m->now_ms > v->talk_ms ? (m->now_ms - v->talk_ms) / SECOND_MS : 0;

    return arena_printf(a, "%llu:%02u", (unsigned long long)(s / 60), (unsigned)(s % 60));
}

static struct str sound(struct arena *a, const struct call_view *v)
{
    struct str delay = v->rtt_ms >= 0 ? arena_printf(a, "  delay %d ms", v->rtt_ms) : STR_NONE;

    if (!v->measured)
        return STR_NONE;
    return arena_printf(a, "  loss %.1f %%%.*s", 100 * v->lost, STR_ARG(delay));
}

/* 1:03  Bob Miller  verified  microphone off  loss 0.4 %  delay 23 ms */
static struct str talk_line(struct arena *a, const struct model *m, const struct call_view *v)
{
    const char *trust = v->trust == ENTRY_TRUST_VERIFIED  ? "verified"
                        : v->trust == ENTRY_TRUST_TRUSTED ? "encrypted, not verified"
                                                          : "UNVERIFIED CALL";

    return arena_printf(a, "%.*s  %.*s  %s%s%.*s", STR_ARG(duration(a, m, v)),
                        STR_ARG(name_of(m, a, v->peer)), trust, v->muted ? "  microphone off" : "",
                        STR_ARG(sound(a, v)));
}

size_t calls_lines(const struct model *m)
{
    return m->call_count < LINES_MAX ? m->call_count : LINES_MAX;
}

struct str calls_line(struct arena *a, const struct model *m, size_t line, enum style *style)
{
    const struct call_view *first = own(m), *v = first;

    for (size_t i = 0, left = first != NULL ? line : line + 1; i < m->call_count && left > 0; i++)
        if (&m->calls[i] != first && left-- > 0)
            v = &m->calls[i];
    *style = STYLE_UNREAD;
    if (v == NULL || v->stage == STAGE_RINGS_HERE)
        return v != NULL ? call_words(a, m, v) : STR_NONE;
    *style = STYLE_STRONG;
    if (v->stage != STAGE_TALKING)
        return arena_concat(a, call_words(a, m, v), m->symbols->ellipsis);
    *style = v->trust == ENTRY_TRUST_VERIFIED  ? STYLE_GOOD
             : v->trust == ENTRY_TRUST_TRUSTED ? STYLE_STRONG
                                               : STYLE_ALARM;
    return talk_line(a, m, v);
}

/* ---- The page --------------------------------------------------------------------------------------- */

static void choice(struct model *m, const char *words, const char *verb, struct str id)
{
    struct arena a = { 0 };

    panel_add_choice(&m->panel, STYLE_TEXT, str_from(words),
                     arena_printf(&a, "%s %.*s", verb, STR_ARG(id)));
    arena_deinit(&a);
}

static void add_talk(struct model *m, const struct call_view *v)
{
    struct panel *p = &m->panel;
    struct arena a = { 0 };

    panel_add(p, v->trust == ENTRY_TRUST_NONE ? STYLE_ALARM : STYLE_TEXT,
              arena_printf(&a, "This call is %s%s.", v->trust <= ENTRY_TRUST_UNDECIDED ? "an " : "",
                           call_trust_words(v->trust)));
    if (v->measured)
        panel_add(p, STYLE_TEXT,
                  arena_printf(&a,
                               "Their sound: %.1f %% was lost on the way, %.1f %% had to be made "
                               "up.",
                               100 * v->lost, 100 * v->concealed));
    if (v->measured && v->rtt_ms >= 0)
        panel_add(p, STYLE_TEXT,
                  arena_printf(&a, "From here to there and back: %d ms.", v->rtt_ms));
    if (v->video)
        panel_add(p, STYLE_TEXT,
                  STR("Your camera is on. A terminal shows no pictures: theirs is not seen here."));
    panel_add(p, STYLE_TEXT, v->muted ? STR("Your microphone is off.") : STR_NONE);
    choice(m, v->muted ? "Microphone on" : "Microphone off", "mute", v->id);
    choice(m, "Hang up", "end", v->id);
    arena_deinit(&a);
}

static void add_call(struct model *m, const struct call_view *v)
{
    struct panel *p = &m->panel;
    struct arena a = { 0 };

    if (p->count > 0)
        panel_add(p, STYLE_TEXT, STR_NONE);
    panel_add(p, STYLE_STRONG,
              v->stage == STAGE_TALKING
                  ? arena_printf(&a, "In a call with %.*s", STR_ARG(name_of(m, &a, v->peer)))
                  : call_words(&a, m, v));
    panel_add(p, STYLE_FAINT, visible_line(&a, v->peer));
    switch (v->stage) {
    case STAGE_RINGS_HERE:
        choice(m, "Answer", "answer", v->id);
        choice(m, "Decline", "end", v->id);
        break;
    case STAGE_CALLING:
    case STAGE_RINGS_THERE:
    case STAGE_CONNECTING: choice(m, "Hang up", "end", v->id); break;
    case STAGE_TALKING: add_talk(m, v); break;
    }
    arena_deinit(&a);
}

static void offer(struct model *m)
{
    const struct chat *c = m->before_panel == FOCUS_LIST ? m->pointed : m->open;
    struct arena a = { 0 };
    struct str who = c != NULL ? name_of(m, &a, c->jid) : STR_NONE;

    panel_add(&m->panel, STYLE_TEXT, STR("Nobody calls."));
    if (c == NULL)
        return;
    panel_add(&m->panel, STYLE_TEXT, STR_NONE);
    choice(m, arena_printf(&a, "Call %.*s", STR_ARG(who)).p, "call", c->jid);
    choice(m, arena_printf(&a, "Call %.*s with video", STR_ARG(who)).p, "video", c->jid);
    arena_deinit(&a);
}

static void refresh(struct model *m)
{
    const struct call_view *v = own(m);

    panel_begin(&m->panel, PANEL_CALLS, STR_NONE, STR("Calls"),
                v == NULL && m->call_count > 0 ? STR("a answer, x decline; Esc: it goes on ringing")
                : v == NULL                    ? STR("Enter calls")
                : v->stage == STAGE_TALKING    ? STR("m microphone, x hang up; Esc: it goes on")
                                               : STR("x hang up; Esc: it goes on"));
    if (v != NULL)
        add_call(m, v);
    for (size_t i = 0; i < m->call_count; i++)
        if (&m->calls[i] != v)
            add_call(m, &m->calls[i]);
    if (m->call_count == 0)
        offer(m);
}

void calls_page(struct model *m)
{
    refresh(m);
    m->panel.cursor = 0;
}

/* ---- Deeds ------------------------------------------------------------------------------------------ */

static void answer(struct model *m, const struct call_view *v)
{
    if (own(m) != NULL)
        model_notice(m, true, STR("You are in a call: hang up first"));
    else if (m->now_ms - v->shown_ms < LOOK_MS)
        model_notice(m, false, STR("It has just begun to ring: once more answers"));
    else
        wishes_add(&m->wishes, WISH_TAKE_CALL, v->peer, v->id, STR_NONE);
}

/* The call whose row the cursor is on. */
static const struct call_view *pointed(const struct model *m)
{
    const struct panel_row *row = m->panel.kind == PANEL_CALLS ? panel_chosen(&m->panel) : NULL;
    struct str id = row != NULL ? row->value : STR_NONE;

    (void)str_split(&id, ' ');
    return row != NULL ? find(m, id) : NULL;
}

void calls_answer(struct model *m, struct str who)
{
    const struct call_view *v = who.n == 0 ? pointed(m) : NULL;
    size_t n;

    if (v == NULL || v->stage != STAGE_RINGS_HERE) {
        n = ringing(m, who, &v);
        if (n != 1) {
            model_notice(m, true,
                         n == 0 ? STR("Nobody calls") : STR("Several people call: name the one"));
            return;
        }
    }
    answer(m, v);
}

static void end(struct model *m, const struct call_view *v)
{
    wishes_add(&m->wishes, WISH_END_CALL, v->peer, v->id, STR_NONE);
}

void calls_end_pointed(struct model *m)
{
    const struct call_view *v = pointed(m);

    if (v != NULL)
        end(m, v);
}

void calls_hang_up(struct model *m)
{
    if (own(m) == NULL)
        model_notice(m, true, STR("You are in no call"));
    else
        end(m, own(m));
}

/* Of several who call the person wants none, if it is not said whom. */
void calls_decline(struct model *m, struct str who)
{
    const struct call_view *any = NULL;

    if (ringing(m, who, &any) == 0)
        model_notice(m, true, STR("Nobody calls"));
    for (size_t i = 0; i < m->call_count; i++)
        if (m->calls[i].stage == STAGE_RINGS_HERE && is_called(m, &m->calls[i], who))
            end(m, &m->calls[i]);
}

void calls_mute(struct model *m)
{
    const struct call_view *v = own(m);

    if (v == NULL || v->stage != STAGE_TALKING)
        model_notice(m, true, STR("You are in no call"));
    else
        wishes_add(&m->wishes, WISH_MUTE, v->peer, v->id, STR_NONE)->on = !v->muted;
}

static void begin(struct model *m, struct str jid, bool video)
{
    if (own(m) != NULL)
        model_notice(m, true, STR("You are in a call: hang up first"));
    else
        wishes_add(&m->wishes, WISH_CALL, jid, STR_NONE, STR_NONE)->on = video;
}

void calls_begin(struct model *m, bool video)
{
    if (m->open == NULL)
        model_notice(m, true, STR("No chat is open: /open and a name, or an address"));
    else
        begin(m, m->open->jid, video);
}

bool calls_chosen(struct model *m, const struct panel_row *row)
{
    struct str value = row != NULL ? row->value : STR_NONE;
    struct str verb = str_split(&value, ' ');
    const struct call_view *v = find(m, value);

    if (row == NULL)
        return false;
    if (str_is(verb, "call") || str_is(verb, "video")) {
        begin(m, value, str_is(verb, "video"));
        return true;
    }
    if (v == NULL)
        return false;
    if (str_is(verb, "answer"))
        answer(m, v);
    else if (str_is(verb, "mute"))
        calls_mute(m);
    else
        end(m, v);
    return false;
}
