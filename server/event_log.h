/* event_log.h: the thread that writes events: pseudonyms for names, repetitions as one line, segments on disk.
 *
 * Telling costs a copy and a wake-up, never a wait: while EVENT_LOG_WAITING are on their way, further ones are dropped, and counted.
 * So are those for which the disk has no room. Names and addresses that came here are wiped once they are pseudonyms.
 * Owns: its thread, loop, file and keys.  Threads: event_log_tell() any; the rest the one that made it.
 */
#ifndef SOTTO_SERVER_EVENT_LOG_H
#define SOTTO_SERVER_EVENT_LOG_H

#include "base/list.h"
#include "server/event_file.h"
#include "server/host.h"
#include "server/log.h"

struct event_log;
struct inbox;

enum { EVENT_LOG_WAITING = 4096 };

struct event_log_options {
    int data_dir_fd;
    uint32_t days; /* 0: nothing is kept */
    struct random random;
    uint8_t *keys; /* 2 * EVENT_KEY_SIZE of locked memory */
    struct log *log;
};

/* Where an event came from. */
struct event_source {
    const uint8_t *ip;     /* 16 octets, IPv4 as ::ffff:a.b.c.d; or NULL */
    const char *transport; /* a constant word, or NULL */
    struct event_traits traits;
};

/* NULL: there is no thread to be had. A folder that cannot be used is logged, and events are dropped. */
struct event_log *event_log_new(const struct event_log_options *options);
void event_log_free(struct event_log *e); /* writes what is there; NULL is allowed */

void event_log_tell(struct event_log *e, const struct event *event,
                    const struct event_source *source);
uint64_t event_log_dropped(const struct event_log *e);

/* `reply` is posted to `inbox` when `lines` and `result` are filled in; the asker frees it. With `wait` that is when there is a line,
 * or half a minute later. */
struct event_question {
    struct link link, reply;
    struct inbox *inbox;
    bool wait;
    uint64_t until_ms; /* the thread's */
    struct event_query query;
    struct buf lines; /* initialised by the asker */
    enum err result;
};
void event_log_ask(struct event_log *e, struct event_question *q);

#endif
