/* test_voice.c: what is said at one end and heard at the other, over networks that lose, delay and reorder. The dice are the same in
 * every run, so are the figures. */
#include "test/unit/check.h"

#include <math.h>
#include <string.h>

#include "media/stretch.h"
#include "media/voice_out.h"
#include "test/unit/media/randoms.h"

enum { OPUS = 111, WAY_MAX = 64 };

/* Syllables and pauses on a voice that rises and falls: enough like speech for a codec to treat it so. */
static void speak(int16_t out[VOICE_TICK], uint64_t sample, uint64_t *dice)
{
    for (size_t i = 0; i < VOICE_TICK; i++, sample++) {
        double t = (double)sample / VOICE_RATE, pitch = 140 + 30 * sin(t * 2), sum = 0;
        bool pause = fmod(t, 4) > 3;

        for (int k = 1; k < 12; k++)
            sum += sin(6.2831853 * pitch * k * t) / k * (k > 2 && k < 6 ? 1.5 : 0.6);
        sum *= pause ? 0 : 0.5 + 0.5 * sin(6.2831853 * 3 * t);
        out[i] = (int16_t)(sum * 4000 + (int)(next_random(dice) % 20));
    }
}

struct way {
    const char *name;
    unsigned seconds, packet_ms, loss_percent, jitter_ms;
    bool red, reports;
    unsigned stall_ms;    /* once, in the middle: nothing arrives for that long, then all of it */
    double concealed_max; /* of 100 */
    unsigned delay_max_ms;
    uint32_t
        slip; /* from the second packet on timestamps are so many samples less, as GStreamer's after a late start */
};

struct flying {
    uint64_t at_ms;
    struct voice_packet packet;
};

static const struct way ways[] = {
    { "a good network", 60, 60, 0, 0, true, true, 0, 0.1, 110, 0 },
    { "a good network, RED unknown", 60, 60, 0, 0, false, true, 0, 0.1, 110, 0 },
    { "20 ms of jitter", 60, 60, 0, 20, true, true, 0, 0.5, 130, 0 },
    { "80 ms of jitter", 60, 20, 0, 80, true, true, 0, 2, 200, 0 },
    { "10 % lost", 60, 60, 10, 0, true, true, 0, 0.5, 130, 0 },
    { "10 % lost, jitter of 20 ms", 60, 60, 10, 20, true, true, 0, 1, 150, 0 },
    { "20 % lost", 60, 60, 20, 0, true, true, 0, 1.5, 130, 0 },
    { "40 % lost", 30, 60, 40, 0, true, true, 0, 10, 150, 0 },
    { "10 % lost, RED unknown", 60, 60, 10, 0, false, true, 0, 5, 130, 0 },
    { "a stall of 800 ms", 30, 60, 0, 0, true, true, 800, 4, 110, 0 },
    { "timestamps slip by 6.5 ms", 30, 20, 0, 0, false, true, 0, 0.1, 110, 312 },
    { "timestamps slip by 55 ms, 10 % lost", 30, 60, 10, 0, true, true, 0, 0.5, 150, 2640 },
};

struct run {
    struct voice_out say;
    struct voice_in hear;
    struct flying way[WAY_MAX];
    size_t flying;
    uint64_t dice, sent, lost;
};

static void send_packet(struct run *r, const struct way *w, const struct voice_packet *p,
                        uint64_t now_ms)
{
    r->sent++;
    if (is_lost(&r->dice, w->loss_percent)) {
        r->lost++;
        return;
    }
    assert_true(r->flying < WAY_MAX);
    /* What is sent during the stall arrives at its end. */
    if (now_ms >= w->seconds * 500 && now_ms < w->seconds * 500 + w->stall_ms)
        now_ms = w->seconds * 500 + w->stall_ms;
    r->way[r->flying] =
        (struct flying){ now_ms + 20 + (w->jitter_ms ? next_random(&r->dice) % w->jitter_ms : 0),
                         *p };
    if (r->sent > 1)
        r->way[r->flying].packet.timestamp -= w->slip;
    r->flying++;
}

static void deliver(struct run *r, uint64_t now_ms)
{
    for (size_t i = 0; i < r->flying;) {
        const struct voice_packet *p = &r->way[i].packet;

        if (r->way[i].at_ms > now_ms) {
            i++;
            continue;
        }
        voice_in_packet(&r->hear, p->timestamp, bytes_of(p->data, p->size), p->is_red, now_ms);
        r->way[i] = r->way[--r->flying];
    }
}

static void report(struct run *r, uint64_t *sent, uint64_t *lost)
{
    uint64_t of = r->sent - *sent;

    if (of > 0)
        voice_out_report(&r->say, (uint8_t)((r->lost - *lost) * 255 / of));
    *sent = r->sent;
    *lost = r->lost;
}

