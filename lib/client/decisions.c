/* decisions.c: what the person decides about people (people.h). Each is a wish; wishes.c takes it to the server. */
#include "client/people_inside.h"
#include "xml/chars.h"

enum { NAME_MAX = 512, TOKEN_MAX = 256 };

/* Nobody is a contact of his own: an account sees itself anyway. */
static enum err check(const struct engine *c, const struct jid *jid, struct str text, size_t max)
{
    if (!jid_is_bare(jid) || jid->local.n == 0 || jid_same_account(jid, &c->config.jid)
        || !xml_chars_valid(text))
        return ERR_MALFORMED;
    return text.n <= max ? ERR_NONE : ERR_TOO_BIG;
}

void decided(struct engine *c)
{
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_CONTACTS });
    wishes_work(c);
    engine_end_round(c);
}

bool engine_waits_for(const struct engine *c, struct str jid)
{
    return wish_of(c, jid).wants != 0;
}

/* To see each other: what is not so yet is asked for, or granted. */
static uint32_t wants_both(const struct engine *c, struct str bare)
{
    uint32_t wants = 0;
    struct roster_row row = { 0 };

    (void)contacts_row(c, bare, &row);
    if ((row.contact.subscription & SUBSCRIPTION_TO) == 0)
        wants |= WISH_SUBSCRIBE;
    if ((person_flags(c, bare) & PERSON_ASKS) != 0)
        wants |= WISH_APPROVE;
    else if ((row.contact.subscription & SUBSCRIPTION_FROM) == 0)
        wants |= WISH_PREAPPROVE;
    return wants;
}

static enum err add(struct engine *c, const struct jid *jid, struct str name, struct str token)
{
    struct arena a = { 0 };
    struct wish w = wish_of(c, jid_text(&a, jid));
    struct contact had;
    uint32_t wants = wants_both(c, w.jid);

    if (name.n == 0 && engine_contact(c, w.jid, &had))
        name = arena_str(&a, had.name);
    w.name = name;
    w.token = token;
    w.wants = (w.wants & ~(uint32_t)(WISH_REMOVE | WISH_REFUSE)) | WISH_LIST | wants;
    person_change(c, w.jid, (wants & WISH_PREAPPROVE) != 0 ? PERSON_EXPECTED : 0, PERSON_ASKS);
    wish_decide(c, &w); /* from now on no stranger */
    strangers_release(c, w.jid);
    decided(c);
    arena_deinit(&a);
    return ERR_NONE;
}

/* Whoever wrote may see us from now on; to see them is another question. */
static void accept_stranger(struct engine *c, struct wish *w)
{
    w->wants |= WISH_LIST | (wants_both(c, w->jid) & ~(uint32_t)WISH_SUBSCRIBE);
    w->wants &= ~(uint32_t)(WISH_REMOVE | WISH_REFUSE);
    person_change(c, w->jid, PERSON_EXPECTED, PERSON_ASKS);
    wish_decide(c, w);
    strangers_release(c, w->jid);
}

static void refuse_stranger(struct engine *c, struct wish *w)
{
    strangers_refuse(c, w->jid);
    if ((person_flags(c, w->jid) & PERSON_ASKS) == 0)
        return;
    person_change(c, w->jid, 0, PERSON_ASKS);
    w->wants |= WISH_REFUSE;
    wish_decide(c, w);
}

enum err engine_answer_stranger(struct engine *c, const struct jid *jid, bool accept)
{
    struct arena a = { 0 };
    struct wish w = wish_of(c, jid_text(&a, jid));
    enum err e = check(c, jid, STR_NONE, 0);

    if (e == ERR_NONE
        && (person_flags(c, w.jid) & (PERSON_HELD | PERSON_NEW | PERSON_REFUSED)) == 0)
        e = ERR_MISSING;
    if (e == ERR_NONE) {
        if (accept)
            accept_stranger(c, &w);
        else
            refuse_stranger(c, &w);
        decided(c);
    }
    arena_deinit(&a);
    return e;
}

enum err engine_add_contact(struct engine *c, const struct jid *jid, struct str name)
{
    enum err e = check(c, jid, name, NAME_MAX);

    return e == ERR_NONE ? add(c, jid, name, STR_NONE) : e;
}

enum err engine_add_inviter(struct engine *c, const struct jid *jid, struct str token)
{
    enum err e = check(c, jid, token, TOKEN_MAX);

    return e == ERR_NONE ? add(c, jid, STR_NONE, token) : e;
}

enum err engine_rename_contact(struct engine *c, const struct jid *jid, struct str name)
{
    struct arena a = { 0 };
    struct wish w = wish_of(c, jid_text(&a, jid));
    struct contact contact;
    enum err e = check(c, jid, name, NAME_MAX);

    if (e == ERR_NONE && (!engine_contact(c, w.jid, &contact) || !contact.listed))
        e = ERR_MISSING;
    if (e == ERR_NONE) {
        w.name = name;
        w.wants |= WISH_LIST;
        wish_decide(c, &w);
        decided(c);
    }
    arena_deinit(&a);
    return e;
}

/* RFC 6121 §2.5.1: the server ends both subscriptions with it. */
enum err engine_remove_contact(struct engine *c, const struct jid *jid)
{
    struct arena a = { 0 };
    struct wish w = { .jid = jid_text(&a, jid), .wants = WISH_REMOVE };
    struct contact contact;
    enum err e = check(c, jid, STR_NONE, 0);

    if (e == ERR_NONE && (!engine_contact(c, w.jid, &contact) || !contact.listed))
        e = ERR_MISSING;
    if (e == ERR_NONE) {
        person_change(c, w.jid, 0, PERSON_ASKS | PERSON_EXPECTED);
        wish_decide(c, &w);
        decided(c);
    }
    arena_deinit(&a);
    return e;
}

enum err engine_answer(struct engine *c, const struct jid *jid, bool accept)
{
    struct arena a = { 0 };
    struct wish w = wish_of(c, jid_text(&a, jid));
    enum err e = check(c, jid, STR_NONE, 0);

    if (e == ERR_NONE && (person_flags(c, w.jid) & PERSON_ASKS) == 0)
        e = ERR_MISSING;
    if (e == ERR_NONE) {
        w.wants |= accept ? wants_both(c, w.jid) : WISH_REFUSE;
        w.wants &= ~(uint32_t)(accept ? WISH_REFUSE : WISH_APPROVE | WISH_PREAPPROVE);
        person_change(c, w.jid, 0, PERSON_ASKS);
        wish_decide(c, &w);
        decided(c);
    }
    arena_deinit(&a);
    return e;
}
