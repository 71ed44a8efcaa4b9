/* test_chat_screen.c: what the messenger shows: things happen to the model, keys are pressed, and the screen is compared as text. */
#include "test/unit/cli/chat_actor.h"

/* ---- Screens ------------------------------------------------------------------------------------- */

static void test_talk(void **state)
{
    struct model *m = model_new(76, 20);

    (void)state;
    hear(m, BOB, "m1", "The ferry leaves from pier 2, be early.", 26 * HOUR);
    write_to(m, BOB, "m2", "Then I bring both lamps.", 2 * HOUR);
    report(m, BOB, ENTRY_SENT, "m2");
    call(m, BOB, "Bob Miller");
    hear(m, BOB, "m3", "Good. And one thing more, which takes longer than one line has room.",
         HOUR);
    hear(m, "carol@here.example", "c1", "你好 👩\xe2\x80\x8d👧", 30 * 24 * HOUR);
    press(m, PRESS_ENTER);
    forget_wishes(m);
    show(m, "an open chat",
         " me@here.example     1 new  Bob Miller                            encrypted\n"
         "▌ Bob Miller         11:13 │\n"
         "▌ Good. And one thing… (1) │\n"
         "  carol@here.examp… 24 Oct │\n"
         "  你好 👩👧            (1) │\n"
         "                           │\n"
         "                           │ ───────────────── Yesterday ──────────────────\n"
         "                           │ Bob Miller             encrypted, not verified\n"
         "                           │  The ferry leaves from pier 2, be\n"
         "                           │  early.                                  10:13\n"
         "                           │ ─────────────────── Today ────────────────────\n"
         "                           │ You                                  encrypted\n"
         "                           │  Then I bring both lamps.              ✓ 10:13\n"
         "                           │ ──────────────────── new ─────────────────────\n"
         "                           │ Bob Miller             encrypted, not verified\n"
         "                           │  Good. And one thing more, which\n"
         "                           │  takes longer than one line has room.    11:13\n"
         "                           │────────────────────────────────────────────────\n"
         "                           │› Write a message; Enter sends it\n"
         " Connected                                                          F1 help\n");
    model_free(m);
}

/* ---- What keys do -------------------------------------------------------------------------------- */

static void test_writing(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    hear(m, BOB, "m1", "Hello.", HOUR);
    hear(m, "carol@here.example", "c1", "Hi.", 2 * HOUR);
    press(m, PRESS_ENTER);
    wished(m, WISH_KEYS, BOB, "");
    wished(m, WISH_OLDER, BOB, "");
    type(m, "half a");
    press(m, PRESS_ALT | PRESS_DOWN); /* the text is kept for later */
    wished(m, WISH_DRAFT, BOB, "half a");
    forget_wishes(m);
    assert_true(shows(m, "Draft: half a"));
    write_to(m, BOB, "m2", "Said elsewhere.", HOUR / 2);
    assert_true(shows(m, "Draft: half a") && !shows(m, "·")); /* which is not on its way */
    press(m, PRESS_ALT | PRESS_UP);
    forget_wishes(m);
    type(m, " word");
    press(m, PRESS_ENTER);
    wished(m, WISH_DRAFT, BOB, "");
    wished(m, WISH_SEND, BOB, "half a word");
    no_wishes(m);
    press(m, PRESS_ENTER); /* nothing is not sent */
    type(m, "   ");
    press(m, PRESS_ENTER);
    no_wishes(m);
    model_paste(m, STR("two\nlines"));
    press(m, PRESS_ENTER);
    wished(m, WISH_SEND, BOB, "   two\nlines");
    model_free(m);
}

static void test_unread(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    hear(m, BOB, "m1", "One.", 3000);
    hear(m, BOB, "m2", "Two.", 2000);
    hear(m, BOB, "m2", "Two.", 2000); /* it came twice */
    assert_true(shows(m, "(2)"));
    press(m, PRESS_ENTER);
    assert_true(shows(m, "─ new ─"));
    forget_wishes(m);
    model_seen(m);
    no_wishes(m); /* what came before is still being read */
    model_loaded(m, STR(BOB), 1, true);
    model_seen(m);
    wished(m, WISH_READ, BOB, "");
    assert_false(shows(m, "(2)"));
    assert_true(shows(m, "─ new ─")); /* until the chat is left */
    model_seen(m);
    no_wishes(m);
    type(m, "x");
    press(m, PRESS_ENTER);
    assert_false(shows(m, "─ new ─"));
    hear(m, "carol@here.example", "c1", "Elsewhere.", 1000);
    press(m, PRESS_ALT | 'n');
    check_str("the one with something new", m->open->jid, "carol@here.example");
    model_free(m);
}

