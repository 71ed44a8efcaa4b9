/* scram_grammar.c: reading and writing the attributes of SCRAM messages (RFC 5802 §7).
 *
 * Stricter than the RFC in one point: an optional extension may not carry a letter that the RFC has
 * given a meaning to. No client sends that, and it leaves no message which two readers can
 * understand differently.
 */
#include "xmpp/scram_grammar.h"

#include <string.h>

#include "base/encode.h"
#include "base/utf8.h"

static const char letters_in_use[] = "anmrcsipve"; /* §5.1 */

enum err scram_check_message(struct str message)
{
    if (message.n > SCRAM_MESSAGE_MAX)
        return ERR_TOO_BIG;
    if (str_find(message, '\0') < message.n || !utf8_valid(message))
        return ERR_MALFORMED;
    return ERR_NONE;
}

static bool is_attr(struct str attr, char letter)
{
    return attr.n > 2 && attr.p[0] == letter && attr.p[1] == '=';
}

enum err scram_read_attr(struct str *rest, char letter, struct str *out)
{
    struct str attr = str_split(rest, ',');

    if (is_attr(attr, 'm'))
        return ERR_UNSUPPORTED;
    if (!is_attr(attr, letter))
        return ERR_MALFORMED;
    *out = str_skip(attr, 2);
    return ERR_NONE;
}

enum err scram_read_nonce(struct str *rest, struct str *out)
{
    struct str nonce;
    enum err e = scram_read_attr(rest, 'r', &nonce);

    if (e != ERR_NONE)
        return e;
    for (size_t i = 0; i < nonce.n; i++)
        if (nonce.p[i] < 0x21 || nonce.p[i] > 0x7e) /* `printable` */
            return ERR_MALFORMED;
    *out = nonce;
    return ERR_NONE;
}

enum err scram_read_base64(struct arena *a, struct str *rest, char letter, struct bytes *out)
{
    struct str text;
    enum err e = scram_read_attr(rest, letter, &text);

    return e != ERR_NONE ? e : base64_read(a, text, out);
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

enum err scram_read_extensions(struct str rest)
{
    while (rest.p != NULL) {
        struct str attr = str_split(&rest, ',');

        if (is_attr(attr, 'm'))
            return ERR_UNSUPPORTED;
        if (attr.n < 3 || attr.p[1] != '=' || !is_alpha(attr.p[0]))
            return ERR_MALFORMED;
        if (strchr(letters_in_use, attr.p[0]) != NULL)
            return ERR_MALFORMED;
    }
    return ERR_NONE;
}

/* The character that "=2C" or "=3D" at the front of `s` stands for; 0 for anything else. */
static char unescaped(struct str s)
{
    if (str_starts(s, STR("=2C")))
        return ',';
    return str_starts(s, STR("=3D")) ? '=' : '\0';
}

enum err scram_read_name(struct arena *a, struct str in, struct str *out)
{
    char *name = arena_raw(a, in.n);
    size_t n = 0;

    if (in.n == 0)
        return ERR_MALFORMED;
    while (in.n > 0) {
        bool escaped = in.p[0] == '=';
        char c = escaped ? unescaped(in) : in.p[0];

        if (c == '\0')
            return ERR_MALFORMED;
        name[n++] = c;
        in = str_skip(in, escaped ? 3 : 1);
    }
    *out = (struct str){ name, n };
    return ERR_NONE;
}

struct str scram_name_text(struct arena *a, struct str name)
{
    char *text = arena_raw(a, 3 * name.n);
    size_t n = 0;

    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] != ',' && name.p[i] != '=') {
            text[n++] = name.p[i];
            continue;
        }
        memcpy(text + n, name.p[i] == ',' ? "=2C" : "=3D", 3);
        n += 3;
    }
    return (struct str){ text, n };
}

struct str scram_join(struct arena *a, const struct str *parts, size_t count)
{
    size_t n = 0;
    char *text, *at;

    for (size_t i = 0; i < count; i++)
        n += parts[i].n;
    at = text = arena_raw(a, n);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n > 0)
            memcpy(at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    return (struct str){ text, n };
}

struct str scram_nonce(struct arena *a, const struct random *random)
{
    uint8_t octets[SCRAM_NONCE_OCTETS];

    random_fill(random, octets, sizeof octets);
    return base64_text(a, bytes_of(octets, sizeof octets)); /* has no comma */
}

const char *channel_binding_name(enum channel_binding b)
{
    switch (b) {
    case BINDING_NONE: break;
    case BINDING_TLS_EXPORTER: return "tls-exporter";                 /* RFC 9266 */
    case BINDING_TLS_SERVER_END_POINT: return "tls-server-end-point"; /* RFC 5929 §4 */
    }
    return "";
}

enum err scram_binding_input(struct arena *a, enum channel_binding b, struct str gs2_header,
                             const struct binding_data *bound, struct bytes *out)
{
    struct bytes data = { NULL, 0 };

    if (b == BINDING_TLS_EXPORTER && bound != NULL)
        data = bound->exporter;
    if (b == BINDING_TLS_SERVER_END_POINT && bound != NULL)
        data = bound->server_end_point;
    if (b != BINDING_NONE && data.n == 0)
        return ERR_UNSUPPORTED;
    *out = bytes_of_str(arena_concat(a, gs2_header, str_of_bytes(data)));
    return ERR_NONE;
}

struct bytes scram_auth_message(struct arena *a, struct str client_first_bare,
                                struct str server_first, struct str client_final_without_proof)
{
    return bytes_of_str(SCRAM_JOIN(a, client_first_bare, STR(","), server_first, STR(","),
                                   client_final_without_proof));
}
