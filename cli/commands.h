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
    TAKES_CHAT = 64,
    TAKES_PLAIN = 128,
    TAKES_FILE = 256, /* struct file_options */
    TAKES_REPLY = 512,
    TAKES_CORRECT = 1024,
    TAKES_RECOVERY_CODE = 2048,
    TAKES_YES = 4096,
    TAKES_FORMAT = 8192, /* and --all */
    TAKES_REPORT = 16384,
    TAKES_NEW_PASSPHRASE = 32768, /* and --remove */
    TAKES_HISTORY = 65536,
    TAKES_CALL = 131072, /* struct call_options */
    TAKES_NUMBER = 262144,
    TAKES_NAME = 524288,
    IS_GUEST = 1 << 20,   /* a run that has the account open does it for another (guests.h) */
    ONLY_READS = 1 << 21, /* the store, as a guest: off the loop */
    READS_TEXT = 1 << 22, /* standard input is its second argument, if that is not given */
};

struct command {
    const char *name, *usage, *about;
    int (*run)(struct program *p); /* returns the exit status; NULL: not built yet */
    int arguments_min, arguments_max;
    unsigned options; /* enum takes */
};

extern const struct command commands[];
extern const size_t command_count;

const struct command *command_find(const char *name); /* NULL: there is none */
/* As many arguments as it takes, and no option that it does not. */
bool command_fits(const struct command *c, const struct program *p);

int command_login(struct program *p);
int command_register(struct program *p);
int command_chat(struct program *p);
int command_send(struct program *p);
int command_send_reads(struct program *p); /* for READS_TEXT */
int command_react(struct program *p);
int command_retract(struct program *p);
int command_read(struct program *p);
int command_timer(struct program *p);
int command_listen(struct program *p);
int command_history(struct program *p);
int command_search(struct program *p);
int command_passphrase(struct program *p);
int command_keyring(struct program *p);
int command_invite(struct program *p);
int command_export(struct program *p);
int command_backup(struct program *p);
int command_restore(struct program *p);
int command_forget(struct program *p);
int command_contacts(struct program *p);
int command_requests(struct program *p);
int command_block(struct program *p);
int command_unblock(struct program *p);
int command_devices(struct program *p);
int command_devices_link(struct program *p); /* of command_devices() */
int command_link(struct program *p);
int command_file(struct program *p);
int command_call(struct program *p);
int command_answer(struct program *p);
int command_reject(struct program *p);
int command_trust(struct program *p);
int command_verify(struct program *p);

#endif
