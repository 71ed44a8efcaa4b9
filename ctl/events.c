/* events.c: a table of events for people; the events themselves with --json. */
#include "ctl/events.h"

#include <stdio.h>
#include <time.h>

#include "base/datetime.h"
#include "base/mem.h"

enum { COUNT_MAX = 10 * 1000, SHORT = 8 };

/* ---- Options --------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint64_t s;
} units[] = {
    { "s", 1 },
    { "min", 60 },
    { "h", 3600 },
    { "d", 24 * 3600 },
};

/* 90min: so long ago. */
static bool read_age(struct str text, uint64_t *out_s)
{
    size_t digits = 0;
    uint64_t n;

    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
        digits++;
    if (str_to_u64(str_slice(text, 0, digits), UINT32_MAX, &n) != ERR_NONE)
        return false;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (str_is(str_skip(text, digits), units[i].name)) {
            *out_s = n * units[i].s;
            return true;
        }
    return false;
}

/* A time (XEP-0082), a day, or how long ago. */
static bool read_since(struct session *s, uint64_t *out_s)
{
    struct str text = str_from(s->since);
    uint64_t now_s = (uint64_t)time(NULL), age_s, at_ms;

    if (read_age(text, &age_s)) {
        *out_s = age_s < now_s ? now_s - age_s : 1;
        return true;
    }
    if (str_find(text, 'T') == text.n)
        text = arena_concat(&s->arena, text, STR("T00:00:00Z"));
    if (datetime_read(text, &at_ms) != ERR_NONE)
        return false;
    *out_s = at_ms >= 1000 ? at_ms / 1000 : 1;
    return true;
}

static bool add_options(struct session *s)
{
    uint64_t value;

    if (s->type != NULL)
        json_object_set_new(s->request, "type", json_string(s->type));
    if (s->since != NULL) {
        if (!read_since(s, &value))
            return false;
        json_object_set_new(s->request, "since", json_integer((json_int_t)value));
    }
    if (s->count != NULL) {
        if (str_to_u64(str_from(s->count), COUNT_MAX, &value) != ERR_NONE || value == 0)
            return false;
        json_object_set_new(s->request, "count", json_integer((json_int_t)value));
    }
    return true;
}

/* ---- The table ------------------------------------------------------------------------------------- */

static const char *member(const json_t *event, const char *name)
{
    const char *text = json_string_value(json_object_get(event, name));

    return text != NULL ? text : "";
}

static long long number(const json_t *event, const char *name)
{
    return (long long)json_integer_value(json_object_get(event, name));
}

/* The beginning of a pseudonym is enough to see which lines belong together. */
static const char *shortened(const char *pseudonym)
{
    return pseudonym[0] != '\0' ? pseudonym : "-";
}

static void print_head(void)
{
    printf("%-20s %-12s %-15s %5s  %-8s %-8s %-8s %s\n", "time", "type", "reason", "times",
           "account", "to", "network", "");
}

static void print_event(const json_t *event)
{
    struct arena a = { 0 };
    struct str at = datetime_text(&a, (uint64_t)number(event, "t") * 1000);
    const json_t *net = json_object_get(event, "net");
    long long n = number(event, "n");

    printf("%.19sZ %-12s %-15s %5lld  %-8.*s %-8.*s %-8.*s %s\n", at.p, member(event, "type"),
           member(event, "reason_code"), n > 0 ? n : 1, SHORT, shortened(member(event, "actor")),
           SHORT, shortened(member(event, "target")), SHORT, shortened(member(net, "ip24")),
           member(event, "rule"));
    arena_deinit(&a);
}

static void print_all(const struct session *s, const json_t *events)
{
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);

        if (s->json) {
            json_dumpf(event, stdout, JSON_COMPACT);
            putchar('\n');
        } else {
            print_event(event);
        }
    }
    fflush(stdout);
}

/* ---- The command ----------------------------------------------------------------------------------- */

/* Ends when the server does, or the reader of our output. */
static int follow(struct session *s, json_t *events)
{
    int status = STATUS_DONE;

    json_object_del(s->request, "count");
    json_object_set_new(s->request, "wait", json_true());
    while (status == STATUS_DONE) {
        print_all(s, events);
        for (size_t i = 0; i < json_array_size(events); i++)
            json_object_set(s->request, "after", json_object_get(json_array_get(events, i), "seq"));
        json_decref(events);
        if (ferror(stdout))
            return STATUS_FAILED;
        status = session_ask(s, &events);
    }
    return status;
}

int events_run(struct session *s)
{
    json_t *events;
    int status;

    if (!add_options(s))
        return session_fail(s, STATUS_USAGE, "usage",
                            "--since takes a time, a day, or how long ago: 2026-01-31, 90min, 2d; "
                            "--count a number from 1 to 10000");
    status = session_ask(s, &events);
    if (status != STATUS_DONE)
        return status;
    if (!s->json)
        print_head();
    if (s->follow)
        return follow(s, events);
    if (!s->json)
        print_all(s, events);
    return session_answer(s, events);
}
