/* commands.h: what sotto can be told to do.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_COMMANDS_H
#define SOTTO_CLI_COMMANDS_H

#include "cli/program.h"

enum takes {
    TAKES_PASSWORD = 1,
    TAKES_WAIT = 2,
    TAKES_TIMEOUT = 4,
    TAKES_COUNT = 8,
    TAKES_LIMIT = 16,
    TAKES_DISTRUST = 32,
};

struct command {
    const char *name, *usage, *about;
    int (*run)(struct program *p); /* returns the exit status; NULL: not built yet */
    int arguments_min, arguments_max;
    unsigned options; /* enum takes */
};

extern const struct command commands[];
extern const size_t command_count;

int command_login(struct program *p);
int command_register(struct program *p);
int command_send(struct program *p);
int command_listen(struct program *p);
int command_history(struct program *p);
int command_contacts(struct program *p);
int command_devices(struct program *p);
int command_trust(struct program *p);
int command_verify(struct program *p);

#endif
