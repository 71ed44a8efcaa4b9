/* omemo_pipe.c: lib/omemo behind a pipe (pipe.h).  omemo_pipe 03|2 SEED */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ours.h"

int main(int argc, char **argv)
{
    struct pipe_device device;
    struct ours *o;
    int status;

    if (argc != 3) {
        fputs("usage: omemo_pipe 03|2 SEED\n", stderr);
        return 2;
    }
    o = ours_new(strcmp(argv[1], "2") == 0 ? OMEMO_2 : OMEMO_03, strtoull(argv[2], NULL, 10));
    device = ours_device(o);
    status = pipe_serve(&device);
    ours_free(o);
    return status;
}
