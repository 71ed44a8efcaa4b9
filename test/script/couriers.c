/* couriers.c: messages of well-behaved clients (XEP-0198, XEP-0359) over connections that die and a store that waits and
 * fails. What its server acknowledged is in both archives, once; and every message came to a device of its recipient.
 *
 *   couriers [FIRST [COUNT]]      journeys with these seeds; one TAP line for each
 */
#include <stdio.h>

#include "test/script/client.h"
#include "test/script/world_state.h"
#include "xmpp/ns.h"

enum { DEVICES = 4, PARCELS = 40, STEPS = 160, JOURNEYS = 60, LAST_ROUNDS = 60 };

static const char *const accounts[] = { "alice", "bob" };
static const char *const device_names[DEVICES] = { "alice/1", "alice/2", "bob/1", "bob/2" };

struct parcel {
    unsigned sender; /* device */
    uint32_t serial; /* in the session that carries it; 0: in none */
    bool acked, received;
    unsigned in_archive[2]; /* of accounts[] */
};

struct device {
    struct client *client;
    uint32_t sent; /* stanzas since <enabled/> */
    bool online, has_session;
};

struct journey {
    struct world *world;
    struct transport transport;
    struct names names;
    struct arena arena;
    struct device devices[DEVICES];
    struct parcel parcels[PARCELS];
    size_t count;
    uint64_t dice;
    struct str why;
};

static unsigned roll(struct journey *j, unsigned sides)
{
    return (unsigned)(world_next_random(&j->dice) % sides);
}

static unsigned account_of(unsigned device)
{
    return device / 2;
}

/* ---- Sending --------------------------------------------------------------------------------------- */

static void carry(struct journey *j, struct parcel *p)
{
    struct device *d = &j->devices[p->sender];
    unsigned id = (unsigned)(p - j->parcels);

    p->serial = ++d->sent;
    client_write(d->client,
                 arena_printf(&j->arena,
                              "<message to='%s@sotto.test' type='chat' id='p%u'><body>%u</body>"
                              "<origin-id xmlns='urn:xmpp:sid:0' id='p%u'/></message>",
                              accounts[1 - account_of(p->sender)], id, id, id));
}

static void acknowledged(struct journey *j, unsigned device, struct str h_text)
{
    uint64_t h;

    if (str_to_u64(h_text, UINT32_MAX, &h) != ERR_NONE)
        return;
    for (size_t i = 0; i < j->count; i++)
        if (j->parcels[i].sender == device && j->parcels[i].serial != 0
            && j->parcels[i].serial <= h)
            j->parcels[i].acked = true;
}

/* What is not known to have arrived goes again, by the same origin-id. */
static void carry_again(struct journey *j, unsigned device)
{
    for (size_t i = 0; i < j->count; i++)
        if (j->parcels[i].sender == device && !j->parcels[i].acked)
            carry(j, &j->parcels[i]);
}

/* ---- Receiving ------------------------------------------------------------------------------------- */

static struct parcel *parcel_named(struct journey *j, struct str id)
{
    uint64_t n;

    if (!str_starts(id, STR("p")) || str_to_u64(str_skip(id, 1), PARCELS - 1, &n) != ERR_NONE
        || n >= j->count)
        return NULL;
    return &j->parcels[n];
}

static void message_came(struct journey *j, unsigned device, const struct xml_node *message)
{
    struct parcel *p = parcel_named(j, xml_get(message, STR("id")));

    if (p == NULL)
        return;
    if (str_is(xml_get(message, STR("type")), "error")) { /* it could not be stored: later again */
        p->acked = false;
        p->serial = 0;
    } else if (account_of(p->sender) != account_of(device)) {
        p->received = true;
    }
}

static void item_came(struct journey *j, unsigned device, const struct item *i)
{
    struct device *d = &j->devices[device];

    if (i->kind == ITEM_ENDED || i->kind == ITEM_CLOSED)
        d->online = false;
    if (i->kind != ITEM_ELEMENT)
        return;
    if (xml_is(i->node, STR(NS_SM), STR("a")))
        acknowledged(j, device, xml_get(i->node, STR("h")));
    else if (xml_is(i->node, STR(NS_SM), STR("r")) && roll(j, 3))
        client_write(d->client, arena_printf(&j->arena, "<a xmlns='urn:xmpp:sm:3' h='%u'/>",
                                             d->client->received));
    else if (xml_is(i->node, STR(NS_CLIENT), STR("message")))
        message_came(j, device, i->node);
}

