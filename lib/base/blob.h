/* blob.h: immutable, counted bytes that several sessions and threads send without copying.
 *
 * Owns: itself; the last blob_unref() frees.  Threads: the count is atomic, the bytes never change.
 */
#ifndef SOTTO_BASE_BLOB_H
#define SOTTO_BASE_BLOB_H

#include "base/mem.h"
#include "base/str.h"

struct blob {
    _Atomic(unsigned) refs;
    size_t n;
    char p[];
};

struct blob *blob_new(struct str content); /* one reference, for the caller */
struct blob *blob_new_raw(size_t n);       /* to be filled before anybody else sees it */
struct blob *blob_ref(struct blob *b);
void blob_unref(struct blob *b); /* NULL is allowed */
struct str blob_str(const struct blob *b);

#endif
