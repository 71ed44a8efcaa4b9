/* main.c: sottod: the command line; then the supervisor, or the server process that it starts. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/loop.h"
#include "io/output.h"
#include "server/check.h"
#include "server/child.h"
#include "server/replay.h"
#include "server/sandbox.h"
#include "server/startup.h"

#define STANDARD_FILE "/etc/sotto/sotto.ini"

enum { OPTION_CHECK = 256, OPTION_VERSION, OPTION_HELP, OPTION_REPLAY };
enum { EXIT_USAGE = 2 };

static const char usage[] =
    "usage: sottod [-c FILE] [-o section.key=value]... [--check | --version]\n"
    "       sottod [-c FILE] [-o section.key=value]... --replay-stanzas FILE\n"
    "\n"
    "  -c FILE               read this configuration; else " STANDARD_FILE " if it exists\n"
    "  -o section.key=value  override one key; a list key may be repeated\n"
    "  --check               say what the configuration gives up, then end\n"
    "  --version             print the version, then end\n"
    "  --replay-stanzas FILE judge recorded stanzas by policy and call gate, then end\n"
    "\n"
    "SIGTERM drains and ends, SIGHUP reloads. sotto.ini(5) describes the keys.\n";

static const struct option long_options[] = {
    { "check", no_argument, NULL, OPTION_CHECK },
    { "version", no_argument, NULL, OPTION_VERSION },
    { "help", no_argument, NULL, OPTION_HELP },
    { "replay-stanzas", required_argument, NULL, OPTION_REPLAY },
    { 0 },
};

/* What the command line asks for: 0 (serve) or one of the options. -1: bad usage, explained. */
static int read_command_line(int argc, char **argv, struct supervisor_options *out,
                             const char **overrides)
{
    int task = 0, option;

    while ((option = getopt_long(argc, argv, "c:o:", long_options, NULL)) != -1) {
        switch (option) {
        case 'c': out->file = optarg; break;
        case OPTION_REPLAY:
            out->recording = optarg;
            task = option;
            break;
        case 'o': overrides[out->override_count++] = optarg; break;
        case '?': return -1;
        default: task = option; break;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "sottod: unexpected argument '%s'\n", argv[optind]);
        return -1;
    }
    if (out->file == NULL && access(STANDARD_FILE, F_OK) == 0)
        out->file = STANDARD_FILE;
    return task;
}

static int check(const struct supervisor_options *options)
{
    struct arena a = { 0 };
    const struct config *c;
    struct check_facts facts = { .now_ms = clock_wall_ms() };
    struct findings found;
    int status = 0;

    if (startup_load(options, &c) != ERR_NONE)
        return EXIT_USAGE;
    facts.self_signed = c->tls.certificate.n == 0;
    facts.certificate = data_dir_certificate_path(c, &a).p;
    facts.key = data_dir_key_path(c, &a).p;
    if (facts.self_signed && (access(facts.certificate, R_OK) != 0 || access(facts.key, R_OK) != 0))
        facts.certificate = NULL; /* a start makes both */
    found = check_config(c, &facts, &a);
    for (size_t i = 0; i < found.count; i++) {
        struct str line = finding_line(&found.items[i], &a);

        printf("%s: %.*s\n", finding_kind_name(found.items[i].kind), STR_ARG(line));
        if (found.items[i].kind == FINDING_ERROR)
            status = 1;
    }
    config_unref(c);
    arena_deinit(&a);
    return status;
}

/* A recording may be an attack, so what reads it has no files any more. */
static bool confine(void)
{
    struct log *log = log_new(STDERR_FILENO, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT,
                              (const uint8_t[LOG_KEY_SIZE]){ 0 });
    bool confined = sandbox_enter(&(struct sandbox_rules){ 0 }, log) == ERR_NONE;

    log_free(log);
    return confined;
}

static int replay(const struct supervisor_options *options)
{
    const char *name = options->recording;
    FILE *in = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
    const struct config *c;
    int status = 1;

    if (in == NULL) {
        perror(name);
        return 1;
    }
    if (startup_load(options, &c) != ERR_NONE)
        return EXIT_USAGE;
    if (confine())
        status = replay_stanzas(c, in, name, stdout);
    config_unref(c);
    fclose(in);
    return status;
}

static int run_task(int task, const struct supervisor_options *options)
{
    switch (task) {
    case 0: return supervisor_run(options);
    case OPTION_CHECK: return check(options);
    case OPTION_VERSION: printf("sottod %s\n", SOTTO_VERSION); return 0;
    case OPTION_HELP: fputs(usage, stdout); return 0;
    case OPTION_REPLAY: return replay(options);
    default: fputs(usage, stderr); return EXIT_USAGE;
    }
}

int main(int argc, char **argv)
{
    const char **overrides;
    struct supervisor_options options = { 0 };
    int status;

    if (child_is_wanted())
        return child_main();
    overrides = mem_alloc((size_t)argc * sizeof *overrides);
    options.overrides = overrides;
    status = run_task(read_command_line(argc, argv, &options, overrides), &options);
    mem_free(overrides);
    return output_end("sottod", status);
}
