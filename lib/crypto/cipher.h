/* cipher.h: AES for OMEMO's messages and files, XChaCha20-Poly1305 for what we keep.
 *
 * Owns: nothing; results go to the caller's memory, which may be that of the input (in place).
 * Threads: pure.  Units: octets; at most 2^31-16 at once.
 * Errors: ERR_DENIED when a tag does not fit: `out` is zeroed then, so that nobody reads what nobody
 * wrote. ERR_MALFORMED for lengths and paddings that cannot be. Tags are compared in constant time.
 */
#ifndef SOTTO_CRYPTO_CIPHER_H
#define SOTTO_CRYPTO_CIPHER_H

#include "base/err.h"
#include "base/str.h"

enum {
    AES_BLOCK = 16,
    GCM_TAG_SIZE = 16,
    XCHACHA_KEY_SIZE = 32,
    XCHACHA_NONCE_SIZE = 24,
    XCHACHA_TAG_SIZE = 16,
};

/* AES-256-CBC with PKCS #7 padding (RFC 5652 §6.3): `out` has room for cbc_size(n) octets, and when
 * decrypting for as many as came. Decrypt only what a MAC has authenticated. If the padding is wrong,
 * *out_n is 0 and `out` means nothing. */
size_t cbc_size(size_t n);
void cbc_encrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes plain,
                 uint8_t *out);
CHECKED enum err cbc_decrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK],
                             struct bytes sealed, uint8_t *out, size_t *out_n);

/* AES-GCM (NIST SP 800-38D), key of 16 or 32 octets, iv of 12 or 16; the tag stands apart. */
void gcm_seal(struct bytes key, struct bytes iv, struct bytes plain, uint8_t *out,
              uint8_t out_tag[GCM_TAG_SIZE]);
CHECKED enum err gcm_open(struct bytes key, struct bytes iv, struct bytes sealed,
                          const uint8_t tag[GCM_TAG_SIZE], uint8_t *out);

/* The same in pieces, for files of any size in little memory: `out` gets as many octets as come in. What was opened counts only once
 * gcm_end_open() agrees. A stream stays where it began; it ends with one of the last three. 2^36 - 32 octets in all. */
struct gcm_stream {
    union {
        void *native;
        uint64_t inline_state[56]; /* BearSSL's contexts */
    } u;
};
void gcm_begin(struct gcm_stream *s, struct bytes key, struct bytes iv, bool seal);
void gcm_piece(struct gcm_stream *s, struct bytes in, uint8_t *out);
void gcm_end_seal(struct gcm_stream *s, uint8_t out_tag[GCM_TAG_SIZE]);
CHECKED enum err gcm_end_open(struct gcm_stream *s, const uint8_t tag[GCM_TAG_SIZE]);
void gcm_drop(struct gcm_stream *s);

/* XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha): the nonce may be random. `out`: plain.n + tag. */
void xchacha_seal(const uint8_t key[XCHACHA_KEY_SIZE], const uint8_t nonce[XCHACHA_NONCE_SIZE],
                  struct bytes context, struct bytes plain, uint8_t *out);
CHECKED enum err xchacha_open(const uint8_t key[XCHACHA_KEY_SIZE],
                              const uint8_t nonce[XCHACHA_NONCE_SIZE], struct bytes context,
                              struct bytes sealed, uint8_t *out);

#endif
