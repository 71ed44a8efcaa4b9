/* oracle.h: the record of what the server promised, for durability tests.
 *
 * One line per message: "A ACCOUNT ID" when its sender got the XEP-0198 acknowledgement, "R ACCOUNT ID"
 * when its receiver got it. Lines reach the kernel with write(2) before anything further is sent, so they
 * survive whatever happens to the server or to the generator.
 * Owns: its file.  Threads: one at a time.  Errors: ERR_IO.
 */
#ifndef SOTTO_BENCH_ORACLE_H
#define SOTTO_BENCH_ORACLE_H

#include "base/buf.h"

struct oracle {
    int fd;
    struct buf lines;
};

CHECKED enum err oracle_open(struct oracle *o, const char *path); /* NULL: keeps no record */
void oracle_note(struct oracle *o, char what, const char *account, struct str id);
CHECKED enum err oracle_flush(struct oracle *o);
void oracle_close(struct oracle *o);

#endif
