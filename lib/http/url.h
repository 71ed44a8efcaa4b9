/* url.h: https addresses of files on other hosts (RFC 3986, RFC 9110 §4.2.2), and where they redirect to.
 *
 * Taken is the plain form only: no user, no fragment, a name that DNS can know or an address, a port that files are served on.
 * What resolvers guess at ("0x7f.1", "2130706433": RFC 3986 §7.4) is no host here.
 * Owns: nothing; results live in the arena.  Threads: pure.  Errors: ERR_MALFORMED, ERR_TOO_BIG, ERR_DENIED.
 */
#ifndef SOTTO_HTTP_URL_H
#define SOTTO_HTTP_URL_H

#include "base/arena.h"

enum {
    URL_MAX = 2048,
    HTTPS_PORT = 443,
    PORT_UNPRIVILEGED =
        1024, /* upload services listen on 5443, 5281, 7443; nothing of HTTP below but 443 */
};

struct https_url {
    struct str host; /* lower case, "[::1]" in brackets: as Host of a request has it */
    struct str name; /* the same without them: as a certificate and a resolver have it */
    uint16_t port;
    struct str target; /* "/path?query", at least "/" */
};

CHECKED enum err https_url_read(struct arena *a, struct str text, struct https_url *out);
/* Location of an answer to a request for `from`: ERR_DENIED if it leads to another host, port or scheme. Relative are only
 * paths from the root. */
CHECKED enum err https_url_follow(struct arena *a, const struct https_url *from,
                                  struct str location, struct https_url *out);

#endif
