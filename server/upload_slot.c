/* upload_slot.c: two keyed hashes. */
#include "server/upload_slot.h"

#include "base/encode.h"
#include "crypto/hash.h"

enum { SLOT_OCTETS = 16, SLOT_CHARS = 26 };

static struct str keyed(const struct settings *s, struct arena *a, struct str purpose,
                        struct str text)
{
    uint8_t key[HASH_SIZE_MAX], mac[HASH_SIZE_MAX];

    hmac(HASH_SHA256, bytes_of(s->secret, sizeof s->secret), bytes_of_str(purpose), key);
    hmac(HASH_SHA256, bytes_of(key, hash_size(HASH_SHA256)), bytes_of_str(text), mac);
    secure_zero(key, sizeof key);
    return base32_text(a, bytes_of(mac, SLOT_OCTETS));
}

struct str upload_slot(const struct settings *s, struct arena *a, struct str request)
{
    return keyed(s, a, STR("upload slot"), request);
}

bool upload_slot_is_one(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!(text.p[i] >= 'a' && text.p[i] <= 'z') && !(text.p[i] >= '2' && text.p[i] <= '7'))
            return false;
    return text.n == SLOT_CHARS;
}

struct str upload_authorization(const struct settings *s, struct arena *a, struct str slot)
{
    return arena_concat(a, STR("Bearer "), keyed(s, a, STR("upload authorization"), slot));
}

bool upload_is_authorized(const struct settings *s, struct str slot, struct str authorization)
{
    struct arena a = { 0 };
    struct str right = upload_authorization(s, &a, slot);
    bool is = authorization.n == right.n && ct_equal(authorization.p, right.p, right.n);

    arena_deinit(&a);
    return is;
}

bool upload_type_is_shown(struct str type)
{
    static const char *const shown[] = {
        "image/jpeg", "image/png", "image/gif",  "image/webp", "image/avif",
        "audio/mpeg", "audio/ogg", "audio/aac",  "audio/opus", "audio/mp4",
        "audio/webm", "video/mp4", "video/webm", "video/ogg",
    };

    for (size_t i = 0; i < COUNT_OF(shown); i++)
        if (str_is(type, shown[i]))
            return true;
    return false;
}
