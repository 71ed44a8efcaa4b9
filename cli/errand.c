/* errand.c: see errand.h. */
#include "cli/errand.h"

#include <string.h>

#include "base/reader.h"

enum kind { IS_FLAG, IS_TEXT, IS_PATH };

/* What a command of guests may be told, but for its name and arguments. */
static const struct {
    const char *name;
    size_t offset;
    enum kind kind;
} fields[] = {
    { "json", offsetof(struct program, json), IS_FLAG },
    { "out-is-screen", offsetof(struct program, out_is_screen), IS_FLAG },
    { "err-is-screen", offsetof(struct program, err_is_screen), IS_FLAG },
    { "distrust", offsetof(struct program, distrust), IS_FLAG },
    { "wait", offsetof(struct program, wait), IS_TEXT },
    { "reply", offsetof(struct program, reply), IS_TEXT },
    { "correct", offsetof(struct program, correct), IS_TEXT },
    { "limit", offsetof(struct program, limit), IS_TEXT },
    { "timeout", offsetof(struct program, timeout), IS_TEXT },
    { "chat", offsetof(struct program, chat), IS_TEXT },
    { "report", offsetof(struct program, report), IS_TEXT },
    { "file", offsetof(struct program, file.given), IS_FLAG },
    { "file-voice", offsetof(struct program, file.voice), IS_FLAG },
    { "file-metadata", offsetof(struct program, file.keep_metadata), IS_FLAG },
    { "file-direct", offsetof(struct program, file.direct), IS_FLAG },
    { "file-output", offsetof(struct program, file.output), IS_PATH },
    { "number", offsetof(struct program, number), IS_FLAG },
    { "call", offsetof(struct program, call.given), IS_FLAG },
    { "call-video", offsetof(struct program, call.video), IS_FLAG },
    { "call-play", offsetof(struct program, call.play), IS_PATH },
    { "call-record", offsetof(struct program, call.record), IS_PATH },
    { "call-seconds", offsetof(struct program, call.seconds), IS_TEXT },
};

/* ---- Requests -------------------------------------------------------------------------------------- */

static void add_number(struct buf *out, size_t n)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_char(out, (char)(n >> shift & 0xff));
}

static void add_field(struct buf *out, const char *name, const char *value)
{
    buf_add(out, str_from(name));
    buf_add_char(out, '=');
    buf_add(out, str_from(value));
    buf_add_char(out, '\0');
}

static const char *absolute(struct arena *a, const char *here, const char *path)
{
    return path[0] == '/' ? path : arena_printf(a, "%s/%s", here, path).p;
}

static void add_option(struct buf *out, const struct program *p, size_t i, const char *here)
{
    const char *at = (const char *)p + fields[i].offset;
    struct arena a = { 0 };
    const char *text;

    if (fields[i].kind == IS_FLAG) {
        if (*(const bool *)at)
            add_field(out, fields[i].name, "");
        return;
    }
    text = *(const char *const *)(const void *)at;
    if (text != NULL)
        add_field(out, fields[i].name, fields[i].kind == IS_PATH ? absolute(&a, here, text) : text);
    arena_deinit(&a);
}

void errand_write(const struct program *p, const struct command *c, const char *here,
                  struct buf *out)
{
    struct buf body;

    buf_init(&body, ERRAND_REQUEST_MAX);
    add_field(&body, "command", c->name);
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        add_option(&body, p, i, here);
    for (size_t i = 0; i < ARGUMENTS_MAX && p->arguments[i] != NULL; i++)
        add_field(&body, "argument", p->arguments[i]);
    add_number(out, body.n);
    buf_add(out, buf_str(&body));
    out->failed |= body.failed;
    buf_deinit(&body);
}

static enum err set_option(struct program *p, struct str name, const char *value)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        char *at = (char *)p + fields[i].offset;

        if (!str_is(name, fields[i].name))
            continue;
        if (fields[i].kind == IS_FLAG)
            *(bool *)at = true;
        else
            *(const char **)(void *)at = value;
        return fields[i].kind == IS_FLAG && value[0] != '\0' ? ERR_MALFORMED : ERR_NONE;
    }
    return ERR_UNSUPPORTED;
}

static enum err read_field(struct program *p, struct str field, size_t *count,
                           const struct command **out_command)
{
    struct str name = str_split(&field, '=');
    const char *value = field.p; /* a zero octet ends it */

    if (value == NULL)
        return ERR_MALFORMED;
    if (str_is(name, "command")) {
        *out_command = command_find(value);
        return *out_command != NULL ? ERR_NONE : ERR_UNSUPPORTED;
    }
    if (!str_is(name, "argument"))
        return set_option(p, name, value);
    if (*count == ARGUMENTS_MAX)
        return ERR_MALFORMED;
    p->arguments[(*count)++] = value;
    return ERR_NONE;
}

enum err errand_read(struct bytes in, struct program *out, const struct command **out_command)
{
    struct str rest = arena_str(&out->arena, (struct str){ (const char *)in.p, in.n });
    enum err e = ERR_NONE;
    size_t count = 0;

    *out_command = NULL;
    if (rest.n == 0 || rest.p[rest.n - 1] != '\0')
        return ERR_MALFORMED;
    while (e == ERR_NONE && rest.n > 0)
        e = read_field(out, str_split(&rest, '\0'), &count, out_command);
    if (e != ERR_NONE)
        return e;
    if (*out_command == NULL || ((*out_command)->options & IS_GUEST) == 0
        || !command_fits(*out_command, out))
        return ERR_MALFORMED;
    return ERR_NONE;
}

/* ---- Answers --------------------------------------------------------------------------------------- */

void errand_answer(struct buf *out, enum errand_answer kind, struct str octets)
{
    buf_add_char(out, (char)kind);
    add_number(out, octets.n);
    buf_add(out, octets);
}

enum err errand_next(struct bytes *in, bool *out_whole, enum errand_answer *out_kind,
                     struct str *out_octets)
{
    struct reader r = reader_of(*in);
    uint8_t kind = read_u8(&r);
    uint32_t n = read_u32(&r);
    struct bytes octets;

    *out_whole = false;
    if (in->n >= ERRAND_HEAD && (n > ERRAND_PIECE_MAX || (kind == ERRAND_DONE && n != 1)))
        return ERR_MALFORMED;
    octets = read_bytes(&r, n);
    if (r.failed)
        return ERR_NONE;
    *in = r.left;
    *out_whole = true;
    *out_kind = (enum errand_answer)kind;
    *out_octets = (struct str){ (const char *)octets.p, octets.n };
    return ERR_NONE;
}
