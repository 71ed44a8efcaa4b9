/* check.c: the rules by which a configuration is judged. */
#include "server/check.h"

#include <string.h>

#include "base/datetime.h"
#include "base/ip.h"
#include "io/tls.h"
#include "server/config_value.h"
#include "server/data_dir.h"

enum {
    FINDINGS_MAX = 256,
    DAY_MS = 24 * 3600 * 1000,
    RENEW_DAYS = 14,
    SHARED_MAX = 128, /* listeners that are compared */
    STANDARD_ITERATIONS = 10000
};

struct checking {
    const struct config *config;
    const struct check_facts *facts;
    struct arena *arena;
    struct findings found;
};

static void find(struct checking *k, enum finding_kind kind, const char *key, struct str value,
                 struct str text)
{
    if (k->found.count < FINDINGS_MAX)
        k->found.items[k->found.count++] = (struct finding){ kind, str_from(key), value, text };
}

/* ---- What is weaker than the default ---- */

static bool e2ee_off(const struct config *c)
{
    return c->policy.e2ee == E2EE_OFF;
}

static bool e2ee_exempts(const struct config *c)
{
    return c->policy.e2ee == E2EE_REQUIRED && c->policy.e2ee_allow.count > 0;
}

static bool strangers_allowed(const struct config *c)
{
    return c->policy.strangers == STRANGERS_ALLOW;
}

static bool calls_are_adapted(const struct config *c)
{
    return c->policy.calls_direct == CALLS_DIRECT_ADAPT;
}

static bool registration_open(const struct config *c)
{
    return c->registration.mode == REGISTRATION_OPEN;
}

static bool plain_offered(const struct config *c)
{
    return (c->auth.mechanisms & MECHANISM_PLAIN) != 0;
}

static bool tokens_only(const struct config *c)
{
    return c->auth.mechanisms == MECHANISM_FAST;
}

static bool no_binding_offered(const struct config *c)
{
    return !tokens_only(c)
           && (c->auth.mechanisms
               & (MECHANISM_SCRAM_SHA_1_PLUS | MECHANISM_SCRAM_SHA_256_PLUS
                  | MECHANISM_SCRAM_SHA_512_PLUS))
                  == 0;
}

enum { WIDE_BITS_V4 = 8, WIDE_BITS_V6 = 16, MAPPED_BITS = 96 };

/* Wider than any network of one's own. */
static bool is_wide(const struct cidr *net)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    bool v4 = net->bits >= MAPPED_BITS && memcmp(net->ip, mapped, sizeof mapped) == 0;

    return net->bits < (v4 ? MAPPED_BITS + WIDE_BITS_V4 : WIDE_BITS_V6);
}

static bool everybody_is_a_proxy(const struct config *c)
{
    for (size_t i = 0; i < c->listen.proxy_from.count; i++)
        if (is_wide(&c->listen.proxy_from.items[i]))
            return true;
    return false;
}

static bool store_in_memory(const struct config *c)
{
    return str_is(c->store.url, "sqlite::memory:");
}

static bool no_history(const struct config *c)
{
    return c->archive.mode == ARCHIVE_OFF;
}

static bool no_anchor(const struct config *c)
{
    return c->anchor.address.count == 0;
}

static bool few_iterations(const struct config *c)
{
    return c->auth.scram_iterations < STANDARD_ITERATIONS;
}

static bool ack_before_disk(const struct config *c)
{
    return c->store.ack == ACK_MEMORY;
}

static bool kept_for_ever(const struct config *c)
{
    return c->archive.mode == ARCHIVE_ON && c->archive.retention_days < 0;
}

static bool has_exempt(const struct config *c)
{
    return c->limits.exempt.count > 0;
}

static bool reaches_private(const struct config *c)
{
    return c->limits.fetch_exempt.count > 0;
}

