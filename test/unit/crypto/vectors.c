/* vectors.c: all vector tables in one run, and what they share. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

struct bytes vector_octets(struct arena *a, const char *hex)
{
    struct bytes out;

    if (hex_read(a, str_from(hex), &out) != ERR_NONE)
        abort(); /* a typing error in a table */
    return out;
}

bool vector_shows(struct arena *a, const uint8_t *octets, const char *hex)
{
    return str_is(hex_text(a, bytes_of(octets, strlen(hex) / 2)), hex);
}

bool vector_only(const uint8_t *octets, size_t n, uint8_t value)
{
    for (size_t i = 0; i < n; i++)
        if (octets[i] != value)
            return false;
    return true;
}

void vectors_run(vector_report *report)
{
    hash_vectors_run(report);
    kdf_vectors_run(report);
    curve_vectors_run(report);
    cipher_vectors_run(report);
    stream_vectors_run(report);
}