static void keep(struct model *m, const char *id, const char *text, uint64_t ago, uint64_t number)
{
    struct entry e = said(BOB, id, text, ago);

    model_kept(m, &e, number);
}

/* The last one is known first, and the page before it later, and all of one millisecond; a call among them is no message. */
static void test_burst(void **state)
{
    struct model *m = model_new(76, 17);
    struct entry e = said(BOB, "call", "", HOUR);

    (void)state;
    e.kind = ENTRY_CALL;
    keep(m, "m5", "Five.", HOUR, 15);
    model_set_state(m, STR(BOB), 2, STR_NONE);
    press(m, PRESS_ENTER);
    hear(m, BOB, "m6", "Six.", HOUR);
    keep(m, "m1", "One.", HOUR, 10);
    keep(m, "m3", "Three.", HOUR, 12);
    keep(m, "m2", "Two.", HOUR, 11);
    keep(m, "m4", "Four.", HOUR, 13);
    model_kept(m, &e, 14);
    keep(m, "m5", "Five.", HOUR, 15);
    keep(m, "m6", "Six.", HOUR, 16);
    model_loaded(m, STR(BOB), 10, true);
    model_seen(m);
    show(m, "a burst",
         " me@here.example            bob@here.example                      encrypted\n"
         "▌ bob@here.example   11:13 │ ─────────────────── Today ────────────────────\n"
         "▌ Six.                     │ bob@here.example       encrypted, not verified\n"
         "                           │  One.                                    11:13\n"
         "                           │  Two.                                    11:13\n"
         "                           │  Three.                                  11:13\n"
         "                           │ ──────────────────── new ─────────────────────\n"
         "                           │ bob@here.example       encrypted, not verified\n"
         "                           │  Four.                                   11:13\n"
         "                           │ bob@here.example\n"
         "                           │  Call                                    11:13\n"
         "                           │ bob@here.example       encrypted, not verified\n"
         "                           │  Five.                                   11:13\n"
         "                           │  Six.                                    11:13\n"
         "                           │────────────────────────────────────────────────\n"
         "                           │› Write a message; Enter sends it\n"
         " Connected                                                          F1 help\n");
    model_free(m);
}

static void test_read_elsewhere(void **state)
{
    struct model *m = model_new(80, 24);
    struct entry read = said(BOB, "r", "", 0);

    (void)state;
    hear(m, BOB, "m1", "One.", 3000);
    hear(m, BOB, "m2", "Two.", 2000);
    hear(m, BOB, "m3", "Three.", 1000);
    read.kind = ENTRY_READ;
    read.author = STR(OWN);
    read.outgoing = true;
    read.target = STR("m2");
    model_entry(m, &read);
    assert_true(shows(m, "(1)"));
    write_to(m, BOB, "m4", "An answer from another device.", 500);
    assert_false(shows(m, "(1)"));
    model_free(m);
}

static const struct {
    enum entry_kind kind;
    const char *shown, *ascii;
} states[] = {
    { 0, "· ", ". " },
    { ENTRY_SENT, " ✓ ", " + " },
    { ENTRY_DELIVERED, " ✓✓ ", " ++ " },
    { ENTRY_READ, " ✔✔ ", " ## " },
    { ENTRY_FAILED, " ! ", " ! " },
};

/* By shape, not by colour. */
static void test_states(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        struct model *m = model_new(80, 24);

        write_to(m, BOB, "m1", "Words.", HOUR);
        if (states[i].kind > ENTRY_SENT && states[i].kind != ENTRY_FAILED)
            report(m, BOB, ENTRY_SENT, "m1");
        if (states[i].kind != 0)
            report(m, BOB, states[i].kind, "m1");
        press(m, PRESS_ENTER);
        if (!shows(m, states[i].shown))
            fail_msg("not shown: %s", states[i].shown);
        m->symbols = symbols_of(false);
        if (!shows(m, states[i].ascii) || shows(m, "│"))
            fail_msg("not shown: %s", states[i].ascii);
        assert_true(states[i].kind != ENTRY_FAILED || shows(m, "not sent: the reason"));
        forget_wishes(m);
        press(m, PRESS_UP);
        press(m, 'a'); /* again */
        if (states[i].kind == ENTRY_FAILED)
            wished(m, WISH_SEND, BOB, "Words.");
        no_wishes(m);
        model_free(m);
    }
}

