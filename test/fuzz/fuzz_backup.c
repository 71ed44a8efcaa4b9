/* fuzz_backup.c: a backup's header and recovery codes are anything; chunks are sealed rightly, by somebody who knows the passphrase,
 * around anything. Records stay within the chunks, and what is read ends. */
#include <stdlib.h>
#include <string.h>

#include "client/backup.h"
#include "client/recovery_code.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void fill(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 7, n);
}

static void read_records(struct backup_reader *r)
{
    struct backup_record record;
    size_t octets = 0;

    while (backup_next(r, &record) == ERR_NONE) {
        octets += 18 + record.key.n + record.value.n;
        must(octets <= r->plain.n && record.kind != BACKUP_END);
        must(record.key.n == 0 || record.key.p[record.key.n - 1] <= 0xff);
    }
}

static void read_sealed(const uint8_t *data, size_t size)
{
    const struct random random = { fill, NULL };
    struct bytes key = bytes_of("key", 3);
    uint8_t *plain = mem_alloc(BACKUP_CHUNK), *sealed = mem_alloc(BACKUP_SEALED_CHUNK);
    struct backup_header h;
    struct backup_writer w;
    struct backup_reader r;
    bool last = false;

    backup_header_make(&h, BACKUP_CODE, &random);
    backup_begin(&w, &h, key);
    must(backup_open(&r, bytes_of(w.header, BACKUP_HEADER), key) == ERR_NONE);
    while (!last) {
        size_t n = size < BACKUP_CHUNK ? size : BACKUP_CHUNK;

        memset(plain, 0, BACKUP_CHUNK);
        if (n > 0)
            memcpy(plain, data, n);
        data += n, size -= n;
        last = size == 0;
        sealed_stream_push(&w.stream, last ? SEALED_FINAL : SEALED_MORE,
                           bytes_of(w.header, BACKUP_HEADER), bytes_of(plain, BACKUP_CHUNK),
                           sealed);
        if (backup_feed(&r, sealed) != ERR_NONE)
            break;
        read_records(&r);
    }
    must(!last || backup_feed(&r, sealed) != ERR_NONE);
    backup_reader_deinit(&r);
    backup_writer_deinit(&w);
    mem_free(plain);
    mem_free(sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t code[RECOVERY_CODE_OCTETS], again[RECOVERY_CODE_OCTETS];
    struct arena a = { 0 };
    struct backup_header h;

    if (backup_header_read(bytes_of(data, size), &h) == ERR_NONE)
        must(h.cost.memory_kib <= 1024 * 1024 && h.cost.passes > 0 && h.cost.passes <= 16);
    if (recovery_code_read((struct str){ (const char *)data, size }, code) == ERR_NONE)
        must(recovery_code_read(recovery_code_text(&a, code), again) == ERR_NONE
             && memcmp(code, again, sizeof code) == 0);
    read_sealed(data, size);
    arena_deinit(&a);
    return 0;
}
