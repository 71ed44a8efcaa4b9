/* proxy_header.c: HAProxy's "The PROXY protocol", §2.1 (version 1: a line) and §2.2 (version 2: octets). */
#include "server/proxy_header.h"

#include <string.h>

#include "base/ip.h"
#include "base/reader.h"

enum {
    LINE_MAX = 107, /* with its CRLF */
    WORDS = 6,      /* PROXY, family, two addresses, two ports */
    FIXED = 16,     /* signature, version and command, family, length */
    IP4_ADDRESSES = 12,
    IP6_ADDRESSES = 36,
    LOCAL = 0x20, /* version 2 and the command */
    PROXY = 0x21,
    TCP_OVER_IP4 = 0x11,
    TCP_OVER_IP6 = 0x21,
};

static const struct str signature = STR_INIT("\r\n\r\n\0\r\nQUIT\n"), word = STR_INIT("PROXY ");

static bool begins_like(struct bytes in, struct str what)
{
    return memcmp(in.p, what.p, in.n < what.n ? in.n : what.n) == 0;
}

static enum proxy_verdict want(struct proxy_header *out, size_t size)
{
    out->size = size;
    return PROXY_MORE;
}

static void set_ip4(struct proxy_header *out, const uint8_t ip[4])
{
    out->ip[10] = out->ip[11] = 0xff;
    memcpy(out->ip + 12, ip, 4);
    out->has_source = true;
}

/* ---- Version 1 --------------------------------------------------------------------------------------- */

static bool read_port(struct str text, uint16_t *out)
{
    uint64_t port;

    if (text.n == 0 || (text.n > 1 && text.p[0] == '0')
        || str_to_u64(text, UINT16_MAX, &port) != ERR_NONE)
        return false;
    *out = (uint16_t)port;
    return true;
}

/* Our own side of it is no news, but a line that has it wrong is wrong. */
static bool read_words(const struct str words[WORDS], struct proxy_header *out)
{
    uint8_t ip[16], ours[16];
    uint16_t port;
    bool ok;

    if (str_eq(words[1], STR("TCP4"))) {
        ok = ip4_read(words[2], ip) == ERR_NONE && ip4_read(words[3], ours) == ERR_NONE;
        if (ok)
            set_ip4(out, ip);
    } else {
        ok = str_eq(words[1], STR("TCP6")) && ip6_read(words[2], out->ip) == ERR_NONE
             && ip6_read(words[3], ours) == ERR_NONE;
        out->has_source = ok;
    }
    return ok && read_port(words[4], &out->port) && read_port(words[5], &port);
}

/* Without its CRLF. */
static bool read_line(struct str line, struct proxy_header *out)
{
    struct str words[WORDS];
    size_t count = 0;

    if (str_eq(str_slice(line, 0, line.n < 13 ? line.n : 13), STR("PROXY UNKNOWN")))
        return line.n == 13 || line.p[13] == ' '; /* what follows is to be passed over */
    while (count < WORDS) {
        size_t end = str_find(line, ' ');

        words[count++] = str_slice(line, 0, end);
        if (end == line.n)
            break;
        line = str_skip(line, end + 1);
        if (count == WORDS)
            return false;
    }
    return count == WORDS && read_words(words, out);
}

static enum proxy_verdict read_first_version(struct bytes in, struct proxy_header *out)
{
    struct str text = str_slice(str_of_bytes(in), 0, in.n < LINE_MAX ? in.n : LINE_MAX);
    size_t end = str_find(text, '\r');

    if (end + 1 >= text.n)
        return text.n < LINE_MAX ? want(out, in.n + 1) : PROXY_BROKEN;
    if (text.p[end + 1] != '\n' || !read_line(str_slice(text, 0, end), out))
        return PROXY_BROKEN;
    out->size = end + 2;
    return PROXY_WHOLE;
}

/* ---- Version 2 --------------------------------------------------------------------------------------- */

/* Datagrams do not come this way; a peer at a socket of the proxy's machine has no address. TLVs are passed over. */
static bool read_source(struct reader *r, uint8_t command, uint8_t family, struct proxy_header *out)
{
    if (command == LOCAL || family == 0 || family >> 4 == 3)
        return command == LOCAL || command == PROXY;
    if (command != PROXY)
        return false;
    if (family == TCP_OVER_IP4 && r->left.n >= IP4_ADDRESSES) {
        set_ip4(out, read_bytes(r, 4).p);
        read_bytes(r, 4);
    } else if (family == TCP_OVER_IP6 && r->left.n >= IP6_ADDRESSES) {
        memcpy(out->ip, read_bytes(r, 16).p, 16);
        out->has_source = true;
        read_bytes(r, 16);
    } else {
        return false;
    }
    out->port = read_u16(r);
    return true;
}

static enum proxy_verdict read_second_version(struct bytes in, struct proxy_header *out)
{
    struct reader r = reader_of(in);
    uint8_t command, family;
    size_t length;

    if (in.n < FIXED)
        return want(out, FIXED);
    read_bytes(&r, signature.n);
    command = read_u8(&r);
    family = read_u8(&r);
    length = read_u16(&r);
    if (FIXED + length > PROXY_HEADER_MAX)
        return PROXY_BROKEN;
    if (r.left.n < length)
        return want(out, FIXED + length);
    r.left.n = length;
    if (!read_source(&r, command, family, out))
        return PROXY_BROKEN;
    out->size = FIXED + length;
    return PROXY_WHOLE;
}

enum proxy_verdict proxy_header_read(struct bytes in, struct proxy_header *out)
{
    *out = (struct proxy_header){ 0 };
    if (in.n == 0)
        return want(out, 1);
    if (begins_like(in, signature))
        return read_second_version(in, out);
    if (begins_like(in, word))
        return in.n < word.n ? want(out, in.n + 1) : read_first_version(in, out);
    return PROXY_BROKEN;
}