static const struct {
    const char *section, *name;
    bool (*applies)(const struct config *c);
    const char *text;
} risks[] = {
    { "policy", "e2ee", e2ee_off,
      "messages without end-to-end encryption pass, and whoever runs this server can read them" },
    { "policy", "e2ee_allow", e2ee_exempts,
      "what goes to and comes from these, or is one of these elements, may be unencrypted and "
      "readable here" },
    { "policy", "strangers", strangers_allowed,
      "anybody can send messages to every account and make its devices ring, without approval" },
    { "policy", "calls_direct", calls_are_adapted,
      "this server keeps offers of calls until somebody accepts, and clients that make them cannot "
      "compare keys" },
    { "registration", "mode", registration_open,
      "anybody can create any number of accounts within the limits" },
    { "auth", "mechanisms", plain_offered,
      "clients that choose PLAIN show their password to this server" },
    { "auth", "mechanisms", tokens_only,
      "only devices that hold a token already get in: nobody can log in with a password, or for "
      "the "
      "first time" },
    { "auth", "mechanisms", no_binding_offered,
      "without a -PLUS mechanism a login does not prove that nobody sits in the middle of the TLS "
      "connection" },
    { "auth", "scram_iterations", few_iterations,
      "stolen keys are cheaper to guess passwords from" },
    { "store", "ack", ack_before_disk,
      "acknowledged messages can be lost when the machine stops suddenly" },
    { "store", "url", store_in_memory,
      "accounts and messages, acknowledged or not, are gone when the server process ends" },
    { "archive", "mode", no_history,
      "what is sent to somebody who is online is acknowledged before it is safe, and his other "
      "devices do not find it later" },
    { "archive", "retention_days", kept_for_ever,
      "messages are never deleted, so whoever takes the disk gets all of them" },
    { "anchor", "address", no_anchor, "calls ring, and have neither sound nor pictures" },
    { "listen", "proxy_from", everybody_is_a_proxy,
      "whoever connects from there names the address that he is taken for, so limits of addresses "
      "hold nobody up; give the proxies' own addresses" },
    { "limits", "fetch_exempt", reaches_private,
      "every account can make this server ask hosts in these networks, which others cannot reach" },
    { "limits", "exempt", has_exempt,
      "whoever connects from these networks is not limited in anything" },
};

static void check_risks(struct checking *k)
{
    for (size_t i = 0; i < COUNT_OF(risks); i++) {
        size_t key = config_key_find(str_from(risks[i].section), str_from(risks[i].name));
        const char *name = arena_printf(k->arena, "%s.%s", risks[i].section, risks[i].name).p;

        if (risks[i].applies(k->config))
            find(k, FINDING_RISK, name, config_text(k->config, key, k->arena),
                 str_from(risks[i].text));
    }
}

enum { HUGE_TIMES = 100 };

static double per_second(const struct rate *r)
{
    return (double)r->count / (double)r->per_s;
}

/* Far from its default, upwards: it still has a figure, and limits nothing. */
static bool is_huge(const struct checking *k, const struct config_key *key)
{
    struct config standard = { 0 };
    const char *now = (const char *)k->config + key->offset,
               *was = (const char *)&standard + key->offset;

    if (strcmp(key->section, "limits") != 0 || strcmp(key->standard, "off") == 0
        || config_value_set(&standard, k->arena, key, str_from(key->standard), false) != ERR_NONE)
        return false;
    if (key->type == KEY_RATE)
        return per_second((const struct rate *)(const void *)now)
               > HUGE_TIMES * per_second((const struct rate *)(const void *)was);
    return (key->type == KEY_NUMBER || key->type == KEY_SIZE)
           && *(const int64_t *)(const void *)now / HUGE_TIMES
                  > *(const int64_t *)(const void *)was;
}

static bool is_off(const struct config_key *key, struct str value)
{
    return strcmp(key->section, "limits") == 0 && str_is(value, "off")
           && strcmp(key->name, "fetch_bytes") != 0; /* which is safe */
}

/* Limits that are switched off or as good as that, and keys of features to come: rules for kinds of
 * keys, not for single ones. */
static void check_keys(struct checking *k)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        struct str value = config_text(k->config, i, k->arena);
        const char *name = arena_printf(k->arena, "%s.%s", key->section, key->name).p;
        bool changed = k->config->given[i] && !str_is(value, key->standard);

        if (k->config->unread[i].n > 0)
            find(k, FINDING_UNBUILT, name, value,
                 arena_printf(k->arena, "not built yet, and when it is, it takes %.*s",
                              STR_ARG(config_value_allowed(key, k->arena))));
        else if (!key->built && (key->type == KEY_ADDRESSES ? value.n > 0 : changed))
            find(k, FINDING_UNBUILT, name, value, STR("not built yet"));
        else if (key->built && changed && is_off(key, value))
            find(k, FINDING_RISK, name, value, STR("there is no limit"));
        else if (key->built && changed && is_huge(k, key))
            find(k, FINDING_RISK, name, value,
                 arena_printf(k->arena, "more than %d times the default of %s: it limits nobody",
                              HUGE_TIMES, key->standard));
    }
}

static void check_store(struct checking *k)
{
    if (str_starts(k->config->store.url, STR("postgresql:")))
        find(k, FINDING_UNBUILT, "store.url", k->config->store.url,
             STR("not built yet, and a server cannot start without its store"));
}

/* ---- Listeners and certificate ---- */

static bool is_loopback(struct str address)
{
    return str_starts(address, STR("127.")) || str_starts(address, STR("[::1]:"));
}

