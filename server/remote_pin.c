/* remote_pin.c: see remote_pin.h. */
#include "server/remote_pin.h"

#include "base/ip.h"
#include "xmpp/jid.h"

static bool is_address(struct str text)
{
    size_t colon = str_find_last(text, ':');
    struct str host = str_slice(text, 0, colon);
    uint8_t ip[16];
    uint64_t port;

    if (colon == text.n || str_to_u64(str_skip(text, colon + 1), 65535, &port) != ERR_NONE
        || port == 0)
        return false;
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        return ip6_read(str_slice(host, 1, host.n - 2), ip) == ERR_NONE;
    return ip4_read(host, ip) == ERR_NONE;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As `openssl x509 -fingerprint -sha256` and sha256sum write it. */
static bool read_hash(struct str text, uint8_t out[32])
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        int value = digit(text.p[i]);

        if (text.p[i] == ':' && n % 2 == 0)
            continue;
        if (value < 0 || n == 64)
            return false;
        out[n / 2] = (uint8_t)(n % 2 == 0 ? value << 4 : out[n / 2] | value);
        n++;
    }
    return n == 64;
}

enum err remote_pin_read(struct arena *a, struct str text, struct remote_pin *out)
{
    struct str rest = text, domain = str_split(&rest, '='), address = str_split(&rest, '=');
    struct remote_pin pin;

    if (!is_address(address) || !read_hash(rest, pin.sha256)
        || jid_prepare_domain(a, domain, &pin.domain) != ERR_NONE)
        return ERR_MALFORMED;
    pin.address = arena_str(a, address);
    *out = pin;
    return ERR_NONE;
}
