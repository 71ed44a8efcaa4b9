/* vectors.h: published vectors and edge cases for lib/crypto, free of any test framework, so that
 * the same tables judge both backends: natively under cmocka, and as a wasm program.
 *
 * Rows that no standard publishes were computed by reference.py beside this file.
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_TEST_CRYPTO_VECTORS_H
#define SOTTO_TEST_CRYPTO_VECTORS_H

#include "base/arena.h"
#include "crypto/hash.h"

/* One call per vector; `what` names the function and the vector's source. */
typedef void vector_report(const char *what, bool passed);

void hash_vectors_run(vector_report *report);
void kdf_vectors_run(vector_report *report);
void curve_vectors_run(vector_report *report);
void cipher_vectors_run(vector_report *report);
void stream_vectors_run(vector_report *report);

void vectors_run(vector_report *report); /* all of them */

struct bytes vector_octets(struct arena *a, const char *hex);
bool vector_shows(struct arena *a, const uint8_t *octets, const char *hex); /* as many as in hex */
bool vector_only(const uint8_t *octets, size_t n, uint8_t value);           /* all are `value` */

#endif
