/* config_text.c: configuration values back as text, and what a key allows, for messages and
 * manuals. */
#include <string.h>

#include "base/ip.h"
#include "server/config_value.h"

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit sizes[] = {
    { "GiB", 1u << 30 }, { "MiB", 1u << 20 }, { "KiB", 1u << 10 }, { "", 1 }
};
static const struct unit periods[] = { { "day", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
enum { TEXT_MAX = 256 * 1024 };

/* The largest unit that divides the value. Both tables end with a factor of 1. */
static const struct unit *fitting_unit(const struct unit *units, uint64_t value)
{
    while (value % units->factor != 0)
        units++;
    return units;
}

static void add_size(struct buf *out, uint64_t value)
{
    const struct unit *u = fitting_unit(sizes, value);

    buf_add_u64(out, value / u->factor);
    buf_add(out, str_from(u->name));
}

static void add_number(struct buf *out, const struct config_key *key, int64_t value)
{
    if (value == 0 && key->zero_word != NULL) {
        buf_add(out, str_from(key->zero_word));
    } else if (key->type == KEY_SIZE) {
        add_size(out, (uint64_t)value);
    } else {
        if (value < 0)
            buf_add_char(out, '-');
        buf_add_u64(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    }
}

static void add_rate(struct buf *out, const struct rate *r)
{
    const struct unit *u;

    if (r->count == 0) {
        buf_add(out, STR("off"));
        return;
    }
    add_size(out, r->count);
    buf_add_char(out, '/');
    u = fitting_unit(periods, r->per_s);
    if (r->per_s != u->factor)
        buf_add_u64(out, r->per_s / u->factor);
    buf_add(out, str_from(u->name));
}

static void add_separator(struct buf *out)
{
    if (out->n > 0)
        buf_add_char(out, ' ');
}

static void add_flags(struct buf *out, const char *const *words, unsigned flags)
{
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (flags & 1u << i) {
            add_separator(out);
            buf_add(out, str_from(words[i]));
        }
    }
}

static void add_list(struct buf *out, const struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        add_separator(out);
        buf_add(out, list->items[i]);
    }
}

static void add_networks(struct buf *out, struct arena *a, const struct cidr_list *list)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    for (size_t i = 0; i < list->count; i++) {
        const struct cidr *net = &list->items[i];
        const uint8_t *ip = net->ip;
        bool v4 = net->bits >= 96 && memcmp(ip, mapped, sizeof mapped) == 0;

        add_separator(out);
        buf_add(out, v4 ? arena_printf(a, "%u.%u.%u.%u", ip[12], ip[13], ip[14], ip[15])
                        : ip6_text(a, ip));
        buf_add_char(out, '/');
        buf_add_u64(out, v4 ? net->bits - 96 : net->bits);
    }
}

struct str config_value_text(const struct config *c, struct arena *a, const struct config_key *key)
{
    const void *at = (const char *)c + key->offset;
    struct buf out;
    struct str text;

    buf_init(&out, TEXT_MAX);
    switch (key->type) {
    case KEY_WORD: buf_add(&out, str_from(key->words[*(const unsigned *)at])); break;
    case KEY_FLAGS: add_flags(&out, key->words, *(const unsigned *)at); break;
    case KEY_NUMBER:
    case KEY_SIZE: add_number(&out, key, *(const int64_t *)at); break;
    case KEY_RATE: add_rate(&out, at); break;
    case KEY_TEXT:
    case KEY_PATH: buf_add(&out, *(const struct str *)at); break;
    case KEY_LIST:
    case KEY_EXEMPT:
    case KEY_DOMAINS:
    case KEY_PLACES:
    case KEY_PINS:
    case KEY_SECRETS:
    case KEY_ADDRESSES: add_list(&out, at); break;
    case KEY_NETWORKS: add_networks(&out, a, at); break;
    }
    text = arena_str(a, buf_str(&out));
    buf_deinit(&out);
    return text;
}

static struct str words_text(const struct config_key *key, struct arena *a, struct str text)
{
    for (size_t i = 0; key->words[i] != NULL; i++) {
        text = arena_printf(a, "%.*s%s%s", STR_ARG(text), i > 0 ? ", " : "", key->words[i]);
    }
    return text;
}

static struct str range_text(const struct config_key *key, struct arena *a)
{
    struct buf out;
    struct str text;

    buf_init(&out, TEXT_MAX);
    buf_add(&out, key->type == KEY_SIZE ? STR("a size from ") : STR("a number from "));
    add_number(&out, key, key->min);
    if (key->max == INT64_MAX) {
        buf_add(&out, STR(" up"));
    } else {
        buf_add(&out, STR(" to "));
        add_number(&out, key, key->max);
    }
    if (key->zero_word != NULL) {
        buf_add(&out, STR(", or "));
        buf_add(&out, str_from(key->zero_word));
    }
    text = arena_str(a, buf_str(&out));
    buf_deinit(&out);
    return text;
}

struct str config_value_allowed(const struct config_key *key, struct arena *a)
{
    if (key->allowed != NULL)
        return str_from(key->allowed);
    switch (key->type) {
    case KEY_WORD: return words_text(key, a, STR("one of "));
    case KEY_FLAGS: return words_text(key, a, STR("one or more of "));
    case KEY_NUMBER:
    case KEY_SIZE: return range_text(key, a);
    case KEY_RATE:
        return STR("a rate such as 30/min, 600/10s or 64MiB/h (units s, min, h, day), or off");
    case KEY_TEXT: return STR("text");
    case KEY_PATH: return STR("a path");
    case KEY_LIST: return STR("items separated by spaces");
    case KEY_DOMAINS: return STR("one or more domain names separated by spaces");
    case KEY_ADDRESSES:
        return STR(
            "addresses such as 127.0.0.1:5222 or [::1]:5222 separated by spaces; empty: off");
    case KEY_PLACES:
        return STR("at most 8 addresses such as 192.0.2.1, 2001:db8::1 or 10.0.0.1=192.0.2.1 "
                   "separated by spaces; "
                   "empty: off");
    case KEY_PINS:
    case KEY_EXEMPT:
    case KEY_SECRETS: break; /* their rows say it */
    case KEY_NETWORKS: return STR("networks such as 10.0.0.0/8 or fd00::/8 separated by spaces");
    }
    return STR_NONE;
}
