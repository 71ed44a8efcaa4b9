/* held.c: see held.h. */
#include "cli/held.h"

struct str held_by(struct account *a, const struct jid *to)
{
    struct str bare = jid_text(&a->arena, to);
    struct engine_key_info k;

    for (size_t cursor = 0; engine_next_key(session_engine(a->session), &cursor, &k);)
        if (k.trust == TRUST_UNDECIDED && (str_eq(k.account, bare) || str_eq(k.account, a->bare)))
            return arena_str(&a->arena, k.account);
    return STR_NONE;
}

int held_fail(struct account *a, struct str by, const char *kept)
{
    return program_fail(
        a->program, STATUS_TIMEOUT, "undecided",
        arena_printf(&a->arena,
                     "not sent yet: a new device of %.*s has a key that you have not decided about "
                     "(`sotto trust %.*s` lists it); %s",
                     STR_ARG(by), STR_ARG(by), kept));
}
