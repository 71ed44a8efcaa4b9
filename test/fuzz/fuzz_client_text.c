/* fuzz_client_text.c: texts and records that people paste, that programs hand over, or that somebody has put into a store or a backup.
 * What is accepted is written again as it was read, and is within what its header says. The first octet chooses.
 */
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/utf8.h"
#include "client/call.h"
#include "client/compare.h"
#include "client/emoji.h"
#include "client/history.h"
#include "client/invite.h"
#include "client/quote.h"
#include "client/recovery_code.h"
#include "client/search.h"
#include "client/trust_book.h"
#include "test/fuzz/talk.h"

enum { OUT_MAX = 1 << 20, KEYS = 2, FIRST = 7 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct book store; /* what Bob's engine begins with */

static bool is_within(struct str part, struct str whole)
{
    return part.n == 0 || (part.p >= whole.p && part.n <= whole.n - (size_t)(part.p - whole.p));
}

/* ---- Pasted ---------------------------------------------------------------------------------------- */

static void invitation(struct str text)
{
    struct invite i = { .token = STR_NONE };

    if (invite_read(text, &i) != ERR_NONE)
        return;
    talk_check(i.token.n > 0 && i.token.n <= INVITE_TOKEN_MAX);
    talk_check(is_within(i.token, text) && is_within(i.domain, text) && is_within(i.name, text)
               && is_within(i.inviter, text));
    talk_check(i.name.n == 0 || i.domain.n > 0);
    for (size_t k = 0; k < i.token.n; k++)
        talk_check((uint8_t)i.token.p[k] > ' ' && (uint8_t)i.token.p[k] < 0x7f);
}

static void recovery(struct arena *a, struct str text)
{
    uint8_t code[RECOVERY_CODE_OCTETS], again[RECOVERY_CODE_OCTETS];

    if (recovery_code_read(text, code) != ERR_NONE)
        return;
    talk_check(recovery_code_read(recovery_code_text(a, code), again) == ERR_NONE);
    talk_check(memcmp(code, again, sizeof code) == 0);
}

static struct engine *bob(const struct random *random)
{
    struct engine *c = talk_engine(random, &store);
    struct identity_key key = { .has_ed = false };

