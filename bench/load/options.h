/* options.h: the command line of sotto-load, as one table: parsing, --help and the report read it.
 *
 * Owns: nothing; texts point into argv or the table.  Threads: pure.  Units: in the names.
 */
#ifndef SOTTO_BENCH_OPTIONS_H
#define SOTTO_BENCH_OPTIONS_H

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

#include "bench/load/proc.h"

enum done_when { DONE_RECEIVED, DONE_ACKED, DONE_BOTH };
enum address_form { TO_BARE, TO_FULL };

struct options {
    const char *host, *domain, *user_prefix, *password_file, *mechanism, *log, *disk;
    uint64_t port, tls, sources;
    uint64_t accounts, first_account, concurrency, timeout_s;
    uint64_t sessions, base, settle_s, hold_s;
    uint64_t logins, login_rate;
    uint64_t pairs, window, rate, size, ack_every, done, to;
    uint64_t messages, duration_s, warmup_s, stall_s;
    bool acks, no_presence, json, help;
    struct proc_set server;
};

/* False after it told on stderr what is wrong. */
bool options_parse(struct options *o, int argc, char **argv);
void options_usage(FILE *out);

json_t *options_json(const struct options *o); /* returns owned: every option with its value */

#endif
