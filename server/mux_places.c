/* mux_places.c: addresses of two lists, compared. */
#include "server/mux_places.h"

#include <string.h>

#include "base/ip.h"

static bool read_ip(struct str text, struct stun_address *out)
{
    *out = (struct stun_address){ .is_v6 = str_find(text, ':') < text.n };
    return (out->is_v6 ? ip6_read(text, out->ip) : ip4_read(text, out->ip)) == ERR_NONE;
}

/* "192.0.2.1:443", "[2001:db8::1]:443" */
static bool read_listener(struct str text, struct stun_address *out)
{
    size_t colon = str_find_last(text, ':');
    struct str ip = str_slice(text, 0, colon);
    uint64_t port;

    if (ip.n > 1 && ip.p[0] == '[')
        ip = str_slice(ip, 1, ip.n - 2);
    if (str_to_u64(str_skip(text, colon + 1), UINT16_MAX, &port) != ERR_NONE || !read_ip(ip, out))
        return false;
    out->port = (uint16_t)port;
    return true;
}

static bool is_any(const struct stun_address *a)
{
    static const uint8_t none[16];

    return memcmp(a->ip, none, sizeof none) == 0;
}

static bool same_host(const struct stun_address *a, const struct stun_address *b)
{
    return a->is_v6 == b->is_v6 && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

/* The port under which clients reach the anchor's address by listen.mux, too; 0: they do not. */
static uint16_t port_at(const struct server_boot *boot, const struct stun_address *bound,
                        const struct stun_address *announced)
{
    struct stun_address at;

    for (size_t i = 0; i < boot->listener_count; i++)
        if (boot->listeners[i].kind == LISTEN_MUX && read_listener(boot->listeners[i].address, &at)
            && (same_host(&at, bound) || same_host(&at, announced)
                || (is_any(&at) && at.is_v6 == bound->is_v6)))
            return at.port;
    return 0;
}

size_t mux_places(const struct server_boot *boot, struct anchor_place out[ANCHOR_PLACES])
{
    const struct config_list *list = &boot->config->anchor.address;
    size_t n = 0;

    for (size_t i = 0; i < list->count && n < ANCHOR_PLACES; i++) {
        struct str announced = list->items[i], bound = str_split(&announced, '=');
        struct stun_address ours, theirs;

        if (!read_ip(bound, &ours) || !read_ip(announced.p != NULL ? announced : bound, &theirs))
            continue;
        theirs.port = port_at(boot, &ours, &theirs);
        if (theirs.port != 0)
            out[n++] = (struct anchor_place){ theirs, true };
    }
    return n;
}

uint16_t mux_port(const struct server_boot *boot)
{
    struct stun_address at;

    for (size_t i = 0; i < boot->listener_count; i++)
        if (boot->listeners[i].kind == LISTEN_MUX && read_listener(boot->listeners[i].address, &at))
            return at.port;
    return 0;
}
