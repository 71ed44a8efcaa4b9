/* read_transport.c: credentials and fingerprint of one side (XEP-0176, XEP-0320). Of candidates only their number is kept. */
#include "jingle/reading.h"
#include "xmpp/jid.h"
#include "xmpp/ns.h"

const char *const jingle_setup_names[3] = { "actpass", "active", "passive" };

struct str jingle_setup_text(enum jingle_setup setup)
{
    return str_from(jingle_setup_names[setup]);
}

/* ---- Fingerprints ----------------------------------------------------------------------------------- */

bool jingle_digest_valid(struct str hash, struct str value)
{
    size_t octets = str_is(hash, "sha-256")   ? 32
                    : str_is(hash, "sha-384") ? 48
                    : str_is(hash, "sha-512") ? 64
                                              : 0;

    if (octets == 0 || value.n != octets * 3 - 1
        || !token_is(value, TOKEN_HEX_PAIRS, value.n, value.n))
        return false;
    for (size_t i = 0; i < value.n; i++)
        if ((value.p[i] == ':') != (i % 3 == 2))
            return false;
    return true;
}

enum { SEALED_MAX = 1024 }; /* a fingerprint and its key need some 300 */

/* Sealed for the one device that accepted; whether it can be opened is seen there. */
static bool read_sealed(struct reading *r, const struct xml_node *n, struct jingle_fingerprint *out)
{
    const struct xml_node *element = xml_first_element(n);
    struct encrypted_key *key = ARENA_NEW(r->arena, struct encrypted_key);
    struct encrypted *e = &out->sealed;
    struct jid owner;

    out->is_sealed = true;
    if (element == NULL || xml_next_element(element) != NULL
        || encrypted_read(r->arena, element, e) != ERR_NONE || e->count != 1 || !e->has_payload
        || e->payload.n > SEALED_MAX)
        return reading_fails(r, "fingerprint");
    *key = e->keys[0];
    if (encrypted_key_octets(r->arena, key, &key->octets) != ERR_NONE || key->octets.n > SEALED_MAX)
        return reading_fails(r, "fingerprint");
    if (e->version == OMEMO_2) {
        if (jid_parse(r->arena, key->jid, &owner) != ERR_NONE || !jid_is_bare(&owner))
            return reading_fails(r, "fingerprint");
        key->jid = jid_text(r->arena, &owner);
    }
    e->keys = key;
    return true;
}

static bool read_fingerprint(struct reading *r, const struct xml_node *n,
                             struct jingle_transport *t)
{
    struct jingle_fingerprint *out = &t->fingerprint;
    size_t setup = token_among(xml_get(n, STR("setup")), jingle_setup_names, 3);

    if (t->has_fingerprint)
        return reading_fails(r,
                             "fingerprint-twice"); /* one in clear beside a sealed one would win */
    t->has_fingerprint = true;
    out->hash = xml_get(n, STR("hash"));
    out->setup = (enum jingle_setup)setup;
    if (setup == 3 || !token_is(out->hash, TOKEN_NAME, 1, 16))
        return reading_fails(r, "fingerprint");
    if (str_eq(n->ns, STR(NS_JINGLE_OMEMO_FINGERPRINT)))
        return read_sealed(r, n, out);
    out->value = str_trim(xml_text_of(r->arena, n));
    return jingle_digest_valid(out->hash, out->value) || reading_fails(r, "fingerprint");
}

/* ---- The transport ---------------------------------------------------------------------------------- */

static bool is_fingerprint(const struct xml_node *n)
{
    return str_is(n->name, "fingerprint")
           && (str_eq(n->ns, STR(NS_JINGLE_DTLS))
               || str_eq(n->ns, STR(NS_JINGLE_OMEMO_FINGERPRINT)));
}

static bool read_part(struct reading *r, const struct xml_node *n, struct jingle_transport *t)
{
    if (is_fingerprint(n))
        return read_fingerprint(r, n, t);
    if (xml_is(n, STR(NS_JINGLE_ICE_UDP), STR("candidate"))) {
        t->knows_tcp |= xml_get(n, STR("tcptype")).n > 0;
        return ++t->candidates_read <= JINGLE_CANDIDATES_READ || reading_fails(r, "candidates");
    }
    if (xml_is(n, STR(NS_JINGLE_ICE_OPTION), STR("trickle")))
        t->trickle = true;
    else if (xml_is(n, STR(NS_JINGLE_ICE_OPTION), STR("renomination")))
        t->renomination = true;
    else
        r->left_out++;
    return true;
}

bool reading_transport(struct reading *r, const struct xml_node *n, struct jingle_transport *out)
{
    out->ufrag = xml_get(n, STR("ufrag"));
    out->pwd = xml_get(n, STR("pwd"));
    if ((out->ufrag.n > 0 || out->pwd.n > 0)
        && (!token_is(out->ufrag, TOKEN_ICE, 4, 256) || !token_is(out->pwd, TOKEN_ICE, 22, 256)))
        return reading_fails(r, "credentials");
    for (const struct xml_node *m = xml_first_element(n); m != NULL; m = xml_next_element(m))
        if (!read_part(r, m, out))
            return false;
    return true;
}
