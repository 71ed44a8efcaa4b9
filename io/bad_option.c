/* bad_option.c: see bad_option.h. */
#include "io/bad_option.h"

#include <getopt.h>
#include <string.h>

struct str bad_option_words(struct arena *a, char **argv, int returned)
{
    const char *given = argv[optind - 1];
    bool is_long = strncmp(given, "--", 2) == 0;
    char letter[] = { '-', (char)optopt, '\0' };
    const char *name = is_long ? given : letter; /* letters may stand together */

    if (returned == ':')
        return arena_printf(a, "%s wants a value", name);
    return arena_printf(a, "there is no option %s, or not in this form; --help lists them", name);
}

bool bad_option_in_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}
