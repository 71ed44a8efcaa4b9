/* event_file.c: a ring of segments. */
#include "server/event_file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/file.h"

enum { DAY_S = 24 * 3600, NAME_CHARS = 29, NAMES_MAX = 1024 };

struct segment {
    uint64_t day, first;
    char name[NAME_CHARS + 1];
};

struct segments {
    struct segment *list; /* in order of their lines */
    size_t count;
};

/* ---- Names ----------------------------------------------------------------------------------------- */

static bool read_name(const char *name, struct segment *out)
{
    struct str text = str_from(name), day = str_split(&text, '-'), first = str_split(&text, '.');

    return strlen(name) == NAME_CHARS && day.n == 6 && first.n == 16 && str_is(text, "jsonl")
           && str_to_u64(day, UINT64_MAX, &out->day) == ERR_NONE
           && str_to_u64(first, UINT64_MAX, &out->first) == ERR_NONE
           && memcpy(out->name, name, sizeof out->name) != NULL;
}

static int compare(const void *x, const void *y)
{
    const struct segment *a = x, *b = y;

    return a->first < b->first ? -1 : a->first > b->first;
}

static enum err list_segments(int folder_fd, struct arena *a, struct segments *out)
{
    int fd = dup(folder_fd);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    size_t n = 0;

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return ERR_IO;
    }
    out->list = arena_alloc(a, NAMES_MAX * sizeof *out->list);
    rewinddir(folder);
    for (const struct dirent *e; n < NAMES_MAX && (e = readdir(folder)) != NULL;)
        n += read_name(e->d_name, &out->list[n]);
    closedir(folder);
    qsort(out->list, n, sizeof *out->list, compare);
    out->count = n;
    return ERR_NONE;
}

static enum err read_segment(int folder_fd, const char *name, struct buf *out)
{
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    enum err e = fd >= 0 ? file_read_fd(fd, out) : ERR_IO;

    if (fd >= 0)
        close(fd);
    return e;
}

/* ---- Opening --------------------------------------------------------------------------------------- */

/* The lines of `text` that are whole; *out_seq becomes the number of the last that has one. */
static size_t whole_lines(struct str text, uint64_t *out_seq)
{
    struct arena a = { 0 };
    struct event_line l;
    size_t end = str_find_last(text, '\n');
    struct str rest = { text.p, end < text.n ? end + 1 : 0 }, line;
    size_t whole = rest.n;

    while (rest.n > 0) {
        line = str_split(&rest, '\n');
        if (event_line_read(&a, line, &l) == ERR_NONE && l.seq > *out_seq)
            *out_seq = l.seq;
        arena_deinit(&a);
    }
    return whole;
}

/* The newest segment is written on: a torn line at its end goes, and the numbers go on behind its last. */
static enum err take_up(struct event_file *f, const struct segment *newest)
{
    uint64_t last = newest->first > 0 ? newest->first - 1 : 0;
    struct buf text;
    enum err e;

    buf_init(&text, 2 * EVENT_SEGMENT_BYTES);
    e = read_segment(f->folder_fd, newest->name, &text);
    if (e == ERR_NONE)
        f->fd = openat(f->folder_fd, newest->name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    if (f->fd >= 0) {
        f->bytes = whole_lines(buf_str(&text), &last);
        if (f->bytes < text.n && ftruncate(f->fd, (off_t)f->bytes) != 0)
            e = ERR_IO;
    } else {
        e = ERR_IO;
    }
    f->day = newest->day;
    f->next_seq = last + 1;
    buf_deinit(&text);
    return e;
}

enum err event_file_open(struct event_file *f, int folder_fd, uint32_t days)
{
    struct arena a = { 0 };
    struct segments found;
    enum err e;

