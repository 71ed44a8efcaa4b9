/* control_parse.h: one line of the control socket to a command and its arguments.
 *
 * Owns: nothing; results live in the arena, except `*out_command`, a row of the table.  Threads:
 * pure.
 * Errors: a stable word and a sentence for whoever asked.
 */
#ifndef SOTTO_SERVER_CONTROL_PARSE_H
#define SOTTO_SERVER_CONTROL_PARSE_H

#include "server/control.h"

struct control_table {
    const struct control_command *commands;
    size_t count;
    void *ctx;
};

struct control_problem {
    const char *code;
    struct str why;
};

CHECKED enum err control_parse(struct str line, const struct control_table *tables,
                               size_t table_count, const struct config *config, struct arena *a,
                               const struct control_command **out_command, void **out_ctx,
                               struct control_args *out, struct control_problem *problem);

/* JSON memory is zeroed when freed: it may have held a password. For the whole process, before
 * any JSON is read. */
void control_json_init(void);
void control_json_free(void *text); /* what json_dumps() returned */

#endif
