/* kept.c: see kept.h. */
#include "test/unit/cli/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/record.h"
#include "io/tls.h"

const struct random chance = { tls_random, NULL };

int place_setup(void **state)
{
    struct place *p = mem_alloc(sizeof *p);

    snprintf(p->folder, sizeof p->folder, "/tmp/sotto-store-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->data, sizeof p->data, "%s/deep/data", p->folder);
    *state = p;
    return 0;
}

int place_teardown(void **state)
{
    static const char *const files[] = { "sotto.db", "sotto.db-wal", "sotto.db-shm",
                                         "key",      "lock",         "" };
    struct place *p = *state;
    char path[128];

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        snprintf(path, sizeof path, "%s/%s", p->data, files[i]);
        remove(path);
    }
    snprintf(path, sizeof path, "%s/deep", p->folder);
    remove(path);
    assert_int_equal(rmdir(p->folder), 0);
    arena_deinit(&p->arena);
    mem_free(p);
    return 0;
}

struct store *open_store(struct place *p, const char *passphrase)
{
    struct store *s = NULL;
    struct str why = STR_NONE;

    if (store_open(p->data, str_from(passphrase), &chance, &s, &why, &p->arena) != ERR_NONE)
        fail_msg("%.*s", STR_ARG(why));
    return s;
}

/* What opens it: the passphrase, or the content of the key file. */
static struct bytes secret_of(struct place *p, const char *passphrase)
{
    char *file, path[128];
    FILE *f;

    if (passphrase[0] != '\0')
        return octets(passphrase);
    snprintf(path, sizeof path, "%s/key", p->data);
    assert_non_null(f = fopen(path, "rb"));
    file = arena_raw(&p->arena, VAULT_KEY);
    assert_int_equal(fread(file, 1, VAULT_KEY, f), VAULT_KEY);
    fclose(f);
    return bytes_of(file, VAULT_KEY);
}

sqlite3 *open_inside(struct place *p, const char *passphrase, struct vault *vault)
{
    sqlite3_stmt *q = NULL;
    sqlite3 *db = NULL;
    struct bytes record;
    char path[128];

    snprintf(path, sizeof path, "%s/sotto.db", p->data);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT record FROM vault", -1, &q, NULL);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    record = bytes_of(sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
    assert_int_equal(vault_open(vault, record, secret_of(p, passphrase)), ERR_NONE);
    sqlite3_finalize(q);
    return db;
}

struct bytes octets(const char *s)
{
    return bytes_of_str(str_from(s));
}

void commit(struct store *s, struct book *b)
{
    struct book_changes changes = book_take(b);

    assert_int_equal(store_commit(s, &changes), ERR_NONE);
    book_changes_deinit(&changes);
}

void add(struct book *b, const struct entry *e)
{
    struct buf key, value;

    buf_init(&key, 64);
    buf_init(&value, 1 << 16);
    record_u64(&key, e->time_ms);
    record_u64(&key, 0);
    entry_write(&value, e);
    book_append(b, BOOK_TIMELINE, buf_bytes(&key), buf_bytes(&value));
    buf_deinit(&key);
    buf_deinit(&value);
}

void write_entry(struct book *b, uint64_t time_ms, const char *chat, enum entry_kind kind,
                 const char *words)
{
    add(b, &(struct entry){ .kind = kind,
                            .time_ms = time_ms,
                            .chat = str_from(chat),
                            .author = str_from(chat),
                            .text = str_from(words) });
}

void hear(void *ctx, uint64_t number, const struct entry *e)
{
    struct heard *h = ctx;
    size_t n = strlen(h->text);

    h->number = number;
    snprintf(h->text + n, sizeof h->text - n, "%.*s ", STR_ARG(e->text));
}

void check_page(struct store *s, const char *chat, uint64_t number, enum store_side side,
                size_t limit, const char *want)
{
    struct heard h = { 0 };

    assert_int_equal(store_page(s, str_from(chat), number, side, limit, hear, &h), ERR_NONE);
    assert_string_equal(h.text, want);
}

static void hear_chat(void *ctx, const struct store_chat *c)
{
    struct heard *h = ctx;
    size_t n = strlen(h->text);

    snprintf(h->text + n, sizeof h->text - n, "%.*s '%.*s' %u '%.*s'; ", STR_ARG(c->jid),
             STR_ARG(c->last.text), (unsigned)c->unread, STR_ARG(c->draft));
}

void check_chats(struct store *s, const char *want)
{
    struct heard h = { 0 };

    assert_int_equal(store_chats(s, hear_chat, &h), ERR_NONE);
    assert_string_equal(h.text, want);
}
