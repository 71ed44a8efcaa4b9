/* act.c: what the person does, as far as it concerns the screen; what it wants of the world becomes a wish. */
#include "cli/chat/calls.h"
#include "cli/chat/deeds.h"
#include "cli/chat/go_page.h"
#include "cli/chat/lasting_page.h"
#include "cli/chat/move.h"
#include "cli/chat/page_deeds.h"
#include "cli/chat/pages.h"
#include "cli/chat/visit.h"
#include "cli/chat/writing.h"

enum { QUIT_MS = 3000, NOTICE_READ_MS = 1500 };

static void back(struct model *m)
{
    switch (m->focus) {
    case FOCUS_PANEL: page_back(m); break;
    case FOCUS_SELECT: m->focus = FOCUS_WRITE; break;
    case FOCUS_WRITE:
        if (m->editing.n > 0 || m->replying.n > 0)
            writing_stop(m);
        else if (m->open != NULL && m->open->bottom.n > 0)
            buf_reset(&m->open->bottom);
        else
            m->focus = FOCUS_LIST;
        break;
    case FOCUS_LIST: break;
    }
}

static void leave(struct model *m)
{
    model_keep_draft(m);
    wishes_add(&m->wishes, WISH_QUIT, STR_NONE, STR_NONE, STR_NONE);
}

/* Ctrl-C twice: once may be a habit. */
static void interrupt(struct model *m)
{
    if (m->quit_until_ms > m->now_ms) {
        leave(m);
        return;
    }
    m->quit_until_ms = m->now_ms + QUIT_MS;
    model_notice(m, false, STR("Ctrl-C again leaves"));
}

static void switch_sides(struct model *m)
{
    if (m->focus == FOCUS_WRITE)
        m->focus = FOCUS_LIST;
    else if (m->open != NULL)
        m->focus = FOCUS_WRITE;
    else if (m->pointed != NULL)
        visit_chat(m, m->pointed);
}

static void choose(struct model *m)
{
    if (m->focus == FOCUS_PANEL)
        page_choose(m);
    else if (m->pointed != NULL)
        visit_chat(m, m->pointed);
}

/* The same keys on pages about people, calls, devices. */
static void accept(struct model *m)
{
    if (m->panel.kind == PANEL_CALLS)
        calls_answer(m, STR_NONE);
    else
        deed_answer(m, true);
}

static void refuse(struct model *m)
{
    if (m->panel.kind == PANEL_CALLS)
        calls_end_pointed(m);
    else if (m->panel.kind == PANEL_PEOPLE)
        deed_answer(m, false);
    else
        page_decide(m, TRUST_DISTRUST);
}

/* Whoever goes on has read it. */
static void notice_read(struct model *m)
{
    if (!m->notice_alarms && m->notice_until_ms != 0
        && m->notice_until_ms < m->now_ms + NOTICE_MS - NOTICE_READ_MS) {
        m->notice_until_ms = 0;
        buf_reset(&m->notice);
    }
}

void model_act(struct model *m, enum action a)
{
    notice_read(m);
    switch (a) {
    case ACT_QUIT: leave(m); break;
    case ACT_INTERRUPT: interrupt(m); break;
    case ACT_SUSPEND: wishes_add(&m->wishes, WISH_SUSPEND, STR_NONE, STR_NONE, STR_NONE); break;
    case ACT_REDRAW: wishes_add(&m->wishes, WISH_REDRAW, STR_NONE, STR_NONE, STR_NONE); break;
    case ACT_HELP:
        page_begin(m);
        page_help(m);
        break;
    case ACT_GO:
        page_begin(m);
        go_page(m);
        break;
    case ACT_KEYS: page_show_keys(m); break;
    case ACT_NEXT_CHAT: visit_beside(m, 1); break;
    case ACT_PREVIOUS_CHAT: visit_beside(m, -1); break;
    case ACT_NEXT_UNREAD: visit_unread(m); break;
    case ACT_SCROLL_UP: move_page(m, 1); break;
    case ACT_SCROLL_DOWN: move_page(m, -1); break;
    case ACT_BACK: back(m); break;
    case ACT_SWITCH: switch_sides(m); break;
    case ACT_UP: move_by(m, -1); break;
    case ACT_DOWN: move_by(m, 1); break;
    case ACT_FIRST: move_far(m, false); break;
    case ACT_LAST: move_far(m, true); break;
    case ACT_CHOOSE: choose(m); break;
    case ACT_SEND: writing_send(m); break;
    case ACT_NEWLINE: model_type(m, STR("\n")); break;
    case ACT_ABOUT: page_about(m); break;
    case ACT_QUOTE: writing_quote(m); break;
    case ACT_TRUST: page_decide(m, TRUST_APPROVE); break;
    case ACT_VERIFY: page_decide(m, TRUST_VERIFY); break;
    case ACT_DISTRUST: refuse(m); break;
    case ACT_MATCH:
        if (m->panel.kind == PANEL_CALLS)
            calls_mute(m);
        else
            page_match(m);
        break;
    case ACT_CALLS: page_show(m, calls_page); break;
    case ACT_SEARCH: page_show(m, deed_search); break;
    case ACT_PERSON: page_show(m, deed_person); break;
    case ACT_PEOPLE: page_show(m, deed_people); break;
    case ACT_FILE: page_show(m, deed_file); break;
    case ACT_LASTING: page_show(m, lasting_page); break;
    case ACT_REPLY: page_on_selected(m, deed_reply); break;
    case ACT_EDIT: page_on_selected(m, deed_edit); break;
    case ACT_REACT: page_on_selected(m, deed_react); break;
    case ACT_RETRACT: page_on_selected(m, deed_retract); break;
    case ACT_SAVE: page_on_selected(m, deed_save); break;
    case ACT_AGAIN: page_on_selected(m, deed_again); break;
    case ACT_ACCEPT: accept(m); break;
    case ACT_CODE: page_turn(m, page_code); break;
    case ACT_SCAN: page_turn(m, page_scan); break;
    default: writing_edit(m, a); break;
    }
}
