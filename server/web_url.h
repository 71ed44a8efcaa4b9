/* web_url.h: the address under which browsers and clients reach our HTTPS.
 *
 * Owns: nothing; texts live in the arena.  Threads: pure.
 */
#ifndef SOTTO_SERVER_WEB_URL_H
#define SOTTO_SERVER_WEB_URL_H

#include "server/server.h"

/* web.url, else the first domain with the port of listen.https; empty while HTTPS is off. No slash at its end. */
struct str web_url(const struct server_boot *boot, struct arena *a);
struct str web_url_host(struct str url, struct arena *a); /* without port, lower case */

#endif
