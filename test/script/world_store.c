/* world_store.c: the world's store, and what scripts put there: accounts, contacts, faults. */
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
        .url = w->options.store.n > 0 ? w->options.store : STR("sqlite::memory:"),
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
static void derive(struct scram_keys *out, enum hash hash, struct str password, uint32_t iterations)
{
    static const uint8_t salt[SCRAM_SALT_OCTETS] = { 's', 'a', 'l', 't' };

    scram_derive(hash, password, bytes_of(salt, sizeof salt), iterations, out);
}

bool world_account(struct world *w, struct str name, struct str password, uint32_t iterations)
{
    struct write_set set = { 0 };
    struct row *row = write_set_add(&set, ROW_ACCOUNT_NEW, 0);
    int64_t *id = ARENA_NEW(&w->arena, int64_t);
    struct str domain = name;
    bool made;

    row->account_new.local = str_split(&domain, '@');
    row->account_new.domain = domain.p != NULL ? domain : w->settings.domains[0];
    row->account_new.created_ms = w->now_ms;
    for (int h = HASH_SHA1; h <= HASH_SHA512 && password.n > 0; h++)
        derive(&write_set_add(&set, ROW_CREDENTIAL, 0)->credential.keys, (enum hash)h, password,
               iterations);
    made = commit(w, &set) == ERR_NONE;
    *id = row->account;
    if (made)
        map_put(&w->accounts, arena_str(&w->arena, name), id);
    arena_deinit(&set.op.arena);
    return made;
}

/* One more password of an account that has one; nobody knows it. */
bool world_grant(struct world *w, struct str name, struct str id, uint32_t iterations)
{
    struct write_set set = { 0 };
    const int64_t *account = map_get(&w->accounts, name);
    struct row *row = write_set_add(&set, ROW_GRANT, account ? *account : 0);
    bool made;

    row->grant.device = (struct device_record){ .resource = id, .granted = true };
    for (int h = HASH_SHA1; h <= HASH_SHA512; h++)
        derive(&row->grant.keys[h], (enum hash)h, id, iterations);
    made = commit(w, &set) == ERR_NONE;
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

/* "ACCOUNT allow JID", "ACCOUNT suspend UNTIL". */
bool world_call_rule(struct world *w, struct str rule)
{
    struct write_set set = { 0 };
    struct str argument = rule, owner = str_split(&argument, ' ');
    struct str verb = str_split(&argument, ' ');
    const int64_t *id = map_get(&w->accounts, owner);
    bool allows = str_is(verb, "allow"), done;
    struct row *row;

    if (id == NULL || argument.n == 0 || !(allows || str_is(verb, "suspend")))
        return false;
    row = write_set_add(&set, ROW_DOCUMENT, *id);
    row->document.kind = DOC_CALL_RULE;
    row->document.key = allows ? argument : STR("");
    row->document.value = allows ? STR("1") : argument;
    done = commit(w, &set) == ERR_NONE;
    arena_deinit(&set.op.arena);
    return done;
}
