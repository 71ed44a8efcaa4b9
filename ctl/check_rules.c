/* check_rules.c: one function for each thing that is looked at. */
#include "ctl/check_rules.h"

enum { FEW_FILES = 8192, DISK_TIGHT_PERCENT = 10, DISK_LOW_PERCENT = 5 };

struct checking {
    const struct machine_facts *facts;
    struct arena *arena;
    machine_found *found;
    void *ctx;
};

static void find(const struct checking *c, const char *kind, const char *key, struct str value,
                 struct str text)
{
    const struct machine_finding f = { kind, str_from(key), value, text };

    c->found(c->ctx, &f);
}

/* Metrics, components and other servers neither ask DNS for us nor judge our certificate. */
bool check_is_public(const struct listener_fact *l)
{
    return !str_starts(l->address, STR("127.")) && !str_starts(l->address, STR("[::1]:"))
           && !str_is(l->kind, "metrics") && !str_is(l->kind, "component")
           && !str_is(l->kind, "s2s");
}

static bool has_public_listener(const struct machine_facts *f)
{
    for (size_t i = 0; i < f->listener_count; i++)
        if (check_is_public(&f->listeners[i]))
            return true;
    return false;
}

static void check_names(const struct checking *c)
{
    const struct machine_facts *f = c->facts;

    for (size_t i = 0; i < f->domain_count; i++) {
        struct str name = f->domains[i].name;

        if (f->domains[i].resolves == NAME_UNKNOWN)
            find(c, "error", "server.domain", name,
                 STR("DNS knows no address of this name, so nobody finds the server: add an A or "
                     "AAAA record with this machine's public address"));
        else if (f->domains[i].resolves == NAME_ELSEWHERE)
            find(c, "risk", "server.domain", name,
                 STR("DNS leads to an address that this machine does not have: right behind a "
                     "router that forwards the ports, else correct the A or AAAA record"));
    }
}

/* A certificate of its own was reported with the configuration. */
static void check_chain(const struct checking *c)
{
    if (c->facts->self_signed || c->facts->chain_doubt == NULL)
        return;
    find(c, has_public_listener(c->facts) ? "error" : "risk", "tls.certificate", STR(""),
         arena_printf(c->arena,
                      "this machine does not trust it (%s), so clients will not either: name the "
                      "file with the whole chain (fullchain.pem), or get one from an authority",
                      c->facts->chain_doubt));
}

/* The server took others at its start or last reload; these are what lies there now. */
static void check_pair(const struct checking *c)
{
    if (c->facts->pair_doubt.n > 0)
        find(c, "error", "tls.key", STR(""),
             arena_printf(c->arena,
                          "%.*s: the next start or reload will fail; what runs keeps the pair that "
                          "it has",
                          STR_ARG(c->facts->pair_doubt)));
}

static void check_permissions(const struct checking *c)
{
    const struct machine_facts *f = c->facts;

    if (f->key_mode & 07)
        find(c, "error", "tls.key", f->key,
             arena_printf(c->arena, "every user of this machine can read it: chmod o-rwx %.*s",
                          STR_ARG(f->key)));
    else if (f->key_mode & 020)
        find(c, "risk", "tls.key", f->key,
             arena_printf(c->arena, "others than its owner can change it: chmod g-w %.*s",
                          STR_ARG(f->key)));
    if (f->data_dir_mode & 077)
        find(c, "error", "server.data_dir", f->data_dir,
             arena_printf(c->arena, "others than the server can look into it: chmod 700 %.*s",
                          STR_ARG(f->data_dir)));
}

static void check_ports(const struct checking *c)
{
    const struct machine_facts *f = c->facts;

    for (size_t i = 0; i < f->listener_count; i++)
        if (!f->listeners[i].answers)
            find(c, "error", arena_printf(c->arena, "listen.%.*s", STR_ARG(f->listeners[i].kind)).p,
                 f->listeners[i].address,
                 STR("no connection is possible even from this machine: let the port through in "
                     "its firewall (nft list ruleset), and see the log"));
}

/* Certificates, tokens and invitations are good for a time, and histories are in an order. */
static void check_clock(const struct checking *c)
{
    if (!c->facts->clock_synchronised)
        find(c, "risk", "clock", STR(""),
             STR("nothing keeps it right, and certificates, tokens and the order of histories "
                 "depend on it: timedatectl set-ntp true"));
}

static void check_disk(const struct checking *c)
{
    uint64_t percent = c->facts->disk_size / 100;
    struct str left;

    if (percent == 0 || c->facts->disk_free >= DISK_TIGHT_PERCENT * percent)
        return;
    left =
        arena_printf(c->arena, "%llu %% free", (unsigned long long)(c->facts->disk_free / percent));
    if (c->facts->disk_free < DISK_LOW_PERCENT * percent)
        find(c, "error", "server.data_dir", left,
             STR("registrations and uploads are refused, and messages below 1 %: make room, or "
                 "lower archive.retention_days and limits.upload_days"));
    else
        find(c, "risk", "server.data_dir", left,
             STR("below 5 % registrations and uploads are refused: make room in time, or lower "
                 "archive.retention_days and limits.upload_days"));
}

static void check_files(const struct checking *c)
{
    if (c->facts->max_files > 0 && c->facts->max_files < FEW_FILES)
        find(c, "risk", "descriptors",
             arena_printf(c->arena, "%llu", (unsigned long long)c->facts->max_files),
             STR("each connection takes one: LimitNOFILE=65536 in the unit, or ulimit -n 65536 "
                 "before the start"));
}

void check_machine(const struct machine_facts *facts, struct arena *a, machine_found *found,
                   void *ctx)
{
    const struct checking c = { facts, a, found, ctx };

    check_names(&c);
    check_chain(&c);
    check_pair(&c);
    check_permissions(&c);
    check_ports(&c);
    check_clock(&c);
    check_disk(&c);
    check_files(&c);
}
