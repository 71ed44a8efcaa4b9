/* fuzz_omemo_stanza.c: elements of OMEMO that are read, are written and read again as the same. */
#include <stdlib.h>
#include <string.h>

#include "omemo/bundle.h"
#include "omemo/encrypted.h"
#include "omemo/sce.h"
#include "xml/parser.h"
#include "xml/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool same(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static void check_encrypted(struct arena *a, const struct encrypted *e)
{
    struct encrypted_key *keys = arena_alloc(a, (e->count + 1) * sizeof *keys);
    struct encrypted again, out = *e;

    check(e->count <= ENCRYPTED_KEYS_MAX && e->sid > 0 && e->sid <= OMEMO_ID_MAX);
    for (size_t i = 0; i < e->count; i++) {
        keys[i] = e->keys[i];
        if (encrypted_key_octets(a, &e->keys[i], &keys[i].octets) == ERR_NONE)
            check(keys[i].octets.n <= CODEC_IN_MAX);
    }
    out.keys = keys;
    check(encrypted_read(a, encrypted_write(a, &out), &again) == ERR_NONE);
    check(again.sid == e->sid && again.count == e->count && again.has_payload == e->has_payload);
    check(same(again.payload, e->payload) && same(again.iv, e->iv));
    for (size_t i = 0; i < e->count; i++)
        check(again.keys[i].rid == e->keys[i].rid && str_eq(again.keys[i].jid, e->keys[i].jid)
              && again.keys[i].is_exchange == e->keys[i].is_exchange);
}

static void check_bundle(struct arena *a, const struct bundle *b)
{
    struct identity_key key;
    struct bundle again;

    check(b->prekey_count <= BUNDLE_PREKEYS_MAX);
    check(bundle_read(a, bundle_write(a, b), &again) == ERR_NONE);
    check(again.prekey_count == b->prekey_count && again.signed_id == b->signed_id);
    check(memcmp(again.identity, b->identity, OMEMO_KEY) == 0);
    if (bundle_verify(b, &key) == ERR_NONE)
        check(key.has_ed && bundle_verify(&again, &key) == ERR_NONE);
}

static void check_list(struct arena *a, const struct device_list *list)
{
    struct device_list again;

    check(list->count <= DEVICES_MAX);
    check(device_list_read(a, device_list_write(a, list), &again) == ERR_NONE);
    check(again.count == list->count);
    for (size_t i = 0; i < list->count; i++)
        check(device_list_has(&again, list->devices[i].id));
}

static void nothing(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 0, n);
}

static void check_sce(struct arena *a, struct sce *s)
{
    struct random random = { nothing, NULL };
    struct sce again, plain = *s;
    enum err e;

    plain.content = xml_copy(a, s->content);
    plain.content->next = NULL;
    e = sce_read(a, sce_write(a, &random, &plain), &again);
    check(e == ERR_NONE || e == ERR_TOO_BIG);
    if (e == ERR_NONE)
        check(str_eq(again.from, s->from) && str_eq(again.to, s->to)
              && again.has_time == s->has_time);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct xml_limits limits = { 65536, 16, 32, 4096 };
    struct str text = { (const char *)data, n };
    struct arena a = { 0 };
    struct xml_node *node;
    struct encrypted e;
    struct bundle b;
    struct device_list list;
    struct sce s;

    if (xml_parse_document(&a, text, &limits, &node) == ERR_NONE) {
        if (encrypted_read(&a, node, &e) == ERR_NONE)
            check_encrypted(&a, &e);
        if (bundle_read(&a, node, &b) == ERR_NONE)
            check_bundle(&a, &b);
        if (device_list_read(&a, node, &list) == ERR_NONE)
            check_list(&a, &list);
        if (sce_read(&a, bytes_of(data, n), &s) == ERR_NONE)
            check_sce(&a, &s);
    }
    arena_deinit(&a);
    return 0;
}
