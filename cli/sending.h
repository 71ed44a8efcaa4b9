/* sending.h: something that is done in a chat, and what becomes of it.
 *
 * It is on the disk before it leaves, and stays there until the server has it: what this run could not send, the next one that connects
 * sends, once.
 * Owns: the account.  Threads: one.
 */
#ifndef SOTTO_CLI_SENDING_H
#define SOTTO_CLI_SENDING_H

#include "cli/account.h"
#include "client/chat.h"

struct sending {
    struct account account;
    struct jid chat;
    const char *about; /* id of the message that it is about; NULL: of none */
    bool own;          /* that has to be one of ours */
    struct str text;
    bool until_delivered;
    /* Does it; sets `id` to what has to be acknowledged, or leaves it empty: then all has to be told. */
    enum err (*act)(struct sending *s, struct engine *engine);
    struct str id;
    struct entry message;  /* that it is about, as it stands now */
    struct entry answered; /* by that message; no id: nothing */
    bool warned;
};

/* Looks at arguments[0] as the address. */
CHECKED int sending_begin(struct sending *s, struct program *p, const char *usage);
int sending_run(const struct sending *s); /* to its end, and the account's, with a copy */

#endif
