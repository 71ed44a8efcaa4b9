/* control.h: the control socket: one JSON object a line each way, for sottoctl and other programs
 * of the operator.
 *
 * Request  {"command":"user add","jid":"a@b.example","password":"…"}
 * Replies  {"progress":{"done":10,"total":100}} any number of times, then
 *          {"ok":true,"result":…} or {"ok":false,"error":"a sentence","code":"exists"}
 * Only the uid of the server and root are served (SO_PEERCRED). A request is parsed, with caps,
 * into struct control_args, and its handler answers it now or later: every call ends with exactly
 * one control_done() or control_fail(), even if the peer went away meanwhile (then nothing is
 * written).
 * Owns: its connections and calls.  Threads: its loop's.
 */
#ifndef SOTTO_SERVER_CONTROL_H
#define SOTTO_SERVER_CONTROL_H

#include <jansson.h>

#include "io/loop.h"
#include "server/log.h"
#include "xmpp/jid.h"

enum {
    CONTROL_LINE_MAX = 64 * 1024,
    CONTROL_CONNECTIONS_MAX = 16,
    CONTROL_COUNT_MAX = 10 * 1000 * 1000,
    CONTROL_DAYS_MAX = 3650,
    CONTROL_HOURS_MAX = 24 * 365
};

/* Which members a command takes; all are required but those of `optional`. */
enum control_field {
    FIELD_JID = 1 << 0,
    FIELD_PASSWORD = 1 << 1,
    FIELD_PREFIX = 1 << 2,
    FIELD_COUNT = 1 << 3,
    FIELD_DOMAIN = 1 << 4,
    FIELD_DAYS = 1 << 5,
    FIELD_SINCE = 1 << 6,
    FIELD_AFTER = 1 << 7,
    FIELD_TYPE = 1 << 8,
    FIELD_WAIT = 1 << 9,
    FIELD_PEER = 1 << 10,
    FIELD_HOURS = 1 << 11,
    FIELD_TOKEN = 1 << 12,
};

struct control_args {
    struct jid jid;      /* bare; its domain is one of ours */
    struct str password; /* prepared (PRECIS OpaqueString), not empty */
    struct jid prefix;   /* of the accounts PREFIX0 … */
    uint64_t count;
    struct str domain; /* one of ours; the first if not given */
    uint64_t days;     /* 0 if not given, as those that follow */
    uint64_t since_s;  /* since the epoch */
    uint64_t after;
    struct str type;
    bool wait;       /* until there is something to answer */
    struct jid peer; /* bare, of whatever domain */
    uint64_t hours;
    struct str token; /* of an invitation, not empty */
};

/* One request in work. */
struct control_call {
    struct arena arena; /* of the call: args and whatever the handler needs until its end */
    struct control_args args;
    void *ctx; /* of the command's table */
    struct control_peer *peer;
};

typedef void control_handler(struct control_call *call);

struct control_command {
    const char *name;          /* "user add" */
    unsigned fields, optional; /* enum control_field */
    control_handler *handler;  /* NULL: not built yet */
};

struct control;
struct control *control_new(struct loop *l, int listening_fd, const struct config *config,
                            struct log *log);
/* A table of commands; may be called several times. A later row replaces an earlier one of the
 * same name. */
void control_add(struct control *c, const struct control_command *commands, size_t count,
                 void *ctx);
void control_free(struct control *c); /* NULL is allowed; calls in work are `gone` from then on */

/* Nobody waits for the answer, or the server ends: start no further work, and end the call. */
bool control_gone(const struct control_call *call);
void control_progress(struct control_call *call, uint64_t done, uint64_t total);
void control_done(struct control_call *call, json_t *result); /* takes result; NULL: null */
/* `code`: a stable word: usage, exists, missing, denied, io, unbuilt, …  `why`: a sentence. */
void control_fail(struct control_call *call, const char *code, struct str why);
/* The sentence is `what: err_text(e)`. */
void control_fail_err(struct control_call *call, enum err e, const char *what);

#endif
