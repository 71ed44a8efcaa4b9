/* test_attachment.c: files as elements, as addresses, as records; their names. */
#include "../check.h"

#include <string.h>

#include "base/encode.h"
#include "client/attachment.h"
#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

#define KEY  "4b2ad1d5a80c9bfa50409425acfabf076ddd7760e38938260418913871e61839"
#define IV12 "4fc44330169aaa7e828b8370"
#define IV16 "000102030405060708090a0b0c0d0e0f"

/* ---- Addresses (XEP-0454 §3) ----------------------------------------------------------------------- */

static const struct {
    const char *text;
    enum err err;
    const char *url, *name, *type;
    uint8_t iv_n;
} addresses[] = {
    { "aesgcm://media.example.org/upload/a1/photo.jpg#" IV12 KEY, ERR_NONE,
      "https://media.example.org/upload/a1/photo.jpg", "photo.jpg", "image/jpeg", 12 },
    { "aesgcm://media.example.org:5443/x#" IV16 KEY, ERR_NONE, "https://media.example.org:5443/x",
      "x", "", 16 },
    { "aesgcm://[::1]:8443/a%20b.OGG?v=1#" IV12 KEY, ERR_NONE, "https://[::1]:8443/a%20b.OGG?v=1",
      "a b.OGG", "audio/ogg", 12 },
    { "aesgcm://h/a.png#" IV12 KEY "\ndata:image/jpeg,aaaa", ERR_NONE, "https://h/a.png", "a.png",
      "image/png", 12 },
    { "aesgcm://h/%e2%80%aegnp.exe#" IV12 KEY, ERR_NONE, "https://h/%e2%80%aegnp.exe", "gnp.exe",
      "", 12 },
    { "aesgcm://h/..%2f..%2fetc#" IV12 KEY, ERR_NONE, "https://h/..%2f..%2fetc", "", "", 12 },
    { "look: aesgcm://h/a#" IV12 KEY, ERR_MISSING, NULL, NULL, NULL, 0 },
    { "aesgcm://h/a#" IV12 KEY "\nlook", ERR_MISSING, NULL, NULL, NULL, 0 },
    { "https://h/a#" IV12 KEY, ERR_MISSING, NULL, NULL, NULL, 0 },
    { "", ERR_MISSING, NULL, NULL, NULL, 0 },
    { "aesgcm://h/a", ERR_MALFORMED, NULL, NULL, NULL, 0 },
    { "aesgcm://h/a#" KEY, ERR_MALFORMED, NULL, NULL, NULL, 0 },
    { "aesgcm://h/a#" IV12 KEY "00", ERR_MALFORMED, NULL, NULL, NULL, 0 },
    { "aesgcm://h/a#x" IV12 KEY, ERR_MALFORMED, NULL, NULL, NULL, 0 },
    { "aesgcm://u@h/a#" IV12 KEY, ERR_MALFORMED, NULL, NULL, NULL, 0 },
    { "aesgcm:///a#" IV12 KEY, ERR_MALFORMED, NULL, NULL, NULL, 0 },
    { "aesgcm://h#" IV12 KEY, ERR_MALFORMED, NULL, NULL, NULL, 0 },
    { "aesgcm://h/a b#" IV12 KEY, ERR_MALFORMED, NULL, NULL, NULL, 0 },
    { "aesgcm://h/a\"b#" IV12 KEY, ERR_MALFORMED, NULL, NULL, NULL, 0 },
};

static void aesgcm(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct attachment f = { 0 };
        struct str text = str_from(addresses[i].text);

        check_err(addresses[i].text, attachment_from_aesgcm(&a, text, &f), addresses[i].err);
        if (addresses[i].err != ERR_NONE)
            continue;
        check_str(addresses[i].text, f.url, addresses[i].url);
        check_str(addresses[i].text, f.name, addresses[i].name);
        check_str(addresses[i].text, f.media_type, addresses[i].type);
        assert_int_equal(f.iv_n, addresses[i].iv_n);
        check_str("key", hex_text(&a, bytes_of(f.key, f.key_n)), KEY);
        text = str_slice(text, 0, str_find(text, '\n'));
        assert_true(str_eq(attachment_to_aesgcm(&a, &f), text));
    }
    arena_deinit(&a);
}

/* ---- Elements -------------------------------------------------------------------------------------- */

#define SHARING(attributes, file, sources)                                                         \
    "<file-sharing xmlns='" NS_FILE_SHARING "'" attributes ">" file "<sources>" sources            \
    "</sources></file-sharing>"
