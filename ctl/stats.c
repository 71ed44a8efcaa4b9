/* stats.c: one screen of figures. */
#include "ctl/stats.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { DAY_S = 24 * 3600, HOUR_S = 3600, MINUTE_S = 60 };

static long long number(const json_t *o, const char *name)
{
    return (long long)json_integer_value(json_object_get(o, name));
}

static const char *text(const json_t *o, const char *name)
{
    const char *value = json_string_value(json_object_get(o, name));

    return value != NULL ? value : "";
}

static const char *bytes(char out[32], long long n)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
    double value = (double)n;
    size_t unit = 0;

    for (; value >= 1000 && unit + 1 < COUNT_OF(units); unit++)
        value /= 1000;
    snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return out;
}

static const char *duration(char out[32], long long s)
{
    if (s >= DAY_S)
        snprintf(out, 32, "%lld d %lld h", s / DAY_S, s % DAY_S / HOUR_S);
    else if (s >= HOUR_S)
        snprintf(out, 32, "%lld h %lld min", s / HOUR_S, s % HOUR_S / MINUTE_S);
    else
        snprintf(out, 32, "%lld min %lld s", s / MINUTE_S, s % MINUTE_S);
    return out;
}

/* "plaintext 3, keys 1", or nothing if all are 0. */
static void print_nonzero(const char *title, const json_t *object)
{
    const char *name, *before = title;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        if (json_integer_value(value) == 0)
            continue;
        printf("%s%s%s %lld", before, before == title ? "" : " ", name,
               (long long)json_integer_value(value));
        before = ",";
    }
    if (before != title)
        printf("\n");
}

static double rate(const json_t *stats, const char *name)
{
    return json_number_value(json_object_get(json_object_get(stats, "rates"), name));
}

static void print_process(const json_t *s)
{
    char up[32], memory[32];

    printf("version       %s, up %s, %lld workers\n", text(s, "version"),
           duration(up, number(s, "uptime_s")), number(s, "workers"));
    printf("process       %s memory, %.1f s processor, %lld of %lld files, loops late by %lld ms\n",
           bytes(memory, number(s, "memory_bytes")), (double)number(s, "cpu_ms") / 1000,
           number(s, "open_files"), number(s, "max_files"), number(s, "lag_ms"));
    printf("certificate   ends %s\n", text(s, "certificate_end"));
}

static void print_people(const json_t *s)
{
    const json_t *open = json_object_get(s, "connections");

    printf("accounts      %lld\n", number(s, "accounts"));
    printf("sessions      %lld bound, of those %lld wait to be resumed\n", number(s, "bound"),
           number(s, "resumable"));
    printf("connections   %lld STARTTLS, %lld TLS, %lld WebSocket\n", number(open, "starttls"),
           number(open, "tls"), number(open, "websocket"));
    printf("logins        %lld, failed %lld, resumed %lld\n", number(s, "logins"),
           number(s, "failed_logins"), number(s, "resumed"));
    printf("stanzas       %lld received, %lld sent; %lld messages archived\n",
           number(s, "stanzas_in"), number(s, "stanzas_out"), number(s, "archived"));
    print_nonzero("refused       ", json_object_get(s, "refused"));
}

static void print_store(const json_t *s)
{
    const json_t *durable = json_object_get(s, "durable");
    char file[32], wal[32], unused[32], uploads[32], left[32], disk[32];

    printf("database      %s (%s unused), log %s; %lld messages\n",
           bytes(file, number(s, "file_bytes")), bytes(unused, number(s, "free_bytes")),
           bytes(wal, number(s, "wal_bytes")), number(s, "messages"));
    printf("uploads       %lld, %s\n", number(s, "uploads"),
           bytes(uploads, number(s, "upload_bytes")));
    printf("disk          %s: %s of %s free\n", text(s, "disk"),
           bytes(left, number(s, "disk_free_bytes")), bytes(disk, number(s, "disk_bytes")));
    printf("\nLast %.0f s, a second: %.1f connections, %.1f logins, %.1f failed, %.1f stanzas "
           "received, %.1f sent, %.1f archived\n",
           rate(s, "seconds"), rate(s, "connections"), rate(s, "logins"), rate(s, "failed_logins"),
           rate(s, "stanzas_in"), rate(s, "stanzas_out"), rate(s, "archived"));
    printf("durable after p50 %.1f ms, p99 %.1f ms (%lld write-sets in %lld commits, %lld wait)\n",
           (double)number(durable, "p50_us") / 1000, (double)number(durable, "p99_us") / 1000,
           number(durable, "write_sets"), number(durable, "commits"), number(durable, "waiting"));
}

static void print_anchor(const json_t *s)
{
    const json_t *anchor = json_object_get(s, "anchor");

    if (!json_is_true(json_object_get(anchor, "up"))) {
        printf("anchor        does not run: calls have no media\n");
        return;
    }
    printf("anchor        %lld calls; %lld packets received, %lld forwarded\n",
           number(anchor, "calls"), number(anchor, "received"), number(anchor, "forwarded"));
    print_nonzero("dropped       ", json_object_get(anchor, "dropped"));
}

void stats_print(const json_t *stats)
{
    print_process(stats);
    print_people(stats);
    print_store(stats);
    print_anchor(stats);
}
