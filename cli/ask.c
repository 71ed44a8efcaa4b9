/* ask.c: see ask.h. */
#include "cli/ask.h"

#include <stdio.h>

enum { LINE_MAX_OCTETS = 64 };

bool ask_yes(struct str question)
{
    char line[LINE_MAX_OCTETS];

    fprintf(stderr, "%.*s [y/N] ", STR_ARG(question));
    fflush(stderr);
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    return line[0] == 'y' || line[0] == 'Y';
}
