/* turn_credential.c: keyed hashes of names. */
#include "server/turn_credential.h"

#include "base/encode.h"
#include "crypto/hash.h"
#include "crypto/md5.h"

enum { OWNER_DIGITS = 16, PASSWORD_OCTETS = 20 };

static uint64_t keyed(struct bytes secret, const char *purpose, struct str text)
{
    uint8_t digest[HASH_SIZE_MAX];
    uint64_t out = 0;

    hmac2(HASH_SHA256, secret, bytes_of_str(str_from(purpose)), bytes_of_str(text), digest);
    for (size_t i = 0; i < sizeof out; i++)
        out = out << 8 | digest[i];
    return out;
}

uint64_t turn_owner(struct bytes secret, struct str bare_jid)
{
    return keyed(secret, "turn account ", bare_jid) | 1;
}

static struct str password_of(struct arena *a, struct bytes secret, struct str name)
{
    uint8_t digest[HASH_SIZE_MAX];

    hmac2(HASH_SHA256, secret, bytes_of_str(STR("turn password ")), bytes_of_str(name), digest);
    return base64_text(a, bytes_of(digest, PASSWORD_OCTETS));
}

struct turn_credential turn_credential_new(struct arena *a, struct bytes secret, uint64_t owner,
                                           uint64_t expires_s, struct str salt)
{
    struct turn_credential c;

    c.name = arena_printf(a, "%llu:%016llx:%08lx", (unsigned long long)expires_s,
                          (unsigned long long)owner,
                          (unsigned long)(keyed(secret, "turn salt ", salt) & UINT32_MAX));
    c.password = password_of(a, secret, c.name);
    return c;
}

static bool read_owner(struct str text, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.n; i++) {
        int digit = hex_digit(text.p[i]);

        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    *out = value;
    return text.n == OWNER_DIGITS && value != 0;
}

bool turn_name_read(struct str name, struct turn_name *out)
{
    struct str expires = str_split(&name, ':'), owner = str_split(&name, ':');

    return str_to_u64(expires, UINT64_MAX / 2, &out->expires_s) == ERR_NONE
           && read_owner(owner, &out->owner);
}

void turn_key(struct bytes secret, struct str realm, struct str name, uint8_t out[TURN_KEY])
{
    struct arena a = { 0 };
    struct str password = password_of(&a, secret, name);
    struct str all =
        arena_printf(&a, "%.*s:%.*s:%.*s", STR_ARG(name), STR_ARG(realm), STR_ARG(password));

    md5(bytes_of_str(all), out);
    arena_deinit(&a);
}
