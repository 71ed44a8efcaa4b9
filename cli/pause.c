/* pause.c: see pause.h. */
#include "cli/pause.h"

#include <signal.h>
#include <stddef.h>

/* Not SIGSTOP: the system passes over SIGTSTP where there is no shell to continue us (POSIX, orphaned process groups). */
void pause_for_shell(void)
{
    sigset_t set, before;

    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &set, &before);
    (void)raise(SIGTSTP);
    sigprocmask(SIG_SETMASK, &before, NULL);
}