static void test_trust(void **state)
{
    struct model *m = model_new(80, 24);
    struct entry e = said(BOB, "m1", "Words.", HOUR);

    (void)state;
    model_entry(m, &e);
    e.id = STR("m2");
    e.encryption = ENCRYPTION_NONE;
    model_entry(m, &e);
    e.id = STR("m3");
    e.encryption = ENCRYPTION_OMEMO_2;
    e.trust = ENTRY_TRUST_VERIFIED;
    model_entry(m, &e);
    model_count_key(m, STR(BOB), TRUST_TRUSTED, NOW);
    model_count_key(m, STR(BOB), TRUST_VERIFIED, NOW);
    press(m, PRESS_ENTER);
    assert_true(shows(m, "encrypted, 1 of 2 devices verified"));
    assert_true(shows(m, "NOT ENCRYPTED"));
    assert_true(shows(m, "encrypted, verified"));
    assert_true(shows(m, "encrypted, not verified"));
    model_count_key(m, STR(BOB), TRUST_UNDECIDED, NOW);
    assert_true(shows(m, "A new device waits for your decision: F4"));
    model_free(m);
}

/* What the desk tells whenever keys change. */
static void tell_keys(struct model *m, enum trust own)
{
    static const struct {
        const char *jid, *fingerprint;
        uint64_t met_ms;
    } keys[] = {
        { BOB, "aaaa0001", NOW - 20 * HOUR },
        { BOB, "aaaa0002", NOW - 20 * HOUR + 1000 }, /* met with the first */
        { BOB, "bbbb", NOW - 2 * HOUR },
        { OWN, "cccc", NOW - HOUR },
    };

    model_forget_keys(m);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        model_count_key(m, str_from(keys[i].jid),
                        str_is(str_from(keys[i].jid), OWN) ? own : TRUST_TRUSTED, keys[i].met_ms);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (model_wants_device(m, str_from(keys[i].jid), keys[i].met_ms))
            model_tell_device(m, str_from(keys[i].jid), str_from(keys[i].fingerprint),
                              keys[i].met_ms);
}

/* A new device, theirs or ours, is a line that stays; one of ours that waits stops every chat, and says so. */
static void test_devices(void **state)
{
    struct model *m = model_new(76, 24);
    struct device_view own[] = { { STR_INIT("cccc"), TRUST_UNDECIDED, 3, NOW - HOUR },
                                 { STR_INIT(""), TRUST_UNDECIDED, 77, 0 } };
    struct login_view login = { STR("telephone"), false, NOW - 2 * HOUR };
    struct comparison none = { .state = COMPARE_NOTHING };
    struct keys_view keys = { .comparison = &none,
                              .own = own,
                              .own_count = COUNT_OF(own),
                              .self = { STR("eeee"), TRUST_VERIFIED, 1, 0 },
                              .logins = &login,
                              .login_count = 1 };

    (void)state;
    call(m, BOB, "Bob Miller");
    hear(m, BOB, "m2", "After breakfast.", 3 * HOUR);
    write_to(m, BOB, "m3", "Then at ten.", HOUR / 2);
    tell_keys(m, TRUST_UNDECIDED);
    press(m, PRESS_ENTER);
    forget_wishes(m);
    hear(m, BOB, "m1", "When do we meet?",
         21 * HOUR); /* an older page: its first devices are no news */
    tell_keys(m, TRUST_UNDECIDED);
    tell_keys(m, TRUST_UNDECIDED);
    show(m, "devices in a chat",
         " me@here.example            Bob Miller      a device of YOURS waits for you\n"
         "▌ Bob Miller         11:43 │\n"
         "▌ You: Then at ten.    (1) │\n"
         "                           │\n"
         "                           │\n"
         "                           │\n"
         "                           │\n"
         "                           │ ───────────────── Yesterday ──────────────────\n"
         "                           │ Bob Miller             encrypted, not verified\n"
         "                           │  When do we meet?                        15:13\n"
         "                           │ ─────────────────── Today ────────────────────\n"
         "                           │ Bob Miller             encrypted, not verified\n"
         "                           │  After breakfast.                        09:13\n"
         "                           │  Bob Miller has a new device: bbbb.\n"
         "                           │  F4 tells what it is worth.\n"
         "                           │  YOU have another device, which reads\n"
         "                           │  from here on what you may read:\n"
         "                           │  cccc. Not yours? /devices sends it\n"
         "                           │  away.\n"
         "                           │ You\n"
         "                           │  Then at ten.                          · 11:43\n"
         "                           │── A new device of YOURS waits: F4 ─────────────\n"
         "                           │› Write a message; Enter sends it\n"
         " Connected. A device of YOURS waits: /devices                       F1 help\n");
    press(m, PRESS_UP); /* lines are not chosen, messages are */
    assert_true(shows(m, "▌ Then at ten."));
    press(m, PRESS_UP);
    assert_true(shows(m, "▌ After breakfast."));
    press(m, PRESS_DOWN);
    assert_true(shows(m, "▌ Then at ten."));
    press(m, PRESS_F4);
    wished(m, WISH_COMPARE, BOB, "");
    model_set_keys(m, STR(BOB), &keys);
    assert_true(shows(m, "Your other devices get all that you write"));
    press(m, 't');
    wished(m, WISH_DECIDE, OWN, "cccc");
    press(m, PRESS_ESCAPE);
    tell_keys(m, TRUST_TRUSTED);
    assert_true(shows(m, "encrypted, not verified") && !shows(m, "of YOURS"));
    assert_true(shows(m, "YOU have another device"));
    m->focus = FOCUS_WRITE;
    type(m, "/devices");
    press(m, PRESS_ENTER);
    wished(m, WISH_COMPARE, OWN, "");
    model_set_keys(m, STR(OWN), &keys);
    assert_true(shows(m, "This device") && shows(m, "eeee"));
    assert_true(shows(m, "number 77, which this one has not met yet"));
    assert_true(shows(m, "telephone, last used 10:13"));
    press(m, 'm');
    no_wishes(m); /* there is no number to compare with oneself */
    press(m, 'x');
    wished(m, WISH_DECIDE, OWN, "cccc");
    model_free(m);
}

