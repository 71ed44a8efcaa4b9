/* engine_inside.h: one engine as the files of lib/client see it. Nobody outside includes it.
 *
 * Input is taken in rounds: a round is one call from outside. What a round changes in the book and what it wants done afterwards
 * (stanzas, events) is a batch. Batches become durable in order, and only then do their effects happen.
 *
 *   engine.c   rounds and batches      online.c  the line's events, going online and offline
 *   request.c  iqs of ours             contacts.c roster and presence
 *   outbox.c   what is to be sent      archive.c  what was missed
 *   devices.c  whose devices there are, their bundles, ours
 *   seal.c     messages for devices    open.c     messages from them         content.c  what they mean
 */
#ifndef SOTTO_CLIENT_ENGINE_INSIDE_H
#define SOTTO_CLIENT_ENGINE_INSIDE_H

#include "client/engine.h"
#include "client/line.h"
#include "omemo/identity.h"
#include "xmpp/stanza.h"

struct pending_stanza {
    struct pending_stanza *next;
    const struct xml_node *node;
    uint64_t tag; /* as line_send() */
};

struct pending_event {
    struct link link;
    struct arena arena;
    struct engine_event event;
};

struct batch {
    struct link link;
    struct arena arena; /* of its stanzas */
    struct book_changes changes;
    struct pending_stanza *first, *last;
    struct list events;
    uint32_t handled; /* stanzas of the server that are dealt with by this */
};

/* What is true until the session ends. */
struct notes {
    struct map map;
    struct arena arena;
};

struct engine {
    struct engine_config config;
    struct arena arena; /* of the configuration */
    struct str bare;
    struct random random;
    uint64_t now_ms;
    struct book book;

    struct batch *round; /* being filled */
    struct list batches; /* in order; not durable yet */
    bool committing;     /* the first of them is with the store */
    bool broken;
    struct list events;          /* to be shown */
    struct pending_event *shown; /* lent to the caller */

    struct line line;
    struct login_account account;
    struct arena account_arena; /* of what changes in it */
    bool started, stopping, connected, wants_tls, wants_close;
    uint64_t connect_at_ms; /* not before */
    unsigned failures;      /* in a row */

    struct {
        bool caught_up, newest_only, anew, passed;
        struct str query;    /* the page that is asked for */
        struct list waiting; /* live, until the archive has been read */
        size_t waiting_count;
    } archive;
    struct list outbox; /* jobs, in order */
    uint64_t next_job;
    struct identity identity;
    struct notes useless; /* devices without a bundle, in this session */
    struct notes fresh;   /* lists of devices that were read in this session */
    bool bundle_stale[OMEMO_VERSIONS];
    uint64_t next_kept;

    struct list requests; /* unanswered, oldest first */
    uint32_t next_request;
    uint64_t next_entry;
};

/* engine.c: what a round does. Texts and nodes are copied. */
void engine_send(struct engine *c, const struct xml_node *stanza, uint64_t tag);
void engine_handled(
    struct engine *c); /* one more stanza of the server, once this round is durable */
void engine_tell(struct engine *c, const struct engine_event *e);
void engine_end_round(struct engine *c);
void engine_note(struct notes *n, struct str key);
bool engine_noted(const struct notes *n, struct str key);
void engine_forget_notes(struct notes *n);
void engine_add_entry(struct engine *c, const struct entry *e); /* stores it and tells of it */
struct bytes engine_key(const char *text);

/* online.c */
void online_event(struct engine *c, struct line_event *e);
void online_load(struct engine *c); /* what the book knows of logging in */
void online_lost(struct engine *c);

/* request.c: `answer` is NULL if the connection ended first; else a result or an error. */
struct request;
typedef void request_done(struct engine *c, struct request *r, const struct stanza *answer);
struct request {
    struct link link;
    struct arena arena; /* for what the asker keeps with it */
    struct str id;
    struct jid to;
    request_done *done;
    void *context; /* in the arena, or NULL */
};
/* `to` may be NULL: our own account. The payload is sent now. */
struct request *request_new(struct engine *c, request_done *done);
void request_send(struct engine *c, struct request *r, const char *type, const struct jid *to,
                  const struct xml_node *payload);
bool request_answered(struct engine *c, const struct stanza *s);
void requests_lost(struct engine *c);

/* contacts.c */
void contacts_online(struct engine *c);
bool contacts_pushed(struct engine *c, const struct stanza *iq);
void contacts_presence(struct engine *c, const struct stanza *presence);

/* self.c */
#define CAPS_NODE "urn:sotto:client"
void self_announce(struct engine *c);
bool self_described(struct engine *c, struct arena *a, const struct stanza *iq);

/* archive.c */
struct archived {
    struct str id;
    uint64_t time_ms;
    const struct xml_node *message; /* NULL: nothing to be read */
};
void archive_online(struct engine *c);
void archive_forget(struct engine *c);
/* True: this live message has to wait. Else *out_id is its place in our archive, if it has one. */
bool archive_takes(struct engine *c, const struct xml_node *message, struct str *out_id);
/* True: it is part of a page. */
bool archive_result(struct engine *c, const struct stanza *s, struct archived *out);

/* devices.c */
void devices_online(struct engine *c);

/* outbox.c */
void outbox_work(struct engine *c);
void outbox_acked(struct engine *c, uint64_t tag);
void outbox_unsent(struct engine *c, uint64_t tag);

/* open.c */
void message_came(struct engine *c, struct arena *a, const struct stanza *message);
void message_live(struct engine *c, struct arena *a, const struct stanza *s, struct str archive_id);

#endif
