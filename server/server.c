/* server.c: the server process: store, workers, control socket, and the orders of the supervisor. */
#include "server/server.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "io/conn.h"
#include "server/control_store.h"
#include "server/control_stats.h"
#include "server/lifeline.h"
#include "server/metrics_page.h"
#include "server/uploads.h"
#include "server/web_url.h"
#include "server/worker.h"

enum { OFTEN_MS = METER_NOTE_MS, MINUTE_MS = 60 * 1000 };

struct server {
    const struct server_boot *boot;
    struct arena arena;
    struct settings settings;
    struct worker_group group;
    struct loop *loop;         /* the main thread's: control socket, orders */
    struct inbox *completions; /* of store operations submitted here */
    struct inbox *tokens;      /* answers of workers to calls */
    struct timer *minute, *often;
    struct disk disk;
    struct uploads uploads;
    struct lifeline *lifeline;
    struct control *control;
    struct control_host control_host;
    struct worker_tls tls;
    uint64_t refused_ms; /* when the log last heard that the store had no room; 0: never */
    uint64_t certificate_end_ms;
    struct meter *meter;
    struct metrics_page *metrics_page;
    bool draining;
};

static const enum register_mode register_modes[] = {
    [REGISTRATION_INVITE] = REGISTER_INVITED,
    [REGISTRATION_OPEN] = REGISTER_ANYBODY,
    [REGISTRATION_CLOSED] = REGISTER_NOBODY,
};

static void fill_settings(struct server *s)
{
    const struct config *c = s->boot->config;
    struct settings *to = &s->settings;
    uint8_t key[HASH_SIZE_MAX];

    hmac(HASH_SHA256, bytes_of(s->boot->server_key, SERVER_KEY_SIZE), bytes_of_str(STR("engine")),
         key);
    for (size_t i = 0; i < sizeof to->secret; i++)
        to->secret[i] = key[i];
    to->web_url = web_url(s->boot, &s->arena);
    to->web_host = web_url_host(to->web_url, &s->arena);
    to->registration = register_modes[c->registration.mode];
    to->invitations_per_account = (unsigned)c->limits.invitations_per_account;
    to->upload_bytes = c->limits.upload_bytes;
    to->upload_daily_bytes = c->limits.upload_daily_bytes;
    to->upload_account_bytes = c->limits.upload_account_bytes;
    to->upload_total_bytes = c->limits.upload_total_bytes;
    to->invitation_days = c->limits.invitation_days;
    to->domains = c->server.domain.items;
    to->domain_count = c->server.domain.count;
    to->e2ee_required = c->policy.e2ee == E2EE_REQUIRED;
    to->e2ee_allow = c->policy.e2ee_allow.items;
    to->e2ee_allow_count = c->policy.e2ee_allow.count;
    to->strangers_gated = c->policy.strangers == STRANGERS_GATE;
    to->archive_on = c->archive.mode == ARCHIVE_ON;
    to->mechanism_plain = c->auth.mechanisms & MECHANISM_PLAIN;
    to->mechanism_sha1 = c->auth.mechanisms & (MECHANISM_SCRAM_SHA_1 | MECHANISM_SCRAM_SHA_1_PLUS);
    to->mechanism_sha256 =
        c->auth.mechanisms & (MECHANISM_SCRAM_SHA_256 | MECHANISM_SCRAM_SHA_256_PLUS);
    to->mechanism_sha512 =
        c->auth.mechanisms & (MECHANISM_SCRAM_SHA_512 | MECHANISM_SCRAM_SHA_512_PLUS);
    to->mechanism_fast = c->auth.mechanisms & MECHANISM_FAST;
    to->scram_iterations = (uint32_t)c->auth.scram_iterations;
    to->stanza_bytes = c->limits.stanza_bytes;
    to->element_bytes = c->limits.stanza_bytes_before_login;
    to->login_s = (uint32_t)c->limits.login_s;
    to->idle_s = (uint32_t)c->limits.idle_s;
    to->registrations = c->limits.registrations;
    to->registrations_per_address = c->limits.registrations_per_address;
    to->sessions_per_account = (unsigned)c->limits.sessions_per_account;
    to->devices_per_account = (unsigned)c->limits.devices_per_account;
    to->messages_per_account = c->limits.messages_per_account;
    to->stanzas_per_account = c->limits.stanzas_per_account;
    to->bytes_per_account = c->limits.bytes_per_account;
    to->password_changes_per_account = c->limits.password_changes_per_account;
    to->failed_logins_per_account = c->limits.failed_logins_per_account;
    to->failed_logins_per_address = c->limits.failed_logins_per_address;
    to->resumable_per_account = (unsigned)c->limits.resumable_per_account;
    to->subscriptions_per_account = c->limits.subscriptions_per_account;
    to->key_targets = c->limits.bundle_targets_per_account;
    to->keys_per_pair = c->limits.bundles_per_pair;
    to->archive_queries = (unsigned)c->limits.archive_queries;
    to->roster_groups = (unsigned)c->limits.roster_groups;
    to->pep_bytes = c->limits.pep_bytes;
    to->resume_s = (uint32_t)c->limits.resume_s;
    to->roster_items = (unsigned)c->limits.roster_items;
    to->pep_nodes = (unsigned)c->limits.pep_nodes;
    to->pep_items_per_node = (unsigned)c->limits.pep_items;
    to->pep_item_bytes = (unsigned)c->limits.pep_item_bytes;
    to->archive_page = (uint32_t)c->limits.archive_page;
    to->blocks = (unsigned)c->limits.blocked_jids;
    to->private_bytes = c->limits.private_bytes;
    to->vcard_bytes = c->limits.vcard_bytes;
    to->output_bytes = c->limits.output_bytes;
    to->lagging_s = (uint32_t)c->limits.lagging_s;
}

