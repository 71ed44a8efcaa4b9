/* test_ledger.c: what passes is a short list of stories; the complement, everything said by anybody to anybody in every phase, is
 * generated and changes nothing.
 */
#include "test/unit/check.h"

#include <string.h>

#include "jingle/ledger.h"

#define ID       "ca3cf894-5325-482f-a412-a6e9f832298d"
#define OTHER_ID "00000000-5325-482f-a412-a6e9f832298d"

static const char *const alice = "alice@sotto.test/r1"; /* who calls */
static const char *const bob = "bob@sotto.test/phone";  /* who answers */

/* ---- Sayings ---------------------------------------------------------------------------------------- */

enum { EVENTS = CALL_WORDS + JINGLE_ACTIONS };

static const char *event_text(unsigned event)
{
    return event < CALL_WORDS ? call_word_text((enum call_word)event)
                              : jingle_action_text((enum jingle_action)(event - CALL_WORDS));
}

static unsigned event_of(const char *text)
{
    unsigned event = 0;

    while (event < EVENTS && strcmp(event_text(event), text) != 0)
        event++;
    if (event == EVENTS)
        fail_msg("no event %s", text);
    return event;
}

struct said {
    struct call_message message;
    struct jingle action;
    struct call_saying saying;
};

/* What an honest client of this side would say, to whom it would. */
static void say(struct said *s, enum call_side side, unsigned event)
{
    memset(s, 0, sizeof *s);
    s->saying.side = side;
    s->saying.from = str_from(side == CALL_CALLER ? alice : bob);
    s->saying.to = str_from(side == CALL_CALLER ? bob : alice);
    s->saying.bytes = 1000;
    if (event < CALL_WORDS) {
        s->message = (struct call_message){ .word = (enum call_word)event,
                                            .id = STR(ID),
                                            .media = JINGLE_AUDIO | JINGLE_VIDEO };
        s->saying.message = &s->message;
        return;
    }
    s->action.action = (enum jingle_action)(event - CALL_WORDS);
    s->action.sid = STR(ID);
    s->action.content_count = 2;
    s->action.info = JINGLE_INFO_RINGING;
    s->action.contents[0].has_description = s->action.contents[1].has_description = true;
    s->action.contents[0].description.media = JINGLE_AUDIO;
    s->action.contents[1].description.media = JINGLE_VIDEO;
    if (s->action.action == JINGLE_CONTENT_ADD || s->action.action == JINGLE_CONTENT_ACCEPT) {
        s->action.contents[0] = s->action.contents[1];
        s->action.content_count = 1;
    }
    s->saying.action = &s->action;
}

static struct ledger_ruling judge(struct ledger *l, enum call_side side, const char *event,
                                  uint64_t now_ms)
{
    struct said s;

    say(&s, side, event_of(event));
    return ledger_judge(l, &s.saying, now_ms);
}

static void must_pass(struct ledger *l, enum call_side side, const char *event,
                      enum call_phase after)
{
    struct ledger_ruling r = judge(l, side, event, l->phase_ms + 10);

    if (r.verdict == LEDGER_REFUSE || r.after != after || l->phase != after)
        fail_msg("%s: %s, phase %d", event, r.why != NULL ? r.why : "passed", (int)r.after);
}

/* Led there by an honest call. */
static void lead(struct ledger *l, enum call_phase phase)
{
    struct call_message propose = { .word = CALL_PROPOSE,
                                    .id = STR(ID),
                                    .media = JINGLE_AUDIO | JINGLE_VIDEO };

    ledger_open(l, &propose, str_from(alice), 1000);
    if (phase >= CALL_RINGS)
        must_pass(l, CALL_CALLEE, "ringing", CALL_RINGS);
    if (phase >= CALL_ACCEPTED)
        must_pass(l, CALL_CALLEE, "proceed", CALL_ACCEPTED);
    if (phase >= CALL_INITIATED)
        must_pass(l, CALL_CALLER, "session-initiate", CALL_INITIATED);
    if (phase >= CALL_ACTIVE)
        must_pass(l, CALL_CALLEE, "session-accept", CALL_ACTIVE);
    if (phase >= CALL_ENDED)
        must_pass(l, CALL_CALLER, "session-terminate", CALL_ENDED);
}

/* ---- The complement --------------------------------------------------------------------------------- */

