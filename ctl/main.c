/* main.c: sottoctl: the operator's commands to a running server, over its control socket. */
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/commands.h"
#include "ctl/default_socket.h"
#include "io/bad_option.h"
#include "io/output.h"
#include "io/secret_line.h"

enum {
    OPTION_JSON = 256,
    OPTION_PASSWORD,
    OPTION_DOMAIN,
    OPTION_DAYS,
    OPTION_HOURS,
    OPTION_DATABASE,
    OPTION_WITHOUT_KEYS,
    OPTION_QR,
    OPTION_FOLLOW,
    OPTION_SINCE,
    OPTION_TYPE,
    OPTION_COUNT,
    OPTION_VERSION,
    OPTION_HELP
};
enum { LAST_COUNT = 10 * 1000 * 1000 };

static const struct option long_options[] = {
    { "json", no_argument, NULL, OPTION_JSON },
    { "password-stdin", no_argument, NULL, OPTION_PASSWORD },
    { "domain", required_argument, NULL, OPTION_DOMAIN },
    { "days", required_argument, NULL, OPTION_DAYS },
    { "hours", required_argument, NULL, OPTION_HOURS },
    { "database", required_argument, NULL, OPTION_DATABASE },
    { "without-keys", no_argument, NULL, OPTION_WITHOUT_KEYS },
    { "qr", no_argument, NULL, OPTION_QR },
    { "follow", no_argument, NULL, OPTION_FOLLOW },
    { "since", required_argument, NULL, OPTION_SINCE },
    { "type", required_argument, NULL, OPTION_TYPE },
    { "count", required_argument, NULL, OPTION_COUNT },
    { "version", no_argument, NULL, OPTION_VERSION },
    { "help", no_argument, NULL, OPTION_HELP },
    { 0 },
};

static void print_usage(FILE *to)
{
    fprintf(to, "usage: sottoctl [-s SOCKET] [--json] COMMAND\n\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];

        fprintf(to, "  %s%s%s%s%s\n      %s%s\n", c->words[0], c->words[1] != NULL ? " " : "",
                c->words[1] != NULL ? c->words[1] : "", c->usage[0] != '\0' ? " " : "", c->usage,
                c->about, c->run == NULL ? " (not built yet)" : "");
    }
    fprintf(to, "\n  -s SOCKET   the server's control socket; else $SOTTO_SOCKET, else "
                "control.sock in the data folder,\n"
                "              the one that " STANDARD_FILE " names, if it does\n"
                "  --json      one JSON value on standard output; of events --follow, one a line\n"
                "\nExit status: 0 done, 1 refused or failed, 2 usage, 3 server not reachable.\n");
}

/* ---- The command ---- */

static bool word_is(const char *word, int argc, char **argv, int at)
{
    return word == NULL || (at < argc && strcmp(argv[at], word) == 0);
}

static const struct command *find_command(int argc, char **argv)
{
    for (size_t i = 0; i < command_count; i++) {
        if (word_is(commands[i].words[0], argc, argv, optind)
            && word_is(commands[i].words[1], argc, argv, optind + 1))
            return &commands[i];
    }
    return NULL;
}

/* "user" alone, or with a second word that it does not know, is told the ones it has. */
static int unknown_command(struct session *s, const char *word)
{
    struct str known = STR("");

    for (size_t i = 0; i < command_count; i++)
        if (commands[i].words[1] != NULL && strcmp(commands[i].words[0], word) == 0)
            known = arena_printf(&s->arena, "%.*s%s%s", STR_ARG(known), known.n > 0 ? ", " : "",
                                 commands[i].words[1]);
    return session_fail(
        s, STATUS_USAGE, "usage",
        known.n > 0
            ? arena_printf(&s->arena, "%s: one of %.*s is to follow; sottoctl --help explains them",
                           word, STR_ARG(known))
                  .p
            : arena_printf(&s->arena, "%s: there is no such command; sottoctl --help lists them",
                           word)
                  .p);
}

static unsigned options_given(const struct session *s)
{
    return (s->password_stdin ? TAKES_PASSWORD : 0) | (s->domain != NULL ? TAKES_DOMAIN : 0)
           | (s->days != NULL ? TAKES_DAYS : 0) | (s->database != NULL ? TAKES_DATABASE : 0)
           | (s->hours != NULL ? TAKES_HOURS : 0) | (s->without_keys ? TAKES_WITHOUT_KEYS : 0)
           | (s->qr ? TAKES_QR : 0)
           | (s->follow || s->since != NULL || s->type != NULL || s->count != NULL ? TAKES_EVENTS
                                                                                   : 0);
}

static int usage_error(struct session *s, const struct command *c)
{
    const char *second = c->words[1] != NULL ? c->words[1] : "";
    const char *why =
        arena_printf(&s->arena, "usage: sottoctl %s%s%s%s%s", c->words[0],
                     second[0] != '\0' ? " " : "", second, c->usage[0] != '\0' ? " " : "", c->usage)
            .p;

    return session_fail(s, STATUS_USAGE, "usage", why);
}

/* ---- The request ---- */

static bool add_number(struct session *s, const char *name, const char *text)
{
    uint64_t value;

    if (str_to_u64(str_from(text), LAST_COUNT, &value) != ERR_NONE)
        return false;
    json_object_set_new(s->request, name, json_integer((json_int_t)value));
    return true;
}