static const char *listener_key(enum listener_kind kind, struct arena *a)
{
    return arena_printf(a, "listen.%s", listener_name(kind)).p;
}

/* Of those where clients judge our certificate; NULL: there is none. */
static const char *first_public_listener(const struct config *c, struct arena *a, struct str *out)
{
    static const enum listener_kind kinds[] = { LISTEN_C2S, LISTEN_C2S_TLS, LISTEN_HTTPS,
                                                LISTEN_MUX };

    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        const struct config_list *list = &c->listen.address[kinds[kind]];

        for (size_t i = 0; i < list->count; i++)
            if (!is_loopback(list->items[i])) {
                *out = list->items[i];
                return listener_key(kinds[kind], a);
            }
    }
    return NULL;
}

/* Both say what a link is; neither does anything without the other. */
static void check_links(struct checking *k)
{
    const struct config *c = k->config;
    const struct config_list *listeners = &c->listen.address[LISTEN_S2S];

    if (c->s2s.pin.count > 0)
        find(k, FINDING_RISK, "s2s.pin", STR_NONE,
             STR("people of these servers write to and call people here who know them, in whatever "
                 "name their server gives them; "
                 "which certificate is whose is taken from here alone, without DNS or authorities, "
                 "and has to be changed when "
                 "theirs is renewed"));
    if (c->s2s.pin.count == 0 && listeners->count > 0)
        find(k, FINDING_UNBUILT, "listen.s2s", listeners->items[0],
             STR("not opened: s2s.pin names no server, and others cannot connect yet"));
}

/* There is no password on it. */
static void check_metrics(struct checking *k)
{
    const struct config_list *list = &k->config->listen.address[LISTEN_METRICS];

    for (size_t i = 0; i < list->count; i++)
        if (!is_loopback(list->items[i]))
            find(k, FINDING_RISK, "listen.metrics", list->items[i],
                 STR("whoever reaches it reads how many people are here and what they do when; "
                     "listen on loopback or a network of your own"));
}

/* XEP-0114 has no TLS. */
static void check_components(struct checking *k)
{
    const struct config_list *list = &k->config->listen.address[LISTEN_COMPONENT];

    for (size_t i = 0; i < list->count && k->config->component.secret.count > 0; i++)
        if (!is_loopback(list->items[i]))
            find(
                k, FINDING_RISK, "listen.component", list->items[i],
                STR("what goes to components and comes from them is readable and changeable on the "
                    "way; listen on loopback or a network of your own"));
    if (k->config->component.secret.count == 0 && list->count > 0)
        find(k, FINDING_UNBUILT, "listen.component", list->items[0],
             STR("not opened: component.secret names nobody"));
}

static void check_public(struct checking *k)
{
    const struct config_list *domains = &k->config->server.domain;
    struct str address;
    const char *key = first_public_listener(k->config, k->arena, &address);

    if (key == NULL)
        return;
    if (k->facts->self_signed)
        find(k, FINDING_RISK, key, address,
             STR("reachable from elsewhere with a self-signed certificate: clients cannot tell "
                 "this server from another; "
                 "set tls.certificate and tls.key"));
    if (domains->count == 1 && str_is(domains->items[0], "localhost"))
        find(k, FINDING_RISK, "server.domain", domains->items[0],
             STR("reachable from elsewhere, but accounts end in @localhost; set the name that "
                 "clients connect to"));
}

static struct str host_of(struct str listener)
{
    struct str host = str_slice(listener, 0, str_find_last(listener, ':'));

    return host.n > 1 && host.p[0] == '[' ? str_slice(host, 1, host.n - 2) : host;
}

static uint64_t port_of(struct str listener)
{
    uint64_t port = 0;

    if (str_to_u64(str_skip(listener, str_find_last(listener, ':') + 1), UINT16_MAX, &port)
        != ERR_NONE)
        return 0;
    return port;
}

static bool same_host(struct str a, struct str b)
{
    uint8_t ip[2][16];

    return str_eq(a, b)
           || (ip6_read(a, ip[0]) == ERR_NONE && ip6_read(b, ip[1]) == ERR_NONE
               && memcmp(ip[0], ip[1], sizeof ip[0]) == 0);
}

/* Port 0 is another one each time. */
static bool same_place(struct str a, struct str b)
{
    return port_of(a) != 0 && port_of(a) == port_of(b) && same_host(host_of(a), host_of(b));
}

/* Listeners share their ports between workers, so the system would not refuse a second one: it would
 * lead connections to the one or the other. */
