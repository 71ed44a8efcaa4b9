/* control_calls.h: commands of the control socket about who may call: rules of the operator for one account. Their context is a
 * struct control_host.
 *
 * Owns: each call's work until its answer.  Threads: the loop's of struct control.
 */
#ifndef SOTTO_SERVER_CONTROL_CALLS_H
#define SOTTO_SERVER_CONTROL_CALLS_H

#include "server/control.h"

control_handler control_call_allow, control_call_disallow, control_call_list, control_call_suspend,
    control_call_resume;

#endif
