/* main.c: sotto: a messenger for terminals and scripts: options, then one command. */
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "io/tls.h"

enum {
    OPTION_DATA = 256,
    OPTION_CA,
    OPTION_CONNECT,
    OPTION_PASSPHRASE_FILE,
    OPTION_JSON,
    OPTION_PASSWORD,
    OPTION_WAIT,
    OPTION_TIMEOUT,
    OPTION_COUNT,
    OPTION_LIMIT,
    OPTION_DISTRUST,
    OPTION_VERSION,
    OPTION_HELP,
};

static const struct option long_options[] = {
    { "data", required_argument, NULL, OPTION_DATA },
    { "ca", required_argument, NULL, OPTION_CA },
    { "connect", required_argument, NULL, OPTION_CONNECT },
    { "passphrase-file", required_argument, NULL, OPTION_PASSPHRASE_FILE },
    { "json", no_argument, NULL, OPTION_JSON },
    { "password-stdin", no_argument, NULL, OPTION_PASSWORD },
    { "wait", required_argument, NULL, OPTION_WAIT },
    { "timeout", required_argument, NULL, OPTION_TIMEOUT },
    { "count", required_argument, NULL, OPTION_COUNT },
    { "limit", required_argument, NULL, OPTION_LIMIT },
    { "distrust", no_argument, NULL, OPTION_DISTRUST },
    { "version", no_argument, NULL, OPTION_VERSION },
    { "help", no_argument, NULL, OPTION_HELP },
    { 0 },
};

static void print_usage(FILE *to)
{
    fprintf(to, "usage: sotto [--data DIR] [--ca FILE] [--connect HOST:PORT] [--passphrase-file "
                "FILE] [--json] COMMAND\n\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];

        fprintf(to, "  %s %s\n      %s%s\n", c->name, c->usage, c->about,
                c->run == NULL ? " (not built yet)" : "");
    }
    fprintf(to,
            "\n"
            "  --data DIR              folder of the account; else $XDG_DATA_HOME/sotto-client,\n"
            "                          else ~/.local/share/sotto-client\n"
            "  --ca FILE               trust the certificates in it instead of the system's\n"
            "  --connect HOST:PORT     where the server is, else DNS tells; tls://HOST:PORT for\n"
            "                          TLS from the first byte (5223 and 443 mean that by\n"
            "                          themselves)\n"
            "  --passphrase-file FILE  its first line unlocks the store\n"
            "  --json                  one JSON object per event on standard output\n"
            "\nExit status: 0 done, 1 refused or failed, 2 usage, 3 server not reachable,\n"
            "4 time is up.\n");
}

/* ---- Options ---- */

static const char *default_folder(struct program *p)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    const struct passwd *user;

    if (data != NULL && data[0] == '/')
        return arena_printf(&p->arena, "%s/sotto-client", data).p;
    if (home == NULL || home[0] != '/') {
        user = getpwuid(geteuid());
        home = user != NULL ? user->pw_dir : "/";
    }
    return arena_printf(&p->arena, "%s/.local/share/sotto-client", home).p;
}

/* 0 to go on, an option that ends the program, or -1. */
static int read_options(struct program *p, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_DATA: p->folder = optarg; break;
        case OPTION_CA: p->ca = optarg; break;
        case OPTION_CONNECT: p->connect = optarg; break;
        case OPTION_PASSPHRASE_FILE: p->passphrase_file = optarg; break;
        case OPTION_JSON: p->json = true; break;
        case OPTION_PASSWORD: p->password_stdin = true; break;
        case OPTION_WAIT: p->wait = optarg; break;
        case OPTION_TIMEOUT: p->timeout = optarg; break;
        case OPTION_COUNT: p->count = optarg; break;
        case OPTION_LIMIT: p->limit = optarg; break;
        case OPTION_DISTRUST: p->distrust = true; break;
        case '?': return -1;
        default: return option;
        }
    }
    return 0;
}

static unsigned options_given(const struct program *p)
{
    return (p->password_stdin ? TAKES_PASSWORD : 0) | (p->wait != NULL ? TAKES_WAIT : 0)
           | (p->timeout != NULL ? TAKES_TIMEOUT : 0) | (p->count != NULL ? TAKES_COUNT : 0)
           | (p->limit != NULL ? TAKES_LIMIT : 0) | (p->distrust ? TAKES_DISTRUST : 0);
}

/* ---- The command ---- */

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int run_command(struct program *p, const struct command *c, int argc, char **argv)
{
    int given = argc - optind;

    if (c->run == NULL)
        return program_fail(p, STATUS_FAILED, "unbuilt",
                            arena_printf(&p->arena, "%s: not built yet", c->name));
    if (given < c->arguments_min || given > c->arguments_max
        || (options_given(p) & ~c->options) != 0
        || (c->options & TAKES_PASSWORD) != (options_given(p) & TAKES_PASSWORD))
        return program_fail(p, STATUS_USAGE, "usage",
                            arena_printf(&p->arena, "usage: sotto %s %s", c->name, c->usage));
    for (int i = 0; i < given; i++)
        p->arguments[i] = argv[optind + i];
    if (p->folder == NULL)
        p->folder = default_folder(p);
    return c->run(p);
}

static int run(struct program *p, int argc, char **argv)
{
    const struct command *c;
    int option = read_options(p, argc, argv);

    switch (option) {
    case 0: break;
    case OPTION_VERSION: printf("sotto %s\n", SOTTO_VERSION); return STATUS_DONE;
    case OPTION_HELP: print_usage(stdout); return STATUS_DONE;
    default: return STATUS_USAGE;
    }
    if (optind == argc) {
        print_usage(stderr);
        return STATUS_USAGE;
    }
    if ((c = find_command(argv[optind++])) != NULL)
        return run_command(p, c, argc, argv);
    return program_fail(p, STATUS_USAGE, "usage",
                        STR("there is no such command; sotto --help lists them"));
}

int main(int argc, char **argv)
{
    struct program p = { .random = { tls_random, NULL } };
    int status;

    umask(077);                                    /* what we write is for this user alone */
    json_set_alloc_funcs(mem_alloc_raw, mem_free); /* so that one door frees what jansson made */
    status = run(&p, argc, argv);
    arena_deinit(&p.arena);
    return status;
}
