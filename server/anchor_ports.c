/* anchor_ports.c: two neighbouring ports for each address. */
#include "server/anchor_ports.h"

#include <unistd.h>

#include "io/udp.h"

enum {
    TRIES = 32,       /* for a free port whose neighbour is free, too */
    PAUSE_US = 20000, /* the anchor of a supervisor that was killed a moment ago is about to end */
};

static enum err open_pair(struct str address, uint16_t port, struct anchor_port *out,
                          struct str *why, struct arena *a)
{
    uint16_t next;
    enum err e = udp_bind(address, port, &out->fds[0], &out->port, why, a);

    if (e != ERR_NONE)
        return e;
    if (out->port < UINT16_MAX
        && udp_bind(address, (uint16_t)(out->port + 1), &out->fds[1], &next, why, a) == ERR_NONE)
        return ERR_NONE;
    close(out->fds[0]);
    return ERR_EXISTS;
}

static enum err open_place(struct str text, uint16_t port, struct arena *a, struct anchor_port *out,
                           struct str *why)
{
    struct str announced = text, address = str_split(&announced, '=');
    enum err e;
    unsigned tries = 0;

    out->announced = announced.p != NULL ? announced : address;
    while ((e = open_pair(address, port, out, why, a)) == ERR_EXISTS && ++tries < TRIES) {
        if (port != 0)
            usleep(PAUSE_US);
    }
    return e;
}

enum err anchor_ports_open(const struct config *c, struct arena *a, struct anchor_ports *out,
                           struct str *why)
{
    const struct config_list *list = &c->anchor.address;
    struct anchor_ports ports = { 0 };
    struct str reason = STR_NONE;

    for (; ports.count < list->count && ports.count < ANCHOR_PLACES; ports.count++) {
        enum err e = open_place(list->items[ports.count], (uint16_t)c->anchor.port, a,
                                &ports.items[ports.count], &reason);

        if (e != ERR_NONE) {
            *why = arena_printf(a, "anchor.address: %.*s%s", STR_ARG(reason),
                                e == ERR_EXISTS
                                    ? "; stop it, or choose another port with -o anchor.port=PORT"
                                    : "");
            return e;
        }
    }
    *out = ports;
    return ERR_NONE;
}
