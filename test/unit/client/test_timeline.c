/* test_timeline.c: entries in any order, and from people who mean no good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/timeline.h"

#define ALICE STR_INIT("alice@sotto.test") /* we */
#define BOB   STR_INIT("bob@sotto.test")

enum { ENTRIES_MAX = 12, SHUFFLES = 500, CROWD = 20000 };

static void fill(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 7, n);
}

static const struct random fixed = { fill, NULL };

/* A chat in short: what is shown, a line for each message. */
static struct str drawn(struct arena *a, const struct timeline *t)
{
    static const char *const deliveries[] = { "waiting", "sent", "delivered", "read", "failed" };
    struct str out = STR_NONE;

    for (size_t i = 0; i < timeline_count(t); i++) {
        const struct message *m = timeline_at(t, i);
        struct str line =
            arena_printf(a, "%.*s:%.*s%s%s %s", (int)str_find(m->entry.author, '@'),
                         m->entry.author.p, STR_ARG(m->text), m->edited ? " edited" : "",
                         m->only_here   ? " retracted here"
                         : m->retracted ? " retracted"
                                        : "",
                         deliveries[m->delivery]);

        if (m->entry.kind == ENTRY_SEALED)
            line = arena_concat(a, line, STR(" unreadable"));
        for (size_t r = 0; r < m->reaction_count; r++)
            line = arena_printf(a, "%.*s [%.*s]", STR_ARG(line), STR_ARG(m->reactions[r].emojis));
        if (m->reply_to != NULL)
            line = arena_printf(a, "%.*s >%.*s", STR_ARG(line), STR_ARG(m->reply_to->entry.id));
        if (m->why.n > 0)
            line = arena_printf(a, "%.*s (%.*s)", STR_ARG(line), STR_ARG(m->why));
        out = arena_printf(a, "%.*s%.*s\n", STR_ARG(out), STR_ARG(line));
    }
    return out;
}

/* Who, what, when, id, about what, text. 'a': ours of this device; 'A': ours of another one; 'b': theirs, sealed; 'B': theirs, not. */
struct line {
    char who;
    enum entry_kind kind;
    unsigned time;
    const char *id, *target, *text;
};

static struct entry entry_of(const struct line *l)
{
    bool ours = l->who == 'a' || l->who == 'A';

    return (struct entry){
        .kind = l->kind,
        .outgoing = ours,
        .encryption = l->who == 'a' || l->who == 'B' ? ENCRYPTION_NONE : ENCRYPTION_OMEMO_2,
        .time_ms = l->time,
        .chat = BOB,
        .author = ours ? (struct str)ALICE : (struct str)BOB,
        .id = str_from(l->id),
        .archive_id = l->who == 'a' ? STR_NONE : STR("in the archive"),
        .target = str_from(l->target),
        .text = str_from(l->text),
    };
}

