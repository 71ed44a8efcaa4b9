/* media_fault.h: why a media process has ended, in a word for programs and a sentence for people.
 *
 * What it said itself (docs/media.md) is looked at as that of somebody else: known words have sentences, others are shown harmless.
 *
 *   no-route  silent  handshake  fingerprint  file  sandbox  internal  parent     as it said
 *   sdp:RULE      the description of the other side breaks this rule
 *   exit:N        it has ended with this status, and said nothing
 *   signal:SIGX   it was ended by this signal; SIGSYS: by its sandbox
 *   closed        it has closed its socket, and still runs
 *   too-long      what it would have to be told is longer than a line can be
 *
 * Owns: nothing; texts are in the arena or constant.  Threads: pure.
 */
#ifndef SOTTO_CLI_MEDIA_FAULT_H
#define SOTTO_CLI_MEDIA_FAULT_H

#include "base/arena.h"

struct media_fault {
    struct str code, words; /* both empty: nothing went wrong */
    bool impostor;          /* somebody else than described answered */
};

/* An `error` of its, with the rule if there is one. */
struct media_fault media_fault_said(struct arena *a, struct str why, struct str rule);
/* As waitpid() has it. `last`: what it wrote last on its standard error; may be empty. */
struct media_fault media_fault_status(struct arena *a, int status, struct str last);
struct media_fault media_fault_closed(void);
struct media_fault media_fault_too_long(void);

#endif
