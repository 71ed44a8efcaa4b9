/* registration.c: names, keys and rows of a new account. */
#include "server/registration.h"

#include <string.h>

#include "xmpp/jid.h"
#include "xmpp/ns.h"
#include "xmpp/stanza.h"

static const enum hash hashes[HASH_COUNT] = { HASH_SHA1, HASH_SHA256, HASH_SHA512 };

void invite_token_hash(struct str token, uint8_t out[HASH_SIZE_MAX])
{
    hash_digest(HASH_SHA256, bytes_of_str(token), out);
}

bool invite_is_good(const struct invite_record *i, struct str domain, uint64_t now_ms)
{
    return i->account && !i->used && i->expires_ms > now_ms
           && (domain.n == 0 || str_eq(i->domain, domain));
}

/* Mail to some of these proves a domain's owner to others; the rest sound like whoever runs the server. */
static bool is_role(struct str local)
{
    static const char *const roles[] = {
        "abuse",     "admin",   "administrator", "anonymous",  "help", "hostmaster", "info",
        "moderator", "noreply", "operator",      "postmaster", "root", "security",   "server",
        "sotto",     "support", "system",        "webmaster",  "xmpp",
    };

    for (size_t i = 0; i < COUNT_OF(roles); i++)
        if (str_is(local, roles[i]))
            return true;
    return false;
}

enum err registration_name(struct arena *a, struct str text, struct str *out_local)
{
    struct str local;

    if (text.n > NAME_MAX_OCTETS)
        return ERR_TOO_BIG;
    if (jid_prepare_local(a, text, &local) != ERR_NONE || local.n == 0)
        return ERR_MALFORMED;
    if (is_role(local))
        return ERR_DENIED;
    *out_local = local;
    return ERR_NONE;
}

void registration_init(struct registration *r, const struct settings *s,
                       const struct random *random, struct str password)
{
    char *copy = mem_alloc_raw(password.n);

    *r = (struct registration){ .iterations = s->scram_iterations };
    memcpy(copy, password.p, password.n);
    r->password = (struct str){ copy, password.n };
    random_fill(random, r->salts, sizeof r->salts);
}

static void forget_password(struct registration *r)
{
    secure_zero((char *)r->password.p, r->password.n);
    mem_free((char *)r->password.p);
    r->password = STR_NONE;
}

void registration_deinit(struct registration *r)
{
    forget_password(r);
    arena_deinit(&r->set.op.arena);
    secure_zero(r, sizeof *r);
}

void registration_derive(void *registration)
{
    struct registration *r = registration;

    for (size_t i = 0; i < HASH_COUNT; i++)
        scram_derive(hashes[i], r->password, bytes_of(r->salts[i], SCRAM_SALT_OCTETS),
                     r->iterations, &r->keys[i]);
}

/* The account asks to see its inviter and lets itself be seen (RFC 6121 §3.4); the inviter's home knows the token for one of
 * its own and answers both (subscription.c). A server that dies in between leaves the request to the client. */
static void introduce(struct registration *r, struct str self, const struct ticket *ticket,
                      uint64_t now_ms)
{
    struct arena *a = &r->set.op.arena;

    write_set_add(&r->set, ROW_ROSTER, 0)->roster = (struct roster_item){
        .jid = arena_str(a, ticket->inviter),
        .ask = true,
        .approved = true,
        .listed = true,
        .version = now_ms,
    };
    r->introduction = stanza_new(a, STANZA_PRESENCE, "subscribe", self, ticket->inviter, STR_NONE);
    xml_set(a, xml_add(a, r->introduction, STR(NS_PARS), STR("preauth")), STR("token"),
            ticket->token);
}

void registration_fill(struct registration *r, struct str local, struct str domain,
                       const struct ticket *ticket, uint64_t now_ms)
{
    struct arena *a = &r->set.op.arena;
    struct row *row;

    if (ticket->token_hash.n > 0) {
        row = write_set_add(&r->set, ROW_INVITE_USED, 0);
        row->invite.invite.token_hash = arena_bytes(a, ticket->token_hash);
        row->invite.now_ms = now_ms;
    }
    row = write_set_add(&r->set, ROW_ACCOUNT_NEW, 0);
    row->account_new.local = arena_str(a, local);
    row->account_new.domain = arena_str(a, domain);
    row->account_new.created_ms = now_ms;
    for (size_t i = 0; i < HASH_COUNT; i++) {
        row = write_set_add(&r->set, ROW_CREDENTIAL, 0);
        row->credential.keys = r->keys[i];
    }
    if (ticket->inviter.n > 0)
        introduce(r, arena_printf(a, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain)), ticket, now_ms);
}
