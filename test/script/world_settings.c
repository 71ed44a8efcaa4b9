/* world_settings.c: the settings of a world: those that scripts begin with, what they change, and all of them as a server
 * in a process of its own takes them.
 */
#include <assert.h>
#include <string.h>

#include "test/script/world_state.h"

static const struct str domains[] = { STR_INIT("sotto.test") };

/* Messages in clear are allowed, so that scripts can be read; those about the policy set it. */
static const struct settings standard = {
    .domains = domains,
    .domain_count = COUNT_OF(domains),
    .secret = "the server's secret of scripts..",
    .web_url = STR_INIT("https://sotto.test"),
    .web_host = STR_INIT("sotto.test"),
    .registration = REGISTER_INVITED,
    .invitations_per_account = 20,
    .invitation_days = 7,
    .upload_bytes = 1024,
    .upload_daily_bytes = 2048,
    .upload_account_bytes = 3072,
    .upload_total_bytes = 4096,
    .fetch_bytes = 1024,
    .fetches_per_account = { 300, 3600 },
    .fetched_bytes_per_account = { 4096, 24 * 3600 },
    .strangers_gated = true,
    .turn_port = 443,
    .archive_on = true,
    .mechanism_plain = true,
    .mechanism_sha1 = true,
    .mechanism_sha256 = true,
    .mechanism_sha512 = true,
    .mechanism_fast = true,
    .scram_iterations = SCRAM_ITERATIONS_MIN,
    .stanza_bytes = 256 * 1024,
    .element_bytes = 4096,
    .login_s = 20,
    .registrations = { 200, 3600 },
    .registrations_per_address = { 10, 3600 },
    .sessions_per_account = 16,
    .devices_per_account = 32,
    .resumable_per_account = 16,
    .resume_s = 600,
    .messages_per_account = { 600, 60 },
    .stanzas_per_account = { 3000, 60 },
    .bytes_per_account = { 64 * 1024 * 1024, 60 },
    .stanzas_per_domain = { 6000, 60 },
    .streams_per_domain = 4,
    .stanzas_per_component = { 6000, 60 },
    .subscriptions_per_account = { 60, 3600 },
    .key_targets = { 30, 24 * 3600 },
    .keys_per_pair = { 40, 24 * 3600 },
    .archive_queries = 4,
    .roster_items = 2000,
    .roster_groups = 32,
    .pep_nodes = 128,
    .pep_items_per_node = 512,
    .pep_item_bytes = 192 * 1024,
    .pep_bytes = 8 * 1024 * 1024,
    .blocks = 2000,
    .push_registrations = 16,
    .private_bytes = 256 * 1024,
    .vcard_bytes = 128 * 1024,
    .archive_page = 250,
    .output_bytes = 256 * 1024,
    .lagging_s = 60,
};

void world_standard_settings(struct settings *s)
{
    *s = standard;
}

#define FLAG(key, field, on, off)                                                                  \
    {                                                                                              \
        key, offsetof(struct settings, field), 0, on, off                                          \
    }
#define NUMBER(key, field)                                                                         \
    {                                                                                              \
        key, offsetof(struct settings, field), sizeof standard.field, NULL, NULL                   \
    }

