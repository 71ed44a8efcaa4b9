/* jid.c: splitting, preparing and comparing addresses. */
#include "xmpp/jid.h"

#include <string.h>

#include "base/utf8.h"
#include "xmpp/domain.h"
#include "xmpp/precis.h"

/* Mapping may shorten text (three octets of a fullwidth letter become one), so the cap of a part
 * binds what comes out; what goes in is capped so that work and memory are. */
enum { RAW_PART_MAX = 3 * JID_PART_MAX };

/* Visible ASCII without what RFC 7622 §3.3.1 excludes. */
static bool is_local_char(unsigned char c)
{
    switch (c) {
    case '"':
    case '&':
    case '\'':
    case '/':
    case ':':
    case '<':
    case '>':
    case '@': return false;
    default: return c > ' ' && c < 0x7f;
    }
}

static enum err local_ascii(struct str in, char *out)
{
    if (in.n > JID_PART_MAX)
        return ERR_TOO_BIG;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];

        if (!is_local_char((unsigned char)c))
            return ERR_MALFORMED;
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return in.n > 0 ? ERR_NONE : ERR_MALFORMED;
}

static enum err resource_ascii(struct str in, char *out)
{
    if (in.n > JID_PART_MAX)
        return ERR_TOO_BIG;
    if (in.n == 0 || in.p[0] == ' ') /* RFC 7622 §3.5, example 18 */
        return ERR_MALFORMED;
    for (size_t i = 0; i < in.n; i++)
        if ((unsigned char)in.p[i] < ' ' || in.p[i] == 0x7f)
            return ERR_MALFORMED;
    memcpy(out, in.p, in.n);
    return ERR_NONE;
}

static enum err local_unicode(struct arena *a, struct str in, struct str *out)
{
    struct str prepared;
    enum err e;

    if ((e = precis_username(a, in, &prepared)) != ERR_NONE)
        return e;
    if (prepared.n > JID_PART_MAX)
        return ERR_TOO_BIG;
    for (size_t i = 0; i < prepared.n; i++)
        if ((unsigned char)prepared.p[i] < 0x80 && !is_local_char((unsigned char)prepared.p[i]))
            return ERR_MALFORMED;
    *out = prepared;
    return ERR_NONE;
}

static enum err resource_unicode(struct arena *a, struct str in, struct str *out)
{
    struct str prepared;
    enum err e;

    if ((e = precis_opaque(a, in, &prepared)) != ERR_NONE)
        return e;
    if (prepared.n > JID_PART_MAX)
        return ERR_TOO_BIG;
    if (prepared.p[0] == ' ')
        return ERR_MALFORMED;
    *out = prepared;
    return ERR_NONE;
}

enum err jid_prepare_local(struct arena *a, struct str in, struct str *out)
{
    char *text;
    enum err e;

    if (in.n > RAW_PART_MAX)
        return ERR_TOO_BIG;
    if (!utf8_is_ascii(in))
        return local_unicode(a, in, out);
    text = arena_raw(a, in.n);
    if ((e = local_ascii(in, text)) == ERR_NONE)
        *out = (struct str){ text, in.n };
    return e;
}

enum err jid_prepare_domain(struct arena *a, struct str in, struct str *out)
{
    struct str prepared;
    enum err e;

    if (in.n > RAW_PART_MAX)
        return ERR_TOO_BIG;
    if ((e = domain_prepare(a, in, &prepared)) != ERR_NONE)
        return e;
    if (prepared.n > JID_PART_MAX)
        return ERR_TOO_BIG;
    *out = prepared;
    return ERR_NONE;
}

enum err jid_prepare_resource(struct arena *a, struct str in, struct str *out)
{
    char *text;
    enum err e;

    if (in.n > RAW_PART_MAX)
        return ERR_TOO_BIG;
    if (!utf8_is_ascii(in))
        return resource_unicode(a, in, out);
    text = arena_raw(a, in.n);
    if ((e = resource_ascii(in, text)) == ERR_NONE)
        *out = (struct str){ text, in.n };
    return e;
}

/* RFC 7622 §3.2: the resource begins after the first '/', the domain after the first '@' before
 * that. A separator without its part is an error; a part without separator has p == NULL. */
