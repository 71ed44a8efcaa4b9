/* file_cipher.h: the octets of a file on their way into and out of encryption, piece by piece, in the memory of one piece.
 *
 *     sealed = AES-GCM(key, iv, file) ‖ tag        (XEP-0448 §3.1, XEP-0454 §2)
 *
 * What comes out of file_open_piece() is not known to be true before file_open_end() agrees: it stays where nobody takes it for the file.
 * Owns: running states, until one of *_end() or *_drop().  Threads: pure.  Units: bytes.
 * Errors: ERR_TOO_BIG, ERR_DENIED: not what was sealed.
 */
#ifndef SOTTO_CLIENT_FILE_CIPHER_H
#define SOTTO_CLIENT_FILE_CIPHER_H

#include "base/random.h"
#include "client/attachment.h"
#include "crypto/cipher.h"
#include "crypto/hash.h"

struct file_cipher {
    struct gcm_stream gcm;
    struct hash_state plain, sealed;
    uint64_t size; /* of the file, so far */
    uint64_t limit;
    const struct attachment *of;
    uint8_t held[GCM_TAG_SIZE]; /* the last octets that came: perhaps the tag */
    size_t held_n;
};

/* A new key and nonce, in *f. */
void file_seal_begin(struct file_cipher *s, struct attachment *f, const struct random *random);
CHECKED enum err file_seal_piece(struct file_cipher *s, struct bytes in, uint8_t *out);
/* Size and hashes are in *f then; out_tag is the end of the sealed file. */
void file_seal_end(struct file_cipher *s, struct attachment *f, uint8_t out_tag[GCM_TAG_SIZE]);

/* `f` is borrowed. `limit`: of the file's size, where the sender has not said it. `out` has room for in.n + GCM_TAG_SIZE octets. */
void file_open_begin(struct file_cipher *s, const struct attachment *f, uint64_t limit);
CHECKED enum err file_open_piece(struct file_cipher *s, struct bytes in, uint8_t *out,
                                 size_t *out_n);
/* Tag, size and hashes, as far as they were told. */
CHECKED enum err file_open_end(struct file_cipher *s);

void file_cipher_drop(struct file_cipher *s);

#endif
