/* control_store.c: invitations, statistics, backup, check, drain; and the table of all commands. */
#include "server/control_store.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/datetime.h"
#include "server/check.h"
#include "server/control_accounts.h"
#include "server/control_calls.h"
#include "server/control_invites.h"
#include "server/data_dir.h"
#include "server/registration.h"
#include "server/web_url.h"

enum { TOKEN_OCTETS = 16, DAY_MS = 24 * 3600 * 1000 };

/* An absent text is an empty one: jansson takes no NULL, and drops whatever was to hold it. */
static json_t *text(struct str s)
{
    return json_stringn(s.p != NULL ? s.p : "", s.n);
}

/* ---- invite create ---- */

struct invitation {
    struct write_set set;
    struct control_call *call;
    struct str token;
    uint64_t expires_ms;
};

/* XEP-0401 §5.1 and XEP-0445: an address that a client opens, registers at and shows the token
 * to. */
static struct str invite_uri(struct control_call *call, struct str token)
{
    return arena_printf(&call->arena, "xmpp:%.*s?register;preauth=%.*s", STR_ARG(call->args.domain),
                        STR_ARG(token));
}

/* The page for people without a client, while HTTPS is on. */
static json_t *invite_page(struct control_call *call, struct str token)
{
    const struct control_host *host = call->ctx;
    struct str url = web_url(host->boot, &call->arena);

    if (url.n == 0)
        return json_null();
    return text(arena_printf(&call->arena, "%.*s/invite/%.*s", STR_ARG(url), STR_ARG(token)));
}

static void invited(struct store_op *op)
{
    struct invitation *i = CONTAINER_OF(op, struct invitation, set.op);
    struct control_call *call = i->call;

    if (op->result == ERR_NONE)
        control_done(call, json_pack("{s:o,s:o,s:o,s:o}", "uri", text(invite_uri(call, i->token)),
                                     "page", invite_page(call, i->token), "token", text(i->token),
                                     "expires", text(datetime_text(&call->arena, i->expires_ms))));
    else
        control_fail_err(call, op->result, "the invitation was not stored");
    arena_deinit(&op->arena);
    mem_free(i);
}

static void invite_create(struct control_call *call)
{
    struct control_host *host = call->ctx;
    uint64_t now = clock_wall_ms();
    uint64_t days =
        call->args.days > 0 ? call->args.days : host->boot->config->limits.invitation_days;
    struct invitation *i = mem_alloc(sizeof *i);
    struct invite_record *record;
    uint8_t *hash = arena_alloc(&i->set.op.arena, HASH_SIZE_MAX);

    i->call = call;
    i->token = random_token(&host->random, &call->arena, TOKEN_OCTETS);
    i->expires_ms = now + days * DAY_MS;
    i->set.op.home = host->home;
    i->set.op.done = invited;
    invite_token_hash(i->token, hash);
    record = &write_set_add(&i->set, ROW_INVITE, 0)->invite.invite;
    *record = (struct invite_record){
        .token_hash = bytes_of(hash, hash_size(HASH_SHA256)),
        .inviter = STR(""),
        .domain = call->args.domain,
        .account = true,
        .created_ms = now,
        .expires_ms = i->expires_ms,
    };
    store_commit(host->store, &i->set);
}

/* ---- stats ---- */

static void stats(struct control_call *call)
{
    struct control_host *host = call->ctx;

    host->stats(host->ctx, call);
}

/* ---- backup ---- The server can write into its own folder only, so it leaves the copy there;
 * who asked moves it where it belongs. */

struct backup {
    struct control_call *call;
    struct str path;
    enum err result;
    uint64_t bytes;
};

static void backup_work(void *ctx)
{
    struct backup *b = ctx;
    struct control_host *host = b->call->ctx;
    struct stat st;

    b->result = store_backup(host->store, b->path.p);
    if (b->result == ERR_NONE && stat(b->path.p, &st) == 0)
        b->bytes = (uint64_t)st.st_size;
}

static void backup_done(void *ctx)
{
    struct backup *b = ctx;
    struct control_call *call = b->call;

    if (b->result == ERR_NONE && !control_gone(call)) {
        control_done(call,
                     json_pack("{s:o,s:I}", "path", text(b->path), "bytes", (json_int_t)b->bytes));
    } else {
        unlink(b->path.p);
        control_fail_err(call, b->result != ERR_NONE ? b->result : ERR_TIMEOUT,
                         "the copy was not made");
    }
    mem_free(b);
}

