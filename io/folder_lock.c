/* folder_lock.c: locks of open file descriptions on single bytes. */
#include "io/folder_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

enum { STEP_MS = 20 };

int folder_lock_open(int folder_fd)
{
    return openat(folder_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static struct flock byte_of(enum folder_lock which)
{
    return (struct flock){
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)which, .l_len = 1
    };
}

bool folder_lock_is_free(int folder_fd, enum folder_lock which)
{
    int fd = openat(folder_fd, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct flock lock = byte_of(which);
    bool out = fd < 0 || (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);

    if (fd >= 0)
        close(fd);
    return out;
}

bool folder_lock_try(int fd, enum folder_lock which)
{
    struct flock lock = byte_of(which);

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

bool folder_lock_wait(int fd, enum folder_lock which, int timeout_ms)
{
    for (int left = timeout_ms; !folder_lock_try(fd, which); left -= STEP_MS) {
        if (left <= 0)
            return false;
        poll(NULL, 0, STEP_MS);
    }
    return true;
}
