/* binding.c: from addresses of the configuration to listening descriptors. */
#include "server/binding.h"

#include "io/listen.h"
#include "server/config_keys.h"

static bool is_built(enum listener_kind kind)
{
    return config_keys[config_key_find(STR("listen"), str_from(listener_name(kind)))].built;
}

/* Who is to be let in has to be named first. */
static bool is_wanted(const struct config *c, enum listener_kind kind)
{
    return is_built(kind) && (kind != LISTEN_S2S || c->s2s.pin.count > 0)
           && (kind != LISTEN_COMPONENT || c->component.secret.count > 0);
}

static struct str with_port(struct arena *a, struct str address, uint16_t port)
{
    return arena_printf(a, "%.*s:%u", STR_ARG(str_slice(address, 0, str_find_last(address, ':'))),
                        port);
}

static enum err open_one(enum listener_kind kind, struct str address, unsigned workers,
                         struct arena *a, struct boot_listener *out, struct str *why)
{
    int *fds = arena_alloc(a, workers * sizeof *fds);
    const char *name = listener_name(kind), *remedy = "";
    struct str reason;
    uint16_t port;
    enum err e = listen_bind(address, workers, fds, &port, &reason, a);

    if (e == ERR_NONE) {
        *out = (struct boot_listener){ kind, with_port(a, address, port), fds };
        return ERR_NONE;
    }
    if (e == ERR_EXISTS)
        remedy = arena_printf(a, "; stop it, or choose another port with -o listen.%s=ADDRESS:PORT",
                              name)
                     .p;
    *why = arena_printf(a, "listen.%s: %.*s%s", name, STR_ARG(reason), remedy);
    return e;
}

enum err binding_open(const struct config *c, struct arena *a, struct bindings *out,
                      struct str *why)
{
    unsigned workers = (unsigned)c->server.workers;
    struct bindings b = { 0 };
    size_t total = 0;

    for (int kind = 0; kind < LISTEN_KIND_COUNT; kind++)
        total += c->listen.address[kind].count;
    b.items = arena_alloc(a, total * sizeof *b.items);
    for (int kind = 0; kind < LISTEN_KIND_COUNT; kind++) {
        const struct config_list *list = &c->listen.address[kind];

        for (size_t i = 0; is_wanted(c, (enum listener_kind)kind) && i < list->count; i++) {
            enum err e = open_one((enum listener_kind)kind, list->items[i], workers, a,
                                  &b.items[b.count], why);

            if (e != ERR_NONE)
                return e;
            b.count++;
        }
    }
    *out = b;
    return ERR_NONE;
}
