/* test_chat_deeds.c: what people do to messages and to each other in the messenger, and what of it is shown. */
#include "test/unit/cli/chat_actor.h"

#include "cli/lasting.h"
#include "client/attachment.h"

static void test_typing(void **state)
{
    struct model *m = model_new(80, 24);
    struct wish *w;

    (void)state;
    hear(m, BOB, "m1", "Hello.", HOUR);
    press(m, PRESS_ENTER);
    forget_wishes(m);
    type(m, "a");
    w = wishes_take(&m->wishes);
    assert_true(w != NULL && w->kind == WISH_TYPING && w->on);
    wish_done(w);
    press(m, PRESS_BACKSPACE);
    w = wishes_take(&m->wishes);
    assert_true(w != NULL && w->kind == WISH_TYPING && !w->on);
    wish_done(w);
    type(m, "/help"); /* nobody's business */
    assert_null(wishes_take(&m->wishes));
    model_typing(m, STR(BOB), true);
    assert_true(shows(m, "bob@here.example types…"));
    assert_true(model_now(m, NOW + TYPING_MS + 1)); /* who says nothing more has stopped */
    assert_false(shows(m, "types…"));
    model_free(m);
}

/* Up chooses the newest message. */
static void test_deeds(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    write_to(m, BOB, "mine", "Mine to correct.", 2 * HOUR);
    hear(m, BOB, "theirs", "What is to be answered.", HOUR);
    press(m, PRESS_ENTER);
    forget_wishes(m);

    press(m, PRESS_UP);
    press(m, 'r');
    assert_true(shows(m, "Answering: What is to be answered."));
    type(m, "So it is");
    press(m, PRESS_ENTER);
    wished(m, WISH_REPLY, BOB, "So it is");
    no_wishes(m);
    model_free(m);
}

static void test_editing(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    write_to(m, BOB, "mine", "Mine to correct.", 2 * HOUR);
    hear(m, BOB, "theirs", "Theirs.", HOUR);
    press(m, PRESS_ENTER);
    forget_wishes(m);
    press(m, PRESS_UP);
    press(m, 'e');
    assert_true(shows(m, "Only messages of your own"));
    press(m, PRESS_UP);
    press(m, PRESS_UP);
    press(m, 'e');
    assert_true(shows(m, "Correcting your message") && shows(m, "› Mine to correct."));
    press(m, PRESS_ESCAPE); /* gives it up */
    assert_true(shows(m, "Write a message"));
    press(m, PRESS_UP);
    press(m, PRESS_UP);
    press(m, 'e');
    type(m, " Done.");
    press(m, PRESS_ENTER);
    wished(m, WISH_CORRECT, BOB, "Mine to correct. Done.");
    no_wishes(m);
    model_free(m);
}

static void test_reacting(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    write_to(m, BOB, "mine", "Mine.", 2 * HOUR);
    hear(m, BOB, "theirs", "Theirs.", HOUR);
    press(m, PRESS_ENTER);
    forget_wishes(m);
    press(m, PRESS_UP);
    press(m, '+');
    press(m, PRESS_DOWN);
    press(m, PRESS_ENTER);
    wished(m, WISH_REACT, BOB, "❤");
    press(m, PRESS_UP);
    press(m, '+');
    model_paste(m, STR("🦊"));
    press(m, PRESS_ENTER);
    wished(m, WISH_REACT, BOB, "🦊");
    press(m, PRESS_UP);
    press(m, PRESS_UP);
    press(m, 'd');
    press(m, PRESS_ENTER); /* the first choice changes nothing */
    no_wishes(m);
    press(m, PRESS_UP);
    press(m, PRESS_UP);
    press(m, 'd');
    press(m, PRESS_DOWN);
    press(m, PRESS_ENTER);
    wished(m, WISH_RETRACT, BOB, "");
    no_wishes(m);
    model_free(m);
}

