/* kept.h: a store in a folder of its own, things to put into it, and what comes out, for the tests of stores. */
#ifndef SOTTO_TEST_CLI_KEPT_H
#define SOTTO_TEST_CLI_KEPT_H

#include "test/unit/check.h"

#include <sqlite3.h>

#include "cli/store.h"
#include "cli/vault.h"

extern const struct random chance;

struct place {
    char folder[64], data[96];
    struct arena arena;
};

int place_setup(void **state);
int place_teardown(void **state);
#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, place_setup, place_teardown)

struct store *open_store(struct place *p, const char *passphrase);
/* The file beside the store, with its keys: what somebody has who knows the passphrase. */
sqlite3 *open_inside(struct place *p, const char *passphrase, struct vault *vault);

struct bytes octets(const char *s);
void commit(struct store *s, struct book *b);
/* An entry of the other side, at this time in the chat. */
void write_entry(struct book *b, uint64_t time_ms, const char *chat, enum entry_kind kind,
                 const char *words);
void add(struct book *b, const struct entry *e);

struct heard {
    char text[512];
    uint64_t number;
};
void hear(void *ctx, uint64_t number, const struct entry *e); /* texts, with spaces between them */
void check_page(struct store *s, const char *chat, uint64_t number, enum store_side side,
                size_t limit, const char *want);
void check_chats(struct store *s, const char *want);

#endif
