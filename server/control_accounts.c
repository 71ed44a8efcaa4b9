/* control_accounts.c: user add, add-many, list, delete, id. */
#include "server/control_accounts.h"

#include "server/control_store.h"

enum { SALT_OCTETS = 16, HASHES = 3 };
enum { MANY_IN_FLIGHT = 512, MANY_PROGRESS_STEP = 250, LIST_PAGE = 1000 };

static const enum hash hashes[HASHES] = { HASH_SHA1, HASH_SHA256, HASH_SHA512 };

/* ---- Keys ---- */

struct derivation {
    struct control_call *call;
    uint32_t iterations;
    uint8_t salt[HASHES][SALT_OCTETS];
    struct scram_keys keys[HASHES];
};

static struct derivation *derivation_new(struct control_call *call)
{
    struct control_host *host = call->ctx;
    struct derivation *d = mem_alloc(sizeof *d);

    d->call = call;
    d->iterations = (uint32_t)host->boot->config->auth.scram_iterations;
    random_fill(&host->random, d->salt, sizeof d->salt);
    return d;
}

static void derivation_free(struct derivation *d)
{
    secure_zero(d, sizeof *d);
    mem_free(d);
}

/* On a pool thread: tens of milliseconds. */
static void derive(void *ctx)
{
    struct derivation *d = ctx;

    for (size_t i = 0; i < HASHES; i++)
        scram_derive(hashes[i], d->call->args.password, bytes_of(d->salt[i], SALT_OCTETS),
                     d->iterations, &d->keys[i]);
}

static void end_gone(struct control_call *call)
{
    control_fail(call, "gone", STR("nobody waits for the answer"));
}

/* ---- One account as a write-set ---- */

struct new_account {
    struct write_set set;
    void *owner;
};

static struct new_account *new_account(struct control_host *host, store_done *done, void *owner)
{
    struct new_account *n = mem_alloc(sizeof *n);

    n->set.op.home = host->home;
    n->set.op.done = done;
    n->owner = owner;
    return n;
}

static void new_account_free(struct new_account *n)
{
    arena_deinit(&n->set.op.arena);
    mem_free(n);
}

static void new_account_fill(struct new_account *n, struct str local, struct str domain,
                             const struct scram_keys keys[HASHES])
{
    struct row *row = write_set_add(&n->set, ROW_ACCOUNT_NEW, 0);

    row->account_new.local = arena_str(&n->set.op.arena, local);
    row->account_new.domain = arena_str(&n->set.op.arena, domain);
    row->account_new.created_ms = clock_wall_ms();
    for (size_t i = 0; i < HASHES; i++) {
        row = write_set_add(&n->set, ROW_CREDENTIAL, 0);
        row->credential.keys = keys[i];
    }
}

/* ---- user add ---- */

static void added(struct store_op *op)
{
    struct new_account *n = CONTAINER_OF(op, struct new_account, set.op);
    struct control_call *call = n->owner;
    struct str jid = jid_text(&call->arena, &call->args.jid);

    if (op->result == ERR_NONE)
        control_done(call, json_pack("{s:s%}", "jid", jid.p, jid.n));
    else if (op->result == ERR_EXISTS)
        control_fail(call, "exists",
                     arena_printf(&call->arena, "%.*s exists already", STR_ARG(jid)));
    else
        control_fail_err(call, op->result, "the account was not stored");
    new_account_free(n);
}

static void add_derived(void *ctx)
{
    struct derivation *d = ctx;
    struct control_call *call = d->call;
    struct control_host *host = call->ctx;
    struct new_account *n;

    if (control_gone(call)) {
        end_gone(call);
    } else {
        n = new_account(host, added, call);
        new_account_fill(n, call->args.jid.local, call->args.jid.domain, d->keys);
        store_commit(host->store, &n->set);
    }
    derivation_free(d);
}

void control_user_add(struct control_call *call)
{
    struct control_host *host = call->ctx;

    loop_offload(host->loop, derive, add_derived, derivation_new(call));
}

/* ---- user add-many ---- All accounts of a run get the same keys, derived once: they have the
 * same password, and whoever holds one of them holds them all, so salts of their own would hide
 * nothing and cost 30 ms an account. */

struct many {
    struct control_call *call;
    struct derivation *derived;
    uint64_t next, done, added, existed;
    enum err failed;
};

static void many_go(struct many *m);

static void many_stored(struct store_op *op)
{
    struct new_account *n = CONTAINER_OF(op, struct new_account, set.op);
    struct many *m = n->owner;

    m->done++;
    if (op->result == ERR_NONE)
        m->added++;
    else if (op->result == ERR_EXISTS)
        m->existed++;
    else
        m->failed = op->result;
    new_account_free(n);
    if (m->done % MANY_PROGRESS_STEP == 0)
        control_progress(m->call, m->done, m->call->args.count);
    many_go(m);
}

static void many_start_one(struct many *m)
{
    struct control_host *host = m->call->ctx;
    const struct jid *prefix = &m->call->args.prefix;
    struct new_account *n = new_account(host, many_stored, m);
    struct str local = arena_printf(&n->set.op.arena, "%.*s%llu", STR_ARG(prefix->local),
                                    (unsigned long long)m->next++);

    new_account_fill(n, local, prefix->domain, m->derived->keys);
    store_commit(host->store, &n->set);
}

