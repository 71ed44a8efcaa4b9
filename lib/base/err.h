/* err.h: the one error type of the library (STYLE: errors).
 *
 * A function that can fail returns enum err and is CHECKED; results come through `out`, written only
 * on success. What a peer did wrong, what our surroundings refused and what is our own bug stay apart:
 * the first two have codes here, the third is an assert.
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_BASE_ERR_H
#define SOTTO_BASE_ERR_H

#define CHECKED __attribute__((warn_unused_result))

enum err {
    ERR_NONE = 0,
    ERR_MALFORMED,   /* input breaks its grammar */
    ERR_TOO_BIG,     /* a cap was reached; nothing was allocated for the excess */
    ERR_UNSUPPORTED, /* well-formed, but a form that we do not speak */
    ERR_DENIED,      /* who asks may not; wrong password */
    ERR_MISSING,     /* what was named does not exist */
    ERR_EXISTS,      /* what was to be made is there already */
    ERR_CONFLICT,    /* a condition of the write does not hold */
    ERR_FULL,        /* a quota or the disk is used up */
    ERR_TIMEOUT,
    ERR_IO, /* disk, network or operating system failed */
};

/* A constant lower-case phrase for logs and command lines, never NULL. */
const char *err_text(enum err e);

#endif
