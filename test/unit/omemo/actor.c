/* actor.c: the device's store, in memory. */
#include "actor.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

/* splitmix64: any seed is good. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void fill(void *ctx, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)next_random(ctx);
}

uint64_t actor_chance(struct actor *a, uint64_t below)
{
    return next_random(&a->seed) % below;
}

static void publish(struct actor *a, int place, uint32_t id)
{
    prekey_make(&a->prekeys[place], id, &a->random);
    a->published[place].id = id;
    memcpy(a->published[place].key, a->prekeys[place].public_key, OMEMO_KEY);
}

void actor_init(struct actor *a, enum omemo version, uint64_t seed)
{
    struct remote unknown;

    memset(a, 0, sizeof *a);
    a->seed = seed;
    a->random = (struct random){ fill, &a->seed };
    identity_make(&a->self, &a->random);
    prekey_make(&a->signed_prekeys[0], PREKEY_ID_FIRST, &a->random);
    for (int i = 0; i < ACTOR_PREKEYS; i++)
        publish(a, i, PREKEY_ID_FIRST + (uint32_t)i);
    remote_init(&unknown, version);
    for (int i = 0; i < ACTOR_CONTACTS; i++)
        actor_store(a, i, &unknown);
}

void actor_deinit(struct actor *a)
{
    for (int i = 0; i < ACTOR_CONTACTS; i++)
        mem_free(a->contacts[i].kept);
}

void actor_rotate(struct actor *a)
{
    a->signed_prekeys[1] = a->signed_prekeys[0];
    prekey_make(&a->signed_prekeys[0], prekey_next_id(a->signed_prekeys[1].id), &a->random);
}

void actor_bundle(struct actor *a, enum omemo version, struct bundle *out)
{
    bundle_make(version, &a->self, &a->signed_prekeys[0], a->published, ACTOR_PREKEYS, out);
}

void actor_load(const struct actor *a, int contact, struct remote *out)
{
    const struct actor_contact *c = &a->contacts[contact];
    enum err e = remote_read(bytes_of(c->record, c->record_n), out);

    assert(e == ERR_NONE);
    (void)e;
}

void actor_store(struct actor *a, int contact, const struct remote *r)
{
    a->contacts[contact].record_n = remote_write(r, a->contacts[contact].record);
}

static void kept_delete(struct actor_contact *c, size_t place)
{
    c->kept_count--;
    memmove(c->kept + place, c->kept + place + 1, (c->kept_count - place) * sizeof c->kept[0]);
}

static void kept_delete_session(struct actor_contact *c, const uint8_t id[SESSION_ID],
                                size_t how_many)
{
    for (size_t i = 0; i < c->kept_count && how_many > 0;) {
        if (memcmp(c->kept[i].session, id, SESSION_ID) == 0) {
            kept_delete(c, i);
            how_many--;
        } else {
            i++;
        }
    }
}

static struct kept_key *kept_find(struct actor_contact *c, const uint8_t chain[CHAIN_ID],
                                  uint32_t n)
{
    for (size_t i = 0; i < c->kept_count; i++)
        if (c->kept[i].n == n && memcmp(c->kept[i].chain, chain, CHAIN_ID) == 0)
            return &c->kept[i];
    return NULL;
}

static const struct prekey *prekey_find(const struct prekey *list, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].id == id)
            return &list[i];
    return NULL;
}

enum err actor_start(struct actor *a, int contact, const struct bundle *b)
{
    struct session_end end;
    struct remote r;
    enum err e;

    actor_load(a, contact, &r);
    if ((e = remote_start(&r, &a->self, b, &a->random, &end)) != ERR_NONE)
        return e;
    actor_store(a, contact, &r);
    if (end.ended)
        kept_delete_session(&a->contacts[contact], end.id, SIZE_MAX);
    return ERR_NONE;
}

enum err actor_send(struct actor *a, int contact, size_t session, struct bytes plain,
                    struct codec_out *out)
{
    struct remote r;
    enum err e;

    actor_load(a, contact, &r);
    if ((e = remote_encrypt(&r, session, &a->self, plain, out)) == ERR_NONE)
        actor_store(a, contact, &r);
    return e;
}

static struct remote_rows look_up(struct actor *a, struct actor_contact *c,
                                  const struct remote_wants *wants)
{
    struct remote_rows rows = { NULL, NULL, NULL };

    if (wants->prekeys)
        rows.signed_prekey = prekey_find(a->signed_prekeys, 2, wants->signed_prekey_id);
    if (wants->prekeys && wants->has_prekey)
        rows.prekey = prekey_find(a->prekeys, ACTOR_PREKEYS, wants->prekey_id);
    if (wants->kept)
        rows.kept = kept_find(c, wants->chain, wants->n);
    return rows;
}

/* *kept_place: of the row that was used. */
static enum err decrypt(struct actor *a, int contact, bool is_exchange, struct bytes octets,
                        struct remote_received *out, size_t *kept_place)
{
    struct actor_contact *c = &a->contacts[contact];
    struct remote_wants wants;
    struct remote_rows rows;
    struct codec_key key;
    struct remote r;
    enum err e;

    actor_load(a, contact, &r);
    if ((e = codec_read(r.version, is_exchange, octets, &key)) != ERR_NONE)
        return e;
    remote_wants(&r, &key, &wants);
    rows = look_up(a, c, &wants);
    if ((e = remote_decrypt(&r, &a->self, &key, &rows, &a->random, out)) != ERR_NONE)
        return e;
    if (out->message.kept_used)
        *kept_place = (size_t)(rows.kept - c->kept);
    return ERR_NONE;
}

enum err actor_try(struct actor *a, int contact, bool is_exchange, struct bytes octets,
                   struct remote_received *out)
{
    size_t unused;

    return decrypt(a, contact, is_exchange, octets, out, &unused);
}

static void commit_kept(struct actor_contact *c, const struct remote_received *got)
{
    struct kept_range add = got->message.add;
    struct kept_key row;

    while (kept_next(&add, &row)) {
        c->kept = mem_resize(c->kept, (c->kept_count + 1) * sizeof c->kept[0]);
        c->kept[c->kept_count++] = row;
    }
    kept_delete_session(c, got->message.session.id, got->message.evict);
    if (got->end.ended)
        kept_delete_session(c, got->end.id, SIZE_MAX);
}

enum err actor_receive(struct actor *a, int contact, bool is_exchange, struct bytes octets,
                       struct remote_received *out)
{
    size_t kept_place = 0;
    enum err e = decrypt(a, contact, is_exchange, octets, out, &kept_place);

    if (e != ERR_NONE)
        return e;
    if (out->message.kept_used)
        kept_delete(&a->contacts[contact], kept_place);
    commit_kept(&a->contacts[contact], out);
    actor_store(a, contact, &out->remote);
    for (int i = 0; i < ACTOR_PREKEYS; i++)
        if (out->prekey_used && !a->keeps_prekeys && a->prekeys[i].id == out->prekey_id)
            publish(a, i, a->prekeys[i].id + ACTOR_PREKEYS);
    return ERR_NONE;
}
