/* attachment_xml.c: files as elements: what they are (XEP-0446), where (XEP-0447), how they are sealed (XEP-0448).
 *
 *     file-sharing { file { name media-type size length width height hash }
 *                    sources { encrypted(cipher) { key iv hash sources { url-data(target) } } } }
 */
#include <string.h>

#include "base/encode.h"
#include "client/attachment.h"
#include "crypto/cipher.h"
#include "xmpp/ns.h"

#define CIPHER_128 "urn:xmpp:ciphers:aes-128-gcm-nopadding:0"
#define CIPHER_256 "urn:xmpp:ciphers:aes-256-gcm-nopadding:0"

/* ---- Reading --------------------------------------------------------------------------------------- */

static bool is_type(struct str type)
{
    size_t slash = str_find(type, '/');

    if (type.n > ATTACHMENT_TYPE_MAX || slash == 0 || slash + 1 >= type.n)
        return false;
    for (size_t i = 0; i < type.n; i++) {
        char c = type.p[i];

        if (i != slash && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')
            && (c == '/' || c < '!' || str_find(STR("!#$&-^_.+"), c) == 9))
            return false; /* RFC 6838 §4.2 */
    }
    return true;
}

static struct str lower(struct arena *a, struct str text)
{
    char *p = arena_raw(a, text.n);

    for (size_t i = 0; i < text.n; i++)
        p[i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] + 32 : text.p[i]);
    return (struct str){ p, text.n };
}

/* What is no number, or too great, is as good as not said. */
static uint32_t number_of(struct arena *a, const struct xml_node *file, const char *name)
{
    uint64_t n;

    if (str_to_u64(xml_child_text(a, file, STR(NS_FILE_METADATA), str_from(name)), UINT32_MAX, &n)
        != ERR_NONE)
        return 0;
    return (uint32_t)n;
}

/* XEP-0300: of several, SHA-256; other algorithms are passed over. */
static enum err read_hash(struct arena *a, const struct xml_node *parent, uint8_t *out, bool *has)
{
    struct bytes octets;

    for (const struct xml_node *n = xml_first_element(parent); n != NULL; n = xml_next_element(n)) {
        if (!xml_is(n, STR(NS_HASHES), STR("hash")) || !str_is(xml_get(n, STR("algo")), "sha-256"))
            continue;
        if (base64_read(a, str_trim(xml_text_of(a, n)), &octets) != ERR_NONE
            || octets.n != ATTACHMENT_HASH)
            return ERR_MALFORMED;
        memcpy(out, octets.p, octets.n);
        *has = true;
    }
    return ERR_NONE;
}

static enum err read_file(struct arena *a, const struct xml_node *file, struct attachment *f)
{
    struct str type = xml_child_text(a, file, STR(NS_FILE_METADATA), STR("media-type"));
    struct str size = xml_child_text(a, file, STR(NS_FILE_METADATA), STR("size"));

    f->name = attachment_clean_name(a, xml_child_text(a, file, STR(NS_FILE_METADATA), STR("name")));
    type = lower(a, str_trim(type));
    f->media_type = is_type(type) ? type : STR_NONE;
    f->duration_ms = number_of(a, file, "length");
    f->width = number_of(a, file, "width");
    f->height = number_of(a, file, "height");
    if (size.n > 0) {
        if (str_to_u64(size, ATTACHMENT_SIZE_MAX, &f->size) != ERR_NONE)
            return ERR_MALFORMED;
        f->has_size = true;
    }
    return read_hash(a, file, f->hash, &f->has_hash);
}

static bool read_octets(struct arena *a, const struct xml_node *parent, const char *name,
                        uint8_t *out, size_t max, uint8_t *out_n)
{
    struct str text = xml_child_text(a, parent, STR(NS_FILE_ENCRYPTED), str_from(name));
    struct bytes octets;

    if (base64_read(a, str_trim(text), &octets) != ERR_NONE || octets.n == 0 || octets.n > max)
        return false;
    memcpy(out, octets.p, octets.n);
    *out_n = (uint8_t)octets.n;
    return true;
}

