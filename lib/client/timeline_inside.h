/* timeline_inside.h: a timeline as its files see it. Nobody outside includes it.
 *
 *   timeline.c  what comes in, what is looked at    timeline_said.c   what is said about what
 *   timeline_list.c  the order of what is shown     timeline_fold.c   a message with what was said of it
 *
 * Every entry that has an id of its own is a node, found by that id. Corrections stand below the message that they are about, which
 * is the root of all of them; what is said about any of them is said about the root, and kept there as far as it still matters.
 */
#ifndef SOTTO_CLIENT_TIMELINE_INSIDE_H
#define SOTTO_CLIENT_TIMELINE_INSIDE_H

#include "base/map.h"
#include "client/timeline.h"

struct node {
    struct message message;
    struct node *up;   /* of a correction: towards its root; NULL: is one */
    struct node *said; /* of a root: corrections, reactions, retractions that count */
    struct node *next; /* in the list that it is in: said or waiting */
    struct node *twin; /* another with this id */
    struct node *reply_to;
    struct reaction *reactions;
    size_t reactions_room;
    uint64_t order; /* its number in the store; of what happens now: behind all of these */
    bool failed, sent, delivered, listed;
    bool unreadable; /* it came so; its correction may be readable */
    bool wiped;      /* its words are gone */
};

struct place {
    uint64_t time_ms, order;
};

struct timeline {
    struct arena arena;
    struct map nodes, waiting; /* by id; waiting: by the id that they name */
    struct node **list;        /* what is shown, by place */
    size_t count, room;
    uint64_t order;
    struct place read[2]; /* by them, by us: their last messages that the other side has read */
};

static inline const struct entry *entry_of(const struct node *n)
{
    return &n->message.entry;
}

static inline struct place place_of(const struct node *n)
{
    return (struct place){ entry_of(n)->time_ms, n->order };
}

static inline bool is_before(struct place a, struct place b)
{
    return a.time_ms != b.time_ms ? a.time_ms < b.time_ms : a.order < b.order;
}

static inline bool same_author(const struct node *a, const struct node *b)
{
    return str_eq(entry_of(a)->author, entry_of(b)->author);
}

static inline bool is_text(const struct node *n)
{
    enum entry_kind k = entry_of(n)->kind;

    return k == ENTRY_MESSAGE || k == ENTRY_CORRECTION || k == ENTRY_SEALED;
}

/* The message that it corrects in the end; itself if it corrects none. */
struct node *timeline_root(struct node *n);

/* timeline_list.c */
void timeline_list(struct timeline *t, struct node *n);
void timeline_unlist(struct timeline *t, struct node *n);    /* or it is not listed */
bool timeline_has(const struct timeline *t, struct place p); /* something is listed there */

/* timeline_fold.c: what a root says now, after all that was said. */
void timeline_fold(struct timeline *t, struct node *root);
void timeline_wipe(struct node *root); /* its words and those of its corrections */

/* timeline_said.c: a new node finds what it is about, or waits for it; and is found by what waited for it. */
void timeline_find_place(struct timeline *t, struct node *s);
void timeline_arrive(struct timeline *t, struct node *n);
/* It has this order from now on. */
void timeline_move(struct timeline *t, struct node *n, uint64_t order);

#endif
