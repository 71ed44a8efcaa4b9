/* config_keys.c: the table of configuration keys. Every limit and every default of the server is
 * a row here. */
#include "server/config_keys.h"

#include <string.h>

#include "http/target.h"

#define ROW(s, n, t, d)                                                                            \
    .section = #s, .name = #n, .type = (t), .offset = offsetof(struct config, s.n), .standard = (d)
#define LISTENER(n, kind, d)                                                                       \
    .section = "listen", .name = #n, .type = KEY_ADDRESSES,                                        \
    .offset = offsetof(struct config, listen.address[kind]), .standard = (d)
#define LIMIT(n, t, d, lowest, highest) ROW(limits, n, t, d), .min = (lowest), .max = (highest)
#define RATE(n, d)                      ROW(limits, n, KEY_RATE, d)
#define RANGE(lowest, highest)          .min = (lowest), .max = (highest)
#define BUILT                           .built = true
#define LIVE                            .live = true

enum { KIB = 1024, MIB = 1024 * KIB };
#define GIB       (1024 * (int64_t)MIB)
#define HUGE_SIZE ((int64_t)1 << 50)

/* The order of each list is the order of its enum. */
static const char *const registration_words[] = { "invite", "open", "closed", NULL };
static const char *const e2ee_words[] = { "required", "off", NULL };
static const char *const stranger_words[] = { "gate", "allow", NULL };
static const char *const call_words[] = { "known", "strict", NULL };
static const char *const direct_words[] = { "refuse", "adapt", NULL };
static const char *const ack_words[] = { "commit", "memory", NULL };
static const char *const archive_words[] = { "on", "off", NULL };
static const char *const level_words[] = { "error", "warn", "info", "debug", NULL };
static const char *const format_words[] = { "text", "json", NULL };
static const char *const mechanism_words[] = { "SCRAM-SHA-1",
                                               "SCRAM-SHA-1-PLUS",
                                               "SCRAM-SHA-256",
                                               "SCRAM-SHA-256-PLUS",
                                               "SCRAM-SHA-512",
                                               "SCRAM-SHA-512-PLUS",
                                               "FAST",
                                               "PLAIN",
                                               NULL };

#define MECHANISMS_DEFAULT                                                                         \
    "SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-512 "                 \
    "SCRAM-SHA-512-PLUS FAST"

static bool is_store_url(struct str value)
{
    struct str rest = str_skip(value, sizeof "sqlite:" - 1);

    if (str_starts(value, STR("sqlite:")))
        return rest.n > 0;
    return str_starts(value, STR("postgresql://"));
}

/* Not 0: what nobody has fetched yet lies in the archive, too, and would go with the rest. */
static bool is_retention(struct str value)
{
    uint64_t days = 0;

    return str_is(value, "-1") || (str_to_u64(value, UINT64_MAX, &days) == ERR_NONE && days > 0);
}

static bool is_web_url(struct str value)
{
    struct arena a = { 0 };
    struct str authority = str_skip(value, sizeof "https://" - 1), host;
    bool is =
        value.n == 0
        || (str_starts(value, STR("https://")) && http_host_read(&a, authority, &host) == ERR_NONE
            && str_starts(authority, host));

    arena_deinit(&a);
    return is;
}

