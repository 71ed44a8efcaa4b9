/* fuzz_attachment.c: files and what tells of them, from anybody. Elements, addresses and records are read again as what was written;
 * pictures and sound mean the same wherever they are cut; a picture that was cleaned stays as it is.
 * The first octet chooses. */
#include <stdlib.h>
#include <string.h>

#include "client/attachment.h"
#include "client/ogg_opus.h"
#include "client/picture.h"
#include "xml/parser.h"
#include "xmpp/ns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { OUT_MAX = 1 << 22 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool same(const struct attachment *x, const struct attachment *y)
{
    struct buf b1, b2;
    bool is;

    buf_init(&b1, OUT_MAX);
    buf_init(&b2, OUT_MAX);
    attachment_write(&b1, x);
    attachment_write(&b2, y);
    is = str_eq(buf_str(&b1), buf_str(&b2));
    buf_deinit(&b1);
    buf_deinit(&b2);
    return is;
}

static void check_attachment(struct arena *a, const struct attachment *f)
{
    struct xml_node *content = xml_new(a, STR(NS_CLIENT), STR("content"));
    struct attachment again;

    check(attachment_url_valid(f->url) && f->name.n <= ATTACHMENT_NAME_MAX);
    check(str_find(f->name, '/') == f->name.n && str_find(f->name, '\0') == f->name.n);
    check(f->name.n == 0 || f->name.p[0] != '.');
    attachment_to_content(a, content, f);
    check(attachment_of_content(a, content, &again) == ERR_NONE && same(f, &again));
    if (f->key_n == 32)
        check(attachment_from_aesgcm(a, attachment_to_aesgcm(a, f), &again) == ERR_NONE
              && str_eq(again.url, f->url) && memcmp(again.key, f->key, 32) == 0);
}

static void words(struct bytes in)
{
    static const struct xml_limits limits = { 65536, 16, 32, 4096 };
    struct arena a = { 0 };
    struct attachment f, again;
    struct xml_node *node;
    struct buf b;

    if (xml_parse_document(&a, str_of_bytes(in), &limits, &node) == ERR_NONE
        && attachment_from_xml(&a, node, &f) == ERR_NONE)
        check_attachment(&a, &f);
    if (attachment_from_aesgcm(&a, str_of_bytes(in), &f) == ERR_NONE)
        check_attachment(&a, &f);
    if (attachment_read(in, &f) == ERR_NONE) {
        buf_init(&b, OUT_MAX);
        attachment_write(&b, &f);
        check(attachment_read(buf_bytes(&b), &again) == ERR_NONE && same(&f, &again));
        buf_deinit(&b);
    }
    arena_deinit(&a);
}

static enum err clean(enum picture_kind kind, struct bytes in, size_t piece, struct buf *out)
{
    struct picture p;
    enum err e = ERR_NONE;

    buf_init(out, OUT_MAX);
    picture_init(&p, kind);
    for (size_t at = 0; at < in.n && e == ERR_NONE; at += piece)
        e = picture_piece(&p, bytes_of(in.p + at, in.n - at < piece ? in.n - at : piece), out);
    if (e == ERR_NONE)
        e = picture_end(&p);
    picture_deinit(&p);
    return e;
}

static void picture(enum picture_kind kind, struct bytes in)
{
    struct buf whole, cut, again;
    enum err e = clean(kind, in, in.n + 1, &whole);

    check(clean(kind, in, 3, &cut) == e
          && (e != ERR_NONE || str_eq(buf_str(&whole), buf_str(&cut))));
    buf_init(&again, OUT_MAX);
    if (e == ERR_NONE) {
        check(clean(kind, buf_bytes(&whole), OUT_MAX, &again) == ERR_NONE);
        check(str_eq(buf_str(&whole), buf_str(&again)) && whole.n <= in.n + 1024);
    }
    buf_deinit(&whole);
    buf_deinit(&cut);
    buf_deinit(&again);
}

static enum err listen(struct bytes in, size_t piece, uint32_t *out_ms)
{
    struct ogg_opus o;
    enum err e = ERR_NONE;

    ogg_opus_init(&o);
    for (size_t at = 0; at < in.n && e == ERR_NONE; at += piece)
        e = ogg_opus_piece(&o, bytes_of(in.p + at, in.n - at < piece ? in.n - at : piece));
    if (e == ERR_NONE)
        e = ogg_opus_end(&o, out_ms);
    ogg_opus_deinit(&o);
    return e;
}

static void sound(struct bytes in)
{
    uint32_t ms = 0, cut_ms = 0;
    enum err e = listen(in, in.n + 1, &ms);

    check(listen(in, 3, &cut_ms) == e && ms == cut_ms && ms <= OGG_DURATION_MAX_MS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bytes in = bytes_of(data + 1, n - (n > 0));

    if (n == 0)
        return 0;
    switch (data[0]) {
    case 'j': picture(PICTURE_JPEG, in); break;
    case 'p': picture(PICTURE_PNG, in); break;
    case 'o': sound(in); break;
    default: words(in); break;
    }
    return 0;
}