static bool read_url(const struct xml_node *sources, struct str *out)
{
    for (const struct xml_node *n = sources != NULL ? xml_first_element(sources) : NULL; n != NULL;
         n = xml_next_element(n)) {
        *out = xml_get(n, STR("target"));
        if (xml_is(n, STR(NS_URL_DATA), STR("url-data")) && attachment_url_valid(*out))
            return true;
    }
    return false;
}

static enum err read_encrypted(struct arena *a, const struct xml_node *node, struct attachment *f)
{
    struct str cipher = xml_get(node, STR("cipher"));
    size_t key_n = str_is(cipher, CIPHER_256) ? 32 : str_is(cipher, CIPHER_128) ? 16 : 0;

    if (key_n == 0)
        return ERR_UNSUPPORTED;
    if (!read_octets(a, node, "key", f->key, sizeof f->key, &f->key_n) || f->key_n != key_n
        || !read_octets(a, node, "iv", f->iv, sizeof f->iv, &f->iv_n)
        || (f->iv_n != 12 && f->iv_n != 16))
        return ERR_MALFORMED;
    if (!read_url(xml_child(node, STR(NS_FILE_SHARING), STR("sources")), &f->url))
        return ERR_UNSUPPORTED;
    return read_hash(a, node, f->sealed_hash, &f->has_sealed_hash);
}

enum err attachment_from_xml(struct arena *a, const struct xml_node *sharing,
                             struct attachment *out)
{
    const struct xml_node *file = xml_child(sharing, STR(NS_FILE_METADATA), STR("file"));
    const struct xml_node *sources = xml_child(sharing, STR(NS_FILE_SHARING), STR("sources"));
    struct attachment about = { 0 };
    enum err e = ERR_UNSUPPORTED;

    if (!xml_is(sharing, STR(NS_FILE_SHARING), STR("file-sharing")))
        return ERR_MISSING;
    if (file == NULL || sources == NULL || read_file(a, file, &about) != ERR_NONE)
        return ERR_MALFORMED;
    about.is_voice = str_is(xml_get(sharing, STR("disposition")), "inline")
                     && str_starts(about.media_type, STR("audio/"));
    for (const struct xml_node *n = xml_first_element(sources); n != NULL;
         n = xml_next_element(n)) {
        struct attachment f = about;

        if (!xml_is(n, STR(NS_FILE_ENCRYPTED), STR("encrypted")))
            continue;
        e = read_encrypted(a, n, &f);
        if (e == ERR_NONE)
            *out = f;
        if (e != ERR_UNSUPPORTED)
            break;
    }
    return e;
}

enum err attachment_of_content(struct arena *a, const struct xml_node *content,
                               struct attachment *out)
{
    const struct xml_node *sharing = xml_child(content, STR(NS_FILE_SHARING), STR("file-sharing"));

    if (sharing != NULL)
        return attachment_from_xml(a, sharing, out);
    return attachment_from_aesgcm(a, xml_child_text(a, content, STR(NS_CLIENT), STR("body")), out);
}

static bool is_fallback(const struct xml_node *content)
{
    for (const struct xml_node *n = xml_first_element(content); n != NULL; n = xml_next_element(n))
        if (xml_is(n, STR(NS_FALLBACK), STR("fallback"))
            && str_is(xml_get(n, STR("for")), NS_FILE_SHARING))
            return true;
    return false;
}

enum err attachment_take(struct arena *a, const struct xml_node *content, struct str *text,
                         struct str *out_record)
{
    struct attachment f, of_text;
    struct buf record;
    enum err e = attachment_of_content(a, content, &f);

