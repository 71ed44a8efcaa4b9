/* log.c: format one event, write it at once. */
#include "server/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/datetime.h"
#include "base/utf8.h"
#include "crypto/hash.h"
#include "io/loop.h"

struct log {
    int fd;
    _Atomic(unsigned) level, format;
    uint8_t key[LOG_KEY_SIZE];
};

struct log *log_new(int fd, enum log_level level, enum log_format format,
                    const uint8_t key[LOG_KEY_SIZE])
{
    struct log *l = mem_alloc(sizeof *l);

    l->fd = fd;
    memcpy(l->key, key, sizeof l->key);
    log_configure(l, level, format);
    return l;
}

void log_free(struct log *l)
{
    if (l == NULL)
        return;
    secure_zero(l->key, sizeof l->key);
    mem_free(l);
}

void log_configure(struct log *l, enum log_level level, enum log_format format)
{
    atomic_store_explicit(&l->level, level, memory_order_relaxed);
    atomic_store_explicit(&l->format, format, memory_order_relaxed);
}

void log_account_id(const struct log *l, struct str bare_jid, char out[LOG_ACCOUNT_HEX + 1])
{
    uint8_t digest[HASH_SIZE_MAX];

    hmac(HASH_SHA256, bytes_of(l->key, sizeof l->key), bytes_of_str(bare_jid), digest);
    for (int i = 0; i < LOG_ACCOUNT_HEX / 2; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* ---- Text from elsewhere ---- Control characters, quotes and what is not UTF-8 leave as
 * escapes, in both formats those of JSON, so that no peer can end a line, forge a field or move
 * a terminal's cursor. */

static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=')
            return false;
    }
    return text.n > 0;
}

static void add_escape(struct buf *out, uint32_t unit)
{
    char text[8];

    snprintf(text, sizeof text, "\\u%04x", unit & 0xffff);
    buf_add(out, str_from(text));
}

static void add_code_point(struct buf *out, uint32_t c)
{
    if (c == '"' || c == '\\') {
        buf_add_char(out, '\\');
        buf_add_char(out, (char)c);
    } else if (c >= ' ' && c < 0x7f) {
        buf_add_char(out, (char)c);
    } else if (c < 0x10000) {
        add_escape(out, c);
    } else {
        add_escape(out, 0xd800 + ((c - 0x10000) >> 10));
        add_escape(out, 0xdc00 + (c & 0x3ff));
    }
}

static void add_quoted(struct buf *out, struct str text)
{
    buf_add_char(out, '"');
    while (text.n > 0) {
        int32_t c = utf8_next(&text);

        if (c < 0) {
            c = 0xfffd;
            text = str_skip(text, 1);
        }
        add_code_point(out, (uint32_t)c);
    }
    buf_add_char(out, '"');
}

static void add_value(struct buf *out, const struct log *l, const struct log_field *f, bool json)
{
    char id[LOG_ACCOUNT_HEX + 1];
    struct str text = str_slice(f->text, 0, LOG_TEXT_MAX);

    if (f->type == LOG_FIELD_INT) {
        if (f->number < 0)
            buf_add_char(out, '-');
        buf_add_u64(out, f->number < 0 ? 0 - (uint64_t)f->number : (uint64_t)f->number);
        return;
    }
    if (f->type == LOG_FIELD_ACCOUNT) {
        log_account_id(l, f->text, id);
        text = str_from(id);
    }
    if (!json && is_plain(text))
        buf_add(out, text);
    else
        add_quoted(out, text);
}

/* ---- Lines ---- */

static const char *level_name(enum log_level level)
{
    static const char *const names[] = { "ERROR", "WARN", "INFO", "DEBUG" };

    return names[level];
}

static void add_text_line(struct buf *out, struct str time, const char *level, const char *event)
{
    buf_add(out, time);
    buf_add_char(out, ' ');
    buf_add(out, str_from(level));
    buf_add_char(out, ' ');
    buf_add(out, str_from(event));
}

static void add_json_line(struct buf *out, struct str time, const char *level, const char *event)
{
    buf_add(out, STR("{\"time\":"));
    add_quoted(out, time);
    buf_add(out, STR(",\"level\":"));
    add_quoted(out, str_from(level));
    buf_add(out, STR(",\"event\":"));
    add_quoted(out, str_from(event));
}

static void add_name(struct buf *out, const char *name, bool json)
{
    if (json) {
        buf_add_char(out, ',');
        add_quoted(out, str_from(name));
        buf_add_char(out, ':');
    } else {
        buf_add_char(out, ' ');
        buf_add(out, str_from(name));
        buf_add_char(out, '=');
    }
}

/* A field that does not fit is left out whole, and so are those after it. */
static void add_fields(struct buf *out, const struct log *l, const struct log_field *fields,
                       size_t count, bool json)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = out->n;

        add_name(out, fields[i].name, json);
        add_value(out, l, &fields[i], json);
        if (out->failed) {
            buf_cut(out, before);
            return;
        }
    }
}

void log_write(struct log *l, enum log_level level, const char *event,
               const struct log_field *fields, size_t count)
{
    bool json = atomic_load_explicit(&l->format, memory_order_relaxed) == LOG_FORMAT_JSON;
    struct arena a = { 0 };
    struct buf line;
    struct str time;
    ssize_t written;

    if (level > atomic_load_explicit(&l->level, memory_order_relaxed))
        return;
    buf_init(&line, LOG_LINE_MAX - 2);
    time = datetime_text(&a, clock_wall_ms());
    if (json)
        add_json_line(&line, time, level_name(level), event);
    else
        add_text_line(&line, time, level_name(level), event);
    add_fields(&line, l, fields, count, json);
    line.limit = LOG_LINE_MAX;
    line.failed = false;
    buf_add(&line, json ? STR("}\n") : STR("\n"));
    /* One write per line keeps lines of several threads whole; a reader that went away is not
     * our error. */
    written = write(l->fd, line.p, line.n);
    (void)written;
    buf_deinit(&line);
    arena_deinit(&a);
}
