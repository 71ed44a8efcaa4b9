/* libomemo_pipe.c: libomemo-c behind a pipe (pipe.h).  libomemo_pipe 03|2 */
#include <stdio.h>
#include <string.h>

#include "libomemo.h"

int main(int argc, char **argv)
{
    struct libomemo *d;
    struct pipe_device device;
    int status;

    if (argc != 2) {
        fputs("usage: libomemo_pipe 03|2\n", stderr);
        return 2;
    }
    d = libomemo_new(strcmp(argv[1], "2") == 0);
    device = libomemo_device(d);
    status = pipe_serve(&device);
    libomemo_free(d);
    return status;
}
