/* mode_idle.c: what a connected, silent session costs: memory, and CPU while nothing happens. */
#include "bench/load/clock.h"
#include "bench/load/modes.h"

static size_t idle_members(const struct options *o)
{
    return o->base + o->sessions;
}

/* The cost of one more session: growth between the base and the full number, so that what a server
 * loads or reserves once does not count. */
static void report(struct run *r, const struct proc_usage *before, const struct proc_usage *after)
{
    double sessions = (double)r->options->sessions, kib = 1024.0 * sessions;
    json_t *memory = json_object();

    json_object_set_new(memory, "rss_kib_per_session",
                        json_real(((double)after->rss - (double)before->rss) / kib));
    json_object_set_new(
        memory, "private_kib_per_session",
        json_real(((double)after->private_bytes - (double)before->private_bytes) / kib));
    json_object_set_new(memory, "rss_mib_before", json_real((double)before->rss / 1048576.0));
    json_object_set_new(memory, "rss_mib_after", json_real((double)after->rss / 1048576.0));
    json_object_set_new(r->report, "sessions", json_integer((json_int_t)r->options->sessions));
    json_object_set_new(r->report, "memory", memory);
}

static bool measure_memory(struct run *r)
{
    const struct options *o = r->options;
    struct proc_usage before, after;

    if (!run_log_in(r, 0, o->base) || !run_rest(r, o->settle_s) || !run_read_memory(r, &before))
        return false;
    if (!run_log_in(r, o->base, r->fleet.n) || !run_rest(r, o->settle_s)
        || !run_read_memory(r, &after))
        return false;
    report(r, &before, &after);
    return true;
}

static void idle_run(struct run *r)
{
    struct reading from, to;
    uint64_t session_seconds = r->fleet.n * r->options->hold_s;

    if (!measure_memory(r) || r->options->hold_s == 0)
        return;
    if (!run_read_cpu(r, &from) || !run_rest(r, r->options->hold_s) || !run_read_cpu(r, &to))
        return;
    json_object_set_new(r->report, "server",
                        run_cost_json(r, &from, &to, session_seconds, "session_second"));
    json_object_set_new(r->report, "machine", run_machine_json(&from, &to));
}

const struct mode idle_mode = {
    .name = "idle",
    .summary = "what an idle session costs the server",
    .members = idle_members,
    .run = idle_run,
};
