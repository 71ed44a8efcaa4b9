/* test_view.c: the cached record of an account: loading, rows, contacts, blocks, repeated origins. */
#include "test/unit/check.h"

#include <string.h>

#include "server/view.h"

enum { ACCOUNT = 7 };

static struct view *loaded_view(const struct account_record *record)
{
    struct view *v = mem_alloc(sizeof *v);

    view_init(v, STR("alice@sotto.test"), (const uint64_t[2]){ 1, 2 });
    view_load(v, record);
    return v;
}

static void free_view(struct view *v)
{
    view_deinit(v);
    mem_free(v);
}

static struct view *empty_view(void)
{
    return loaded_view(&(struct account_record){ .id = ACCOUNT });
}

/* Texts that are gone after the call, as those of a stanza are. */
static void apply(struct view *v, struct row row, char *text)
{
    row.account = row.account ? row.account : ACCOUNT;
    view_apply(v, &row);
    if (text != NULL)
        memset(text, 'x', strlen(text));
}

/* ---- Contacts -------------------------------------------------------------------------------------- */

static const struct {
    enum subscription subscription;
    bool sees_us, sees_them;
} subscriptions[] = {
    { SUB_NONE, false, false },
    { SUB_TO, false, true },
    { SUB_FROM, true, false },
    { SUB_BOTH, true, true },
};

static void test_subscriptions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(subscriptions); i++) {
        struct roster_item item = { .jid = STR("bob@sotto.test"),
                                    .subscription = subscriptions[i].subscription };
        struct view *v = loaded_view(
            &(struct account_record){ .id = ACCOUNT, .roster = &item, .roster_count = 1 });

        assert_int_equal(view_sees_us(v, STR("bob@sotto.test")), subscriptions[i].sees_us);
        assert_int_equal(view_sees_them(v, STR("bob@sotto.test")), subscriptions[i].sees_them);
        assert_false(view_sees_us(v, STR("bob@sotto.test/x")));
        assert_false(view_sees_them(v, STR("carol@sotto.test")));
        assert_null(view_contact(v, STR("carol@sotto.test")));
        free_view(v);
    }
}

static void test_items_are_copied(void **state)
{
    char jid[] = "bob@sotto.test", name[] = "Bob", group[] = "Friends";
    struct str groups[] = { str_from(group), STR("Work") };
    struct view *v = empty_view();
    const struct roster_item *item;

    (void)state;
    apply(v,
          (struct row){ .kind = ROW_ROSTER,
                        .roster = { .jid = str_from(jid),
                                    .name = str_from(name),
                                    .subscription = SUB_TO,
                                    .groups = groups,
                                    .group_count = COUNT_OF(groups),
                                    .version = 5 } },
          jid);
    memset(name, 'x', strlen(name));
    memset(group, 'x', strlen(group));
    item = view_contact(v, STR("bob@sotto.test"));
    assert_non_null(item);
    check_str("jid", item->jid, "bob@sotto.test");
    check_str("name", item->name, "Bob");
    assert_int_equal(item->group_count, 2);
    check_str("group", item->groups[0], "Friends");
    check_str("group", item->groups[1], "Work");
    assert_int_equal(v->roster_version, 5);
    free_view(v);
}

static void test_rows_of_rosters(void **state)
{
    struct view *v = empty_view();

    (void)state;
    apply(v,
          (struct row){ .kind = ROW_ROSTER,
                        .roster = { .jid = STR("bob@sotto.test"), .version = 1 } },
          NULL);
    apply(v,
          (struct row){
              .kind = ROW_ROSTER,
              .roster = { .jid = STR("bob@sotto.test"), .subscription = SUB_FROM, .version = 2 } },
          NULL);
    assert_int_equal(v->roster.n, 1);
    assert_true(view_sees_us(v, STR("bob@sotto.test")));
    apply(v,
          (struct row){ .account = ACCOUNT + 1,
                        .kind = ROW_ROSTER_GONE,
                        .roster = { .jid = STR("bob@sotto.test"), .version = 3 } },
          NULL);
    assert_int_equal(v->roster_version, 2); /* that was another account's */
    apply(v,
          (struct row){ .kind = ROW_ROSTER_GONE,
                        .roster = { .jid = STR("bob@sotto.test"), .version = 3 } },
          NULL);
    assert_int_equal(v->roster.n, 0);
    assert_int_equal(v->roster_version, 3);
    free_view(v);
}

