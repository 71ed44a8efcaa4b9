/* store.h: the one door to durable state: write-sets in, completions out; queries in, records out.
 *
 * A write-set is one atomic commit of any number of rows of at most two owners; it completes only when it is
 * durable (store.ack = commit). Write-sets complete in the order in which one home submitted them. Queries see
 * every write-set that completed before they were submitted.
 *
 * An operation belongs to the store from store_commit()/store_query() until its `done` runs. `done` runs on the
 * thread of op->home: the store hands finished operations in batches to the `deliver` function given at opening,
 * whose job is to get them there (inbox of the worker; directly under the virtual clock).
 * Owns: operations in flight.  Threads: submitting from any thread.
 * Errors: in op->result: ERR_IO (nothing of the write-set is there; see `fatal` for the exception), ERR_FULL (disk
 * or quota; nothing is there), ERR_EXISTS, ERR_CONFLICT, ERR_MISSING (also: an account that a row names is gone).  Units: milliseconds since the epoch, bytes.
 */
#ifndef SOTTO_SERVER_STORE_H
#define SOTTO_SERVER_STORE_H

#include "base/arena.h"
#include "base/list.h"
#include "server/histogram.h"
#include "xmpp/sasl.h"

struct store;
struct store_op;

typedef void store_done(struct store_op *op);
typedef void store_deliver(void *ctx, unsigned home,
                           struct list *ops); /* takes the list; any thread */

struct store_op {
    struct link link;
    unsigned home;
    enum err result;
    bool by_rule; /* the result is what a row's own rule said, such as that a name is taken */
    store_done *done;
    struct arena arena; /* of the operation; rows and results live here; freed by the submitter */
    uint64_t ticket, submitted_us; /* the store's own */
};

/* ---- Writing ------------------------------------------------------------------------------------- */

enum shelf {
    SHELF_ARCHIVE,
    SHELF_REQUESTS
}; /* two sequences of one account: history, strangers' requests */

enum entry_flags {
    ENTRY_SENT = 1,    /* the owner sent it; else received */
    ENTRY_HIDDEN = 2,  /* not shown by MAM: waits for an offline account under archive.mode = off */
    ENTRY_OFFLINE = 4, /* delivered as an offline message after the cursor (XEP-0160) */
    ENTRY_GROUPCHAT = 8,
    ENTRY_RECEIPT = 16, /* receipts, markers: archived, but no reason to wake anybody */
    ENTRY_CALLED = 32,  /* the record of a call that the owner made */
};

struct archive_entry {
    int64_t account; /* 0: no entry here */
    enum shelf shelf;
    struct str peer; /* full or bare JID text of the other side; indexed by its bare part */
    unsigned flags;  /* enum entry_flags */
    uint64_t seq;    /* set by the store at completion; grows within (account, shelf) */
};

enum subscription { SUB_NONE, SUB_TO, SUB_FROM, SUB_BOTH };

struct roster_item {
    struct str jid; /* bare */
    struct str name;
    enum subscription subscription;
    bool ask;        /* our subscribe waits for an answer */
    bool approved;   /* pre-approval, RFC 6121 §3.4 */
    bool pending_in; /* their subscribe waits for us; such an item alone is not shown to clients */
    bool listed;     /* shown to clients (subscription none + added by the user counts) */
    struct str request; /* the presence stanza of pending_in as text, or empty */
    const struct str *groups;
    size_t group_count;
    uint64_t version; /* of the roster at this change (roster versioning, RFC 6121 §2.6) */
};

enum pep_access { PEP_OPEN, PEP_PRESENCE, PEP_ROSTER, PEP_WHITELIST, PEP_AUTHORIZE };
enum pep_last { PEP_LAST_NEVER, PEP_LAST_ON_SUB, PEP_LAST_ON_PRESENCE };

struct pep_config { /* node configuration, XEP-0060 §16.4.3 */
    enum pep_access access;
    enum pep_last send_last;
    bool persist, deliver_payloads, notify_retract, notify_delete, publish_open;
    uint64_t max_items;             /* UINT64_MAX for "max" */
    uint64_t expire_s;              /* 0: never */
    struct str title, type, groups; /* groups: newline separated, for PEP_ROSTER */
};

