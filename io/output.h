/* output.h: has what was said on standard output arrived? printf() says yes as long as its buffer has room.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_IO_OUTPUT_H
#define SOTTO_IO_OUTPUT_H

#include <stdbool.h>

/* Before anything is opened: a standard descriptor that is closed is not to become that of a file or a connection, where printf() would
 * write into it. What is said there fails. */
void output_guard(void);
bool output_arrived(void); /* all that was said so far; once false, false for good */
/* At the end of a program: its exit status. What did not arrive is said on standard error, and is a failure: 1. */
int output_end(const char *program, int status);

#endif