/* ---- Blocks ---------------------------------------------------------------------------------------- */

static const struct {
    const char *blocked, *jid;
    bool hit;
} blocks[] = {
    /* XEP-0191 §6 */
    { "bob@sotto.test/phone", "bob@sotto.test/phone", true },
    { "bob@sotto.test/phone", "bob@sotto.test/desk", false },
    { "bob@sotto.test/phone", "bob@sotto.test", false },
    { "bob@sotto.test", "bob@sotto.test", true },
    { "bob@sotto.test", "bob@sotto.test/phone", true },
    { "bob@sotto.test", "bobby@sotto.test", false },
    { "bob@sotto.test", "sotto.test", false },
    { "evil.test", "evil.test", true },
    { "evil.test", "mallory@evil.test", true },
    { "evil.test", "mallory@evil.test/x", true },
    { "evil.test", "mallory@very.evil.test", false },
    { "evil.test/x", "evil.test/x", true },
    { "evil.test/x", "mallory@evil.test/x", true },
    { "evil.test/x", "mallory@evil.test/y", false },
};

static void test_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        struct arena a = { 0 };
        struct str blocked = str_from(blocks[i].blocked);
        struct view *v = loaded_view(
            &(struct account_record){ .id = ACCOUNT, .blocks = &blocked, .block_count = 1 });
        struct jid j;

        assert_int_equal(jid_parse(&a, str_from(blocks[i].jid), &j), ERR_NONE);
        if (view_blocks(v, &j) != blocks[i].hit)
            fail_msg("%s against %s", blocks[i].blocked, blocks[i].jid);
        apply(v, (struct row){ .kind = ROW_BLOCK_GONE, .block = { blocked } }, NULL);
        assert_false(view_blocks(v, &j));
        free_view(v);
        arena_deinit(&a);
    }
}

static void test_all_blocks_go(void **state)
{
    char jid[] = "bob@sotto.test";
    struct view *v = empty_view();

    (void)state;
    apply(v, (struct row){ .kind = ROW_BLOCK, .block = { str_from(jid) } }, jid);
    apply(v, (struct row){ .kind = ROW_BLOCK, .block = { STR("carol@sotto.test") } }, NULL);
    apply(v, (struct row){ .kind = ROW_BLOCK, .block = { STR("carol@sotto.test") } }, NULL);
    assert_int_equal(v->blocks.n, 2);
    assert_non_null(map_get(&v->blocks, STR("bob@sotto.test")));
    apply(v, (struct row){ .kind = ROW_BLOCK_GONE }, NULL);
    assert_int_equal(v->blocks.n, 0);
    free_view(v);
}

/* ---- The rest -------------------------------------------------------------------------------------- */

static void test_nodes(void **state)
{
    char name[] = "urn:x", groups[] = "a\nb";
    struct view *v = empty_view();
    const struct pep_node *node;

    (void)state;
    apply(v,
          (struct row){ .kind = ROW_PEP_NODE,
                        .pep_node = { str_from(name),
                                      { .access = PEP_ROSTER, .groups = str_from(groups) } } },
          name);
    memset(groups, 'x', strlen(groups));
    node = map_get(&v->pep_nodes, STR("urn:x"));
    assert_non_null(node);
    assert_int_equal(node->config.access, PEP_ROSTER);
    check_str("groups", node->config.groups, "a\nb");
    apply(v, (struct row){ .kind = ROW_PEP_NODE_GONE, .pep_node = { .name = STR("urn:x") } }, NULL);
    assert_null(map_get(&v->pep_nodes, STR("urn:x")));
    free_view(v);
}

