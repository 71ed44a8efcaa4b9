/* main.c: sotto: a messenger for terminals and scripts: options, then one command. */
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/handover.h"
#include "cli/usage.h"
#include "io/bad_option.h"
#include "io/output.h"
#include "io/tls.h"
#include "io/undumped.h"

enum {
    OPTION_DATA = 256,
    OPTION_CA,
    OPTION_CONNECT,
    OPTION_PASSPHRASE_FILE,
    OPTION_NEW_PASSPHRASE_FILE,
    OPTION_REMOVE,
    OPTION_JSON,
    OPTION_PASSWORD,
    OPTION_WAIT,
    OPTION_REPLY,
    OPTION_CORRECT,
    OPTION_TIMEOUT,
    OPTION_COUNT,
    OPTION_LIMIT,
    OPTION_DISTRUST,
    OPTION_NUMBER,
    OPTION_NAME,
    OPTION_YES,
    OPTION_HISTORY,
    OPTION_CHAT,
    OPTION_REPORT,
    OPTION_OUTPUT,
    OPTION_VOICE,
    OPTION_RECORD,
    OPTION_KEEP_METADATA,
    OPTION_DIRECT,
    OPTION_VIDEO,
    OPTION_PLAY,
    OPTION_SECONDS,
    OPTION_PLAIN,
    OPTION_RECOVERY_CODE,
    OPTION_ALL,
    OPTION_FORMAT,
    OPTION_VERSION,
    OPTION_HELP,
};

static const struct option long_options[] = {
    { "data", required_argument, NULL, OPTION_DATA },
    { "ca", required_argument, NULL, OPTION_CA },
    { "connect", required_argument, NULL, OPTION_CONNECT },
    { "passphrase-file", required_argument, NULL, OPTION_PASSPHRASE_FILE },
    { "new-passphrase-file", required_argument, NULL, OPTION_NEW_PASSPHRASE_FILE },
    { "remove", no_argument, NULL, OPTION_REMOVE },
    { "json", no_argument, NULL, OPTION_JSON },
    { "password-stdin", no_argument, NULL, OPTION_PASSWORD },
    { "wait", required_argument, NULL, OPTION_WAIT },
    { "reply", required_argument, NULL, OPTION_REPLY },
    { "correct", required_argument, NULL, OPTION_CORRECT },
    { "timeout", required_argument, NULL, OPTION_TIMEOUT },
    { "count", required_argument, NULL, OPTION_COUNT },
    { "limit", required_argument, NULL, OPTION_LIMIT },
    { "report", required_argument, NULL, OPTION_REPORT },
    { "chat", required_argument, NULL, OPTION_CHAT },
    { "output", required_argument, NULL, OPTION_OUTPUT },
    { "voice", no_argument, NULL, OPTION_VOICE },
    { "record", optional_argument, NULL, OPTION_RECORD },
    { "keep-metadata", no_argument, NULL, OPTION_KEEP_METADATA },
    { "direct", no_argument, NULL, OPTION_DIRECT },
    { "video", no_argument, NULL, OPTION_VIDEO },
    { "play", required_argument, NULL, OPTION_PLAY },
    { "seconds", required_argument, NULL, OPTION_SECONDS },
    { "distrust", no_argument, NULL, OPTION_DISTRUST },
    { "name", required_argument, NULL, OPTION_NAME },
    { "number", no_argument, NULL, OPTION_NUMBER },
    { "all", no_argument, NULL, OPTION_ALL },
    { "format", required_argument, NULL, OPTION_FORMAT },
    { "yes", no_argument, NULL, OPTION_YES },
    { "history", no_argument, NULL, OPTION_HISTORY },
    { "recovery-code", no_argument, NULL, OPTION_RECOVERY_CODE },
    { "plain", no_argument, NULL, OPTION_PLAIN },
    { "version", no_argument, NULL, OPTION_VERSION },
    { "help", no_argument, NULL, OPTION_HELP },
    { 0 },
};

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

/* What follows --record is its seconds if it is a number, be it after a space. */
static const char *seconds_of_record(int argc, char **argv)
{
    if (optarg == NULL && optind < argc && argv[optind][0] >= '0' && argv[optind][0] <= '9')
        return argv[optind++];
    return optarg;
}

static void file_option(struct file_options *f, int option, int argc, char **argv)
{
    f->given = true;
    switch (option) {
    case 'o':
    case OPTION_OUTPUT: f->output = optarg; break;
    case OPTION_VOICE: f->voice = true; break;
    case OPTION_RECORD:
        f->record = true;
        f->record_s = seconds_of_record(argc, argv);
        break;
    case OPTION_KEEP_METADATA: f->keep_metadata = true; break;
    default: f->direct = true; break;
    }
}

/* --record is followed by a file for calls, by seconds for voice messages: the command decides, which comes before all names. */
static bool is_for_call(int argc, char **argv)
{
    static const char *const commands_of_calls[] = { "call", "answer", "chat" };

    for (int i = 1; i < argc && strcmp(argv[i], "file") != 0; i++)
        for (size_t k = 0; k < COUNT_OF(commands_of_calls); k++)
            if (strcmp(argv[i], commands_of_calls[k]) == 0)
                return true;
    return false;
}

