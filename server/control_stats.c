/* control_stats.c: what a person, or a script, wants to know of a running server. */
#include "server/control_stats.h"

#include "base/datetime.h"
#include "server/metrics.h"

static void put(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

static uint64_t sum(const struct sample *s, unsigned first, unsigned count)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < count; i++)
        n += s->n[first + i];
    return n;
}

/* One member for each value of a range of counters. */
static json_t *by_name(const struct sample *s, unsigned first, unsigned count,
                       const char *(*name)(unsigned i))
{
    json_t *object = json_object();

    for (unsigned i = 0; i < count; i++)
        put(object, name(i), s->n[first + i]);
    return object;
}

static const struct {
    const char *name;
    unsigned first, count;
} totals[] = {
    { "sessions", COUNTER_SESSIONS, 1 },
    { "bound", COUNTER_BOUND, 1 },
    { "resumable", COUNTER_RESUMABLE, 1 },
    { "stanzas_in", COUNTER_STANZAS_IN, STANZA_KINDS },
    { "stanzas_out", COUNTER_STANZAS_OUT, STANZA_KINDS },
    { "archived", COUNTER_ARCHIVED, 1 },
    { "logins", COUNTER_LOGINS, LOGIN_CLASS_COUNT },
    { "failed_logins", COUNTER_FAILED_LOGINS, LOGIN_CLASS_COUNT },
    { "resumed", COUNTER_RESUMED, 1 },
    { "archive_queries", COUNTER_ARCHIVE_QUERIES, 1 },
};

static void add_totals(json_t *to, const struct sample *s)
{
    for (size_t i = 0; i < COUNT_OF(totals); i++)
        put(to, totals[i].name, sum(s, totals[i].first, totals[i].count));
    json_object_set_new(to, "connections",
                        by_name(s, COUNTER_CONNECTIONS, TRANSPORT_COUNT, transport_name));
    json_object_set_new(to, "refused",
                        by_name(s, COUNTER_EVENTS, EVENT_REASONS, event_reason_name));
}

/* A second, over about the last minute; of a server that has just started, since the start. */
static json_t *rates(const struct reading *r)
{
    static const struct {
        const char *name;
        unsigned first, count;
    } of[] = {
        { "connections", COUNTER_CONNECTED, TRANSPORT_COUNT },
        { "logins", COUNTER_LOGINS, LOGIN_CLASS_COUNT },
        { "failed_logins", COUNTER_FAILED_LOGINS, LOGIN_CLASS_COUNT },
        { "stanzas_in", COUNTER_STANZAS_IN, STANZA_KINDS },
        { "stanzas_out", COUNTER_STANZAS_OUT, STANZA_KINDS },
        { "archived", COUNTER_ARCHIVED, 1 },
    };
    double seconds = (double)(r->now.at_ms - r->before.at_ms) / 1000;
    json_t *object = json_object();

    json_object_set_new(object, "seconds", json_real(seconds));
    for (size_t i = 0; i < COUNT_OF(of); i++) {
        uint64_t n =
            sum(&r->now, of[i].first, of[i].count) - sum(&r->before, of[i].first, of[i].count);

        json_object_set_new(object, of[i].name, json_real(seconds > 0 ? (double)n / seconds : 0));
    }
    return object;
}

/* How long senders waited until what they sent was durable, over the same time. */
static json_t *commits(const struct reading *r)
{
    const struct store_stats *now = &r->now.store, *before = &r->before.store;
    struct histogram latency = histogram_since(&now->latency_us, &before->latency_us);
    struct histogram group = histogram_since(&now->group, &before->group);
    json_t *object = json_object();

    put(object, "write_sets", histogram_count(&latency));
    put(object, "commits", histogram_count(&group));
    put(object, "p50_us", histogram_percentile(&latency, 50));
    put(object, "p99_us", histogram_percentile(&latency, 99));
    put(object, "waiting", now->writes_waiting);
    put(object, "failed", now->failed - before->failed);
    return object;
}

static void add_store(json_t *to, const struct reading *r)
{
    put(to, "accounts", r->accounts);
    put(to, "messages", r->messages);
    put(to, "entries", r->entries);
    put(to, "file_bytes", r->file_bytes);
    put(to, "wal_bytes", r->wal_bytes);
    put(to, "free_bytes", r->free_bytes);
    put(to, "uploads", r->uploads);
    put(to, "upload_bytes", r->upload_bytes);
}

static void add_process(json_t *to, struct control_call *call, const struct reading *r)
{
    struct str end = datetime_text(&call->arena, r->certificate_end_ms);
    uint64_t lag_ms = 0;

    for (unsigned i = 0; i < r->workers; i++)
        lag_ms = r->lag_ms[i] > lag_ms ? r->lag_ms[i] : lag_ms;
    json_object_set_new(to, "version", json_string(SOTTO_VERSION));
    put(to, "uptime_s", (r->now_ms - r->started_ms) / 1000);
    put(to, "workers", r->workers);
    put(to, "lag_ms", lag_ms);
    put(to, "cpu_ms", r->cpu_us / 1000);
    put(to, "memory_bytes", r->resident_bytes);
    put(to, "open_files", r->open_fds);
    put(to, "max_files", r->max_fds);
    json_object_set_new(to, "disk", json_string(disk_level_name(r->disk)));
    put(to, "events_dropped", r->events_dropped);
    put(to, "disk_free_bytes", r->disk_free_bytes);
    put(to, "disk_bytes", r->disk_bytes);
    json_object_set_new(to, "certificate_end", json_stringn(end.p, end.n));
}

static json_t *anchor(const struct anchor_stats *a)
{
    json_t *object = json_object(), *drops = json_object();

    json_object_set_new(object, "up", json_boolean(a->connected));
    put(object, "starts", a->starts);
    put(object, "calls", a->totals[ANCHOR_TOTAL_CALLS]);
    put(object, "legs", a->totals[ANCHOR_TOTAL_LEGS]);
    put(object, "streams", a->totals[ANCHOR_TOTAL_STREAMS]);
    put(object, "received", a->totals[ANCHOR_TOTAL_RECEIVED]);
    put(object, "forwarded", a->totals[ANCHOR_TOTAL_FORWARDED]);
    for (unsigned i = 1; i < ANCHOR_DROPS; i++) /* 0: passed */
        put(drops, anchor_drop_text(i), a->drops[i]);
    json_object_set_new(object, "dropped", drops);
    return object;
}

static void answer(void *ctx, const struct reading *r)
{
    struct control_call *call = ctx;
    json_t *result;

    if (r == NULL) {
        control_fail(call, "io", STR("the store did not answer"));
        return;
    }
    result = json_object();
    add_process(result, call, r);
    add_store(result, r);
    add_totals(result, &r->now);
    json_object_set_new(result, "rates", rates(r));
    json_object_set_new(result, "durable", commits(r));
    json_object_set_new(result, "anchor", anchor(r->anchor));
    control_done(call, result);
}

void control_stats(struct control_call *call, struct meter *meter)
{
    meter_read(meter, answer, call);
}