static const struct {
    const char *name;
    struct line lines[ENTRIES_MAX];
    const char *shown;
    bool only_in_order;
} cases[] = {
    { "a message, and how it fares",
      { { 'a', ENTRY_MESSAGE, 1, "1", "", "hi" },
        { 'a', ENTRY_SENT, 2, "1 sent", "1", "" },
        { 'b', ENTRY_DELIVERED, 3, "d", "1", "" },
        { 'a', ENTRY_MESSAGE, 4, "2", "", "there" },
        { 'a', ENTRY_SENT, 5, "2 sent", "2", "" },
        { 'a', ENTRY_MESSAGE, 6, "3", "", "again" } },
      "alice:hi delivered\nalice:there sent\nalice:again waiting\n",
      false },
    { "read, and with it all before",
      { { 'A', ENTRY_MESSAGE, 1, "1", "", "one" },
        { 'A', ENTRY_MESSAGE, 2, "2", "", "two" },
        { 'A', ENTRY_MESSAGE, 3, "3", "", "three" },
        { 'B', ENTRY_READ, 4, "r", "2", "" },
        { 'b', ENTRY_MESSAGE, 5, "4", "", "four" },
        { 'b', ENTRY_MESSAGE, 6, "5", "", "five" },
        { 'A', ENTRY_READ, 7, "o", "4", "" } },
      "alice:one read\nalice:two read\nalice:three sent\nbob:four read\nbob:five delivered\n",
      false },
    { "nobody reads his own messages for others",
      { { 'A', ENTRY_MESSAGE, 1, "1", "", "one" },
        { 'A', ENTRY_READ, 2, "r", "1", "" },
        { 'A', ENTRY_DELIVERED, 3, "d", "1", "" } },
      "alice:one sent\n",
      false },
    { "refused",
      { { 'a', ENTRY_MESSAGE, 1, "1", "", "hi" },
        { 'a', ENTRY_FAILED, 2, "1 failed", "1", "no device" } },
      "alice:hi failed (no device)\n",
      false },
    { "it came back from one of their devices, and another one has it",
      { { 'a', ENTRY_MESSAGE, 1, "1", "", "hi" },
        { 'a', ENTRY_FAILED, 2, "1 failed", "1", "gone" },
        { 'b', ENTRY_DELIVERED, 3, "d", "1", "" } },
      "alice:hi delivered (gone)\n",
      false },
    { "what they call refused is not",
      { { 'a', ENTRY_MESSAGE, 1, "1", "", "hi" }, { 'b', ENTRY_FAILED, 2, "f", "1", "no" } },
      "alice:hi waiting\n",
      false },
    { "corrected twice, once through the correction",
      { { 'b', ENTRY_MESSAGE, 1, "1", "", "helo" },
        { 'b', ENTRY_CORRECTION, 2, "2", "1", "hallo" },
        { 'b', ENTRY_CORRECTION, 3, "3", "2", "hello" },
        { 'A', ENTRY_REACTIONS, 4, "4", "3", "\U0001F44D" } },
      "bob:hello edited delivered [\U0001F44D]\n",
      false },
    { "of ours, the correction that could not be sent does not count",
      { { 'a', ENTRY_MESSAGE, 1, "1", "", "one" },
        { 'a', ENTRY_CORRECTION, 2, "2", "1", "two" },
        { 'a', ENTRY_CORRECTION, 3, "3", "1", "three" },
        { 'a', ENTRY_FAILED, 4, "3 failed", "3", "no" },
        { 'a', ENTRY_SENT, 5, "1 sent", "1", "" } },
      "alice:two edited sent\n",
      false },
    { "a correction of another's message is a message",
      { { 'a', ENTRY_MESSAGE, 1, "1", "", "mine" },
        { 'b', ENTRY_CORRECTION, 2, "2", "1", "theirs" } },
      "alice:mine waiting\nbob:theirs edited delivered\n",
      false },
    { "an open correction of a sealed message, too",
      { { 'b', ENTRY_MESSAGE, 1, "1", "", "sealed" },
        { 'B', ENTRY_CORRECTION, 2, "2", "1", "forged" },
        { 'B', ENTRY_RETRACTION, 3, "3", "1", "" },
        { 'B', ENTRY_REACTIONS, 4, "4", "1", "\U0001F44D" } },
      "bob:sealed delivered\nbob:forged edited delivered\n",
      false },
    { "what was never sealed may be changed by what is not",
      { { 'B', ENTRY_MESSAGE, 1, "1", "", "opne" },
        { 'B', ENTRY_CORRECTION, 2, "2", "1", "open" },
        { 'B', ENTRY_REACTIONS, 4, "4", "1", "\U0001F44D" } },
      "bob:open edited delivered [\U0001F44D]\n",
      false },
    { "a correction of what is not here",
      { { 'b', ENTRY_CORRECTION, 1, "2", "1", "first" },
        { 'b', ENTRY_CORRECTION, 2, "3", "2", "second" } },
      "bob:second edited delivered\n",
      false },
    { "corrections in a circle",
      { { 'b', ENTRY_CORRECTION, 1, "1", "2", "one" },
        { 'b', ENTRY_CORRECTION, 2, "2", "3", "two" },
        { 'b', ENTRY_CORRECTION, 3, "3", "1", "three" },
        { 'b', ENTRY_CORRECTION, 4, "4", "4", "itself" } },
      "bob:three edited delivered\nbob:itself edited delivered\n",
      true },
    { "taken back, whatever else was said",
      { { 'b', ENTRY_MESSAGE, 1, "1", "", "secret" },
        { 'b', ENTRY_CORRECTION, 2, "2", "1", "secret!" },
        { 'A', ENTRY_REACTIONS, 3, "4", "1", "\U0001F44D" },
        { 'b', ENTRY_RETRACTION, 4, "5", "1", "" },
        { 'b', ENTRY_CORRECTION, 5, "6", "1", "again" } },
      "bob: edited retracted delivered\n",
      false },
    { "taken back, and nobody can be told",
      { { 'a', ENTRY_MESSAGE, 1, "1", "", "secret" },
        { 'a', ENTRY_RETRACTION, 2, "2", "1", "" },
        { 'a', ENTRY_FAILED, 3, "2 failed", "2", "no" } },
      "alice: retracted here waiting\n",
      false },
    { "taken back at the second attempt",
      { { 'a', ENTRY_MESSAGE, 1, "1", "", "secret" },
        { 'a', ENTRY_RETRACTION, 2, "2", "1", "" },
        { 'a', ENTRY_FAILED, 3, "2 failed", "2", "no" },
        { 'a', ENTRY_RETRACTION, 4, "3", "1", "" } },
      "alice: retracted waiting\n",
      false },
    { "kept without words, as a store keeps what was taken back",
      { { 'b', ENTRY_MESSAGE, 1, "1", "", "" }, { 'b', ENTRY_MESSAGE, 1, "1", "", "" } },
      "bob: retracted delivered\n",
      false },
    { "only by its author",
      { { 'A', ENTRY_MESSAGE, 1, "1", "", "mine" }, { 'b', ENTRY_RETRACTION, 2, "2", "1", "" } },
      "alice:mine sent\n",
      false },
    { "reactions: the last of each counts, none is none",
      { { 'A', ENTRY_MESSAGE, 1, "1", "", "hi" },
        { 'b', ENTRY_REACTIONS, 2, "2", "1", "\U0001F44D" },
        { 'b', ENTRY_REACTIONS, 3, "3", "1", "\U0001F44D \U0001F389" },
        { 'A', ENTRY_REACTIONS, 4, "4", "1", "\U0001F600" },
        { 'A', ENTRY_REACTIONS, 5, "5", "1", "" } },
      "alice:hi sent [\U0001F44D \U0001F389]\n",
      false },
    { "a reaction of ours that nobody can show",
      { { 'b', ENTRY_MESSAGE, 1, "1", "", "hi" },
        { 'a', ENTRY_REACTIONS, 2, "2", "1", "\U0001F44D" },
        { 'a', ENTRY_FAILED, 3, "2 failed", "2", "no" } },
      "bob:hi delivered\n",
      false },
    { "replies",
      { { 'b', ENTRY_MESSAGE, 1, "1", "", "where?" },
        { 'a', ENTRY_MESSAGE, 2, "2", "1", "here" },
        { 'b', ENTRY_MESSAGE, 3, "3", "unknown", "what?" },
        { 'b', ENTRY_MESSAGE, 4, "4", "4", "me?" } },
      "bob:where? delivered\nalice:here waiting >1\nbob:what? delivered\nbob:me? delivered\n",
      false },
    { "one message in two forms, one of them readable",
      { { 'b', ENTRY_SEALED, 1, "1", "", "not for this device" },
        { 'b', ENTRY_MESSAGE, 1, "1", "", "hi" },
        { 'b', ENTRY_SEALED, 2, "2", "", "not for this device" },
        { 'b', ENTRY_SEALED, 2, "2", "", "not for this device" } },
      "bob:hi delivered\nbob:not for this device delivered unreadable\n",
      false },
    { "an unreadable message whose correction can be read",
      { { 'b', ENTRY_SEALED, 1, "1", "", "not for this device" },
        { 'b', ENTRY_CORRECTION, 2, "2", "1", "now you can" } },
      "bob:now you can edited delivered\n",
      false },
    { "clients that begin to count again with each start",
      { { 'b', ENTRY_MESSAGE, 1, "1", "", "monday" },
        { 'b', ENTRY_MESSAGE, 9, "1", "", "tuesday" } },
      "bob:monday delivered\nbob:tuesday delivered\n",
      false },
    { "without an id",
      { { 'b', ENTRY_MESSAGE, 1, "", "", "one" }, { 'b', ENTRY_MESSAGE, 1, "", "", "one" } },
      "bob:one delivered\nbob:one delivered\n",
      false },
};

