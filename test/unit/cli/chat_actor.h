/* chat_actor.h: what happens to a messenger, and what its person does, for tables of screens. */
#ifndef SOTTO_TEST_UNIT_CLI_CHAT_ACTOR_H
#define SOTTO_TEST_UNIT_CLI_CHAT_ACTOR_H

#include "test/unit/check.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chat/keys.h"
#include "cli/chat/view.h"
#include "cli/chat/words.h"

#define NOW  1763900000000ull /* Sunday, 23 November 2025, 12:13:20 UTC */
#define HOUR (3600 * 1000ull)
#define OWN  "me@here.example"
#define BOB  "bob@here.example"

static inline void fill(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 7, n);
}

static const struct random random_octets = { fill, NULL };

static inline struct model *model_new(int width, int height)
{
    struct model *m = mem_alloc(sizeof *m);

    model_init(m, STR(OWN), &random_octets);
    model_now(m, NOW);
    model_resize(m, width, height);
    m->ready = true;
    model_set_connection(m, CONNECTION_ONLINE, STR_NONE);
    return m;
}

static inline void model_free(struct model *m)
{
    model_deinit(m);
    mem_free(m);
}

static inline struct entry said(const char *chat, const char *id, const char *text, uint64_t ago)
{
    return (struct entry){ .kind = ENTRY_MESSAGE,
                           .encryption = ENCRYPTION_OMEMO_2,
                           .trust = ENTRY_TRUST_TRUSTED,
                           .time_ms = NOW - ago,
                           .chat = str_from(chat),
                           .author = str_from(chat),
                           .id = str_from(id),
                           .text = str_from(text) };
}

static inline void hear(struct model *m, const char *chat, const char *id, const char *text,
                        uint64_t ago)
{
    struct entry e = said(chat, id, text, ago);

    model_entry(m, &e);
}

static inline void write_to(struct model *m, const char *chat, const char *id, const char *text,
                            uint64_t ago)
{
    struct entry e = said(chat, id, text, ago);

    e.author = STR(OWN);
    e.outgoing = true;
    e.encryption = ENCRYPTION_NONE;
    e.trust = ENTRY_TRUST_NONE;
    model_entry(m, &e);
}

static inline void report(struct model *m, const char *chat, enum entry_kind kind,
                          const char *target)
{
    struct entry e = said(chat, "report", "the reason", 0);
    bool own = kind == ENTRY_SENT || kind == ENTRY_FAILED;

    e.kind = kind;
    e.id = str_from(target);
    e.target = str_from(target);
    e.outgoing = own;
    e.author = own ? STR(OWN) : e.chat;
    model_entry(m, &e);
}

static inline void call(struct model *m, const char *jid, const char *name)
{
    struct contact contact = { .jid = str_from(jid), .name = str_from(name), .listed = true };

    model_set_contact(m, &contact);
}

static inline void show(struct model *m, const char *what, const char *want)
{
    struct arena a = { 0 };
    struct grid g;

    grid_init(&g, m->width, m->height);
    view_draw(m, &g);
    if (!str_is(grid_text(&g, &a), want)) {
        (void)fprintf(stderr, "%.*s", STR_ARG(grid_text(&g, &a)));
        fail_msg("%s: the screen above is not the one that is wanted", what);
    }
    grid_deinit(&g);
    arena_deinit(&a);
}

/* Whether the screen has it somewhere. */
static inline bool shows(struct model *m, const char *text)
{
    struct arena a = { 0 };
    struct grid g;
    bool found;

    grid_init(&g, m->width, m->height);
    view_draw(m, &g);
    found = strstr(arena_printf(&a, "%.*s", STR_ARG(grid_text(&g, &a))).p, text) != NULL;
    grid_deinit(&g);
    arena_deinit(&a);
    return found;
}

static inline void press(struct model *m, uint32_t key)
{
    enum action a = keys_action(m, key);
    char octet = (char)key;

    if (a != ACT_NONE)
        model_act(m, a);
    else
        model_type(m, (struct str){ &octet, 1 });
}

static inline void type(struct model *m, const char *text)
{
    for (; *text != '\0'; text++)
        press(m, (uint32_t)(uint8_t)*text);
}

/* The next one but those that tell of typing, which test_typing() looks at. */
static inline struct wish *next_wish(struct model *m)
{
    struct wish *w = wishes_take(&m->wishes);

    while (w != NULL && w->kind == WISH_TYPING) {
        wish_done(w);
        w = wishes_take(&m->wishes);
    }
    return w;
}

/* The next wish has to be this one. */
static inline void wished(struct model *m, enum wish_kind kind, const char *chat, const char *text)
{
    struct wish *w = next_wish(m);

    assert_non_null(w);
    assert_int_equal(w->kind, kind);
    check_str("chat", w->chat, chat);
    check_str("text", w->text, text);
    wish_done(w);
}

static inline void no_wishes(struct model *m)
{
    assert_null(next_wish(m));
}

static inline void forget_wishes(struct model *m)
{
    for (struct wish *w; (w = wishes_take(&m->wishes)) != NULL;)
        wish_done(w);
}

/* Tests compare times of the day and need characters. */
static inline bool set_up_locale(void)
{
    setenv("TZ", "UTC", 1);
    return setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

#endif
