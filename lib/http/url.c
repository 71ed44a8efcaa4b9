/* url.c: see url.h. */
#include "http/url.h"

#include "base/ip.h"
#include "http/target.h"

static const struct str scheme = STR_INIT("https://");

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

/* RFC 1123 §2.1, and "_", which some names have. */
static bool is_label(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_'
            && (c != '-' || i == 0 || i == s.n - 1))
            return false;
    }
    return s.n > 0 && s.n <= 63;
}

/* A name whose last label begins with a digit is an address to some resolver, or nothing to any: there is no such domain of
 * the top level (RFC 3696 §2). */
static bool is_dns_name(struct str name)
{
    struct str rest = name, label = STR_NONE;

    do {
        label = str_split(&rest, '.');
        if (!is_label(label))
            return false;
    } while (rest.p != NULL);
    return label.n < name.n && !is_digits(str_slice(label, 0, 1));
}

static enum err read_host(struct arena *a, struct str authority, struct https_url *out)
{
    uint8_t ip[16];

    if (http_host_read(a, authority, &out->host) != ERR_NONE)
        return ERR_MALFORMED;
    out->name = out->host;
    if (str_starts(out->host, STR("["))) {
        out->name = str_slice(out->host, 1, out->host.n - 2);
        return ERR_NONE;
    }
    return ip4_read(out->host, ip) == ERR_NONE || is_dns_name(out->host) ? ERR_NONE : ERR_MALFORMED;
}

/* Behind the host, as http_host_read() has checked it. */
static enum err read_port(struct str rest, uint16_t *out)
{
    uint64_t port = HTTPS_PORT;

    if (rest.n > 0 && str_to_u64(str_skip(rest, 1), UINT16_MAX, &port) != ERR_NONE)
        return ERR_MALFORMED;
    if (port != HTTPS_PORT && port < PORT_UNPRIVILEGED)
        return ERR_DENIED;
    *out = (uint16_t)port;
    return ERR_NONE;
}

/* A fragment is no part of a request; whoever sends one means a browser. http_is_query() has no "#". */
static enum err read_target(struct arena *a, struct str text, struct str *out)
{
    if (!http_is_query(text))
        return ERR_MALFORMED;
    *out = arena_concat(a, str_starts(text, STR("/")) ? STR("") : STR("/"), text);
    return ERR_NONE;
}

static size_t authority_end(struct str s)
{
    size_t slash = str_find(s, '/'), query = str_find(s, '?');

    return slash < query ? slash : query;
}

enum err https_url_read(struct arena *a, struct str text, struct https_url *out)
{
    struct https_url url = { 0 };
    struct str authority;
    enum err e;

    if (text.n > URL_MAX)
        return ERR_TOO_BIG;
    if (text.n < scheme.n || !str_eq_nocase(str_slice(text, 0, scheme.n), scheme))
        return ERR_DENIED;
    text = str_skip(text, scheme.n);
    authority = str_slice(text, 0, authority_end(text));
    if ((e = read_host(a, authority, &url)) != ERR_NONE
        || (e = read_port(str_skip(authority, url.host.n), &url.port)) != ERR_NONE
        || (e = read_target(a, str_skip(text, authority.n), &url.target)) != ERR_NONE)
        return e;
    *out = url;
    return ERR_NONE;
}

enum err https_url_follow(struct arena *a, const struct https_url *from, struct str location,
                          struct https_url *out)
{
    struct https_url url = *from;
    enum err e;

    if (location.n > URL_MAX)
        return ERR_TOO_BIG;
    if (str_starts(location, STR("//"))) /* another host, in a short form */
        return ERR_DENIED;
    e = str_starts(location, STR("/")) ? read_target(a, location, &url.target)
                                       : https_url_read(a, location, &url);
    if (e != ERR_NONE)
        return e;
    if (!str_eq(url.host, from->host) || url.port != from->port)
        return ERR_DENIED;
    *out = url;
    return ERR_NONE;
}