static void test_folded(void **state)
{
    struct model *m = model_new(80, 24);
    struct entry e = said(BOB, "c", "Corrected text.", 1000);

    (void)state;
    hear(m, BOB, "m1", "First text.", HOUR);
    hear(m, BOB, "m2", "To be gone.", HOUR - 1);
    hear(m, BOB, "m3", "Liked.", HOUR - 2);
    e.kind = ENTRY_CORRECTION;
    e.target = STR("m1");
    model_entry(m, &e);
    e.id = STR("r");
    e.kind = ENTRY_RETRACTION;
    e.target = STR("m2");
    model_entry(m, &e);
    e.id = STR("l");
    e.kind = ENTRY_REACTIONS;
    e.target = STR("m3");
    e.text = STR("👍 🦊");
    model_entry(m, &e);
    e = said(BOB, "m4", "An answer.", 500);
    e.target = STR("m3");
    model_entry(m, &e);
    e = said(BOB, "t", "", 400);
    e.kind = ENTRY_TIMER;
    e.expires_s = 7 * 24 * 3600;
    model_entry(m, &e);
    e = said(BOB, "s", "no key for this device", 300);
    e.kind = ENTRY_SEALED;
    model_entry(m, &e);
    press(m, PRESS_ENTER);
    assert_true(shows(m, "Corrected text. (edited)") && !shows(m, "First text."));
    assert_true(shows(m, "(message taken back)") && !shows(m, "To be gone."));
    assert_true(shows(m, "👍 🦊 bob@here.example"));
    assert_true(shows(m, "┃ bob@here.example: Liked."));
    assert_true(shows(m, "messages disappear after 1 week"));
    assert_true(shows(m, "(cannot be read on this device: no key"));
    model_free(m);
}

/* What comes unasked the person says in so many words. */
static void test_saving(void **state)
{
    static const struct {
        const char *word;
        bool wished, on;
    } saves[] = {
        { "/save always", true, true },
        { "/save ask", true, false },
        { "/save all", false, false },
        { "/save", false, false }, /* nothing has come */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(saves); i++) {
        struct model *m = model_new(80, 24);
        struct wish *w;

        assert_true(words_run(m, str_from(saves[i].word)));
        w = next_wish(m);
        assert_true((w != NULL) == saves[i].wished);
        if (w != NULL) {
            assert_int_equal(w->kind, WISH_SAVES);
            assert_true(w->on == saves[i].on);
        }
        wish_done(w);
        model_free(m);
    }
}

/* A link comes from the server, or it is said why none does. */
static void test_inviting(void **state)
{
    struct model *m = model_new(100, 24);
    struct invitation_view v = { .link = STR_INIT("xmpp:here.example?register;preauth=abc"),
                                 .page = STR_INIT("https://here.example/invite/abc"),
                                 .until_ms = NOW + HOUR };

    (void)state;
    assert_true(words_run(m, STR("/invite")));
    wished(m, WISH_INVITE, "", "");
    model_set_invitation(m, &v);
    assert_true(shows(m, "https://here.example/invite/abc"));
    assert_true(shows(m, "until Today, 13:13"));
    assert_true(shows(m, "lines shows it as a picture, too"));
    model_resize(m, 100, 50);
    model_set_invitation(m, &v);
    assert_false(shows(m, "as a picture, too"));
    v = (struct invitation_view){ .refused = STR_INIT("members may not invite\x1b[2J") };
    model_set_invitation(m, &v);
    assert_true(shows(m, "members may not invite\xef\xbf\xbd[2J"));
    press(m, PRESS_ESCAPE);
    model_set_invitation(m, &v); /* late: nobody waits for it */
    assert_int_equal(m->panel.kind, PANEL_NONE);
    model_set_connection(m, CONNECTION_LOST, STR_NONE);
    assert_true(words_run(m, STR("/invite")));
    no_wishes(m);
    model_free(m);
}

