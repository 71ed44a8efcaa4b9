/* main.c: sotto-anchor: the media of calls pass here. The supervisor of sottod starts it:
 *
 *   sotto-anchor PARENT SUPERVISOR FD,FD,ADDRESS,PORT…
 *
 * PARENT is a process, SUPERVISOR a socket from which links to the server come; each place is two bound UDP sockets, for components
 * 1 and 2, and what is announced of the first one.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "anchor/run.h"
#include "anchor/sandbox.h"
#include "base/ip.h"
#include "crypto/hash.h"

enum { DESCRIPTORS_MAX = 1024 };

static void fill(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    while (n > 0) {
        ssize_t got = getrandom(out, n, 0);

        out += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
}

/* Whatever else was open where the supervisor was started. */
static void close_others(const struct run_config *c)
{
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX; fd++) {
        bool ours = fd == c->supervisor;

        for (size_t i = 0; i < 2 * c->place_count; i++)
            ours = ours || fd == c->fds[i];
        if (!ours)
            close(fd);
    }
}

/* The library reads its settings from files when it is first used, which has to be before the sandbox. */
static void warm_up(void)
{
    uint8_t out[HASH_SIZE_MAX];

    hash_digest(HASH_SHA1, bytes_of("", 0), out);
    hmac2(HASH_SHA1, bytes_of("", 0), bytes_of("", 0), bytes_of("", 0), out);
}

static int usage(FILE *to, int status)
{
    fputs("sotto-anchor passes on the media of calls; sottod starts it and gives it its sockets.\n"
          "usage: sotto-anchor PARENT SUPERVISOR FD,FD,ADDRESS,PORT...\n"
          "       sotto-anchor --help | --version\n",
          to);
    return status;
}

static bool read_int(struct str text, int *out)
{
    uint64_t value;

    if (str_to_u64(text, INT_MAX, &value) != ERR_NONE)
        return false;
    *out = (int)value;
    return true;
}

static bool read_place(struct str text, int fds[2], struct anchor_place *out)
{
    struct stun_address *a = &out->address;
    struct str ip;
    int port;

    if (!read_int(str_split(&text, ','), &fds[0]) || !read_int(str_split(&text, ','), &fds[1]))
        return false;
    ip = str_split(&text, ',');
    a->is_v6 = str_find(ip, ':') < ip.n;
    if ((a->is_v6 ? ip6_read(ip, a->ip) : ip4_read(ip, a->ip)) != ERR_NONE || !read_int(text, &port)
        || port > UINT16_MAX)
        return false;
    a->port = (uint16_t)port;
    return true;
}

static bool read_arguments(int argc, char **argv, struct run_config *out, int *out_parent)
{
    if (argc < 4 || argc - 3 > ANCHOR_PLACES || !read_int(str_from(argv[1]), out_parent)
        || !read_int(str_from(argv[2]), &out->supervisor))
        return false;
    for (int i = 3; i < argc; i++) {
        size_t at = out->place_count++;

        if (!read_place(str_from(argv[i]), &out->fds[2 * at], &out->places[at]))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct run_config config = { .random = { fill, NULL } };
    struct run *run;
    int parent;

    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("sotto-anchor " SOTTO_VERSION) == EOF;
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    if (!read_arguments(argc, argv, &config, &parent))
        return usage(stderr, 2);
    signal(SIGINT, SIG_IGN); /* of a terminal; the supervisor decides when this ends */
    signal(SIGTERM, SIG_IGN);
    close_others(&config);
    warm_up();
    run = run_new(&config);
    if (sandbox_enter(parent) != ERR_NONE)
        return 1;
    run_until_orphaned(run);
    run_free(run);
    return 0;
}
