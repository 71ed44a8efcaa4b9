/* program.h: what one run of sotto was asked for, and how it answers.
 *
 * With --json every event is one object on a line of standard output, also a failure: {"event":"error","code":…,"text":…}. Words for
 * people, progress included, go to standard error then.
 * Owns: what it points to lives as long as the program.  Threads: one.
 */
#ifndef SOTTO_CLI_PROGRAM_H
#define SOTTO_CLI_PROGRAM_H

#include <jansson.h>

#include "base/random.h"
#include "client/entry.h"

/* Exit statuses. */
enum {
    STATUS_DONE = 0,
    STATUS_FAILED = 1, /* refused, or it went wrong */
    STATUS_USAGE = 2,
    STATUS_UNREACHABLE = 3, /* no connection to the server */
    STATUS_TIMEOUT = 4,     /* --timeout is over */
};

enum { ARGUMENTS_MAX = 2 };

struct program {
    struct arena arena;
    struct random random;
    const char *folder, *ca, *connect, *passphrase_file; /* NULL: not given */
    bool json, password_stdin, distrust;
    const char *wait;
    const char *count, *limit, *timeout;  /* as given */
    const char *arguments[ARGUMENTS_MAX]; /* after the command; NULL: not given */
};

/* Says why on standard error, and as an event; returns status. */
int program_fail(const struct program *p, int status, const char *code, struct str why);
/* Takes event: one line, only with --json. */
void program_tell(const struct program *p, json_t *event);
/* Prints what happened in a chat; `own` is our bare JID. Returns false for what nobody asked to see. */
bool program_tell_entry(const struct program *p, struct str own, const struct entry *e);

json_t *json_of(struct str text);

#endif
