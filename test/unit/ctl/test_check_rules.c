/* test_check_rules.c: each thing that can be wrong around a server, and that nothing is said of what is right. */
#include <stdio.h>
#include <string.h>

#include "../check.h"
#include "ctl/check_rules.h"

static const struct domain_fact here[] = { { STR("chat.example"), NAME_HERE } };
static const struct domain_fact unknown[] = { { STR("chat.example"), NAME_HERE },
                                              { STR("typo.example"), NAME_UNKNOWN } };
static const struct domain_fact elsewhere[] = { { STR("chat.example"), NAME_ELSEWHERE } };
static const struct listener_fact open_ports[] = { { STR("c2s"), STR("0.0.0.0:5222"), true },
                                                   { STR("https"), STR("127.0.0.1:5443"), true } };
static const struct listener_fact shut[] = { { STR("c2s"), STR("0.0.0.0:5222"), true },
                                             { STR("https"), STR("[::]:443"), false } };
static const struct listener_fact loopback[] = { { STR("c2s"), STR("127.0.0.1:5222"), true },
                                                 { STR("https"), STR("[::1]:443"), true } };

static struct machine_facts healthy(void)
{
    return (struct machine_facts){
        .domains = here,
        .domain_count = COUNT_OF(here),
        .listeners = open_ports,
        .listener_count = COUNT_OF(open_ports),
        .data_dir = STR("/var/lib/sotto"),
        .key = STR("/etc/key.pem"),
        .data_dir_mode = 0700,
        .key_mode = 0640, /* a group that certificates are handed out to */
        .clock_synchronised = true,
        .disk_free = 50ull << 30,
        .disk_size = 100ull << 30,
        .max_files = 65536,
    };
}

struct heard {
    unsigned count;
    char line[512];
};

static void note(void *ctx, const struct machine_finding *f)
{
    struct heard *h = ctx;

    h->count++;
    snprintf(h->line, sizeof h->line, "%s %.*s %.*s: %.*s", f->kind, STR_ARG(f->key),
             STR_ARG(f->value), STR_ARG(f->text));
}

/* Exactly one finding, that begins and ends so; NULL: none. */
static void expect(const struct machine_facts *facts, const char *begin, const char *remedy)
{
    struct arena a = { 0 };
    struct heard h = { 0 };

    check_machine(facts, &a, note, &h);
    if (h.count != (begin != NULL ? 1u : 0u))
        fail_msg("%u findings, last: %s", h.count, h.line);
    if (begin != NULL && strncmp(h.line, begin, strlen(begin)) != 0)
        fail_msg("have '%s', want '%s…'", h.line, begin);
    if (begin != NULL && strstr(h.line, remedy) == NULL)
        fail_msg("no '%s' in '%s'", remedy, h.line);
    arena_deinit(&a);
}

#define WITH(field, to)                                                                            \
    struct machine_facts f = healthy();                                                            \
    f.field = (to)

static void test_healthy(void **state)
{
    struct machine_facts f = healthy();

    (void)state;
    expect(&f, NULL, NULL);
    f.domains = (const struct domain_fact[]){ { STR("localhost"), NAME_NOT_ASKED } };
    expect(&f, NULL, NULL);
    f.max_files = 0; /* what is not known is not judged */
    f.disk_size = f.disk_free = 0;
    f.key_mode = f.data_dir_mode = 0;
    expect(&f, NULL, NULL);
}

static void test_names(void **state)
{
    WITH(domains, unknown);

    (void)state;
    f.domain_count = COUNT_OF(unknown);
    expect(&f, "error server.domain typo.example: DNS knows no address", "A or AAAA record");
    f.domains = elsewhere;
    f.domain_count = COUNT_OF(elsewhere);
    expect(&f, "risk server.domain chat.example: DNS leads to an address", "forwards the ports");
}

static void test_chain(void **state)
{
    WITH(chain_doubt, "unable to get local issuer certificate");

    (void)state;
    expect(&f, "error tls.certificate : this machine does not trust it (unable to get",
           "fullchain.pem");
    f.listeners = loopback;
    expect(&f, "risk tls.certificate ", "fullchain.pem");
    f.self_signed = true; /* the server says so itself */
    expect(&f, NULL, NULL);
}

static void test_pair(void **state)
{
    WITH(pair_doubt, STR("the key /etc/key.pem does not belong to the certificate /etc/c.pem"));

    (void)state;
    expect(&f, "error tls.key : the key /etc/key.pem does not belong", "will fail");
}

static void test_permissions(void **state)
{
    WITH(key_mode, 0644);

    (void)state;
    expect(&f, "error tls.key /etc/key.pem: every user", "chmod o-rwx /etc/key.pem");
    f.key_mode = 0660;
    expect(&f, "risk tls.key /etc/key.pem: others", "chmod g-w /etc/key.pem");
    f.key_mode = 0600;
    f.data_dir_mode = 0750;
    expect(&f, "error server.data_dir /var/lib/sotto: others", "chmod 700 /var/lib/sotto");
}

static void test_ports(void **state)
{
    WITH(listeners, shut);

    (void)state;
    expect(&f, "error listen.https [::]:443: no connection", "firewall");
}

static void test_clock(void **state)
{
    WITH(clock_synchronised, false);

    (void)state;
    expect(&f, "risk clock ", "timedatectl set-ntp true");
}

static void test_disk(void **state)
{
    WITH(disk_free, 9ull << 30);

    (void)state;
    expect(&f, "risk server.data_dir 9 % free: below 5 %", "archive.retention_days");
    f.disk_free = 4ull << 30;
    expect(&f, "error server.data_dir 4 % free: registrations", "make room");
}

static void test_files(void **state)
{
    WITH(max_files, 1024);

    (void)state;
    expect(&f, "risk descriptors 1024: ", "LimitNOFILE=65536");
}

static void test_public(void **state)
{
    static const struct {
        struct listener_fact listener;
        bool is;
    } cases[] = {
        { { STR("c2s"), STR("127.0.0.1:5222"), true }, false },
        { { STR("c2s"), STR("[::1]:5222"), true }, false },
        { { STR("c2s"), STR("0.0.0.0:5222"), true }, true },
        { { STR("mux"), STR("[::]:443"), true }, true },
        { { STR("https"), STR("192.0.2.1:443"), true }, true },
        { { STR("metrics"), STR("0.0.0.0:9100"), true }, false },
        { { STR("component"), STR("10.0.0.1:5347"), true }, false },
        { { STR("s2s"), STR("0.0.0.0:5269"), true }, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(check_is_public(&cases[i].listener), cases[i].is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_healthy),     cmocka_unit_test(test_names),
        cmocka_unit_test(test_chain),       cmocka_unit_test(test_pair),
        cmocka_unit_test(test_permissions), cmocka_unit_test(test_ports),
        cmocka_unit_test(test_clock),       cmocka_unit_test(test_disk),
        cmocka_unit_test(test_files),       cmocka_unit_test(test_public),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
