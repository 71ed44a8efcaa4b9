/* undumped.h: no core file of this process, and no look into its memory by others of the same user (ptrace, /proc/PID/mem).
 *
 * For programs that hold keys, first of all that they do. Children inherit the limit; whoever may look is root's matter again at exec.
 * Owns: nothing.  Threads: before they start.  Errors: none; the kernel refuses neither.
 */
#ifndef SOTTO_IO_UNDUMPED_H
#define SOTTO_IO_UNDUMPED_H

void undumped(void);

#endif