struct pep_node {
    struct str name;
    struct pep_config config;
};

struct pep_item {
    struct str node, id, publisher; /* publisher: full JID text or empty */
    struct str payload;             /* serialised element, or empty */
    uint64_t at_ms;
};

/* Small per-account records that modules keep, by (kind, key): private XML, vCard, preferences. The operator's rules for calls:
 * the bare JID of somebody who may ring, or nothing and until when the account calls nobody (milliseconds since the epoch). */
enum document_kind {
    DOC_PRIVATE = 1,
    DOC_VCARD,
    DOC_MAM_PREFS,
    DOC_MARKER,
    DOC_AVATAR = 6,
    DOC_CALL,
    DOC_CALL_RULE,
    DOC_SPENT_TOKEN /* by invite_token_mark(); the value is who used it */
};

struct document_record {
    struct str key, value;
};

struct
    device_token { /* XEP-0484. The token itself is not here: it is made of the seed and of a key that
                                        the store does not have */
    struct bytes seed;    /* n == 0: there is none */
    struct str mechanism; /* the only one it is good for */
    uint64_t made_ms, expires_ms;
    uint32_t count; /* of its last use, if that had one */
};

struct device_record { /* XEP-0494; one row per stable resource */
    struct str resource;
    struct str user_agent_id, software, name;
    uint64_t first_ms, last_ms;
    struct str auth;                /* mechanism of the last login */
    struct device_token token;      /* in use */
    struct device_token next_token; /* given out, not used yet */
    bool password;                  /* it has logged in with the account's password */
    bool granted;        /* no client, but a password beside the account's: see ROW_GRANT */
    struct str via;      /* of a client: the grant by which it came last; empty: none */
    uint64_t expires_ms; /* of a grant that nobody has used yet; 0: never */
};

/* A login knows no more than the name, so all passwords of an account are read, and tried, together. */
enum { GRANTS_MAX = 8, CREDENTIALS_MAX = GRANTS_MAX + 1, PASSWORD_KEYS = 3 /* one per hash */ };

struct credential {
    int64_t account;   /* 0: of nobody, so that everybody has as many */
    struct str device; /* empty: the account's password; else a grant */
    struct scram_keys keys;
};

struct push_record { /* XEP-0357: a device that sleeps asks to be woken through this app server */
    struct str service, node; /* its address; its name for the device */
    struct str device, via;   /* the resource that asked; the grant by which it came, or empty */
    struct str options;       /* a form to be sent along, as text, or empty */
    uint64_t since_ms;
    uint32_t failures; /* errors in a row */
    uint64_t retry_ms; /* nothing is sent before; 0: it works */
};

