/* config_value.c: parse and print the types of configuration values. */
#include "server/config_value.h"

#include <string.h>

#include "base/ip.h"
#include "server/component_secret.h"
#include "server/remote_pin.h"
#include "xmpp/jid.h"

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit sizes[] = {
    { "GiB", 1u << 30 }, { "MiB", 1u << 20 }, { "KiB", 1u << 10 }, { "B", 1 }
};
static const struct unit periods[] = { { "day", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
enum { PERIOD_MAX_S = 31 * 86400 };

static void *field(struct config *c, const struct config_key *key)
{
    return (char *)c + key->offset;
}

/* Words of a value: separated by white space. Empty at the end. */
static struct str next_word(struct str *rest)
{
    size_t n = 0;
    struct str word;

    *rest = str_trim(*rest);
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
        n++;
    word = str_slice(*rest, 0, n);
    *rest = str_skip(*rest, n);
    return word;
}

static size_t count_words(struct str text)
{
    size_t n = 0;

    while (next_word(&text).n > 0)
        n++;
    return n;
}

static int find_word(const char *const *words, struct str text)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (str_eq_nocase(text, str_from(words[i])))
            return i;
    }
    return -1;
}

static enum err set_word(unsigned *out, const struct config_key *key, struct str text)
{
    int at = find_word(key->words, text);

    if (at < 0)
        return ERR_MALFORMED;
    *out = (unsigned)at;
    return ERR_NONE;
}

static enum err set_flags(unsigned *out, const struct config_key *key, struct str text, bool adds)
{
    unsigned flags = adds ? *out : 0;

    for (struct str word; (word = next_word(&text)).n > 0;) {
        int at = find_word(key->words, word);

        if (at < 0)
            return ERR_MALFORMED;
        flags |= 1u << at;
    }
    if (flags == 0)
        return ERR_MALFORMED;
    *out = flags;
    return ERR_NONE;
}

/* A number that may carry a unit: 256KiB. Without `units` plain digits. */
static enum err read_count(struct str text, const struct unit *units, size_t unit_count,
                           uint64_t *out)
{
    uint64_t factor = 1, value;
    enum err e;

    for (size_t i = 0; i < unit_count; i++) {
        if (str_ends(text, str_from(units[i].name))) {
            factor = units[i].factor;
            text = str_trim(str_slice(text, 0, text.n - strlen(units[i].name)));
            break;
        }
    }
    if ((e = str_to_u64(text, INT64_MAX / factor, &value)) != ERR_NONE)
        return e;
    *out = value * factor;
    return ERR_NONE;
}

static enum err set_number(int64_t *out, const struct config_key *key, struct str text)
{
    bool negative = text.n > 0 && text.p[0] == '-' && key->min < 0;
    uint64_t value;
    int64_t number;

    if (key->zero_word != NULL && str_is(text, key->zero_word)) {
        *out = 0;
        return ERR_NONE;
    }
    if (read_count(str_skip(text, negative), sizes, key->type == KEY_SIZE ? COUNT_OF(sizes) : 0,
                   &value)
        != ERR_NONE)
        return ERR_MALFORMED;
    number = negative ? -(int64_t)value : (int64_t)value;
    if (key->allows != NULL && !key->allows(text))
        return ERR_MALFORMED;
    if (number < key->min || number > key->max)
        return ERR_MALFORMED;
    *out = number;
    return ERR_NONE;
}

/* COUNT/PERIOD: 30/min, 600/10s, 64MiB/min. */
static enum err set_rate(struct rate *out, struct str text)
{
    struct str period = text, count = str_split(&period, '/');
    struct rate r = { 0 };
    uint64_t n = 1;
    size_t digits = 0;

