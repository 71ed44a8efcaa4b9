/* talk.h: what fuzz targets of the client share: Bob's engine, logged in, and devices that seal messages for it as anybody's may.
 *
 * Owns: nothing but what its functions say.  Threads: one.  Errors: our bugs end the program.
 */
#ifndef SOTTO_FUZZ_TALK_H
#define SOTTO_FUZZ_TALK_H

#include "client/engine_inside.h"
#include "omemo/encrypted.h"
#include "omemo/remote.h"

#define ALICE         "alice@sotto.test"
#define BOB           "bob@sotto.test"
#define TALK_PASSWORD "open sesame, please"

enum { TALK_BEGIN_MS = 1700000000, TALK_XML_MAX = 1 << 18 };

void talk_check(bool holds);
/* The same numbers each time; `dice` is the seed. */
struct random talk_random(uint64_t *dice);

/* The store of an engine that has started once: with keys, which take long to make. To be deinited. */
void talk_store(struct book *out);
/* Bob's, with these rows of its store; started. */
struct engine *talk_engine(const struct random *random, const struct book *rows);
void talk_log_in(struct engine *c); /* without the words that it takes */
void talk_copy(const struct book *from, struct book *to);
void talk_apply(struct book *durable, const struct book_changes *changes);

/* A device of somebody, which has a session with Bob's. */
struct talker {
    const char *jid;
    uint32_t device;
    struct identity self;
    struct remote bob;
};
void talk_begin(struct talker *t, struct engine *bob, const struct random *random);
/* This plaintext as an element, and in a message; whether it was to have a meaning is the receiver's matter. */
void talk_seal(struct talker *t, struct arena *a, uint32_t to, struct bytes plain,
               const struct random *random, struct encrypted *out);
void talk_write(struct talker *t, uint32_t to, struct bytes plain, const struct random *random,
                struct buf *out);

#endif