#define FILE_OF(content) "<file xmlns='" NS_FILE_METADATA "'>" content "</file>"
#define SEALED(cipher, content, target)                                                            \
    "<encrypted xmlns='" NS_FILE_ENCRYPTED "' cipher='urn:xmpp:ciphers:" cipher "'>" content       \
    "<sources xmlns='" NS_FILE_SHARING "'><url-data xmlns='" NS_URL_DATA "' target='" target       \
    "'/></sources></encrypted>"
#define GCM   "aes-256-gcm-nopadding:0"
#define NONCE "<iv>T8RDMBaiqn6Ci4Nw</iv>"
#define LOCK  "<key>SuRJ2agVm/pQbJQlPq/B23Xt1YOOJCcEGJA5HrcYOGQ=</key>" NONCE
#define SUM                                                                                        \
    "<hash xmlns='" NS_HASHES "' "                                                                 \
    "algo='sha-256'>LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=</hash>"

/* As in XEP-0448 §3, but for the hashes. */
static const char whole[] =
    SHARING(" disposition='inline'",
            FILE_OF("<media-type>image/jpeg</media-type><name>summit.jpg</name><size>3032449</size>"
                    "<width>4096</width><height>2160</height>" SUM
                    "<thumbnail xmlns='urn:xmpp:thumbs:1' uri='https://tracker.example/1'/>"),
            SEALED(GCM, LOCK SUM, "https://download.example/4a771ac1/file"));

static const struct {
    const char *what, *xml;
    enum err err;
} elements[] = {
    { "as the specification shows", whole, ERR_NONE },
    { "least", SHARING("", FILE_OF(""), SEALED(GCM, LOCK, "https://h/f")), ERR_NONE },
    { "128 bits",
      SHARING("", FILE_OF(""),
              SEALED("aes-128-gcm-nopadding:0", "<key>AAECAwQFBgcICQoLDA0ODw==</key>" NONCE,
                     "https://h/f")),
      ERR_NONE },
    { "the second source",
      SHARING("", FILE_OF(""),
              "<url-data xmlns='" NS_URL_DATA "' target='https://h/clear'/>" SEALED(
                  "aes-256-cbc-pkcs7:0", LOCK, "https://h/1") SEALED(GCM, LOCK, "https://h/f")),
      ERR_NONE },
    { "other hashes beside",
      SHARING("", FILE_OF("<hash xmlns='" NS_HASHES "' algo='sha3-256'>x</hash>"),
              SEALED(GCM, LOCK, "https://h/f")),
      ERR_NONE },
    { "another element", "<file xmlns='" NS_FILE_SHARING "'/>", ERR_MISSING },
    { "nothing about the file", SHARING("", "", SEALED(GCM, LOCK, "https://h/f")), ERR_MALFORMED },
    { "in the clear",
      SHARING("", FILE_OF(""), "<url-data xmlns='" NS_URL_DATA "' target='https://h/f'/>"),
      ERR_UNSUPPORTED },
    { "another cipher",
      SHARING("", FILE_OF(""), SEALED("aes-256-cbc-pkcs7:0", LOCK, "https://h/f")),
      ERR_UNSUPPORTED },
    { "not https", SHARING("", FILE_OF(""), SEALED(GCM, LOCK, "http://h/f")), ERR_UNSUPPORTED },
    { "key of another length",
      SHARING("", FILE_OF(""),
              SEALED(GCM, "<key>AAECAwQFBgcICQoLDA0ODw==</key>" NONCE, "https://h/f")),
      ERR_MALFORMED },
    { "no nonce",
      SHARING(
          "", FILE_OF(""),
          SEALED(GCM, "<key>SuRJ2agVm/pQbJQlPq/B23Xt1YOOJCcEGJA5HrcYOGQ=</key>", "https://h/f")),
      ERR_MALFORMED },
    { "size that is none",
      SHARING("", FILE_OF("<size>-1</size>"), SEALED(GCM, LOCK, "https://h/f")), ERR_MALFORMED },
    { "size beyond a key's",
      SHARING("", FILE_OF("<size>68719476705</size>"), SEALED(GCM, LOCK, "https://h/f")),
      ERR_MALFORMED },
    { "hash too short",
      SHARING("", FILE_OF("<hash xmlns='" NS_HASHES "' algo='sha-256'>AAAA</hash>"),
              SEALED(GCM, LOCK, "https://h/f")),
      ERR_MALFORMED },
};

static struct xml_node *parse(struct arena *a, const char *text)
{
    static const struct xml_limits limits = { 65536, 16, 32, 4096 };
    struct xml_node *node;

    assert_int_equal(xml_parse_document(a, str_from(text), &limits, &node), ERR_NONE);
    return node;
}

