/* session.h: what one run of sottoctl was asked for, and how it answers.
 *
 * With --json exactly one value goes to standard output, also for a failure: {"error":…,"code":…}.
 * Everything else, progress included, goes to standard error.
 * Owns: what it points to lives as long as the program.  Threads: one.
 */
#ifndef SOTTO_CTL_SESSION_H
#define SOTTO_CTL_SESSION_H

#include <jansson.h>

#include "base/arena.h"

enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_UNREACHABLE = 3 };
enum { ARGUMENTS_MAX = 2 };

struct session {
    struct arena arena;
    const char *socket; /* path of the control socket */
    bool json, password_stdin, without_keys, qr, follow;
    const char *domain, *days, *hours, *database; /* options of single commands; NULL: not given */
    const char *since, *type, *count;
    const char *arguments[ARGUMENTS_MAX]; /* after the command's words */
    json_t *request;                      /* to be sent: the command and its members */
};

int session_fail(const struct session *s, int status, const char *code, const char *why);
/* Takes result; prints it with --json, else nothing. */
int session_answer(const struct session *s, json_t *result);

/* How far long work is, for a person at a terminal; nothing else sees it. */
void session_progress(uint64_t done, uint64_t total);
void session_progress_end(void); /* wipes it */

/* Sends s->request and waits for the last reply. STATUS_DONE: *out is owned by the caller; else
 * all is said. */
int session_ask(struct session *s, json_t **out);

#endif