static void look(struct journey *j, unsigned device)
{
    struct client *c = j->devices[device].client;

    (void)client_receive(c);
    for (struct link *l; (l = list_pop(&c->items)) != NULL;) {
        struct item *i = LIST_ENTRY(l, struct item, link);

        item_came(j, device, i);
        item_free(i);
    }
}

/* ---- Connections ----------------------------------------------------------------------------------- */

static bool resume(struct journey *j, unsigned device)
{
    struct device *d = &j->devices[device];
    struct str h, name;
    uint64_t known;

    if (!client_resume(d->client, STR("")))
        return false;
    name = arena_printf(&j->arena, "%s.h", device_names[device]);
    h = names_get(&j->names, name);
    if (str_to_u64(h, UINT32_MAX, &known) != ERR_NONE)
        return false;
    acknowledged(j, device, h);
    d->sent = (uint32_t)known;
    return true;
}

/* What has come before stays counted: looking at it comes first. */
static void go_online(struct journey *j, unsigned device)
{
    struct device *d = &j->devices[device];

    look(j, device);
    client_cut(d->client);
    if (!d->has_session || !roll(j, 5) || !resume(j, device)) {
        look(j, device);
        client_cut(d->client);
        d->has_session = false;
        if (!client_connect(d->client, STR("sm=manual noroster nopresence")))
            return;
        d->sent = 1;
        client_write(d->client, STR("<presence/>"));
    }
    d->has_session = d->online = true;
    carry_again(j, device);
}

static void act(struct journey *j, unsigned device)
{
    struct device *d = &j->devices[device];

    if (!d->online) {
        go_online(j, device);
    } else if (roll(j, 8) == 0) {
        client_cut(d->client);
        d->online = false;
    } else if (roll(j, 4) == 0) {
        client_write(d->client, STR("<r xmlns='urn:xmpp:sm:3'/>"));
    } else if (j->count < PARCELS) {
        j->parcels[j->count] = (struct parcel){ .sender = device };
        carry(j, &j->parcels[j->count++]);
    }
}

static void disturb(struct journey *j)
{
    switch (roll(j, 6)) {
    case 0: world_hold_store(j->world, HOLD_ALL); break;
    case 1: world_hold_store(j->world, HOLD_READS); break;
    case 2: world_fail_commits(j->world, 1); break;
    case 3: world_advance(j->world, roll(j, 120) * 1000); break;
    default: world_hold_store(j->world, HOLD_NOTHING); break;
    }
}

/* ---- The end --------------------------------------------------------------------------------------- */

static bool all_acked(const struct journey *j)
{
    for (size_t i = 0; i < j->count; i++)
        if (!j->parcels[i].acked)
            return false;
    return true;
}

/* Refused ones go again; everybody comes online; until the server has taken everything. */
static bool deliver_rest(struct journey *j)
{
    world_fail_commits(j->world, 0);
    world_hold_store(j->world, HOLD_NOTHING);
    for (unsigned round = 0; round < LAST_ROUNDS; round++) {
        for (unsigned d = 0; d < DEVICES; d++) {
            look(j, d);
            if (!j->devices[d].online)
                go_online(j, d);
            for (size_t i = 0; i < j->count; i++)
                if (j->parcels[i].sender == d && !j->parcels[i].acked && j->parcels[i].serial == 0)
                    carry(j, &j->parcels[i]);
            client_write(j->devices[d].client, STR("<r xmlns='urn:xmpp:sm:3'/>"));
        }
        for (unsigned d = 0; d < DEVICES; d++)
            look(j, d);
        if (round > 2 && all_acked(j))
            return true;
    }
    j->why = STR("something is never acknowledged");
    return false;
}

