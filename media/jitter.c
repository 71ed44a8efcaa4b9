/* jitter.c: frames in order of their time, and how long to wait for them. */
#include "media/jitter.h"

#include <string.h>

enum {
    WINDOW_MS = 10000,
    MARGIN_MS = 10,
    LATE_MAX_MS = 1000,
    USUAL_PERCENT = 97,
    LOSS_REMEMBERED_MS = 10000,
    JUMP = 2 * 48000, /* a timestamp that far off is another stream */
};

void jitter_reset(struct jitter *j)
{
    memset(j, 0, sizeof *j);
    j->target_ms = JITTER_TARGET_MIN_MS;
}

/* ---- How long to wait ---- */

static unsigned max_of(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static int64_t smallest_offset(const struct jitter *j)
{
    return j->smallest_ms < j->smallest_before_ms ? j->smallest_ms : j->smallest_before_ms;
}

static unsigned usual_lateness(const struct jitter *j)
{
    uint16_t sorted[JITTER_HISTORY];
    size_t n = j->late_count;

    for (size_t i = 0; i < n; i++) {
        size_t at = i;

        for (; at > 0 && sorted[at - 1] > j->late_ms[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = j->late_ms[i];
    }
    return n == 0 ? 0 : sorted[(n - 1) * USUAL_PERCENT / 100];
}

static void set_target(struct jitter *j, uint64_t now_ms)
{
    unsigned target = j->late_usual_ms + MARGIN_MS;

    /* What repairs a packet comes with later ones. */
    if (j->lost_ms != 0 && now_ms - j->lost_ms < LOSS_REMEMBERED_MS)
        target += max_of(j->copies_samples, j->packet_samples) / JITTER_PER_MS;
    if (target < JITTER_TARGET_MIN_MS)
        target = JITTER_TARGET_MIN_MS;
    j->target_ms = target < JITTER_TARGET_MAX_MS ? target : JITTER_TARGET_MAX_MS;
}

static void note_arrival(struct jitter *j, int64_t time, uint64_t now_ms)
{
    int64_t offset = (int64_t)now_ms - time / JITTER_PER_MS, late;

    if (!j->has_offset) {
        j->has_offset = true;
        j->smallest_ms = j->smallest_before_ms = offset;
        j->window_ms = now_ms;
    } else if (now_ms - j->window_ms > WINDOW_MS) {
        j->smallest_before_ms = j->smallest_ms;
        j->smallest_ms = offset;
        j->window_ms = now_ms;
    } else if (offset < j->smallest_ms)
        j->smallest_ms = offset;
    late = offset - smallest_offset(j);
    j->late_ms[j->late_at] = (uint16_t)(late < LATE_MAX_MS ? late : LATE_MAX_MS);
    j->late_at = (j->late_at + 1) % JITTER_HISTORY;
    if (j->late_count < JITTER_HISTORY)
        j->late_count++;
    j->late_usual_ms = usual_lateness(j);
    set_target(j, now_ms);
}

void jitter_note_loss(struct jitter *j, uint64_t now_ms)
{
    j->lost_ms = now_ms;
    set_target(j, now_ms);
}

int64_t jitter_delay_ms(const struct jitter *j, unsigned pending, uint64_t now_ms)
{
    return (int64_t)now_ms - smallest_offset(j) - (j->next - (int64_t)pending) / JITTER_PER_MS;
}

/* ---- The frames ---- */

static struct jitter_frame *earliest(struct jitter *j)
{
    struct jitter_frame *first = NULL;

    for (size_t i = 0; i < JITTER_FRAMES; i++)
        if (j->frames[i].used && (first == NULL || j->frames[i].time < first->time))
            first = &j->frames[i];
    return first;
}

static struct jitter_frame *at_time(struct jitter *j, int64_t time)
{
    for (size_t i = 0; i < JITTER_FRAMES; i++)
        if (j->frames[i].used && j->frames[i].time == time)
            return &j->frames[i];
    return NULL;
}

/* Nothing of its time is to come: it was played, or filled otherwise. One that reaches beyond is played whole, for timestamps may leave
 * their grid (GStreamer's do, after its first packet), and what is made up has a grid of its own. A copy has to fit. */
static bool has_passed(const struct jitter *j, int64_t time, unsigned samples, bool redundant)
{
    return redundant ? time < j->next : time + (int64_t)samples <= j->next;
}

/* A full buffer is seconds of sound: the oldest goes. */
static struct jitter_frame *place(struct jitter *j)
{
    for (size_t i = 0; i < JITTER_FRAMES; i++)
        if (!j->frames[i].used)
            return &j->frames[i];
    return earliest(j);
}

static int64_t extend(const struct jitter *j, uint32_t timestamp)
{
    return j->newest + (int32_t)(timestamp - (uint32_t)j->newest);
}

static void begin(struct jitter *j, uint32_t timestamp)
{
    jitter_reset(j);
    j->started = true;
    j->newest = j->next = timestamp;
}

static void keep(struct jitter *j, int64_t time, unsigned samples, struct bytes frame,
                 bool redundant)
{
    struct jitter_frame *f = at_time(j, time);

    if (f == NULL)
        f = place(j);
    else if (redundant)
        return; /* the original is there; it can repair what is before it, a copy cannot */
    f->used = true;
    f->redundant = redundant;
    f->time = time;
    f->samples = samples;
    f->size = frame.n;
    memcpy(f->data, frame.p, frame.n);
}

void jitter_put(struct jitter *j, uint32_t timestamp, unsigned samples, struct bytes frame,
                bool redundant, uint64_t now_ms)
{
    int64_t time = j->started ? extend(j, timestamp) : timestamp;

    if (frame.n == 0 || frame.n > JITTER_FRAME_MAX || samples == 0)
        return;
    if (!redundant && (!j->started || time > j->newest + JUMP || time < j->newest - JUMP)) {
        begin(j, timestamp);
        time = timestamp;
    }
    if (!j->started)
        return;
    if (redundant && time < j->newest && j->newest - time < JUMP)
        j->copies_samples = max_of(j->copies_samples, (unsigned)(j->newest - time));
    if (!redundant) {
        j->packet_samples = samples;
        j->copies_samples = 0; /* those of this packet follow */
        if (time > j->newest)
            j->newest = time;
        note_arrival(j, time, now_ms);
    }
    if (!has_passed(j, time, samples, redundant))
        keep(j, time, samples, frame, redundant);
}

enum jitter_answer jitter_take(struct jitter *j, struct jitter_frame *out, int64_t *gap)
{
    struct jitter_frame *f = earliest(j);

    while (f != NULL && has_passed(j, f->time, f->samples, f->redundant)) {
        f->used = false;
        f = earliest(j);
    }
    if (f == NULL)
        return JITTER_NOTHING;
    *out = *f;
    *gap = f->time - j->next;
    if (*gap > 0)
        return JITTER_GAP;
    f->used = false;
    j->next = f->time + (int64_t)f->samples;
    return JITTER_FRAME;
}

bool jitter_has_next(const struct jitter *j)
{
    for (size_t i = 0; i < JITTER_FRAMES; i++) {
        const struct jitter_frame *f = &j->frames[i];

        if (f->used && f->time <= j->next && !has_passed(j, f->time, f->samples, f->redundant))
            return true;
    }
    return false;
}

void jitter_pass(struct jitter *j, unsigned samples)
{
    j->next += samples;
}
