/* trust.c: `sotto trust` and `sotto verify`: the keys of a contact's devices, and what the person thinks of them. Without a
 * connection, but for safety numbers (compare_number.c): what waits for a decision leaves with the next one.
 */
#include <stdio.h>
#include <string.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/guests.h"
#include "cli/trust.h"
#include "client/compare.h"
#include "omemo/identity.h"

struct deciding {
    struct account account;
    struct engine *engine;
    struct str who; /* bare JID */
};

static const char *const names[] = { "undecided", "trusted", "verified", "distrusted" };

static void print_key(const struct program *p, const struct engine_key_info *k)
{
    struct identity_key key = { 0 };
    struct arena a = { 0 };
    struct str fingerprint;

    memcpy(key.curve, k->curve, sizeof k->curve);
    fingerprint = identity_fingerprint(&a, &key);
    if (p->json)
        program_tell(p, json_pack("{s:s,s:o,s:I,s:o,s:s}", "event", "key", "jid",
                                  json_of(k->account), "id", (json_int_t)k->device, "fingerprint",
                                  json_of(fingerprint), "trust", names[k->trust]));
    else
        fprintf(p->out, "%10u  %.*s  %s\n", (unsigned)k->device, STR_ARG(fingerprint),
                names[k->trust]);
    arena_deinit(&a);
}

void trust_print_keys(const struct program *p, const struct engine *engine, struct str bare)
{
    struct engine_key_info k;

    for (size_t cursor = 0; engine_next_key(engine, &cursor, &k);)
        if (str_eq(k.account, bare))
            print_key(p, &k);
}

/* What the engine changed, to the disk. */
static int keep(struct deciding *d)
{
    struct account *a = &d->account;
    const struct book_changes *changes;

    if (a->session != NULL)
        return STATUS_DONE; /* its host puts it there, before this ends (guests.h) */
    while ((changes = engine_commit(d->engine)) != NULL) {
        if (store_commit(a->store, changes) != ERR_NONE)
            return program_store_failed(a->program);
        engine_committed(d->engine, true);
    }
    return STATUS_DONE;
}

/* The text of a code that they show on a screen, or have sent by another way. */
static int decide_by_code(struct deciding *d)
{
    struct program *p = d->account.program;
    struct jid who;
    size_t count;

    if (jid_parse(&p->arena, d->who, &who) != ERR_NONE)
        return STATUS_USAGE; /* it was one a moment ago */
    switch (engine_scanned(d->engine, &who, str_from(p->arguments[1]), &count)) {
    case ERR_NONE: return keep(d);
    case ERR_CONFLICT:
        return program_fail(p, STATUS_FAILED, "mismatch",
                            STR("THE CODE DOES NOT FIT: it names another account, or a device that "
                                "was never met. Trust nothing until you know why"));
    default:
        return program_fail(p, STATUS_USAGE, "usage", STR("this is no code of a contact's keys"));
    }
}

static int decide(struct deciding *d, enum trust_action action)
{
    struct program *p = d->account.program;
    struct str fingerprint = str_from(p->arguments[1]);

    if (action == TRUST_VERIFY && str_starts(fingerprint, STR("xmpp:")))
        return decide_by_code(d);
    if (p->distrust)
        action = TRUST_DISTRUST;
    switch (engine_decide(d->engine, d->who, fingerprint, action)) {
    case ERR_NONE: break;
    case ERR_MISSING:
        return program_fail(
            p, STATUS_FAILED, "unknown-key",
            STR("no device of theirs with this fingerprint is known: compare again, "
                "and do not go on if it stays so"));
    default:
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("a fingerprint is 64 hexadecimal digits, in groups or not"));
    }
    return keep(d);
}

static int load(struct deciding *d)
{
    struct account *a = &d->account;
    struct engine_config about = { .random = &a->program->random };
    int status = account_open(a);

    if (status != STATUS_DONE)
        return status;
    if (a->program->guest != NULL) {
        a->session = guest_host(a->program->guest)->session;
        d->engine = session_engine(a->session);
        return STATUS_DONE;
    }
    about.jid = a->jid;
    d->engine = engine_new(&about);
    if (store_load(a->store, d->engine) != ERR_NONE)
        return program_fail(a->program, STATUS_FAILED, "store",
                            STR("the store cannot be read: it is damaged, or was tampered with"));
    engine_start(d->engine, clock_wall_ms());
    return STATUS_DONE;
}

static int run(struct deciding *d, enum trust_action action)
{
    struct program *p = d->account.program;
    int status = load(d);

    if (status == STATUS_DONE && p->arguments[1] != NULL)
        status = decide(d, action);
    else if (status == STATUS_DONE && p->distrust)
        status = program_fail(p, STATUS_USAGE, "usage", STR("--distrust wants a fingerprint"));
    if (status == STATUS_DONE)
        trust_print_keys(p, d->engine, d->who);
    return status;
}

static int command(struct program *p, enum trust_action action)
{
    struct deciding d = { 0 };
    struct jid jid;
    int status;

    if (jid_parse(&p->arena, str_from(p->arguments[0]), &jid) != ERR_NONE || !jid_is_bare(&jid))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("an address such as alice@example.org is wanted"));
    if (action == TRUST_VERIFY && p->arguments[1] != NULL && p->number)
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("--number shows the number; give it without --number"));
    if (action == TRUST_VERIFY
        && (p->number || (p->arguments[1] != NULL && compare_is_number(str_from(p->arguments[1])))))
        return compare_number(p, &jid);
    if (p->timeout != NULL)
        return program_fail(p, STATUS_USAGE, "usage", STR("--timeout goes with a safety number"));
    account_init(&d.account, p);
    d.who = jid_text(&p->arena, &jid);
    status = run(&d, action);
    if (p->guest == NULL)
        engine_free(d.engine);
    account_deinit(&d.account);
    return status;
}

int command_trust(struct program *p)
{
    return command(p, TRUST_APPROVE);
}

int command_verify(struct program *p)
{
    return command(p, TRUST_VERIFY);
}