/* The keys of the configuration, where the engine has one. */
static const struct {
    const char *key;
    size_t offset, size; /* size 0: a bool, by two words */
    const char *on, *off;
} settings[] = {
    FLAG("policy.e2ee", e2ee_required, "required", "off"),
    FLAG("policy.strangers", strangers_gated, "gate", "allow"),
    FLAG("policy.calls", calls_strict, "strict", "known"),
    FLAG("policy.calls_direct", calls_adapted, "adapt", "refuse"),
    FLAG("archive.mode", archive_on, "on", "off"),
    FLAG("auth.plain", mechanism_plain, "on", "off"),
    FLAG("auth.scram-sha-1", mechanism_sha1, "on", "off"),
    FLAG("auth.scram-sha-256", mechanism_sha256, "on", "off"),
    FLAG("auth.scram-sha-512", mechanism_sha512, "on", "off"),
    FLAG("auth.fast", mechanism_fast, "on", "off"),
    NUMBER("limits.devices_per_account", devices_per_account),
    NUMBER("limits.messages_per_account", messages_per_account),
    NUMBER("limits.stanzas_per_account", stanzas_per_account),
    NUMBER("limits.bytes_per_account", bytes_per_account),
    NUMBER("limits.password_changes_per_account", password_changes_per_account),
    NUMBER("limits.invitations_per_account", invitations_per_account),
    NUMBER("limits.invitation_days", invitation_days),
    NUMBER("limits.subscriptions_per_account", subscriptions_per_account),
    NUMBER("limits.bundle_targets_per_account", key_targets),
    NUMBER("limits.bundles_per_pair", keys_per_pair),
    NUMBER("limits.failed_logins_per_account", failed_logins_per_account),
    NUMBER("limits.failed_logins_per_address", failed_logins_per_address),
    NUMBER("limits.upload_bytes", upload_bytes),
    NUMBER("limits.upload_daily_bytes", upload_daily_bytes),
    NUMBER("limits.upload_account_bytes", upload_account_bytes),
    NUMBER("limits.upload_total_bytes", upload_total_bytes),
    NUMBER("limits.fetch_bytes", fetch_bytes),
    NUMBER("limits.fetches_per_account", fetches_per_account),
    NUMBER("limits.fetched_bytes_per_account", fetched_bytes_per_account),
    NUMBER("limits.stanza_bytes", stanza_bytes),
    NUMBER("limits.stanza_bytes_before_login", element_bytes),
    NUMBER("limits.login_s", login_s),
    NUMBER("limits.idle_s", idle_s),
    NUMBER("limits.registrations", registrations),
    NUMBER("limits.registrations_per_address", registrations_per_address),
    NUMBER("limits.sessions_per_account", sessions_per_account),
    NUMBER("limits.resumable_per_account", resumable_per_account),
    NUMBER("limits.resume_s", resume_s),
    NUMBER("limits.roster_items", roster_items),
    NUMBER("limits.roster_groups", roster_groups),
    NUMBER("limits.archive_queries", archive_queries),
    NUMBER("limits.pep_bytes", pep_bytes),
    NUMBER("limits.pep_nodes", pep_nodes),
    NUMBER("limits.pep_items", pep_items_per_node),
    NUMBER("limits.pep_item_bytes", pep_item_bytes),
    NUMBER("limits.blocked_jids", blocks),
    NUMBER("limits.push_registrations", push_registrations),
    NUMBER("limits.private_bytes", private_bytes),
    NUMBER("limits.vcard_bytes", vcard_bytes),
    NUMBER("limits.archive_page", archive_page),
    NUMBER("limits.output_bytes", output_bytes),
    NUMBER("limits.lagging_s", lagging_s),
};

/* 30/60s */
static bool set_rate(struct rate *rate, struct str value)
{
    struct str count = str_split(&value, '/');
    uint64_t n, seconds;

    if (!str_ends(value, STR("s")) || str_to_u64(count, UINT32_MAX, &n) != ERR_NONE
        || str_to_u64(str_slice(value, 0, value.n - 1), UINT32_MAX, &seconds) != ERR_NONE)
        return false;
    *rate = (struct rate){ n, (uint32_t)seconds };
    return true;
}

static bool set_number(char *field, size_t size, struct str value)
{
    uint64_t n;
    uint32_t small;

    if (size == sizeof(struct rate))
        return set_rate((struct rate *)(void *)field, value);
    if (str_to_u64(value, UINT32_MAX, &n) != ERR_NONE)
        return false;
    small = (uint32_t)n;
    if (size == sizeof n)
        memcpy(field, &n, size);
    else
        memcpy(field, &small, sizeof small);
    return true;
}

/* disk=roomy|low|lower|lowest */
static bool set_disk(struct world *w, struct str value)
{
    static const char *const levels[] = { "roomy", "low", "lower", "lowest" };

    for (size_t i = 0; i < COUNT_OF(levels); i++)
        if (str_is(value, levels[i])) {
            disk_set(&w->disk, (enum disk_level)i);
            return true;
        }
    return false;
}

/* registration.mode */
static const char *const registration_modes[] = {
    [REGISTER_NOBODY] = "closed", [REGISTER_INVITED] = "invite", [REGISTER_ANYBODY] = "open"
};

static bool set_registration(struct world *w, struct str value)
{
    for (size_t i = 0; i < COUNT_OF(registration_modes); i++)
        if (str_is(value, registration_modes[i])) {
            w->settings.registration = (enum register_mode)i;
            return true;
        }
    return false;
}

