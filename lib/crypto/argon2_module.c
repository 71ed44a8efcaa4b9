/* argon2_module.c: what the module argon2.wasm offers its page: numbers instead of structs.
 *
 * The page takes memory with argon2_room(), writes passphrase and salt there, calls argon2_run(),
 * reads the key, and drops the whole instance, whose memory only grows. Only the wasm build has it.
 */
#include <assert.h>

#include "base/mem.h"
#include "crypto/kdf.h"

#define EXPORT(name) __attribute__((export_name(name)))

EXPORT("argon2_room") void *argon2_room(size_t n);
EXPORT("argon2_run")
enum err argon2_run(uint8_t *passphrase, size_t passphrase_n, const uint8_t *salt, uint32_t passes,
                    uint32_t memory_kib, uint8_t *out, size_t n);

void *argon2_room(size_t n)
{
    return mem_alloc(n);
}

/* The passphrase is overwritten. */
enum err argon2_run(uint8_t *passphrase, size_t passphrase_n, const uint8_t *salt, uint32_t passes,
                    uint32_t memory_kib, uint8_t *out, size_t n)
{
    struct argon2_cost cost = { .passes = passes, .memory_kib = memory_kib };
    enum err e = argon2id(bytes_of(passphrase, passphrase_n), salt, cost, out, n);

    secure_zero(passphrase, passphrase_n);
    return e;
}