static void test_files(void **state)
{
    static const struct {
        struct attachment file;
        const char *text, *shown;
    } files[] = {
        { { .name = STR_INIT("map.pdf"), .has_size = true, .size = 1234567 },
          "",
          "[map.pdf, 1.2 MB]" },
        { { .name = STR_INIT("a\x1b[2Jb"), .has_size = true, .size = 512 },
          "",
          "[a\xef\xbf\xbd[2Jb, 512 bytes]" },
        { { .is_voice = true, .duration_ms = 72400 }, "", "[voice message, 1:12]" },
        { { .name = STR_INIT("x.jpg") }, "Look at this", "Look at this" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct model *m = model_new(80, 24);
        struct attachment f = files[i].file;
        struct entry e = said(BOB, "m1", files[i].text, HOUR);
        struct buf record;

        f.url = STR("https://up.example/x");
        f.key_n = 32;
        f.iv_n = 12;
        buf_init(&record, ATTACHMENT_RECORD_MAX);
        attachment_write(&record, &f);
        e.attachment = buf_str(&record);
        model_entry(m, &e);
        press(m, PRESS_ENTER);
        if (!shows(m, files[i].shown))
            fail_msg("not shown: %s", files[i].shown);
        buf_deinit(&record);
        model_free(m);
    }
}

static void test_search(void **state)
{
    struct model *m = model_new(80, 24);
    struct entry one = said(BOB, "old", "The old ferry.", 48 * HOUR);
    struct entry other = said("carol@here.example", "c1", "No ferry.", HOUR);
    const struct entry *found[] = { &one, &other };

    (void)state;
    hear(m, BOB, "m1", "Hello.", HOUR);
    press(m, PRESS_ENTER);
    forget_wishes(m);
    m->open->loading = false;
    press(m, PRESS_F3);
    type(m, "ferry");
    press(m, PRESS_ENTER);
    wished(m, WISH_SEARCH, BOB, "ferry");
    press(m, PRESS_F3); /* in all of them */
    press(m, PRESS_ENTER);
    wished(m, WISH_SEARCH, "", "ferry");
    model_found(m, found, COUNT_OF(found));
    assert_true(shows(m, "Fri bob@here.example: The old ferry."));
    press(m, PRESS_DOWN);
    press(m, PRESS_ENTER); /* goes there; it is not read yet */
    wished(m, WISH_OLDER, BOB, "");
    no_wishes(m);
    model_kept(m, &one, 1);
    model_loaded(m, STR(BOB), 7, false);
    assert_int_equal(m->focus, FOCUS_SELECT);
    assert_true(shows(m, "▌ The old ferry."));
    model_free(m);
}

static void test_people(void **state)
{
    static const struct person_view people[] = {
        { STR_INIT("dave@there.example"), STR_INIT(""), PERSON_ASKS },
        { STR_INIT("eve@there.example"), STR_INIT("Do you\nremember \x1b[1mme"), PERSON_WROTE },
        { STR_INIT("mallory@there.example"), STR_INIT(""), PERSON_BLOCKED },
    };
    struct model *m = model_new(80, 24);
    struct wish *w;

    (void)state;
    model_set_requests(m, 2);
    assert_true(shows(m, "2 want to reach you: F6"));
    press(m, PRESS_F6);
    wished(m, WISH_PEOPLE, "", "");
    model_set_people(m, people, COUNT_OF(people));
    assert_true(shows(m, "dave@there.example asks to be a contact"));
    assert_true(shows(m, "eve@there.example wrote: Do you remember \xef\xbf\xbd[1mme"));
    assert_true(shows(m, "mallory@there.example is blocked"));
    press(m, PRESS_DOWN);
    press(m, 'x');
    w = wishes_take(&m->wishes);
    assert_int_equal(w->kind, WISH_ANSWER);
    check_str("refused", w->chat, "eve@there.example");
    assert_false(w->on);
    wish_done(w);
    forget_wishes(m);
    press(m, PRESS_ESCAPE);
    hear(m, BOB, "m1", "Hello.", HOUR);
    m->pointed = model_find(m, STR(BOB));
    press(m, PRESS_F5);
    press(m, PRESS_ENTER);
    wished(m, WISH_ADD, BOB, "");
    call(m, BOB, "Bob");
    press(m, PRESS_F5);
    press(m, PRESS_ENTER);
    type(m, "by");
    press(m, PRESS_ENTER);
    wished(m, WISH_RENAME, BOB, "Bobby");
    model_free(m);
}

static void set_at(struct model *m, uint32_t seconds, uint64_t ago)
{
    struct entry e = said(BOB, "t", "", ago);

    e.kind = ENTRY_TIMER;
    e.expires_s = seconds;
    model_entry(m, &e);
}

/* XEP-0466: what holds in the chat is shown and stands first in the page. */
static void test_lasting(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    press(m, PRESS_F8); /* no chat, no page */
    assert_false(shows(m, "How long do messages stay?"));
    hear(m, BOB, "theirs", "Theirs.", HOUR);
    press(m, PRESS_ENTER);
    forget_wishes(m);
    press(m, PRESS_F8);
    assert_true(shows(m, "How long do messages stay?") && shows(m, "they stay, as it is now"));
    press(m, PRESS_DOWN);
    press(m, PRESS_DOWN);
    press(m, PRESS_DOWN);
    press(m, PRESS_ENTER);
    wished(m, WISH_TIMER, BOB, "86400");
    no_wishes(m);

    set_at(m, 90, 1000);
    assert_true(shows(m, "messages disappear after 90 seconds")
                && shows(m, "Messages disappear after 90 seconds"));
    press(m, PRESS_F8);
    assert_true(shows(m, "90 seconds, as it is now"));
    press(m, PRESS_UP);
    press(m, PRESS_ENTER);
    wished(m, WISH_TIMER, BOB, "0");

    type(m, "/timer 2w");
    press(m, PRESS_ENTER);
    wished(m, WISH_TIMER, BOB, "1209600");
    type(m, "/timer soon");
    press(m, PRESS_ENTER);
    assert_true(shows(m, "How long? 30s, 5m, 1h, 1d, 4w"));
    no_wishes(m);
    model_set_timer(m, STR(BOB), 0);
    assert_false(shows(m, "Messages disappear after"));
    press(m, PRESS_ESCAPE);
    press(m, PRESS_F5); /* of whom the list points at, too */
    press(m, PRESS_DOWN);
    press(m, PRESS_DOWN);
    press(m, PRESS_ENTER);
    assert_true(shows(m, "How long do messages stay?"));
    model_free(m);
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        enum err err;
        uint32_t seconds;
        const char *words;
    } cases[] = {
        { "off", ERR_NONE, 0, NULL },
        { "0", ERR_NONE, 0, NULL },
        { "1", ERR_NONE, 1, "1 second" },
        { "90s", ERR_NONE, 90, "90 seconds" },
        { "5m", ERR_NONE, 300, "5 minutes" },
        { "1h", ERR_NONE, 3600, "1 hour" },
        { "36h", ERR_NONE, 129600, "36 hours" },
        { "7d", ERR_NONE, 604800, "1 week" },
        { "4w", ERR_NONE, 2419200, "4 weeks" },
        { "3650d", ERR_NONE, 315360000, "3650 days" },
        { "3651d", ERR_TOO_BIG, 0, NULL },
        { "315360001", ERR_TOO_BIG, 0, NULL },
        { "99999999999", ERR_MALFORMED, 0, NULL },
        { "", ERR_MALFORMED, 0, NULL },
        { "d", ERR_MALFORMED, 0, NULL },
        { "-1d", ERR_MALFORMED, 0, NULL },
        { "1 d", ERR_MALFORMED, 0, NULL },
        { "1y", ERR_MALFORMED, 0, NULL },
    };
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t seconds = 0;

        check_err(cases[i].text, lasting_read(str_from(cases[i].text), &seconds), cases[i].err);
        assert_int_equal(seconds, cases[i].seconds);
        if (cases[i].words != NULL)
            check_str(cases[i].text, lasting_words(&a, seconds), cases[i].words);
    }
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lasting), cmocka_unit_test(test_times),
        cmocka_unit_test(test_typing),  cmocka_unit_test(test_deeds),
        cmocka_unit_test(test_editing), cmocka_unit_test(test_reacting),
        cmocka_unit_test(test_folded),  cmocka_unit_test(test_files),
        cmocka_unit_test(test_saving),  cmocka_unit_test(test_inviting),
        cmocka_unit_test(test_search),  cmocka_unit_test(test_people),
    };

    if (!set_up_locale())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
