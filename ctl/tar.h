/* tar.h: headers of tar archives (POSIX.1-1988 ustar), as far as a backup needs them: plain files.
 *
 * Sizes beyond 8 GiB are written in base 256, which GNU tar, BSD tar and Python read. Whatever is not
 * a plain file with a name of printable ASCII is refused: no links, no devices, no folders, no
 * extensions, so that nothing an archive says can lead out of where it is unpacked.
 * Owns: nothing.  Threads: pure.  Errors: ERR_MALFORMED, ERR_MISSING (the block of zeroes that ends
 * an archive).  Units: bytes.
 */
#ifndef SOTTO_CTL_TAR_H
#define SOTTO_CTL_TAR_H

#include "base/str.h"

enum { TAR_BLOCK = 512, TAR_NAME_MAX = 100 };
#define TAR_SIZE_MAX ((uint64_t)1 << 60)

struct tar_entry {
    struct str name; /* read: borrows the block */
    uint64_t size;   /* at most TAR_SIZE_MAX */
    uint64_t time_s; /* of the last change, since the epoch; not read */
};

void tar_write(const struct tar_entry *e, uint8_t out[TAR_BLOCK]);
CHECKED enum err tar_read(const uint8_t block[TAR_BLOCK], struct tar_entry *out);

/* Content is filled up to whole blocks. */
static inline uint64_t tar_padding(uint64_t size)
{
    return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

#endif
