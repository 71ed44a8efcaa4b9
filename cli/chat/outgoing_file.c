/* outgoing_file.c: see outgoing_file.h. */
#include "cli/chat/outgoing_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/sealed_file.h"

enum { SAID_MAX = 1000 };

/* As the shell does it. */
static const char *path_of(struct outgoing_file *f)
{
    const char *home = getenv("HOME");

    if (str_starts(f->path, STR("~/")) && home != NULL)
        return arena_printf(&f->arena, "%s%.*s", home, STR_ARG(str_skip(f->path, 1))).p;
    return arena_printf(&f->arena, "%.*s", STR_ARG(f->path)).p;
}

static void work(void *ctx)
{
    struct outgoing_file *f = ctx;
    const char *path = path_of(f), *slash = strrchr(path, '/');
    struct sealing_wish wish = {
        .fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
        .name = str_from(slash != NULL ? slash + 1 : path),
        .voice = f->voice,
    };
    struct str source = STR_NONE;

    if (wish.fd < 0) {
        program_warn(&f->program, arena_printf(&f->arena, "%s cannot be opened: %s", path,
                                               strerrordesc_np(errno)));
        return;
    }
    if (sealed_file_make(&f->program, &wish, &f->file, &source, &f->arena) == STATUS_DONE)
        f->source = source;
    close(wish.fd);
}

static void finished(void *ctx)
{
    struct outgoing_file *f = ctx;

    f->done(f->ctx, f);
    secure_zero(&f->file, sizeof f->file);
    buf_deinit(&f->said);
    arena_deinit(&f->program.arena);
    arena_deinit(&f->arena);
    mem_free(f);
}

void outgoing_file_begin(struct loop *l, const struct program *p, struct str chat, struct str path,
                         bool voice, void (*done)(void *ctx, struct outgoing_file *f), void *ctx)
{
    struct outgoing_file *f = mem_alloc(sizeof *f);

    buf_init(&f->said, SAID_MAX);
    f->program = (struct program){ .random = p->random, .folder = p->folder, .quiet = &f->said };
    f->chat = arena_str(&f->arena, chat);
    f->path = arena_str(&f->arena, path);
    f->voice = voice;
    f->done = done;
    f->ctx = ctx;
    loop_offload(l, work, finished, f);
}
