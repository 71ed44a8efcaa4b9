/* world_store.c: the world's store, its settings, and what scripts put there: accounts, contacts, faults. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/script/pattern.h"
#include "test/script/world_state.h"
#include "xmpp/ns.h"

/* ---- The store ------------------------------------------------------------------------------------- */

static void deliver(void *ctx, unsigned home, struct list *ops)
{
    struct world *w = ctx;

    list_splice(home < HOMES_MAX ? &w->places[home].completions : &w->completions, ops);
}

void world_open_store(struct world *w)
{
    struct store_options options = {
        .url = STR("sqlite::memory:"),
        .inline_run = true,
        .retention_days = 30,
        .deliver = deliver,
        .deliver_ctx = w,
    };
    struct str why = STR("");

    list_init(&w->completions);
    list_init(&w->failed);
    list_init(&w->reads);
    list_init(&w->commits);
    if (store_open(&options, &w->store, &why, &w->arena) != ERR_NONE) {
        fprintf(stderr, "%.*s\n", STR_ARG(why));
        exit(1);
    }
}

/* The engine's operations come by here: the linker puts these in place of store_commit() and store_query(). A commit
 * that is to fail, a query that is to wait, do not reach the store. */
void __real_store_commit(struct store *s, struct write_set *set);
void __real_store_query(struct store *s, struct store_query *q);
void __wrap_store_commit(struct store *s, struct write_set *set);
void __wrap_store_query(struct store *s, struct store_query *q);

static struct world *faulty; /* the one world whose store is tampered with, or NULL */

static bool is_tampered_with(const struct store *s, const struct store_op *op)
{
    return faulty != NULL && faulty->store == s && op->home < HOMES_MAX;
}

void __wrap_store_commit(struct store *s, struct write_set *set)
{
    if (is_tampered_with(s, &set->op) && faulty->held == HOLD_COMMITS) {
        list_add(&faulty->commits, &set->op.link);
        return;
    }
    if (!is_tampered_with(s, &set->op) || faulty->commits_to_fail == 0) {
        __real_store_commit(s, set);
        return;
    }
    set->op.result = ERR_IO;
    list_add(&faulty->failed, &set->op.link);
    faulty->commits_to_fail--;
}

void __wrap_store_query(struct store *s, struct store_query *q)
{
    if (is_tampered_with(s, &q->op) && faulty->held == HOLD_READS)
        list_add(&faulty->reads, &q->op.link);
    else
        __real_store_query(s, q);
}

void world_hold_store(struct world *w, enum hold hold)
{
    struct link *l;

    w->held = hold;
    faulty = hold != HOLD_NOTHING || w->commits_to_fail > 0 ? w : NULL;
    while (hold == HOLD_NOTHING && (l = list_pop(&w->reads)) != NULL)
        store_query(w->store, (struct store_query *)LIST_ENTRY(l, struct store_op, link));
    while (hold == HOLD_NOTHING && (l = list_pop(&w->commits)) != NULL)
        store_commit(w->store, (struct write_set *)LIST_ENTRY(l, struct store_op, link));
}

void world_fail_commits(struct world *w, unsigned n)
{
    w->commits_to_fail = n;
    faulty = w;
}

bool world_store_step(struct world *w)
{
    struct link *l;

    if (w->held == HOLD_ALL)
        return false;
    if ((l = list_pop(&w->failed)) != NULL) {
        struct store_op *op = LIST_ENTRY(l, struct store_op, link);

        list_add(&w->places[op->home].completions, l);
        return true;
    }
    return store_step(w->store);
}

/* ---- Operations of our own ------------------------------------------------------------------------- */

static void nothing_more(struct store_op *op)
{
    (void)op;
}

/* Runs it at once; the rows are freed with it. */
static enum err commit(struct world *w, struct write_set *set)
{
    set->op.home = HOMES_MAX;
    set->op.done = nothing_more;
    store_commit(w->store, set);
    while (list_empty(&w->completions))
        store_step(w->store);
    list_pop(&w->completions);
    return set->op.result;
}

