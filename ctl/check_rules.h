/* check_rules.h: what is wrong around a server, judged from facts.
 *
 * The server judges its configuration (server/check.h); this is about names, certificate, ports, clock, disk and limits
 * of the machine. Every sentence says what to do.
 * Owns: nothing; texts are borrowed.  Threads: pure.
 */
#ifndef SOTTO_CTL_CHECK_RULES_H
#define SOTTO_CTL_CHECK_RULES_H

#include "base/arena.h"

enum name_fact { NAME_NOT_ASKED, NAME_UNKNOWN, NAME_HERE, NAME_ELSEWHERE };

struct domain_fact {
    struct str name;
    enum name_fact resolves; /* in DNS, to an address of this machine */
};

struct listener_fact {
    struct str kind, address; /* "c2s", "0.0.0.0:5222" */
    bool answers;
};

struct machine_facts {
    const struct domain_fact *domains;
    size_t domain_count;
    const struct listener_fact *listeners;
    size_t listener_count;
    struct str data_dir, key; /* paths */
    bool self_signed;
    const char *chain_doubt;          /* tls_certificate_doubt(); NULL: none */
    struct str pair_doubt;            /* why key and certificate are none; STR_NONE: they are one */
    unsigned data_dir_mode, key_mode; /* permission bits; 0: not there, or not seen */
    bool clock_synchronised;
    uint64_t disk_free, disk_size; /* bytes; 0: not known */
    uint64_t max_files;
};

struct machine_finding {
    const char *kind; /* "risk", "error" */
    struct str key, value, text;
};

typedef void machine_found(void *ctx, const struct machine_finding *f);
void check_machine(const struct machine_facts *facts, struct arena *a, machine_found *found,
                   void *ctx);
bool check_is_public(const struct listener_fact *l); /* for clients, on other machines, too */

#endif
