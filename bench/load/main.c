/* main.c: sotto-load, a load generator for XMPP servers. See bench/README.md. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "bench/load/modes.h"

static const struct mode *const modes[] = { &login_mode, &idle_mode, &pairs_mode, &rate_mode };

static const struct mode *find_mode(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(modes); i++)
        if (strcmp(modes[i]->name, name) == 0)
            return modes[i];
    return NULL;
}

static int usage(FILE *out, int status)
{
    fputs("usage: sotto-load MODE --password-file FILE [--OPTION VALUE]...\n\nModes\n", out);
    for (size_t i = 0; i < COUNT_OF(modes); i++)
        fprintf(out, "  %-10s %s\n", modes[i]->name, modes[i]->summary);
    options_usage(out);
    fputs("\nExit status: 0 done, 1 failed, 2 bad usage, 3 the server went away.\n", out);
    return status;
}

/* The TLS parameters in use, as the first connection has them. */
static json_t *tls_json(const struct fleet *f)
{
    const SSL *ssl = f->n > 0 ? f->members[0].wire.ssl : NULL;

    if (ssl == NULL)
        return json_null();
    return json_pack("{ss ss}", "version", SSL_get_version(ssl), "cipher", SSL_get_cipher(ssl));
}

static void finish_report(struct run *r)
{
    json_object_set_new(r->report, "tls", tls_json(&r->fleet));
    json_object_set_new(r->report, "complete", json_boolean(r->status == RUN_DONE));
    if (r->status != RUN_DONE)
        json_object_set_new(r->report, "error", json_string(r->why));
    json_object_set_new(r->report, "options", options_json(r->options));
    run_progress(r, "%s", "");
    if (r->options->json) {
        json_dumpf(r->report, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        run_print(r, stdout);
    }
}

static int run_mode(const struct mode *mode, const struct options *o)
{
    struct run run;
    enum run_status status;

    if (run_init(&run, o, mode->members(o)) == ERR_NONE) {
        json_object_set_new(run.report, "mode", json_string(mode->name));
        mode->run(&run);
        finish_report(&run);
    }
    status = run.status;
    run_deinit(&run);
    return status;
}

int main(int argc, char **argv)
{
    const struct mode *mode = argc > 1 ? find_mode(argv[1]) : NULL;
    struct options options;

    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, RUN_DONE);
    if (mode == NULL)
        return usage(stderr, RUN_BAD_USAGE);
    if (!options_parse(&options, argc - 2, argv + 2))
        return RUN_BAD_USAGE;
    if (options.help)
        return usage(stdout, RUN_DONE);
    signal(SIGPIPE, SIG_IGN);
    /* A microsecond instead of 50: open-loop sending must not be late by the kernel's grouping of timers. */
    prctl(PR_SET_TIMERSLACK, 1000ul);
    return run_mode(mode, &options);
}
