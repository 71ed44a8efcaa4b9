/* control_accounts.h: commands of the control socket about accounts. Their context is a struct
 * control_host.
 *
 * Owns: each call's work until its answer.  Threads: the loop's of struct control; keys are derived
 * off it.
 */
#ifndef SOTTO_SERVER_CONTROL_ACCOUNTS_H
#define SOTTO_SERVER_CONTROL_ACCOUNTS_H

#include "server/control.h"

control_handler control_user_add, control_user_add_many, control_user_list, control_user_delete,
    control_user_id;

#endif
