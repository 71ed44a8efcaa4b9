/* attachment_aesgcm.c: files in a text: aesgcm://host/path#IV KEY in hexadecimal (XEP-0454 §3).
 *
 * The nonce comes first: 12 octets, in older clients 16. The key has 32.
 */
#include <string.h>

#include "base/encode.h"
#include "client/attachment.h"
#include "http/target.h"

#define SCHEME "aesgcm://"

enum { KEY = 32, IV_SHORT = 12, IV_LONG = 16 };

/* The address may be followed by a line with a picture: XEP-0454 §4. Anything else is text of a person. */
static bool only_address(struct str text, struct str *out)
{
    size_t end = str_find(text, '\n');
    struct str more = str_skip(text, end + 1);

    *out = str_slice(text, 0, end);
    return str_starts(text, STR(SCHEME)) && (more.n == 0 || str_starts(more, STR("data:")));
}

/* The last segment of the path, decoded: all that there is of a name. */
static struct str name_of(struct arena *a, struct str url)
{
    struct str path = str_skip(url, sizeof "https://" - 1);
    const struct str *segments;
    size_t n;

    path = str_skip(path, str_find(path, '/'));
    path = str_slice(path, 0, str_find(path, '?'));
    if (http_path_read(a, path, ATTACHMENT_URL_MAX / 2, &segments, &n) != ERR_NONE || n == 0)
        return STR_NONE;
    return attachment_clean_name(a, segments[n - 1]);
}

enum err attachment_from_aesgcm(struct arena *a, struct str text, struct attachment *out)
{
    struct attachment f = { .key_n = KEY };
    struct str address;
    struct bytes secret;
    size_t hash;

    if (!only_address(text, &address))
        return ERR_MISSING;
    hash = str_find(address, '#');
    if (address.n > ATTACHMENT_URL_MAX + 2 * (KEY + IV_LONG)
        || hex_read(a, str_skip(address, hash + 1), &secret) != ERR_NONE
        || (secret.n != IV_SHORT + KEY && secret.n != IV_LONG + KEY))
        return ERR_MALFORMED;
    f.iv_n = (uint8_t)(secret.n - KEY);
    memcpy(f.iv, secret.p, f.iv_n);
    memcpy(f.key, secret.p + f.iv_n, KEY);
    address = str_slice(address, sizeof SCHEME - 1, hash - (sizeof SCHEME - 1));
    f.url = arena_concat(a, STR("https://"), address);
    if (!attachment_url_valid(f.url))
        return ERR_MALFORMED;
    f.name = name_of(a, f.url);
    f.media_type = attachment_type_of(attachment_ending(a, f.name));
    *out = f;
    return ERR_NONE;
}

struct str attachment_to_aesgcm(struct arena *a, const struct attachment *f)
{
    struct str place = str_skip(f->url, sizeof "https://" - 1);
    struct str iv = hex_text(a, bytes_of(f->iv, f->iv_n));
    struct str key = hex_text(a, bytes_of(f->key, f->key_n));

    return arena_printf(a, SCHEME "%.*s#%.*s%.*s", STR_ARG(place), STR_ARG(iv), STR_ARG(key));
}
