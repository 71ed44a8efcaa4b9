/* trio.c: see trio.h. */
#include "test/client/trio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int trio_set_up(void **state)
{
    struct trio *t = mem_alloc(sizeof *t);
    struct world_options options = { .homes = 2 };

    t->world = world_new(&options);
    assert_true(world_config(t->world, STR("policy.e2ee"), STR("required")));
    assert_true(world_account(t->world, STR("alice"), STR("secret"), SCRAM_ITERATIONS_MIN));
    assert_true(world_account(t->world, STR("bob"), STR("secret"), SCRAM_ITERATIONS_MIN));
    handset_init(&t->alice, t->world, "alice@sotto.test", 1);
    handset_init(&t->alice2, t->world, "alice@sotto.test", 2);
    handset_init(&t->bob, t->world, "bob@sotto.test", 3);
    *state = t;
    return 0;
}

int trio_set_up_contacts(void **state)
{
    struct trio *t;

    trio_set_up(state);
    t = *state;
    assert_true(world_roster(t->world, STR("alice"),
                             STR("<item jid='bob@sotto.test' subscription='both'/>")));
    assert_true(world_roster(t->world, STR("bob"),
                             STR("<item jid='alice@sotto.test' subscription='both'/>")));
    return 0;
}

int trio_tear_down(void **state)
{
    struct trio *t = *state;
    const char *why = NULL;
    bool clean;

    handset_deinit(&t->alice);
    handset_deinit(&t->alice2);
    handset_deinit(&t->bob);
    clean = world_free(t->world, &why);
    arena_deinit(&t->arena);
    mem_free(t);
    if (!clean)
        print_error("%s\n", why);
    return clean ? 0 : -1;
}

void trio_run(struct trio *t)
{
    struct handset *const all[] = { &t->alice, &t->alice2, &t->bob };

    handsets_run(all, COUNT_OF(all));
}

struct jid trio_jid(struct trio *t, const char *text)
{
    struct jid out;

    assert_int_equal(jid_parse(&t->arena, str_from(text), &out), ERR_NONE);
    return out;
}