static void check_shared(struct checking *k)
{
    struct str seen[SHARED_MAX];
    const char *keys[SHARED_MAX];
    size_t n = 0;

    for (int kind = 0; kind < LISTEN_KIND_COUNT; kind++) {
        const struct config_list *list = &k->config->listen.address[kind];

        for (size_t i = 0; i < list->count && n < SHARED_MAX; i++, n++) {
            seen[n] = list->items[i];
            keys[n] = listener_key((enum listener_kind)kind, k->arena);
            for (size_t before = 0; before < n; before++)
                if (same_place(seen[before], seen[n]))
                    find(k, FINDING_ERROR, keys[n], seen[n],
                         arena_printf(k->arena, "%s has this address already", keys[before]));
        }
    }
}

/* "BIND=ANNOUNCED": either will do. */
static bool has_place(const struct config_list *mux, struct str place)
{
    struct str announced = place, bound = str_split(&announced, '=');

    for (size_t i = 0; i < mux->count; i++) {
        struct str host = host_of(mux->items[i]);

        if (str_eq(host, bound) || str_eq(host, announced)
            || str_is(host, str_find(bound, ':') < bound.n ? "::" : "0.0.0.0"))
            return true;
    }
    return false;
}

/* Clients without UDP are told of the anchor's addresses with this port. */
static void check_mux(struct checking *k)
{
    const struct config_list *mux = &k->config->listen.address[LISTEN_MUX],
                             *places = &k->config->anchor.address;

    for (size_t i = 0; mux->count > 0 && i < places->count; i++)
        if (!has_place(mux, places->items[i]))
            find(k, FINDING_RISK, "listen.mux", places->items[i],
                 STR("anchor.address has this address and listen.mux has not: calls there have no "
                     "way where UDP does not pass"));
}

static void check_certificate_end(struct checking *k, uint64_t end_ms)
{
    uint64_t now = k->facts->now_ms;
    struct str date = datetime_text(k->arena, end_ms);

    if (end_ms <= now)
        find(k, FINDING_ERROR, "tls.certificate", STR_NONE,
             arena_printf(k->arena, "it ended at %.*s", STR_ARG(date)));
    else if ((end_ms - now) / DAY_MS < RENEW_DAYS)
        find(k, FINDING_RISK, "tls.certificate", STR_NONE,
             arena_printf(k->arena,
                          "it ends at %.*s; renew it, then `systemctl reload sottod` or SIGHUP",
                          STR_ARG(date)));
}

static void check_key(struct checking *k)
{
    struct str why;
    enum err e = k->facts->key != NULL
                     ? tls_pair_check(k->facts->certificate, k->facts->key, &why, k->arena)
                     : ERR_NONE;

    if (e != ERR_NONE)
        find(k, FINDING_ERROR, e == ERR_CONFLICT ? "tls.key" : "tls.certificate", STR_NONE, why);
}

static void check_certificate(struct checking *k)
{
    const struct config_list *domains = &k->config->server.domain;
    uint64_t end_ms = 0;
    bool named;

    for (size_t i = 0; k->facts->certificate != NULL && i < domains->count; i++) {
        enum err e =
            tls_certificate_info(k->facts->certificate, domains->items[i], &end_ms, &named);

        if (e != ERR_NONE) {
            find(k, FINDING_ERROR, "tls.certificate",
                 data_dir_certificate_path(k->config, k->arena),
                 arena_printf(k->arena, "cannot be read as a PEM certificate: %s", err_text(e)));
            return;
        }
        if (!named)
            find(k, FINDING_RISK, "tls.certificate", STR_NONE,
                 arena_printf(k->arena, "it does not name %.*s, so clients will refuse or warn%s",
                              STR_ARG(domains->items[i]),
                              k->facts->self_signed ? "; remove data_dir/tls to have a new one made"
                                                    : ""));
    }
    if (k->facts->certificate != NULL) {
        check_certificate_end(k, end_ms);
        check_key(k);
    }
}

struct findings check_config(const struct config *c, const struct check_facts *facts,
                             struct arena *a)
{
    struct checking k = {
        c, facts, a, { arena_alloc(a, FINDINGS_MAX * sizeof(struct finding)), 0 }
    };

    check_certificate(&k);
    check_risks(&k);
    check_public(&k);
    check_shared(&k);
    check_metrics(&k);
    check_links(&k);
    check_mux(&k);
    check_components(&k);
    check_store(&k);
    check_keys(&k);
    return k.found;
}

const char *finding_kind_name(enum finding_kind kind)
{
    static const char *const names[] = { "risk", "unbuilt", "error" };

    return names[kind];
}

struct str finding_line(const struct finding *f, struct arena *a)
{
    const char *equals = f->value.n > 0 ? " = " : "";

    return arena_printf(a, "%.*s%s%.*s: %.*s", STR_ARG(f->key), equals, STR_ARG(f->value),
                        STR_ARG(f->text));
}
