/* live_still.c: does a server have anything to do? Asked of the kernel, so that the server needs no hook for it.
 *
 * A server waits for what came over its sockets, for its disk and for its own threads. If each of its threads is asleep
 * now (state S of proc(5); one that waits for the disk is in state D), and none has run between two looks, then there
 * was a moment between them when all of them slept: only a client or a timer can wake it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "test/script/live_inside.h"

enum {
    LOOK_MS = 1,    /* between two looks; also for what was written to cross the loopback */
    LOOKS_SAME = 2, /* so often nothing has happened since the look before */
    LOOKS_MAX = 5000,
    TEXT_MAX = 4096,
    PATH_SIZE = 512,
};

struct look {
    uint64_t switches; /* how often all threads together went to sleep so far */
    bool awake;        /* one of them is not asleep */
};

/* The text of a file of /proc; empty if it is gone. */
static struct str slurp(const char *path, char *room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, room, TEXT_MAX);

    if (fd >= 0)
        close(fd);
    return (struct str){ room, n > 0 ? (size_t)n : 0 };
}

static void look_at_thread(struct look *seen, unsigned process, const char *thread)
{
    char path[PATH_SIZE], room[TEXT_MAX];
    struct str text;
    uint64_t n;

    snprintf(path, sizeof path, "/proc/%u/task/%s/status", process, thread);
    text = slurp(path, room);
    seen->awake |= text.n == 0; /* it ended meanwhile */
    while (text.n > 0) {
        struct str value = str_split(&text, '\n'), key = str_split(&value, ':');

        value = str_trim(value);
        if (str_is(key, "State"))
            seen->awake |= !str_starts(value, STR("S"));
        if (str_ends(key, STR("ctxt_switches")) && str_to_u64(value, UINT64_MAX, &n) == ERR_NONE)
            seen->switches += n;
    }
}

static void look_at_process(struct look *seen, unsigned process)
{
    char path[PATH_SIZE];
    DIR *tasks;

    snprintf(path, sizeof path, "/proc/%u/task", process);
    tasks = opendir(path);
    seen->awake |= tasks == NULL;
    for (struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;)
        if (entry->d_name[0] != '.')
            look_at_thread(seen, process, entry->d_name);
    if (tasks != NULL)
        closedir(tasks);
}

static struct look look(unsigned supervisor)
{
    char path[PATH_SIZE], room[TEXT_MAX];
    struct look seen = { 0 };
    struct str children;
    uint64_t child;

    look_at_process(&seen, supervisor);
    snprintf(path, sizeof path, "/proc/%u/task/%u/children", supervisor, supervisor);
    children = slurp(path, room);
    while (children.n > 0)
        if (str_to_u64(str_split(&children, ' '), UINT32_MAX, &child) == ERR_NONE)
            look_at_process(&seen, (unsigned)child);
    return seen;
}

void live_wait_still(pid_t supervisor)
{
    struct look before = look((unsigned)supervisor);
    unsigned same = 0;

    for (unsigned i = 0; i < LOOKS_MAX && same < LOOKS_SAME; i++) {
        struct look now;

        nanosleep(&(struct timespec){ 0, LOOK_MS * 1000 * 1000 }, NULL);
        now = look((unsigned)supervisor);
        same = !before.awake && !now.awake && before.switches == now.switches ? same + 1 : 0;
        before = now;
    }
}
