/* check.c: the rules by which a configuration is judged. */
#include "server/check.h"

#include <string.h>

#include "base/datetime.h"
#include "io/tls.h"
#include "server/config_keys.h"

enum {
    FINDINGS_MAX = 256,
    DAY_MS = 24 * 3600 * 1000,
    RENEW_DAYS = 14,
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

static bool registration_open(const struct config *c)
{
    return c->registration.mode == REGISTRATION_OPEN;
}

static bool plain_offered(const struct config *c)
{
    return (c->auth.mechanisms & MECHANISM_PLAIN) != 0;
}

static bool no_binding_offered(const struct config *c)
{
    return (c->auth.mechanisms
            & (MECHANISM_SCRAM_SHA_1_PLUS | MECHANISM_SCRAM_SHA_256_PLUS
               | MECHANISM_SCRAM_SHA_512_PLUS))
           == 0;
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
    { "registration", "mode", registration_open,
      "anybody can create any number of accounts within the limits" },
    { "auth", "mechanisms", plain_offered,
      "clients that choose PLAIN show their password to this server" },
    { "auth", "mechanisms", no_binding_offered,
      "without a -PLUS mechanism a login does not prove that nobody sits in the middle of the TLS "
      "connection" },
    { "auth", "scram_iterations", few_iterations,
      "stolen keys are cheaper to guess passwords from" },
    { "store", "ack", ack_before_disk,
      "acknowledged messages can be lost when the machine stops suddenly" },
    { "archive", "retention_days", kept_for_ever,
      "messages are never deleted, so whoever takes the disk gets all of them" },
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

/* Limits that are switched off, and keys of features to come: rules for kinds of keys, not for
 * single ones. */
static void check_keys(struct checking *k)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        struct str value = config_text(k->config, i, k->arena);
        const char *name = arena_printf(k->arena, "%s.%s", key->section, key->name).p;
        bool changed = k->config->given[i] && !str_is(value, key->standard);

        if (!key->built && (key->type == KEY_ADDRESSES ? value.n > 0 : changed))
            find(k, FINDING_UNBUILT, name, value, STR("not built yet"));
        else if (key->built && changed && key->type == KEY_RATE && str_is(value, "off"))
            find(k, FINDING_RISK, name, value, STR("there is no limit"));
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

static const char *first_public_listener(const struct config *c, struct arena *a)
{
    for (int kind = 0; kind < LISTEN_KIND_COUNT; kind++) {
        const struct config_list *list = &c->listen.address[kind];

        for (size_t i = 0; i < list->count; i++) {
            if (!is_loopback(list->items[i]))
                return arena_printf(a, "listen.%s", listener_name((enum listener_kind)kind)).p;
        }
    }
    return NULL;
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

static void check_public(struct checking *k)
{
    const struct config_list *domains = &k->config->server.domain;
    const char *key = first_public_listener(k->config, k->arena);

    if (key == NULL)
        return;
    if (k->facts->self_signed)
        find(k, FINDING_RISK, key, STR_NONE,
             STR("reachable from elsewhere with a self-signed certificate: clients cannot tell "
                 "this server from another; "
                 "set tls.certificate and tls.key"));
    if (domains->count == 1 && str_is(domains->items[0], "localhost"))
        find(k, FINDING_RISK, "server.domain", domains->items[0],
             STR("reachable from elsewhere, but accounts end in @localhost; set the name that "
                 "clients connect to"));
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

static void check_certificate(struct checking *k)
{
    const struct config_list *domains = &k->config->server.domain;
    uint64_t end_ms = 0;
    bool named;

    for (size_t i = 0; k->facts->certificate != NULL && i < domains->count; i++) {
        enum err e =
            tls_certificate_info(k->facts->certificate, domains->items[i], &end_ms, &named);

        if (e != ERR_NONE) {
            find(k, FINDING_ERROR, "tls.certificate", str_from(k->facts->certificate),
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
    if (k->facts->certificate != NULL)
        check_certificate_end(k, end_ms);
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
    check_metrics(&k);
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
