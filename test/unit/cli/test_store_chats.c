/* test_store_chats.c: chats and what is in them: in order, by pages, listed, searched. */
#include "test/unit/cli/kept.h"

#include <stdio.h>
#include <string.h>

static void hear_numbered(void *ctx, uint64_t number, const struct entry *e)
{
    assert_true(number > ((struct heard *)ctx)->number);
    hear(ctx, number, e);
}

static void check_later(struct store *s, uint64_t after, size_t limit, const char *want)
{
    struct heard h = { .number = after };

    assert_int_equal(store_later(s, after, limit, hear_numbered, &h), ERR_NONE);
    assert_string_equal(h.text, want);
}

/* Numbers of coming: two 1, three 2, hidden 3, one 4, got 5. */
static const struct {
    const char *chat;
    uint64_t number;
    enum store_side side;
    size_t limit;
    const char *want;
} pages[] = {
    { "bob@b.example", 0, STORE_BEFORE, 10, "one two three got " },
    { "bob@b.example", 0, STORE_BEFORE, 2,
      "two three got " }, /* what is said of them comes along */
    { "bob@b.example", 1, STORE_BEFORE, 2, "one " },
    { "bob@b.example", 4, STORE_BEFORE, 2, "" },
    { "bob@b.example", 0, STORE_AFTER, 2, "one two " },
    { "bob@b.example", 1, STORE_AFTER, 10, "three got " },
    { "bob@b.example", 5, STORE_AFTER, 10, "" },
    { "bob@b.example", 3, STORE_AFTER, 1, "one " }, /* of another chat: from the beginning */
    { "eve@e.example", 0, STORE_BEFORE, 10, "hidden " },
    { "nobody@e.example", 0, STORE_BEFORE, 10, "" },
};

static void test_timeline(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct book b;

    book_init(&b, NULL);
    write_entry(&b, 2000, "bob@b.example", ENTRY_MESSAGE, "two");
    write_entry(&b, 3000, "bob@b.example", ENTRY_MESSAGE, "three");
    write_entry(&b, 1500, "eve@e.example", ENTRY_MESSAGE, "hidden");
    commit(s, &b);
    write_entry(&b, 1000, "bob@b.example", ENTRY_MESSAGE, "one"); /* came late, belongs first */
    write_entry(&b, 3000, "bob@b.example", ENTRY_DELIVERED, "got");
    commit(s, &b);
    store_close(s);
    s = open_store(p, "");
    for (size_t i = 0; i < COUNT_OF(pages); i++)
        check_page(s, pages[i].chat, pages[i].number, pages[i].side, pages[i].limit, pages[i].want);
    check_later(s, 0, 10, "two three hidden one got ");
    check_later(s, 2, 2, "hidden one ");
    check_later(s, 5, 10, "");
    store_close(s);
    book_deinit(&b);
}

/* ---- The list -------------------------------------------------------------------------------------- */

static void test_chats(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct store_chat chat;
    struct book b;

    book_init(&b, NULL);
    check_chats(s, "");
    write_entry(&b, 2000, "bob@b.example", ENTRY_MESSAGE, "two");
    write_entry(&b, 3000, "bob@b.example", ENTRY_MESSAGE, "three");
    write_entry(&b, 2500, "eve@e.example", ENTRY_MESSAGE, "later?");
    write_entry(&b, 4000, "eve@e.example", ENTRY_DELIVERED, "");
    commit(s, &b);
    check_chats(s, "bob@b.example 'three' 2 ''; eve@e.example 'later?' 1 ''; ");
    assert_int_equal(store_set_read(s, STR("bob@b.example"), 2), ERR_NONE);
    assert_int_equal(store_set_read(s, STR("bob@b.example"), 1), ERR_NONE); /* stays read */
    assert_int_equal(store_set_draft(s, STR("eve@e.example"), STR("No, no")), ERR_NONE);
    assert_int_equal(store_set_draft(s, STR("new@e.example"), STR("Hello")), ERR_NONE);
    store_close(s);
    s = open_store(p, "");
    check_chats(s, "bob@b.example 'three' 0 ''; eve@e.example 'later?' 1 'No, no'; "
                   "new@e.example '' 0 'Hello'; ");
    write_entry(&b, 1000, "bob@b.example", ENTRY_MESSAGE, "late"); /* by time it lies behind */
    commit(s, &b);
    assert_int_equal(store_chat(s, STR("bob@b.example"), &p->arena, &chat), ERR_NONE);
    assert_int_equal(chat.unread, 1);
    assert_int_equal(chat.read, 2);
    assert_int_equal(chat.last_number, 2);
    assert_int_equal(store_chat(s, STR("bab@b.example"), &p->arena, &chat), ERR_MISSING);
    store_close(s);
    book_deinit(&b);
}

static void test_answer_reads(void **state)
{
    struct entry ours = {
        .kind = ENTRY_MESSAGE, .outgoing = true, .time_ms = 2500, .chat = STR("bob@b.example")
    };
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct book b;

    book_init(&b, NULL);
    write_entry(&b, 2000, "bob@b.example", ENTRY_MESSAGE, "two");
    add(&b, &ours);
    commit(s, &b);
    check_chats(s, "bob@b.example '' 0 ''; ");
    for (int i = 0; i < STORE_UNREAD_MAX + 50; i++)
        write_entry(&b, 3000, "bob@b.example", ENTRY_MESSAGE, "more");
    commit(s, &b);
    check_chats(s, "bob@b.example 'more' 100 ''; ");
    store_close(s);
    book_deinit(&b);
}

