/* test_chat_calls.c: calls on the screen of the messenger: what is shown at each stage, and that nothing but a person answers. */
#include "test/unit/cli/chat_actor.h"

#include "cli/chat/calls.h"

#define CAROL "carol@here.example"

enum { LOOKED_MS = 1000 };

static struct call_view with(const char *id, const char *jid, enum call_stage stage)
{
    return (struct call_view){ .id = str_from(id),
                               .peer = str_from(jid),
                               .stage = stage,
                               .trust = ENTRY_TRUST_TRUSTED,
                               .rtt_ms = -1 };
}

static void there_is(struct model *m, const char *id, const char *jid, enum call_stage stage)
{
    struct call_view v = with(id, jid, stage);

    model_set_calls(m, &v, 1);
}

static void wait(struct model *m, uint64_t ms)
{
    (void)model_now(m, m->now_ms + ms);
}

/* A wish about this call, and no other. */
static void wished_call(struct model *m, enum wish_kind kind, const char *id)
{
    struct wish *w = next_wish(m);

    assert_non_null(w);
    assert_int_equal(w->kind, kind);
    check_str("id", w->id, id);
    wish_done(w);
    no_wishes(m);
}

static struct model *in_a_chat(int width, int height)
{
    struct model *m = model_new(width, height);

    call(m, BOB, "Bob Miller");
    call(m, CAROL, "");
    (void)model_open(m, STR(BOB));
    forget_wishes(m);
    return m;
}

/* ---- Screens ------------------------------------------------------------------------------------- */

static void test_talk(void **state)
{
    struct model *m = in_a_chat(80, 14);
    struct call_view v[2] = { with("c1", BOB, STAGE_TALKING), with("c2", CAROL, STAGE_RINGS_HERE) };

    (void)state;
    v[0].talk_ms = NOW - 63000;
    v[0].trust = ENTRY_TRUST_VERIFIED;
    v[0].measured = true;
    v[0].lost = 0.004;
    v[0].concealed = 0.001;
    v[0].rtt_ms = 23;
    v[1].video = true;
    model_set_calls(m, v, 2);
    press(m, PRESS_F9);
    show(m, "in a call while another one rings",
         " me@here.example            Calls\n"
         " 1:03  Bob Miller  verified  loss 0.4 %  delay 23 ms\n"
         " carol@here.example calls with video\n"
         "▌ Bob Miller               │  In a call with Bob Miller\n"
         "  carol@here.example       │  bob@here.example\n"
         "                           │  This call is verified.\n"
         "                           │  Their sound: 0.4 % was lost on the way, 0.1 % had\n"
         "                           │  to be made up.\n"
         "                           │  From here to there and back: 23 ms.\n"
         "                           │\n"
         "                           │▌ Microphone off\n"
         "                           │  Hang up\n"
         "                           │  m microphone, x hang up; Esc: it goes on\n"
         " Connected                                                             Esc back\n");
    model_free(m);
}

static void test_narrow(void **state)
{
    struct model *m = in_a_chat(40, 10);

    (void)state;
    there_is(m, "c1", BOB, STAGE_RINGS_HERE);
    show(m, "a ring in the smallest window",
         " Bob Miller                   encrypted\n"
         " Bob Miller calls                    F9\n"
         "\n\n\n\n\n"
         "────────────────────────────────────────\n"
         "› Write a message; Enter sends it\n"
         " Connected                      F1 help\n");
    model_free(m);
}

static const struct {
    enum call_stage stage;
    enum entry_trust trust;
    bool video, muted;
    const char *line;
} lines[] = {
    { STAGE_RINGS_HERE, ENTRY_TRUST_NONE, false, false, "Bob Miller calls  " },
    { STAGE_RINGS_HERE, ENTRY_TRUST_NONE, true, false, "Bob Miller calls with video  " },
    { STAGE_CALLING, ENTRY_TRUST_NONE, true, false, "Calling Bob Miller with video…" },
    { STAGE_RINGS_THERE, ENTRY_TRUST_NONE, false, false, "Calling Bob Miller: it rings…" },
    { STAGE_CONNECTING, ENTRY_TRUST_NONE, false, false, "Connecting with Bob Miller…" },
    { STAGE_TALKING, ENTRY_TRUST_VERIFIED, false, false, "0:00  Bob Miller  verified  " },
    { STAGE_TALKING, ENTRY_TRUST_TRUSTED, false, true,
      "0:00  Bob Miller  encrypted, not verified  microphone off" },
    { STAGE_TALKING, ENTRY_TRUST_NONE, false, false, "0:00  Bob Miller  UNVERIFIED CALL" },
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct model *m = in_a_chat(80, 24);
        struct call_view v = with("c1", BOB, lines[i].stage);

        v.trust = lines[i].trust;
        v.video = lines[i].video;
        v.muted = lines[i].muted;
        v.talk_ms = NOW;
        model_set_calls(m, &v, 1);
        if (!shows(m, lines[i].line))
            fail_msg("not on the screen: %s", lines[i].line);
        model_set_calls(m, NULL, 0);
        assert_false(shows(m, lines[i].line));
        model_free(m);
    }
}

