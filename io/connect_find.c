/* connect_find.c: see connect_find.h. */
#include "io/connect_find.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <string.h>

#include "io/tls.h"

enum {
    ANSWER_MAX = 16 * 1024,
    SRV_MAX = 16,
    SRV_FIXED = 6, /* priority, weight, port: RFC 2782 */
    PORT_STARTTLS = 5222,
    PORT_TLS = 5223,
    PORT_HTTPS = 443,
};

/* ---- What a person says -------------------------------------------------------------------------- */

enum err spot_read(struct str text, struct spot *out)
{
    const struct str scheme = STR("tls://");
    struct spot s = { .tls = str_starts(text, scheme) };
    size_t colon;
    uint64_t port;

    if (s.tls)
        text = str_skip(text, scheme.n);
    colon = str_find_last(text, ':');
    if (colon == text.n || str_to_u64(str_skip(text, colon + 1), UINT16_MAX, &port) != ERR_NONE
        || port == 0)
        return ERR_MALFORMED;
    s.host = str_slice(text, 0, colon);
    if (str_starts(s.host, STR("[")) && str_ends(s.host, STR("]")))
        s.host = str_slice(s.host, 1, s.host.n - 2);
    else if (str_find(s.host, ':') < s.host.n)
        return ERR_MALFORMED;
    if (s.host.n == 0)
        return ERR_MALFORMED;
    s.port = (uint16_t)port;
    s.tls |= port == PORT_TLS || port == PORT_HTTPS;
    *out = s;
    return ERR_NONE;
}

enum err connect_address_valid(struct str address)
{
    struct spot s;

    return spot_read(address, &s);
}

/* ---- Addresses of a host ------------------------------------------------------------------------- */

void places_add(struct arena *a, struct places *p, const struct spot *s,
                const struct addrinfo *list)
{
    struct str shown = arena_printf(a, "%.*s port %u", STR_ARG(s->host), (unsigned)s->port);

    for (const struct addrinfo *i = list; i != NULL && p->count < PLACES_MAX; i = i->ai_next) {
        struct place *place = &p->list[p->count];

        if (i->ai_addrlen > sizeof place->address)
            continue;
        memcpy(&place->address, i->ai_addr, i->ai_addrlen);
        place->address_n = i->ai_addrlen;
        place->tls = s->tls;
        place->shown = shown;
        p->count++;
    }
}

static void add_places(struct arena *a, struct places *p, const struct spot *s)
{
    struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *found;
    int error = getaddrinfo(arena_printf(a, "%.*s", STR_ARG(s->host)).p,
                            arena_printf(a, "%u", (unsigned)s->port).p, &want, &found);

    if (error != 0) {
        p->why = arena_printf(a, "%.*s has no address (%s)", STR_ARG(s->host), gai_strerror(error));
        return;
    }
    places_add(a, p, s, found);
    freeaddrinfo(found);
}

/* ---- SRV records --------------------------------------------------------------------------------- */

static void read_srv(struct arena *a, ns_msg *message, const ns_rr *record, struct srv *out)
{
    const uint8_t *at = ns_rr_rdata(*record);
    char name[NS_MAXDNAME];

    *out = (struct srv){ 0 };
    if (ns_rr_type(*record) != ns_t_srv || ns_rr_rdlen(*record) <= SRV_FIXED
        || ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), at + SRV_FIXED, name,
                              sizeof name)
               < 0)
        return;
    out->priority = (uint16_t)ns_get16(at);
    out->weight = (uint16_t)ns_get16(at + 2);
    out->port = (uint16_t)ns_get16(at + 4);
    out->target = arena_cstr(a, name); /* empty: "." says that there is no such service */
}

/* True if the domain says something about this service, be it that it has none. */
static bool ask_srv(struct arena *a, struct __res_state *resolver, const char *service, bool tls,
                    struct str domain, struct srv *list, size_t *n)
{
    uint8_t *answer = (uint8_t *)arena_raw(a, ANSWER_MAX);
    struct str name = arena_printf(a, "%s._tcp.%.*s.", service, STR_ARG(domain));
    int got = res_nquery(resolver, name.p, ns_c_in, ns_t_srv, answer, ANSWER_MAX);
    bool any = false;
    ns_msg message;
    ns_rr record;

