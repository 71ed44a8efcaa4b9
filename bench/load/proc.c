/* proc.c: readings from /proc/PID/{stat,task/N/status,smaps_rollup}. */
#include "bench/load/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/str.h"

enum { TEXT_MAX = 4096, PATH_SIZE = 64 };

/* Positions in /proc/PID/stat counted from the field behind the name (proc(5)). */
enum {
    STAT_PARENT = 1,
    STAT_USER = 11,
    STAT_SYSTEM,
    STAT_CHILDREN_USER,
    STAT_CHILDREN_SYSTEM,
    STAT_THREADS = 17,
    STAT_FIELDS
};

struct proc_stat {
    pid_t pid, parent;
    uint64_t user, all, threads;
};

struct proc_list {
    struct proc_stat items[PROC_ALL_MAX];
    bool wanted[PROC_ALL_MAX];
    unsigned n;
};

static bool read_text(const char *path, char out[TEXT_MAX])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, out, TEXT_MAX - 1) : -1;

    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool read_stat(pid_t pid, struct proc_stat *out)
{
    char path[PATH_SIZE], text[TEXT_MAX];
    uint64_t fields[STAT_FIELDS] = { 0 };
    char *at;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!read_text(path, text) || (at = strrchr(text, ')')) == NULL || strlen(at) < 4)
        return false;
    at += 3; /* ") S", then the numbers: the name may hold anything, even ')' */
    for (unsigned i = STAT_PARENT; i < STAT_FIELDS; i++)
        fields[i] = strtoull(at, &at, 10);
    *out = (struct proc_stat){
        .pid = pid,
        .parent = (pid_t)fields[STAT_PARENT],
        .user = fields[STAT_USER] + fields[STAT_CHILDREN_USER],
        .all = fields[STAT_USER] + fields[STAT_SYSTEM] + fields[STAT_CHILDREN_USER]
               + fields[STAT_CHILDREN_SYSTEM],
        .threads = fields[STAT_THREADS],
    };
    return true;
}

static void list_processes(struct proc_list *out)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    out->n = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL && out->n < PROC_ALL_MAX)
        if (isdigit((unsigned char)entry->d_name[0])
            && read_stat((pid_t)strtol(entry->d_name, NULL, 10), &out->items[out->n]))
            out->wanted[out->n++] = false;
    if (dir != NULL)
        closedir(dir);
}

static bool mark(struct proc_list *all, pid_t pid, bool tree)
{
    bool found = false;

    for (unsigned i = 0; i < all->n; i++) {
        if (all->items[i].pid == pid)
            all->wanted[i] = found = true;
        else if (tree && all->items[i].parent == pid && !all->wanted[i])
            mark(all, all->items[i].pid, true);
    }
    return found;
}

static enum err collect(const struct proc_set *set, struct proc_list *out)
{
    list_processes(out);
    for (unsigned i = 0; i < set->n; i++)
        if (!mark(out, set->named[i].pid, set->named[i].tree))
            return ERR_MISSING;
    return ERR_NONE;
}

/* The number behind "name:" in a file of such lines, 0 if absent. */
static uint64_t named_number(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void add_switches(pid_t pid, struct proc_usage *out)
{
    char path[PATH_SIZE + NAME_MAX], text[TEXT_MAX];
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    if ((dir = opendir(path)) == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", (int)pid, entry->d_name);
        if (!isdigit((unsigned char)entry->d_name[0]) || !read_text(path, text))
            continue;
        out->voluntary += named_number(text, "\nvoluntary_ctxt_switches:");
        out->involuntary += named_number(text, "\nnonvoluntary_ctxt_switches:");
    }
    closedir(dir);
}

enum err proc_cpu(const struct proc_set *set, struct proc_usage *out)
{
    struct proc_list all;
    struct proc_usage sum = { 0 };
    uint64_t tick_us = 1000000u / (uint64_t)sysconf(_SC_CLK_TCK);
    enum err e = collect(set, &all);

    if (e != ERR_NONE)
        return e;
    for (unsigned i = 0; i < all.n; i++) {
        if (!all.wanted[i])
            continue;
        sum.processes++;
        sum.threads += (unsigned)all.items[i].threads;
        sum.cpu_us += all.items[i].all * tick_us;
        sum.user_us += all.items[i].user * tick_us;
        add_switches(all.items[i].pid, &sum);
    }
    *out = sum;
    return ERR_NONE;
}

enum err proc_memory(const struct proc_set *set, struct proc_usage *out)
{
    struct proc_list all;
    struct proc_usage sum = { 0 };
    char path[PATH_SIZE], text[TEXT_MAX];
    enum err e = collect(set, &all);

    if (e != ERR_NONE)
        return e;
    for (unsigned i = 0; i < all.n; i++) {
        snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)all.items[i].pid);
        if (!all.wanted[i] || !read_text(path, text))
            continue;
        sum.processes++;
        sum.rss += named_number(text, "Rss:") * 1024;
        sum.private_bytes +=
            (named_number(text, "Private_Clean:") + named_number(text, "Private_Dirty:")) * 1024;
    }
    *out = sum;
    return ERR_NONE;
}

/* "cpu  user nice system idle iowait irq softirq steal …" (proc(5)). */
void proc_machine(struct proc_machine *out)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
    char text[TEXT_MAX], *at = text;
    uint64_t fields[FIELDS] = { 0 }, tick_us = 1000000u / (uint64_t)sysconf(_SC_CLK_TCK);

    if (read_text("/proc/stat", text) && strncmp(text, "cpu ", 4) == 0) {
        at += 4;
        for (unsigned i = 0; i < FIELDS; i++)
            fields[i] = strtoull(at, &at, 10);
    }
    *out = (struct proc_machine){
        .busy_us = tick_us
                   * (fields[USER] + fields[NICE] + fields[SYSTEM] + fields[IRQ] + fields[SOFTIRQ]),
        .stolen_us = tick_us * fields[STEAL],
        .cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN),
    };
}

uint64_t proc_own_cpu_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000u
           + (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}