/* What others write or are called cannot reach the terminal as it is. */
static void test_hostile(void **state)
{
    struct model *m = model_new(80, 24);
    struct arena a = { 0 };
    struct grid g;

    (void)state;
    hear(m, BOB, "m1",
         "\x1b[2Jgone\x1b]0;title\a\r\xe2\x80\xae"
         "desrever\xc2\x9b"
         "1m",
         HOUR);
    call(m, BOB, "Bob\x1b[31m\n\xe2\x80\xae");
    model_set_connection(m, CONNECTION_LOST, STR("\x1b[5mblink"));
    press(m, PRESS_ENTER);
    grid_init(&g, 80, 24);
    view_draw(m, &g);
    for (size_t i = 0; i < 80 * 24; i++) {
        const struct sign *s = &g.cells[i].sign;

        assert_true(s->n == 0 || (uint8_t)s->text[0] >= ' ');
        assert_true(s->n < 2 || memcmp(s->text, "\xc2\x9b", 2) != 0);
        assert_true(s->n < 3 || memcmp(s->text, "\xe2\x80\xae", 3) != 0);
    }
    grid_deinit(&g);
    arena_deinit(&a);
    model_free(m);
}

static void test_sizes(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    for (int i = 0; i < 50; i++)
        hear(m, BOB, i % 2 ? "odd" : "even",
             "你好 words that need more than one line 👩\xe2\x80\x8d👧 "
             "e\xcc\x81 and so on, and on.",
             (uint64_t)(1000 - i));
    press(m, PRESS_ENTER);
    type(m, "some text that is being written, with words enough for several lines on a narrow one");
    for (int width = 1; width < 130; width += 3)
        for (int height = 1; height < 40; height += 2) {
            model_resize(m, width, height);
            m->focus = FOCUS_WRITE;
            assert_int_equal(layout_of(m).too_small, width < WIDTH_MIN || height < HEIGHT_MIN);
            assert_int_equal(shows(m, "This"), layout_of(m).too_small && width > 3);
            press(m, PRESS_PAGE_UP);
            press(m, PRESS_F1);
            (void)shows(m, "");
            press(m, PRESS_ESCAPE);
            press(m, PRESS_ESCAPE);
        }
    model_free(m);
}

