/* decode.c: references, line ends and CDATA sections, resolved in place. */
#include "xml/decode.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "xml/chars.h"

enum { REFERENCE_DIGITS_MAX = 8 };

/* Reads at `from`, writes at `to`, which never overtakes it. */
struct cursor {
    char *to;
    const char *from, *end;
};

static void put(struct cursor *c, char byte)
{
    *c->to++ = byte;
}

/* Moves bytes as they are, up to the next one of `stop` or the end. */
static struct str take_run(struct cursor *c, enum xml_char_class stop)
{
    struct str run = { c->from, 0 };

    while (c->from < c->end && !xml_char_is(*c->from, stop))
        c->from++;
    run.n = (size_t)(c->from - run.p);
    return run;
}

static void keep_run(struct cursor *c, struct str run)
{
    if (run.p != c->to)
        memmove(c->to, run.p, run.n);
    c->to += run.n;
}

/* XML 1.0 §2.11: CR LF and CR are LF. */
static void take_line_end(struct cursor *c, char as)
{
    if (*c->from++ == '\r' && c->from < c->end && *c->from == '\n')
        c->from++;
    put(c, as);
}

static int digit_value(char c, unsigned base)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (base == 16 && c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (base == 16 && c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* "#60" or "#x3c" (XML 1.0 §4.1), without the "&" and ";" around it. libxml2 2.9 refuses a letter as the tenth digit, eleventh, twenty-first
 * and so on: nobody writes so many, and a text that programs disagree about is refused. */
static enum err put_char_reference(struct cursor *c, struct str name)
{
    unsigned base = name.n > 1 && name.p[1] == 'x' ? 16 : 10;
    struct str digits = str_skip(name, base == 16 ? 2 : 1);
    uint32_t code = 0;

    if (digits.n == 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i < digits.n; i++) {
        int value = digit_value(digits.p[i], base);

        if (value < 0)
            return ERR_MALFORMED;
        code = code * base + (uint32_t)value;
        if (code > 0x10ffff)
            return ERR_MALFORMED;
    }
    if (!xml_char_valid(code))
        return ERR_MALFORMED;
    if (digits.n > REFERENCE_DIGITS_MAX)
        return ERR_UNSUPPORTED;
    c->to += utf8_put(code, c->to);
    return ERR_NONE;
}

static bool is_name(struct str s)
{
    if (s.n == 0 || !(xml_char_is(s.p[0], XML_NAME_START) || s.p[0] == ':'))
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!(xml_char_is(s.p[i], XML_NAME) || s.p[i] == ':'))
            return false;
    return true;
}

static enum err put_entity(struct cursor *c, struct str name)
{
    static const struct {
        struct str name;
        char character;
    } entities[] = {
        { STR_INIT("lt"), '<' },    { STR_INIT("gt"), '>' },   { STR_INIT("amp"), '&' },
        { STR_INIT("apos"), '\'' }, { STR_INIT("quot"), '"' },
    };

    for (size_t i = 0; i < COUNT_OF(entities); i++)
        if (str_eq(name, entities[i].name)) {
            put(c, entities[i].character);
            return ERR_NONE;
        }
    return is_name(name) ? ERR_UNSUPPORTED : ERR_MALFORMED;
}

static enum err take_reference(struct cursor *c)
{
    const char *name = c->from + 1;
    const char *semicolon = memchr(name, ';', (size_t)(c->end - name));
    struct str text;

    if (semicolon == NULL)
        return ERR_MALFORMED;
    text = (struct str){ name, (size_t)(semicolon - name) };
    c->from = semicolon + 1;
    return text.n > 0 && text.p[0] == '#' ? put_char_reference(c, text) : put_entity(c, text);
}

/* At "<![CDATA[" of a complete section. Only line ends are special in it. */
static void take_cdata(struct cursor *c)
{
    c->from += sizeof "<![CDATA[" - 1;
    for (;;) {
        keep_run(c, take_run(c, XML_CDATA_STOP));
        if (*c->from == '\r') {
            take_line_end(c, '\n');
        } else if (c->end - c->from >= 3 && memcmp(c->from, "]]>", 3) == 0) {
            c->from += 3;
            return;
        } else {
            put(c, *c->from++);
        }
    }
}

enum err xml_decode_text(char *p, size_t *n)
{
    struct cursor c = { p, p, p + *n };
    enum err e = ERR_NONE;

    while (e == ERR_NONE) {
        struct str run = take_run(&c, XML_TEXT_STOP);
        bool brackets = str_ends(run, STR("]]"));

        keep_run(&c, run);
        if (c.from == c.end)
            break;
        switch (*c.from) {
        case '&': e = take_reference(&c); break;
        case '\r': take_line_end(&c, '\n'); break;
        case '<': take_cdata(&c); break;
        default: /* '>', which "]]" must not precede: XML 1.0 §2.4 */
            e = brackets ? ERR_MALFORMED : ERR_NONE;
            put(&c, *c.from++);
            break;
        }
    }
    *n = (size_t)(c.to - p);
    return e;
}

enum err xml_decode_value(char *p, size_t *n)
{
    struct cursor c = { p, p, p + *n };
    enum err e = ERR_NONE;

    while (e == ERR_NONE) {
        keep_run(&c, take_run(&c, XML_VALUE_STOP));
        if (c.from == c.end)
            break;
        if (*c.from == '<')
            e = ERR_MALFORMED;
        else if (*c.from == '&')
            e = take_reference(&c);
        else
            take_line_end(&c, ' ');
    }
    *n = (size_t)(c.to - p);
    return e;
}
