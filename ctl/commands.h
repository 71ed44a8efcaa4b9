/* commands.h: the table of subcommands.
 *
 * Owns: constants.  Threads: one.
 */
#ifndef SOTTO_CTL_COMMANDS_H
#define SOTTO_CTL_COMMANDS_H

#include "ctl/session.h"

enum command_option {
    TAKES_PASSWORD = 1 << 0,
    TAKES_DOMAIN = 1 << 1,
    TAKES_DAYS = 1 << 2,
    TAKES_DATABASE = 1 << 3,
    TAKES_WITHOUT_KEYS = 1 << 4,
    TAKES_QR = 1 << 5,
    TAKES_EVENTS = 1 << 6, /* --follow, --since, --type, --count */
    TAKES_HOURS = 1 << 7,
};

struct command {
    const char *words[2];                 /* "user", "add"; the second may be NULL */
    const char *arguments[ARGUMENTS_MAX]; /* names as in the request; NULL: none */
    unsigned options;                     /* enum command_option */
    int (*run)(struct session *s);        /* NULL: not built yet, takes anything */
    const char *usage, *about;
};

extern const struct command commands[];
extern const size_t command_count;

#endif
