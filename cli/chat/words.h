/* words.h: what can be done by typing a word after a slash, on the full screen as in the plain mode.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_WORDS_H
#define SOTTO_CLI_CHAT_WORDS_H

#include "cli/chat/model.h"

enum words {
    WORDS_NONE, /* no command, but to be sent: without a slash, or with two, of which one is for us */
    WORDS_DONE,
    WORDS_REFUSED, /* a notice says what is wrong with it */
};
enum words words_run(struct model *m, struct str text);

struct word_help {
    const char *word, *argument, *what;
};
bool words_next_help(size_t *cursor, struct word_help *out);

#endif