    if (e != ERR_NONE)
        return e;
    if (is_fallback(content) || attachment_from_aesgcm(a, *text, &of_text) == ERR_NONE
        || str_eq(*text, f.url))
        *text = STR_NONE;
    buf_init(&record, ATTACHMENT_RECORD_MAX);
    attachment_write(&record, &f);
    *out_record = arena_str(a, buf_str(&record));
    buf_deinit(&record);
    return ERR_NONE;
}

/* ---- Writing --------------------------------------------------------------------------------------- */

static void add_number(struct arena *a, struct xml_node *file, const char *name, uint64_t n)
{
    if (n > 0)
        xml_add_text_child(a, file, STR(NS_FILE_METADATA), str_from(name),
                           arena_printf(a, "%llu", (unsigned long long)n));
}

static void add_text(struct arena *a, struct xml_node *file, const char *name, struct str text)
{
    if (text.n > 0)
        xml_add_text_child(a, file, STR(NS_FILE_METADATA), str_from(name), text);
}

static void add_octets(struct arena *a, struct xml_node *parent, const char *name,
                       struct bytes octets)
{
    xml_add_text_child(a, parent, STR(NS_FILE_ENCRYPTED), str_from(name), base64_text(a, octets));
}

static void add_hash(struct arena *a, struct xml_node *parent, const uint8_t *hash)
{
    struct xml_node *n = xml_add_text_child(a, parent, STR(NS_HASHES), STR("hash"),
                                            base64_text(a, bytes_of(hash, ATTACHMENT_HASH)));

    xml_set(a, n, STR("algo"), STR("sha-256"));
}

static void add_file(struct arena *a, struct xml_node *sharing, const struct attachment *f)
{
    struct xml_node *file = xml_add(a, sharing, STR(NS_FILE_METADATA), STR("file"));

    add_text(a, file, "media-type", f->media_type);
    add_text(a, file, "name", f->name);
    if (f->has_size)
        add_text(a, file, "size", arena_printf(a, "%llu", (unsigned long long)f->size));
    add_number(a, file, "length", f->duration_ms);
    add_number(a, file, "width", f->width);
    add_number(a, file, "height", f->height);
    if (f->has_hash)
        add_hash(a, file, f->hash);
}

static void add_source(struct arena *a, struct xml_node *sources, const struct attachment *f)
{
    struct xml_node *n = xml_add(a, sources, STR(NS_FILE_ENCRYPTED), STR("encrypted")), *url;

    xml_set(a, n, STR("cipher"), f->key_n == 32 ? STR(CIPHER_256) : STR(CIPHER_128));
    add_octets(a, n, "key", bytes_of(f->key, f->key_n));
    add_octets(a, n, "iv", bytes_of(f->iv, f->iv_n));
    if (f->has_sealed_hash)
        add_hash(a, n, f->sealed_hash);
    url = xml_add(a, xml_add(a, n, STR(NS_FILE_SHARING), STR("sources")), STR(NS_URL_DATA),
                  STR("url-data"));
    xml_set(a, url, STR("target"), f->url);
}

void attachment_to_xml(struct arena *a, struct xml_node *parent, const struct attachment *f)
{
    struct xml_node *n = xml_add(a, parent, STR(NS_FILE_SHARING), STR("file-sharing"));
    bool shown = f->is_voice || str_starts(f->media_type, STR("image/"));

    xml_set(a, n, STR("disposition"), shown ? STR("inline") : STR("attachment"));
    add_file(a, n, f);
    add_source(a, xml_add(a, n, STR(NS_FILE_SHARING), STR("sources")), f);
}

void attachment_to_content(struct arena *a, struct xml_node *content, const struct attachment *f)
{
    struct xml_node *fallback;

    attachment_to_xml(a, content, f);
    xml_add_text_child(a, content, STR(NS_CLIENT), STR("body"), attachment_to_aesgcm(a, f));
    fallback = xml_add(a, content, STR(NS_FALLBACK), STR("fallback"));
    xml_set(a, fallback, STR("for"), STR(NS_FILE_SHARING));
    xml_add(a, fallback, STR(NS_FALLBACK), STR("body"));
}
