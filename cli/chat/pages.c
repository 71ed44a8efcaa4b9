/* pages.c: see pages.h. */
#include "cli/chat/pages.h"

#include "base/datetime.h"
#include "cli/chat/keys.h"
#include "cli/chat/layout.h"
#include "io/qr.h"
#include "cli/chat/when.h"
#include "cli/visible.h"

enum { GROUPS_PER_ROW = 4, GROUP = 6, FINGERPRINT_HALF = 36 /* and the space behind it */ };
enum { KEYS_WIDTH = 18, PAGE_MARGIN = 3, ROOM_MIN = 12, ROOM_WIDE = 200 };

static void say(struct model *m, const char *text)
{
    panel_add(&m->panel, STYLE_TEXT, str_from(text));
}

static void gap(struct model *m)
{
    panel_add(&m->panel, STYLE_TEXT, STR_NONE);
}

static struct str name_of(struct model *m, struct arena *a, struct str jid)
{
    const struct chat *c = model_find(m, jid);

    return visible_line(a, c != NULL ? chat_name(c) : jid);
}

/* ---- Help ---------------------------------------------------------------------------------------- */

/* By enum delivery. */
static const char *const signs[] = {
    "waits on this device",
    "the server has it",
    "a device of theirs has it",
    "they have read it",
    "not sent; on it: a sends it again",
};

/* What does not fit goes on below its beginning, not below the keys. */
static void add_help(struct model *m, const char *keys, const char *what)
{
    int room = layout_of(m).talk.width - KEYS_WIDTH - 1 - PAGE_MARGIN;
    struct str rest = str_from(what), line;
    struct arena a = { 0 };

    while (text_line(&rest, room > ROOM_MIN ? room : ROOM_WIDE, &line)) {
        panel_add(&m->panel, STYLE_TEXT,
                  arena_printf(&a, "%-*s %.*s", KEYS_WIDTH, keys, STR_ARG(line)));
        keys = "";
    }
    arena_deinit(&a);
}

void page_help(struct model *m)
{
    struct arena a = { 0 };
    struct key_help h;

    panel_begin(&m->panel, PANEL_HELP, STR_NONE, STR("What the keys do"),
                STR("PgUp and PgDn turn the page"));
    for (size_t cursor = 0; keys_next_help(&cursor, &h);) {
        if (h.heading != NULL) {
            if (cursor > 1)
                gap(m);
            panel_add(&m->panel, STYLE_STRONG, str_from(h.heading));
        } else {
            add_help(m, h.keys, h.what);
        }
    }
    gap(m);
    panel_add(&m->panel, STYLE_STRONG, STR("Signs beside your messages"));
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        panel_add(&m->panel, STYLE_TEXT,
                  arena_printf(&a, "%.*s%*s %s", STR_ARG(m->symbols->delivery[i]),
                               KEYS_WIDTH - text_width(m->symbols->delivery[i]), "", signs[i]));
    arena_deinit(&a);
}

/* ---- Keys ---------------------------------------------------------------------------------------- */

void page_keys(struct model *m, struct str jid)
{
    struct arena a = { 0 };
    bool own = str_eq(jid, m->own);

    panel_begin(&m->panel, PANEL_KEYS, jid,
                own ? STR("Your devices")
                    : arena_printf(&a, "Is it really %.*s?", STR_ARG(name_of(m, &a, jid))),
                own ? STR("t trust, v compared, x send away, c code")
                    : STR("m match, c code, s scan, t trust, x distrust"));
    say(m, "Asking for the devices.");
    wishes_add(&m->wishes, WISH_COMPARE, m->panel.chat, STR_NONE, STR_NONE);
    arena_deinit(&a);
}

