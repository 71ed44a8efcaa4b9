/* config.h: what the operator asked for, as typed values. docs/configuration.md describes every
 * key.
 *
 * A configuration is loaded once, checked whole, and never changes afterwards; a reload loads
 * another one. One table (config_keys.c) drives parsing, --check, the manual page and
 * docs/configuration.md.
 * Owns: everything it points to, in one arena.  Threads: immutable; config_ref/unref are atomic.
 * Errors: as lines for the operator, `sottod: FILE:LINE: section.key: what is allowed`.
 * Units: bytes, seconds, days, as the names say.
 */
#ifndef SOTTO_SERVER_CONFIG_H
#define SOTTO_SERVER_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "server/throttle.h"

struct config_list {
    const struct str *items;
    size_t count;
};

struct cidr {
    uint8_t ip[16];
    unsigned bits;
}; /* IPv4 as ::ffff:a.b.c.d, bits counted from the 128 */
struct cidr_list {
    const struct cidr *items;
    size_t count;
};

enum registration_mode { REGISTRATION_INVITE, REGISTRATION_OPEN, REGISTRATION_CLOSED };
enum e2ee_policy { E2EE_REQUIRED, E2EE_OFF };
enum stranger_policy { STRANGERS_GATE, STRANGERS_ALLOW };
enum call_policy { CALLS_KNOWN, CALLS_STRICT };
enum direct_policy { CALLS_DIRECT_REFUSE, CALLS_DIRECT_ADAPT };
enum store_ack { ACK_COMMIT, ACK_MEMORY };
enum archive_mode { ARCHIVE_ON, ARCHIVE_OFF };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Bits of auth.mechanisms. */
enum mechanism {
    MECHANISM_SCRAM_SHA_1 = 1 << 0,
    MECHANISM_SCRAM_SHA_1_PLUS = 1 << 1,
    MECHANISM_SCRAM_SHA_256 = 1 << 2,
    MECHANISM_SCRAM_SHA_256_PLUS = 1 << 3,
    MECHANISM_SCRAM_SHA_512 = 1 << 4,
    MECHANISM_SCRAM_SHA_512_PLUS = 1 << 5,
    MECHANISM_FAST = 1 << 6, /* tokens: XEP-0484 */
    MECHANISM_PLAIN = 1 << 7,
};

enum listener_kind {
    LISTEN_C2S,
    LISTEN_C2S_TLS,
    LISTEN_HTTPS,
    LISTEN_S2S,
    LISTEN_MUX,
    LISTEN_METRICS,
    LISTEN_COMPONENT,
    LISTEN_KIND_COUNT
};

struct limits {
    /* One account. */
    struct rate messages_per_account, stanzas_per_account, bytes_per_account;
    struct rate subscriptions_per_account;  /* subscription requests sent */
    struct rate bundle_targets_per_account; /* accounts whose keys it never fetched before */
    struct rate bundles_per_pair;           /* key bundles one account fetches of one other */
    struct rate failed_logins_per_account;
    struct rate password_changes_per_account;
    uint64_t sessions_per_account, resumable_per_account, devices_per_account;
    uint64_t resume_s; /* how long a cut session waits to be resumed */
    uint64_t roster_items, roster_groups, blocked_jids;
    uint64_t pep_nodes, pep_items, pep_item_bytes, pep_bytes;
    uint64_t push_registrations;
    uint64_t private_bytes, vcard_bytes;
    uint64_t archive_messages;                         /* per account; 0: no limit */
    uint64_t archive_queries, archive_page;            /* in flight per account; results per page */
    uint64_t request_messages;                         /* of one stranger until approved */
    uint64_t invitations_per_account, invitation_days; /* open at a time; validity */
    uint64_t upload_bytes, upload_daily_bytes, upload_account_bytes, upload_total_bytes,
        upload_days;
    struct rate fetches_per_account, fetched_bytes_per_account;
    uint64_t fetch_bytes;          /* 0: no relay */
    struct cidr_list fetch_exempt; /* what the relay reaches although it is not public */

