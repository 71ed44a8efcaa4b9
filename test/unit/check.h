/* check.h: cmocka with the headers it wants before it, and comparison of views. */
#ifndef SOTTO_TEST_UNIT_CHECK_H
#define SOTTO_TEST_UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

/* `what` names the row of the table. */
static inline void check_str(const char *what, struct str have, const char *want)
{
    if (!str_is(have, want))
        fail_msg("%s: have '%.*s', want '%s'", what, STR_ARG(have), want);
}

static inline void check_err(const char *what, enum err have, enum err want)
{
    if (have != want)
        fail_msg("%s: have '%s', want '%s'", what, err_text(have), err_text(want));
}

#endif
