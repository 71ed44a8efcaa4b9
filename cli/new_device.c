/* new_device.c: see new_device.h. */
#include "cli/new_device.h"

struct str new_device_words(struct arena *a, const struct entry *e)
{
    return arena_printf(a, "has a device that is new to you: %.*s%s", STR_ARG(e->text),
                        e->trust == ENTRY_TRUST_UNDECIDED
                            ? " (messages wait until you have decided about it)"
                            : "");
}

void new_device_tell(const struct program *p, struct str own, const struct engine_event *e)
{
    bool is_ours = str_eq(e->entry.author, own);
    struct arena a = { 0 };
    struct str who = is_ours ? STR("your own account") : e->entry.author;
    struct str what =
        arena_printf(&a, "%.*s %.*s", STR_ARG(who), STR_ARG(new_device_words(&a, &e->entry)));

    if (e->on)
        what =
            arena_printf(&a, "%.*s: `sotto trust %.*s`", STR_ARG(what), STR_ARG(e->entry.author));
    else if (is_ours)
        what = arena_printf(&a, "%.*s. If it is not yours: `sotto devices remove %u`",
                            STR_ARG(what), (unsigned)e->entry.device);
    program_warn(p, what);
    if (p->json)
        (void)program_tell_entry(p, own, &e->entry);
    arena_deinit(&a);
}