static void test_scrolling(void **state)
{
    struct model *m = model_new(80, 24);
    char id[16], text[32];

    (void)state;
    for (int i = 0; i < 200; i++) {
        (void)snprintf(id, sizeof id, "m%d", i);
        (void)snprintf(text, sizeof text, "Message number %03d.", i);
        hear(m, BOB, id, text, (uint64_t)(200 - i) * 1000);
    }
    press(m, PRESS_ENTER);
    forget_wishes(m);
    m->open->loading = false;
    assert_true(shows(m, "number 199") && !shows(m, "number 150"));
    for (int i = 0; i < 3; i++)
        press(m, PRESS_PAGE_UP);
    assert_true(!shows(m, "number 199") && shows(m, "number 130"));
    hear(m, BOB, "new", "While you look back.", 0); /* what is looked at stays */
    assert_true(shows(m, "number 130") && !shows(m, "While you look back."));
    assert_true(shows(m, "new below"));
    for (int i = 0; i < 20; i++)
        press(m, PRESS_PAGE_UP);
    assert_true(shows(m, "number 000"));
    wished(m, WISH_OLDER, BOB, ""); /* the past goes on in the store */
    no_wishes(m);
    press(m, PRESS_ESCAPE);
    assert_true(shows(m, "While you look back."));
    press(m, PRESS_UP); /* choose messages, back beyond the edge */
    for (int i = 0; i < 40; i++)
        press(m, PRESS_UP);
    assert_true(shows(m, "▌ Message number 160."));
    model_free(m);
}

static void test_keys_page(void **state)
{
    struct device_view devices[] = {
        { STR_INIT("aaaa"), TRUST_TRUSTED, 1, NOW - HOUR },
        { STR_INIT("bbbb"), TRUST_UNDECIDED, 2, NOW },
    };
    struct model *m = model_new(80, 24);
    struct comparison c = { .state = COMPARE_WAITS };
    struct keys_view keys = { .devices = devices,
                              .count = COUNT_OF(devices),
                              .comparison = &c,
                              .code = STR("xmpp:me@here.example?x") };

    (void)state;
    hear(m, BOB, "m1", "Hello.", HOUR);
    press(m, PRESS_ENTER);
    forget_wishes(m);
    press(m, PRESS_F4);
    wished(m, WISH_COMPARE, BOB, "");
    model_set_keys(m, STR("carol@here.example"), &keys); /* late, of another chat */
    assert_false(shows(m, "aaaa"));
    model_set_keys(m, STR(BOB), &keys);
    assert_true(shows(m, "Not known yet"));
    c = (struct comparison){ .state = COMPARE_READY,
                             .number = STR("11111 22222 33333 44444 55555 66666 77777 88888 99999 "
                                           "00000 12345 67890") };
    model_set_keys(m, STR(BOB), &keys);
    assert_true(shows(m, "11111 22222 33333 44444") && shows(m, "99999 00000 12345 67890"));
    assert_false(shows(m, "not the number that you compared"));
    press(m, 'm');
    wished(m, WISH_MATCH, BOB, "");
    devices[0].trust = TRUST_VERIFIED;
    model_set_keys(m, STR(BOB), &keys);
    assert_true(shows(m, "This is not the number that you compared"));
    press(m, PRESS_DOWN);
    press(m, 'x');
    wished(m, WISH_DECIDE, BOB, "bbbb");
    press(m, 'c');
    wished(m, WISH_KEYS, BOB, "");
    model_set_keys(m, STR(BOB), &keys);
    assert_true(shows(m, "▀") && shows(m, "Your code"));
    press(m, PRESS_PAGE_DOWN);
    assert_true(shows(m, "xmpp:me@here.example?x"));
    press(m, PRESS_ESCAPE); /* back to the devices */
    wished(m, WISH_COMPARE, BOB, "");
    press(m, PRESS_ESCAPE);
    assert_int_equal(m->focus, FOCUS_WRITE);
    model_free(m);
}

static void test_words(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    hear(m, BOB, "m1", "Hello.", HOUR);
    press(m, PRESS_ENTER);
    forget_wishes(m);
    type(m, "/frobnicate now");
    press(m, PRESS_ENTER);
    no_wishes(m); /* not sent to anybody */
    assert_true(shows(m, "There is no command /frobnicate: see /help; // sends such a text"));
    assert_true(shows(m, "› /frobnicate now")); /* what was refused stays */
    type(m, "words for somebody else");
    press(m, PRESS_ENTER);
    no_wishes(m);
    press(m, PRESS_CTRL | 'u');
    type(m, "//etc is a folder");
    press(m, PRESS_ENTER);
    wished(m, WISH_SEND, BOB, "/etc is a folder");
    type(m, "/open carol@here.example");
    press(m, PRESS_ENTER);
    check_str("opened", m->open->jid, "carol@here.example");
    assert_int_equal(model_find(m, STR(BOB))->draft.n, 0); /* a command is no draft */
    forget_wishes(m);
    assert_true(words_run(m, STR("/open bob@here.example")));
    check_str("opened", m->open->jid, BOB);
    assert_int_equal(words_run(m, STR("/open nobody")), WORDS_REFUSED);
    check_str("still", m->open->jid, BOB);
    assert_int_equal(words_run(m, STR("plain text / with one")), WORDS_NONE);
    model_free(m);
}