bool world_config(struct world *w, struct str key, struct str value)
{
    if (str_is(key, "server.domain")) { /* another one, too */
        struct str *both = arena_alloc(&w->arena, 2 * sizeof *both);

        both[0] = domains[0];
        both[1] = arena_str(&w->arena, value);
        w->settings.domains = both;
        w->settings.domain_count = 2;
        return true;
    }
    if (str_is(key, "registration.mode"))
        return set_registration(w, value);
    if (str_is(key, "disk"))
        return set_disk(w, value);
    if (str_is(key, "listen.https") && value.n == 0) { /* no web, so no place for files */
        w->settings.web_url = STR_NONE;
        return true;
    }
    if (str_is(key, "tls-exporter")) {
        w->exporter = arena_str(&w->arena, value);
        return true;
    }
    if (str_is(key, "tls-server-end-point")) {
        w->end_point = arena_str(&w->arena, value);
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        char *field = (char *)&w->settings + settings[i].offset;

        if (!str_is(key, settings[i].key))
            continue;
        if (settings[i].size > 0)
            return set_number(field, settings[i].size, value);
        *(bool *)field = str_is(value, settings[i].on);
        return str_is(value, settings[i].on) || str_is(value, settings[i].off);
    }
    return false;
}

/* ---- Settings for a server in a process of its own --------------------------------------------------- */

static uint64_t number_at(const char *field, size_t size)
{
    uint64_t n;
    uint32_t small;

    if (size == sizeof n) {
        memcpy(&n, field, sizeof n);
        return n;
    }
    memcpy(&small, field, sizeof small);
    return small;
}

static struct str setting_text(struct arena *a, const char *field, size_t size)
{
    struct rate rate;

    if (size == sizeof(uint64_t) && number_at(field, size) == 0)
        return STR("off"); /* as the configuration says it, where it may be */
    if (size != sizeof rate)
        return arena_printf(a, "%llu", (unsigned long long)number_at(field, size));
    memcpy(&rate, field, sizeof rate);
    if (rate.count == 0)
        return STR("off");
    return arena_printf(a, "%llu/%us", (unsigned long long)rate.count, rate.per_s);
}

static struct str mechanisms_text(struct arena *a, const struct settings *s)
{
    return arena_printf(a, "%s%s%s%s%s", s->mechanism_plain ? "PLAIN " : "",
                        s->mechanism_sha1 ? "SCRAM-SHA-1 SCRAM-SHA-1-PLUS " : "",
                        s->mechanism_sha256 ? "SCRAM-SHA-256 SCRAM-SHA-256-PLUS " : "",
                        s->mechanism_sha512 ? "SCRAM-SHA-512 SCRAM-SHA-512-PLUS " : "",
                        s->mechanism_fast ? "FAST" : "");
}

static size_t add_words(struct arena *a, const char **words, size_t n, struct str key,
                        struct str value)
{
    words[n] = "-o";
    words[n + 1] = arena_printf(a, "%.*s=%.*s", STR_ARG(key), STR_ARG(value)).p;
    return n + 2;
}

size_t world_words(const struct world *w, struct arena *a, const char *words[WORLD_WORDS_MAX])
{
    const struct settings *s = &w->settings;
    size_t n = add_words(a, words, 0, STR("server.domain"), s->domains[0]);

    n = add_words(a, words, n, STR("web.url"), s->web_url);
    n = add_words(a, words, n, STR("registration.mode"),
                  str_from(registration_modes[s->registration]));
    n = add_words(a, words, n, STR("auth.mechanisms"), mechanisms_text(a, s));
    n = add_words(a, words, n, STR("auth.scram_iterations"),
                  arena_printf(a, "%u", s->scram_iterations));
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        const char *field = (const char *)s + settings[i].offset;
        struct str key = str_from(settings[i].key);

        assert(n + 2 <= WORLD_WORDS_MAX);
        /* What scripts have not got, and none of them sets, is as the server has it. */
        if (settings[i].size == sizeof(uint32_t) && number_at(field, settings[i].size) == 0)
            continue;
        if (settings[i].size > 0)
            n = add_words(a, words, n, key, setting_text(a, field, settings[i].size));
        else if (!str_starts(key, STR("auth.")))
            n = add_words(a, words, n, key,
                          str_from(*(const bool *)field ? settings[i].on : settings[i].off));
    }
    return n;
}
