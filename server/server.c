/* server.c: the server process: store, workers, control socket, and the orders of the supervisor. */
#include "server/server.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "io/conn.h"
#include "server/anchor_link.h"
#include "server/control_events.h"
#include "server/control_stats.h"
#include "server/control_store.h"
#include "server/event_keys.h"
#include "server/event_log.h"
#include "server/lifeline.h"
#include "server/metrics_page.h"
#include "server/mux.h"
#include "server/mux_places.h"
#include "server/settings_fill.h"
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
    struct inbox *answers;     /* of the thread that writes events */
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

static void fill_pins(struct server *s)
{
    const struct config_list *list = &s->boot->config->s2s.pin;
    struct remote_pin *pins = arena_alloc(&s->arena, list->count * sizeof *pins);

    for (size_t i = 0; i < list->count; i++)
        if (remote_pin_read(&s->arena, list->items[i], &pins[s->settings.pin_count]) == ERR_NONE)
            s->settings.pin_count++;
    s->settings.pins = pins;
}

static void fill_components(struct server *s)
{
    const struct config_list *list = &s->boot->config->component.secret;
    struct component_secret *all = arena_alloc(&s->arena, list->count * sizeof *all);

    for (size_t i = 0; i < list->count; i++)
        if (component_secret_read(&s->arena, list->items[i], &all[s->settings.component_count])
            == ERR_NONE)
            s->settings.component_count++;
    s->settings.components = all;
}

static void fill_settings(struct server *s)
{
    struct settings *to = &s->settings;
    uint8_t key[HASH_SIZE_MAX];

    settings_fill(to, s->boot->config);
    hmac(HASH_SHA256, bytes_of(s->boot->server_key, SERVER_KEY_SIZE), bytes_of_str(STR("engine")),
         key);
    for (size_t i = 0; i < sizeof to->secret; i++)
        to->secret[i] = key[i];
    fill_pins(s);
    fill_components(s);
    to->web_url = web_url(s->boot, &s->arena);
    to->web_host = web_url_host(to->web_url, &s->arena);
    to->turn_port = mux_port(s->boot);
    to->tcp_place_count = mux_places(s->boot, to->tcp_places);
    if (s->boot->fetch_tls == NULL)
        to->fetch_bytes = 0;
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
    tls_context_unref(s->tls.mux);
    tls_context_unref(s->tls.s2s);
    s->tls = (struct worker_tls){ 0 };
}

static void note_certificate(struct server *s, const char *path)
{
    bool named;

    if (tls_certificate_info(path, s->settings.domains[0], &s->certificate_end_ms, &named)
        != ERR_NONE)
        s->certificate_end_ms = 0;
}

/* Without pins there is no context, and no link. */
static bool load_pinned(struct server *s, const char *certificate, const char *key,
                        struct tls_context **out, struct str *why, struct arena *a)
{
    size_t count = s->settings.pin_count;
    struct tls_pin *pins = arena_alloc(a, count * sizeof *pins);

    for (size_t i = 0; i < count; i++)
        memcpy(pins[i].sha256, s->settings.pins[i].sha256, sizeof pins[i].sha256);
    return count == 0
           || tls_context_new_pinned(certificate, key, "xmpp-server", pins, count, out, why, a)
                  == ERR_NONE;
}

static bool load_certificate(struct server *s, const char *certificate, const char *key)
{
    struct arena a = { 0 };
    struct str why = STR("");
    struct worker_tls tls = { 0 };
    bool loaded = tls_context_new(certificate, key, "xmpp-client", &tls.xmpp, &why, &a) == ERR_NONE
                  && tls_context_new(certificate, key, "http/1.1", &tls.http, &why, &a) == ERR_NONE
                  && tls_context_new(certificate, key, MUX_ALPN, &tls.mux, &why, &a) == ERR_NONE
                  && load_pinned(s, certificate, key, &tls.s2s, &why, &a);

    if (loaded) {
        drop_certificate(s);
        s->tls = tls;
        note_certificate(s, certificate);
    } else {
        tls_context_unref(tls.xmpp);
        tls_context_unref(tls.http);
        tls_context_unref(tls.mux);
        LOG(s->boot->log, ERROR, "tls.failed", log_text("reason", why));
    }
    arena_deinit(&a);
    return loaded;
}

/* What `sottoctl check` judges. */
static void take_facts(struct server *s, const struct config *config, const char *certificate)
{
    struct control_host *to = &s->control_host;

    config_unref(to->config);
    to->config = config_ref(config);
    to->reload_refused = false;
    snprintf(to->certificate, sizeof to->certificate, "%s", certificate);
}

static void refused(void *ctx)
{
    struct server *s = ctx;

    s->control_host.reload_refused = true;
}

static void reload(void *ctx, const struct config *config, const char *certificate, const char *key)
{
    struct server *s = ctx;

    log_configure(s->boot->log, config->log.level, config->log.format);
    take_facts(s, config, certificate);
    if (!load_certificate(s, certificate, key)) {
        refused(s);
        return;
    }
    for (unsigned i = 0; i < s->group.count; i++)
        worker_reload(s->group.workers[i], &s->tls);
    LOG(s->boot->log, INFO, "server.reloaded");
}