/* What is not proved is said in whole words. */
static void test_unverified(void **state)
{
    struct model *m = in_a_chat(100, 24);
    struct call_view v = with("c1", BOB, STAGE_TALKING);

    (void)state;
    v.trust = ENTRY_TRUST_NONE;
    model_set_calls(m, &v, 1);
    press(m, PRESS_F9);
    assert_true(shows(m, "This call is an unverified call: nothing proves that nobody"));
    model_free(m);
}

/* A second is a second: the screen is drawn again when one is over. */
static void test_seconds(void **state)
{
    struct model *m = in_a_chat(80, 24);
    struct call_view v = with("c1", BOB, STAGE_TALKING);

    (void)state;
    v.talk_ms = NOW - 59400;
    model_set_calls(m, &v, 1);
    assert_true(shows(m, "0:59  Bob Miller"));
    assert_int_equal(model_wake_ms(m), NOW + 600);
    assert_true(model_now(m, NOW + 600));
    assert_true(shows(m, "1:00  Bob Miller"));
    model_free(m);
}

/* ---- Only a person answers ------------------------------------------------------------------------- */

/* What is being written when it rings stays what is being written, Enter included. */
static void test_ring_takes_no_key(void **state)
{
    struct model *m = in_a_chat(80, 24);

    (void)state;
    there_is(m, "c1", BOB, STAGE_RINGS_HERE);
    wait(m, LOOKED_MS);
    type(m, "half a x m");
    press(m, PRESS_ENTER);
    wished(m, WISH_SEND, BOB, "half a x m");
    model_paste(m, STR("/answer")); /* others may have written it */
    no_wishes(m);
    model_free(m);
}

static const struct {
    uint64_t looked_ms;
    bool answers;
} looks[] = { { 0, false }, { 699, false }, { 700, true }, { 30000, true } };

static void test_keys_on_their_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(looks); i++) {
        static const uint32_t keys[] = { 'a', PRESS_ENTER };

        for (size_t k = 0; k < COUNT_OF(keys); k++) {
            struct model *m = in_a_chat(80, 24);

            there_is(m, "c1", BOB, STAGE_RINGS_HERE);
            wait(m, looks[i].looked_ms);
            press(m, PRESS_F9);
            press(m, keys[k]);
            if (looks[i].answers)
                wished_call(m, WISH_TAKE_CALL, "c1");
            no_wishes(m);
            model_free(m);
        }
    }
}

/* Another call has taken the place of the one that was there: the yes was not for it. */
static void test_another_ring(void **state)
{
    struct model *m = in_a_chat(80, 24);

    (void)state;
    there_is(m, "c1", BOB, STAGE_RINGS_HERE);
    wait(m, LOOKED_MS);
    press(m, PRESS_F9);
    there_is(m, "c2", CAROL, STAGE_RINGS_HERE);
    press(m, 'a');
    no_wishes(m);
    wait(m, LOOKED_MS);
    press(m, 'a');
    wished_call(m, WISH_TAKE_CALL, "c2");
    model_set_calls(m, NULL, 0); /* the page goes with the last call */
    assert_int_equal(m->panel.kind, PANEL_NONE);
    assert_int_equal(m->focus, FOCUS_WRITE);
    model_free(m);
}

static const struct {
    const char *word;
    enum wish_kind kind; /* of c1, or WISH_QUIT: none */
    const char *said;
} ring_words[] = {
    { "/answer", WISH_TAKE_CALL, NULL },
    { "/answer bob miller", WISH_TAKE_CALL, NULL },
    { "/answer carol", WISH_QUIT, "Nobody calls" },
    { "/decline", WISH_END_CALL, NULL },
    { "/decline " BOB, WISH_END_CALL, NULL },
    { "/hangup", WISH_QUIT, "You are in no call" },
    { "/mute", WISH_QUIT, "You are in no call" },
    { "/call now", WISH_QUIT, "/call, or /call video" },
};

static void test_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ring_words); i++) {
        struct model *m = in_a_chat(80, 24);

        there_is(m, "c1", BOB, STAGE_RINGS_HERE);
        wait(m, LOOKED_MS);
        assert_true(words_run(m, str_from(ring_words[i].word)));
        if (ring_words[i].kind != WISH_QUIT)
            wished_call(m, ring_words[i].kind, "c1");
        else
            assert_true(shows(m, ring_words[i].said));
        no_wishes(m);
        model_free(m);
    }
}

