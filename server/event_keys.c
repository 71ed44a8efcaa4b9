/* event_keys.c: making, keeping and destroying keys of pseudonyms. */
#include "server/event_keys.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "server/file.h"

enum { DAY_S = 24 * 3600, QUARTER_DAYS = 91, NAME_ROOM = 24 };

void event_keys_init(struct event_keys *k, int folder_fd, const struct random *random,
                     uint8_t memory[2 * EVENT_KEY_SIZE])
{
    *k = (struct event_keys){ .folder_fd = folder_fd,
                              .random = *random,
                              .of_day = memory,
                              .of_accounts = memory + EVENT_KEY_SIZE };
}

/* ---- Keys of days ---------------------------------------------------------------------------------- */

static void name_of(uint64_t day, char name[NAME_ROOM])
{
    snprintf(name, NAME_ROOM, "%llu", (unsigned long long)day);
}

static bool read_key(struct event_keys *k, const char *name)
{
    int fd = openat(k->folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = fd >= 0 ? pread(fd, k->of_day, EVENT_KEY_SIZE, 0) : -1;

    if (fd >= 0)
        close(fd);
    return n == EVENT_KEY_SIZE;
}

/* A key that cannot be kept serves until the process ends. */
static void take_day(struct event_keys *k, uint64_t day)
{
    char name[NAME_ROOM];

    name_of(day, name);
    k->day = day;
    if (k->folder_fd >= 0 && read_key(k, name))
        return;
    random_fill(&k->random, k->of_day, EVENT_KEY_SIZE);
    if (k->folder_fd >= 0
        && file_write(k->folder_fd, name, 0600, bytes_of(k->of_day, EVENT_KEY_SIZE)) != ERR_NONE)
        unlinkat(k->folder_fd, name, 0);
}

/* Overwritten in place first: a file system that does not copy on write keeps nothing of it. */
static void destroy(int folder_fd, const char *name)
{
    static const uint8_t zeroes[EVENT_KEY_SIZE];
    int fd = openat(folder_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0) {
        if (pwrite(fd, zeroes, sizeof zeroes, 0) == (ssize_t)sizeof zeroes)
            fdatasync(fd);
        close(fd);
    }
    unlinkat(folder_fd, name, 0);
}

/* A clock that was wrong leaves keys of days to come; what is no key at all was left by a write that was cut. */
static bool is_over(const char *name, uint64_t today)
{
    uint64_t day;

    return str_to_u64(str_from(name), UINT32_MAX, &day) != ERR_NONE || day + EVENT_KEY_DAYS <= today
           || day > today + 1;
}

static void destroy_keys(const struct event_keys *k, bool all)
{
    int fd = k->folder_fd >= 0 ? dup(k->folder_fd) : -1;
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    rewinddir(folder);
    for (const struct dirent *e; (e = readdir(folder)) != NULL;)
        if (e->d_name[0] != '.' && (all || is_over(e->d_name, k->day)))
            destroy(k->folder_fd, e->d_name);
    fsync(k->folder_fd);
    closedir(folder);
}

/* ---- Both ------------------------------------------------------------------------------------------ */

static void begin_quarter(struct event_keys *k, uint64_t quarter)
{
    k->quarter = quarter;
    random_fill(&k->random, k->of_accounts, EVENT_KEY_SIZE);
    do
        random_fill(&k->random, &k->era, sizeof k->era);
    while (k->era == 0);
}

void event_keys_turn(struct event_keys *k, uint64_t now_s)
{
    uint64_t day = now_s / DAY_S;

    if (!k->begun || day / QUARTER_DAYS != k->quarter)
        begin_quarter(k, day / QUARTER_DAYS);
    if (!k->begun || day != k->day) {
        take_day(k, day);
        destroy_keys(k, false);
    }
    k->begun = true;
}

void event_keys_end(struct event_keys *k)
{
    destroy_keys(k, true);
}

static uint64_t pseudonym(const uint8_t *key, struct bytes of)
{
    uint8_t octets[HASH_SIZE_MAX];
    uint64_t value = 0;

    hmac(HASH_SHA256, bytes_of(key, EVENT_KEY_SIZE), of, octets);
    for (int i = 0; i < 8; i++)
        value = value << 8 | octets[i];
    return value != 0 ? value : 1;
}

uint64_t event_keys_account(const struct event_keys *k, struct str bare)
{
    return bare.n > 0 ? pseudonym(k->of_accounts, bytes_of_str(bare)) : 0;
}

uint64_t event_keys_network(const struct event_keys *k, const uint8_t ip[16])
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    bool v4 = memcmp(ip, mapped, sizeof mapped) == 0;

    return pseudonym(k->of_day, bytes_of(ip, v4 ? 15 : 6));
}
