/* engine_inside.h: one engine as the files of lib/client see it. Nobody outside includes it.
 *
 * Input is taken in rounds: a round is one call from outside. What rounds change in the book and what they want done afterwards
 * (stanzas, events) is a batch. It becomes durable as a whole, and only then do its effects happen; the rounds that come meanwhile are
 * the next batch.
 *
 *   engine.c   rounds and batches      online.c  the line's events, going online and offline
 *   request.c  iqs of ours             contacts.c roster and presence
 *   outbox.c   what is to be sent      archive.c  what was missed
 *   devices.c  whose devices there are, their bundles, ours
 *   seal.c     messages for devices    open.c     messages from them         content.c  what they mean
 *   call*.c    calls, if there are any (call_inside.h)
 */
#ifndef SOTTO_CLIENT_ENGINE_INSIDE_H
#define SOTTO_CLIENT_ENGINE_INSIDE_H

#include "client/access.h"
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

/* What calls need of the other files (call.h); where nobody calls, none of them is linked. */
struct arrival;
struct call_hooks {
    const struct str *features; /* of disco */
    size_t feature_count;
    bool (*message)(struct engine *c, const struct arrival *m);
    bool (*iq)(struct engine *c, struct arena *a, const struct stanza *iq);
    void (*work)(struct engine *c); /* it is time, or what was waited for may have come */
    uint64_t (*wake_ms)(const struct engine *c);
    void (*online)(struct engine *c); /* a new session with the server */
    void (*forget)(struct engine *c);
};

struct engine {
    struct engine_config config;
    struct arena arena;   /* of the configuration */
    struct arena secrets; /* the password, our key of OMEMO */
    struct str bare;
    struct random random;
    uint64_t now_ms;
    struct book book;

    struct batch *round;      /* being filled */
    struct batch *committing; /* with the store, or NULL */
    bool broken;
    struct list events;          /* to be shown */
    struct pending_event *shown; /* lent to the caller */

    struct line line;
    struct login_account account;
    struct arena account_arena; /* of what changes in it: a token, too, so it is one for secrets */
    bool started, stopping, connected, wants_tls, wants_close;
    uint64_t connect_at_ms; /* not before */
    unsigned failures;      /* in a row */

    struct {
        bool caught_up, newest_only, after_cursor, anew, passed;
        bool due; /* the next page */
        bool gap; /* the server could not give a page; it is asked for again then: */
        uint64_t again_ms;
        struct str query;    /* the page that is asked for */
        struct notes seen;   /* ids of it */
        struct list waiting; /* live, until the archive has been read */
        size_t waiting_count;
    } archive;
    struct {
        struct list files; /* waiting_file, in the order of their coming */
        enum { SERVICE_UNKNOWN, SERVICE_ASKED, SERVICE_NONE, SERVICE_KNOWN } service;
        unsigned questions; /* unanswered ones about it */
        struct arena arena; /* of `at` */
        struct jid at;
        uint64_t size_max;
    } uploads;
    struct list outbox; /* jobs, in order */
    uint64_t next_job;
    struct notes sent; /* of what has left it, lately: it may come back */
    size_t sent_count;
    struct identity *identity; /* in `secrets` */
    struct {
        uint64_t decisions; /* so many were made */
        bool preapproval;   /* RFC 6121 §3.4: the server offers it */
        struct notes sent;  /* of decisions, in this session */
        size_t on_way, devices;
        struct map present;
    } people;
    struct notes useless; /* devices without a bundle, in this session */
    struct notes
        unreachable;    /* accounts whose server could not be asked for devices, in this session */
    struct notes fresh; /* lists of devices that were read in this session */
    struct {
        struct list devices, receipts;
        size_t device_count, receipt_count;
    } mend;
    struct {
        bool sending, refused;
        uint64_t sent_ms;
        uint64_t list_again_ms; /* our list is to be asked for once more; 0: it is not */
    } bundles[OMEMO_VERSIONS];  /* ours, on their way to the server */
    bool dropped_keys;          /* in this session with the server */
    bool private_nodes;         /* our server keeps nodes for us alone; asked in each session */
    uint64_t next_kept;

    struct {
        struct arena arena;
        struct str chat; /* where the person is writing, as its people were told; empty: nowhere */
    } typing;

    uint64_t erase_at_ms; /* the next message that disappears; UINT64_MAX: none will */
    struct {
        struct arena arena;
        struct access_info *list;
        size_t count;
    } access;                 /* as the server told last */
    struct link_old *linking; /* a new device of ours, or NULL */

    const struct call_hooks *call_hooks; /* NULL: this program takes no calls */
    struct calls *calls;

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

/* link_old.c */
void link_old_free(struct link_old *l); /* NULL is allowed */

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
    bool at_once;  /* a question that rests on nothing new: it need not wait for the store */
};
/* `to` may be NULL: our own account. The payload is sent now. */
struct request *request_new(struct engine *c, request_done *done);
void request_send(struct engine *c, struct request *r, const char *type, const struct jid *to,
                  const struct xml_node *payload);
bool request_answered(struct engine *c, const struct stanza *s);
/* An error that says nothing of what was asked about, and may not be there the next time (RFC 6120 §8.3.2). */
bool request_may_pass(const struct stanza *answer);
void requests_lost(struct engine *c);

/* contacts.c */
void contacts_online(struct engine *c);
bool contacts_pushed(struct engine *c, const struct stanza *iq);
void contacts_presence(struct engine *c, const struct stanza *presence);

/* blocks.c */
bool blocks_pushed(struct engine *c, const struct stanza *iq);

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
void archive_work(struct engine *c);              /* asks for the next page if it is time */
uint64_t archive_wake_ms(const struct engine *c); /* then archive_ask_again(); UINT64_MAX: never */
void archive_ask_again(struct engine *c);
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
