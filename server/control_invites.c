/* control_invites.c: invite withdraw: an invitation, the operator's or a person's, that nobody is to use any more. A person's also makes
 * contacts, without a look at the store (invite_token.h), so the account learns that it is spent.
 */
#include "server/control_invites.h"

#include "server/control_store.h"
#include "server/invite_token.h"
#include "server/registration.h"

/* A command in work: the invitation is found, then its inviter's account, then both are written. */
struct withdrawal {
    struct store_query invite, inviter;
    struct write_set write;
    struct control_call *call;
    struct str bare; /* of the inviter; empty: the operator's */
    uint8_t hash[HASH_SIZE_MAX];
};

static void withdrawal_free(struct withdrawal *w)
{
    arena_deinit(&w->invite.op.arena);
    arena_deinit(&w->inviter.op.arena);
    arena_deinit(&w->write.op.arena);
    mem_free(w);
}

static void fail(struct withdrawal *w, enum err e)
{
    if (e == ERR_MISSING)
        control_fail(w->call, "missing", STR("there is no such invitation, or no longer"));
    else
        control_fail_err(w->call, e, "the invitation");
    withdrawal_free(w);
}

static void written(struct store_op *op)
{
    struct withdrawal *w = CONTAINER_OF(op, struct withdrawal, write.op);
    const struct control_host *host = w->call->ctx;
    json_t *result;

    if (op->result != ERR_NONE) {
        fail(w, op->result);
        return;
    }
    result = json_pack("{s:s%}", "inviter", w->bare.n > 0 ? w->bare.p : "", w->bare.n);
    if (w->bare.n > 0)
        host->account_changed(host->ctx, w->call, w->bare, result);
    else
        control_done(w->call, result);
    withdrawal_free(w);
}

static void write_it(struct withdrawal *w, int64_t account)
{
    const struct control_host *host = w->call->ctx;
    struct row *row = write_set_add(&w->write, ROW_INVITE_GONE, 0);

    row->invite.invite.token_hash = bytes_of(w->hash, INVITE_HASH_OCTETS);
    if (account != 0) {
        row = write_set_add(&w->write, ROW_DOCUMENT, account);
        row->document.kind = DOC_SPENT_TOKEN;
        row->document.key = invite_token_mark(&w->write.op.arena, w->call->args.token);
        row->document.value = STR("operator");
    }
    w->write.op.home = host->home;
    w->write.op.done = written;
    store_commit(host->store, &w->write);
}

static void inviter_found(struct store_op *op)
{
    struct withdrawal *w = CONTAINER_OF(op, struct withdrawal, inviter.op);

    if (op->result == ERR_MISSING) { /* who has gone has no contacts either */
        w->bare = STR_NONE;
        write_it(w, 0);
    } else if (op->result != ERR_NONE) {
        fail(w, op->result);
    } else {
        write_it(w, w->inviter.out.account.id);
    }
}

static void invite_found(struct store_op *op)
{
    struct withdrawal *w = CONTAINER_OF(op, struct withdrawal, invite.op);
    const struct control_host *host = w->call->ctx;
    struct jid jid;

    if (op->result != ERR_NONE) {
        fail(w, op->result);
        return;
    }
    w->bare = arena_str(&w->call->arena, w->invite.out.invites.invites[0].inviter);
    if (jid_parse(&w->call->arena, w->bare, &jid) != ERR_NONE) {
        w->bare = STR_NONE;
        write_it(w, 0);
        return;
    }
    w->inviter = (struct store_query){ .op = { .home = host->home, .done = inviter_found },
                                       .kind = QUERY_ACCOUNT };
    w->inviter.in.account.local = jid.local;
    w->inviter.in.account.domain = jid.domain;
    store_query(host->store, &w->inviter);
}

void control_invite_withdraw(struct control_call *call)
{
    const struct control_host *host = call->ctx;
    struct withdrawal *w = mem_alloc(sizeof *w);

    w->call = call;
    invite_token_hash(call->args.token, w->hash);
    w->invite = (struct store_query){ .op = { .home = host->home, .done = invite_found },
                                      .kind = QUERY_INVITE };
    w->invite.in.invite.token_hash = bytes_of(w->hash, INVITE_HASH_OCTETS);
    store_query(host->store, &w->invite);
}
