/* ours.c: see ours.h. */
#include "client/ours.h"

#include <string.h>

#include "base/encode.h"
#include "client/devices.h"
#include "client/engine_inside.h"
#include "client/trust_book.h"

static struct own_device *find(struct own_device *list, size_t *n, uint32_t id)
{
    for (size_t i = 0; i < *n; i++)
        if (list[i].id == id)
            return &list[i];
    list[*n] = (struct own_device){ .id = id };
    return &list[(*n)++];
}

/* Of a device that was linked, or that linked this one: known before anything was exchanged. */
static struct str linked_fingerprint(const struct engine *c, struct arena *a, uint32_t device)
{
    struct engine_key_info k;
    struct identity_key key = { 0 };

    for (size_t cursor = 0; engine_next_key(c, &cursor, &k);)
        if (k.device == device && str_eq(k.account, c->bare)) {
            memcpy(key.curve, k.curve, sizeof key.curve);
            return identity_fingerprint(a, &key);
        }
    return STR_NONE;
}

static struct str fingerprint(const struct engine *c, struct arena *a, enum omemo version,
                              uint32_t device)
{
    struct str out = STR_NONE;
    struct remote r;

    devices_remote(c, version, c->bare, device, &r);
    if (r.is_known)
        out = identity_fingerprint(a, &r.identity);
    secure_zero(&r, sizeof r);
    return out.n > 0 ? out : linked_fingerprint(c, a, device);
}

static void add(struct engine *c, struct arena *a, enum omemo version, struct own_device *list,
                size_t *n)
{
    const uint32_t *ids;
    size_t count;

    if (!devices_of(c, a, version, &c->config.jid, &ids, &count))
        return;
    for (size_t i = 0; i < count && i < DEVICES_MAX; i++) {
        struct own_device *d = find(list, n, ids[i]);

        *(version == OMEMO_2 ? &d->speaks_2 : &d->speaks_03) = true;
        if (!d->is_this && d->fingerprint.n == 0)
            d->fingerprint = fingerprint(c, a, version, ids[i]);
    }
}

size_t engine_own_devices(struct engine *c, struct arena *a, const struct own_device **out)
{
    struct own_device *list =
        arena_alloc(a, (1 + OMEMO_VERSIONS * (size_t)DEVICES_MAX) * sizeof *list);
    struct identity_key self = identity_public(c->identity);
    size_t n = 0;

    *find(list, &n, c->identity->device_id) = (struct own_device){
        .id = c->identity->device_id, .is_this = true, .fingerprint = identity_fingerprint(a, &self)
    };
    for (int v = 0; v < OMEMO_VERSIONS; v++)
        add(c, a, (enum omemo)v, list, &n);
    *out = list;
    return n;
}

static bool is_listed(struct engine *c, uint32_t id)
{
    bool found = false;

    for (int v = 0; v < OMEMO_VERSIONS; v++)
        found |= devices_lists(c, (enum omemo)v, c->bare, id);
    return found;
}

enum err engine_remove_device(struct engine *c, uint32_t id)
{
    struct engine_key_info k;
    struct arena a = { 0 };
    enum err e = ERR_MISSING;

    if (id == c->identity->device_id)
        return ERR_MALFORMED;
    for (size_t cursor = 0; e == ERR_MISSING && engine_next_key(c, &cursor, &k);)
        if (k.device == id && str_eq(k.account, c->bare))
            e = engine_decide(c, c->bare, hex_text(&a, bytes_of(k.curve, sizeof k.curve)),
                              TRUST_DISTRUST);
    if (e == ERR_MISSING && (is_listed(c, id) || trust_refuses(c, id))) {
        trust_refuse_unmet(c, id);
        devices_sent_away(c);
        outbox_work(c);
        engine_end_round(c);
        e = ERR_NONE;
    }
    arena_deinit(&a);
    return e;
}