    if (got < 0 || got > ANSWER_MAX || ns_initparse(answer, got, &message) != 0)
        return false;
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && *n < SRV_MAX; i++) {
        struct srv s;

        if (ns_parserr(&message, ns_s_an, i, &record) != 0)
            break;
        any |= ns_rr_type(record) == ns_t_srv;
        read_srv(a, &message, &record, &s);
        s.tls = tls;
        if (s.port != 0 && s.target.n > 0 && !str_is(s.target, "."))
            list[(*n)++] = s;
    }
    return any;
}

/* RFC 2782: of the records with the lowest priority one is drawn by weight, then of the rest. */
static size_t draw(const struct srv *list, size_t n, uint32_t dice)
{
    uint32_t sum = 0, mark;

    for (size_t i = 0; i < n; i++)
        sum += list[i].weight;
    mark = sum > 0 ? dice % (sum + 1) : 0;
    for (size_t i = 0; i < n; i++) {
        if (mark <= list[i].weight)
            return i;
        mark -= list[i].weight;
    }
    return n - 1;
}

static void move_to_front(struct srv *list, size_t from)
{
    struct srv chosen = list[from];

    memmove(list + 1, list, from * sizeof *list);
    list[0] = chosen;
}

void srv_order(struct srv *list, size_t n, const uint32_t *dice)
{
    for (size_t i = 1; i < n; i++) { /* by priority; few, so by insertion */
        size_t at = i;

        while (at > 0 && list[at - 1].priority > list[i].priority)
            at--;
        move_to_front(list + at, i - at);
    }
    for (size_t i = 0; i < n; i++) {
        size_t same = 1;

        while (i + same < n && list[i + same].priority == list[i].priority)
            same++;
        move_to_front(list + i, draw(list + i, same, dice[i]));
    }
}

static size_t find_srv(struct arena *a, struct str domain, struct srv *list, bool *out_any)
{
    struct __res_state resolver;
    size_t n = 0;

    *out_any = false;
    memset(&resolver, 0, sizeof resolver);
    if (res_ninit(&resolver) != 0)
        return 0;
    *out_any |= ask_srv(a, &resolver, "_xmpps-client", true, domain, list, &n);
    *out_any |= ask_srv(a, &resolver, "_xmpp-client", false, domain, list, &n);
    res_nclose(&resolver);
    return n;
}

/* ---- All of it ----------------------------------------------------------------------------------- */

/* An address, or a name that never leaves the machine (RFC 6761 §6.3), has no records. */
static bool may_have_srv(struct arena *a, struct str domain)
{
    struct addrinfo want = { .ai_flags = AI_NUMERICHOST }, *found;

    if (str_is(domain, "localhost") || str_ends(domain, STR(".localhost")))
        return false;
    if (getaddrinfo(arena_printf(a, "%.*s", STR_ARG(domain)).p, NULL, &want, &found) != 0)
        return true;
    freeaddrinfo(found);
    return false;
}

void connect_find(struct arena *a, struct str domain, struct places *out)
{
    uint32_t dice[SRV_MAX];
    struct srv list[SRV_MAX];
    size_t n = 0;
    bool any = false;

    out->count = 0;
    out->why = STR_NONE;
    if (may_have_srv(a, domain))
        n = find_srv(a, domain, list, &any);
    if (any && n == 0) {
        out->why = arena_printf(a, "%.*s says that it offers no XMPP", STR_ARG(domain));
        return;
    }
    tls_random(NULL, (uint8_t *)dice, sizeof dice);
    srv_order(list, n, dice);
    for (size_t i = 0; i < n; i++)
        add_places(a, out, &(struct spot){ list[i].target, list[i].port, list[i].tls });
    if (any)
        return;
    add_places(a, out, &(struct spot){ domain, PORT_TLS, true });
    add_places(a, out, &(struct spot){ domain, PORT_STARTTLS, false });
}