static const struct {
    enum call_phase phase;
    enum call_side side;
    const char *events;
} white[] = {
    { CALL_PROPOSED, CALL_CALLER, "retract" },
    { CALL_PROPOSED, CALL_CALLEE, "ringing proceed reject" },
    { CALL_RINGS, CALL_CALLER, "retract" },
    { CALL_RINGS, CALL_CALLEE, "proceed reject" },
    { CALL_ACCEPTED, CALL_CALLER, "session-initiate retract finish" },
    { CALL_ACCEPTED, CALL_CALLEE, "reject finish" },
    { CALL_INITIATED, CALL_CALLER, "transport-info session-terminate finish" },
    { CALL_INITIATED, CALL_CALLEE,
      "session-accept transport-info session-info session-terminate reject finish" },
    { CALL_ACTIVE, CALL_CALLER,
      "transport-info session-info content-add content-accept content-reject content-modify "
      "content-remove session-terminate finish" },
    { CALL_ACTIVE, CALL_CALLEE,
      "transport-info session-info content-add content-accept content-reject content-modify "
      "content-remove session-terminate finish" },
    { CALL_ENDED, CALL_CALLER, "finish" },
    { CALL_ENDED, CALL_CALLEE, "finish" },
};

static bool is_white(enum call_phase phase, enum call_side side, unsigned event)
{
    for (size_t i = 0; i < sizeof white / sizeof *white; i++) {
        struct str rest = str_from(white[i].events);

        while (white[i].phase == phase && white[i].side == side && rest.p != NULL)
            if (str_eq(str_split(&rest, ' '), str_from(event_text(event))))
                return true;
    }
    return false;
}

struct party {
    const char *what, *from, *to; /* NULL: the honest one's */
    const char *id;
};

static const struct party parties[] = {
    { "the right one", NULL, NULL, NULL },
    { "another device of the caller", "alice@sotto.test/r2", NULL, NULL },
    { "another device of the callee", "bob@sotto.test/tablet", NULL, NULL },
    { "somebody else", "mallory@evil.example/x", NULL, NULL },
    { "nobody's device", "alice@sotto.test", NULL, NULL },
    { "the right one, to another device", NULL, "alice@sotto.test/r2", NULL },
    { "the right one, to the account", NULL, "alice@sotto.test", NULL },
    { "the right one, to somebody else", NULL, "mallory@evil.example/x", NULL },
    { "the right one, about another call", NULL, NULL, OTHER_ID },
};

/* Words of the caller go to the account or to the device; before there is one, any device may answer. */
static bool may(enum call_phase phase, enum call_side side, unsigned event, const struct party *p)
{
    if (!is_white(phase, side, event) || p->id != NULL)
        return false;
    if (p->to != NULL && side == CALL_CALLEE)
        return strchr(p->to, '/') == NULL && (event == CALL_REJECT || event == CALL_FINISH);
    if (p->to != NULL)
        return event < CALL_WORDS;
    if (p->from == NULL)
        return true;
    return side == CALL_CALLEE
           && phase <= CALL_RINGS; /* any of its devices: who it is the router knows */
}

static void check_cell(enum call_phase phase, enum call_side side, unsigned event,
                       const struct party *p)
{
    struct ledger l, before;
    struct said s;
    struct ledger_ruling r;

    lead(&l, phase);
    say(&s, side, event);
    if (p->from != NULL)
        s.saying.from = str_from(p->from);
    if (p->to != NULL)
        s.saying.to = str_from(p->to);
    if (p->id != NULL)
        s.message.id = s.action.sid = str_from(p->id);
    before = l;
    r = ledger_judge(&l, &s.saying, l.phase_ms + 10);
    if ((r.verdict != LEDGER_REFUSE) != may(phase, side, event, p))
        fail_msg("phase %d, side %d, %s, %s: %s", (int)phase, (int)side, event_text(event), p->what,
                 r.why != NULL ? r.why : "passed");
    if (r.verdict == LEDGER_REFUSE) {
        assert_non_null(r.why);
        assert_memory_equal(&before, &l, sizeof l); /* it has left no trace */
    } else {
        assert_int_equal(r.before, phase);
        assert_int_equal(r.after, l.phase);
    }
    ledger_close(&l);
}

static void test_complement(void **state)
{
    unsigned cells = 0;

    (void)state;
    for (unsigned phase = 0; phase < CALL_PHASES; phase++)
        for (unsigned side = 0; side < 2; side++)
            for (unsigned event = 0; event < EVENTS; event++)
                for (size_t i = 0; i < sizeof parties / sizeof *parties; i++, cells++)
                    check_cell((enum call_phase)phase, (enum call_side)side, event, &parties[i]);
    assert_int_equal(cells, 6 * 2 * 17 * 9);
}

/* ---- Stories ---------------------------------------------------------------------------------------- */

