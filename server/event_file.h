/* event_file.h: events on disk: whole lines in segments, the oldest of which go.
 *
 *     data_dir/events/020454-0000000000000001.jsonl      day, and number of its first line
 *
 * A segment holds lines of one day and at most EVENT_SEGMENT_BYTES; there are at most EVENT_SEGMENTS. A line is one write() to the end,
 * so that a process that is killed leaves whole lines; what a power failure tore is cut off when the folder is opened again.
 * Owns: the open segment; the folder's descriptor is the caller's.  Threads: one at a time; blocking.
 * Errors: ERR_IO, ERR_FULL.  Units: seconds since the epoch, octets.
 */
#ifndef SOTTO_SERVER_EVENT_FILE_H
#define SOTTO_SERVER_EVENT_FILE_H

#include "server/event_line.h"

enum { EVENT_SEGMENT_BYTES = 1024 * 1024, EVENT_SEGMENTS = 16 };

struct event_file {
    int folder_fd, fd; /* fd -1: no segment is open */
    uint64_t next_seq, day;
    size_t bytes; /* of the open segment */
    uint32_t days;
};

/* Lines are kept for `days` days, the one on which they were written included. */
CHECKED enum err event_file_open(struct event_file *f, int folder_fd, uint32_t days);
void event_file_close(struct event_file *f);

/* Numbers the line and writes it; what did not fit whole is taken back. */
CHECKED enum err event_file_append(struct event_file *f, struct event_line *l, uint64_t now_s);
void event_file_sync(struct event_file *f);
void event_file_expire(struct event_file *f, uint64_t now_s);

struct event_query {
    uint64_t after;   /* only lines behind this number, the first of them; 0: the newest */
    uint64_t since_s; /* 0: of any time */
    unsigned type;    /* EVENT_TYPES: of any */
    size_t max;
};

/* Lines in the order in which they were written, each with its end. */
CHECKED enum err event_file_query(const struct event_file *f, const struct event_query *q,
                                  struct buf *out);

#endif
