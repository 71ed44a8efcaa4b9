/* attachment_name.c: names and types of files that others chose. */
#include "base/unicode.h"
#include "base/utf8.h"
#include "client/attachment.h"

enum { ENDING_MAX = 8 };

/* ---- Names ----------------------------------------------------------------------------------------- */

/* Separators of several systems, and what FAT refuses. */
static bool is_special(uint32_t c)
{
    return c < 0x80 && str_find(STR("/\\:*?\"<>|"), (char)c) < 9;
}

static bool is_plain(uint32_t c)
{
    switch (unicode_info(c).class) {
    case UNICODE_CONTROL:
    case UNICODE_IGNORABLE: /* among them the marks of direction */
    case UNICODE_UNASSIGNED:
    case UNICODE_OTHER: return false;
    default: return true;
    }
}

static struct str last_part(struct str path)
{
    for (size_t i = path.n; i > 0; i--)
        if (path.p[i - 1] == '/' || path.p[i - 1] == '\\')
            return str_skip(path, i);
    return path;
}

/* A file that hides, and one that a program takes for an option. */
static struct str trim_ends(struct str name)
{
    while (name.n > 0 && (name.p[0] == '.' || name.p[0] == '-' || name.p[0] == ' '))
        name = str_skip(name, 1);
    while (name.n > 0 && (name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' '))
        name.n--;
    return name;
}

/* Whole characters of the beginning. */
static struct str cut(struct str text, size_t max)
{
    if (text.n <= max)
        return text;
    for (text.n = max; text.n > 0 && ((unsigned char)text.p[text.n] & 0xc0) == 0x80; text.n--)
        ;
    return text;
}

struct str attachment_ending(struct arena *a, struct str name)
{
    size_t dot = str_find_last(name, '.');
    struct str ending = str_skip(name, dot + 1);
    char *lower = arena_raw(a, ending.n + 1);

    if (dot == name.n || dot == 0 || ending.n == 0 || ending.n > ENDING_MAX)
        return STR_NONE;
    for (size_t i = 0; i < ending.n; i++) {
        char c = ending.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
            return STR_NONE;
        lower[i] = c;
    }
    return (struct str){ lower, ending.n };
}

/* Keeps the ending, which tells what is inside. */
static struct str cap(struct arena *a, struct str name)
{
    struct str ending = attachment_ending(a, name);

    if (name.n <= ATTACHMENT_NAME_MAX)
        return name;
    if (ending.n == 0)
        return cut(name, ATTACHMENT_NAME_MAX);
    return arena_concat(a, cut(name, ATTACHMENT_NAME_MAX - ending.n - 1),
                        arena_concat(a, STR("."), ending));
}

struct str attachment_clean_name(struct arena *a, struct str name)
{
    struct str rest = last_part(name);
    char *clean = arena_raw(a, rest.n + 1);
    size_t n = 0;

    while (rest.n > 0) {
        int32_t c = utf8_next(&rest);

        if (c < 0)
            return STR_NONE;
        if (is_plain((uint32_t)c))
            n += utf8_put(is_special((uint32_t)c) ? '_' : (uint32_t)c, clean + n);
    }
    return trim_ends(cap(a, trim_ends((struct str){ clean, n })));
}

/* ---- Types ----------------------------------------------------------------------------------------- */

struct str attachment_type_of(struct str ending)
{
    static const struct {
        const char *ending, *type;
    } known[] = {
        { "jpg", "image/jpeg" },      { "jpeg", "image/jpeg" },     { "png", "image/png" },
        { "gif", "image/gif" },       { "webp", "image/webp" },     { "heic", "image/heic" },
        { "avif", "image/avif" },     { "svg", "image/svg+xml" },   { "ogg", "audio/ogg" },
        { "oga", "audio/ogg" },       { "opus", "audio/ogg" },      { "mp3", "audio/mpeg" },
        { "m4a", "audio/mp4" },       { "aac", "audio/aac" },       { "flac", "audio/flac" },
        { "wav", "audio/wav" },       { "mp4", "video/mp4" },       { "webm", "video/webm" },
        { "mov", "video/quicktime" }, { "pdf", "application/pdf" }, { "txt", "text/plain" },
        { "zip", "application/zip" },
    };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_is(ending, known[i].ending))
            return str_from(known[i].type);
    return STR_NONE;
}
