/* sasl_plain.c: the one message of PLAIN, [authzid] NUL authcid NUL passwd (RFC 4616 §2). */
#include "xmpp/sasl.h"

#include "base/utf8.h"

enum err sasl_plain_read(struct str message, struct str *out_authzid, struct str *out_user,
                         struct str *out_password)
{
    struct str authzid = str_split(&message, '\0'), user = str_split(&message, '\0');
    struct str password = str_split(&message, '\0');

    if (message.p != NULL || user.n == 0 || password.n == 0)
        return ERR_MALFORMED;
    if (!utf8_valid(authzid) || !utf8_valid(user) || !utf8_valid(password))
        return ERR_MALFORMED;
    *out_authzid = authzid;
    *out_user = user;
    *out_password = password;
    return ERR_NONE;
}
