/* ours.h: a device made of lib/omemo, with its store in memory (test/unit/omemo/actor.h).
 *
 * Owns: what ours_new() returns, until ours_free().  Threads: one.
 */
#ifndef SOTTO_TEST_INTEROP_OMEMO_OURS_H
#define SOTTO_TEST_INTEROP_OMEMO_OURS_H

#include "actor.h"
#include "pipe.h"

struct ours {
    enum omemo version;
    struct actor actor;
};

struct ours *ours_new(enum omemo version, uint64_t seed);
void ours_free(struct ours *o);
struct pipe_device ours_device(struct ours *o);

#endif