    if (str_is(text, "off")) {
        *out = r;
        return ERR_NONE;
    }
    if (read_count(str_trim(count), sizes, COUNT_OF(sizes), &r.count) != ERR_NONE || r.count == 0)
        return ERR_MALFORMED;
    period = str_trim(period);
    while (digits < period.n && period.p[digits] >= '0' && period.p[digits] <= '9')
        digits++;
    if (digits > 0
        && (str_to_u64(str_slice(period, 0, digits), PERIOD_MAX_S, &n) != ERR_NONE || n == 0))
        return ERR_MALFORMED;
    period = str_skip(period, digits);
    for (size_t i = 0; i < COUNT_OF(periods); i++) {
        if (str_is(period, periods[i].name) && n * periods[i].factor <= PERIOD_MAX_S) {
            r.per_s = (uint32_t)(n * periods[i].factor);
            *out = r;
            return ERR_NONE;
        }
    }
    return ERR_MALFORMED;
}

static struct str copy_text(struct arena *a, struct str text)
{
    return arena_printf(a, "%.*s", STR_ARG(text));
}

static enum err set_text(struct str *out, struct arena *a, const struct config_key *key,
                         struct str text)
{
    if (key->allows != NULL && !key->allows(text))
        return ERR_MALFORMED;
    *out = copy_text(a, text);
    return ERR_NONE;
}

/* ---- Addresses and networks ---- */

/* IPv4 or IPv6 text as 16 octets; *out_bits: length of its own form. */
static enum err read_ip(struct str text, uint8_t out[16], unsigned *out_bits)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    if (ip6_read(text, out) == ERR_NONE) {
        *out_bits = 128;
        return ERR_NONE;
    }
    if (ip4_read(text, out + sizeof mapped) != ERR_NONE)
        return ERR_MALFORMED;
    memcpy(out, mapped, sizeof mapped);
    *out_bits = 32;
    return ERR_NONE;
}

static enum err check_address(struct str text)
{
    size_t colon = str_find_last(text, ':');
    struct str host = str_slice(text, 0, colon), port = str_skip(text, colon + 1);
    bool bracketed = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    uint8_t ip[16];
    unsigned bits;
    uint64_t n;

    if (colon == text.n || str_to_u64(port, 65535, &n) != ERR_NONE)
        return ERR_MALFORMED;
    if (bracketed)
        host = str_slice(host, 1, host.n - 2);
    if (read_ip(host, ip, &bits) != ERR_NONE || bracketed != (bits == 128))
        return ERR_MALFORMED;
    return ERR_NONE;
}

static bool is_unspecified(const uint8_t ip[16], unsigned bits)
{
    uint8_t any = 0;

    for (unsigned i = bits == 32 ? 12 : 0; i < 16; i++)
        any |= ip[i];
    return any == 0;
}

/* IP, or IP=IP of the same family; all addresses of the machine cannot be announced. */
static enum err check_place(struct str text)
{
    struct str announced = text, bind = str_split(&announced, '=');
    uint8_t ip[16];
    unsigned bits, other_bits;

    if (read_ip(bind, ip, &bits) != ERR_NONE || (announced.p == NULL && is_unspecified(ip, bits)))
        return ERR_MALFORMED;
    if (announced.p == NULL)
        return ERR_NONE;
    if (read_ip(announced, ip, &other_bits) != ERR_NONE || other_bits != bits
        || is_unspecified(ip, bits))
        return ERR_MALFORMED;
    return ERR_NONE;
}

static enum err read_network(struct str text, struct cidr *out)
{
    struct str length = text, host = str_split(&length, '/');
    struct cidr net;
    unsigned width;
    uint64_t bits;

    if (read_ip(host, net.ip, &width) != ERR_NONE)
        return ERR_MALFORMED;
    bits = width;
    if (length.p != NULL && str_to_u64(length, width, &bits) != ERR_NONE)
        return ERR_MALFORMED;
    net.bits = (unsigned)bits + (128 - width);
    *out = net;
    return ERR_NONE;
}

/* ---- Lists ---- */

/* What a name in XML is not made of; the rest is the sender's business, and nothing is sent of this. */
static bool has_odd(struct str name, const char *odd)
{
    for (; *odd != '\0'; odd++)
        if (str_find(name, *odd) < name.n)
            return true;
    return false;
}

/* "{namespace}name", or an address as the policy will meet it: prepared, and without a resource. */
static enum err read_exempt(struct arena *a, struct str word, struct str *out)
{
    struct str rest = word, namespace = str_split(&rest, '}');
    struct jid jid;

