/* handover.c: one `name value` a line; a listener is `listen KIND ADDRESS FD…`. */
#include "server/handover.h"

#include <limits.h>
#include <stddef.h>

enum { LISTENERS_MAX = 256 };

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    { "supervisor_pid", offsetof(struct handover, supervisor_pid) },
    { "config", offsetof(struct handover, config_fd) },
    { "certificate", offsetof(struct handover, certificate_fd) },
    { "key", offsetof(struct handover, key_fd) },
    { "data_dir", offsetof(struct handover, data_dir_fd) },
    { "server_lock", offsetof(struct handover, server_lock_fd) },
    { "control", offsetof(struct handover, control_fd) },
    { "supervisor", offsetof(struct handover, supervisor_fd) },
};

static void add_pair(struct buf *out, const char *name, uint64_t value)
{
    buf_add(out, str_from(name));
    buf_add_char(out, ' ');
    buf_add_u64(out, value);
    buf_add_char(out, '\n');
}

void handover_write(const struct handover *h, struct buf *out)
{
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        add_pair(out, numbers[i].name,
                 (uint64_t) * (const int *)((const char *)h + numbers[i].offset));
    add_pair(out, "self_signed", h->self_signed);
    add_pair(out, "workers", h->workers);
    for (size_t i = 0; i < h->listener_count; i++) {
        buf_add(out, STR("listen "));
        buf_add_u64(out, h->listeners[i].kind);
        buf_add_char(out, ' ');
        buf_add(out, h->listeners[i].address);
        for (unsigned w = 0; w < h->workers; w++) {
            buf_add_char(out, ' ');
            buf_add_u64(out, (uint64_t)h->listeners[i].fds[w]);
        }
        buf_add_char(out, '\n');
    }
}

static enum err read_number(struct str text, int max, int *out)
{
    uint64_t value;
    enum err e = str_to_u64(text, (uint64_t)max, &value);

    if (e == ERR_NONE)
        *out = (int)value;
    return e;
}

static enum err read_listener(struct str line, struct arena *a, unsigned workers,
                              struct boot_listener *out)
{
    int kind, *fds = arena_alloc(a, workers * sizeof *fds);

    if (read_number(str_split(&line, ' '), LISTEN_KIND_COUNT - 1, &kind) != ERR_NONE)
        return ERR_MALFORMED;
    out->kind = (enum listener_kind)kind;
    out->address = arena_str(a, str_split(&line, ' '));
    for (unsigned w = 0; w < workers; w++) {
        if (read_number(str_split(&line, ' '), INT_MAX, &fds[w]) != ERR_NONE)
            return ERR_MALFORMED;
    }
    out->fds = fds;
    return line.p == NULL ? ERR_NONE : ERR_MALFORMED;
}

static enum err read_named(struct handover *h, struct str name, struct str value)
{
    int number;

    if (read_number(value, INT_MAX, &number) != ERR_NONE)
        return ERR_MALFORMED;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        if (str_is(name, numbers[i].name)) {
            *(int *)((char *)h + numbers[i].offset) = number;
            return ERR_NONE;
        }
    }
    if (str_is(name, "self_signed"))
        h->self_signed = number != 0;
    else if (str_is(name, "workers"))
        h->workers = (unsigned)number;
    else
        return ERR_MALFORMED;
    return ERR_NONE;
}

enum err handover_read(struct str text, struct arena *a, struct handover *out)
{
    struct boot_listener *listeners = arena_alloc(a, LISTENERS_MAX * sizeof *listeners);
    struct handover h = { .listeners = listeners };

    while (text.n > 0) {
        struct str value = str_split(&text, '\n'), name = str_split(&value, ' ');
        enum err e;

        if (!str_is(name, "listen"))
            e = read_named(&h, name, value);
        else if (h.listener_count == LISTENERS_MAX)
            return ERR_TOO_BIG;
        else
            e = read_listener(value, a, h.workers, &listeners[h.listener_count++]);
        if (e != ERR_NONE)
            return e;
    }
    *out = h;
    return ERR_NONE;
}
