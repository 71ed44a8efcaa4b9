/* fuzz_link.c: codes that people type, and messages from whoever is at the other end of a link. What is accepted is written again as
 * it was read. The first octet chooses. */
#include <stdlib.h>
#include <string.h>

#include "client/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void try_code(struct arena *a, struct str text)
{
    struct link_code code, again;

    if (link_code_read(a, text, &code) != ERR_NONE)
        return;
    check(link_code_read(a, link_code_text(a, &code), &again) == ERR_NONE);
    check(str_eq(code.domain, again.domain));
    check(memcmp(code.commitment, again.commitment, sizeof code.commitment) == 0);
}

static void try_answer(struct arena *a, struct bytes message)
{
    struct link_answer answer;
    struct bytes written;

    if (link_answer_read(message, &answer) != ERR_NONE)
        return;
    written = link_answer_write(a, &answer);
    check(written.n == message.n && memcmp(written.p, message.p, message.n) == 0);
}

static void try_gift(struct arena *a, struct bytes record)
{
    struct link_gift gift;

    if (link_gift_read(a, record, &gift) != ERR_NONE)
        return;
    check(gift.key_count <= LINK_KEYS_MAX);
    for (size_t i = 0; i < gift.key_count; i++)
        check(gift.keys[i].trust <= LINK_TRUST_LINKED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = { 0 };
    uint8_t key[32];

    if (n == 0)
        return 0;
    switch (data[0] % 4) {
    case 0: try_code(&a, (struct str){ (const char *)data + 1, n - 1 }); break;
    case 1: try_answer(&a, bytes_of(data + 1, n - 1)); break;
    case 2: try_gift(&a, bytes_of(data + 1, n - 1)); break;
    default: (void)!link_hello_read(bytes_of(data + 1, n - 1), key);
    }
    arena_deinit(&a);
    return 0;
}
