/* hash_vectors.h: published vectors for crypto/hash.h, free of any test framework, so that the same
 * table judges both backends: natively under cmocka, and as a wasm program.
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_TEST_HASH_VECTORS_H
#define SOTTO_TEST_HASH_VECTORS_H

#include "crypto/hash.h"

/* One call per vector; `what` names the function and the vector's source. */
typedef void hash_vector_report(const char *what, bool passed);

void hash_vectors_run(hash_vector_report *report);

#endif
