/* lasting_page.c: see lasting_page.h. */
#include "cli/chat/lasting_page.h"

#include "cli/lasting.h"

enum { HOUR = 3600, DAY = 24 * HOUR, WEEK = 7 * DAY };

static const uint32_t offered[] = { 300, HOUR, DAY, WEEK, 4 * WEEK };

static void wish(struct model *m, struct str jid, uint32_t seconds)
{
    struct arena a = { 0 };

    wishes_add(&m->wishes, WISH_TIMER, jid, STR_NONE, arena_printf(&a, "%u", (unsigned)seconds));
    arena_deinit(&a);
}

static void offer(struct model *m, uint32_t seconds, uint32_t now)
{
    struct arena a = { 0 };
    struct str words = seconds == 0 ? STR("they stay") : lasting_words(&a, seconds);

    panel_add_choice(&m->panel, STYLE_TEXT,
                     seconds == now ? arena_concat(&a, words, STR(", as it is now")) : words,
                     arena_printf(&a, "%u", (unsigned)seconds));
    if (seconds == now)
        m->panel.cursor = m->panel.count - 1;
    arena_deinit(&a);
}

/* A time that somebody set elsewhere stands in its place among ours. */
void lasting_page(struct model *m)
{
    const struct chat *c = m->panel.kind == PANEL_PERSON   ? model_find(m, m->panel.chat)
                           : m->before_panel == FOCUS_LIST ? m->pointed
                                                           : m->open;
    bool known;

    if (c == NULL)
        return;
    known = c->timer_s == 0;
    panel_begin(&m->panel, PANEL_TIMER, c->jid, STR("How long do messages stay?"),
                STR("Enter sets it, for both sides"));
    panel_add(
        &m->panel, STYLE_TEXT,
        STR("Counted from when a message was read, or sent. Programs that honour it erase it on "
            "both sides. Whoever has read it has read it, and what was written before is not "
            "changed."));
    panel_add(&m->panel, STYLE_TEXT, STR_NONE);
    offer(m, 0, c->timer_s);
    for (size_t i = 0; i < COUNT_OF(offered); i++) {
        if (!known && c->timer_s < offered[i])
            offer(m, c->timer_s, c->timer_s);
        known |= c->timer_s <= offered[i];
        offer(m, offered[i], c->timer_s);
    }
    if (!known)
        offer(m, c->timer_s, c->timer_s);
}

void lasting_chosen(struct model *m, const struct panel_row *row)
{
    uint32_t seconds;

    if (row != NULL && lasting_read(row->value, &seconds) == ERR_NONE)
        wish(m, m->panel.chat, seconds);
}

void lasting_set(struct model *m, struct str text)
{
    uint32_t seconds;

    if (m->open == NULL)
        model_notice(m, true, STR("No chat is open: /open and a name, or an address"));
    else if (lasting_read(text, &seconds) != ERR_NONE)
        model_notice(m, true, STR("How long? 30s, 5m, 1h, 1d, 4w, ten years at most, or off"));
    else
        wish(m, m->open->jid, seconds);
}