static void check_same(const char *what, const struct attachment *x, const struct attachment *y)
{
    struct buf b1, b2;

    buf_init(&b1, 8192);
    buf_init(&b2, 8192);
    attachment_write(&b1, x);
    attachment_write(&b2, y);
    if (!str_eq(buf_str(&b1), buf_str(&b2)))
        fail_msg("%s: not the same", what);
    buf_deinit(&b1);
    buf_deinit(&b2);
}

/* What is read is written and read again as the same, as an element and as a record. */
static void check_again(const char *what, struct arena *a, const struct attachment *f)
{
    struct xml_node *parent = xml_new(a, STR(NS_CLIENT), STR("content"));
    struct attachment again;
    struct buf b;

    attachment_to_content(a, parent, f);
    check_err(what, attachment_of_content(a, parent, &again), ERR_NONE);
    check_same(what, f, &again);
    buf_init(&b, 8192);
    attachment_write(&b, f);
    check_err(what, attachment_read(buf_bytes(&b), &again), ERR_NONE);
    check_same(what, f, &again);
    for (size_t n = 0; n < b.n; n++)
        check_err("cut", attachment_read(bytes_of(b.p, n), &again), ERR_MALFORMED);
    buf_deinit(&b);
}

static void sharing(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(elements); i++) {
        struct attachment f = { 0 };

        check_err(elements[i].what, attachment_from_xml(&a, parse(&a, elements[i].xml), &f),
                  elements[i].err);
        if (elements[i].err == ERR_NONE)
            check_again(elements[i].what, &a, &f);
    }
    arena_deinit(&a);
}

static void what_is_read(void **state)
{
    struct arena a = { 0 };
    struct attachment f;

    (void)state;
    assert_int_equal(attachment_from_xml(&a, parse(&a, whole), &f), ERR_NONE);
    check_str("url", f.url, "https://download.example/4a771ac1/file");
    check_str("place", attachment_place(&f), "download.example");
    check_str("name", f.name, "summit.jpg");
    check_str("type", f.media_type, "image/jpeg");
    assert_true(f.has_size && f.has_hash && f.has_sealed_hash && !f.is_voice);
    assert_int_equal(f.size, 3032449);
    assert_int_equal(f.width, 4096);
    assert_int_equal(f.height, 2160);
    check_str("iv", hex_text(&a, bytes_of(f.iv, f.iv_n)), "4fc4433016a2aa7e828b8370");
    assert_int_equal(
        attachment_from_xml(
            &a,
            parse(&a, SHARING(" disposition='inline'",
                              FILE_OF("<media-type>Audio/OGG</media-type><length>63000</length>"),
                              SEALED(GCM, LOCK, "https://h/f"))),
            &f),
        ERR_NONE);
    check_str("type", f.media_type, "audio/ogg");
    assert_true(f.is_voice);
    assert_int_equal(f.duration_ms, 63000);
    arena_deinit(&a);
}

/* ---- Names ----------------------------------------------------------------------------------------- */

#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
    const char *name, *clean, *ending;
} names[] = {
    { "report.pdf", "report.pdf", "pdf" },
    { "../../etc/passwd", "passwd", "" },
    { "C:\\Users\\me\\a.txt", "a.txt", "txt" },
    { "..", "", "" },
    { "/", "", "" },
    { "", "", "" },
    { ".bashrc", "bashrc", "" },
    { "-rf", "rf", "" },
    { " . -- a.txt . ", "a.txt", "txt" },
    { "a\x01\x1b[2Jb\x7f.txt", "a[2Jb.txt", "txt" },
    { "photo\xe2\x80\xaegpj.exe", "photogpj.exe", "exe" },
    { "a\xe2\x81\xa6"
      "b\xe2\x80\xa8"
      "c\xc2\x85"
      "d",
      "abcd", "" },
    { "what? \"why\": <a|b>*.md", "what_ _why__ _a_b__.md", "md" },
    { "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d.jpg", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d.jpg", "jpg" },
    { "not UTF-8 \xff.jpg", "", "" },
    { "archive.tar.gz", "archive.tar.gz", "gz" },
    { "no.end ing", "no.end ing", "" },
    { HUNDRED TEN TEN TEN ".jpeg", HUNDRED TEN "01234.jpeg", "jpeg" },
    { HUNDRED TEN TEN TEN, HUNDRED TEN TEN, "" },
    { HUNDRED TEN "01234567\xe2\x82\xac\xe2\x82\xac", HUNDRED TEN "01234567", "" },
};

static void cleaned(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str clean = attachment_clean_name(&a, str_from(names[i].name));

        check_str(names[i].name, clean, names[i].clean);
        assert_true(str_eq(attachment_clean_name(&a, clean), clean));
        check_str(names[i].name, attachment_ending(&a, clean), names[i].ending);
    }
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aesgcm),
        cmocka_unit_test(sharing),
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(cleaned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