static enum err split(struct str text, struct jid *out)
{
    size_t slash = str_find(text, '/');
    struct str bare = str_slice(text, 0, slash);
    size_t at = str_find(bare, '@');

    if (at == 0 || (slash < text.n && slash + 1 == text.n))
        return ERR_MALFORMED;
    *out = (struct jid){
        .local = at < bare.n ? str_slice(bare, 0, at) : STR_NONE,
        .domain = at < bare.n ? str_skip(bare, at + 1) : bare,
        .resource = slash < text.n ? str_skip(text, slash + 1) : STR_NONE,
    };
    return ERR_NONE;
}

/* All parts in one allocation, without Unicode. ERR_UNSUPPORTED: the domain needs more. */
static enum err parse_ascii(struct arena *a, const struct jid *raw, struct jid *out)
{
    char *local = arena_raw(a, raw->local.n + raw->domain.n + raw->resource.n);
    char *domain = local + raw->local.n;
    char *resource = domain + raw->domain.n;
    size_t domain_n;
    enum err e;

    if ((e = domain_prepare_ascii(raw->domain, domain, &domain_n)) != ERR_NONE
        || (raw->local.n > 0 && (e = local_ascii(raw->local, local)) != ERR_NONE)
        || (raw->resource.n > 0 && (e = resource_ascii(raw->resource, resource)) != ERR_NONE))
        return e;
    *out = (struct jid){
        .local = { local, raw->local.n },
        .domain = { domain, domain_n },
        .resource = { resource, raw->resource.n },
    };
    return ERR_NONE;
}

static enum err parse_unicode(struct arena *a, const struct jid *raw, struct jid *out)
{
    struct jid j = { 0 };
    enum err e;

    if ((e = jid_prepare_domain(a, raw->domain, &j.domain)) != ERR_NONE
        || (raw->local.n > 0 && (e = jid_prepare_local(a, raw->local, &j.local)) != ERR_NONE)
        || (raw->resource.n > 0
            && (e = jid_prepare_resource(a, raw->resource, &j.resource)) != ERR_NONE))
        return e;
    *out = j;
    return ERR_NONE;
}

enum err jid_parse(struct arena *a, struct str text, struct jid *out)
{
    struct jid raw;
    enum err e;

    if ((e = split(text, &raw)) != ERR_NONE)
        return e;
    if (raw.local.n > RAW_PART_MAX || raw.domain.n > RAW_PART_MAX || raw.resource.n > RAW_PART_MAX)
        return ERR_TOO_BIG;
    if (utf8_is_ascii(text) && (e = parse_ascii(a, &raw, out)) != ERR_UNSUPPORTED)
        return e;
    return parse_unicode(a, &raw, out);
}

static char *put(char *at, struct str s)
{
    if (s.n > 0)
        memcpy(at, s.p, s.n);
    return at + s.n;
}

struct str jid_text(struct arena *a, const struct jid *j)
{
    size_t n = j->local.n + (j->local.n > 0) + j->domain.n + (j->resource.n > 0) + j->resource.n;
    char *text = arena_raw(a, n), *at = text;

    at = put(at, j->local);
    at = put(at, str_slice(STR("@"), 0, j->local.n));
    at = put(at, j->domain);
    at = put(at, str_slice(STR("/"), 0, j->resource.n));
    put(at, j->resource);
    return (struct str){ text, n };
}

struct str jid_bare_text(struct arena *a, const struct jid *j)
{
    struct jid bare = jid_bare(j);

    return jid_text(a, &bare);
}

struct jid jid_bare(const struct jid *j)
{
    return (struct jid){ .local = j->local, .domain = j->domain };
}

struct jid jid_copy(struct arena *a, const struct jid *j)
{
    return (struct jid){ arena_str(a, j->local), arena_str(a, j->domain),
                         arena_str(a, j->resource) };
}

bool jid_same_account(const struct jid *a, const struct jid *b)
{
    return str_eq(a->local, b->local) && str_eq(a->domain, b->domain);
}

bool jid_eq(const struct jid *a, const struct jid *b)
{
    return jid_same_account(a, b) && str_eq(a->resource, b->resource);
}
