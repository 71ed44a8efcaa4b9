/* live_events.c: what a live server wrote of events, and that it holds nobody's name and no address. */
#include <dirent.h>
#include <stdio.h>

#include "test/script/live_inside.h"

enum { EVENTS_BYTES = 17 * 1024 * 1024 };

static void add_file(struct buf *out, const char *path)
{
    FILE *f = fopen(path, "rb");
    char piece[4096];

    if (f == NULL)
        return;
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(out, (struct str){ piece, n });
    fclose(f);
}

static void read_events(const struct live *l, struct buf *out)
{
    const char *path = arena_printf(l->arena, "%.*s/data/events", STR_ARG(l->folder)).p;
    DIR *folder = opendir(path);

    buf_init(out, EVENTS_BYTES);
    for (const struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;)
        if (str_ends(str_from(e->d_name), STR(".jsonl")))
            add_file(out, arena_printf(l->arena, "%s/%s", path, e->d_name).p);
    if (folder != NULL)
        closedir(folder);
}

static bool holds(struct str text, struct str part)
{
    while (text.n >= part.n && !str_starts(text, part))
        text = str_skip(text, 1);
    return text.n >= part.n;
}

bool live_noted(struct live *l, struct str reason)
{
    struct str part = arena_printf(l->arena, "\"reason_code\":\"%.*s\"", STR_ARG(reason));
    struct buf events;
    bool noted;

    if (l->pid > 0)
        live_wait_still(l->pid);
    read_events(l, &events);
    noted = holds(buf_str(&events), part);
    buf_deinit(&events);
    return noted;
}

bool live_events_tell_nobody(const struct live *l)
{
    static const struct str told[] = { STR_INIT("@"), STR_INIT("alice"), STR_INIT("bob"),
                                       STR_INIT("sotto.test"), STR_INIT("127.") };
    struct buf events;
    bool tells = false;

    read_events(l, &events);
    for (size_t i = 0; i < COUNT_OF(told); i++)
        tells |= holds(buf_str(&events), told[i]);
    buf_deinit(&events);
    return !tells;
}