static void test_go(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    hear(m, BOB, "m1", "Hello.", HOUR);
    hear(m, "carol@here.example", "c1", "Hi.", 2 * HOUR);
    press(m, PRESS_CTRL | 't');
    type(m, "caro");
    press(m, PRESS_ENTER);
    check_str("by a part of its name", m->open->jid, "carol@here.example");
    press(m, PRESS_F2);
    type(m, "dave@there.example");
    assert_true(shows(m, "Write to dave@there.example"));
    press(m, PRESS_ENTER);
    check_str("a new one", m->open->jid, "dave@there.example");
    press(m, PRESS_F2);
    type(m, "no address");
    press(m, PRESS_ENTER);
    assert_true(shows(m, "An address looks like this"));
    model_free(m);
}

/* Whoever types while the list has the keys is seen to type, and nobody gets it. */
static void test_typing_in_the_list(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    hear(m, BOB, "m1", "Hello.", HOUR);
    hear(m, "carol@here.example", "c1", "Hi.", 2 * HOUR);
    type(m, "/op");
    assert_true(shows(m, "› /op") && shows(m, "No chat is open"));
    assert_true(shows(m, "/open CHAT: open a chat") && !shows(m, "/next"));
    type(m, "en carol@here.example");
    press(m, PRESS_ENTER);
    check_str("not the one that was chosen", m->open->jid, "carol@here.example");
    assert_int_equal(m->focus, FOCUS_WRITE);
    type(m, "for Carol");
    press(m, PRESS_ESCAPE);
    forget_wishes(m);
    type(m, "/edit");
    assert_true(shows(m, "In the chat with carol@here.example"));
    press(m, PRESS_ENTER);
    assert_true(shows(m, "There is no such message") && shows(m, "› /edit"));
    no_wishes(m);
    press(m, PRESS_CTRL | 'u');
    type(m, "jane?");
    assert_true(shows(m, "› jane?") && shows(m, "No chat is called so"));
    press(m, PRESS_ENTER);
    assert_true(shows(m, "An address looks like this") && shows(m, "› jane?"));
    press(m, PRESS_ESCAPE);
    press(m, PRESS_ESCAPE);
    model_paste(m, STR("BOB"));
    press(m, PRESS_ENTER);
    check_str("by a part of it", m->open->jid, BOB);
    press(m, PRESS_ESCAPE);
    type(m, "//etc");
    press(m, PRESS_ENTER);
    assert_true(shows(m, "From here nothing is sent"));
    for (struct wish *w; (w = next_wish(m)) != NULL; wish_done(w))
        assert_true(w->kind != WISH_SEND);
    press(m, PRESS_ESCAPE);
    press(m, PRESS_UP);
    assert_int_equal(m->focus, FOCUS_SELECT);
    type(m, "x"); /* no key of a message */
    assert_true(shows(m, "A message is chosen"));
    model_free(m);
}

/* What a new person sees, and where to look for more. */
static void test_begin(void **state)
{
    struct model *m = model_new(80, 24);

    (void)state;
    assert_true(shows(m, "Ctrl-T and an address begin a chat."));
    hear(m, BOB, "m1", "Hello.", HOUR);
    assert_true(shows(m, "Choose a chat with the arrow keys and Enter."));
    press(m, PRESS_F1);
    assert_true(shows(m, "│  F4                 devices, safety number: is it"));
    assert_true(shows(m, "│                     really them?"));
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begin),     cmocka_unit_test(test_talk),
        cmocka_unit_test(test_writing),   cmocka_unit_test(test_unread),
        cmocka_unit_test(test_burst),     cmocka_unit_test(test_read_elsewhere),
        cmocka_unit_test(test_states),    cmocka_unit_test(test_trust),
        cmocka_unit_test(test_devices),   cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_sizes),     cmocka_unit_test(test_scrolling),
        cmocka_unit_test(test_keys_page), cmocka_unit_test(test_words),
        cmocka_unit_test(test_go),        cmocka_unit_test(test_typing_in_the_list),
    };

    if (!set_up_locale())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
