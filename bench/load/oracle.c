/* oracle.c: lines for durability tests. */
#include "bench/load/oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { LINES_MAX = 64 << 20 };

enum err oracle_open(struct oracle *o, const char *path)
{
    *o = (struct oracle){ .fd = -1 };
    buf_init(&o->lines, LINES_MAX);
    if (path == NULL)
        return ERR_NONE;
    o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    return o->fd >= 0 ? ERR_NONE : ERR_IO;
}

void oracle_note(struct oracle *o, char what, const char *account, struct str id)
{
    if (o->fd < 0)
        return;
    buf_add_char(&o->lines, what);
    buf_add_char(&o->lines, ' ');
    buf_add(&o->lines, str_from(account));
    buf_add_char(&o->lines, ' ');
    buf_add(&o->lines, id);
    buf_add_char(&o->lines, '\n');
}

enum err oracle_flush(struct oracle *o)
{
    if (o->lines.failed)
        return ERR_TOO_BIG;
    while (o->lines.n > 0) {
        ssize_t n = write(o->fd, o->lines.p, o->lines.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        buf_consume(&o->lines, (size_t)n);
    }
    return ERR_NONE;
}

void oracle_close(struct oracle *o)
{
    if (o->fd >= 0)
        close(o->fd);
    o->fd = -1;
    buf_deinit(&o->lines);
}
