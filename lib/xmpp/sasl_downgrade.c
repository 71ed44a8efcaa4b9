/* sasl_downgrade.c: a hash of all that a server offered (XEP-0474 §4.1). */
#include "xmpp/sasl.h"

#include <stdlib.h>

#include "base/encode.h"
#include "base/mem.h"

enum { NAMES_BYTES = 64 * 1024 };

static int compare(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void add_sorted(struct buf *out, struct str *names, size_t n)
{
    qsort(names, n, sizeof *names, compare);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_char(out, '\x1e');
        buf_add(out, names[i]);
    }
}

struct str sasl_downgrade_hash(struct arena *a, enum hash h, struct sasl_offer *offer)
{
    uint8_t digest[HASH_SIZE_MAX];
    struct buf all;

    buf_init(&all, NAMES_BYTES);
    add_sorted(&all, offer->mechanisms, offer->mechanism_count);
    if (offer->binding_count > 0)
        buf_add_char(&all, '\x1f');
    add_sorted(&all, offer->bindings, offer->binding_count);
    hash_digest(h, buf_bytes(&all), digest);
    buf_deinit(&all);
    return base64_text(a, bytes_of(digest, hash_size(h)));
}
