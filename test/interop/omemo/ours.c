/* ours.c: lib/omemo in the form that all implementations have here. */
#include "ours.h"

#include <string.h>

#include "base/mem.h"

static const char *give_bundle(void *self, struct pipe_bundle *out)
{
    struct ours *o = self;
    struct bundle b;
    const struct bundle_prekey *chosen;

    actor_bundle(&o->actor, o->version, &b);
    chosen = bundle_choose(&b, &o->actor.random);
    memcpy(out->identity, b.identity, PIPE_KEY);
    memcpy(out->signed_key, b.signed_key, PIPE_KEY);
    memcpy(out->signature, b.signature, PIPE_SIGNATURE);
    memcpy(out->prekey, chosen->key, PIPE_KEY);
    out->signed_id = b.signed_id;
    out->prekey_id = chosen->id;
    return NULL;
}

static const char *start(void *self, const struct pipe_bundle *theirs)
{
    struct ours *o = self;
    struct bundle_prekey prekey = { .id = theirs->prekey_id };
    struct bundle b = { .version = o->version, .prekeys = &prekey, .prekey_count = 1 };
    enum err e;

    memcpy(prekey.key, theirs->prekey, PIPE_KEY);
    memcpy(b.identity, theirs->identity, PIPE_KEY);
    memcpy(b.signed_key, theirs->signed_key, PIPE_KEY);
    memcpy(b.signature, theirs->signature, PIPE_SIGNATURE);
    b.signed_id = theirs->signed_id;
    e = actor_start(&o->actor, 0, &b);
    return e == ERR_NONE ? NULL : err_text(e);
}

static const char *send(void *self, struct bytes plain, bool *is_exchange, struct pipe_octets *out)
{
    struct ours *o = self;
    struct codec_out sent;
    enum err e =
        plain.n > CODEC_PLAIN_MAX ? ERR_TOO_BIG : actor_send(&o->actor, 0, 0, plain, &sent);

    if (e != ERR_NONE)
        return err_text(e);
    *is_exchange = sent.is_exchange;
    memcpy(out->p, sent.octets, sent.n);
    out->n = sent.n;
    return NULL;
}

static const char *receive(void *self, bool is_exchange, struct bytes in, struct pipe_octets *out)
{
    struct ours *o = self;
    struct remote_received got;
    enum err e = actor_receive(&o->actor, 0, is_exchange, in, &got);

    if (e != ERR_NONE)
        return err_text(e);
    memcpy(out->p, got.message.plain, got.message.plain_n);
    out->n = got.message.plain_n;
    return NULL;
}

static const char *forget(void *self)
{
    struct ours *o = self;
    struct remote unknown;

    remote_init(&unknown, o->version);
    actor_store(&o->actor, 0, &unknown);
    return NULL;
}

struct ours *ours_new(enum omemo version, uint64_t seed)
{
    struct ours *o = mem_alloc(sizeof *o);

    o->version = version;
    actor_init(&o->actor, version, seed);
    return o;
}

void ours_free(struct ours *o)
{
    actor_deinit(&o->actor);
    mem_free(o);
}

struct pipe_device ours_device(struct ours *o)
{
    return (struct pipe_device){ o, give_bundle, start, send, receive, forget };
}