static void test_first_device_wins(void **state)
{
    struct ledger l;
    struct said s;

    (void)state;
    lead(&l, CALL_ACCEPTED);
    check_str("device", l.device, bob);
    say(&s, CALL_CALLEE, event_of("proceed"));
    s.saying.from = STR("bob@sotto.test/tablet");
    assert_int_equal(ledger_judge(&l, &s.saying, 2000).verdict, LEDGER_REFUSE);
    check_str("device", l.device, bob);
    ledger_close(&l);
}

static void test_own_account(void **state)
{
    struct ledger l;
    struct said s;

    (void)state;
    lead(&l, CALL_RINGS);
    say(&s, CALL_CALLEE, event_of("accept"));
    s.saying.to = STR("bob@sotto.test");
    assert_int_equal(ledger_judge(&l, &s.saying, 2000).verdict, LEDGER_SWALLOW);
    assert_int_equal(l.phase, CALL_RINGS);
    s.saying.to = STR("alice@sotto.test");
    assert_int_equal(ledger_judge(&l, &s.saying, 2000).verdict, LEDGER_REFUSE);
    ledger_close(&l);
}

static const struct {
    enum call_phase phase;
    enum call_side side;
    const char *event;
    enum call_outcome outcome;
} ends[] = {
    { CALL_PROPOSED, CALL_CALLER, "retract", CALL_RETRACTED },
    { CALL_RINGS, CALL_CALLEE, "reject", CALL_REJECTED },
    { CALL_ACCEPTED, CALL_CALLER, "retract", CALL_FAILED },
    { CALL_ACCEPTED, CALL_CALLEE, "reject", CALL_FAILED },
    { CALL_INITIATED, CALL_CALLEE, "session-terminate", CALL_FAILED },
    { CALL_INITIATED, CALL_CALLEE, "reject", CALL_FAILED },
    { CALL_ACTIVE, CALL_CALLER, "finish", CALL_TALKED },
    { CALL_ACTIVE, CALL_CALLEE, "session-terminate", CALL_TALKED },
};

static void test_outcomes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct ledger l;

        lead(&l, ends[i].phase);
        must_pass(&l, ends[i].side, ends[i].event, CALL_ENDED);
        assert_int_equal(l.outcome, ends[i].outcome);
        ledger_close(&l);
    }
}

static const struct {
    enum call_phase phase;
    uint64_t after_ms; /* since it began; 0: never */
    enum call_outcome outcome;
} waits[] = {
    { CALL_PROPOSED, LEDGER_RING_MS, CALL_MISSED },
    { CALL_RINGS, LEDGER_RING_MS - 10, CALL_MISSED }, /* counted from the propose */
    { CALL_ACCEPTED, LEDGER_INITIATE_MS, CALL_FAILED },
    { CALL_INITIATED, LEDGER_ANSWER_MS, CALL_FAILED },
    { CALL_ACTIVE, 0, CALL_UNDECIDED },
};

static void test_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        struct ledger l;
        uint64_t began;

        lead(&l, waits[i].phase);
        began = l.phase_ms;
        assert_true(ledger_deadline_ms(&l)
                    == (waits[i].after_ms > 0 ? began + waits[i].after_ms : UINT64_MAX));
        assert_int_equal(ledger_tick(&l, began + waits[i].after_ms - 1).after, waits[i].phase);
        if (waits[i].after_ms > 0) {
            assert_int_equal(ledger_tick(&l, began + waits[i].after_ms).after, CALL_ENDED);
            assert_int_equal(l.outcome, waits[i].outcome);
            assert_false(ledger_is_over(&l, l.phase_ms + LEDGER_GRACE_MS - 1));
            assert_true(ledger_is_over(&l, l.phase_ms + LEDGER_GRACE_MS));
        }
        ledger_close(&l);
    }
}

static void test_gate(void **state)
{
    (void)state;
    for (unsigned phase = 0; phase < CALL_PHASES; phase++) {
        struct ledger l;

        lead(&l, (enum call_phase)phase);
        assert_int_equal(ledger_gate_is_open(&l), phase >= CALL_ACCEPTED && phase <= CALL_ACTIVE);
        assert_int_equal(ledger_is_ringing(&l), phase <= CALL_RINGS);
        ledger_media_gone(&l, 9000);
        assert_int_equal(l.phase, phase >= CALL_ACCEPTED ? CALL_ENDED : phase);
        ledger_close(&l);
    }
}

static void test_devices_gone(void **state)
{
    (void)state;
    for (unsigned phase = 0; phase < CALL_ENDED; phase++) {
        struct ledger l;

        lead(&l, (enum call_phase)phase);
        assert_int_equal(ledger_device_gone(&l, STR("bob@sotto.test/tablet"), 9000).after, phase);
        assert_int_equal(ledger_device_gone(&l, str_from(alice), 9000).after, CALL_ENDED);
        assert_int_equal(l.outcome, phase <= CALL_RINGS    ? CALL_RETRACTED
                                    : phase == CALL_ACTIVE ? CALL_TALKED
                                                           : CALL_FAILED);
        ledger_close(&l);

        lead(&l, (enum call_phase)phase);
        assert_int_equal(ledger_device_gone(&l, str_from(bob), 9000).after,
                         phase >= CALL_ACCEPTED ? CALL_ENDED : phase);
        ledger_close(&l);
    }
}

