/* guard.c: see guard.h.
 *
 * What a signal's handler works on cannot be passed to it, so this file has the one variable outside of main.c.
 */
#include "cli/chat/guard.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { RESTORE_MAX = 256 };

static struct {
    int fd;
    struct termios modes;
    char restore[RESTORE_MAX];
    size_t n;
} guarded;

static const int crashes[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS };

/* Only what may be called in a handler (signal-safety(7)); then the signal does what it always does. */
static void crashed(int signal)
{
    ssize_t n = write(guarded.fd, guarded.restore, guarded.n);

    (void)n;
    (void)tcsetattr(guarded.fd, TCSANOW, &guarded.modes);
    (void)raise(signal); /* its action is the default again, and it comes when we return */
}

void guard_raise(int fd, const struct termios *modes, struct str restore)
{
    struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_RESETHAND };

    guarded.fd = fd;
    guarded.n = restore.n < RESTORE_MAX ? restore.n : RESTORE_MAX;
    memcpy(guarded.restore, restore.p, guarded.n);
    guarded.modes = *modes;
    for (size_t i = 0; i < COUNT_OF(crashes); i++)
        sigaction(crashes[i], &action, NULL);
}

void guard_lower(void)
{
    for (size_t i = 0; i < COUNT_OF(crashes); i++)
        signal(crashes[i], SIG_DFL);
}
