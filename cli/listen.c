/* listen.c: `sotto listen`: what others wrote, each thing once, also what came while another command was connected.
 *
 * It prints from the store, and notes there how far it has come after each line: a listener that is killed prints its last line again
 * rather than none, and what could not be printed is not passed over.
 */
#include <stdio.h>

#include "cli/account.h"
#include "cli/call_event.h"
#include "cli/commands.h"
#include "cli/deeds.h"
#include "cli/requests.h"
#include "io/output.h"

enum { COUNT_MAX = 1000 * 1000 * 1000, BATCH = 100 };

#define HEARD "heard" /* the setting that holds the number of the last entry that was printed */

struct listening {
    struct account account;
    uint64_t heard, left; /* left: messages to print; UINT64_MAX: all */
    bool counts, told_waiting, was_online;
};

/* ---- Printing ------------------------------------------------------------------------------------ */

static bool is_of_others(const struct entry *e)
{
    return !e->outgoing && e->kind != ENTRY_SENT && e->kind != ENTRY_FAILED;
}

static void hear(void *ctx, uint64_t number, const struct entry *e)
{
    struct listening *l = ctx;

    bool told;

    if (l->left == 0 || !output_arrived())
        return;
    told = is_of_others(e) && program_tell_entry(l->account.program, l->account.bare, e);
    if (!output_arrived())
        return; /* it waits for the next listener */
    l->heard = number;
    if (told && e->kind == ENTRY_MESSAGE && l->counts)
        l->left--;
}

/* main() says why. */
static void end_if_unheard(struct listening *l)
{
    if (!output_arrived())
        account_end(&l->account, STATUS_FAILED);
}

static void keep_place(struct listening *l)
{
    struct account *a = &l->account;
    struct arena scratch = { 0 };

    if (store_set(a->store, HEARD, arena_printf(&scratch, "%llu", (unsigned long long)l->heard))
        != ERR_NONE)
        account_end(a, program_store_failed(a->program));
    arena_deinit(&scratch);
}

static void on_stored(void *ctx)
{
    struct listening *l = ctx;
    uint64_t before;
    enum err e;

    do {
        before = l->heard;
        e = store_later(l->account.store, l->heard, BATCH, hear, l);
        if (l->heard != before)
            keep_place(l);
    } while (e == ERR_NONE && l->heard != before && l->left > 0);
    if (e != ERR_NONE)
        account_end(&l->account, program_fail(l->account.program, STATUS_FAILED, "store",
                                              STR("the store cannot be read: it is damaged")));
    else if (l->left == 0)
        account_end(&l->account, STATUS_DONE);
    end_if_unheard(l);
}

/* ---- The rest ------------------------------------------------------------------------------------ */

/* Of one person; of nobody: all whose messages wait. */
static void tell_requests(struct listening *l, struct str of)
{
    struct account *a = &l->account;
    struct message_request r;

    for (size_t cursor = 0; engine_next_request(session_engine(a->session), &cursor, &r);)
        if (of.n > 0 ? str_eq(r.jid, of) : r.held)
            request_tell(a, &r);
}

/* What waits for the person is said each time, until it is answered. */
static void tell_waiting(struct listening *l)
{
    struct account *a = &l->account;
    struct engine_event e = { .kind = ENGINE_CONTACT, .change = CONTACT_ASKS };
    struct contact contact;

    if (l->told_waiting)
        return;
    l->told_waiting = true;
    for (size_t cursor = 0; engine_next_contact(session_engine(a->session), &cursor, &contact);) {
        e.entry.author = contact.jid;
        if (contact.asks)
            deed_tell(a->program, &e);
    }
    tell_requests(l, STR_NONE);
}

static void on_event(void *ctx, const struct engine_event *e)
{
    struct listening *l = ctx;
    struct account *a = &l->account;

    switch (e->kind) {
    case ENGINE_ONLINE:
        l->was_online = true;
        program_tell(a->program, json_pack("{s:s}", "event", "online"));
        tell_waiting(l);
        break;
    case ENGINE_CONTACT: deed_tell(a->program, e); break;
    case ENGINE_REQUEST: tell_requests(l, e->entry.author); break;
    case ENGINE_CALL: call_event_say(a->program, a->bare, e); break;
    case ENGINE_ERASED:
        program_tell(a->program, json_pack("{s:s,s:o,s:o}", "event", "erased", "from",
                                           json_of(e->entry.author), "id", json_of(e->entry.id)));
        break;
    case ENGINE_TYPING:
        program_tell(a->program, json_pack("{s:s,s:o,s:b}", "event", "typing", "from",
                                           json_of(e->entry.author), "on", (int)e->on));
        break;
    case ENGINE_DEVICE: break; /* an entry, too, which is printed from the store */
    case ENGINE_TRUST:
        program_tell(a->program, json_pack("{s:s,s:o,s:o,s:b}", "event", "trust", "from",
                                           json_of(e->entry.author), "fingerprint",
                                           json_of(e->text), "on", (int)e->on));
        break;
    default: (void)account_over(a, e); break;
    }
    end_if_unheard(l);
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct listening *l = ctx;

    (void)distrusted; /* perhaps this network's doing; the next one may be another */
    fprintf(stderr, "sotto: %.*s; trying again\n", STR_ARG(why));
    program_tell(l->account.program,
                 json_pack("{s:s,s:o}", "event", "offline", "reason", json_of(why)));
    end_if_unheard(l);
}

static void on_timeout(void *ctx)
{
    struct listening *l = ctx;
    struct account *a = &l->account;

    if (!l->was_online)
        account_end(a, program_fail(a->program, STATUS_UNREACHABLE, "unreachable",
                                    STR("there was no connection to the server")));
    else
        account_end(a, l->counts ? STATUS_TIMEOUT : STATUS_DONE);
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .stored = on_stored,
                                                  .lost = on_lost };

static void recall_place(struct listening *l)
{
    struct str text;

    if (store_setting(l->account.store, HEARD, &l->account.arena, &text) != ERR_NONE
        || str_to_u64(text, INT64_MAX, &l->heard) != ERR_NONE)
        l->heard = 0;
}

static int listen_to(struct listening *l)
{
    struct account *a = &l->account;
    int status;

    if ((status = account_open(a)) != STATUS_DONE)
        return status;
    recall_place(l);
    a->takes_calls = true;
    a->has_guests = true;
    if ((status = account_begin(a, &handlers, l)) != STATUS_DONE)
        return status;
    if ((status = account_limit(a, 0, on_timeout)) != STATUS_DONE)
        return status;
    a->interrupted = STATUS_DONE;
    return account_run(a);
}

int command_listen(struct program *p)
{
    struct listening l = { .left = UINT64_MAX, .counts = p->count != NULL };
    int status;

    if (l.counts && (str_to_u64(str_from(p->count), COUNT_MAX, &l.left) != ERR_NONE || l.left == 0))
        return program_fail(p, STATUS_USAGE, "usage", STR("--count wants a number of messages"));
    account_init(&l.account, p);
    status = listen_to(&l);
    account_deinit(&l.account);
    return status;
}
