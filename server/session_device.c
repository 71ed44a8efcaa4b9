/* session_device.c: what the account remembers of a client that logs in (XEP-0494): one record per stable resource.
 *
 * A client with a user-agent id is known before it is bound; its record holds its tokens (XEP-0484), so it is written
 * before <success/> tells of them, and only if they are still those that were read: somebody may have revoked it. Other clients are
 * known by the resource they wish for, and noted when they are bound. One that says nothing of itself is nobody.
 */
#include "server/auth.h"
#include "server/limits.h"

struct device_write {
    struct write_set set;
    struct session *session; /* held */
    void (*then)(struct session *s);
};

static struct device_write *write_new(struct session *s, void (*then)(struct session *s))
{
    struct device_write *w = mem_alloc(sizeof *w);

    w->session = s;
    w->then = then;
    w->set.op.home = s->home->number;
    session_hold(s);
    return w;
}

static void write_free(struct device_write *w)
{
    struct session *s = w->session;

    arena_deinit(&w->set.op.arena);
    mem_free(w);
    session_release(s);
}

/* ---- With a user-agent id -------------------------------------------------------------------------- */

static void describe(struct session *s, struct login *l)
{
    struct device_record *d = &l->device;

    if (!l->device_known)
        *d = (struct device_record){ .first_ms = s->home->now_ms };
    if (!str_eq(d->via, l->credential)) /* its tokens are of another password */
        d->token = d->next_token = (struct device_token){ 0 };
    d->via = l->credential;
    d->resource = bind_resource(s->home, &l->arena, &s->jid, l->agent_id);
    d->user_agent_id = l->agent_id;
    d->software = l->software;
    d->name = l->device_name;
    d->last_ms = s->home->now_ms;
    d->auth = l->mechanism->name;
    d->password |= l->mechanism->kind != SASL_TOKEN && l->credential.n == 0;
}

static void submit(struct session *s, void (*then)(struct session *s));

/* Its tokens are not those that were read: it was revoked meanwhile, or logs in twice at once. The token that was
 * shown may be void; who knows the password begins anew. */
static void outdated(struct session *s, void (*then)(struct session *s))
{
    struct login *l = s->login;

    if (l->mechanism->kind == SASL_TOKEN) {
        session_fail(s, STREAM_RESET,
                     STR("The tokens of this device have changed. Please log in again."));
        return;
    }
    l->device_known = false;
    l->token = STR_NONE;
    submit(s, then);
}

/* Without the store there is no new token; logging in still works. */
static void stored(struct store_op *op)
{
    struct device_write *w = CONTAINER_OF(op, struct device_write, set.op);
    struct session *s = w->session;

    if (s->state == SESSION_BINDING && op->result == ERR_CONFLICT) {
        outdated(s, w->then);
    } else if (s->state == SESSION_BINDING) {
        if (op->result != ERR_NONE)
            s->login->token = STR_NONE;
        w->then(s);
    }
    write_free(w);
}

static void submit(struct session *s, void (*then)(struct session *s))
{
    struct device_write *w = write_new(s, then);
    struct login *l = s->login;
    struct row *row = write_set_add(&w->set, ROW_DEVICE, l->account);

    w->set.op.done = stored;
    describe(s, l);
    fast_renew(s, l);
    row->device = l->device; /* the login outlives the commit: the session is held */
    row->device_was = l->device_known ? &l->device_was : NULL;
    row->keep_devices = s->home->settings->devices_per_account;
    s->state = SESSION_BINDING;
    store_commit(s->home->store, &w->set);
}

void device_logged_in(struct session *s, void (*then)(struct session *s))
{
    submit(s, then);
}

/* ---- By the wished resource ------------------------------------------------------------------------ */

/* A list that is one login behind harms nobody. */
static void noted(struct store_op *op)
{
    struct write_set *w = CONTAINER_OF(op, struct write_set, op);

    arena_deinit(&op->arena);
    mem_free(w);
}

/* After a restart all clients come at once: nobody waits for these notes, so they share commits. */
void device_bound(struct session *s)
{
    struct write_set *w = mem_alloc(sizeof *w);
    struct row *row = write_set_add(w, ROW_DEVICE_SEEN, s->account->view.account);
    struct arena *a = &w->op.arena;

    w->op.home = s->home->number;
    w->op.done = noted;
    row->device = (struct device_record){
        .resource = arena_str(a, s->jid.resource),
        .name = arena_str(a, s->login->device_name),
        .first_ms = s->home->now_ms,
        .last_ms = s->home->now_ms,
        .auth = s->login->mechanism->name,
        .password = s->credential[0] == '\0',
        .via = arena_str(a, str_from(s->credential)),
    };
    row->keep_devices = s->home->settings->devices_per_account;
    store_commit_soon(s->home->store, w);
}