static bool read_archive(struct journey *j, unsigned account)
{
    struct str name = arena_printf(&j->arena, "%s/reader", accounts[account]);
    struct client *c = client_new(name, STR("sotto.test"), &j->transport, &j->names);
    bool good = client_connect(c, STR("noroster nopresence"));

    client_write(
        c, STR("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'>"
               "<set xmlns='http://jabber.org/protocol/rsm'><max>250</max></set></query></iq>"));
    for (struct item *i; good && (i = client_next(c)) != NULL; item_free(i)) {
        const struct xml_node *result =
            i->node ? xml_child(i->node, STR(NS_MAM), STR("result")) : NULL;
        const struct xml_node *forwarded =
            result ? xml_child(result, STR(NS_FORWARD), STR("forwarded")) : NULL;
        const struct xml_node *m =
            forwarded ? xml_child(forwarded, STR(NS_CLIENT), STR("message")) : NULL;
        struct parcel *p = m ? parcel_named(j, xml_get(m, STR("id"))) : NULL;

        if (p != NULL)
            p->in_archive[account]++;
    }
    client_free(c);
    return good;
}

static bool check(struct journey *j)
{
    for (size_t i = 0; i < j->count; i++) {
        const struct parcel *p = &j->parcels[i];

        if (p->in_archive[0] != 1 || p->in_archive[1] != 1 || !p->received) {
            j->why =
                arena_printf(&j->arena, "p%zu of %s: in archives %u and %u times, received: %s", i,
                             device_names[p->sender], p->in_archive[0], p->in_archive[1],
                             p->received ? "yes" : "no");
            return false;
        }
    }
    return true;
}

/* ---- A journey ------------------------------------------------------------------------------------- */

static void begin(struct journey *j, uint64_t seed, bool trace)
{
    struct world_options o = { .homes = 1 + (unsigned)(seed % 3), .shuffle = seed };

    j->dice = seed;
    j->world = world_new(&o);
    j->transport = world_transport(j->world);
    (void)world_config(j->world, STR("limits.resume_s"), STR("100"));
    for (size_t i = 0; i < COUNT_OF(accounts); i++)
        (void)world_account(j->world, str_from(accounts[i]), STR("secret"), 1);
    for (size_t i = 0; i < DEVICES; i++) {
        j->devices[i].client =
            client_new(str_from(device_names[i]), STR("sotto.test"), &j->transport, &j->names);
        j->devices[i].client->trace = trace;
    }
}

static void travel(struct journey *j)
{
    for (unsigned i = 0; i < STEPS; i++) {
        if (roll(j, 10) == 0)
            disturb(j);
        else
            act(j, roll(j, DEVICES));
        for (unsigned n = roll(j, 10); n > 0 && world_step(j->world); n--)
            continue;
        if (roll(j, 2))
            look(j, roll(j, DEVICES));
    }
}

static bool journey(uint64_t seed, bool trace)
{
    struct journey *j = mem_alloc(sizeof *j);
    const char *left;
    bool good;

    begin(j, seed, trace);
    travel(j);
    good = deliver_rest(j) && read_archive(j, 0) && read_archive(j, 1) && check(j);
    if (!world_free(j->world, &left) && good) {
        good = false;
        j->why = str_from(left);
    }
    if (!good)
        printf("# journey %llu: %.*s\n", (unsigned long long)seed, STR_ARG(j->why));
    for (size_t i = 0; i < DEVICES; i++)
        client_free(j->devices[i].client);
    arena_deinit(&j->names.arena);
    arena_deinit(&j->arena);
    mem_free(j);
    return good;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, count = JOURNEYS;
    unsigned failures = 0;

    if (argc > 1 && str_to_u64(str_from(argv[1]), UINT32_MAX, &first) != ERR_NONE)
        return 2;
    if (argc > 2 && str_to_u64(str_from(argv[2]), UINT32_MAX, &count) != ERR_NONE)
        return 2;
    for (uint64_t i = 0; i < count; i++) {
        bool good = journey(first + i, argc > 2 && count == 1);

        failures += !good;
        printf("%sok %llu - journey %llu\n", good ? "" : "not ", (unsigned long long)i + 1,
               (unsigned long long)(first + i));
        fflush(stdout);
    }
    printf("1..%llu\n", (unsigned long long)count);
    return failures > 0;
}