enum row_kind {
    ROW_ACCOUNT_NEW, /* account; fills row.account.  ERR_EXISTS if the name is taken */
    ROW_ACCOUNT_GONE, /* everything of an account; archives are hidden at once and removed in steps */
    ROW_CREDENTIAL, /* replaces the keys of (account, hash): no device knows the new password yet, and all tokens
                                        given for the old one are void. ERR_CONFLICT: there are grants, and it has
                                        not the salt that they share */
    ROW_GRANT, /* a password beside the account's: device and keys. Grants that have expired at now_ms make room.
                                        ERR_CONFLICT: its salts are not the account's any more; ERR_FULL: there are
                                        GRANTS_MAX */
    ROW_GRANT_USED, /* device: resource, last_ms, auth, software. From now on it does not expire. ERR_MISSING: it is gone,
                                        or has expired */
    ROW_ROSTER,
    ROW_ROSTER_GONE, /* put or remove one item; also sets the roster version */
    ROW_BLOCK,
    ROW_BLOCK_GONE, /* jid; ROW_BLOCK_GONE with an empty jid removes all */
    ROW_PEP_NODE,
    ROW_PEP_NODE_GONE, /* put configuration; remove node and items */
    ROW_PEP_ITEM, /* put one item, newest last, then trim to keep_items; ERR_MISSING: no such node */
    ROW_PEP_ITEM_GONE,
    ROW_PEP_PURGE,
    ROW_DOCUMENT,    /* put; an empty value removes */
    ROW_MESSAGE,     /* one archived message with one or two entries; at_ms becomes its time in the
                                        archive, never before that of the entries it follows */
    ROW_CURSOR,      /* offline messages up to seq are delivered; never moves back */
    ROW_ENTRY_MOVE,  /* entries of a peer from SHELF_REQUESTS to SHELF_ARCHIVE, new seqs */
    ROW_ENTRY_GONE,  /* one entry (account, shelf, seq), or all of a shelf with seq 0 */
    ROW_INVITE,      /* ERR_EXISTS */
    ROW_INVITE_GONE, /* by token_hash; no matter if it is not there */
    ROW_INVITE_USED, /* by token_hash; ERR_CONFLICT if used up or expired at now_ms, ERR_MISSING */
    ROW_DEVICE, /* put one; ERR_MISSING if it came by a grant that is gone, ERR_CONFLICT if it is not there with the
                                        tokens of device_was (NULL: no matter). Then the ones used longest ago are removed down to keep_devices (0: no
                                        limit) */
    ROW_DEVICE_SEEN, /* put one, or note that it was here again: last_ms, auth, password, via */
    ROW_DEVICE_GONE, /* of a grant: its keys, too, and what its clients have of it */
    ROW_UPLOAD,
    ROW_UPLOAD_GONE,
    ROW_LINK, /* one step. ERR_EXISTS: it was taken before; ERR_MISSING: not the one before it, or the channel is
                                        somebody else's (an answer has no account of its own); ERR_FULL: LINKS_MAX */
    ROW_LINK_GONE, /* the channel; ERR_MISSING */
    ROW_PUSH, /* put one, in which nothing has failed yet. ERR_FULL: there are `keep` others. It goes with its device and its grant */
    ROW_PUSH_FAILED, /* failures and retry_ms of one, if it is there still */
    ROW_PUSH_GONE,   /* those of service, node and device; an empty one: of any */
    ROW_OUTBOX,      /* put one; fills outbox.id */
    ROW_OUTBOX_GONE, /* by id; no matter if it is not there */
    ROW_KIND_COUNT
};

struct invite_record {
    struct bytes token_hash; /* SHA-256 of the token; the token itself is never stored */
    struct str inviter;      /* bare JID, or empty for the operator's */
    struct str domain;
    bool account; /* may create an account; else a contact token only (XEP-0379) */
    bool used;
    uint64_t created_ms, expires_ms;
};

/* What two devices of an account leave for each other, in this order, while one is linked (linking.h). */
enum link_step { LINK_HELLO = 1, LINK_ANSWER, LINK_GIFT };
enum { LINKS_MAX = 3 }; /* channels of one account at a time */

struct link_record {
    struct str channel; /* its hash is stored */
    enum link_step step;
    int64_t account; /* of the channel's owner */
    struct bytes octets;
    uint64_t expires_ms; /* of all three: the first one's */
};

struct upload_record {
    struct str slot; /* 128-bit random, base32: part of the URL */
    int64_t account;
    struct str filename, content_type;
    uint64_t size, created_ms, expires_ms;
    bool done; /* received whole */
};

/* On its way to another server, until that has it. */
struct outbox_record {
    uint64_t
        id; /* set by the store at completion; grows, and is used again only when all are gone */
    struct str domain, stanza;
    uint64_t since_ms;
};

