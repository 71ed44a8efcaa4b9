/* default_socket.c: server.data_dir out of a file that belongs to another program: read with the same library, judged
 * by that program only. */
#include "ctl/default_socket.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct reading {
    struct arena *arena;
    const char *folder; /* NULL: none yet */
};

/* A relative one is meant from where the server was started, which nobody knows. */
static int take_key(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;

    if (strcmp(section, "server") == 0 && strcmp(name, "data_dir") == 0 && value[0] == '/')
        r->folder = arena_printf(r->arena, "%s", value).p;
    return 1;
}

static const char *socket_in(const char *folder, struct arena *a)
{
    return arena_printf(a, "%s/control.sock", folder).p;
}

const char *default_socket(const char *file, const char *standard, struct arena *a)
{
    struct reading r = { .arena = a };
    const char *there = socket_in(standard, a), *named;

    /* Mistakes in it are for sottod to tell; what can be read is good enough to look for a socket. */
    if (ini_parse(file, take_key, &r) == -1 || r.folder == NULL)
        return there;
    named = socket_in(r.folder, a);
    return access(named, F_OK) != 0 && access(there, F_OK) == 0 ? there : named;
}
