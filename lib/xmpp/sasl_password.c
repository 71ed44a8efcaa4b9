/* sasl_password.c: passwords as they are hashed (PRECIS OpaqueString, RFC 8265 §4.2).
 *
 * Printable ASCII, which is nearly every password, is its own prepared form: no copy of it is left
 * in an arena, and no Unicode table is asked.
 */
#include "xmpp/sasl.h"

#include "xmpp/precis.h"

static bool is_printable_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~')
            return false;
    return true;
}

enum err sasl_prepare_password(struct arena *a, struct str in, struct str *out)
{
    if (in.n > SASL_PASSWORD_MAX)
        return ERR_TOO_BIG;
    if (in.n == 0 || !is_printable_ascii(in))
        return precis_opaque(a, in, out);
    *out = in;
    return ERR_NONE;
}