static void assert_shown(const struct timeline *t, const char *expected, const char *name)
{
    struct arena a = { 0 };
    struct str is = drawn(&a, t);

    if (!str_is(is, expected))
        fail_msg("%s:\n%.*sinstead of\n%s", name, STR_ARG(is), expected);
    arena_deinit(&a);
}

static void play(const struct line *lines, const size_t *order, size_t n, bool twice,
                 const char *expected, const char *name)
{
    struct timeline *t = timeline_new(&fixed);

    for (size_t i = 0; i < n; i++) {
        struct entry e = entry_of(&lines[order[i]]);

        timeline_add(t, &e);
        if (twice && e.id.n > 0)
            timeline_add(t, &e);
    }
    assert_shown(t, expected, name);
    timeline_free(t);
}

static void folds_in_any_order(void **state)
{
    uint64_t dice = 1;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t order[ENTRIES_MAX], n = 0;

        while (n < ENTRIES_MAX && cases[i].lines[n].who != 0) {
            order[n] = n;
            n++;
        }
        for (int shuffle = 0; shuffle < SHUFFLES; shuffle++) {
            play(cases[i].lines, order, n, shuffle % 2 == 1, cases[i].shown, cases[i].name);
            for (size_t k = n - 1; k > 0 && !cases[i].only_in_order; k--) {
                size_t other, kept = order[k];

                dice = dice * 6364136223846793005u + 1442695040888963407u;
                other = (size_t)(dice >> 33) % (k + 1);
                order[k] = order[other];
                order[other] = kept;
            }
        }
    }
}

