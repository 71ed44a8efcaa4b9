/* fuzz_sasl.c: messages that a peer may send during authentication. The first octet selects who
 * reads them; two messages are parted by a line feed. Nobody is ever let in: the server has keys
 * without a password, and the client's nonce makes signatures of earlier runs worthless.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "xmpp/sasl.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void fill_sevens(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 7, n);
}

static const struct random sevens = { fill_sevens, NULL };
static const struct binding_data bound = { { (const uint8_t *)"exporter", 8 },
                                           { (const uint8_t *)"end point", 9 } };

static void fuzz_server(struct arena *a, enum hash h, bool plus, struct str messages)
{
    struct str first = str_split(&messages, '\n'), challenge, answer;
    struct scram_server s;
    struct scram_keys keys;

    scram_decoy(h, bytes_of("secret", 6), STR("user"), 4096, &keys);
    scram_server_init(&s, h, plus, plus);
    if (scram_server_first(&s, a, first) != ERR_NONE)
        return;
    require(s.username.n > 0 && utf8_valid(s.username) && s.nonce.n > 0);
    require(plus == (s.binding != BINDING_NONE));
    require(str_eq(arena_concat(a, s.gs2_header, s.client_first_bare), first));
    challenge = scram_server_challenge(&s, a, &keys, 1, &sevens);
    require(str_starts(str_skip(challenge, 2), s.nonce));
    require(scram_server_final(&s, a, messages, &bound, &answer) != ERR_NONE);
}

/* Five digits of iterations would make one input take too long. */
static bool asks_for_much_work(struct str challenge)
{
    while (challenge.p != NULL) {
        struct str attr = str_split(&challenge, ',');

        if (str_starts(attr, STR("i=")) && attr.n > strlen("i=9999"))
            return true;
    }
    return false;
}

static void fuzz_client(struct arena *a, enum hash h, bool plus, struct str messages)
{
    struct str first = str_split(&messages, '\n'), final;
    struct scram_client c;

    scram_client_init(&c, h, plus ? BINDING_TLS_EXPORTER : BINDING_NONE, false);
    (void)scram_client_first(&c, a, STR("user"), &sevens);
    require(scram_client_verify(&c, a, first) != ERR_NONE);
    if (asks_for_much_work(first)
        || scram_client_final(&c, a, first, STR("pencil"), &bound, &final) != ERR_NONE)
        return;
    require(str_starts(final, STR("c=")) && final.n <= 2 * SCRAM_MESSAGE_MAX);
    require(scram_client_verify(&c, a, messages) != ERR_NONE);
}

/* Whatever a name contains, the server reads what the client wrote. */
static void fuzz_name(struct arena *a, struct str name)
{
    bool good = name.n > 0 && utf8_valid(name) && str_find(name, '\0') == name.n;
    struct scram_client c;
    struct scram_server s;
    struct str first;

    scram_client_init(&c, HASH_SHA1, BINDING_NONE, false);
    scram_server_init(&s, HASH_SHA1, false, false);
    first = scram_client_first(&c, a, name, &sevens);
    if (first.n > SCRAM_MESSAGE_MAX)
        require(scram_server_first(&s, a, first) == ERR_TOO_BIG);
    else
        require((scram_server_first(&s, a, first) == ERR_NONE) == good);
    require(!good || first.n > SCRAM_MESSAGE_MAX || str_eq(s.username, name));
}

static void fuzz_plain(struct arena *a, struct str message)
{
    struct str authzid, user, password, again;

    if (sasl_plain_read(message, &authzid, &user, &password) != ERR_NONE)
        return;
    again = arena_concat(a, arena_concat(a, authzid, STR("\0")), user);
    again = arena_concat(a, arena_concat(a, again, STR("\0")), password);
    require(str_eq(again, message));
    if (sasl_prepare_password(a, password, &password) != ERR_NONE)
        return;
    require(sasl_prepare_password(a, password, &again) == ERR_NONE);
    require(str_eq(again, password)); /* RFC 8264 §7: preparing is idempotent */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct str text;
    enum hash h;
    bool plus;

    if (size == 0)
        return 0;
    text = (struct str){ (const char *)data + 1, size - 1 };
    h = (data[0] >> 4) % HASH_COUNT;
    plus = data[0] & 4;
    switch (data[0] & 3) {
    case 0: fuzz_server(&a, h, plus, text); break;
    case 1: fuzz_client(&a, h, plus, text); break;
    case 2: fuzz_name(&a, text); break;
    case 3: fuzz_plain(&a, text); break;
    }
    arena_deinit(&a);
    return 0;
}