    *f = (struct event_file){ .folder_fd = folder_fd, .fd = -1, .next_seq = 1, .days = days };
    e = list_segments(folder_fd, &a, &found);
    if (e == ERR_NONE && found.count > 0)
        e = take_up(f, &found.list[found.count - 1]);
    arena_deinit(&a);
    if (e != ERR_NONE)
        event_file_close(f);
    return e;
}

void event_file_close(struct event_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

/* ---- Writing --------------------------------------------------------------------------------------- */

static void remove_first(const struct event_file *f, const struct segments *found, size_t n)
{
    for (size_t i = 0; i < n && i < found->count; i++)
        unlinkat(f->folder_fd, found->list[i].name, 0);
}

/* Makes room for one more. */
static void drop_oldest(const struct event_file *f)
{
    struct arena a = { 0 };
    struct segments found;

    if (list_segments(f->folder_fd, &a, &found) == ERR_NONE && found.count >= EVENT_SEGMENTS)
        remove_first(f, &found, found.count - EVENT_SEGMENTS + 1);
    arena_deinit(&a);
}

static enum err begin_segment(struct event_file *f, uint64_t day)
{
    char name[NAME_CHARS + 1 + 16];

    event_file_close(f);
    drop_oldest(f);
    snprintf(name, sizeof name, "%06llu-%016llu.jsonl", (unsigned long long)day % 1000000,
             (unsigned long long)f->next_seq);
    f->fd = openat(f->folder_fd, name,
                   O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    f->day = day;
    f->bytes = 0;
    return f->fd >= 0 ? ERR_NONE : errno == ENOSPC ? ERR_FULL : ERR_IO;
}

static enum err write_whole(struct event_file *f, struct str text)
{
    enum err e = file_write_all(f->fd, bytes_of_str(text));

    if (e == ERR_NONE)
        f->bytes += text.n;
    else if (ftruncate(f->fd, (off_t)f->bytes) != 0)
        event_file_close(f); /* the next line begins a new segment */
    return e;
}

enum err event_file_append(struct event_file *f, struct event_line *l, uint64_t now_s)
{
    uint64_t day = now_s / DAY_S;
    struct buf text;
    enum err e = ERR_NONE;

    buf_init(&text, EVENT_LINE_MAX + 1);
    l->seq = f->next_seq;
    event_line_write(l, &text);
    buf_add_char(&text, '\n');
    assert(!text.failed);
    if (f->fd < 0 || f->day != day || f->bytes + text.n > EVENT_SEGMENT_BYTES)
        e = begin_segment(f, day);
    if (e == ERR_NONE)
        e = write_whole(f, buf_str(&text));
    f->next_seq += e == ERR_NONE;
    buf_deinit(&text);
    return e;
}

void event_file_sync(struct event_file *f)
{
    if (f->fd >= 0)
        fdatasync(f->fd);
}

/* The open segment goes with the others: what is written next begins one of its own. */
void event_file_expire(struct event_file *f, uint64_t now_s)
{
    struct arena a = { 0 };
    struct segments found;
    size_t n = 0;

    if (list_segments(f->folder_fd, &a, &found) == ERR_NONE) {
        while (n < found.count && found.list[n].day + f->days <= now_s / DAY_S)
            n++;
        if (n > 0 && n == found.count)
            event_file_close(f);
        remove_first(f, &found, n);
    }
    arena_deinit(&a);
}

/* ---- Reading --------------------------------------------------------------------------------------- */

struct search {
    const struct event_query *query;
    struct arena arena;
    struct str *lines; /* room for query->max */
    size_t count;
};

static bool matches(const struct event_query *q, struct str line)
{
    struct arena a = { 0 };
    struct event_line l;
    bool fits = event_line_read(&a, line, &l) == ERR_NONE && l.seq > q->after
                && l.time_s >= q->since_s
                && (q->type == EVENT_TYPES || q->type == (unsigned)event_type_of(l.reason));

    arena_deinit(&a);
    return fits;
}

/* From the front. Numbers in a segment have no gaps, so those that are known already need not be read. */
static void search_on(struct search *s, const struct segment *segment, struct str text)
{
    for (uint64_t seq = segment->first; seq <= s->query->after && text.n > 0; seq++)
        str_split(&text, '\n');
    while (text.n > 0 && s->count < s->query->max) {
        struct str line = str_split(&text, '\n');

        if (matches(s->query, line))
            s->lines[s->count++] = arena_str(&s->arena, line);
    }
}

/* From the end. */
static void search_back(struct search *s, struct str text)
{
    while (text.n > 0 && s->count < s->query->max) {
        size_t before = str_find_last(str_slice(text, 0, text.n - 1), '\n');
        size_t from = before + 1 < text.n ? before + 1 : 0;
        struct str line = str_slice(text, from, text.n - 1 - from);

        if (matches(s->query, line))
            s->lines[s->count++] = arena_str(&s->arena, line);
        text.n = from;
    }
}

static enum err search_segment(const struct event_file *f, const struct segment *segment,
                               struct search *s)
{
    struct buf text;
    enum err e;
    struct str whole;

    buf_init(&text, 2 * EVENT_SEGMENT_BYTES);
    e = read_segment(f->folder_fd, segment->name, &text);
    whole = buf_str(&text);
    whole.n = str_find_last(whole, '\n') < whole.n ? str_find_last(whole, '\n') + 1 : 0;
    if (e == ERR_NONE && s->query->after > 0)
        search_on(s, segment, whole);
    else if (e == ERR_NONE)
        search_back(s, whole);
    buf_deinit(&text);
    return e;
}

/* A segment ends where the next begins, so that those before what is asked for are not read. */
static enum err search_all(const struct event_file *f, const struct segments *found,
                           struct search *s)
{
    enum err e = ERR_NONE;

    for (size_t i = 0; i < found->count && e == ERR_NONE && s->count < s->query->max; i++) {
        size_t at = s->query->after > 0 ? i : found->count - 1 - i;

        if (at + 1 == found->count || found->list[at + 1].first > s->query->after + 1)
            e = search_segment(f, &found->list[at], s);
    }
    return e;
}

enum err event_file_query(const struct event_file *f, const struct event_query *q, struct buf *out)
{
    struct search s = { .query = q };
    struct segments found;
    enum err e = list_segments(f->folder_fd, &s.arena, &found);

    s.lines = arena_alloc(&s.arena, q->max * sizeof *s.lines);
    if (e == ERR_NONE)
        e = search_all(f, &found, &s);
    for (size_t i = 0; e == ERR_NONE && i < s.count; i++) {
        buf_add(out, s.lines[q->after > 0 ? i : s.count - 1 - i]);
        buf_add_char(out, '\n');
    }
    arena_deinit(&s.arena);
    return e;
}
