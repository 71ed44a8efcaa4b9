/* backup_parts.h: what a backup is made of.
 *
 * A tar archive (tar.h) of these files, in this order:
 *
 *     sotto-backup          "1\n": the version of this list
 *     sotto.db              the database, as one consistent copy
 *     server.key            not with --without-keys, like the next two
 *     tls/certificate.pem   the self-signed certificate, if there is one
 *     tls/key.pem
 *     uploads/SLOT …
 *     sha256                hexadecimal SHA-256 of everything before its own header
 *
 * The last one comes last so that memory is bounded while it is written, and so that a file that was
 * cut, wherever that was, is known as such.
 * Owns: constants.  Threads: pure.
 */
#ifndef SOTTO_CTL_BACKUP_PARTS_H
#define SOTTO_CTL_BACKUP_PARTS_H

#include "base/str.h"

#define PART_MARK      "sotto-backup"
#define PART_MARK_TEXT "1\n"
#define PART_DATABASE  "sotto.db"
#define PART_KEY       "server.key"
#define PART_DIGEST    "sha256"
#define PART_TLS       "tls"
#define PART_UPLOADS   "uploads"

enum {
    PART_KEY_OCTETS = 32,
    PART_PEM_MAX = 1024 * 1024,
    PART_DIGEST_CHARS = 64 + 1, /* and a newline */
    PART_SLOT_CHARS = 26,
    PART_NAME_ROOM = 64,
};

/* A file that may lie in a data folder: the folder in it (empty: none), and its name there. */
struct part {
    struct str folder, name;
};

/* False: not one of the list, or not of a size that it can have. */
bool part_of(struct str path, uint64_t size, struct part *out);
bool part_is_slot(struct str name); /* fit for uploads/ */

#endif
