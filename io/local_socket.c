/* local_socket.c: see local_socket.h. */
#include "io/local_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

static int open_folder(const char *folder)
{
    return open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static struct sockaddr_un address(int folder_fd, const char *name)
{
    struct sockaddr_un out = { .sun_family = AF_UNIX };

    (void)snprintf(out.sun_path, sizeof out.sun_path, "/proc/self/fd/%d/%s", folder_fd, name);
    return out;
}

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int fail(int fd)
{
    int why = errno;

    if (fd >= 0)
        close(fd);
    errno = why;
    return -1;
}

/* The caller's umask may be anything, and threads share it: nobody can connect before listen(), when the mode is set. */
static bool bind_in(int fd, int folder_fd, const char *name)
{
    struct sockaddr_un to = address(folder_fd, name);

    if (unlinkat(folder_fd, name, 0) != 0 && errno != ENOENT)
        return false;
    return bind(fd, (const struct sockaddr *)&to, sizeof to) == 0
           && fchmodat(folder_fd, name, 0600, 0) == 0 && listen(fd, BACKLOG) == 0;
}

int local_listen(const char *folder, const char *name)
{
    int folder_fd = open_folder(folder), fd = folder_fd >= 0 ? new_socket() : -1;

    if (fd >= 0 && !bind_in(fd, folder_fd, name))
        fd = fail(fd);
    if (folder_fd >= 0)
        close(folder_fd);
    return fd;
}

void local_remove(const char *folder, const char *name)
{
    int folder_fd = open_folder(folder);

    if (folder_fd < 0)
        return;
    (void)unlinkat(folder_fd, name, 0);
    close(folder_fd);
}

static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t n = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0)
        return false;
    errno = EACCES;
    return peer.uid == geteuid();
}

int local_accept(int listening_fd)
{
    int fd = accept4(listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    return fd >= 0 && !is_ours(fd) ? fail(fd) : fd;
}

int local_connect(const char *folder, const char *name)
{
    int folder_fd = open_folder(folder), fd = folder_fd >= 0 ? new_socket() : -1;
    struct sockaddr_un to = address(folder_fd, name);

    if (fd >= 0 && (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0 || !is_ours(fd)))
        fd = fail(fd);
    if (folder_fd >= 0)
        (void)fail(folder_fd); /* keeps errno */
    return fd;
}
