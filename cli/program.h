/* program.h: what one run of sotto was asked for, and how it answers.
 *
 * With --json every event is one object on a line of standard output, also a failure: {"event":"error","code":…,"text":…}. Words for
 * people, progress included, go to standard error then.
 * Owns: what it points to lives as long as the program.  Threads: one.
 */
#ifndef SOTTO_CLI_PROGRAM_H
#define SOTTO_CLI_PROGRAM_H

#include <jansson.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/random.h"
#include "client/timeline.h"

/* Exit statuses. */
enum {
    STATUS_DONE = 0,
    STATUS_FAILED = 1, /* refused, or it went wrong */
    STATUS_USAGE = 2,
    STATUS_UNREACHABLE = 3, /* no connection to the server */
    STATUS_TIMEOUT = 4,     /* --timeout is over */
    STATUS_STAYS = -1,      /* none yet: it goes on as a guest (guests.h) */
};

enum { ARGUMENTS_MAX = 22 }; /* an address, an id, and all reactions to it */

struct guest;

struct program {
    struct arena arena;
    struct random random;
    FILE *out, *err;                   /* standard output and error of who asked */
    bool out_is_screen, err_is_screen; /* a terminal shows them */
    struct guest *guest;               /* the run of another is to do it; NULL: this one */
    const char *folder, *ca, *connect, *passphrase_file, *new_passphrase_file; /* NULL: not given */
    bool remove, by_passphrase; /* by_passphrase: whatever the keyring says */
    bool json, plain, password_stdin, distrust, yes, with_history, number;
    const char *wait, *reply, *correct, *name;
    const char *count, *limit, *timeout, *chat, *report; /* as given */
    struct file_options {
        bool given, voice, record, keep_metadata, direct;
        const char *output, *record_s; /* NULL: not given */
    } file;
    struct call_options {
        bool given, video;
        const char *play, *record, *seconds; /* NULL: not given */
    } call;
    bool recovery_code, all;
    const char *format;                   /* NULL: not given */
    const char *arguments[ARGUMENTS_MAX]; /* after the command; NULL: not given */
    struct buf
        *quiet; /* gets what would be said on standard error, where that is a screen; else NULL */
};

/* Says why on standard error, and as an event; returns status. */
int program_fail(const struct program *p, int status, const char *code, struct str why);
int program_store_failed(const struct program *p); /* the same of a disk that takes nothing */
/* Says something beside, in whole sentences. */
void program_warn(const struct program *p, struct str what);
/* Takes event: one line, only with --json. */
void program_tell(const struct program *p, json_t *event);
/* Prints what happened in a chat; `own` is our bare JID. Returns false for what nobody asked to see. */
bool program_tell_entry(const struct program *p, struct str own, const struct entry *e);
/* The same of a message as it stands now. */
void program_tell_message(const struct program *p, struct str own, const struct message *m);

json_t *json_of(struct str text);

#endif
