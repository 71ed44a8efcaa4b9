/* page_deeds.c: see page_deeds.h. */
#include "cli/chat/page_deeds.h"

#include "cli/chat/deeds.h"
#include "cli/chat/go_page.h"
#include "cli/chat/pages.h"

void page_begin(struct model *m)
{
    if (m->focus != FOCUS_PANEL)
        m->before_panel = m->focus;
    m->focus = FOCUS_PANEL;
}

void page_end(struct model *m)
{
    panel_end(&m->panel);
    m->focus = m->before_panel;
}

void page_show_keys(struct model *m)
{
    const struct chat *c = m->panel.kind == PANEL_PERSON ? model_find(m, m->panel.chat)
                           : m->focus == FOCUS_LIST      ? m->pointed
                                                         : m->open;

    if (c == NULL)
        return;
    page_begin(m);
    page_keys(m, c->jid);
}

void page_show_own(struct model *m)
{
    if (m->focus != FOCUS_PANEL)
        page_begin(m);
    page_keys(m, m->own);
}

static void scan(struct model *m)
{
    struct arena a = { 0 };
    struct str jid = arena_str(&a, m->panel.chat);

    wishes_add(&m->wishes, WISH_CODE, jid, STR_NONE, composer_text(&m->panel.input));
    page_keys(m, jid);
    arena_deinit(&a);
}

void page_choose(struct model *m)
{
    const struct panel_row *row = panel_chosen(&m->panel);

    if (m->panel.kind == PANEL_SCAN)
        scan(m);
    else if (m->panel.kind == PANEL_GO)
        go_chosen(m, row);
    else if (deed_chosen(m, row))
        page_end(m);
}

void page_decide(struct model *m, enum trust_action action)
{
    const struct panel_row *row = panel_chosen(&m->panel);
    struct str fingerprint, whose;

    if (m->panel.kind != PANEL_KEYS || row == NULL)
        return;
    fingerprint = row->value; /* "JID FINGERPRINT"; an address has no space */
    whose = str_split(&fingerprint, ' ');
    wishes_add(&m->wishes, WISH_DECIDE, whose, STR_NONE, fingerprint)->action = action;
}

void page_match(struct model *m)
{
    if (m->panel.kind == PANEL_KEYS && !str_eq(m->panel.chat, m->own))
        wishes_add(&m->wishes, WISH_MATCH, m->panel.chat, STR_NONE, STR_NONE);
}

void page_turn(struct model *m, void (*page)(struct model *m, struct str jid))
{
    struct arena a = { 0 };

    if (m->panel.kind == PANEL_KEYS)
        page(m, arena_str(&a, m->panel.chat));
    arena_deinit(&a);
}

void page_show(struct model *m, void (*page)(struct model *m))
{
    if (m->focus != FOCUS_PANEL)
        page_begin(m);
    page(m);
    if (m->panel.kind == PANEL_NONE)
        page_end(m);
}

/* What is done to a message ends in its page, or where it is written about. */
void page_on_selected(struct model *m, bool (*deed)(struct model *m, const struct message *message))
{
    size_t at = model_selected(m);

    if (m->open == NULL || at >= timeline_count(m->open->timeline))
        return;
    if (timeline_at(m->open->timeline, at)->entry.kind == ENTRY_DEVICE) {
        model_notice(m, true, STR("That tells of a device, it is no message"));
        return;
    }
    if (timeline_at(m->open->timeline, at)->entry.kind == ENTRY_CALL) {
        model_notice(m, true, STR("That was a call, not a message"));
        return;
    }
    m->focus = FOCUS_WRITE;
    if (deed(m, timeline_at(m->open->timeline, at)))
        page_begin(m);
}

void page_about(struct model *m)
{
    size_t at = model_selected(m);

    if (at >= timeline_count(m->open->timeline))
        return;
    page_begin(m);
    page_message(m, timeline_at(m->open->timeline, at));
}
/* The pages about keys belong together. */
void page_back(struct model *m)
{
    struct arena a = { 0 };

    if (m->panel.kind == PANEL_CODE || m->panel.kind == PANEL_SCAN)
        page_keys(m, arena_str(&a, m->panel.chat));
    else
        page_end(m);
    arena_deinit(&a);
}
