/* server.h: the server process, from what the supervisor hands over to its end.
 *
 * server_run() is called in the child after it entered its sandbox (no new privileges, files of
 * data_dir and of the store only, no new programs), before any thread exists. It opens the store,
 * starts the workers, serves, and returns when drained. Descriptors stay the caller's unless said
 * otherwise.
 * Owns: nothing; boot outlives the call.  Threads: the process's main thread.
 */
#ifndef SOTTO_SERVER_SERVER_H
#define SOTTO_SERVER_SERVER_H

#include "server/config.h"
#include "server/log.h"
#include "server/secrets.h"

enum { SERVER_KEY_SIZE = 32 };

struct boot_listener {
    enum listener_kind kind;
    struct str address; /* as bound: "127.0.0.1:40123" */
    const int *fds;     /* one per worker, listening, non-blocking; server_run() takes them */
};

struct server_boot {
    const struct config *config; /* config->server.workers is the number of workers */
    const struct boot_listener *listeners;
    size_t listener_count;

    const char *data_dir; /* absolute path, 0700, ours alone */
    int data_dir_fd;

    /* Paths that tls_context_new() can read now and until the next reload brings others. */
    const char *certificate, *key;
    bool self_signed;

    /* For connections to other hosts; NULL: this process cannot make any. */
    struct tls_context *fetch_tls;

    int statm_fd, fds_fd; /* /proc/self/statm and fd, which the sandbox would not open; or -1 */

    int control_fd;    /* listening Unix socket, for control_new() */
    int supervisor_fd; /* for lifeline_new() (lifeline.h): ready, drain, reload */

    /* A random key kept in data_dir/server.key. Derive one key per purpose with
     * hmac(HASH_SHA256, server_key, label): resources, decoys of SCRAM, … */
    const uint8_t *server_key; /* SERVER_KEY_SIZE, in `secrets` */
    struct secrets *secrets;
    struct log *log;
};

/* The exit status: 0 drained, 1 failed (logged). */
int server_run(const struct server_boot *boot);

#endif