/* Few iterations by default: a script with SCRAM asks for more (README.md). */
static void add_credential(struct write_set *set, enum hash hash, struct str password,
                           uint32_t iterations)
{
    static const uint8_t salt[SCRAM_SALT_OCTETS] = { 's', 'a', 'l', 't' };

    scram_derive(hash, password, bytes_of(salt, sizeof salt), iterations,
                 &write_set_add(set, ROW_CREDENTIAL, 0)->credential.keys);
}

bool world_account(struct world *w, struct str name, struct str password, uint32_t iterations)
{
    struct write_set set = { 0 };
    struct row *row = write_set_add(&set, ROW_ACCOUNT_NEW, 0);
    int64_t *id = ARENA_NEW(&w->arena, int64_t);
    bool made;

    row->account_new.local = name;
    row->account_new.domain = w->settings.domains[0];
    row->account_new.created_ms = w->now_ms;
    for (int h = HASH_SHA1; h <= HASH_SHA512 && password.n > 0; h++)
        add_credential(&set, (enum hash)h, password, iterations);
    made = commit(w, &set) == ERR_NONE;
    *id = row->account;
    if (made)
        map_put(&w->accounts, arena_str(&w->arena, name), id);
    arena_deinit(&set.op.arena);
    return made;
}

static enum subscription subscription_of(struct str text)
{
    return str_is(text, "both")   ? SUB_BOTH
           : str_is(text, "to")   ? SUB_TO
           : str_is(text, "from") ? SUB_FROM
                                  : SUB_NONE;
}

/* As in a roster, and what no client sees: pending='in', listed='no'. */
bool world_roster(struct world *w, struct str owner, struct str text)
{
    struct write_set set = { 0 };
    struct xml_node *item;
    struct row *row;
    const int64_t *id = map_get(&w->accounts, owner);
    bool done;

    if (id == NULL || pattern_read(&set.op.arena, text, &item) != ERR_NONE)
        return false;
    row = write_set_add(&set, ROW_ROSTER, *id);
    row->roster = (struct roster_item){
        .jid = xml_get(item, STR("jid")),
        .name = xml_get(item, STR("name")),
        .subscription = subscription_of(xml_get(item, STR("subscription"))),
        .ask = str_is(xml_get(item, STR("ask")), "subscribe"),
        .approved = str_is(xml_get(item, STR("approved")), "true"),
        .pending_in = str_is(xml_get(item, STR("pending")), "in"),
        .listed = !str_is(xml_get(item, STR("listed")), "no"),
        .version = 1,
    };
    if (row->roster.pending_in)
        row->roster.request =
            arena_printf(&set.op.arena, "<presence type='subscribe' from='%.*s' to='%.*s@%.*s'/>",
                         STR_ARG(row->roster.jid), STR_ARG(owner), STR_ARG(w->settings.domains[0]));
    done = commit(w, &set) == ERR_NONE;
    arena_deinit(&set.op.arena);
    return done;
}

/* ---- Settings -------------------------------------------------------------------------------------- */

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
    .upload_bytes = 1000,
    .upload_daily_bytes = 2000,
    .upload_account_bytes = 3000,
    .upload_total_bytes = 4000,
    .strangers_gated = true,
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

/* registration.mode=closed|invite|open */
static bool set_registration(struct world *w, struct str value)
{
    static const char *const modes[] = {
        [REGISTER_NOBODY] = "closed", [REGISTER_INVITED] = "invite", [REGISTER_ANYBODY] = "open"
    };

    for (size_t i = 0; i < COUNT_OF(modes); i++)
        if (str_is(value, modes[i])) {
            w->settings.registration = (enum register_mode)i;
            return true;
        }
    return false;
}

bool world_config(struct world *w, struct str key, struct str value)
{
    if (str_is(key, "registration.mode"))
        return set_registration(w, value);
    if (str_is(key, "disk"))
        return set_disk(w, value);
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