/* ---- Store ----------------------------------------------------------------------------------------- */

/* Any thread: completions go to the home that submitted, the number after the last worker is ours. */
static void deliver(void *ctx, unsigned home, struct list *ops)
{
    struct server *s = ctx;

    if (home < s->group.count)
        worker_deliver(s->group.workers[home], ops);
    else
        inbox_post_list(s->completions, ops);
}

static void completions_came(void *ctx, struct list *items)
{
    (void)ctx;
    for (struct link *l; (l = list_pop(items)) != NULL;) {
        struct store_op *op = LIST_ENTRY(l, struct store_op, link);

        op->done(op);
    }
}

/* A failed write or sync leaves unknown what is on the disk; trying again would acknowledge what may be lost. The process
 * ends here, and a new one starts from what the disk really holds. Runs on the store's thread. */
static void store_failed(void *ctx, const char *sentence)
{
    const struct server *s = ctx;

    LOG(s->boot->log, ERROR, "store.fatal", log_text("reason", str_from(sentence)));
    _exit(1);
}

/* It may come with every batch, but the log lies on a disk, too. Runs on the store's writing thread, as the only one. */
static void store_refused(void *ctx, const char *sentence)
{
    struct server *s = ctx;
    uint64_t now_ms = clock_steady_ms();

    if (s->refused_ms != 0 && now_ms - s->refused_ms < OFTEN_MS)
        return;
    s->refused_ms = now_ms;
    LOG(s->boot->log, ERROR, "store.refused", log_text("reason", str_from(sentence)));
}

static bool open_store(struct server *s)
{
    const struct config *c = s->boot->config;
    struct str why = STR("");
    struct store_options options = {
        .url = c->store.url,
        .ack_memory = c->store.ack == ACK_MEMORY,
        .readers = 2,
        .retention_days = c->archive.retention_days,
        .refused = store_refused,
        .fatal = store_failed,
        .trouble_ctx = s,
        .archive_messages = c->limits.archive_messages,
        .deliver = deliver,
        .deliver_ctx = s,
    };

    if (store_open(&options, &s->group.store, &why, &s->arena) == ERR_NONE)
        return true;
    LOG(s->boot->log, ERROR, "store.failed", log_text("reason", why));
    return false;
}

/* What is given up is said once, and that it is over. */
static void note_disk(struct server *s, uint64_t free, uint64_t total)
{
    enum disk_level level = disk_level_of(free, total);

    if (level == disk_level(&s->disk))
        return;
    disk_set(&s->disk, level);
    if (level == DISK_ROOMY)
        LOG(s->boot->log, INFO, "disk.roomy");
    else
        LOG(s->boot->log, ERROR, "disk.low",
            log_int("free_percent", (int64_t)(free / (total / 100))),
            log_text("refused", level == DISK_LOW ? STR("registrations, uploads")
                                : level == DISK_LOWER
                                    ? STR("registrations, uploads, messages of non-contacts")
                                    : STR("registrations, uploads, messages")));
}

