/* errand.h: a command that one run of sotto leaves to another, which has the account open: how it is asked, and what comes back.
 *
 *   request   4 octets: length; then fields `name=value`, a zero octet behind each
 *   answers   1 octet: enum errand_answer; 4 octets: length; then so many octets. ERRAND_DONE is the last
 *
 * Both ends are this program under this user, but perhaps in two versions: a field that is not known is refused.
 * Owns: nothing; what is read lies in the arena.  Threads: pure.  Errors: ERR_MALFORMED, ERR_UNSUPPORTED: a later version's.
 */
#ifndef SOTTO_CLI_ERRAND_H
#define SOTTO_CLI_ERRAND_H

#include "cli/commands.h"

enum {
    ERRAND_REQUEST_MAX = 256 * 1024, /* a text of 64 KiB, and names of files */
    ERRAND_PIECE_MAX = 16 * 1024,    /* of an answer */
    ERRAND_LENGTH = 4,
    ERRAND_HEAD = 1 + ERRAND_LENGTH,
};

enum errand_answer {
    ERRAND_GOES_ON = 'g', /* it has begun; again from time to time */
    ERRAND_OUT = 'o',     /* for standard output */
    ERRAND_ERR = 'e',     /* for standard error */
    ERRAND_DONE = 'd',    /* one octet: the exit status */
};

#define ERRAND_SOCKET "commands" /* its name in the account's folder */

/* Paths that are not absolute begin in `here`. out->failed: it is too much. */
void errand_write(const struct program *p, const struct command *c, const char *here,
                  struct buf *out);
CHECKED enum err errand_read(struct bytes fields, struct program *out,
                             const struct command **out_command);

void errand_answer(struct buf *out, enum errand_answer kind, struct str octets);
/* Cuts off the next answer; false: it is not whole yet. ERR_MALFORMED: what comes is none. */
CHECKED enum err errand_next(struct bytes *in, bool *out_whole, enum errand_answer *out_kind,
                             struct str *out_octets);

#endif
