/* main.c: sotto-sentinel: detectors, link analysis and the evidence log are to come. Until they do, the command line that
 * scripts rely on is accepted and answered as sottoctl answers what is not built: a sentence, with --json an object, and 1.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { STATUS_DONE, STATUS_FAILED, STATUS_USAGE };

struct options {
    const char *replay; /* NULL: none */
    bool json, help, version;
};

static int usage(FILE *to, int status)
{
    fputs("sotto-sentinel finds attacks in the events of a server; not built yet.\n"
          "usage: sotto-sentinel --replay FILE.jsonl [--json]\n"
          "       sotto-sentinel --help | --version\n",
          to);
    return status;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            o->json = true;
        else if (strcmp(argv[i], "--help") == 0)
            o->help = true;
        else if (strcmp(argv[i], "--version") == 0)
            o->version = true;
        else if (strcmp(argv[i], "--replay") == 0 && i + 1 < argc)
            o->replay = argv[++i];
        else
            return false;
    }
    return o->help || o->version || o->replay != NULL;
}

int main(int argc, char **argv)
{
    struct options o = { 0 };

    if (!read_options(argc, argv, &o))
        return usage(stderr, STATUS_USAGE);
    if (o.help)
        return usage(stdout, STATUS_DONE);
    if (o.version)
        return puts("sotto-sentinel " SOTTO_VERSION) == EOF;
    if (o.json)
        puts("{\"error\":\"sotto-sentinel --replay: not built yet\",\"code\":\"unbuilt\"}");
    fputs("sotto-sentinel --replay: not built yet\n", stderr);
    return STATUS_FAILED;
}