static void call_option(struct call_options *c, int option, int argc, char **argv)
{
    c->given = true;
    switch (option) {
    case OPTION_VIDEO: c->video = true; break;
    case OPTION_PLAY: c->play = optarg; break;
    case OPTION_RECORD:
        c->record = optarg != NULL ? optarg : optind < argc ? argv[optind++] : NULL;
        break;
    default: c->seconds = optarg; break;
    }
}

static int refuse_option(struct program *p, int returned, int argc, char **argv)
{
    p->json = bad_option_in_json(argc, argv);
    return -program_fail(p, STATUS_USAGE, "usage", bad_option_words(&p->arena, argv, returned));
}

/* 0 to go on, an option that ends the program, or a negative exit status, after it was said why. */
static int read_options(struct program *p, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, ":o:", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_DATA: p->folder = optarg; break;
        case OPTION_CA: p->ca = optarg; break;
        case OPTION_CONNECT: p->connect = optarg; break;
        case OPTION_PASSPHRASE_FILE: p->passphrase_file = optarg; break;
        case OPTION_NEW_PASSPHRASE_FILE: p->new_passphrase_file = optarg; break;
        case OPTION_REMOVE: p->remove = true; break;
        case OPTION_JSON: p->json = true; break;
        case OPTION_PASSWORD: p->password_stdin = true; break;
        case OPTION_WAIT: p->wait = optarg; break;
        case OPTION_REPLY: p->reply = optarg; break;
        case OPTION_CORRECT: p->correct = optarg; break;
        case OPTION_TIMEOUT: p->timeout = optarg; break;
        case OPTION_COUNT: p->count = optarg; break;
        case OPTION_LIMIT: p->limit = optarg; break;
        case OPTION_CHAT: p->chat = optarg; break;
        case OPTION_REPORT: p->report = optarg; break;
        case OPTION_DISTRUST: p->distrust = true; break;
        case OPTION_NAME: p->name = optarg; break;
        case OPTION_NUMBER: p->number = true; break;
        case OPTION_YES: p->yes = true; break;
        case OPTION_HISTORY: p->with_history = true; break;
        case 'o':
        case OPTION_OUTPUT:
        case OPTION_VOICE:
        case OPTION_KEEP_METADATA:
        case OPTION_DIRECT: file_option(&p->file, option, argc, argv); break;
        case OPTION_RECORD:
            if (is_for_call(argc, argv))
                call_option(&p->call, option, argc, argv);
            else
                file_option(&p->file, option, argc, argv);
            break;
        case OPTION_VIDEO:
        case OPTION_PLAY:
        case OPTION_SECONDS: call_option(&p->call, option, argc, argv); break;
        case OPTION_ALL: p->all = true; break;
        case OPTION_FORMAT: p->format = optarg; break;
        case OPTION_RECOVERY_CODE: p->recovery_code = true; break;
        case OPTION_PLAIN: p->plain = true; break;
        case ':':
        case '?': return refuse_option(p, option, argc, argv);
        default: return option;
        }
    }
    return 0;
}

/* ---- The command ---- */

static int run_command(struct program *p, const struct command *c, int argc, char **argv)
{
    int given = argc - optind, status;

    if (c->run == NULL)
        return program_fail(p, STATUS_FAILED, "unbuilt",
                            arena_printf(&p->arena, "%s: not built yet", c->name));
    for (int i = 0; i < given && i < ARGUMENTS_MAX; i++)
        p->arguments[i] = argv[optind + i];
    if (given > ARGUMENTS_MAX || !command_fits(c, p))
        return program_fail(p, STATUS_USAGE, "usage",
                            arena_printf(&p->arena, "usage: sotto %s %s", c->name, c->usage));
    if (p->folder == NULL)
        p->folder = default_folder(p);
    if ((c->options & READS_TEXT) != 0 && (status = command_send_reads(p)) != STATUS_DONE)
        return status;
    return handover(p, c, &status) ? status : c->run(p);
}

static int run(struct program *p, int argc, char **argv)
{
    const struct command *c;
    int option = read_options(p, argc, argv);

    switch (option) {
    case 0: break;
    case OPTION_VERSION: printf("sotto %s\n", SOTTO_VERSION); return STATUS_DONE;
    case OPTION_HELP: usage_print(stdout); return STATUS_DONE;
    default: return -option;
    }
    if (optind == argc && p->json)
        return program_fail(p, STATUS_USAGE, "usage", STR("a command is wanted"));
    if (optind == argc) {
        usage_hint(stderr);
        return STATUS_USAGE;
    }
    if (strcmp(argv[optind], "help") == 0) {
        usage_print(stdout);
        return STATUS_DONE;
    }
    if ((c = command_find(argv[optind++])) != NULL)
        return run_command(p, c, argc, argv);
    return program_fail(p, STATUS_USAGE, "usage",
                        STR("there is no such command; sotto --help lists them"));
}

int main(int argc, char **argv)
{
    struct program p = { .random = { tls_random, NULL },
                         .out = stdout,
                         .err = stderr,
                         .out_is_screen = isatty(STDOUT_FILENO) != 0,
                         .err_is_screen = isatty(STDERR_FILENO) != 0 };
    int status;

    undumped();
    output_guard();
    umask(077);                                    /* what we write is for this user alone */
    json_set_alloc_funcs(mem_alloc_raw, mem_free); /* so that one door frees what jansson made */
    status = run(&p, argc, argv);
    arena_deinit(&p.arena);
    return output_end("sotto", status);
}
