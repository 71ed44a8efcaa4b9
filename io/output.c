/* output.c: see output.h. */
#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Opened the other way round, so that using it fails as it would have. */
void output_guard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF
            && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return;
}

bool output_arrived(void)
{
    return fflush(stdout) == 0 && !ferror(stdout);
}

int output_end(const char *program, int status)
{
    errno = 0;
    if (output_arrived())
        return status;
    fprintf(stderr, "%s: not all of the output could be written%s%s\n", program,
            errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    return status == 0 ? 1 : status;
}
