/* backup.h: a backup of an account as octets (docs/backup.md): one header, then sealed chunks of 64 KiB, of which only the last says
 * that it is the last. Their content is a row of records, then zeros up to a size class.
 *
 * Who writes:  backup_begin(), backup_put() for each record, backup_end(); after each, chunks while backup_chunk() has some.
 * Who reads:   backup_open() with the header, then for each chunk backup_feed(), and records while backup_next() has some; what was read
 *              counts only once backup_complete().
 *
 * Owns: keys and a buffer of one record, until backup_writer_deinit() or backup_reader_deinit().  Threads: pure.  Units: octets.
 * Errors: ERR_MALFORMED: not a backup, or its header is damaged; ERR_UNSUPPORTED: of a newer version; ERR_DENIED: the passphrase
 * or code is another, or the chunk was changed.
 */
#ifndef SOTTO_CLIENT_BACKUP_H
#define SOTTO_CLIENT_BACKUP_H

#include "base/buf.h"
#include "base/random.h"
#include "crypto/kdf.h"
#include "crypto/stream.h"

enum {
    BACKUP_HEADER = 90,
    BACKUP_CHUNK = 64 * 1024,
    BACKUP_SEALED_CHUNK = BACKUP_CHUNK + SEALED_STREAM_OVERHEAD,
    BACKUP_RECORD_MAX = 4 << 20,
};

enum backup_lock {
    BACKUP_PASSPHRASE = 1,
    BACKUP_CODE = 2,
    BACKUP_LINK = 3, /* for a device that was linked (history.h): 32 octets that both know */
};

struct backup_header {
    enum backup_lock lock;
    struct argon2_cost cost; /* of a passphrase; a code is as good as a key */
    uint8_t salt[ARGON2_SALT_SIZE], stream[SEALED_STREAM_HEADER_SIZE];
};

/* The numbers are in files. */
enum backup_kind {
    BACKUP_END = 0,
    BACKUP_ABOUT = 1,   /* key: bare JID; value: the program; number: when, in milliseconds */
    BACKUP_SETTING = 2, /* key, value */
    BACKUP_ROW = 3,     /* of the book: table, key, value */
    BACKUP_ENTRY =
        4, /* key: its place; value: entry.h; in the order in which they came; number: history.h */
    BACKUP_CHAT =
        5, /* key: bare JID; value: draft; number: how many entries of the backup came up to the last one read */
    BACKUP_PART = 6, /* of a history that comes in parts: history.h */
};

struct backup_record {
    enum backup_kind kind;
    uint8_t table;
    uint64_t number;
    struct bytes key, value;
};

/* `secret`, below: of a passphrase 32 octets of Argon2id with this salt and cost, which the program derives; of a code its octets.
 * Costs above the caps are refused. */
void backup_header_make(struct backup_header *h, enum backup_lock lock,
                        const struct random *random);
CHECKED enum err backup_header_read(struct bytes in, struct backup_header *out);

struct backup_writer {
    struct sealed_stream stream;
    uint8_t header[BACKUP_HEADER];
    struct buf plain;
    uint64_t chunks, chunks_end; /* written; all there will be, once that is known */
    bool ended;
};
/* The header is what stands first in the file. */
void backup_begin(struct backup_writer *w, const struct backup_header *h, struct bytes secret);
CHECKED enum err backup_put(struct backup_writer *w, const struct backup_record *r);
void backup_end(struct backup_writer *w);
bool backup_chunk(struct backup_writer *w, uint8_t out[BACKUP_SEALED_CHUNK]);
void backup_writer_deinit(struct backup_writer *w);

struct backup_reader {
    struct sealed_stream stream;
    uint8_t header[BACKUP_HEADER];
    struct buf plain;
    size_t read; /* of `plain`: what backup_next() has given */
    bool final, ended;
};
CHECKED enum err backup_open(struct backup_reader *r, struct bytes header, struct bytes secret);
CHECKED enum err backup_feed(struct backup_reader *r,
                             const uint8_t sealed[BACKUP_SEALED_CHUNK]); /* and no more after all */
/* ERR_MISSING: it takes another chunk. Views live until the next call of either. */
CHECKED enum err backup_next(struct backup_reader *r, struct backup_record *out);
bool backup_complete(const struct backup_reader *r);
void backup_reader_deinit(struct backup_reader *r);

/* The least number of chunks of which a size says little (Padmé: at most 12 % more), and 1 MiB at least. */
uint64_t backup_padded(uint64_t chunks);

#endif