struct row {
    struct row *next;
    enum row_kind kind;
    int64_t
        account; /* owner; ROW_ACCOUNT_NEW sets it; 0 in the other rows of the same write-set as a
                                        ROW_ACCOUNT_NEW means that new account */
    union {
        struct {
            struct str local, domain;
            uint64_t created_ms;
        } account_new;
        struct {
            struct scram_keys keys;
        } credential;
        struct {
            struct device_record device;
            struct scram_keys keys[PASSWORD_KEYS];
            uint64_t now_ms;
        } grant;
        struct roster_item roster; /* ROW_ROSTER_GONE uses jid and version */
        struct {
            struct str jid;
        } block;
        struct pep_node pep_node;
        struct {
            struct pep_item item;
            uint64_t keep_items, max_bytes;
        } pep_item; /* max_bytes: of the payloads of
                                        all items of the account, else ERR_FULL; 0: any. ITEM_GONE uses node and id; PURGE node */
        struct {
            enum document_kind kind;
            struct str key, value;
        } document;
        struct {
            uint64_t at_ms;
            struct str body;    /* the stanza as text, jabber:client undeclared */
            uint8_t origin[16]; /* hash of (sender, recipient, origin-id), zeroes: none */
            struct archive_entry entry[2]; /* recipient's, sender's */
        } message;
        struct {
            enum shelf shelf;
            uint64_t seq;
            struct str peer;
            uint64_t at_ms;
        } entry; /* CURSOR, ENTRY_MOVE (at_ms:
                                        now; peer bare: any resource), ENTRY_GONE */
        struct {
            struct invite_record invite;
            uint64_t now_ms;
        } invite;
        struct {
            struct device_record device;
            const struct device_record *device_was;
            uint32_t keep_devices;
        };
        struct upload_record upload;
        struct outbox_record outbox;
        struct {
            struct link_record record;
            uint64_t now_ms;
        } link;
        struct {
            struct push_record record;
            uint32_t keep;
        } push;
    };
};

struct write_set {
    struct store_op op;
    struct row *first, *last;
};

/* A row in the write-set's arena, appended. */
struct row *write_set_add(struct write_set *w, enum row_kind kind, int64_t account);

void store_commit(struct store *s, struct write_set *w);

/* For what nobody waits for: in order with all others, but it makes no commit of its own. It goes along with the
 * next one, or with others of its kind after half a second. */
void store_commit_soon(struct store *s, struct write_set *w);

/* ---- Reading ------------------------------------------------------------------------------------- */

enum query_kind {
    QUERY_ACCOUNT, /* everything that a view needs; ERR_MISSING if there is no such account */
    QUERY_CREDENTIALS, /* all keys of one hash, the password's first, filled up to CREDENTIALS_MAX with nobody's */
    QUERY_PASSWORD, /* salts of the account's password, and how many grants there are; ERR_MISSING */
    QUERY_ARCHIVE,
    QUERY_PEP_ITEMS,
    QUERY_DOCUMENT,   /* one, by kind and key; an empty value if there is none */
    QUERY_DOCUMENTS,  /* all of a kind; account 0: of all accounts */
    QUERY_ACCOUNTS,   /* names, in order, paged */
    QUERY_INVITE,     /* by token hash; ERR_MISSING */
    QUERY_INVITES,    /* the newest thousand */
    QUERY_UPLOAD,     /* one slot; ERR_MISSING, also when its account is gone */
    QUERY_UPLOAD_USE, /* bytes and files of an account, or UPLOADS_OF_ALL, since a time */
    QUERY_UPLOADS_EXPIRED, /* slots whose files shall be removed: expired, or their account (0) is gone. Remove the
                            file, then commit ROW_UPLOAD_GONE */
    QUERY_DEVICES,
    QUERY_LINK,   /* one step of a channel that has not expired; ERR_MISSING */
    QUERY_PUSHES, /* of an account */
    QUERY_OUTBOX, /* those after an id, the oldest first */
    QUERY_STATS,
    QUERY_KIND_COUNT
};

enum { RECENT_ORIGINS = 256, CORRESPONDENTS = 256, UPLOADS_OF_ALL = -1 };