static void check_disk(struct server *s)
{
    const char *folder = config_store_folder(s->boot->config, &s->arena);
    struct statvfs fs;

    if (folder == NULL || statvfs(folder, &fs) != 0)
        return;
    note_disk(s, fs.f_bavail, fs.f_blocks - fs.f_bfree + fs.f_bavail);
    meter_disk(s->meter, fs.f_bavail * fs.f_frsize, fs.f_blocks * fs.f_frsize);
}

/* What shall not wait for a minute: files of a removed account are promised to be gone by then. */
static void every_ten_seconds(void *ctx)
{
    struct server *s = ctx;

    meter_note(s->meter);
    check_disk(s);
    uploads_expire(&s->uploads, clock_wall_ms());
    timer_start(s->often, OFTEN_MS);
}

static void every_minute(void *ctx)
{
    struct server *s = ctx;

    store_expire(s->group.store, clock_wall_ms());
    timer_start(s->minute, MINUTE_MS);
}

/* ---- Orders of the supervisor ----------------------------------------------------------------------- */

static void drain(void *ctx)
{
    struct server *s = ctx;

    if (s->draining)
        return;
    s->draining = true;
    LOG(s->boot->log, INFO, "server.draining");
    for (unsigned i = 0; i < s->group.count; i++)
        worker_drain(s->group.workers[i]);
    loop_stop(s->loop);
}

static void drop_certificate(struct server *s)
{
    tls_context_unref(s->tls.xmpp);
    tls_context_unref(s->tls.http);
    s->tls = (struct worker_tls){ 0 };
}

static void note_certificate(struct server *s, const char *path)
{
    bool named;

    if (tls_certificate_info(path, s->settings.domains[0], &s->certificate_end_ms, &named)
        != ERR_NONE)
        s->certificate_end_ms = 0;
}

static bool load_certificate(struct server *s, const char *certificate, const char *key)
{
    struct arena a = { 0 };
    struct str why = STR("");
    struct worker_tls tls = { 0 };
    bool loaded = tls_context_new(certificate, key, "xmpp-client", &tls.xmpp, &why, &a) == ERR_NONE
                  && tls_context_new(certificate, key, "http/1.1", &tls.http, &why, &a) == ERR_NONE;

    if (loaded) {
        drop_certificate(s);
        s->tls = tls;
        note_certificate(s, certificate);
    } else {
        tls_context_unref(tls.xmpp);
        LOG(s->boot->log, ERROR, "tls.failed", log_text("reason", why));
    }
    arena_deinit(&a);
    return loaded;
}

static void reload(void *ctx, const struct config *config, const char *certificate, const char *key)
{
    struct server *s = ctx;

    log_configure(s->boot->log, config->log.level, config->log.format);
    if (load_certificate(s, certificate, key))
        for (unsigned i = 0; i < s->group.count; i++)
            worker_reload(s->group.workers[i], &s->tls);
    LOG(s->boot->log, INFO, "server.reloaded");
}

static void orphaned(void *ctx)
{
    drain(ctx);
}

static const struct lifeline_handlers lifeline_handlers = { drain, reload, orphaned };

/* ---- Calls of the control socket -------------------------------------------------------------------- */

struct removal {
    struct link token;
    struct control_call *call;
    json_t *result;
};

static void tokens_came(void *ctx, struct list *items)
{
    (void)ctx;
    for (struct link *l; (l = list_pop(items)) != NULL;) {
        struct removal *r = LIST_ENTRY(l, struct removal, token);

        control_done(r->call, r->result);
        mem_free(r);
    }
}

static void account_gone(void *ctx, struct control_call *call, struct str bare, json_t *result)
{
    struct server *s = ctx;
    struct removal *r = mem_alloc(sizeof *r);
    unsigned home = (unsigned)(map_hash((const uint64_t[2]){ 0, 0 }, bare) % s->group.count);

    r->call = call;
    r->result = result;
    worker_forget(s->group.workers[home], bare, s->tokens, &r->token);
}

static void stats(void *ctx, struct control_call *call)
{
    const struct server *s = ctx;

    control_stats(call, s->meter);
}

