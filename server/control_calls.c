/* control_calls.c: call allow, disallow, list, suspend, resume. Each rule is a record of its own (DOC_CALL_RULE), so that two
 * commands at a time do not undo each other.
 */
#include "server/control_calls.h"

#include "base/datetime.h"
#include "server/control_store.h"

enum { HOUR_MS = 3600 * 1000 };

/* A command in work: finds the account with its rules, then writes one or tells all. */
struct ruling {
    struct store_query find;
    struct write_set write;
    struct control_call *call;
    struct str key, value; /* of the rule; an empty value takes it away */
    json_t *result;        /* of a rule that is written */
};

static void ruling_free(struct ruling *r)
{
    arena_deinit(&r->find.op.arena);
    arena_deinit(&r->write.op.arena);
    json_decref(r->result);
    mem_free(r);
}

static void fail(struct ruling *r, enum err e)
{
    struct control_call *call = r->call;

    if (e == ERR_MISSING)
        control_fail(call, "missing",
                     arena_printf(&call->arena, "there is no account %.*s",
                                  STR_ARG(jid_text(&call->arena, &call->args.jid))));
    else
        control_fail_err(call, e, "the rules for calls");
    ruling_free(r);
}

static void find(struct ruling *r, store_done *found)
{
    const struct control_host *host = r->call->ctx;

    r->find =
        (struct store_query){ .op = { .home = host->home, .done = found }, .kind = QUERY_ACCOUNT };
    r->find.in.account.local = r->call->args.jid.local;
    r->find.in.account.domain = r->call->args.jid.domain;
    store_query(host->store, &r->find);
}

static struct ruling *ruling_new(struct control_call *call)
{
    struct ruling *r = mem_alloc(sizeof *r);

    r->call = call;
    return r;
}

/* ---- One rule -------------------------------------------------------------------------------------- */

static void written(struct store_op *op)
{
    struct ruling *r = CONTAINER_OF(op, struct ruling, write.op);
    struct control_call *call = r->call;
    const struct control_host *host = call->ctx;

    if (op->result != ERR_NONE) {
        fail(r, op->result);
        return;
    }
    host->account_changed(host->ctx, call, jid_text(&call->arena, &call->args.jid),
                          json_incref(r->result));
    ruling_free(r);
}

static void found_to_write(struct store_op *op)
{
    struct ruling *r = CONTAINER_OF(op, struct ruling, find.op);
    const struct control_host *host = r->call->ctx;
    struct row *row;

    if (op->result != ERR_NONE) {
        fail(r, op->result);
        return;
    }
    r->write.op.home = host->home;
    r->write.op.done = written;
    row = write_set_add(&r->write, ROW_DOCUMENT, r->find.out.account.id);
    row->document.kind = DOC_CALL_RULE;
    row->document.key = r->key;
    row->document.value = r->value;
    store_commit(host->store, &r->write);
}

static void write_rule(struct control_call *call, struct str key, struct str value, json_t *result)
{
    struct ruling *r = ruling_new(call);

    r->key = key;
    r->value = value;
    r->result = result;
    find(r, found_to_write);
}

static void rule_of_peer(struct control_call *call, bool allowed)
{
    struct str jid = jid_text(&call->arena, &call->args.jid);
    struct str peer = jid_text(&call->arena, &call->args.peer);

    write_rule(call, peer, allowed ? STR("1") : STR(""),
               json_pack("{s:s%,s:s%,s:b}", "jid", jid.p, jid.n, "peer", peer.p, peer.n, "allowed",
                         allowed));
}

void control_call_allow(struct control_call *call)
{
    rule_of_peer(call, true);
}

void control_call_disallow(struct control_call *call)
{
    rule_of_peer(call, false);
}

/* "until" is null without an end. */
static json_t *until_json(struct arena *a, uint64_t until_ms)
{
    struct str text = until_ms != UINT64_MAX ? datetime_text(a, until_ms) : STR_NONE;

    return until_ms != UINT64_MAX ? json_stringn(text.p, text.n) : json_null();
}

void control_call_suspend(struct control_call *call)
{
    struct arena *a = &call->arena;
    struct str jid = jid_text(a, &call->args.jid);
    uint64_t until_ms =
        call->args.hours > 0 ? clock_wall_ms() + call->args.hours * HOUR_MS : UINT64_MAX;

    write_rule(call, STR(""), arena_printf(a, "%llu", (unsigned long long)until_ms),
               json_pack("{s:s%,s:b,s:o}", "jid", jid.p, jid.n, "suspended", true, "until",
                         until_json(a, until_ms)));
}

void control_call_resume(struct control_call *call)
{
    struct str jid = jid_text(&call->arena, &call->args.jid);

    write_rule(call, STR(""), STR(""),
               json_pack("{s:s%,s:b}", "jid", jid.p, jid.n, "suspended", false));
}

/* ---- All of them ----------------------------------------------------------------------------------- */

static void found_to_list(struct store_op *op)
{
    struct ruling *r = CONTAINER_OF(op, struct ruling, find.op);
    const struct account_record *account = &r->find.out.account;
    struct str jid = jid_text(&r->call->arena, &r->call->args.jid);
    uint64_t until_ms = 0;
    json_t *allowed;

    if (op->result != ERR_NONE) {
        fail(r, op->result);
        return;
    }
    allowed = json_array();
    for (size_t i = 0; i < account->call_rule_count; i++) {
        const struct document_record *rule = &account->call_rules[i];

        if (rule->key.n > 0)
            json_array_append_new(allowed, json_stringn(rule->key.p, rule->key.n));
        else if (str_to_u64(rule->value, UINT64_MAX, &until_ms) != ERR_NONE)
            until_ms = UINT64_MAX;
    }
    if (until_ms <= clock_wall_ms())
        until_ms = 0;
    control_done(r->call,
                 json_pack("{s:s%,s:o,s:b,s:o}", "jid", jid.p, jid.n, "allowed", allowed,
                           "suspended", until_ms > 0, "until",
                           until_ms > 0 ? until_json(&r->call->arena, until_ms) : json_null()));
    ruling_free(r);
}

void control_call_list(struct control_call *call)
{
    find(ruling_new(call), found_to_list);
}