static void add_number(struct model *m, const struct comparison *c, struct str name)
{
    struct arena a = { 0 };

    panel_add(&m->panel, STYLE_STRONG, STR("Safety number"));
    switch (c->state) {
    case COMPARE_WAITS:
        say(m, "Not known yet: the devices of both sides are being asked for. It needs a "
               "connection.");
        break;
    case COMPARE_NOTHING:
        panel_add(&m->panel, STYLE_TEXT,
                  arena_printf(&a, "%.*s has no device yet that reads encrypted messages.",
                               STR_ARG(name)));
        break;
    case COMPARE_READY:
        for (size_t at = 0; at < c->number.n; at += GROUP * GROUPS_PER_ROW)
            panel_add(&m->panel, STYLE_GOOD,
                      arena_concat(&a, STR("    "),
                                   str_slice(c->number, at, GROUP * GROUPS_PER_ROW - 1)));
        panel_add(&m->panel, STYLE_TEXT,
                  arena_printf(&a,
                               "Compare it with %.*s, by voice or side by side, not in this chat. "
                               "If both of you see the same digits, nobody sits between you: press "
                               "m.",
                               STR_ARG(name)));
        break;
    }
    gap(m);
    arena_deinit(&a);
}

/* Compared was a number of fewer devices. */
static void add_change(struct model *m, const struct keys_view *keys)
{
    struct trust_tally tally = { 0 };
    struct arena a = { 0 };
    unsigned others;

    for (size_t i = 0; i < keys->count; i++)
        trust_count(&tally, keys->devices[i].trust);
    others = tally.undecided + tally.trusted;
    if (tally.verified > 0 && others > 0)
        panel_add(&m->panel, STYLE_ALARM,
                  arena_printf(&a,
                               "This is not the number that you compared: %u of their devices came "
                               "later. Ask them whether it is theirs, and compare anew.",
                               others));
    arena_deinit(&a);
}

static const char *const trust_words[] = { "waits for your decision", "trusted, not compared",
                                           "verified", "NOT trusted: it gets nothing" };

static void add_fingerprint(struct model *m, struct str fingerprint)
{
    struct arena a = { 0 };

    for (size_t at = 0; at < fingerprint.n; at += FINGERPRINT_HALF)
        panel_add(&m->panel, STYLE_FAINT,
                  arena_concat(&a, STR("    "), str_slice(fingerprint, at, FINGERPRINT_HALF - 1)));
    arena_deinit(&a);
}

/* What is chosen says whose device it is: page_decide(). */
static void add_device(struct model *m, struct str jid, const struct device_view *d)
{
    struct arena a = { 0 };
    enum style style = d->trust == TRUST_VERIFIED    ? STYLE_GOOD
                       : d->trust == TRUST_UNDECIDED ? STYLE_ALARM
                                                     : STYLE_TEXT;

    panel_add_choice(&m->panel, style,
                     arena_printf(&a, "%s, since %.*s", trust_words[d->trust],
                                  STR_ARG(when_short(&a, d->met_ms, m->now_ms))),
                     arena_printf(&a, "%.*s %.*s", STR_ARG(jid), STR_ARG(d->fingerprint)));
    add_fingerprint(m, d->fingerprint);
    arena_deinit(&a);
}

static void add_own(struct model *m, const struct keys_view *keys)
{
    struct arena a = { 0 };

    if (keys->own_count == 0)
        return;
    panel_add(&m->panel, STYLE_STRONG, STR("Your other devices get all that you write"));
    for (size_t i = 0; i < keys->own_count; i++) {
        const struct device_view *d = &keys->own[i];

        if (d->fingerprint.n > 0)
            add_device(m, m->own, d);
        else
            panel_add(
                &m->panel, STYLE_TEXT,
                arena_printf(&a, "number %u, which this one has not met yet", (unsigned)d->id));
    }
    arena_deinit(&a);
}

static void add_login(struct model *m, const struct login_view *l)
{
    struct arena a = { 0 };
    struct str name = l->name.n > 0 ? visible_line(&a, l->name) : STR("(without a name)");

    panel_add(
        &m->panel, STYLE_TEXT,
        l->connected || l->last_ms == 0
            ? arena_printf(&a, "%.*s, %s", STR_ARG(name), l->connected ? "connected" : "never used")
            : arena_printf(&a, "%.*s, last used %.*s", STR_ARG(name),
                           STR_ARG(when_short(&a, l->last_ms, m->now_ms))));
    arena_deinit(&a);
}