struct account_record {
    int64_t id;
    uint64_t created_ms;
    uint64_t roster_version;
    const struct roster_item *roster;
    size_t roster_count;
    const struct str *blocks;
    size_t block_count;
    const struct pep_node *pep_nodes;
    size_t pep_count;
    struct str mam_prefs, avatar; /* DOC_MAM_PREFS, DOC_AVATAR, or empty */
    const struct document_record *call_rules;
    size_t call_rule_count;
    const struct document_record *spent_tokens;
    size_t spent_token_count;
    bool has_pushes;           /* QUERY_PUSHES is worth asking */
    uint64_t last_seq, cursor; /* of SHELF_ARCHIVE */
    const uint8_t (*origins)[16];
    size_t origin_count; /* of the last messages that it sent */
    const struct str *written;
    size_t written_count; /* bare JIDs that it sent one of its last messages to */
};

/* at_ms never decreases along a shelf. Where ROW_ENTRY_MOVE brought an entry here later, sent_ms is when it first
 * came; else both are the same. */
struct archive_result {
    uint64_t seq, at_ms, sent_ms;
    unsigned flags;
    struct str peer, body;
};

enum archive_part {
    ARCHIVE_SHOWN,   /* the history as MAM shows it: without ENTRY_HIDDEN */
    ARCHIVE_WAITING, /* ENTRY_OFFLINE only, ENTRY_HIDDEN included */
    ARCHIVE_UNSHOWN, /* of these, ENTRY_HIDDEN only */
    ARCHIVE_ALL,
};

struct archive_query {
    int64_t account;
    enum shelf shelf;
    enum archive_part part;
    struct str with; /* bare JID: any resource; full JID: that one; empty: all */
    bool has_start, has_end;
    uint64_t start_ms, end_ms; /* inclusive */
    uint64_t after, before;    /* exclusive seqs; 0: unbounded */
    const uint64_t *ids;
    size_t id_count; /* only these seqs (XEP-0313 #extended); 0: all */
    const uint64_t *positions;
    size_t position_count; /* seqs that have to be there, else ERR_MISSING */
    bool newest;           /* the page at the end of the range instead of its beginning */
    bool
        want_count; /* total: of all that matches the other conditions, whatever after and before say */
    uint32_t max;
};

struct store_query {
    struct store_op op;
    void *context; /* the submitter's */
    struct store_query
        *previous; /* the submitter's: earlier queries whose results are still in use */
    enum query_kind kind;
    union {
        struct {
            struct str local, domain;
        } account;
        struct {
            struct str local, domain;
            enum hash hash;
        } credentials;
        struct {
            int64_t account;
        } password;
        struct archive_query archive;
        struct {
            int64_t account;
            struct str node;
            const struct str *ids;
            size_t id_count;
            uint32_t max;
            uint32_t shown;           /* only the newest so many are there; 0: all */
            struct str after, before; /* only what is newer, or older, than this item; empty: any */
            bool oldest;              /* of these the oldest, instead of the newest */
            bool only_count;
            uint64_t max_bytes; /* of payloads, but for the first item; 0: any */
        } pep;
        /* newest first, max 0: all; or those of `ids`, in that order.  ERR_MISSING: no node, or no such item after or before
         * which; ERR_TOO_BIG: those of `ids` have more bytes */
        struct {
            int64_t account;
            enum document_kind kind;
            struct str key;
        } document;
        struct {
            struct str after;
            uint32_t max;
        } accounts; /* after: bare JID text */
        struct {
            struct bytes token_hash;
        } invite;
        struct {
            struct str slot;
            int64_t account;
            uint64_t since_ms;
        } upload;
        struct {
            uint64_t now_ms;
            uint32_t max;
        } uploads_expired;
        struct {
            int64_t account;
            struct str resource;
        } devices; /* empty: all */
        struct {
            struct str channel;
            enum link_step step;
            uint64_t now_ms;
        } link;
        struct {
            int64_t account;
        } pushes;
        struct {
            uint64_t after;
            uint32_t max;
        } outbox;
    } in;
    union {
        struct account_record account;
        struct {
            struct credential *list;
            size_t count;
        } credentials;
        struct {
            struct scram_keys
                salts[PASSWORD_KEYS]; /* without the keys, in the order of enum hash */
            size_t grants;
        } password;
        struct {
            const struct archive_result *results;
            size_t count;
            bool complete;
            uint64_t total;
            uint64_t first_seq, first_ms, last_seq, last_ms;
        } archive; /* always ascending; first/last: of the whole shelf */
        struct {
            const struct pep_item *items;
            size_t count;
            uint64_t total,
                older; /* that are shown; of these, before the first of `items` (not for `ids`) */
        } pep;
        struct {
            struct str value;
        } document;
        struct {
            const struct document_record *documents;
            size_t count;
        } documents;
        struct {
            const struct str *jids;
            size_t count;
        } accounts;
        struct {
            const struct invite_record *invites;
            size_t count;
        } invites;
        struct {
            struct upload_record upload;
            uint64_t bytes, files;
        } upload;
        struct {
            const struct upload_record *uploads;
            size_t count;
        } uploads;
        struct {
            const struct device_record *devices;
            size_t count;
        } devices;
        struct {
            struct link_record record;
        } link;
        struct {
            const struct push_record *pushes;
            size_t count;
        } pushes;
        struct {
            const struct outbox_record *records;
            size_t count;
        } outbox;
        struct {
            uint64_t accounts, messages, entries, file_bytes, wal_bytes, free_bytes;
        } stats;
    } out;
};

