/* fuzz_tar.c: a header of a backup that is accepted names a plain file in a closed list of places, and says the same when
 * it is written again. */
#include <stdlib.h>
#include <string.h>

#include "ctl/backup_parts.h"
#include "ctl/tar.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t block[TAR_BLOCK] = { 0 }, again[TAR_BLOCK];
    struct tar_entry e, back;
    struct part part;

    memcpy(block, data, size < TAR_BLOCK ? size : TAR_BLOCK);
    if (tar_read(block, &e) != ERR_NONE)
        return 0;
    must(e.name.n > 0 && e.name.n <= TAR_NAME_MAX && e.size <= TAR_SIZE_MAX);
    e.time_s = 0;
    tar_write(&e, again);
    must(tar_read(again, &back) == ERR_NONE && str_eq(back.name, e.name) && back.size == e.size);
    if (part_of(e.name, e.size, &part)) {
        must(str_find(part.name, '/') == part.name.n && part.name.p[0] != '.');
        must(part.folder.n == 0 || str_is(part.folder, "tls") || str_is(part.folder, "uploads"));
    }
    return 0;
}
