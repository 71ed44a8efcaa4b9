/* settings.h: what the engine needs to know of the configuration, already typed and checked.
 *
 * Immutable after start: every home reads the same one without locks; a reload makes a new one.
 * Owns: nothing; texts live as long as the process.  Threads: read-only.
 */
#ifndef SOTTO_SERVER_SETTINGS_H
#define SOTTO_SERVER_SETTINGS_H

#include "rtp/anchor_wire.h"
#include "server/component_secret.h"
#include "server/remote_pin.h"
#include "server/throttle.h"

enum register_mode { REGISTER_NOBODY, REGISTER_INVITED, REGISTER_ANYBODY };

struct settings {
    const struct str *domains;
    size_t domain_count;
    const struct remote_pin *pins;
    size_t pin_count;
    struct rate stanzas_per_domain; /* of another server, by all its streams */
    unsigned streams_per_domain;
    struct rate stanzas_per_component;
    const struct component_secret *components;
    size_t component_count;
    uint8_t secret[32]; /* of this server: resources, archive ids, decoy salts */

    struct str web_url;  /* "https://host:port"; empty: no HTTPS */
    struct str web_host; /* its host */

    enum register_mode registration; /* registration.mode */
    unsigned invitations_per_account;
    uint64_t invitation_days;
    uint64_t upload_bytes, upload_daily_bytes, upload_account_bytes, upload_total_bytes;

    uint64_t fetch_bytes; /* of one file from another host; 0: none is fetched */
    struct rate fetches_per_account, fetched_bytes_per_account;

    bool e2ee_required;           /* policy.e2ee */
    const struct str *e2ee_allow; /* policy.e2ee_allow: domains, bare JIDs, "{namespace}name" */
    size_t e2ee_allow_count;
    bool strangers_gated;                          /* policy.strangers */
    bool calls_strict;                             /* policy.calls */
    bool calls_adapted;                            /* policy.calls_direct */
    struct anchor_place tcp_places[ANCHOR_PLACES]; /* of the anchor, for those who know how */
    size_t tcp_place_count;
    uint16_t turn_port;   /* of listen.mux; 0: there is no TURN */
    bool archive_on;      /* archive.mode */
    bool mechanism_plain; /* auth.mechanisms, in the order in which we offer them */
    bool mechanism_sha1, mechanism_sha256, mechanism_sha512;
    bool mechanism_fast; /* tokens: XEP-0484 */
    uint32_t scram_iterations;

    size_t stanza_bytes;  /* limits.*, authenticated */
    size_t element_bytes; /* stanza_bytes_before_login */
    uint32_t login_s;     /* to log in, and then to bind */
    uint32_t idle_s;      /* of silence, until a client is asked for a sign of life; 0: never */
    unsigned sessions_per_account;
    unsigned devices_per_account; /* remembered: XEP-0494 */
    struct rate messages_per_account, stanzas_per_account, bytes_per_account;
    struct rate password_changes_per_account;
    struct rate failed_logins_per_account, failed_logins_per_address;
    struct rate registrations, registrations_per_address;
    unsigned resumable_per_account; /* of them, how many may wait without a connection */
    uint32_t resume_s;              /* and how long: XEP-0198 §5 */
    struct rate subscriptions_per_account;
    struct rate key_targets;   /* bundle_targets_per_account */
    struct rate keys_per_pair; /* bundles_per_pair */
    unsigned archive_queries;  /* of an account in work at a time */
    unsigned roster_items;
    unsigned roster_groups; /* of one contact */
    unsigned pep_nodes, pep_items_per_node;
    unsigned pep_item_bytes;
    uint64_t pep_bytes; /* of all items of an account */
    unsigned blocks;
    unsigned push_registrations;
    size_t private_bytes; /* of all private documents of an account */
    size_t vcard_bytes;
    uint32_t archive_page; /* messages in one answer of XEP-0313 */
    size_t output_bytes;   /* of a session whose peer does not read: then it lags */
    uint32_t lagging_s;    /* and this long, until its connection is ended */
};

/* True if `domain` is one of ours. */
static inline bool settings_serves(const struct settings *s, struct str domain)
{
    for (size_t i = 0; i < s->domain_count; i++)
        if (str_eq(s->domains[i], domain))
            return true;
    return false;
}

/* The component that has this domain, or NULL. */
static inline const struct component_secret *settings_component(const struct settings *s,
                                                                struct str domain)
{
    for (size_t i = 0; i < s->component_count; i++)
        if (str_eq(s->components[i].domain, domain))
            return &s->components[i];
    return NULL;
}

#endif
