/* transfer.h: one file over HTTPS, there or here, on a thread of its own (libcurl): our programs' uploads and downloads.
 *
 * The server's certificate must name the host and lead to the authorities given, as for every connection of ours. Redirections are not
 * followed, cookies and proxies of the environment not used, and nothing is sent but what is named here: no name of a program, no
 * referrer.
 *
 * Owns: copies of texts; never the descriptor.  Threads: transfer_new(), transfer_free() and `ended` on the loop's; `piece` on the
 * transfer's.  Units: bytes.  Errors: in words, for the person.
 */
#ifndef SOTTO_IO_TRANSFER_H
#define SOTTO_IO_TRANSFER_H

#include "base/arena.h"
#include "io/loop.h"

enum { TRANSFER_HEADERS = 4 };

struct transfer_request {
    struct str url; /* https */
    const char *ca; /* authorities instead of the system's; NULL: the system's */
    struct str headers[TRANSFER_HEADERS]; /* "Name: value" */
    size_t header_count;
    bool
        resumes; /* a GET that is cut goes on where it was (RFC 9110 §14), some times, with pauses */
    int source; /* PUT of `size` octets of this descriptor, from its beginning; -1: GET */
    uint64_t size;
};

enum transfer_result {
    TRANSFER_DONE,
    TRANSFER_REFUSED,    /* by the server: `status` */
    TRANSFER_BROKEN,     /* no connection, or it ended too early: another time perhaps */
    TRANSFER_DISTRUSTED, /* it is not the server that was meant */
    TRANSFER_STOPPED,    /* by `piece`, or the source could not be read */
};

struct transfer_handlers {
    /* What came, in order; false ends it. Only of a body that is the file: status 200, or 206 of one that goes on. */
    bool (*piece)(void *ctx, struct bytes piece);
    /* Once, unless transfer_free() comes first. `status` is 0 where no answer came. */
    void (*ended)(void *ctx, enum transfer_result result, unsigned status, struct str why);
};

struct transfer;
/* NULL: no thread is to be had, or no libcurl. */
struct transfer *transfer_new(struct loop *l, const struct transfer_request *request,
                              const struct transfer_handlers *handlers, void *ctx);
void transfer_free(struct transfer *t); /* NULL is allowed; ends it, which takes up to a second */

/* How far it is; total is 0 while nobody knows. */
void transfer_progress(const struct transfer *t, uint64_t *out_done, uint64_t *out_total);

#endif