static void many_end(struct many *m)
{
    struct control_call *call = m->call;

    if (m->failed != ERR_NONE)
        control_fail_err(
            call, m->failed,
            arena_printf(&call->arena, "after %llu accounts", (unsigned long long)m->added).p);
    else
        control_done(call, json_pack("{s:I,s:I}", "added", (json_int_t)m->added, "existed",
                                     (json_int_t)m->existed));
    derivation_free(m->derived);
    mem_free(m);
}

static void many_go(struct many *m)
{
    while (m->next < m->call->args.count && m->next - m->done < MANY_IN_FLIGHT
           && m->failed == ERR_NONE && !control_gone(m->call))
        many_start_one(m);
    if (m->done == m->next)
        many_end(m);
}

static void many_derived(void *ctx)
{
    struct derivation *d = ctx;
    struct many *m = mem_alloc(sizeof *m);

    m->call = d->call;
    m->derived = d;
    many_go(m);
}

void control_user_add_many(struct control_call *call)
{
    struct control_host *host = call->ctx;

    loop_offload(host->loop, derive, many_derived, derivation_new(call));
}

/* ---- user list ---- */

struct listing {
    struct store_query query;
    struct control_call *call;
    json_t *jids;
};

static void list_page(struct listing *l, struct str after);

static void list_end(struct listing *l)
{
    arena_deinit(&l->query.op.arena);
    json_decref(l->jids);
    mem_free(l);
}

static void listed(struct store_op *op)
{
    struct listing *l = CONTAINER_OF(op, struct listing, query.op);
    const struct str *jids = l->query.out.accounts.jids;
    size_t count = op->result == ERR_NONE ? l->query.out.accounts.count : 0;
    struct str last;

    for (size_t i = 0; i < count; i++)
        json_array_append_new(l->jids, json_stringn(jids[i].p, jids[i].n));
    if (op->result == ERR_NONE && count == LIST_PAGE && !control_gone(l->call)) {
        last = arena_str(&l->call->arena, jids[count - 1]);
        arena_deinit(&op->arena);
        list_page(l, last);
        return;
    }
    if (op->result == ERR_NONE)
        control_done(l->call, json_incref(l->jids));
    else
        control_fail_err(l->call, op->result, "the accounts could not be read");
    list_end(l);
}

static void list_page(struct listing *l, struct str after)
{
    struct control_host *host = l->call->ctx;

    l->query = (struct store_query){ .op = { .home = host->home, .done = listed },
                                     .kind = QUERY_ACCOUNTS };
    l->query.in.accounts.after = after;
    l->query.in.accounts.max = LIST_PAGE;
    store_query(host->store, &l->query);
}

void control_user_list(struct control_call *call)
{
    struct listing *l = mem_alloc(sizeof *l);

    l->call = call;
    l->jids = json_array();
    list_page(l, STR(""));
}

/* ---- user delete ---- */

struct deletion {
    struct store_query find;
    struct write_set remove;
    struct control_call *call;
};

static void deletion_free(struct deletion *d)
{
    arena_deinit(&d->find.op.arena);
    arena_deinit(&d->remove.op.arena);
    mem_free(d);
}

static void removed(struct store_op *op)
{
    struct deletion *d = CONTAINER_OF(op, struct deletion, remove.op);
    struct control_call *call = d->call;
    struct control_host *host = call->ctx;
    struct str jid = jid_text(&call->arena, &call->args.jid);

    if (op->result != ERR_NONE)
        control_fail_err(call, op->result, "the account was not removed");
    else if (control_gone(call))
        end_gone(call);
    else
        host->account_gone(host->ctx, call, jid, json_pack("{s:s%}", "jid", jid.p, jid.n));
    deletion_free(d);
}

static void found(struct store_op *op)
{
    struct deletion *d = CONTAINER_OF(op, struct deletion, find.op);
    struct control_call *call = d->call;
    struct control_host *host = call->ctx;

    if (op->result == ERR_NONE && !control_gone(call)) {
        d->remove.op.home = host->home;
        d->remove.op.done = removed;
        write_set_add(&d->remove, ROW_ACCOUNT_GONE, d->find.out.account.id);
        store_commit(host->store, &d->remove);
        return;
    }
    if (op->result == ERR_MISSING)
        control_fail(call, "missing",
                     arena_printf(&call->arena, "there is no account %.*s",
                                  STR_ARG(jid_text(&call->arena, &call->args.jid))));
    else
        control_fail_err(call, op->result != ERR_NONE ? op->result : ERR_TIMEOUT,
                         "the account could not be read");
    deletion_free(d);
}

void control_user_delete(struct control_call *call)
{
    struct control_host *host = call->ctx;
    struct deletion *d = mem_alloc(sizeof *d);

    d->call = call;
    d->find =
        (struct store_query){ .op = { .home = host->home, .done = found }, .kind = QUERY_ACCOUNT };
    d->find.in.account.local = call->args.jid.local;
    d->find.in.account.domain = call->args.jid.domain;
    store_query(host->store, &d->find);
}

/* ---- user id ---- */

void control_user_id(struct control_call *call)
{
    struct control_host *host = call->ctx;
    char id[LOG_ACCOUNT_HEX + 1];

    log_account_id(host->boot->log, jid_text(&call->arena, &call->args.jid), id);
    control_done(call, json_pack("{s:s}", "id", id));
}