static void test_cursor_never_goes_back(void **state)
{
    struct view *v = loaded_view(&(struct account_record){ .id = ACCOUNT, .cursor = 10 });

    (void)state;
    apply(v, (struct row){ .kind = ROW_CURSOR, .entry = { .seq = 12 } }, NULL);
    apply(v, (struct row){ .kind = ROW_CURSOR, .entry = { .seq = 11 } }, NULL);
    assert_int_equal(v->cursor, 12);
    free_view(v);
}

static void origin_of(uint8_t origin[16], unsigned n)
{
    memset(origin, 0xa5, 16);
    memcpy(origin, &n, sizeof n);
}

static void test_origins(void **state)
{
    uint8_t origin[16], first[1][16];
    struct view *v;

    (void)state;
    origin_of(first[0], 1);
    v = loaded_view(&(struct account_record){
        .id = ACCOUNT, .origins = (const uint8_t(*)[16])first, .origin_count = 1 });
    origin_of(origin, 1);
    assert_true(view_repeats(v, origin)); /* what the store remembers counts */
    for (unsigned n = 2; n <= RECENT_ORIGINS; n++) {
        origin_of(origin, n);
        assert_false(view_repeats(v, origin));
        assert_true(view_repeats(v, origin));
    }
    origin_of(origin, 1);
    assert_true(view_repeats(v, origin));
    origin_of(origin, RECENT_ORIGINS + 1); /* takes the place of the oldest */
    assert_false(view_repeats(v, origin));
    origin_of(origin, 1);
    assert_false(view_repeats(v, origin));
    free_view(v);
}

/* ---- Hashes ---------------------------------------------------------------------------------------- */

static uint64_t only_hash(const struct map *m)
{
    struct map_slot slot = { 0 };
    size_t at = 0;

    assert_int_equal(m->n, 1);
    assert_true(map_next(m, &at, &slot));
    return slot.hash;
}

/* Peers choose these keys: they must not be able to choose the places. */
static void test_hashes_are_keyed(void **state)
{
    static const uint64_t seeds[2][2] = { { 1, 2 }, { 1, 3 } };
    struct str address = STR("bob@sotto.test");
    struct roster_item item = { .jid = address };
    struct pep_node node = { .name = address };
    const struct account_record record = { .id = ACCOUNT,
                                           .roster = &item,
                                           .roster_count = 1,
                                           .blocks = &address,
                                           .block_count = 1,
                                           .pep_nodes = &node,
                                           .pep_count = 1,
                                           .written = &address,
                                           .written_count = 1 };
    struct view views[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        view_init(&views[i], STR("alice@sotto.test"), seeds[i]);
        view_load(&views[i], &record);
        view_reload(&views[i], &record); /* the key stays */
        assert_memory_equal(views[i].seed, seeds[i], sizeof seeds[i]);
        assert_true(view_has_written(&views[i], address));
        assert_false(view_has_written(&views[i], STR("carol@sotto.test")));
        assert_true(only_hash(&views[i].roster) == map_hash(seeds[i], address));
    }
    assert_true(only_hash(&views[0].roster) != only_hash(&views[1].roster));
    assert_true(only_hash(&views[0].blocks) != only_hash(&views[1].blocks));
    assert_true(only_hash(&views[0].pep_nodes) != only_hash(&views[1].pep_nodes));
    assert_true(views[0].written[0] != views[1].written[0]);
    view_deinit(&views[0]);
    view_deinit(&views[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subscriptions),          cmocka_unit_test(test_items_are_copied),
        cmocka_unit_test(test_rows_of_rosters),        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_all_blocks_go),          cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_cursor_never_goes_back), cmocka_unit_test(test_origins),
        cmocka_unit_test(test_hashes_are_keyed),
    };

    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
