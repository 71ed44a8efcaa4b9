/* mode_login.c: what a login costs: connection, TLS handshake, SASL, binding, presence, and its end. */
#include "bench/load/clock.h"
#include "bench/load/modes.h"

/* A number of logins over a few slots; a slot is free again when its stream has ended. */
struct logins {
    struct run *run;
    uint64_t wanted, started, finished;
    uint64_t rate; /* per second; 0: as fast as the slots allow */
    uint64_t begin_ns;
    struct member **free;
    size_t free_n;
    struct histogram latency; /* from connect() to the answer that settles the session */
};

static size_t login_members(const struct options *o)
{
    return o->concurrency < o->logins ? o->concurrency : o->logins;
}

static uint64_t due_ns(const struct logins *l)
{
    return l->rate > 0 ? l->begin_ns + l->started * NS_PER_SECOND / l->rate : 0;
}

static bool start_due(struct logins *l)
{
    const struct options *o = l->run->options;

    while (l->free_n > 0 && l->started < l->wanted && due_ns(l) <= clock_ns()) {
        struct member *m = l->free[--l->free_n];
        unsigned account = (unsigned)(o->first_account + l->started++ % o->accounts);

        if (fleet_open(&l->run->fleet, m, account, m->index) != ERR_NONE)
            return run_fail(l->run, RUN_FAILED, "connecting to %s:%llu: %s", o->host,
                            (unsigned long long)o->port, wire_reason());
    }
    return true;
}

static bool take_event(struct logins *l, const struct fleet_event *event)
{
    switch (event->kind) {
    case FLEET_READY:
        histogram_add(&l->latency, clock_ns() - event->member->opened_ns);
        fleet_close(&l->run->fleet, event->member);
        return true;
    case FLEET_CLOSED:
        l->finished++;
        l->free[l->free_n++] = event->member;
        return true;
    case FLEET_LOST: return run_lost(l->run, event);
    default: return true;
    }
}

static bool run_logins(struct logins *l, uint64_t wanted, uint64_t rate)
{
    struct fleet *f = &l->run->fleet;
    struct fleet_event event;

    l->wanted = wanted;
    l->started = l->finished = 0;
    l->rate = rate;
    l->begin_ns = clock_ns();
    l->free_n = 0;
    for (size_t i = 0; i < f->n; i++)
        l->free[l->free_n++] = &f->members[i];
    histogram_reset(&l->latency);
    while (l->finished < l->wanted) {
        uint64_t soon = clock_ns() + 100 * NS_PER_MS;

        if (!start_due(l))
            return false;
        fleet_turn(f,
                   l->started < l->wanted && l->free_n > 0 && due_ns(l) < soon ? due_ns(l) : soon);
        while (fleet_next(f, &event))
            if (!take_event(l, &event))
                return false;
        run_progress(l->run, "%llu of %llu logins", (unsigned long long)l->finished,
                     (unsigned long long)l->wanted);
    }
    return true;
}

static void report(struct logins *l, const struct reading *from, const struct reading *to)
{
    json_t *out = l->run->report;
    double seconds = (double)(to->ns - from->ns) / (double)NS_PER_SECOND;

    json_object_set_new(out, "logins", json_integer((json_int_t)l->finished));
    json_object_set_new(out, "seconds", json_real(seconds));
    json_object_set_new(out, "logins_per_second", json_real((double)l->finished / seconds));
    json_object_set_new(out, "server", run_cost_json(l->run, from, to, l->finished, "login"));
    json_object_set_new(out, "login_latency_us", run_latency_json(&l->latency));
    json_object_set_new(out, "machine", run_machine_json(from, to));
    json_object_set_new(out, "generator", run_generator_json(from, to, l->finished, "login"));
}

static void login_run(struct run *r)
{
    const struct options *o = r->options;
    uint64_t accounts = o->accounts < o->logins ? o->accounts : o->logins;
    struct logins *l = mem_alloc(sizeof *l);
    struct reading from, to;

    l->run = r;
    l->free = mem_alloc(r->fleet.n * sizeof(struct member *));
    /* Each account once beforehand: the generator then knows all salted keys, the server its files. */
    if (run_logins(l, accounts, 0) && run_read_cpu(r, &from)
        && run_logins(l, o->logins, o->login_rate) && run_read_cpu(r, &to))
        report(l, &from, &to);
    mem_free(l->free);
    mem_free(l);
}

const struct mode login_mode = {
    .name = "login",
    .summary = "what a login costs the server",
    .members = login_members,
    .run = login_run,
};
