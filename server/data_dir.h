/* data_dir.h: the server's folder: 0700, one server at a time, with what is made once in it: lock,
 * key, certificate.
 *
 *     lock         who uses the folder (io/folder_lock.h)
 *     server.key   random, SERVER_KEY_SIZE octets
 *     tls/         self-signed certificate.pem and key.pem
 *     control.sock the operator's socket
 *     tmp/         temporary files of the store
 *     backup/      copies of the store on their way to whoever asked
 *
 * Owns: its descriptors.  Threads: the supervisor's only one.  Errors: with one sentence in `why`.
 */
#ifndef SOTTO_SERVER_DATA_DIR_H
#define SOTTO_SERVER_DATA_DIR_H

#include "base/arena.h"
#include "server/config.h"

struct data_dir {
    const char *path;
    int fd;
    int lock_fd, server_lock_fd; /* the second one is inherited by the server process */
};

/* As root, the folder is made for (and must belong to) the user that the server process becomes. */
CHECKED enum err data_dir_open(const char *path, struct data_dir *out, struct str *why,
                               struct arena *a);
void data_dir_close(struct data_dir *d);

/* From here on files are made as the server's user, until _raise(). Nothing happens unless we
 * are root. */
CHECKED enum err data_dir_lower(struct str *why, struct arena *a);
CHECKED enum err data_dir_raise(struct str *why, struct arena *a);

CHECKED enum err data_dir_make_key(const struct data_dir *d, struct str *why, struct arena *a);
CHECKED enum err data_dir_make_certificate(const struct data_dir *d, const struct config *c,
                                           struct str *why, struct arena *a);
CHECKED enum err data_dir_listen(const struct data_dir *d, int *out_fd, struct str *why,
                                 struct arena *a);

/* Configured or self-signed. */
struct str data_dir_certificate_path(const struct config *c, struct arena *a);
struct str data_dir_key_path(const struct config *c, struct arena *a);

#endif