static void add(struct timeline *t, char who, enum entry_kind kind, unsigned time, const char *id,
                const char *target, const char *text)
{
    struct entry e = entry_of(&(struct line){ who, kind, time, id, target, text });

    timeline_add(t, &e);
}

/* ---- Of one time --------------------------------------------------------------------------------- */

static const struct {
    struct line line;
    uint64_t number;
} burst[] = {
    { { 'b', ENTRY_MESSAGE, 5, "1", "", "one" }, 11 },
    { { 'b', ENTRY_MESSAGE, 5, "2", "", "two" }, 12 },
    { { 'A', ENTRY_MESSAGE, 5, "3", "", "three" }, 13 },
    { { 'b', ENTRY_CORRECTION, 5, "c", "2", "a pair" }, 14 },
    { { 'b', ENTRY_CORRECTION, 5, "d", "2", "both" }, 15 },
    { { 'b', ENTRY_READ, 5, "", "3", "" }, 16 },
    { { 'b', ENTRY_MESSAGE, 5, "", "", "no id" }, 17 },
    { { 'a', ENTRY_MESSAGE, 5, "4", "", "four" }, 18 },
};

/* In the order of the store, whatever is read first, comes again, or came while it happened. */
static void keeps_the_order_of_the_store(void **state)
{
    uint64_t dice = 7;

    (void)state;
    for (int shuffle = 0; shuffle < SHUFFLES; shuffle++) {
        struct timeline *t = timeline_new(&fixed);

        for (size_t i = 0; shuffle % 2 == 1 && i < 3 * COUNT_OF(burst); i++) {
            size_t at;
            struct entry e;

            dice = dice * 6364136223846793005u + 1442695040888963407u;
            at = (size_t)(dice >> 33) % COUNT_OF(burst);
            e = entry_of(&burst[at].line);
            timeline_add_kept(t, &e, burst[at].number);
        }
        for (size_t i = 0; shuffle % 2 == 0 && i < COUNT_OF(burst); i++) {
            struct entry e = entry_of(&burst[i].line);

            if (e.id.n > 0 && i >= (size_t)shuffle % COUNT_OF(burst))
                timeline_add(t, &e); /* it happens */
        }
        for (size_t i = COUNT_OF(burst); i-- > 0;) {
            struct entry e = entry_of(&burst[i].line);

            timeline_add_kept(t, &e, burst[i].number);
        }
        assert_shown(t,
                     "bob:one delivered\nbob:both edited delivered\nalice:three read\n"
                     "bob:no id delivered\nalice:four waiting\n",
                     "of one time");
        add(t, 'b', ENTRY_MESSAGE, 5, "5", "", "now");
        assert_true(str_is(timeline_at(t, timeline_count(t) - 1)->text, "now"));
        timeline_free(t);
    }
}

