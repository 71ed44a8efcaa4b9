/* derivation.c: the detour of a routed stanza over a thread that may take its time. */
#include "server/derivation.h"

#include <string.h>

#include "server/router.h"

enum { MADE_OCTETS = 20, MADE_GROUP = 4, ID_OCTETS = 9, PASSWORD_MAX = SASL_PASSWORD_MAX };

static const enum hash hashes[PASSWORD_KEYS] = { HASH_SHA1, HASH_SHA256, HASH_SHA512 };

struct derivation {
    struct routed *routed;
    derived_fn *then;
    const struct random *random;
    uint32_t iterations;
    bool salted; /* made.keys hold the salts */
    struct derived made;
    char password[PASSWORD_MAX + 1], id[16];
};

/* Letters and digits that are easily told apart, in groups that are easily typed: k7qf-2n3x-… */
static void make_password(struct derivation *d)
{
    struct arena a = { 0 };
    struct str text = random_token(d->random, &a, MADE_OCTETS);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (i > 0 && i % MADE_GROUP == 0)
            d->password[n++] = '-';
        d->password[n++] = text.p[i];
    }
    d->made.password = (struct str){ d->password, n };
    secure_zero((char *)text.p, text.n);
    arena_deinit(&a);
}

static void make_id(struct derivation *d)
{
    struct arena a = { 0 };
    struct str text = random_token(d->random, &a, ID_OCTETS);

    memcpy(d->id, text.p, text.n);
    d->made.id = (struct str){ d->id, text.n };
    arena_deinit(&a);
}

struct derivation *derivation_new(struct routed *r, struct str password,
                                  const struct scram_keys *salts, derived_fn *then)
{
    const struct home *h = r->account->home;
    struct derivation *d = mem_alloc(sizeof *d);

    d->routed = r;
    d->then = then;
    d->random = &h->host->random;
    d->iterations = h->settings->scram_iterations;
    d->salted = salts != NULL;
    if (salts != NULL)
        memcpy(d->made.keys, salts, sizeof d->made.keys);
    if (password.n > 0) {
        memcpy(d->password, password.p, password.n); /* sasl_prepare_password() has capped it */
        d->made.password = (struct str){ d->password, password.n };
    } else {
        make_password(d);
    }
    make_id(d);
    return d;
}

void derivation_free(struct derivation *d)
{
    if (d == NULL)
        return;
    secure_zero(d, sizeof *d);
    mem_free(d);
}

static void derive(void *arg)
{
    struct derivation *d = arg;

    for (size_t i = 0; i < PASSWORD_KEYS; i++) {
        struct scram_keys like = d->made.keys[i];

        if (d->salted)
            scram_derive(hashes[i], d->made.password, bytes_of(like.salt, like.salt_n),
                         like.iterations, &d->made.keys[i]);
        else
            scram_derive_fresh(hashes[i], d->made.password, d->iterations, d->random,
                               &d->made.keys[i]);
    }
}

static void derived(void *arg)
{
    struct derivation *d = arg;

    router_derived(d->routed);
}

void derivation_run(struct derivation *d)
{
    const struct host *host = d->routed->account->home->host;

    host->ops->offload(host->ctx, derive, derived, d);
}

enum verdict derivation_continue(struct derivation *d, const struct incoming *in,
                                 struct outcome *out)
{
    return d->then(in, &d->made, out);
}