static void anchor_came(void *ctx, int fd)
{
    struct server *s = ctx;

    anchor_link_connect(s->group.anchor, fd);
}

static void anchor_reported(void *ctx, unsigned home, const struct anchor_report *r)
{
    struct server *s = ctx;

    worker_anchor_reported(s->group.workers[home], r);
}

static void orphaned(void *ctx)
{
    drain(ctx);
}

static const struct lifeline_handlers lifeline_handlers = { drain, reload, refused, anchor_came,
                                                            orphaned };

/* ---- Calls of the control socket -------------------------------------------------------------------- */

/* Waits for a worker. */
struct waiting_call {
    struct link token;
    struct control_call *call;
    json_t *result;
};

static void tokens_came(void *ctx, struct list *items)
{
    (void)ctx;
    for (struct link *l; (l = list_pop(items)) != NULL;) {
        struct waiting_call *w = LIST_ENTRY(l, struct waiting_call, token);

        control_done(w->call, w->result);
        mem_free(w);
    }
}

static struct link *wait_with(struct control_call *call, json_t *result)
{
    struct waiting_call *w = mem_alloc(sizeof *w);

    w->call = call;
    w->result = result;
    return &w->token;
}

static struct worker *home_of_account(const struct server *s, struct str bare)
{
    return s->group.workers[map_hash((const uint64_t[2]){ 0, 0 }, bare) % s->group.count];
}

static void account_gone(void *ctx, struct control_call *call, struct str bare, json_t *result)
{
    const struct server *s = ctx;

    worker_forget(home_of_account(s, bare), bare, s->tokens, wait_with(call, result));
}

static void account_changed_in_store(void *ctx, struct control_call *call, struct str bare,
                                     json_t *result)
{
    const struct server *s = ctx;

    worker_changed(home_of_account(s, bare), bare, s->tokens, wait_with(call, result));
}

static void stats(void *ctx, struct control_call *call)
{
    const struct server *s = ctx;

    control_stats(call, s->meter);
}

static void events(void *ctx, struct control_call *call)
{
    const struct server *s = ctx;

    control_events(call, s->group.events, s->answers);
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
        .account_changed = account_changed_in_store,
        .stats = stats,
        .events = events,
        .drain = drain,
    };
    take_facts(s, s->boot->config, s->boot->certificate);
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

static bool open_events(struct server *s)
{
    const struct server_boot *boot = s->boot;

    s->group.events = event_log_new(&(struct event_log_options){
        .data_dir_fd = boot->data_dir_fd,
        .days = (uint32_t)boot->config->log.events_days,
        .random = { tls_random, NULL },
        .keys = secrets_alloc(boot->secrets, 2 * EVENT_KEY_SIZE),
        .log = boot->log,
    });
    if (s->group.events == NULL)
        LOG(boot->log, ERROR, "events.failed", log_text("reason", STR("no thread")));
    return s->group.events != NULL;
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
    event_log_free(s->group.events);
}

static void start_meter(struct server *s)
{
    s->meter = meter_new(&(struct meter_host){
        .group = &s->group,
        .home = s->group.count,
        .certificate_end_ms = &s->certificate_end_ms,
        .anchor = anchor_link_stats(s->group.anchor),
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
                                     .fetch_tls = boot->fetch_tls,
                                     .count = (unsigned)boot->config->server.workers };
    tls_random(NULL, (uint8_t *)s.group.address_key, sizeof s.group.address_key);
    fill_settings(&s);
    s.loop = loop_new();
    s.completions = inbox_new(s.loop, completions_came, &s);
    s.tokens = inbox_new(s.loop, tokens_came, &s);
    s.minute = timer_new(s.loop, every_minute, &s);
    s.often = timer_new(s.loop, every_ten_seconds, &s);
    s.group.anchor = anchor_link_new(&(struct anchor_link_host){
        .loop = s.loop,
        .log = boot->log,
        .homes = s.group.count,
        .report = anchor_reported,
        .ctx = &s,
    });
    s.lifeline = lifeline_new(s.loop, boot->supervisor_fd, &lifeline_handlers, &s);
    s.answers = inbox_new(s.loop, control_events_came, &s);
    if (!load_certificate(&s, boot->certificate, boot->key) || !open_store(&s))
        goto done;
    if (!open_events(&s)) {
        store_close(s.group.store);
        goto done;
    }
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
    anchor_link_free(s.group.anchor);
    inbox_free(s.completions);
    inbox_free(s.tokens);
    inbox_free(s.answers);
    loop_free(s.loop);
    metrics_page_free(s.metrics_page);
    meter_free(s.meter);
    drop_certificate(&s);
    config_unref(s.control_host.config);
    arena_deinit(&s.arena);
    return status;
}
