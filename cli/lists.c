/* lists.c: `sotto contacts` and `sotto devices`: what the server knows now. */
#include <stdio.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/visible.h"
#include "client/contacts.h"
#include "client/ours.h"

enum { PATIENCE_S = 60 };

struct listing {
    struct account account;
    void (*print)(struct account *a, struct engine *c);
};

/* ---- What is listed ------------------------------------------------------------------------------ */

static void print_contacts(struct account *a, struct engine *c)
{
    static const char *const subscriptions[] = { "none", "to", "from", "both" };
    struct contact contact;

    for (size_t cursor = 0; engine_next_contact(c, &cursor, &contact);) {
        struct str jid = visible_line(&a->arena, contact.jid);
        struct str name = visible_line(&a->arena, contact.name);

        if (a->program->json)
            program_tell(a->program, json_pack("{s:s,s:o,s:o,s:s,s:b}", "event", "contact", "jid",
                                               json_of(contact.jid), "name", json_of(contact.name),
                                               "subscription", subscriptions[contact.subscription],
                                               "asked", contact.asked));
        else
            printf("%.*s%s%.*s\n", STR_ARG(jid), name.n > 0 ? "  " : "", STR_ARG(name));
    }
}

static void print_devices(struct account *a, struct engine *c)
{
    const struct own_device *list;
    size_t n = engine_own_devices(c, &a->arena, &list);

    for (size_t i = 0; i < n; i++) {
        const struct own_device *d = &list[i];

        if (a->program->json)
            program_tell(a->program, json_pack("{s:s,s:I,s:o,s:b,s:b,s:b}", "event", "own-device",
                                               "id", (json_int_t)d->id, "fingerprint",
                                               json_of(d->fingerprint), "this", d->is_this,
                                               "omemo:0.3", d->speaks_03, "omemo:2", d->speaks_2));
        else
            printf(
                "%10u  %.*s%s\n", (unsigned)d->id,
                STR_ARG(d->fingerprint.n > 0 ? d->fingerprint : STR("(fingerprint not known yet)")),
                d->is_this ? "  this device" : "");
    }
}

/* ---- Being there --------------------------------------------------------------------------------- */

static void on_event(void *ctx, const struct engine_event *e)
{
    struct account *a = &((struct listing *)ctx)->account;

    if (e->kind == ENGINE_OFFLINE && e->refused)
        account_end(
            a, program_fail(a->program, STATUS_FAILED, "refused", account_refusal(&a->arena, e)));
    else if (e->kind == ENGINE_BROKEN)
        account_end(a, program_fail(a->program, STATUS_FAILED, "store",
                                    STR("the store cannot be written: is the disk full?")));
}

static void on_settled(void *ctx)
{
    struct listing *l = ctx;

    l->print(&l->account, session_engine(l->account.session));
    account_end(&l->account, STATUS_DONE);
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct account *a = &((struct listing *)ctx)->account;
    int status = distrusted ? STATUS_FAILED : STATUS_UNREACHABLE;

    account_end(a,
                program_fail(a->program, status, distrusted ? "distrusted" : "unreachable", why));
}

static void on_timeout(void *ctx)
{
    struct account *a = &((struct listing *)ctx)->account;

    account_end(a, program_fail(a->program, STATUS_TIMEOUT, "timeout",
                                STR("the server took too long to answer")));
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .settled = on_settled,
                                                  .lost = on_lost };

static int list(struct listing *l)
{
    struct account *a = &l->account;
    int status;

    if ((status = account_open(a)) != STATUS_DONE)
        return status;
    if ((status = account_begin(a, &handlers, l)) != STATUS_DONE)
        return status;
    if ((status = account_limit(a, PATIENCE_S, on_timeout)) != STATUS_DONE)
        return status;
    return account_run(a);
}

static int listed(struct program *p, void (*print)(struct account *a, struct engine *c))
{
    struct listing l = { .print = print };
    int status;

    account_init(&l.account, p);
    status = list(&l);
    account_deinit(&l.account);
    return status;
}

int command_contacts(struct program *p)
{
    return listed(p, print_contacts);
}

int command_devices(struct program *p)
{
    return listed(p, print_devices);
}