/* Long chains, many names that are one, many who wait: each entry is still cheap, or this test does not end. */
static void bears_crowds(void **state)
{
    struct timeline *t = timeline_new(&fixed);
    char id[32], target[32];

    (void)state;
    for (unsigned i = CROWD; i > 0;
         i--) { /* each corrects the one before it; the last comes first */
        snprintf(id, sizeof id, "%u", i);
        snprintf(target, sizeof target, "%u", i - 1);
        add(t, 'b', ENTRY_CORRECTION, i, id, target, id);
    }
    add(t, 'b', ENTRY_MESSAGE, 0, "0", "", "the first");
    assert_int_equal(timeline_count(t), 1);
    snprintf(id, sizeof id, "%u", (unsigned)CROWD);
    assert_true(str_is(timeline_at(t, 0)->text, id));
    assert_ptr_equal(timeline_find(t, STR("17")), timeline_at(t, 0));
    for (unsigned i = 0; i < CROWD; i++) {
        add(t, 'b', ENTRY_MESSAGE, CROWD + i, "same", "", "same");
        add(t, 'b', ENTRY_REACTIONS, i, "", "nobody", "\U0001F44D");
        add(t, 'b', ENTRY_REACTIONS, i, "", "0", "\U0001F44D");
    }
    add(t, 'A', ENTRY_MESSAGE, 3 * CROWD, "nobody", "", "somebody");
    assert_int_equal(timeline_find(t, STR("nobody"))->reaction_count, 1);
    assert_int_equal(timeline_at(t, 0)->reaction_count, 1);
    timeline_free(t);
}

static void erases(void **state)
{
    struct timeline *t = timeline_new(&fixed);
    const char *kept;

    (void)state;
    add(t, 'b', ENTRY_MESSAGE, 1, "1", "", "burn this");
    add(t, 'b', ENTRY_CORRECTION, 2, "2", "1", "burn this!");
    add(t, 'a', ENTRY_MESSAGE, 3, "3", "1", "I will");
    kept = timeline_at(t, 0)->text.p;
    timeline_erase(t, (struct str)ALICE, STR("1"));
    assert_int_equal(timeline_count(t), 2);
    timeline_erase(t, (struct str)BOB, STR("1"));
    assert_shown(t, "alice:I will waiting\n", "erased");
    assert_int_equal(kept[0], 0);
    assert_null(timeline_find(t, STR("1")));
    add(t, 'b', ENTRY_CORRECTION, 4, "4", "1", "burn this, I said");
    assert_shown(t, "alice:I will waiting\n", "corrected when it is gone");
    timeline_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_in_any_order),
        cmocka_unit_test(keeps_the_order_of_the_store),
        cmocka_unit_test(bears_crowds),
        cmocka_unit_test(erases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