/* clang-format off */
const struct config_key config_keys[] = {
    { ROW(server, domain, KEY_DOMAINS, "localhost"), BUILT,
      .about = "The domains this server speaks for. The first is used where a command names "
               "none." },
    { ROW(server, data_dir, KEY_PATH, ""), BUILT,
      .allowed = "a folder; empty: /var/lib/sotto as root, else ~/.local/share/sotto",
      .about = "Everything the server keeps: mode 0700, one server per folder. One that others can write into, or that holds other "
               "files and is not closed to others, is refused." },
    { ROW(server, workers, KEY_NUMBER, "cores"), RANGE(1, 256), .zero_word = "cores", BUILT,
      .about = "Threads that serve connections; as many as there are processor cores unless "
               "given." },

    { LISTENER(c2s, LISTEN_C2S, "127.0.0.1:5222"), BUILT,
      .about = "XMPP clients, secured by STARTTLS before anything else is accepted." },
    { LISTENER(c2s_tls, LISTEN_C2S_TLS, "127.0.0.1:5223"), BUILT,
      .about = "XMPP clients, TLS from the first byte (XEP-0368)." },
    { LISTENER(https, LISTEN_HTTPS, "127.0.0.1:5443"), BUILT,
      .about = "HTTPS: web client, WebSocket, file upload, invitation pages, host-meta." },
    { LISTENER(s2s, LISTEN_S2S, ""), BUILT,
      .about = "Other servers, those of s2s.pin; not opened while there are none. TLS from the first byte, both certificates "
               "pinned." },
    { LISTENER(mux, LISTEN_MUX, ""), BUILT,
      .about = "One port for everything, such as 0.0.0.0:443, for networks that let little else "
               "through: XMPP with TLS from the first byte or with STARTTLS, and HTTPS, told "
               "apart by ALPN and by what comes first; and the media of calls of clients that get none "
               "through by UDP (ICE-TCP, TURN over TLS)." },
    { LISTENER(metrics, LISTEN_METRICS, ""), BUILT,
      .about = "Counters for Prometheus: GET /metrics over plain HTTP, without a password: "
               "loopback, or a network of your own." },
    { LISTENER(component, LISTEN_COMPONENT, ""), BUILT,
      .about = "Components (XEP-0114), those of component.secret; not opened while there are none. In the clear: loopback, or a "
               "network of your own." },
    { ROW(listen, proxy_from, KEY_NETWORKS, ""), BUILT,
      .about = "Networks of proxies of your own. Who connects from there has to begin with a header of the PROXY protocol "
               "(version 1 or 2), and is taken for the address that it names; nobody else's is believed. Not for listen.metrics and "
               "listen.component." },

    { ROW(s2s, pin, KEY_PINS, ""), BUILT,
      .allowed = "DOMAIN=ADDRESS:PORT=SHA256, separated by spaces: an IP address, and the hash of the certificate as "
                 "64 hexadecimal digits",
      .about = "Other servers with which there is a link: where each listens, and the SHA-256 hash of its certificate. Nothing else "
               "is asked of it, DNS neither (docs/federation.md)." },
    { ROW(component, secret, KEY_SECRETS, ""), BUILT,
      .allowed = "DOMAIN=SECRET, separated by spaces, each secret 16 to 256 printable characters",
      .about = "Programs beside the server with a domain of their own, such as app servers for pushes: the domain, and what each "
               "proves itself with. They are heard like another server and have no more rights." },

    { ROW(web, url, KEY_TEXT, ""), .allows = is_web_url, BUILT,
      .allowed = "https://HOST or https://HOST:PORT in lower case, without anything behind it, or empty",
      .about = "The address of our HTTPS as others reach it, such as that of a proxy in front of it. Empty: the "
               "first domain and the port of listen.https." },

    { ROW(tls, certificate, KEY_PATH, ""), BUILT, LIVE,
      .allowed = "the path of a certificate chain in PEM, or empty",
      .about = "Certificate chain in PEM. Empty: a self-signed one is made once in "
               "data_dir/tls/." },
    { ROW(tls, key, KEY_PATH, ""), BUILT, LIVE,
      .allowed = "the path of the certificate's private key in PEM, or empty",
      .about = "Private key of tls.certificate in PEM. Both are given, or neither." },
    { ROW(tls, acme, KEY_TEXT, ""), .about = "Obtain certificates from this ACME directory." },

    { ROW(registration, mode, KEY_WORD, "invite"), .words = registration_words, BUILT,
      .about = "Who may create an account: holders of an invitation, anybody (open), nobody "
               "(closed). sottoctl always can." },

    { ROW(policy, e2ee, KEY_WORD, "required"), .words = e2ee_words, BUILT,
      .about = "required: messages that are not end-to-end encrypted are refused. off: they "
               "pass, and the operator can read them." },
    { ROW(policy, e2ee_allow, KEY_EXEMPT, ""), BUILT,
      .allowed = "domains, addresses of rooms and {namespace}name of elements, separated by spaces",
      .about = "Exempt from policy.e2ee: domains, rooms, elements written {namespace}name." },
    { ROW(policy, strangers, KEY_WORD, "gate"), .words = stranger_words, BUILT,
      .about = "gate: what strangers send waits as a request until the recipient approves, and "
               "their calls do not ring. allow: delivered like anything else." },
    { ROW(policy, calls, KEY_WORD, "known"), .words = call_words, BUILT,
      .about = "Whose calls ring. known: those of everybody to whom the callee shows his presence, or has "
               "written lately. strict: contacts only, where both see each other, whatever "
               "policy.strangers says. Under both, whom sottoctl call allow names." },
    { ROW(policy, calls_direct, KEY_WORD, "refuse"), .words = direct_words, BUILT,
      .about = "Calls of clients that begin with an offer instead of asking first (without "
               "XEP-0353, as Dino does towards some clients). refuse: they ring nowhere. adapt: "
               "the server keeps the offer, asks in their place, and makes it once a person has "
               "accepted." },

    { ROW(auth, mechanisms, KEY_FLAGS, MECHANISMS_DEFAULT), .words = mechanism_words, BUILT,
      .about = "SASL mechanisms offered. PLAIN, which shows the password to the server, is "
               "offered over TLS only." },
    { ROW(auth, scram_iterations, KEY_NUMBER, "10000"), RANGE(4096, 10000000), BUILT,
      .about = "Work to derive keys from a new password (RFC 7677 asks for 4096 at least)." },

    { ROW(store, url, KEY_TEXT, "sqlite:sotto.db"), .allows = is_store_url, BUILT,
      .allowed = "sqlite:PATH or postgresql://…",
      .about = "Where accounts and archives are kept. A relative path is below data_dir; the "
               "server may write to the whole folder of an absolute one." },
    { ROW(store, ack, KEY_WORD, "commit"), .words = ack_words, BUILT,
      .about = "When a message is acknowledged: commit: when it is on disk; memory: earlier, and"
               " a power failure can lose it." },

    { ROW(bus, url, KEY_TEXT, "local"),
      .about = "How nodes of a cluster reach each other: local (one node) or nats://…" },

    { ROW(archive, mode, KEY_WORD, "on"), .words = archive_words, BUILT,
      .about = "off: no history is kept; messages to accounts that are offline still wait for "
               "them." },
    { ROW(archive, retention_days, KEY_NUMBER, "30"), RANGE(-1, 36500), .allows = is_retention, BUILT,
      .allowed = "a number from 1 to 36500, or -1 (messages wait there for who is offline; archive.mode = off keeps no history)",
      .about = "Days after which archived messages are deleted, fetched or not; -1: never." },

    { ROW(admin, accounts, KEY_LIST, ""),
      .about = "Accounts that may administer the server over XMPP." },

    { ROW(anchor, address, KEY_PLACES, "127.0.0.1"), BUILT,
      .about = "Addresses through which the media of calls pass, at most 8: BIND, or BIND=ANNOUNCED behind address "
               "translation. Empty: calls have no media." },
    { ROW(anchor, port, KEY_NUMBER, "0"), RANGE(0, 65534), BUILT,
      .about = "UDP port of call media; the next one is used as well. 0: any two. A firewall has to let both through: 3478 "
               "is what networks expect." },

    { ROW(log, level, KEY_WORD, "info"), .words = level_words, BUILT, LIVE,
      .about = "The least important events that are logged." },
    { ROW(log, format, KEY_WORD, "text"), .words = format_words, BUILT, LIVE,
      .about = "One line per event: `TIME LEVEL event key=value …`, or a JSON object." },
    { ROW(log, events_days, KEY_NUMBER, "14"), RANGE(0, 14), .zero_word = "off", BUILT,
      .about = "Days for which refusals are kept as pseudonymous events (docs/events.md); off: they are only counted." },

    /* ---- One account ---- */
    { RATE(messages_per_account, "600/min"), BUILT,
      .about = "Messages an account sends." },
    { RATE(stanzas_per_account, "3000/min"), BUILT,
      .about = "Stanzas of any kind an account sends." },
    { RATE(bytes_per_account, "64MiB/min"), BUILT,
      .about = "Bytes read from an account's sessions." },
    { RATE(subscriptions_per_account, "60/h"), BUILT,
      .about = "Contact requests an account sends." },
    { RATE(bundle_targets_per_account, "30/day"), BUILT,
      .about = "Accounts whose device keys an account asks for the first time." },
    { RATE(bundles_per_pair, "40/day"), BUILT,
      .about = "Device keys an account fetches of one other account that is no contact." },
    { RATE(failed_logins_per_account, "50/h"), BUILT,
      .about = "Wrong passwords for an account, from all addresses together." },
    { RATE(password_changes_per_account, "10/h"), BUILT, .about = "Password changes of an account, and passwords made for apps." },
    { LIMIT(sessions_per_account, KEY_NUMBER, "16", 1, 1000), BUILT,
      .about = "Connected sessions of an account." },
    { LIMIT(resumable_per_account, KEY_NUMBER, "16", 0, 1000), BUILT,
      .about = "Cut sessions of an account that wait to be resumed." },
    { LIMIT(devices_per_account, KEY_NUMBER, "32", 1, 1000), BUILT,
      .about = "Remembered devices of an account (XEP-0494)." },
    { LIMIT(resume_s, KEY_NUMBER, "600", 0, 86400), BUILT,
      .about = "Seconds a cut session waits to be resumed (XEP-0198)." },
    { LIMIT(roster_items, KEY_NUMBER, "2000", 1, 100000), BUILT,
      .about = "Contacts of an account." },
    { LIMIT(roster_groups, KEY_NUMBER, "32", 0, 1000), BUILT, .about = "Groups of one contact." },
    { LIMIT(blocked_jids, KEY_NUMBER, "2000", 1, 100000), BUILT,
      .about = "Addresses an account blocks." },
    { LIMIT(pep_nodes, KEY_NUMBER, "128", 1, 10000), BUILT,
      .about = "PEP nodes of an account (XEP-0163)." },
    { LIMIT(pep_items, KEY_NUMBER, "512", 1, 100000), BUILT, .about = "Items of one PEP node." },
    { LIMIT(pep_item_bytes, KEY_SIZE, "192KiB", KIB, 4 * MIB), BUILT,
      .about = "Size of one PEP item, such as an avatar." },
    { LIMIT(pep_bytes, KEY_SIZE, "8MiB", KIB, GIB), BUILT,
      .about = "Size of all PEP items of an account." },
    { LIMIT(private_bytes, KEY_SIZE, "256KiB", KIB, 64 * MIB), BUILT,
      .about = "Private XML storage of an account (XEP-0049)." },
    { LIMIT(push_registrations, KEY_NUMBER, "16", 0, 1000), BUILT,
      .about = "App servers through which devices of an account ask to be woken (XEP-0357); 0: none." },
    { LIMIT(vcard_bytes, KEY_SIZE, "128KiB", KIB, 4 * MIB), BUILT,
      .about = "vCard of an account (XEP-0054)." },
    { LIMIT(archive_messages, KEY_NUMBER, "1000000", 1, INT64_MAX), BUILT, .zero_word = "off",
      .about = "Archived messages of an account; the oldest go first." },
    { LIMIT(archive_queries, KEY_NUMBER, "4", 1, 1000), BUILT,
      .about = "Archive queries of an account in work at a time." },
    { LIMIT(archive_page, KEY_NUMBER, "250", 1, 10000), BUILT,
      .about = "Results in one page of an archive query." },
    { LIMIT(request_messages, KEY_NUMBER, "5", 1, 1000),
      .about = "Messages of a stranger that wait for approval." },
    { LIMIT(invitations_per_account, KEY_NUMBER, "20", 0, 100000), BUILT,
      .about = "Open invitations of an account; 0: only the operator invites." },
    { LIMIT(invitation_days, KEY_NUMBER, "7", 1, 3650), BUILT,
      .about = "Days an invitation is good for." },
    { LIMIT(upload_bytes, KEY_SIZE, "100MiB", KIB, HUGE_SIZE), BUILT,
      .about = "Size of one uploaded file (XEP-0363)." },
    { LIMIT(upload_daily_bytes, KEY_SIZE, "1GiB", KIB, HUGE_SIZE), BUILT,
      .about = "Uploads of an account in a day." },
    { LIMIT(upload_account_bytes, KEY_SIZE, "4GiB", KIB, HUGE_SIZE), BUILT,
      .about = "Stored files of an account." },
    { LIMIT(upload_total_bytes, KEY_SIZE, "64GiB", KIB, HUGE_SIZE), BUILT,
      .about = "Stored files of all accounts." },
    { LIMIT(upload_days, KEY_NUMBER, "30", 1, 36500), BUILT,
      .about = "Days after which an uploaded file is deleted." },

    { LIMIT(fetch_bytes, KEY_SIZE, "100MiB", KIB, HUGE_SIZE), .zero_word = "off", BUILT,
      .about = "Size of one file that the server fetches from another host for an account, so that this host does not "
               "learn the person's address; off: it fetches nothing, and cannot connect to anywhere." },
    { RATE(fetches_per_account, "300/h"), BUILT,
      .about = "Files from other hosts that an account has fetched." },
    { RATE(fetched_bytes_per_account, "2GiB/day"), BUILT,
      .about = "The same in bytes; a file that was begun is finished." },
    { ROW(limits, fetch_exempt, KEY_NETWORKS, ""), BUILT,
      .about = "Networks that files are fetched from although they are private, this machine included; for tests." },

    /* ---- One address; of IPv6, one /64 ---- */
    { RATE(connections_per_address, "300/min"), BUILT, .about = "New connections from an address, HTTPS included." },
    { RATE(failed_logins_per_address, "30/10min"), BUILT, .about = "Wrong passwords from an address." },
    { RATE(registrations_per_address, "10/h"), BUILT,
      .about = "Accounts made from an address; a try that ends at a name that is taken counts too." },
    { RATE(requests_per_address, "1200/min"), BUILT, .about = "HTTP requests from an address." },
    { LIMIT(streams_per_address, KEY_NUMBER, "256", 1, 1000000), BUILT,
      .about = "Connections of an address at a time." },
    { LIMIT(unauthenticated_per_address, KEY_NUMBER, "32", 1, 1000000), BUILT,
      .about = "Connections of an address that have not logged in yet." },

    /* ---- One remote domain ---- */
    { ROW(limits, stanzas_per_domain, KEY_RATE, "6000/min"), BUILT,
      .about = "Stanzas from a remote domain." },
    { ROW(limits, streams_per_domain, KEY_NUMBER, "4"), RANGE(1, 1000), BUILT,
      .about = "Streams of a remote domain at a time." },

    /* ---- One component ---- */
    { ROW(limits, stanzas_per_component, KEY_RATE, "6000/min"), BUILT,
      .about = "Stanzas from a component; an app server answers every push with one." },

    /* ---- One stream ---- */
    { LIMIT(stanza_bytes, KEY_SIZE, "256KiB", 10000, 16 * MIB), BUILT,
      .about = "Size of a stanza after login (RFC 6120 §13.12)." },
    { LIMIT(stanza_bytes_before_login, KEY_SIZE, "4KiB", 4 * KIB, 64 * KIB), BUILT,
      .about = "Size of an element before login; eight times as much may come in all until then." },
    { LIMIT(output_bytes, KEY_SIZE, "256KiB", 16 * KIB, 64 * MIB), BUILT,
      .about = "Bytes that wait for a slow reader before live copies stop; it reads the rest "
               "from the archive." },
    { LIMIT(lagging_s, KEY_NUMBER, "60", 1, 3600), BUILT,
      .about = "Seconds of such slowness after which a connection ends." },
    { LIMIT(login_s, KEY_NUMBER, "20", 1, 3600), BUILT,
      .about = "Seconds a connection may take to log in." },
    { LIMIT(idle_s, KEY_NUMBER, "600", 10, 86400), BUILT,
      .about = "Seconds of silence after which a client is asked for a sign of life; a minute "
               "later its connection ends." },

    /* ---- The whole server ---- */
    { RATE(registrations, "200/h"), BUILT, .about = "Accounts made from everywhere, counted so too." },
    { LIMIT(connections, KEY_NUMBER, "off", 1, 10000000), .zero_word = "off", BUILT,
      .about = "Connections at a time; off: as many as the system has descriptors for." },
    { ROW(limits, exempt, KEY_NETWORKS, ""), BUILT,
      .about = "Networks, such as 10.0.0.0/8, for which there are no limits at all; for "
               "benchmarks." },
};
/* clang-format on */

const size_t config_key_count = COUNT_OF(config_keys);

size_t config_key_find(struct str section, struct str name)
{
    size_t i;

    for (i = 0; i < config_key_count; i++) {
        if (str_is(section, config_keys[i].section) && str_is(name, config_keys[i].name))
            break;
    }
    return i;
}
