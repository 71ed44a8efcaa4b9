/* ours.c: see ours.h. */
#include "client/ours.h"

#include "client/devices.h"
#include "client/engine_inside.h"

static struct own_device *find(struct own_device *list, size_t *n, uint32_t id)
{
    for (size_t i = 0; i < *n; i++)
        if (list[i].id == id)
            return &list[i];
    list[*n] = (struct own_device){ .id = id };
    return &list[(*n)++];
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
    return out;
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
    struct identity_key self = identity_public(&c->identity);
    size_t n = 0;

    *find(list, &n, c->identity.device_id) = (struct own_device){
        .id = c->identity.device_id, .is_this = true, .fingerprint = identity_fingerprint(a, &self)
    };
    for (int v = 0; v < OMEMO_VERSIONS; v++)
        add(c, a, (enum omemo)v, list, &n);
    *out = list;
    return n;
}