/* The page about our own account. */
static void set_own(struct model *m, const struct keys_view *keys)
{
    panel_add(&m->panel, STYLE_STRONG, STR("This device"));
    add_fingerprint(m, keys->self.fingerprint);
    gap(m);
    add_own(m, keys);
    if (keys->own_count == 0)
        say(m, "You have no other device. `sotto devices link` adds one.");
    if (keys->login_count == 0)
        return;
    gap(m);
    panel_add(&m->panel, STYLE_STRONG,
              STR("Who may log in (`sotto devices revoke` takes it back)"));
    for (size_t i = 0; i < keys->login_count; i++)
        add_login(m, &keys->logins[i]);
}

static void set_keys(struct model *m, const struct keys_view *keys)
{
    struct arena a = { 0 };
    struct panel *p = &m->panel;
    struct str name = name_of(m, &a, p->chat);

    panel_begin(p, PANEL_KEYS, p->chat, p->title, p->foot);
    if (str_eq(p->chat, m->own)) {
        set_own(m, keys);
        arena_deinit(&a);
        return;
    }
    if (m->keys.undecided > 0) /* nothing leaves before */
        add_own(m, keys);
    if (keys->comparison->state == COMPARE_READY)
        add_change(m, keys);
    add_number(m, keys->comparison, name);
    panel_add(p, STYLE_STRONG,
              arena_printf(&a, "Devices of %.*s that this one has met", STR_ARG(name)));
    if (keys->count == 0)
        say(m, "None.");
    for (size_t i = 0; i < keys->count; i++)
        add_device(m, p->chat, &keys->devices[i]);
    if (p->cursor >= p->count)
        p->cursor = 0;
    arena_deinit(&a);
}

void page_code(struct model *m, struct str jid)
{
    panel_begin(&m->panel, PANEL_CODE, jid, STR("Your code"),
                STR("For their camera; PgDn shows it as text"));
    say(m, "");
    wishes_add(&m->wishes, WISH_KEYS, m->panel.chat, STR_NONE, STR_NONE);
}

/* The bars and the line at the lower edge. */
enum { AROUND_CODE = 3, QUIET = 2 };

static void set_code(struct model *m, struct str code)
{
    struct panel *p = &m->panel;
    struct arena a = { 0 };
    const struct str *rows = NULL;
    size_t count = qr_rows(&a, code, QUIET, &rows), room = (size_t)(m->height - AROUND_CODE);

    panel_begin(p, PANEL_CODE, p->chat, p->title, p->foot);
    for (size_t i = 0; i < count && count <= room; i++)
        panel_add(p, STYLE_CODE, rows[i]);
    if (count > room)
        panel_add(p, STYLE_TEXT,
                  arena_printf(&a, "As a picture it needs a window of %zu lines. It says:",
                               count + AROUND_CODE));
    panel_add(p, STYLE_FAINT,
              visible_line(&a, code)); /* below the picture, if need be beyond the edge */
    arena_deinit(&a);
}

void model_set_keys(struct model *m, struct str jid, const struct keys_view *keys)
{
    if (!str_eq(m->panel.chat, jid))
        return;
    if (m->panel.kind == PANEL_KEYS)
        set_keys(m, keys);
    else if (m->panel.kind == PANEL_CODE)
        set_code(m, keys->code);
}

void page_scan(struct model *m, struct str jid)
{
    struct arena a = { 0 };

    panel_begin(&m->panel, PANEL_SCAN, jid,
                arena_printf(&a, "Code of %.*s", STR_ARG(name_of(m, &a, jid))),
                STR("Enter checks it"));
    m->panel.has_input = true;
    say(m, "Scan their code with a phone or a camera and paste its text here; it begins with "
           "xmpp: and must come from them by another way than this chat.");
    arena_deinit(&a);
}

