/* wire.h: the connection of an account to its server: found, secured, and when it fails told in words.
 *
 * Owns: the connection.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_WIRE_H
#define SOTTO_CLI_WIRE_H

#include "io/conn.h"
#include "io/connect.h"

struct wire;

struct wire_handlers {
    void (*open)(void *ctx, bool secured); /* bytes may flow */
    void (*secured)(void *ctx);            /* after wire_secure() */
    void (*received)(void *ctx, struct str bytes);
    /* Or it could not be had. `why` is empty if either side ended it in order; `distrusted`: it is not the server that was
     * meant. Once per wire_open(), after which there may be another one. */
    void (*closed)(void *ctx, struct str why, bool distrusted);
};

/* `to` and `tls` are borrowed. */
struct wire *wire_new(struct loop *l, const struct connect_to *to, struct tls_context *tls,
                      const struct wire_handlers *handlers, void *ctx);
void wire_free(struct wire *w); /* NULL is allowed; drops what is open without a word */

void wire_open(struct wire *w);
bool wire_is_open(const struct wire *w); /* or being opened */
void wire_secure(struct wire *w);        /* STARTTLS was agreed on */
void wire_write(struct wire *w, struct str bytes);
size_t wire_queued(const struct wire *w);
struct binding_data wire_binding(struct wire *w, struct arena *a);
void wire_close(struct wire *w); /* one that is still being opened: without `closed` */

#endif
