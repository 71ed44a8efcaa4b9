/* fuzz_ledger.c: a call in which anybody says anything at any time, five octets each: what, who, to whom and of which call, of which media,
 * how much later. Whatever comes, media have a way only after a device of the callee has accepted, and nothing that ended goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "jingle/ledger.h"

enum {
    SAYINGS = CALL_WORDS + JINGLE_ACTIONS,
    TICK = SAYINGS,
    DEVICE_GONE,
    MEDIA_GONE,
    EVENTS,
    OCTETS = 5
};

static const struct str parties[] = {
    STR_INIT("alice@sotto.test/r1"),  STR_INIT("alice@sotto.test/r2"),
    STR_INIT("bob@sotto.test/phone"), STR_INIT("bob@sotto.test/desk"),
    STR_INIT("mallory@sotto.test/x"), STR_INIT("alice@sotto.test"),
    STR_INIT("bob@sotto.test"),
};
static const struct str ids[] = { STR_INIT("ca3cf894-5325-482f-a412-a6e9f832298d"),
                                  STR_INIT("another") };

static void must(bool ok)
{
    if (!ok)
        abort();
}

struct course {
    struct ledger ledger;
    uint64_t now_ms;
    bool accepted; /* by a device of the callee, in words that passed */
};

static struct str party(unsigned i)
{
    return parties[i % COUNT_OF(parties)];
}

static unsigned media_of(uint8_t octet)
{
    return octet & (JINGLE_AUDIO | JINGLE_VIDEO);
}

static void describe(struct jingle *j, unsigned media, const uint8_t *in)
{
    j->info = (in[3] & 4) != 0 ? JINGLE_INFO_RINGING : JINGLE_INFO_NONE;
    for (unsigned bit = JINGLE_AUDIO; bit <= JINGLE_VIDEO; bit <<= 1) {
        if ((media & bit) == 0)
            continue;
        j->contents[j->content_count].has_description = true;
        j->contents[j->content_count++].description.media = (enum jingle_media)bit;
    }
}

static void say(struct course *c, unsigned what, const uint8_t *in)
{
    struct call_message message = { .word = (enum call_word)what,
                                    .id = ids[in[2] >> 7],
                                    .media = media_of(in[3]) };
    struct jingle action = { .sid = ids[in[2] >> 7] };
    struct call_saying s = {
        .side = (in[1] & 128) != 0 ? CALL_CALLEE : CALL_CALLER,
        .from = party(in[1] & 7),
        .to = party(in[2] & 7),
        .anew = (in[3] & 8) != 0,
        .bytes = (size_t)in[3] << 7,
    };
    struct ledger before = c->ledger;
    struct ledger_ruling r;

    if (what < CALL_WORDS) {
        s.message = &message;
    } else {
        action.action = (enum jingle_action)(what - CALL_WORDS);
        describe(&action, media_of(in[3]), in);
        s.action = &action;
    }
    r = ledger_judge(&c->ledger, &s, c->now_ms);
    must(r.before == before.phase && r.after == c->ledger.phase);
    must((r.verdict == LEDGER_REFUSE) == (r.why != NULL));
    if (r.verdict == LEDGER_REFUSE)
        must(r.after == r.before || r.after == CALL_ENDED);
    if (r.verdict != LEDGER_PASS)
        return;
    must((in[2] & 128) == 0); /* of another call nothing passes */
    must(s.message != NULL ? ledger_word_passes(r.before, s.side, message.word)
                           : ledger_action_passes(r.before, s.side, action.action));
    must(s.side == CALL_CALLEE || str_eq(s.from, before.caller));
    must(s.side == CALL_CALLER || before.device.n == 0 || str_eq(s.from, before.device));
    c->accepted |= s.message != NULL && message.word == CALL_PROCEED && s.side == CALL_CALLEE;
}

static void happen(struct course *c, unsigned what, const uint8_t *in)
{
    enum call_phase before = c->ledger.phase;

    c->now_ms += (uint64_t)in[4] << (in[3] >> 5);
    switch (what) {
    case TICK: (void)ledger_tick(&c->ledger, c->now_ms); break;
    case DEVICE_GONE: (void)ledger_device_gone(&c->ledger, party(in[1]), c->now_ms); break;
    case MEDIA_GONE: (void)ledger_media_gone(&c->ledger, c->now_ms); break;
    default: say(c, what, in);
    }
    must(c->ledger.phase >= before && c->ledger.phase < CALL_PHASES);
    must(!ledger_gate_is_open(&c->ledger) || (c->accepted && c->ledger.device.n > 0));
    must((c->ledger.talk_ms != 0) <= c->accepted);
    must((c->ledger.outcome != CALL_UNDECIDED) == (c->ledger.phase == CALL_ENDED));
    must(c->ledger.outcome != CALL_TALKED || c->ledger.talk_ms != 0);
    for (unsigned side = 0; side < 2; side++)
        must(c->ledger.phase == CALL_ENDED
             || (c->ledger.infos[side] <= LEDGER_TRANSPORT_INFOS
                 && c->ledger.restarts[side] <= LEDGER_RESTARTS
                 && c->ledger.contents[side] <= LEDGER_CONTENT_ACTIONS));
    (void)ledger_tick(&c->ledger, c->now_ms);
    must(c->now_ms < ledger_deadline_ms(&c->ledger) || c->ledger.phase == CALL_ENDED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct call_message propose = { .word = CALL_PROPOSE, .id = ids[0] };
    struct course c = { .now_ms = 1000 };

    if (n == 0 || media_of(data[0]) == 0)
        return 0;
    propose.media = media_of(data[0]);
    ledger_open(&c.ledger, &propose, parties[0], c.now_ms);
    if ((data[0] & 4) != 0)
        ledger_address(&c.ledger, parties[3]);
    for (data++, n--; n >= OCTETS; data += OCTETS, n -= OCTETS)
        happen(&c, data[0] % EVENTS, data);
    ledger_close(&c.ledger);
    return 0;
}