    /* One address (IPv6: one /64). */
    struct rate connections_per_address, failed_logins_per_address, registrations_per_address;
    struct rate requests_per_address; /* HTTP */
    uint64_t streams_per_address, unauthenticated_per_address;

    /* One remote domain. */
    struct rate stanzas_per_domain;
    uint64_t streams_per_domain;

    struct rate stanzas_per_component;

    /* One stream. */
    uint64_t stanza_bytes, stanza_bytes_before_login;
    uint64_t output_bytes, lagging_s; /* lagging from here; ended after so long of it */
    uint64_t login_s, idle_s;

    /* The whole server. */
    struct rate registrations;
    uint64_t connections;

    struct cidr_list exempt; /* no limits at all for these addresses */
};

struct config {
    struct {
        struct config_list domain; /* prepared; at least one */
        struct str data_dir;       /* absolute, NUL-terminated */
        uint64_t workers;          /* never 0 */
    } server;
    struct {
        struct config_list address[LISTEN_KIND_COUNT]; /* "127.0.0.1:5222", "[::1]:5222" */
        struct cidr_list proxy_from;
    } listen;
    struct {
        struct config_list pin; /* each as remote_pin_read() takes it */
    } s2s;
    struct {
        struct config_list secret; /* each as component_secret_read() takes it */
    } component;
    struct {
        struct str certificate, key, acme;
    } tls; /* empty: self-signed in data_dir/tls */
    struct {
        struct str url; /* "https://HOST[:PORT]", or empty */
    } web;
    struct {
        enum registration_mode mode;
    } registration;
    struct {
        enum e2ee_policy e2ee;
        struct config_list e2ee_allow; /* domains, rooms, "{namespace}name" elements */
        enum stranger_policy strangers;
        enum call_policy calls;
        enum direct_policy calls_direct;
    } policy;
    struct {
        unsigned mechanisms;
        uint64_t scram_iterations;
    } auth;
    struct {
        struct str url;
        enum store_ack ack;
    } store; /* url: sqlite:ABSOLUTE-PATH or postgresql://… */
    struct {
        struct str url;
    } bus;
    struct {
        enum archive_mode mode;
        int64_t retention_days;
    } archive;
    struct {
        struct config_list accounts;
    } admin;
    struct {
        struct config_list address; /* BIND or BIND=ANNOUNCED */
        uint64_t port;              /* 0: any */
    } anchor;
    struct {
        enum log_level level;
        enum log_format format;
        uint64_t events_days; /* 0: none are kept */
    } log;
    struct limits limits;

    const bool *given; /* per row of config_keys: not the default */
    const struct str
        *unread; /* the same: the text of a key that is not built, if it will not take it */
    struct config_private *private;
};

/* `file` may be NULL: none. Overrides are `section.key=value` and win over the file; the first
 * override of a list key replaces the file's list, further ones add. On ERR_MALFORMED `problems`
 * holds lines for the operator. */
CHECKED enum err config_load(const char *file, const char *const *overrides, size_t override_count,
                             const struct config **out, struct buf *problems);
/* Every value as text, one a line: how the supervisor hands its
 * configuration to a process that can no longer read the file. */
void config_dump(const struct config *c, struct buf *out);
/* The same of what a reload leaves: keys marked live as `wanted` has them, the others as they
 * are. */
void config_dump_reload(const struct config *running, const struct config *wanted, struct buf *out);
CHECKED enum err config_undump(struct str text, const struct config **out, struct buf *problems);

const struct config *config_ref(const struct config *c);
void config_unref(const struct config *c); /* NULL is allowed */

bool config_has_domain(const struct config *c, struct str domain); /* prepared domain */
bool cidr_list_holds(const struct cidr_list *list, const uint8_t ip[16]);
const char *listener_name(enum listener_kind kind); /* "c2s": its key is listen.c2s */

/* The folder of a store that is a file, NUL-terminated; NULL: it is none. */
const char *config_store_folder(const struct config *c, struct arena *a);

/* The key's value as text, in the form the file takes; of one that is not built, what was given. */
struct str config_text(const struct config *c, size_t key_index, struct arena *a);

#endif
