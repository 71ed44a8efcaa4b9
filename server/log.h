/* log.h: one line per event on one descriptor: `TIME LEVEL event key=value …`, or the same as a
 * JSON object.
 *
 * Fields are typed, and the types are all that a log may hold: numbers, text (escaped), accounts
 * (as a keyed 4-byte hash, which `sottoctl user id JID` prints too). There is no type for bodies,
 * keys, tokens or IP addresses.
 * Owns: its key.  Threads: safe; a line is one write(2).  Errors: none: a log that cannot be
 * written is no reason to stop.  Units: bytes.
 */
#ifndef SOTTO_SERVER_LOG_H
#define SOTTO_SERVER_LOG_H

#include "base/str.h"
#include "server/config.h"

enum { LOG_LINE_MAX = 2048, LOG_TEXT_MAX = 256, LOG_KEY_SIZE = 32, LOG_ACCOUNT_HEX = 8 };

struct log;

enum log_field_type { LOG_FIELD_INT, LOG_FIELD_TEXT, LOG_FIELD_ACCOUNT };

struct log_field {
    const char *name; /* [a-z_]+ */
    enum log_field_type type;
    int64_t number;
    struct str text; /* is cut at LOG_TEXT_MAX; an account's bare JID, which is hashed */
};

struct log *log_new(int fd, enum log_level level, enum log_format format,
                    const uint8_t key[LOG_KEY_SIZE]);
void log_free(struct log *l); /* does not close the descriptor */
/* On reload; from any thread. */
void log_configure(struct log *l, enum log_level level, enum log_format format);

static inline struct log_field log_int(const char *name, int64_t value)
{
    return (struct log_field){ .name = name, .type = LOG_FIELD_INT, .number = value };
}

static inline struct log_field log_text(const char *name, struct str value)
{
    return (struct log_field){ .name = name, .type = LOG_FIELD_TEXT, .text = value };
}

static inline struct log_field log_account(struct str bare_jid)
{
    return (struct log_field){ .name = "account", .type = LOG_FIELD_ACCOUNT, .text = bare_jid };
}

/* `event` is a constant such as "session.resumed". */
void log_write(struct log *l, enum log_level level, const char *event,
               const struct log_field *fields, size_t count);

/* LOG(log, INFO, "session.resumed", log_account(jid), log_int("unacked", 3));
 * The first field is none: with it LOG() can do without any. */
#define LOG_FIELDS(...) ((const struct log_field[]){ { 0 }, ##__VA_ARGS__ })
#define LOG(log, level, event, ...)                                                                \
    log_write((log), LOG_LEVEL_##level, (event), LOG_FIELDS(__VA_ARGS__) + 1,                      \
              sizeof LOG_FIELDS(__VA_ARGS__) / sizeof(struct log_field) - 1)

/* The name under which an account appears: hexadecimal, NUL-terminated. */
void log_account_id(const struct log *l, struct str bare_jid, char out[LOG_ACCOUNT_HEX + 1]);

#endif