static void run_way(const struct way *w)
{
    const struct voice_out_config config = { 32000, w->packet_ms, false };
    struct run *r = mem_alloc(sizeof *r);
    uint64_t sent = 0, lost = 0;
    int16_t pcm[VOICE_TICK];
    struct voice_packet packet;
    double percent;
    int64_t delay;

    r->dice = 11;
    voice_in_init(&r->hear);
    voice_out_init(&r->say, &config, UINT32_MAX - 100000); /* the timestamp rolls over on the way */
    for (uint64_t now = 1000; now < 1000 + w->seconds * 1000; now += VOICE_TICK_MS) {
        speak(pcm, (now - 1000) * JITTER_PER_MS, &r->dice);
        if (voice_out_feed(&r->say, pcm, w->red, OPUS, &packet))
            send_packet(r, w, &packet, now);
        deliver(r, now);
        voice_in_play(&r->hear, now, pcm);
        if (now % 1000 == 0 && w->reports)
            report(r, &sent, &lost);
    }
    percent = 100.0 * (double)r->hear.concealed / (double)r->hear.played;
    delay = jitter_delay_ms(&r->hear.jitter, r->hear.pending, 1000 + w->seconds * 1000);
    print_message("# %s: %.1f %% lost, %.2f %% made up, %.2f %% recovered, delay %d ms\n", w->name,
                  100.0 * (double)r->lost / (double)r->sent, percent,
                  100.0 * (double)r->hear.recovered / (double)r->hear.played, (int)delay);
    assert_true(r->hear.played > (w->seconds - 1) * VOICE_RATE);
    assert_true(percent <= w->concealed_max);
    assert_in_range(delay, 1, w->delay_max_ms);
    if (w->loss_percent == 0)
        assert_int_equal(r->say.lossy, false);
    voice_in_deinit(&r->hear);
    voice_out_deinit(&r->say);
    mem_free(r);
}

static void test_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++)
        run_way(&ways[i]);
}

/* Every packet of one way of speaking has the same size, whatever is said. */
static void test_sizes_tell_nothing(void **state)
{
    const struct voice_out_config config = { 32000, 60, false };
    struct voice_out say;
    struct voice_packet p;
    int16_t pcm[VOICE_TICK];
    uint64_t dice = 5;
    size_t sizes[2] = { 0, 0 };
    unsigned count = 0;

    (void)state;
    voice_out_init(&say, &config, 0);
    for (uint64_t tick = 0; tick < 4000; tick++) {
        if (tick % 1000 < 300) /* silence, as of a muted microphone */
            memset(pcm, 0, sizeof pcm);
        else
            speak(pcm, tick * VOICE_TICK, &dice);
        if (tick == 2000)
            for (int i = 0; i < 20; i++)
                voice_out_report(&say, 0);
        if (!voice_out_feed(&say, pcm, true, OPUS, &p))
            continue;
        count++;
        if (count > VOICE_COPIES && tick < 2000) {
            sizes[0] = sizes[0] == 0 ? p.size : sizes[0];
            assert_int_equal(p.size, sizes[0]);
            assert_true(p.is_red);
        } else if (tick > 2010) {
            sizes[1] = sizes[1] == 0 ? p.size : sizes[1];
            assert_int_equal(p.size, sizes[1]);
            assert_false(p.is_red);
            assert_int_equal(p.size, 240); /* 32 kbit/s for 60 ms */
        }
    }
    voice_out_deinit(&say);
}

/* Payloads from a stranger: none may do more than be dropped. */
static void test_hostile_payloads(void **state)
{
    struct voice_in hear;
    int16_t pcm[VOICE_TICK];
    uint8_t payload[300];
    uint64_t dice = 9;

    (void)state;
    voice_in_init(&hear);
    for (uint64_t i = 0; i < 20000; i++) {
        size_t n = next_random(&dice) % sizeof payload;

        fill_random(&dice, payload, n);
        voice_in_packet(&hear, next_random(&dice) % 3 ? (uint32_t)(i * 480) : next_random(&dice),
                        bytes_of(payload, n), i % 2 == 0, 1000 + i * 10);
        voice_in_play(&hear, 1000 + i * 10, pcm);
        assert_in_range(hear.pending, 0, COUNT_OF(hear.pcm));
    }
    voice_in_deinit(&hear);
}

static void test_stretch(void **state)
{
    int16_t pcm[4000];

    (void)state;
    for (int longer = 0; longer < 2; longer++) {
        size_t n = 2400, now;

        for (size_t i = 0; i < n; i++) /* 200 Hz: a period of 240 samples */
            pcm[i] = (int16_t)(8000 * sin(6.2831853 * 200 * (double)i / VOICE_RATE));
        now = longer ? stretch_lengthen(pcm, n, COUNT_OF(pcm)) : stretch_shorten(pcm, n);
        assert_int_equal((now > n ? now - n : n - now) % 240, 0); /* whole periods */
        assert_int_not_equal(now, n);
        for (size_t i = 1; i < now; i++) /* without a click */
            assert_in_range(pcm[i] - pcm[i - 1] + 300, 0, 600);
    }
    assert_int_equal(stretch_shorten(pcm, STRETCH_INPUT - 1), STRETCH_INPUT - 1);
    assert_int_equal(stretch_lengthen(pcm, 2400, 2400), 2400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_sizes_tell_nothing),
        cmocka_unit_test(test_hostile_payloads),
        cmocka_unit_test(test_stretch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