static void test_several(void **state)
{
    struct model *m = in_a_chat(80, 24);
    struct call_view v[] = { with("c1", BOB, STAGE_RINGS_HERE),
                             with("c2", CAROL, STAGE_RINGS_HERE) };

    (void)state;
    model_set_calls(m, v, COUNT_OF(v));
    wait(m, LOOKED_MS);
    assert_true(words_run(m, STR("/answer")));
    assert_true(shows(m, "Several people call: name the one"));
    no_wishes(m);
    assert_true(words_run(m, STR("/answer " CAROL)));
    wished_call(m, WISH_TAKE_CALL, "c2");
    press(m, PRESS_F9);
    press(m, PRESS_DOWN);
    press(m, PRESS_DOWN); /* over Bob's two rows */
    press(m, 'x');
    wished_call(m, WISH_END_CALL, "c2");
    model_free(m);
}

/* ---- Two at once ------------------------------------------------------------------------------------- */

static void test_busy(void **state)
{
    struct model *m = in_a_chat(80, 24);
    struct call_view v[] = { with("c1", BOB, STAGE_TALKING), with("c2", CAROL, STAGE_RINGS_HERE) };

    (void)state;
    model_set_calls(m, v, COUNT_OF(v));
    wait(m, LOOKED_MS);
    for (size_t i = 0; i < 3; i++) {
        static const char *const refused[] = { "/answer", "/call", "/call video" };

        assert_true(words_run(m, str_from(refused[i])));
        assert_true(shows(m, "You are in a call: hang up first"));
        no_wishes(m);
    }
    assert_true(words_run(m, STR("/decline")));
    wished_call(m, WISH_END_CALL, "c2");
    assert_true(words_run(m, STR("/mute")));
    wished_call(m, WISH_MUTE, "c1");
    assert_true(words_run(m, STR("/hangup")));
    wished_call(m, WISH_END_CALL, "c1");
    model_free(m);
}

/* ---- Beginning, ringing -------------------------------------------------------------------------------- */

static void test_begin(void **state)
{
    struct model *m = in_a_chat(80, 24);

    (void)state;
    press(m, PRESS_F9);
    assert_true(shows(m, "Call Bob Miller with video"));
    press(m, PRESS_DOWN);
    press(m, PRESS_ENTER);
    assert_true(LIST_ENTRY(m->wishes.head.next, struct wish, link)->on);
    wished(m, WISH_CALL, BOB, "");
    assert_int_equal(m->panel.kind, PANEL_NONE);
    assert_true(words_run(m, STR("/call")));
    assert_false(LIST_ENTRY(m->wishes.head.next, struct wish, link)->on);
    wished(m, WISH_CALL, BOB, "");
    model_free(m);
}

/* The bell is heard again as long as it rings, but once in somebody's ear. */
static void test_bell(void **state)
{
    struct model *m = in_a_chat(80, 24);
    struct call_view v[] = { with("c1", BOB, STAGE_RINGS_HERE), with("c2", CAROL, STAGE_TALKING) };
    unsigned rings[] = { 0, 0 };

    (void)state;
    for (size_t with_other = 0; with_other < 2; with_other++) {
        model_set_calls(m, NULL, 0);
        model_set_calls(m, v, 1 + with_other);
        for (size_t s = 0; s < 10; s++) {
            wait(m, 1000);
            rings[with_other] += m->bell;
            m->bell = false;
        }
    }
    assert_int_equal(rings[0], 3);
    assert_int_equal(rings[1], 1);
    model_free(m);
}

/* A page that only counts on is not read out again to who reads line by line. */
static void test_page_version(void **state)
{
    struct model *m = in_a_chat(80, 24);
    struct call_view v = with("c1", BOB, STAGE_TALKING);
    unsigned version;

    (void)state;
    model_set_calls(m, &v, 1);
    press(m, PRESS_F9);
    version = m->panel.version;
    v.measured = true;
    model_set_calls(m, &v, 1);
    assert_int_equal(m->panel.version, version);
    v.muted = true;
    model_set_calls(m, &v, 1);
    assert_int_not_equal(m->panel.version, version);
    model_free(m);
}

/* What came of it is said in words everywhere, and is no message. */
static void test_records(void **state)
{
    struct model *m = in_a_chat(80, 24);
    struct entry e = said(BOB, "c1", "talked audio,video 63", 0);

    (void)state;
    e.kind = ENTRY_CALL;
    e.encryption = ENCRYPTION_NONE;
    model_entry(m, &e);
    assert_true(shows(m, "Video call, 1:03"));
    assert_false(shows(m, "talked audio"));
    assert_false(shows(m, "NOT ENCRYPTED"));
    press(m, PRESS_UP);
    press(m, '+');
    assert_true(shows(m, "That was a call, not a message"));
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_talk),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_unverified),
        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_ring_takes_no_key),
        cmocka_unit_test(test_keys_on_their_way),
        cmocka_unit_test(test_another_ring),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_begin),
        cmocka_unit_test(test_bell),
        cmocka_unit_test(test_page_version),
        cmocka_unit_test(test_records),
    };

    if (!set_up_locale())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
