/* mux_kind.c: a few octets, compared. */
#include "server/mux_kind.h"

#include "base/mem.h"
#include "rtp/stun.h"
#include "rtp/stun_wire.h"

enum {
    TLS_HANDSHAKE = 0x16, /* RFC 8446 §5.1 */
    TLS_MAJOR = 3,
    COOKIE_AT = 4, /* of a STUN message */
    FRAME = 2,     /* RFC 4571 §2 */
};

/* Whether these octets go on like a STUN message; what is not there yet fits. */
static bool is_stun(struct bytes in)
{
    for (size_t i = 0; i < in.n && i < COOKIE_AT + 4; i++) {
        if (i == 0 ? in.p[i] > 3 : i == 3 ? in.p[i] % 4 != 0 : false)
            return false;
        if (i >= COOKIE_AT && in.p[i] != (uint8_t)(STUN_COOKIE >> (24 - 8 * (i - COOKIE_AT))))
            return false;
    }
    return true;
}

/* Checks are Binding requests. */
static bool is_framed_check(struct bytes in)
{
    struct bytes inside = bytes_of(in.p + FRAME, in.n > FRAME ? in.n - FRAME : 0);

    return in.p[0] <= STUN_MAX >> 8 && (inside.n < 1 || inside.p[0] == 0)
           && (inside.n < 2 || inside.p[1] == STUN_BINDING) && is_stun(inside);
}

static enum mux_kind kind_of_binary(struct bytes in, bool sealed)
{
    bool turn = sealed && is_stun(in), media = is_framed_check(in);

    if (turn && !media)
        return in.n >= COOKIE_AT + 4 ? MUX_TURN : MUX_MORE;
    if (media && !turn)
        return in.n >= MUX_FIRST ? MUX_MEDIA : MUX_MORE;
    return turn ? MUX_MORE : MUX_UNKNOWN;
}

enum mux_kind mux_kind_of(struct bytes first, bool sealed)
{
    uint8_t letter = first.n > 0 ? first.p[0] : 0;

    if (first.n == 0)
        return MUX_MORE;
    if (letter == '<')
        return MUX_XMPP;
    if (!sealed && letter == TLS_HANDSHAKE)
        return first.n < 2 ? MUX_MORE : first.p[1] == TLS_MAJOR ? MUX_TLS : MUX_UNKNOWN;
    if (sealed && letter >= 'A' && letter <= 'Z')
        return MUX_HTTP;
    return kind_of_binary(first, sealed);
}

enum mux_kind mux_kind_of_alpn(struct str protocol)
{
    static const struct {
        const char *name;
        enum mux_kind kind;
    } names[] = { { "xmpp-client", MUX_XMPP },
                  { "http/1.1", MUX_HTTP },
                  { "stun.turn", MUX_TURN } };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(protocol, names[i].name))
            return names[i].kind;
    return MUX_MORE;
}