    for (uint8_t i = 0; i < KEYS; i++) {
        memset(key.curve, FIRST + i, sizeof key.curve);
        trust_met(c, STR(ALICE), 31u + i, &key);
    }
    engine_end_round(c);
    return c;
}

static size_t count_verified(const struct engine *c)
{
    struct engine_key_info k;
    size_t n = 0;

    for (size_t at = 0; engine_next_key(c, &at, &k);)
        n += k.trust == TRUST_VERIFIED;
    return n;
}

/* All keys of a code are known, or none counts. */
static void code(struct arena *a, struct str text)
{
    uint64_t dice = 4;
    struct random random = talk_random(&dice);
    struct engine *c;
    struct jid alice;
    size_t count = 0;

    c = bob(&random);
    talk_check(jid_parse(a, STR(ALICE), &alice) == ERR_NONE);
    if (engine_scanned(c, &alice, text, &count) == ERR_NONE)
        talk_check(count > 0 && count_verified(c) > 0 && count_verified(c) <= count);
    else
        talk_check(count == 0 && count_verified(c) == 0);
    engine_free(c);
}

/* ---- Written --------------------------------------------------------------------------------------- */

static void search(struct arena *a, struct str text)
{
    struct search s;

    if (search_read(a, text, &s) == ERR_NONE)
        talk_check(s.n > 0 && s.n <= SEARCH_WORDS_MAX && search_finds(&s, text));
}

static void quote(struct arena *a, struct str text)
{
    struct str quoted, rest, wrote;
    size_t n = 0;

    if (text.n < 2)
        return;
    if (quote_read(a, str_skip(text, 2), (uint8_t)text.p[0] << 8 | (uint8_t)text.p[1], &quoted,
                   &rest))
        talk_check(quoted.n > 0 && rest.n > 0 && quoted.n + rest.n <= text.n);
    if (!utf8_valid(text))
        return;
    wrote = quote_write(a, text, &n);
    talk_check(utf8_valid(wrote) && (wrote.n == 0) == (n == 0));
    if (n > 0)
        talk_check(quote_read(a, arena_concat(a, wrote, STR("answer")), n, &quoted, &rest)
                   && str_is(rest, "answer"));
}

static void reactions(struct arena *a, struct str text)
{
    struct str list = STR_NONE, rest, one;
    size_t n = 0;

    while (text.p != NULL)
        list = emoji_add(a, list, str_split(&text, '\n'));
    for (rest = list; rest.n > 0; n++) {
        one = str_split(&rest, ' ');
        talk_check(one.n <= EMOJI_MAX && emoji_valid(one));
    }
    talk_check(n <= REACTIONS_MAX);
}

/* ---- Kept ------------------------------------------------------------------------------------------ */

static void record(struct bytes in)
{
    struct entry e, again;
    struct buf one, two;

    if (entry_read(in, &e) != ERR_NONE)
        return;
    buf_init(&one, OUT_MAX);
    buf_init(&two, OUT_MAX);
    entry_write(&one, &e);
    talk_check(entry_read(buf_bytes(&one), &again) == ERR_NONE);
    entry_write(&two, &again);
    talk_check(str_eq(buf_str(&one), buf_str(&two)));
    buf_deinit(&one);
    buf_deinit(&two);
}

static void call_words(struct arena *a, struct str text)
{
    struct entry e = { .kind = ENTRY_CALL, .text = text };
    struct call_record r, again;

    talk_check(call_record_words(a, &e).n > 0);
    if (call_record_read(text, &r) != ERR_NONE)
        return;
    talk_check(call_record_read(call_record_text(a, &r), &again) == ERR_NONE);
    talk_check(r.outcome == again.outcome && r.media == again.media && r.seconds == again.seconds);
}

static void part(struct bytes in)
{
    struct reader r = reader_of(in);
    struct backup_record row = { .kind = BACKUP_PART };
    struct history_about about, again;
    struct buf scratch;

    row.table = read_u8(&r);
    row.number = read_u64(&r);
    row.value = r.left;
    if (r.failed || history_about_read(&row, &about) != ERR_NONE)
        return;
    talk_check(about.part < HISTORY_PARTS_MAX && about.entries <= HISTORY_ENTRIES_MAX);
    buf_init(&scratch, OUT_MAX);
    row = history_about_write(&scratch, &about);
    talk_check(history_about_read(&row, &again) == ERR_NONE && again.part == about.part
               && again.last == about.last && again.entries == about.entries
               && again.total == about.total);
    buf_deinit(&scratch);
}

/* Whatever rows another device hands over, or somebody has written into a backup: an engine begins with them, and nothing is compared
 * that the row does not say. */
static void rows(struct bytes in)
{
    uint64_t dice = 5;
    struct random random = talk_random(&dice);
    struct reader r = reader_of(in);
    struct book durable;
    struct engine *c;
    const struct book_changes *changes;

    talk_copy(&store, &durable);
    c = bob(&random);
    while (r.left.n > 0 && !r.failed) {
        struct backup_record row = { .kind = BACKUP_ROW, .table = read_u8(&r) };

        row.key = read_bytes(&r, read_u8(&r));
        row.value = read_bytes(&r, read_u8(&r));
        if (!r.failed)
            talk_check(history_adopt(c, &row) == ERR_MALFORMED
                       || history_carries((enum book_table)row.table));
    }
    engine_end_round(c);
    while ((changes = engine_commit(c)) != NULL) {
        talk_apply(&durable, changes);
        engine_committed(c, true);
    }
    engine_free(c);
    c = talk_engine(&random, &durable);
    talk_log_in(c);
    (void)count_verified(c);
    engine_free(c);
    book_deinit(&durable);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    talk_store(&store);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = { 0 };
    struct bytes in = bytes_of(data + 1, n - (n > 0));

    switch (n > 0 ? data[0] : 0) {
    case 'i': invitation(str_of_bytes(in)); break;
    case 'r': recovery(&a, str_of_bytes(in)); break;
    case 'c': code(&a, str_of_bytes(in)); break;
    case 's': search(&a, str_of_bytes(in)); break;
    case 'q': quote(&a, str_of_bytes(in)); break;
    case 'm': reactions(&a, str_of_bytes(in)); break;
    case 'e': record(in); break;
    case 'l': call_words(&a, str_of_bytes(in)); break;
    case 'p': part(in); break;
    case 'b': rows(in); break;
    default: break;
    }
    arena_deinit(&a);
    return 0;
}
