/* view.h: what the server knows of one account, as the hooks see it: roster, blocks, PEP nodes, preferences.
 *
 * Loaded whole from the store before any hook runs and kept at the account's home. Rows that a hook appends are
 * applied to the view when they are submitted, so that the next stanza sees them; should the commit fail, the home
 * forgets the view and loads it again.
 * Owns: its items.  Threads: the account's home.
 */
#ifndef SOTTO_SERVER_VIEW_H
#define SOTTO_SERVER_VIEW_H

#include "base/map.h"
#include "server/store.h"
#include "xmpp/jid.h"

struct view {
    int64_t account;  /* 0: there is no such account */
    struct str bare;  /* its address, borrowed from the account */
    uint64_t seed[2]; /* of all hashes here: peers choose what is hashed */
    uint64_t created_ms, roster_version;
    struct map roster;    /* bare JID -> struct roster_item */
    struct map blocks;    /* JID as given -> its own text */
    struct map pep_nodes; /* name -> struct pep_node */
    struct str mam_prefs;
    struct str avatar;       /* photo.h */
    struct map ringers;      /* bare JID -> its own text: may ring, whatever the roster says */
    uint64_t calls_off_ms;   /* until then the account calls nobody; 0: it may call */
    struct map spent_tokens; /* invite_token_mark() -> its own text */
    bool has_pushes;         /* a device has asked to be woken, or had */
    uint64_t cursor;         /* offline messages up to it were delivered */
    uint64_t last_seq;       /* newest archive position known here */
    uint8_t (*origins)[16];  /* RECENT_ORIGINS of them once it sends; else NULL */
    size_t origin_next;
    uint64_t *
        written; /* keyed hashes, in memory only, of whom it wrote to, CORRESPONDENTS of them; NULL: nobody */
    size_t written_next;
};

void view_init(struct view *v, struct str bare, const uint64_t seed[2]);
void view_deinit(struct view *v);
void view_load(struct view *v, const struct account_record *record);
/* Again, after a failed commit: what is only known here goes on, as cursors not yet stored and origins under way. */
void view_reload(struct view *v, const struct account_record *record);
void view_apply(struct view *v,
                const struct row *row); /* a row of another account changes nothing */

const struct roster_item *view_contact(const struct view *v, struct str bare); /* NULL if unknown */
bool view_sees_us(const struct view *v, struct str bare); /* they get our presence: from or both */
bool view_sees_them(const struct view *v, struct str bare); /* we get theirs: to or both */
/* Blocks match full JID, bare JID, domain with resource, or domain (XEP-0191 §6). */
bool view_blocks(const struct view *v, const struct jid *j);
bool view_blocks_text(const struct view *v, struct str jid);
bool blocks_cover(const struct map *blocks, const struct jid *j);
/* Of an account that is not blocked as a whole: do they get our presence, do we ask for theirs? */
bool view_shows(const struct view *v, struct str bare);
bool view_watches(const struct view *v, struct str bare);

bool view_lets_ring(const struct view *v, struct str bare); /* by the operator's rules */

/* True if this origin was among the last ones; else remembers it. */
bool view_repeats(struct view *v, const uint8_t origin[16]);
void view_forget_origin(struct view *v,
                        const uint8_t origin[16]); /* that message was not taken after all */

/* Whom the account wrote to last. */
void view_wrote(struct view *v, struct str bare);
bool view_has_written(const struct view *v, struct str bare);

#endif
