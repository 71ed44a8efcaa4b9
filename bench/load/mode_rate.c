/* mode_rate.c: open loop: messages leave at a fixed rate whatever the server does, as people write
 * them. Latency counts from the intended time, so waiting behind a stall is not left out. */
#include "bench/load/clock.h"
#include "bench/load/disk.h"
#include "bench/load/modes.h"
#include "bench/load/traffic.h"

enum { UNDER_WAY_MAX = 200000 };

static size_t rate_members(const struct options *o)
{
    return 2 * o->pairs;
}

static uint64_t due_ns(const struct traffic *t, uint64_t nth)
{
    uint64_t rate = t->run->options->rate;

    return t->start_ns + nth / rate * NS_PER_SECOND + nth % rate * NS_PER_SECOND / rate;
}

/* A server that falls behind for longer than the patience fails the run: the queue has no end. */
static bool keeps_up(struct traffic *t)
{
    const struct options *o = t->run->options;
    uint64_t under_way = traffic_under_way(t);

    if (under_way < UNDER_WAY_MAX && under_way <= o->rate * o->stall_s)
        return true;
    return run_fail(t->run, RUN_FAILED,
                    "the server does not keep up with %llu messages/s: %llu wait",
                    (unsigned long long)o->rate, (unsigned long long)under_way);
}

/* Sends the messages from number `from` to before `to`, each when it is due. */
static bool send_span(struct traffic *t, uint64_t from, uint64_t to)
{
    struct link *l;

    for (uint64_t nth = from; nth < to;) {
        uint64_t now = clock_ns();

        for (; nth < to && due_ns(t, nth) <= now; nth++) {
            traffic_send(t, &t->pairs[nth % t->n], due_ns(t, nth));
            if (due_ns(t, nth) >= t->from_ns)
                histogram_add(&t->lag, now - due_ns(t, nth));
        }
        if (!keeps_up(t) || !traffic_turn(t, nth < to ? due_ns(t, nth) : now))
            return false;
        while ((l = list_pop(&t->touched)) != NULL)
            ; /* nothing waits for windows here */
        run_progress(t->run, "%llu of %llu messages sent", (unsigned long long)nth,
                     (unsigned long long)to);
    }
    return true;
}

static bool measure(struct traffic *t)
{
    const struct options *o = t->run->options;
    uint64_t first = o->rate * o->warmup_s, before;
    uint64_t last = first + (o->messages > 0 ? o->messages : o->rate * o->duration_s);
    struct reading from, to;
    bool good;

    if (!send_span(t, 0, first) || !run_read_cpu(t->run, &from))
        return false;
    t->from_ns = due_ns(t, first);
    t->to_ns = due_ns(t, last);
    before = t->done;
    good = send_span(t, first, last);
    good = run_read_cpu(t->run, &to) && good;
    before = t->done - before;
    good = good && traffic_drain(t);
    traffic_report(t, &from, &to, before);
    return good;
}

static void report_disk(struct run *r, struct disk_probe *probe)
{
    struct histogram *took;

    if (probe == NULL)
        return;
    took = mem_alloc(sizeof *took);
    disk_probe_stop(probe, took);
    json_object_set_new(r->report, "disk_sync_us", run_latency_json(took));
    mem_free(took);
}

static void rate_run(struct run *r)
{
    struct traffic *t = mem_alloc(sizeof *t);
    struct disk_probe *probe = NULL;
    const char *folder = r->options->disk;

    if (folder != NULL && disk_probe_start(folder, &probe) != ERR_NONE)
        run_fail(r, RUN_BAD_USAGE, "--disk: no file can be written in %s", folder);
    else if (traffic_init(t, r))
        measure(t);
    report_disk(r, probe);
    traffic_deinit(t);
    mem_free(t);
}

const struct mode rate_mode = {
    .name = "rate",
    .summary = "open loop: latency at a fixed rate",
    .members = rate_members,
    .run = rate_run,
};