/* ---- Media and limits -------------------------------------------------------------------------------- */

static struct ledger_ruling judge_media(struct ledger *l, enum call_side side, const char *event,
                                        unsigned media)
{
    struct said s;
    size_t n = 0;

    say(&s, side, event_of(event));
    for (unsigned bit = JINGLE_AUDIO; bit <= JINGLE_VIDEO; bit++)
        if ((media & bit) != 0)
            s.action.contents[n++].description.media = (enum jingle_media)bit;
    s.action.content_count = n;
    return ledger_judge(l, &s.saying, 5000);
}

static void test_media(void **state)
{
    struct call_message propose = { .id = STR(ID), .media = JINGLE_AUDIO };
    struct ledger l;

    (void)state;
    ledger_open(&l, &propose, str_from(alice), 1000);
    must_pass(&l, CALL_CALLEE, "proceed", CALL_ACCEPTED);
    assert_string_equal(
        judge_media(&l, CALL_CALLER, "session-initiate", JINGLE_AUDIO | JINGLE_VIDEO).why, "media");
    assert_null(judge_media(&l, CALL_CALLER, "session-initiate", JINGLE_AUDIO).why);
    assert_string_equal(
        judge_media(&l, CALL_CALLEE, "session-accept", JINGLE_AUDIO | JINGLE_VIDEO).why, "media");
    assert_string_equal(judge_media(&l, CALL_CALLEE, "session-info", 0).why == NULL ? "passes" : "",
                        "passes");
    assert_null(judge_media(&l, CALL_CALLEE, "session-accept", JINGLE_AUDIO).why);
    assert_string_equal(judge_media(&l, CALL_CALLER, "content-add", JINGLE_AUDIO).why, "media");
    assert_null(judge_media(&l, CALL_CALLER, "content-add", JINGLE_VIDEO).why);
    assert_null(judge_media(&l, CALL_CALLEE, "content-accept", JINGLE_VIDEO).why);
    assert_int_equal(l.media, JINGLE_AUDIO | JINGLE_VIDEO);
    ledger_close(&l);
}

static void test_less_than_offered(void **state)
{
    struct ledger l;

    (void)state;
    lead(&l, CALL_INITIATED);
    assert_string_equal(judge_media(&l, CALL_CALLEE, "session-accept", JINGLE_VIDEO).why, "media");
    assert_null(judge_media(&l, CALL_CALLEE, "session-accept", JINGLE_AUDIO).why);
    assert_int_equal(l.media, JINGLE_AUDIO);
    ledger_close(&l);
}

/* How often it passes until it ends the call. */
static unsigned until_over(enum call_phase phase, bool restart, uint64_t step_ms, const char *why)
{
    struct ledger_ruling r;
    struct ledger l;
    unsigned n = 0;
    struct said s;

    lead(&l, phase);
    say(&s, CALL_CALLER, event_of("transport-info"));
    if (restart)
        s.saying.anew = true;
    while ((r = ledger_judge(&l, &s.saying, 5000 + n * step_ms)).why == NULL)
        n++;
    assert_string_equal(r.why, why);
    assert_int_equal(r.verdict, LEDGER_REFUSE);
    assert_int_equal(l.phase, CALL_ENDED);
    ledger_close(&l);
    return n;
}

static void test_limits(void **state)
{
    struct ledger l;
    struct said s;

    (void)state;
    assert_int_equal(until_over(CALL_ACTIVE, false, 100, "transport-infos"), 40);
    assert_int_equal(until_over(CALL_ACTIVE, false, 0, "transport-infos"), 20);
    assert_int_equal(until_over(CALL_ACTIVE, true, 100, "restarts"), 6);

    lead(&l, CALL_ACCEPTED);
    say(&s, CALL_CALLER, event_of("session-initiate"));
    s.saying.bytes = LEDGER_SETUP_BYTES + 1;
    assert_string_equal(ledger_judge(&l, &s.saying, 5000).why, "setup-bytes");
    assert_int_equal(l.phase, CALL_ENDED);
    ledger_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complement),
        cmocka_unit_test(test_first_device_wins),
        cmocka_unit_test(test_own_account),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_devices_gone),
        cmocka_unit_test(test_media),
        cmocka_unit_test(test_less_than_offered),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
