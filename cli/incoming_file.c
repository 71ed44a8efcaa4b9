/* incoming_file.c: see incoming_file.h. */
#include "cli/incoming_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { NAMES_MAX = 100, PIECE_MAX = 1024 * 1024 };

/* Of files whose sender has not said how large they are. */
#define UNTOLD_MAX ((uint64_t)4 << 30)

enum err incoming_file_open(struct incoming_file *f, const struct random *random)
{
    struct statvfs room;
    struct stat st;
    enum err e;

    f->to = (struct new_file){ .folder = -1, .fd = -1 };
    e = new_file_open(&f->to, f->folder, NEW_FILE_NAMELESS, random);
    if (e == ERR_NONE && f->is_named
        && fstatat(f->to.folder, f->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        e = ERR_EXISTS;
    if (e == ERR_NONE && f->file->has_size && fstatvfs(f->to.fd, &room) == 0
        && f->file->size / room.f_frsize > room.f_bavail)
        e = ERR_FULL;
    return e;
}

void incoming_file_begin(struct incoming_file *f)
{
    f->plain = mem_alloc_raw(PIECE_MAX + GCM_TAG_SIZE);
    f->failed = ERR_NONE;
    file_open_begin(&f->cipher, f->file, UNTOLD_MAX);
    f->opening = true;
}

bool incoming_file_piece(struct incoming_file *f, struct bytes piece)
{
    size_t n = 0;

    while (piece.n > 0 && f->failed == ERR_NONE) {
        size_t part = piece.n < PIECE_MAX ? piece.n : PIECE_MAX;

        f->failed = file_open_piece(&f->cipher, bytes_of(piece.p, part), f->plain, &n);
        if (f->failed == ERR_NONE)
            f->failed = new_file_write(&f->to, bytes_of(f->plain, n));
        piece = bytes_of(piece.p + part, piece.n - part);
    }
    return f->failed == ERR_NONE;
}

/* name.jpg, name-2.jpg … */
static const char *numbered(struct arena *a, const char *name, int number)
{
    struct str text = str_from(name);
    size_t dot = str_find_last(text, '.');

    if (number == 1)
        return name;
    if (dot == 0)
        dot = text.n;
    return arena_printf(a, "%.*s-%d%s", (int)dot, name, number, name + dot).p;
}

enum err incoming_file_end(struct incoming_file *f, struct arena *a, const char **out_name)
{
    enum err e = ERR_EXISTS;

    *out_name = f->name;
    f->opening = false;
    if (file_open_end(&f->cipher) != ERR_NONE)
        return ERR_DENIED;
    for (int i = 1; i <= (f->is_named ? 1 : NAMES_MAX) && e == ERR_EXISTS; i++) {
        *out_name = numbered(a, f->name, i);
        e = new_file_place(&f->to, *out_name);
    }
    return e;
}

void incoming_file_drop(struct incoming_file *f)
{
    if (f->opening)
        file_cipher_drop(&f->cipher);
    f->opening = false;
    new_file_drop(&f->to);
    mem_free(f->plain);
    f->plain = NULL;
}
