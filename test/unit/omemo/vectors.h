/* vectors.h: test/vectors/omemo.txt: `name = hexadecimal`. A name that is not there stops the test. */
#ifndef SOTTO_TEST_UNIT_OMEMO_VECTORS_H
#define SOTTO_TEST_UNIT_OMEMO_VECTORS_H

#include "base/arena.h"

struct vectors {
    struct arena arena;
    struct str text;
};

void vectors_load(struct vectors *v, const char *path);
void vectors_deinit(struct vectors *v);
struct bytes vectors_get(struct vectors *v, const char *name);
struct str vectors_text(struct vectors *v, const char *name); /* as it stands there */

#endif