static void start_control(struct server *s)
{
    s->control_host = (struct control_host){
        .loop = s->loop,
        .store = s->group.store,
        .home = s->group.count,
        .boot = s->boot,
        .random = { tls_random, NULL },
        .ctx = s,
        .account_gone = account_gone,
        .stats = stats,
        .drain = drain,
    };
    s->control = control_new(s->loop, s->boot->control_fd, s->boot->config, s->boot->log);
    control_store_register(s->control, &s->control_host);
}

/* ---- Life ------------------------------------------------------------------------------------------ */

static bool start_workers(struct server *s)
{
    for (unsigned i = 0; i < s->group.count; i++)
        if (worker_start(s->group.workers[i], &s->tls) != ERR_NONE) {
            LOG(s->boot->log, ERROR, "worker.failed", log_int("worker", i));
            return false;
        }
    return true;
}

static void open_uploads(struct server *s)
{
    s->uploads = (struct uploads){
        .folder_fd = uploads_open(s->boot->data_dir_fd, s->boot->log),
        .loop = s->loop,
        .store = s->group.store,
        .home = s->group.count,
        .log = s->boot->log,
    };
    s->group.uploads_fd = s->uploads.folder_fd;
}

static void make_workers(struct server *s)
{
    s->group.workers = arena_alloc(&s->arena, s->group.count * sizeof *s->group.workers);
    for (unsigned i = 0; i < s->group.count; i++)
        s->group.workers[i] = worker_new(&s->group, i);
}

/* What a worker that ends says to others may find their loops ended, and asks the store for more. */
static void settle(struct server *s)
{
    bool moving;

    do {
        store_settle(s->group.store);
        moving = false;
        for (unsigned i = 0; i < s->group.count; i++)
            moving |= worker_take(s->group.workers[i]);
    } while (moving);
}

/* Sessions end first, then the store takes in what they left, then memory goes. */
static void stop(struct server *s)
{
    for (unsigned i = 0; i < s->group.count; i++)
        worker_drain(s->group.workers[i]);
    for (unsigned i = 0; i < s->group.count; i++)
        worker_join(s->group.workers[i]);
    settle(s);
    control_free(s->control);
    metrics_page_close(s->metrics_page);
    uploads_stop(&s->uploads);
    store_close(s->group.store);
    for (unsigned i = 0; i < s->group.count; i++)
        worker_free(s->group.workers[i]);
}

static void start_meter(struct server *s)
{
    s->meter = meter_new(&(struct meter_host){
        .group = &s->group,
        .home = s->group.count,
        .certificate_end_ms = &s->certificate_end_ms,
    });
    s->metrics_page = metrics_page_new(s->loop, s->boot, &s->settings, s->meter);
}

int server_run(const struct server_boot *boot)
{
    struct server s = { .boot = boot };
    int status = 1;

    s.group = (struct worker_group){ .boot = boot,
                                     .settings = &s.settings,
                                     .disk = &s.disk,
                                     .count = (unsigned)boot->config->server.workers };
    tls_random(NULL, (uint8_t *)s.group.address_key, sizeof s.group.address_key);
    fill_settings(&s);
    s.loop = loop_new();
    s.completions = inbox_new(s.loop, completions_came, &s);
    s.tokens = inbox_new(s.loop, tokens_came, &s);
    s.minute = timer_new(s.loop, every_minute, &s);
    s.often = timer_new(s.loop, every_ten_seconds, &s);
    s.lifeline = lifeline_new(s.loop, boot->supervisor_fd, &lifeline_handlers, &s);
    if (!load_certificate(&s, boot->certificate, boot->key) || !open_store(&s))
        goto done;
    open_uploads(&s);
    make_workers(&s);
    start_meter(&s);
    start_control(&s);
    if (start_workers(&s)) {
        every_minute(&s);
        uploads_tidy(&s.uploads);
        every_ten_seconds(&s);
        lifeline_ready(s.lifeline);
        loop_run(s.loop);
        status = 0;
    }
    stop(&s);
done:
    timer_free(s.minute);
    timer_free(s.often);
    lifeline_free(s.lifeline);
    inbox_free(s.completions);
    inbox_free(s.tokens);
    loop_free(s.loop);
    metrics_page_free(s.metrics_page);
    meter_free(s.meter);
    drop_certificate(&s);
    arena_deinit(&s.arena);
    return status;
}
