/* symbols.h: signs, for terminals that have them all and for those that have only ASCII. States differ by shape, never by colour alone.
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_CLI_CHAT_SYMBOLS_H
#define SOTTO_CLI_CHAT_SYMBOLS_H

#include "client/timeline.h"

struct symbols {
    struct str delivery[5]; /* by enum delivery */
    struct str vertical, horizontal, ellipsis, pointer, dot, quote, prompt, dash;
};

const struct symbols *symbols_of(bool utf8);

#endif