static bool add_members(struct session *s, const struct command *c)
{
    for (size_t i = 0; i < ARGUMENTS_MAX && c->arguments[i] != NULL; i++) {
        if (strcmp(c->arguments[i], "count") == 0) {
            if (!add_number(s, "count", s->arguments[i]))
                return false;
        } else if (strcmp(c->arguments[i], "file") != 0) { /* files are ours to read and write */
            json_object_set_new(s->request, c->arguments[i], json_string(s->arguments[i]));
        }
    }
    if (s->domain != NULL)
        json_object_set_new(s->request, "domain", json_string(s->domain));
    return (s->days == NULL || add_number(s, "days", s->days))
           && (s->hours == NULL || add_number(s, "hours", s->hours));
}

static bool add_password(struct session *s)
{
    struct str password;

    if (secret_line(&s->arena, "Password: ", &password) != ERR_NONE)
        return false;
    json_object_set_new(s->request, "password", json_stringn(password.p, password.n));
    return true;
}

static int run_command(struct session *s, const struct command *c, int argc, char **argv)
{
    const char *second = c->words[1];
    int at = optind + (second != NULL ? 2 : 1);
    size_t n = 0;

    if (c->run == NULL)
        return session_fail(s, STATUS_FAILED, "unbuilt",
                            arena_printf(&s->arena, "%s%s%s: not built yet", c->words[0],
                                         second != NULL ? " " : "", second != NULL ? second : "")
                                .p);
    while (n < ARGUMENTS_MAX && c->arguments[n] != NULL && at < argc)
        s->arguments[n++] = argv[at++];
    if (at < argc || (n < ARGUMENTS_MAX && c->arguments[n] != NULL)
        || (options_given(s) & ~c->options) != 0
        || (c->options & TAKES_PASSWORD) != (options_given(s) & TAKES_PASSWORD))
        return usage_error(s, c);
    s->request = json_object();
    json_object_set_new(s->request, "command",
                        json_sprintf("%s%s%s", c->words[0], second != NULL ? " " : "",
                                     second != NULL ? second : ""));
    if (!add_members(s, c))
        return usage_error(s, c);
    if (s->password_stdin && !add_password(s))
        return session_fail(s, STATUS_USAGE, "usage",
                            "the first line of standard input is to be the password");
    return c->run(s);
}

/* ---- Options ---- */

static const char *usual_socket(struct session *s)
{
    const char *given = getenv("SOTTO_SOCKET"), *home = getenv("HOME");
    const struct passwd *user;

    if (given != NULL && given[0] != '\0')
        return given;
    if (geteuid() == 0)
        return default_socket(STANDARD_FILE, "/var/lib/sotto", &s->arena);
    if (home == NULL || home[0] != '/') {
        user = getpwuid(geteuid());
        home = user != NULL ? user->pw_dir : "/";
    }
    return default_socket(STANDARD_FILE, arena_printf(&s->arena, "%s/.local/share/sotto", home).p,
                          &s->arena);
}

static int refuse_option(struct session *s, int returned, int argc, char **argv)
{
    s->json = bad_option_in_json(argc, argv);
    return -session_fail(s, STATUS_USAGE, "usage", bad_option_words(&s->arena, argv, returned).p);
}

/* 0 to go on, an option that ends the program, or a negative exit status, after it was said why. */
static int read_options(struct session *s, int argc, char **argv, const char *letters)
{
    int option;

    while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        switch (option) {
        case 's': s->socket = optarg; break;
        case 'h': return OPTION_HELP;
        case OPTION_JSON: s->json = true; break;
        case OPTION_PASSWORD: s->password_stdin = true; break;
        case OPTION_DOMAIN: s->domain = optarg; break;
        case OPTION_DAYS: s->days = optarg; break;
        case OPTION_HOURS: s->hours = optarg; break;
        case OPTION_DATABASE: s->database = optarg; break;
        case OPTION_WITHOUT_KEYS: s->without_keys = true; break;
        case OPTION_QR: s->qr = true; break;
        case OPTION_FOLLOW: s->follow = true; break;
        case OPTION_SINCE: s->since = optarg; break;
        case OPTION_TYPE: s->type = optarg; break;
        case OPTION_COUNT: s->count = optarg; break;
        case ':':
        case '?': return refuse_option(s, option, argc, argv);
        default: return option;
        }
    }
    return 0;
}

static int run(struct session *s, int argc, char **argv)
{
    const struct command *c;
    int option = read_options(s, argc, argv, "+:hs:"); /* those before the command */

    if (option == 0 && (c = find_command(argc, argv)) != NULL && c->run == NULL) {
        /* Nobody knows yet what its options will be. */
        for (int i = optind; i < argc; i++)
            s->json = s->json || strcmp(argv[i], "--json") == 0;
        return run_command(s, c, argc, argv);
    }
    optind = 0;
    if (option == 0)
        option = read_options(s, argc, argv, ":hs:");
    if (option == 0 && optind < argc && strcmp(argv[optind], "help") == 0)
        option = OPTION_HELP;
    switch (option) {
    case 0: break;
    case OPTION_VERSION: printf("sottoctl %s\n", SOTTO_VERSION); return STATUS_DONE;
    case OPTION_HELP: print_usage(stdout); return STATUS_DONE;
    default: return -option;
    }
    if ((c = find_command(argc, argv)) != NULL)
        return run_command(s, c, argc, argv);
    if (optind < argc)
        return unknown_command(s, argv[optind]);
    if (s->json)
        return session_fail(s, STATUS_USAGE, "usage", "a command is wanted");
    print_usage(stderr);
    return STATUS_USAGE;
}

int main(int argc, char **argv)
{
    struct session s = { 0 };
    int status;

    output_guard();
    json_set_alloc_funcs(mem_alloc_raw, mem_free); /* so that one door frees what jansson made */
    s.socket = usual_socket(&s);
    status = run(&s, argc, argv);
    json_decref(s.request);
    arena_deinit(&s.arena);
    return output_end("sottoctl", status);
}
