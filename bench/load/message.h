/* message.h: the messages of a load: end-to-end encrypted in shape (XEP-0384 0.3), each with an id that
 * tells where it came from and when it was meant to be sent.
 *
 * An id is RUN-SENDER-NUMBER-TIME in fixed-width hexadecimal, so a receiver needs no table to check
 * order, count losses and measure latency. Keys and payload are random base64 of plausible lengths.
 * Owns: the pool of random text.  Threads: one at a time.  Units: bytes; nanoseconds since the start.
 */
#ifndef SOTTO_BENCH_MESSAGE_H
#define SOTTO_BENCH_MESSAGE_H

#include "base/buf.h"

enum {
    MESSAGE_SIZE_MAX = 60000,
    MESSAGE_ID_SIZE = 8 + 1 + 4 + 1 + 8 + 1 + 12,
    MESSAGE_SENDER_MAX = 0xffff,
};

struct message_id {
    uint32_t run, sender, number;
    uint64_t time_ns;
};

struct message_maker {
    uint32_t run;   /* tells messages of this run from leftovers of another */
    size_t size;    /* of each stanza, in bytes */
    char *pool;     /* random base64 text that keys and payloads are cut from */
    uint64_t state; /* where the next cut is */
};

void message_maker_init(struct message_maker *m, size_t size);
void message_maker_deinit(struct message_maker *m);

/* Whether a message to this address can be that small. */
bool message_fits(const struct message_maker *m, struct str to);

/* Appends one message stanza of exactly m->size bytes to `to`. */
void message_add(struct message_maker *m, struct str to, const struct message_id *id,
                 struct buf *out);

void message_id_write(const struct message_id *id, char out[MESSAGE_ID_SIZE]);

/* False if the text is not one of our ids. */
bool message_id_read(struct str text, struct message_id *out);

#endif