/* ---- Search -------------------------------------------------------------------------------------- */

static const struct {
    const char *chat, *words;
    size_t limit;
    enum err err;
    const char *want;
} searches[] = {
    { "", "pier", 10, ERR_NONE, "Pier four|pier five|" },
    { "", "pier", 1, ERR_NONE, "pier five|" },
    { "", "PIER  four\n", 10, ERR_NONE, "Pier four|" },
    { "", "four pier", 10, ERR_NONE, "Pier four|" },
    { "", "our ier", 10, ERR_NONE, "Pier four|" },
    { "bob@b.example", "pier", 10, ERR_NONE, "Pier four|" },
    { "nobody@b.example", "pier", 10, ERR_NONE, "" },
    { "", "nowhere", 10, ERR_NONE, "" },
    { "", "strasse", 10, ERR_NONE, "" },
    { "", "STRA\u00dfE", 10, ERR_NONE, "Die Stra\u00dfe|" },
    { "", "caf\u00e9", 10, ERR_NONE, "Cafe\u0301 \u041c\u0418\u0420|" }, /* composed, or not */
    { "", "\u043c\u0438\u0440", 10, ERR_NONE, "Cafe\u0301 \u041c\u0418\u0420|" },
    { "", "\uff30ier", 10, ERR_NONE, "Pier four|pier five|" }, /* a fullwidth P */
    { "", "noon", 10, ERR_NONE, "" },                          /* corrected */
    { "", "midnight", 10, ERR_NONE, "at midnight|" },
    { "", "nine", 10, ERR_NONE, "" },            /* corrected twice */
    { "", "regret", 10, ERR_NONE, "" },          /* taken back */
    { "", "seal", 10, ERR_NONE, "under seal|" }, /* what is not sealed does not correct it */
    { "", "mallory", 10, ERR_NONE, "mallory cannot|" },
    { "", " \n", 10, ERR_MISSING, "" },
    { "", "a b c d e f g h i j k l m n o p q", 10, ERR_TOO_BIG, "" },
    { "", "\xff", 10, ERR_MALFORMED, "" },
};

static void hear_text(void *ctx, uint64_t number, const struct entry *e)
{
    struct heard *h = ctx;
    size_t n = strlen(h->text);

    assert_true(number > h->number); /* the oldest comes first */
    h->number = number;
    snprintf(h->text + n, sizeof h->text - n, "%.*s|", STR_ARG(e->text));
}

static void say(struct book *b, enum entry_kind kind, const char *author, const char *id,
                const char *target, const char *words)
{
    add(b, &(struct entry){ .kind = kind,
                            .chat = STR("eve@e.example"),
                            .author = str_from(author),
                            .id = str_from(id),
                            .target = str_from(target),
                            .text = str_from(words) });
}

static void test_search(void **state)
{
    static const char eve[] = "eve@e.example";
    struct place *p = *state;
    struct store *s = open_store(p, "");
    struct book b;

    book_init(&b, NULL);
    write_entry(&b, 1000, "bob@b.example", ENTRY_MESSAGE, "Pier four");
    say(&b, ENTRY_MESSAGE, eve, "1", "", "at noon");
    say(&b, ENTRY_CORRECTION, eve, "2", "1", "at nine");
    say(&b, ENTRY_CORRECTION, eve, "3", "1", "at midnight");
    say(&b, ENTRY_MESSAGE, eve, "4", "", "I regret");
    say(&b, ENTRY_RETRACTION, eve, "5", "4", "");
    say(&b, ENTRY_MESSAGE, eve, "6", "", "mallory cannot");
    say(&b, ENTRY_RETRACTION, "mallory@e.example", "7", "6", "");
    add(&b, &(struct entry){ .kind = ENTRY_MESSAGE,
                             .encryption = ENCRYPTION_OMEMO_2,
                             .chat = STR("eve@e.example"),
                             .author = STR("eve@e.example"),
                             .id = STR("8"),
                             .text = STR("under seal") });
    say(&b, ENTRY_CORRECTION, eve, "9", "8", "forged");
    write_entry(&b, 500, "eve@e.example", ENTRY_MESSAGE, "pier five");
    write_entry(&b, 600, "eve@e.example", ENTRY_MESSAGE, "Die Stra\u00dfe");
    write_entry(&b, 600, "eve@e.example", ENTRY_MESSAGE, "Cafe\u0301 \u041c\u0418\u0420");
    write_entry(&b, 700, "eve@e.example", ENTRY_FAILED, "nowhere");
    commit(s, &b);
    for (size_t i = 0; i < COUNT_OF(searches); i++) {
        struct heard h = { 0 };
        enum err e = store_search(s, str_from(searches[i].chat), str_from(searches[i].words),
                                  searches[i].limit, hear_text, &h);

        check_err(searches[i].words, e, searches[i].err);
        assert_string_equal(h.text, searches[i].want);
    }
    store_close(s);
    book_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_timeline),
        STORE_TEST(test_chats),
        STORE_TEST(test_answer_reads),
        STORE_TEST(test_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
