/* mode_pairs.c: closed loop: every sender keeps a window of messages under way, as fast as the server
 * finishes them. Shows throughput and CPU per message; its latencies describe a full server. */
#include "bench/load/clock.h"
#include "bench/load/modes.h"
#include "bench/load/traffic.h"

static size_t pairs_members(const struct options *o)
{
    return 2 * o->pairs;
}

static void refill(struct traffic *t, struct pair *p)
{
    uint64_t now = clock_ns();

    while (p->sent - traffic_pair_done(t, p) < t->run->options->window)
        traffic_send(t, p, now);
}

/* Keeps the windows full until a time, or until so many messages are done. */
static bool keep_full(struct traffic *t, uint64_t until_ns, uint64_t until_done)
{
    uint64_t patience = t->run->options->stall_s * NS_PER_SECOND;
    struct link *l;

    for (uint64_t now; (now = clock_ns()) < until_ns && t->done < until_done;) {
        if (now - t->progress_ns > patience)
            return run_fail(t->run, RUN_FAILED, "the server has delivered nothing for %llu s",
                            (unsigned long long)t->run->options->stall_s);
        if (!traffic_turn(t, now + 100 * NS_PER_MS < until_ns ? now + 100 * NS_PER_MS : until_ns))
            return false;
        while ((l = list_pop(&t->touched)) != NULL)
            refill(t, LIST_ENTRY(l, struct pair, touched));
        run_progress(t->run, "%llu messages", (unsigned long long)t->done);
    }
    return true;
}

static bool measure(struct traffic *t)
{
    const struct options *o = t->run->options;
    uint64_t now = clock_ns(), done_before;
    struct reading from, to;
    bool good;

    for (unsigned i = 0; i < t->n; i++)
        refill(t, &t->pairs[i]);
    if (!keep_full(t, now + o->warmup_s * NS_PER_SECOND, UINT64_MAX)
        || !run_read_cpu(t->run, &from))
        return false;
    t->from_ns = from.ns;
    done_before = t->done;
    good = o->messages > 0 ? keep_full(t, UINT64_MAX, done_before + o->messages)
                           : keep_full(t, from.ns + o->duration_s * NS_PER_SECOND, UINT64_MAX);
    good = run_read_cpu(t->run, &to) && good;
    t->to_ns = to.ns;
    done_before = t->done - done_before;
    good = good && traffic_drain(t);
    traffic_report(t, &from, &to, done_before);
    return good;
}

static void pairs_run(struct run *r)
{
    struct traffic *t = mem_alloc(sizeof *t);

    if (traffic_init(t, r))
        measure(t);
    traffic_deinit(t);
    mem_free(t);
}

const struct mode pairs_mode = {
    .name = "pairs",
    .summary = "closed loop: throughput and CPU per message",
    .members = pairs_members,
    .run = pairs_run,
};