static void backup(struct control_call *call)
{
    struct control_host *host = call->ctx;
    struct backup *b = mem_alloc(sizeof *b);
    struct str name = random_token(&host->random, &call->arena, TOKEN_OCTETS);

    b->call = call;
    b->path = arena_printf(&call->arena, "%s/backup/%.*s.db", host->boot->data_dir, STR_ARG(name));
    loop_offload(host->loop, backup_work, backup_done, b);
}

/* ---- check, drain ---- */

static void check(struct control_call *call)
{
    struct control_host *host = call->ctx;
    const struct config *c = host->config;
    /* Its key was good when it was taken; whether the file still is, sottoctl sees. */
    struct check_facts facts = { host->certificate, NULL, c->tls.certificate.n == 0,
                                 clock_wall_ms() };
    struct findings found = check_config(c, &facts, &call->arena);
    json_t *list = json_array();

    if (host->reload_refused)
        json_array_append_new(
            list,
            json_pack("{s:s,s:s,s:s,s:s}", "kind", "error", "key", "reload", "value", "", "text",
                      "the last one was refused, and the next start will be: the log says "
                      "why (config.not_reloaded), sottod --check, too"));
    for (size_t i = 0; i < found.count; i++) {
        const struct finding *f = &found.items[i];

        json_array_append_new(list, json_pack("{s:s,s:o,s:o,s:o}", "kind",
                                              finding_kind_name(f->kind), "key", text(f->key),
                                              "value", text(f->value), "text", text(f->text)));
    }
    control_done(call, list);
}

/* What sottoctl, which may look where the sandbox lets nobody look, judges itself. */
static void surroundings(struct control_call *call)
{
    const struct control_host *host = call->ctx;
    const struct config *c = host->config;
    struct rlimit files = { 0, 0 };
    json_t *domains = json_array(), *listeners = json_array();

    for (size_t i = 0; i < c->server.domain.count; i++)
        json_array_append_new(domains, text(c->server.domain.items[i]));
    for (size_t i = 0; i < host->boot->listener_count; i++)
        json_array_append_new(
            listeners, json_pack("{s:s,s:o}", "kind", listener_name(host->boot->listeners[i].kind),
                                 "address", text(host->boot->listeners[i].address)));
    getrlimit(RLIMIT_NOFILE, &files);
    control_done(call,
                 json_pack("{s:o,s:o,s:s,s:s,s:o,s:b,s:I}", "domains", domains, "listeners",
                           listeners, "data_dir", host->boot->data_dir, "certificate",
                           data_dir_certificate_path(c, &call->arena).p, "key",
                           text(data_dir_key_path(c, &call->arena)), "self_signed",
                           c->tls.certificate.n == 0, "max_files", (json_int_t)files.rlim_cur));
}

static void drain(struct control_call *call)
{
    struct control_host *host = call->ctx;

    control_done(call, NULL);
    host->drain(host->ctx);
}

static void events(struct control_call *call)
{
    struct control_host *host = call->ctx;

    host->events(host->ctx, call);
}

/* ---- The table ---- */

static const struct control_command commands[] = {
    { "user add", FIELD_JID | FIELD_PASSWORD, 0, control_user_add },
    { "user add-many", FIELD_PREFIX | FIELD_COUNT | FIELD_PASSWORD, 0, control_user_add_many },
    { "user list", 0, 0, control_user_list },
    { "user delete", FIELD_JID, 0, control_user_delete },
    { "user id", FIELD_JID, 0, control_user_id },
    { "call allow", FIELD_JID | FIELD_PEER, 0, control_call_allow },
    { "call disallow", FIELD_JID | FIELD_PEER, 0, control_call_disallow },
    { "call list", FIELD_JID, 0, control_call_list },
    { "call suspend", FIELD_JID, FIELD_HOURS, control_call_suspend },
    { "call resume", FIELD_JID, 0, control_call_resume },
    { "invite create", 0, FIELD_DOMAIN | FIELD_DAYS, invite_create },
    { "invite withdraw", FIELD_TOKEN, 0, control_invite_withdraw },
    { "stats", 0, 0, stats },
    { "check", 0, 0, check },
    { "surroundings", 0, 0, surroundings },
    { "backup", 0, 0, backup },
    { "drain", 0, 0, drain },
    { "events", 0, FIELD_SINCE | FIELD_AFTER | FIELD_TYPE | FIELD_COUNT | FIELD_WAIT, events },
    { "store copy", 0, 0, NULL },
    { "case", 0, 0, NULL },
    { "evidence", 0, 0, NULL },
};

void control_store_register(struct control *c, struct control_host *host)
{
    control_add(c, commands, COUNT_OF(commands), host);
}
