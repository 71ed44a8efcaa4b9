/* report.c: parts of the JSON report, and the same as a table for people. */
#include "bench/load/run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/load/clock.h"

enum { NAME_SIZE = 96 };

static double rounded(double value)
{
    return round(value * 1000.0) / 1000.0;
}

static void set_real(json_t *object, const char *name, double value)
{
    json_object_set_new(object, name, json_real(isfinite(value) ? rounded(value) : 0.0));
}

static void set_count(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

json_t *run_latency_json(const struct histogram *h)
{
    static const struct {
        const char *name;
        double percent;
    } points[] = {
        { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p99.9", 99.9 }, { "max", 100 },
    };
    json_t *out = json_object();

    set_count(out, "count", h->total);
    set_real(out, "mean", histogram_mean(h) / 1000.0);
    for (size_t i = 0; i < COUNT_OF(points); i++)
        set_real(out, points[i].name, (double)histogram_at(h, points[i].percent) / 1000.0);
    return out;
}

static void set_per(json_t *out, const char *what, double total, uint64_t count, const char *unit)
{
    char name[NAME_SIZE];

    snprintf(name, sizeof name, "%s_per_%s", what, unit);
    set_real(out, name, count > 0 ? total / (double)count : 0.0);
}

json_t *run_cost_json(const struct run *r, const struct reading *from, const struct reading *to,
                      uint64_t count, const char *unit)
{
    const struct proc_usage *a = &from->server, *b = &to->server;
    double seconds = (double)(to->ns - from->ns) / (double)NS_PER_SECOND;
    double cpu_us = (double)b->cpu_us - (double)a->cpu_us;
    json_t *out = json_object();

    if (r->options->server.n == 0 || b->processes == 0)
        return out; /* nothing was named, or it is gone */
    set_count(out, "processes", b->processes);
    set_count(out, "threads", b->threads);
    set_per(out, "cpu_us", cpu_us, count, unit);
    set_per(out, "user_us", (double)b->user_us - (double)a->user_us, count, unit);
    set_real(out, "cpu_percent", cpu_us / seconds / 1e4);
    /* Threads that ended took their counts with them, so a difference can be negative. */
    set_per(out, "voluntary_switches", fmax(0, (double)b->voluntary - (double)a->voluntary), count,
            unit);
    set_per(out, "involuntary_switches", fmax(0, (double)b->involuntary - (double)a->involuntary),
            count, unit);
    return out;
}

json_t *run_generator_json(const struct reading *from, const struct reading *to, uint64_t count,
                           const char *unit)
{
    double seconds = (double)(to->ns - from->ns) / (double)NS_PER_SECOND;
    double cpu_us = (double)(to->own_cpu_us - from->own_cpu_us);
    json_t *out = json_object();

    set_per(out, "cpu_us", cpu_us, count, unit);
    set_real(out, "cpu_percent", cpu_us / seconds / 1e4);
    return out;
}

/* What else ran: figures taken beside other work are worth less. 100 % is the whole machine. */
json_t *run_machine_json(const struct reading *from, const struct reading *to)
{
    unsigned cores = to->machine.cores;
    double whole_us = (double)(to->ns - from->ns) / 1000.0 * cores;
    double busy_us = (double)to->machine.busy_us - (double)from->machine.busy_us;
    double ours_us = (double)to->server.cpu_us - (double)from->server.cpu_us
                     + (double)to->own_cpu_us - (double)from->own_cpu_us;
    double stolen_us = (double)to->machine.stolen_us - (double)from->machine.stolen_us;
    json_t *out = json_object();

    set_count(out, "cores", cores);
    set_real(out, "busy_percent", 100.0 * busy_us / whole_us);
    set_real(out, "other_cpu_percent", fmax(0, 100.0 * (busy_us - ours_us) / whole_us));
    set_real(out, "stolen_percent", 100.0 * stolen_us / whole_us);
    return out;
}

static void print_value(const char *prefix, const char *name, const json_t *value, FILE *out)
{
    char whole[NAME_SIZE];
    const char *key;
    json_t *inner;

    snprintf(whole, sizeof whole, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", name);
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        json_object_foreach((json_t *)value, key, inner) print_value(whole, key, inner, out);
        break;
    case JSON_STRING: fprintf(out, "%-44s %16s\n", whole, json_string_value(value)); break;
    case JSON_INTEGER:
        fprintf(out, "%-44s %16lld\n", whole, (long long)json_integer_value(value));
        break;
    case JSON_REAL: fprintf(out, "%-44s %16.2f\n", whole, json_real_value(value)); break;
    case JSON_TRUE: fprintf(out, "%-44s %16s\n", whole, "yes"); break;
    case JSON_FALSE: fprintf(out, "%-44s %16s\n", whole, "no"); break;
    default: break;
    }
}

void run_print(const struct run *r, FILE *out)
{
    const char *key;
    json_t *value;

    json_object_foreach(r->report, key, value) if (strcmp(key, "options") != 0)
        print_value("", key, value, out);
}
