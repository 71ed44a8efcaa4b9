/* sealed_file.c: see sealed_file.h.
 *
 *     file -> [voice: Ogg Opus?] -> [picture: cleaned] -> sealed -> outgoing/NAME
 */
#include "cli/sealed_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/new_file.h"
#include "cli/progress.h"
#include "cli/visible.h"
#include "client/file_cipher.h"
#include "client/files.h"
#include "client/ogg_opus.h"
#include "client/picture.h"

enum { PIECE = 256 * 1024, SHOWN_FROM = 32 * 1024 * 1024 };

#define OUTGOING "outgoing"

/* ---- The folder ---------------------------------------------------------------------------------- */

static struct str path_of(struct arena *a, const char *folder, struct str source)
{
    return arena_printf(a, "%s/" OUTGOING "/%.*s", folder, STR_ARG(source));
}

int sealed_file_open(const char *folder, struct str source)
{
    struct arena a = { 0 };
    int fd = open(path_of(&a, folder, source).p, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    arena_deinit(&a);
    return fd;
}

void sealed_file_remove(const char *folder, struct str source)
{
    struct arena a = { 0 };

    unlink(path_of(&a, folder, source).p);
    arena_deinit(&a);
}

void sealed_file_sweep(const char *folder, const struct engine *engine)
{
    struct arena a = { 0 };
    DIR *dir = opendir(path_of(&a, folder, STR(".")).p);
    const struct dirent *d;

    while (dir != NULL && (d = readdir(dir)) != NULL)
        if (!engine_has_source(engine, str_from(d->d_name)))
            unlinkat(dirfd(dir), d->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    arena_deinit(&a);
}

/* ---- Making -------------------------------------------------------------------------------------- */

struct sealing {
    const struct program *program;
    const struct sealing_wish *wish;
    struct attachment file;
    struct new_file to;
    struct file_cipher cipher;
    struct picture picture; /* PICTURE_NONE: not cleaned */
    struct ogg_opus sound;
    struct buf clean;
    uint8_t *in, *sealed;
    uint64_t size, done;
};

static int fail(const struct sealing *s, const char *code, const char *why)
{
    struct arena a = { 0 };
    struct str name = visible_line(&a, s->wish->name);
    int status = program_fail(s->program, STATUS_FAILED, code,
                              arena_printf(&a, "%.*s %s", STR_ARG(name), why));

    arena_deinit(&a);
    return status;
}

static int write_sealed(struct sealing *s, struct bytes plain)
{
    enum err e = ERR_NONE;

    while (plain.n > 0 && e == ERR_NONE) {
        size_t n = plain.n < PIECE ? plain.n : PIECE;

        if (file_seal_piece(&s->cipher, bytes_of(plain.p, n), s->sealed) != ERR_NONE)
            return fail(s, "too-big", "is larger than a key may seal");
        e = new_file_write(&s->to, bytes_of(s->sealed, n));
        plain = bytes_of(plain.p + n, plain.n - n);
    }
    if (e == ERR_NONE)
        return STATUS_DONE;
    return fail(s, "disk",
                e == ERR_FULL ? "cannot be sealed: there is no room on the disk"
                              : "cannot be sealed: the account's folder cannot be "
                                "written");
}

static int take_piece(struct sealing *s, struct bytes piece)
{
    if (s->wish->voice && ogg_opus_piece(&s->sound, piece) != ERR_NONE)
        return fail(s, "voice", "is no voice message: one stream of Opus in Ogg, whole");
    if (s->picture.kind == PICTURE_NONE)
        return write_sealed(s, piece);
    buf_reset(&s->clean);
    if (picture_piece(&s->picture, piece, &s->clean) != ERR_NONE)
        return fail(s, "metadata",
                    "cannot be cleaned of what tells where it was taken: it is not made as "
                    "pictures are; --keep-metadata sends it as it is");
    return write_sealed(s, buf_bytes(&s->clean));
}

/* Others keep such data, too: in films, documents, other pictures. */
static void warn(const struct sealing *s)
{
    struct arena a = { 0 };
    struct str name = visible_line(&a, s->wish->name);

    if (s->picture.kind == PICTURE_NONE && !s->wish->voice && !s->wish->keep_metadata
        && !str_is(s->file.media_type, "text/plain"))
        program_warn(s->program,
                     arena_printf(&a,
                                  "what %.*s itself tells of its making (place, device, author) is "
                                  "not removed; that is done for JPEG and PNG only",
                                  STR_ARG(name)));
    arena_deinit(&a);
}

static void look(struct sealing *s, struct bytes beginning, struct arena *a)
{
    enum picture_kind kind = picture_kind_of(beginning);
    struct str type = attachment_type_of(attachment_ending(a, s->file.name));

    if (s->wish->voice)
        type = STR("audio/ogg");
    else if (kind != PICTURE_NONE)
        type = str_from(picture_type(kind));
    s->file.media_type = type.n > 0 ? type : STR("application/octet-stream");
    s->file.is_voice = s->wish->voice;
    picture_deinit(&s->picture);
    picture_init(&s->picture, s->wish->keep_metadata || s->wish->voice ? PICTURE_NONE : kind);
    warn(s);
}

static int read_all(struct sealing *s, struct arena *a)
{
    struct progress progress = { s->program, .doing = "sealing" };
    int status = STATUS_DONE;
    ssize_t n = 1;

    while (status == STATUS_DONE && n > 0) {
        n = pread(s->wish->fd, s->in, PIECE, (off_t)s->done);
        if (n < 0)
            status = fail(s, "file", "cannot be read");
        if (n > 0 && s->done == 0)
            look(s, bytes_of(s->in, (size_t)n), a);
        if (n > 0)
            status = take_piece(s, bytes_of(s->in, (size_t)n));
        s->done += (uint64_t)(n > 0 ? n : 0);
        if (s->program->quiet == NULL && s->size >= SHOWN_FROM && s->done / PIECE % 16 == 0)
            progress_show(&progress, s->done, s->size);
    }
    progress_end(&progress);
    return status;
}

static int finish(struct sealing *s, struct arena *a, struct str *out_source)
{
    uint8_t tag[GCM_TAG_SIZE];
    enum err e;

    if (s->done == 0)
        return fail(s, "file", "is empty");
    if (s->picture.kind != PICTURE_NONE && picture_end(&s->picture) != ERR_NONE)
        return fail(s, "metadata", "is not a whole picture; --keep-metadata sends it as it is");
    if (s->wish->voice && ogg_opus_end(&s->sound, &s->file.duration_ms) != ERR_NONE)
        return fail(s, "voice", "is no voice message: one stream of Opus in Ogg, whole");
    s->file.width = s->picture.width;
    s->file.height = s->picture.height;
    file_seal_end(&s->cipher, &s->file, tag);
    *out_source = random_token(&s->program->random, a, 16);
    e = new_file_write(&s->to, bytes_of(tag, sizeof tag));
    if (e == ERR_NONE)
        e = new_file_place(&s->to, arena_printf(a, "%.*s", STR_ARG(*out_source)).p);
    if (e != ERR_NONE)
        return fail(s, "disk", "cannot be sealed: is the disk full?");
    return STATUS_DONE;
}

enum err sealed_file_place(const char *folder, const struct random *random, struct new_file *out)
{
    struct arena a = { 0 };
    struct str path = arena_printf(&a, "%s/" OUTGOING, folder);
    enum err e = ERR_IO;

    if (mkdir(path.p, S_IRWXU) == 0 || errno == EEXIST)
        e = new_file_open(out, path.p, NEW_FILE_NAMELESS, random);
    arena_deinit(&a);
    return e;
}

static int begin(struct sealing *s)
{
    struct stat st;

    if (fstat(s->wish->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return fail(s, "file", "is not a file");
    s->size = (uint64_t)st.st_size;
    if (sealed_file_place(s->program->folder, &s->program->random, &s->to) != ERR_NONE)
        return fail(s, "disk", "cannot be sealed: the account's folder cannot be written");
    return STATUS_DONE;
}

int sealed_file_make(const struct program *p, const struct sealing_wish *wish,
                     struct attachment *out, struct str *out_source, struct arena *a)
{
    struct sealing s = { .program = p, .wish = wish, .to = { .folder = -1, .fd = -1 } };
    int status;

    s.file.name = attachment_clean_name(a, wish->name);
    s.in = mem_alloc_raw(PIECE);
    s.sealed = mem_alloc_raw(PIECE);
    buf_init(&s.clean, PIECE + PICTURE_ROOM);
    picture_init(&s.picture, PICTURE_NONE);
    ogg_opus_init(&s.sound);
    file_seal_begin(&s.cipher, &s.file, &p->random);
    if ((status = begin(&s)) == STATUS_DONE && (status = read_all(&s, a)) == STATUS_DONE)
        status = finish(&s, a, out_source);
    if (status == STATUS_DONE)
        *out = s.file;
    else
        file_cipher_drop(&s.cipher);
    new_file_drop(&s.to);
    ogg_opus_deinit(&s.sound);
    picture_deinit(&s.picture);
    buf_deinit(&s.clean);
    secure_zero(s.in, PIECE);
    mem_free(s.in);
    mem_free(s.sealed);
    secure_zero(&s, sizeof s);
    return status;
}
