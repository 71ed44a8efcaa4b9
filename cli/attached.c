/* attached.c: see attached.h. */
#include "cli/attached.h"

#include "cli/program.h"
#include "cli/visible.h"

bool attached_of(const struct entry *e, struct attachment *out)
{
    return e->attachment.n > 0 && attachment_read(bytes_of_str(e->attachment), out) == ERR_NONE;
}

json_t *attached_json(const struct attachment *f)
{
    json_t *out = json_object();

    if (f->name.n > 0)
        json_object_set_new(out, "name", json_of(f->name));
    if (f->media_type.n > 0)
        json_object_set_new(out, "type", json_of(f->media_type));
    if (f->has_size)
        json_object_set_new(out, "size", json_integer((json_int_t)f->size));
    if (f->url.n > 0)
        json_object_set_new(out, "host", json_of(attachment_place(f)));
    json_object_set_new(out, "voice", json_boolean(f->is_voice));
    if (f->duration_ms > 0)
        json_object_set_new(out, "duration", json_real(f->duration_ms / 1000.0));
    return out;
}

struct str attached_size(struct arena *a, uint64_t bytes)
{
    static const char *const units[] = { "bytes", "kB", "MB", "GB" };
    double n = (double)bytes;
    size_t unit = 0;

    for (; n >= 999.5 && unit + 1 < COUNT_OF(units); unit++)
        n /= 1000;
    return arena_printf(a, unit == 0 || n >= 9.95 ? "%.0f %s" : "%.1f %s", n, units[unit]);
}

static struct str with(struct arena *a, struct str words, struct str more)
{
    return more.n == 0 ? words : arena_printf(a, "%.*s, %.*s", STR_ARG(words), STR_ARG(more));
}

static struct str duration_of(struct arena *a, const struct attachment *f)
{
    unsigned s = (f->duration_ms + 999) / 1000;

    return s == 0 ? STR_NONE : arena_printf(a, "%u:%02u", s / 60, s % 60);
}

struct str attached_words(struct arena *a, const struct attachment *f, struct str id)
{
    struct str words = f->is_voice      ? STR("voice message")
                       : f->name.n == 0 ? STR("file")
                                        : visible_line(a, f->name);

    if (!f->is_voice)
        words = with(a, words, visible_line(a, f->media_type));
    words = with(a, words, duration_of(a, f));
    if (f->has_size)
        words = with(a, words, attached_size(a, f->size));
    return arena_printf(a, "[%.*s, id %.*s]", STR_ARG(words), STR_ARG(visible_line(a, id)));
}

struct str attached_name(struct arena *a, const struct attachment *f)
{
    struct str name = attachment_clean_name(a, f->name);

    if (name.n > 0)
        return name;
    return f->is_voice ? STR("voice.ogg") : STR("file");
}
