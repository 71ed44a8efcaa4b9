/* traffic.h: pairs of a sender and a receiver, and what became of every message between them.
 *
 * The modes decide when to send; this does the sending, checks what arrives (exactly once, in order) and
 * measures: latency counts from the time a message was meant to leave, so a server that stalls does not
 * hide the messages that waited meanwhile.
 * Owns: pairs, histograms, record file.  Threads: one.  Units: nanoseconds.
 */
#ifndef SOTTO_BENCH_TRAFFIC_H
#define SOTTO_BENCH_TRAFFIC_H

#include "bench/load/message.h"
#include "bench/load/oracle.h"
#include "bench/load/run.h"
#include "bench/load/seen.h"

struct pair {
    struct member *sender, *receiver;
    struct str to; /* where messages go */
    unsigned index;
    uint32_t sent, received, acked;
    uint32_t asked;    /* `sent` when <r/> last went out */
    uint32_t expected; /* number that comes next if all is in order */
    struct seen seen;
    struct link touched; /* in traffic.touched */
};

struct traffic {
    struct run *run;
    struct message_maker maker;
    struct oracle record;
    struct pair *pairs;
    unsigned n;
    struct buf addresses;
    struct list touched;     /* pairs to which something happened since the last look */
    uint64_t start_ns;       /* times in ids count from here */
    uint64_t from_ns, to_ns; /* messages meant for this span are measured */
    uint64_t progress_ns;    /* when something last arrived */
    uint64_t sent, received, acked, done;
    uint64_t duplicates, reordered, foreign;
    struct histogram to_receipt, to_ack, lag;
};

bool traffic_init(struct traffic *t, struct run *r); /* logs everybody in */
void traffic_deinit(struct traffic *t);

/* Queues one message; `meant_ns` is when it should leave. */
void traffic_send(struct traffic *t, struct pair *p, uint64_t meant_ns);

/* Sends what is queued, waits for the network until `until_ns`, takes in what came. False: failed. */
bool traffic_turn(struct traffic *t, uint64_t until_ns);

uint32_t traffic_pair_done(const struct traffic *t, const struct pair *p);
uint64_t traffic_under_way(const struct traffic *t); /* sent and not done */

bool traffic_drain(struct traffic *t); /* waits for what is under way */
void traffic_report(struct traffic *t, const struct reading *from, const struct reading *to,
                    uint64_t measured);

#endif