void store_query(struct store *s, struct store_query *q);

/* ---- Life ---------------------------------------------------------------------------------------- */

struct store_options {
    struct str url; /* sqlite:PATH; sqlite::memory: for tests */
    bool
        ack_memory; /* complete when the operating system has it, without waiting for the disk: what
                                         was acknowledged survives kill -9, but not a power failure */
    unsigned readers; /* reader threads; 0: the writer answers queries, too */
    bool
        inline_run; /* no threads: operations run inside store_step(), for scripts on a virtual clock */
    int64_t retention_days; /* of archive entries; -1 for ever */
    uint64_t
        archive_messages; /* of one account's archive; the oldest go, within minutes; 0: any number */
    store_deliver *deliver;
    void *deliver_ctx;
    /* A transaction failed and nothing of it is there, but the next may succeed: the disk is full; or a query had no answer. Each time, on
     * a thread of the store, before the completions. NULL: not wanted. */
    void (*refused)(void *ctx, const char *sentence);
    /* The disk failed in a way that leaves open what is on it (a failed fsync above all): every later write-set ends
     * with ERR_IO, and whether the last ones are there shows only after a restart. The owner stops the process. Runs
     * once, on a thread of the store, before the completions. NULL: not wanted. */
    void (*fatal)(void *ctx, const char *sentence);
    void *trouble_ctx; /* of both */
};

/* Creates or migrates the schema. A newer schema than ours is ERR_UNSUPPORTED. `why` gets one sentence for the
 * operator on failure. */
CHECKED enum err store_open(const struct store_options *options, struct store **out,
                            struct str *why, struct arena *why_arena);
void store_settle(struct store *s); /* until all that was submitted has been delivered */
void store_close(struct store *s);  /* waits for what was submitted; completes it */
bool store_step(
    struct store *s); /* inline_run only: runs what is submitted, false if nothing was */
void store_expire(struct store *s,
                  uint64_t now_ms); /* start one bounded round of retention; call every minute */
/* What the store has done since it was opened, and what waits. */
struct store_stats {
    struct histogram latency_us; /* of write-sets: from submission until they were durable */
    struct histogram group;      /* write-sets that one commit made durable */
    uint64_t failed; /* write-sets that could not be written; not those refused by a rule */
    uint64_t queries;
    uint64_t writes_waiting, queries_waiting; /* now */
    uint64_t rows[ROW_KIND_COUNT];            /* committed */
    uint64_t uploads, upload_bytes;           /* files that came whole */
};
void store_stats(struct store *s, struct store_stats *out);
/* A consistent copy of a running store, readable by its owner only; blocks the caller. ERR_EXISTS: never over a file. */
CHECKED enum err store_backup(struct store *s, const char *path);

#endif