    if (str_starts(word, STR("{"))) {
        *out = word;
        return namespace.n > 1 && rest.n > 0 && !has_odd(rest, "{}:/<>&\"'") ? ERR_NONE
                                                                             : ERR_MALFORMED;
    }
    if (jid_parse(a, word, &jid) != ERR_NONE || !jid_is_bare(&jid))
        return ERR_MALFORMED;
    *out = jid_text(a, &jid);
    return ERR_NONE;
}

static enum err read_item(struct arena *a, const struct config_key *key, struct str word,
                          struct str *out)
{
    struct component_secret component;
    struct str prepared = word;
    struct remote_pin pin;
    enum err e = ERR_NONE;

    if (key->type == KEY_ADDRESSES)
        e = check_address(word);
    else if (key->type == KEY_PLACES)
        e = check_place(word);
    else if (key->type == KEY_PINS)
        e = remote_pin_read(a, word, &pin);
    else if (key->type == KEY_SECRETS)
        e = component_secret_read(a, word, &component);
    else if (key->type == KEY_EXEMPT)
        e = read_exempt(a, word, &prepared);
    else if (key->type == KEY_DOMAINS)
        e = jid_prepare_domain(a, word, &prepared);
    if (e != ERR_NONE)
        return ERR_MALFORMED;
    *out = copy_text(a, prepared);
    return ERR_NONE;
}

static enum err set_list(struct config_list *out, struct arena *a, const struct config_key *key,
                         struct str text, bool adds)
{
    size_t count = adds ? out->count : 0, total = count + count_words(text);
    struct str *items;

    if (total > (key->type == KEY_PLACES ? CONFIG_PLACES_MAX : CONFIG_ITEMS_MAX))
        return ERR_MALFORMED;
    items = arena_alloc(a, total * sizeof *items);
    if (count > 0)
        memcpy(items, out->items, count * sizeof *items);
    for (; count < total; count++) {
        if (read_item(a, key, next_word(&text), &items[count]) != ERR_NONE)
            return ERR_MALFORMED;
    }
    if (key->type == KEY_DOMAINS && count == 0)
        return ERR_MALFORMED;
    *out = (struct config_list){ items, count };
    return ERR_NONE;
}

static enum err set_networks(struct cidr_list *out, struct arena *a, struct str text, bool adds)
{
    size_t count = adds ? out->count : 0, total = count + count_words(text);
    struct cidr *items;

    if (total > CONFIG_ITEMS_MAX)
        return ERR_MALFORMED;
    items = arena_alloc(a, total * sizeof *items);
    if (count > 0)
        memcpy(items, out->items, count * sizeof *items);
    for (; count < total; count++) {
        if (read_network(next_word(&text), &items[count]) != ERR_NONE)
            return ERR_MALFORMED;
    }
    *out = (struct cidr_list){ items, count };
    return ERR_NONE;
}

enum err config_value_set(struct config *c, struct arena *a, const struct config_key *key,
                          struct str text, bool adds)
{
    void *at = field(c, key);

    text = str_trim(text);
    switch (key->type) {
    case KEY_WORD: return set_word(at, key, text);
    case KEY_FLAGS: return set_flags(at, key, text, adds);
    case KEY_NUMBER:
    case KEY_SIZE: return set_number(at, key, text);
    case KEY_RATE: return set_rate(at, text);
    case KEY_TEXT:
    case KEY_PATH: return set_text(at, a, key, text);
    case KEY_LIST:
    case KEY_EXEMPT:
    case KEY_DOMAINS:
    case KEY_PLACES:
    case KEY_PINS:
    case KEY_SECRETS:
    case KEY_ADDRESSES: return set_list(at, a, key, text, adds);
    case KEY_NETWORKS: return set_networks(at, a, text, adds);
    }
    return ERR_MALFORMED;
}

bool config_value_is_list(const struct config_key *key)
{
    return key->type == KEY_FLAGS || key->type >= KEY_LIST;
}
