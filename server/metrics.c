/* metrics.c: families of metrics, each with its help and type. */
#include "server/metrics.h"

#include <stdio.h>

enum { US = 1000000, MS = 1000 };
/* Buckets of histogram.h: from 100 µs to 5 s, and from 1 to 500 write-sets. */
enum { LATENCY_FIRST = 6, LATENCY_LAST = 20, GROUP_FIRST = 0, GROUP_LAST = 8 };

/* ---- Values of labels ------------------------------------------------------------------------ */

const char *transport_name(unsigned transport)
{
    static const char *const names[TRANSPORT_COUNT] = { "starttls", "tls", "websocket" };

    return names[transport];
}

const char *login_class_name(unsigned class)
{
    static const char *const names[LOGIN_CLASS_COUNT] = { "plain", "scram", "scram-plus", "fast" };

    return names[class];
}

const char *stanza_kind_name(unsigned kind)
{
    static const char *const names[STANZA_KINDS] = { "message", "presence", "iq" };

    return names[kind];
}

const char *disk_level_name(unsigned level)
{
    static const char *const names[] = { "roomy", "low", "lower", "lowest" };

    return names[level];
}

static const char *condition_name(unsigned condition)
{
    return stream_condition_text((enum stream_condition)condition);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static void add(struct buf *out, const char *text)
{
    buf_add(out, str_from(text));
}

static void family(struct buf *out, const char *name, const char *type, const char *help)
{
    const char *const parts[] = { "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n" };

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        add(out, parts[i]);
}

/* name{label="text"} without its value. */
static void series(struct buf *out, const char *name, const char *label, const char *text)
{
    add(out, name);
    if (label != NULL) {
        add(out, "{");
        add(out, label);
        add(out, "=\"");
        add(out, text);
        add(out, "\"}");
    }
    add(out, " ");
}

/* A whole number of parts, of which `unit` make one: 1500 of 1000 is 1.5. */
static void decimal(struct buf *out, uint64_t parts, uint64_t unit)
{
    buf_add_u64(out, parts / unit);
    parts %= unit;
    if (parts > 0)
        add(out, ".");
    while (parts > 0) {
        parts *= 10;
        buf_add_char(out, (char)('0' + parts / unit));
        parts %= unit;
    }
}

static void one(struct buf *out, const char *name, const char *type, const char *help,
                uint64_t parts, uint64_t unit)
{
    family(out, name, type, help);
    series(out, name, NULL, NULL);
    decimal(out, parts, unit);
    add(out, "\n");
}

static void bucket(struct buf *out, const char *name, uint64_t bound, uint64_t unit, uint64_t n)
{
    add(out, name);
    add(out, "_bucket{le=\"");
    if (bound > 0)
        decimal(out, bound, unit);
    else
        add(out, "+Inf");
    add(out, "\"} ");
    buf_add_u64(out, n);
    add(out, "\n");
}

static void histogram(struct buf *out, const char *name, const char *help,
                      const struct histogram *h, size_t first, size_t last, uint64_t unit)
{
    uint64_t n = 0;

    family(out, name, "histogram", help);
    for (size_t i = 0; i <= last; i++) {
        n += h->n[i];
        if (i >= first)
            bucket(out, name, histogram_bound(i), unit, n);
    }
    bucket(out, name, 0, 1, histogram_count(h));
    add(out, name);
    add(out, "_sum ");
    decimal(out, h->sum, unit);
    add(out, "\n");
    add(out, name);
    add(out, "_count ");
    buf_add_u64(out, histogram_count(h));
    add(out, "\n");
}

/* ---- What workers count ---------------------------------------------------------------------- */

static const struct {
    unsigned first, count; /* enum counter */
    const char *name, *type, *label;
    const char *(*value)(unsigned i);
    const char *help;
} counted[] = {
    { COUNTER_CONNECTIONS, TRANSPORT_COUNT, "sotto_connections", "gauge", "transport",
      transport_name, "XMPP connections that are open, logged in or not." },
    { COUNTER_BOUND, 1, "sotto_sessions", "gauge", NULL, NULL,
      "Sessions that have bound a resource, those that wait to be resumed included." },
    { COUNTER_RESUMABLE, 1, "sotto_sessions_resumable", "gauge", NULL, NULL,
      "Sessions without a connection that wait to be resumed." },
    { COUNTER_CONNECTED, TRANSPORT_COUNT, "sotto_connections_total", "counter", "transport",
      transport_name, "XMPP connections accepted." },
    { COUNTER_LOGINS, LOGIN_CLASS_COUNT, "sotto_logins_total", "counter", "mechanism",
      login_class_name, "Successful logins." },
    { COUNTER_FAILED_LOGINS, LOGIN_CLASS_COUNT, "sotto_failed_logins_total", "counter", "mechanism",
      login_class_name, "Logins that failed." },
    { COUNTER_RESUMED, 1, "sotto_resumptions_total", "counter", NULL, NULL,
      "Sessions resumed on a new connection (XEP-0198)." },
    { COUNTER_NOT_RESUMED, 1, "sotto_failed_resumptions_total", "counter", NULL, NULL,
      "Resumptions asked for that were not possible." },
    { COUNTER_STANZAS_IN, STANZA_KINDS, "sotto_stanzas_received_total", "counter", "kind",
      stanza_kind_name, "Stanzas that clients sent." },
    { COUNTER_STANZAS_OUT, STANZA_KINDS, "sotto_stanzas_sent_total", "counter", "kind",
      stanza_kind_name, "Stanzas put before clients, copies included." },
    { COUNTER_ARCHIVED, 1, "sotto_messages_archived_total", "counter", NULL, NULL,
      "Messages stored." },
    { COUNTER_ARCHIVE_QUERIES, 1, "sotto_archive_queries_total", "counter", NULL, NULL,
      "Pages of history that clients asked for (XEP-0313)." },
    { COUNTER_PUSHES, 1, "sotto_pushes_total", "counter", NULL, NULL,
      "Devices woken through their app servers (XEP-0357)." },
    { COUNTER_PUSHES_FAILED, 1, "sotto_failed_pushes_total", "counter", NULL, NULL,
      "Of those: what an app server refused, or could not be reached with." },
    { COUNTER_CALL_LEFT_OUT, 1, "sotto_call_left_out_elements_total", "counter", NULL, NULL,
      "Elements of what devices told each other in calls that did not go on: nobody needs them." },
    { COUNTER_EVENTS, EVENT_REASONS, "sotto_refusals_total", "counter", "reason", event_reason_name,
      "What was refused, held up or noted, by the reasons of docs/events.md." },
    { COUNTER_STREAM_ERRORS, STREAM_CONDITIONS, "sotto_stream_errors_total", "counter", "condition",
      condition_name, "Streams that the server ended with an error." },
};

static void write_counted(struct buf *out, const struct sample *s)
{
    for (size_t i = 0; i < COUNT_OF(counted); i++) {
        family(out, counted[i].name, counted[i].type, counted[i].help);
        for (unsigned k = 0; k < counted[i].count; k++) {
            series(out, counted[i].name, counted[i].label,
                   counted[i].value != NULL ? counted[i].value(k) : NULL);
            buf_add_u64(out, s->n[counted[i].first + k]);
            add(out, "\n");
        }
    }
}

static void write_lag(struct buf *out, const struct reading *r)
{
    static const char name[] = "sotto_worker_lag_seconds";
    char number[16];

    family(out, name, "gauge", "How late the loop of a worker ran its last timer.");
    for (unsigned i = 0; i < r->workers; i++) {
        snprintf(number, sizeof number, "%u", i);
        series(out, name, "worker", number);
        decimal(out, r->lag_ms[i], MS);
        add(out, "\n");
    }
}

/* ---- The store, the disk, the process -------------------------------------------------------- */

static void write_store(struct buf *out, const struct reading *r)
{
    const struct store_stats *s = &r->now.store;

    histogram(out, "sotto_store_commit_seconds",
              "From submission of a write-set until it was durable.", &s->latency_us, LATENCY_FIRST,
              LATENCY_LAST, US);
    histogram(out, "sotto_store_commit_group", "Write-sets that one commit made durable.",
              &s->group, GROUP_FIRST, GROUP_LAST, 1);
    one(out, "sotto_store_failed_total", "counter",
        "Write-sets that could not be written, such as onto a full disk.", s->failed, 1);
    one(out, "sotto_store_queries_total", "counter", "Queries answered.", s->queries, 1);
    one(out, "sotto_store_writes_waiting", "gauge", "Write-sets that wait for the writer.",
        s->writes_waiting, 1);
    one(out, "sotto_store_queries_waiting", "gauge", "Queries that wait for a reader.",
        s->queries_waiting, 1);
    one(out, "sotto_accounts", "gauge", "Accounts.", r->accounts, 1);
    one(out, "sotto_messages_stored", "gauge", "Messages in the archive.", r->messages, 1);
    one(out, "sotto_database_bytes", "gauge", "Size of the database.", r->file_bytes, 1);
    one(out, "sotto_database_unused_bytes", "gauge", "Of that, free to be used again.",
        r->free_bytes, 1);
    one(out, "sotto_database_wal_bytes", "gauge", "Size of its write-ahead log.", r->wal_bytes, 1);
    one(out, "sotto_uploads", "gauge", "Uploaded files that are kept.", r->uploads, 1);
    one(out, "sotto_upload_bytes", "gauge", "Their size.", r->upload_bytes, 1);
    one(out, "sotto_uploads_total", "counter", "Files uploaded.", s->uploads, 1);
    one(out, "sotto_uploads_bytes_total", "counter", "Their size.", s->upload_bytes, 1);
    one(out, "sotto_registrations_total", "counter", "Accounts made.", s->rows[ROW_ACCOUNT_NEW], 1);
    one(out, "sotto_removals_total", "counter", "Accounts removed.", s->rows[ROW_ACCOUNT_GONE], 1);
    one(out, "sotto_invitations_created_total", "counter", "Invitations made.", s->rows[ROW_INVITE],
        1);
    one(out, "sotto_invitations_used_total", "counter", "Invitations used.",
        s->rows[ROW_INVITE_USED], 1);
}

static void write_machine(struct buf *out, const struct reading *r)
{
    one(out, "sotto_events_dropped_total", "counter",
        "Events counted but not kept: too many at once, or no room on the disk.", r->events_dropped,
        1);
    one(out, "sotto_disk_free_bytes", "gauge", "Free space where the database lies.",
        r->disk_free_bytes, 1);
    one(out, "sotto_disk_bytes", "gauge", "Size of that disk.", r->disk_bytes, 1);
    one(out, "sotto_disk_level", "gauge",
        "0: roomy; 1: no registrations, no uploads; 2: no messages of non-contacts either; 3: no "
        "messages.",
        r->disk, 1);
    one(out, "sotto_tls_certificate_end_timestamp_seconds", "gauge",
        "When the certificate ends, since the epoch.", r->certificate_end_ms, MS);
    one(out, "sotto_process_start_time_seconds", "gauge",
        "When the server process started, since the epoch.", r->started_ms, MS);
    one(out, "sotto_process_cpu_seconds_total", "counter", "Processor time used.", r->cpu_us, US);
    one(out, "sotto_process_resident_memory_bytes", "gauge", "Memory in use.", r->resident_bytes,
        1);
    one(out, "sotto_process_open_fds", "gauge", "Open descriptors.", r->open_fds, 1);
    one(out, "sotto_process_max_fds", "gauge", "Descriptors that may be open.", r->max_fds, 1);
}

static void write_anchor(struct buf *out, const struct anchor_stats *a)
{
    static const struct {
        const char *name, *type, *help;
    } totals[ANCHOR_TOTAL_COUNT] = {
        [ANCHOR_TOTAL_CALLS] = { "sotto_anchor_calls", "gauge",
                                 "Calls of which the anchor knows." },
        [ANCHOR_TOTAL_LEGS] = { "sotto_anchor_legs", "gauge", "Their transports, of both sides." },
        [ANCHOR_TOTAL_RECEIVED] = { "sotto_anchor_received_packets_total", "counter",
                                    "Packets that came to the anchor." },
        [ANCHOR_TOTAL_FORWARDED] = { "sotto_anchor_forwarded_packets_total", "counter",
                                     "Packets that went on to the other side." },
        [ANCHOR_TOTAL_RECEIVED_OCTETS] = { "sotto_anchor_received_bytes_total", "counter",
                                           "Their bytes, as they came." },
        [ANCHOR_TOTAL_FORWARDED_OCTETS] = { "sotto_anchor_forwarded_bytes_total", "counter",
                                            "Bytes that went on." },
        [ANCHOR_TOTAL_CHECKS] = { "sotto_anchor_checks_total", "counter",
                                  "Checks of ICE that the anchor sent." },
        [ANCHOR_TOTAL_DROPPED] = { "sotto_anchor_dropped_packets_total", "counter",
                                   "Packets that went nowhere, at once." },
        [ANCHOR_TOTAL_STREAMS] = { "sotto_anchor_streams", "gauge",
                                   "Connections of clients without UDP that the anchor has." },
        [ANCHOR_TOTAL_FULL] = { "sotto_anchor_full_packets_total", "counter",
                                "Packets lost because a connection did not take them." },
    };
    static const char dropped[] = "sotto_anchor_drops_total";

    one(out, "sotto_anchor_up", "gauge", "1: the media anchor runs.", a->connected, 1);
    one(out, "sotto_anchor_starts_total", "counter", "Starts of the media anchor.", a->starts, 1);
    for (size_t i = 0; i < ANCHOR_TOTAL_COUNT; i++)
        one(out, totals[i].name, totals[i].type, totals[i].help, a->totals[i], 1);
    family(out, dropped, "counter", "The same by reason, as told by the anchor.");
    for (unsigned i = 1; i < ANCHOR_DROPS; i++) { /* 0: passed */
        series(out, dropped, "reason", anchor_drop_text(i));
        buf_add_u64(out, a->drops[i]);
        add(out, "\n");
    }
}

void metrics_write(struct buf *out, const struct reading *r)
{
    family(out, "sotto_build_info", "gauge", "Always 1.");
    series(out, "sotto_build_info", "version", SOTTO_VERSION);
    add(out, "1\n");
    write_counted(out, &r->now);
    write_lag(out, r);
    write_store(out, r);
    write_machine(out, r);
    write_anchor(out, r->anchor);
}
