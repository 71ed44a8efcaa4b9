/* check.c: gather facts, on this side of the sandbox, and print what they mean. */
#include "ctl/check.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "ctl/check_rules.h"
#include "io/tls.h"

enum { CONNECT_MS = 3000, FACTS_MAX = 256 };

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* ---- Names ----------------------------------------------------------------------------------- */

static bool same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a == NULL || b == NULL || a->sa_family != b->sa_family)
        return false;
    if (a->sa_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr
               == ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    return a->sa_family == AF_INET6
           && memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
                     &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr))
                  == 0;
}

static bool is_of_this_machine(const struct sockaddr *address)
{
    struct ifaddrs *all = NULL;
    bool found = false;

    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *i = all; i != NULL && !found; i = i->ifa_next)
        found = same_host(i->ifa_addr, address);
    freeifaddrs(all);
    return found;
}

static enum name_fact ask_name(const char *name)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *all = NULL;
    enum name_fact fact = NAME_ELSEWHERE;

    if (getaddrinfo(name, NULL, &hints, &all) != 0)
        return NAME_UNKNOWN;
    for (const struct addrinfo *i = all; i != NULL; i = i->ai_next)
        if (is_of_this_machine(i->ai_addr))
            fact = NAME_HERE;
    freeaddrinfo(all);
    return fact;
}

/* ---- Ports ----------------------------------------------------------------------------------- */

static bool connects(const struct addrinfo *to)
{
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd wait = { .fd = fd, .events = POLLOUT };
    int failed = fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) != 0 ? errno : 0;
    socklen_t n = sizeof failed;

    if (fd < 0)
        return false;
    if (failed == EINPROGRESS && poll(&wait, 1, CONNECT_MS) == 1
        && getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &n) != 0)
        failed = errno;
    close(fd);
    return failed == 0;
}

/* "0.0.0.0:5222", "[::]:5222": connecting to the address of all reaches this machine. */
static bool answers(struct session *s, struct str address)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
    size_t colon = str_find_last(address, ':');
    struct str host = str_slice(address, 0, colon);
    struct addrinfo *to = NULL;
    bool answered;

    if (str_starts(host, STR("[")))
        host = str_slice(host, 1, host.n - 2);
    if (getaddrinfo(arena_printf(&s->arena, "%.*s", STR_ARG(host)).p,
                    arena_printf(&s->arena, "%.*s", STR_ARG(str_skip(address, colon + 1))).p,
                    &hints, &to)
        != 0)
        return false;
    answered = connects(to);
    freeaddrinfo(to);
    return answered;
}

/* ---- Everything ------------------------------------------------------------------------------ */

static unsigned mode_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

static bool is_public(const struct machine_facts *f)
{
    for (size_t i = 0; i < f->listener_count; i++)
        if (check_is_public(&f->listeners[i]))
            return true;
    return false;
}

static void gather_lists(struct session *s, const json_t *around, struct machine_facts *f)
{
    const json_t *domains = json_object_get(around, "domains");
    const json_t *listeners = json_object_get(around, "listeners");
    struct domain_fact *names = arena_alloc(&s->arena, FACTS_MAX * sizeof *names);
    struct listener_fact *ports = arena_alloc(&s->arena, FACTS_MAX * sizeof *ports);

    for (size_t i = 0; i < json_array_size(listeners) && i < FACTS_MAX; i++) {
        const json_t *l = json_array_get(listeners, i);
        struct str address = str_from(member(l, "address"));

        ports[f->listener_count++] =
            (struct listener_fact){ str_from(member(l, "kind")), address, answers(s, address) };
    }
    f->listeners = ports;
    for (size_t i = 0; i < json_array_size(domains) && i < FACTS_MAX; i++) {
        const char *name = json_string_value(json_array_get(domains, i));

        names[f->domain_count++] =
            (struct domain_fact){ str_from(name), is_public(f) ? ask_name(name) : NAME_NOT_ASKED };
    }
    f->domains = names;
}

/* Who may not read the key, as the server's user may not where root starts it, cannot judge it. */
static struct str pair_doubt(const char *certificate, const char *key, struct arena *a)
{
    struct str why;

    if (access(key, R_OK) != 0 && errno == EACCES)
        return STR_NONE;
    return tls_pair_check(certificate, key, &why, a) != ERR_NONE ? why : STR_NONE;
}

static void gather(struct session *s, const json_t *around, struct machine_facts *f)
{
    const char *data_dir = member(around, "data_dir"), *key = member(around, "key");
    struct timex clock = { 0 };
    struct statvfs disk;

    *f = (struct machine_facts){
        .data_dir = str_from(data_dir),
        .key = str_from(key),
        .self_signed = json_is_true(json_object_get(around, "self_signed")),
        .chain_doubt = tls_certificate_doubt(member(around, "certificate")),
        .pair_doubt = pair_doubt(member(around, "certificate"), key, &s->arena),
        .data_dir_mode = mode_of(data_dir),
        .key_mode = mode_of(key),
        .max_files = (uint64_t)json_integer_value(json_object_get(around, "max_files")),
    };
    f->clock_synchronised = adjtimex(&clock) >= 0 && (clock.status & STA_UNSYNC) == 0;
    if (statvfs(data_dir, &disk) == 0) {
        f->disk_free = disk.f_bavail * disk.f_frsize;
        f->disk_size = (disk.f_blocks - disk.f_bfree + disk.f_bavail) * disk.f_frsize;
    }
    gather_lists(s, around, f);
}

static json_t *text(struct str s)
{
    return json_stringn(s.p != NULL ? s.p : "", s.n);
}

static void add_finding(void *ctx, const struct machine_finding *f)
{
    json_array_append_new(ctx, json_pack("{s:s,s:o,s:o,s:o}", "kind", f->kind, "key", text(f->key),
                                         "value", text(f->value), "text", text(f->text)));
}

static void print_findings(const json_t *findings)
{
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *f = json_array_get(findings, i);
        const char *value = member(f, "value");

        printf("%s: %s%s%s: %s\n", member(f, "kind"), member(f, "key"),
               value[0] != '\0' ? " = " : "", value, member(f, "text"));
    }
    if (json_array_size(findings) == 0)
        printf("nothing to report\n");
}

/* Fails like `sottod --check` if something cannot work. */
static int verdict(const json_t *findings)
{
    for (size_t i = 0; i < json_array_size(findings); i++)
        if (strcmp(member(json_array_get(findings, i), "kind"), "error") == 0)
            return STATUS_FAILED;
    return STATUS_DONE;
}

int check_run(struct session *s)
{
    struct machine_facts facts;
    json_t *findings, *around;
    int status = session_ask(s, &findings);

    if (status != STATUS_DONE)
        return status;
    json_object_set_new(s->request, "command", json_string("surroundings"));
    if ((status = session_ask(s, &around)) != STATUS_DONE) {
        json_decref(findings);
        return status;
    }
    gather(s, around, &facts);
    check_machine(&facts, &s->arena, add_finding, findings);
    json_decref(around);
    if (!s->json)
        print_findings(findings);
    status = verdict(findings);
    session_answer(s, findings);
    return status;
}