/* ---- An invitation ------------------------------------------------------------------------------- */

enum { LINES_OF_INVITATION = 8 };

void page_invite(struct model *m)
{
    panel_begin(&m->panel, PANEL_INVITE, STR_NONE, STR("Invite somebody"),
                STR("A link is for one person"));
    say(m, "Asking the server for a link.");
    wishes_add(&m->wishes, WISH_INVITE, STR_NONE, STR_NONE, STR_NONE);
}

/* For their camera, if the window has room for it. */
static void add_picture(struct model *m, struct str link)
{
    struct arena a = { 0 };
    const struct str *rows = NULL;
    size_t count = qr_rows(&a, link, QUIET, &rows);
    size_t needed = count + LINES_OF_INVITATION + AROUND_CODE;

    if (needed > (size_t)m->height)
        panel_add(&m->panel, STYLE_FAINT,
                  arena_printf(&a, "A window of %zu lines shows it as a picture, too.", needed));
    for (size_t i = 0; i < count && needed <= (size_t)m->height; i++)
        panel_add(&m->panel, STYLE_CODE, rows[i]);
    arena_deinit(&a);
}

void model_set_invitation(struct model *m, const struct invitation_view *v)
{
    struct str link = v->page.n > 0 ? v->page : v->link;
    struct panel *p = &m->panel;
    struct arena a = { 0 };

    if (p->kind != PANEL_INVITE)
        return;
    panel_begin(p, PANEL_INVITE, STR_NONE, p->title, p->foot);
    if (v->refused.n > 0) {
        panel_add(p, STYLE_ALARM, visible_line(&a, v->refused));
    } else {
        say(m, "Who has this link first gets an account on your server with it, and is a contact "
               "of yours. Send it over a way that only that person reads.");
        gap(m);
        panel_add(p, STYLE_STRONG, visible_line(&a, link));
        if (v->until_ms > 0)
            panel_add(p, STYLE_FAINT,
                      arena_printf(&a, "until %.*s, %.*s",
                                   STR_ARG(when_day(&a, v->until_ms, m->now_ms)),
                                   STR_ARG(when_clock(&a, v->until_ms))));
        add_picture(m, link);
    }
    arena_deinit(&a);
}

/* ---- A message ----------------------------------------------------------------------------------- */

static void fact(struct model *m, const char *what, struct str value)
{
    struct arena a = { 0 };

    if (value.n > 0)
        panel_add(&m->panel, STYLE_TEXT,
                  arena_printf(&a, "%-12s %.*s", what, STR_ARG(visible_line(&a, value))));
    arena_deinit(&a);
}

void page_message(struct model *m, const struct message *message)
{
    static const char *const states[] = { "waits on this device", "with the server",
                                          "on a device of theirs", "read", "not sent" };
    static const char *const versions[] = { "none", "OMEMO 0.3", "OMEMO 2" };
    const struct entry *e = &message->entry;
    struct arena a = { 0 };

    panel_begin(&m->panel, PANEL_MESSAGE, e->chat, STR("About this message"), STR_NONE);
    fact(m, "From", e->author);
    fact(m, "Written",
         arena_printf(&a, "%.*s, %.*s", STR_ARG(when_day(&a, e->time_ms, m->now_ms)),
                      STR_ARG(when_clock(&a, e->time_ms))));
    if (e->outgoing)
        fact(m, "State", str_from(states[message->delivery]));
    fact(m, "Why", message->why);
    fact(m, "Worth", message_trust_words(message));
    fact(m, "Encryption", str_from(versions[e->encryption]));
    if (e->device != 0)
        fact(m, "Device", arena_printf(&a, "%u", (unsigned)e->device));
    gap(m);
    panel_add(&m->panel, STYLE_TEXT, visible_text(&a, message_words(&a, message)));
    arena_deinit(&a);
}
