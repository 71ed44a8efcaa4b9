/* scan.c: the search for the end of a unit, one state per kind of place. */
#include "xml/scan.h"

#include <string.h>

#include "xml/chars.h"

enum state {
    IN_TEXT,
    AFTER_LESS,    /* "<" */
    IN_TAG,        /* a start tag; s->quote tells of a value in it */
    IN_TO_GREATER, /* an end tag or XML declaration: up to the first ">" */
    AFTER_BANG,    /* "<!": "[CDATA[" is expected */
    IN_CDATA,
};

static const struct str cdata_open = STR_INIT("[CDATA[");

/* The functions below move *at past what they have seen. */

static void scan_text(struct xml_scan *s, const char **at, const char *end)
{
    const char *less = **at == '<' ? *at : memchr(*at, '<', (size_t)(end - *at));

    if (less == NULL) {
        *at = end;
        return;
    }
    s->tag_at = s->n + (size_t)(less - *at);
    s->state = AFTER_LESS;
    *at = less + 1;
}

static void scan_kind(struct xml_scan *s, const char **at)
{
    s->state = **at == '!' ? AFTER_BANG : **at == '/' || **at == '?' ? IN_TO_GREATER : IN_TAG;
    *at += s->state != IN_TAG;
}

static enum xml_found scan_to_greater(const char **at, const char *end)
{
    const char *greater = memchr(*at, '>', (size_t)(end - *at));

    *at = greater ? greater + 1 : end;
    return greater ? XML_FOUND_UNIT : XML_FOUND_NOTHING;
}

/* The first of < > " ' or the end. Runs are short: words instead of bytes save mispredicted exits. */
static const char *tag_stop(const char *p, const char *end)
{
    while (end - p >= 8) {
        uint64_t word = xml_load8(p);
        uint64_t stop = xml_find_either(word, '<', '<' ^ '>') | xml_find_equal(word, '"')
                        | xml_find_equal(word, '\'');

        if (stop != 0)
            return p + xml_first_found(stop);
        p += 8;
    }
    while (p < end && !xml_char_is(*p, XML_TAG_STOP))
        p++;
    return p;
}

static enum xml_found scan_tag(struct xml_scan *s, const char **at, const char *end)
{
    const char *p = *at;

    for (;;) {
        if (s->quote != 0) {
            p = memchr(p, s->quote, (size_t)(end - p));
            if (p == NULL)
                break;
            p++;
            s->quote = 0;
            s->values++;
        }
        p = tag_stop(p, end);
        if (p == end)
            break;
        if (*p == '<' || *p == '>') {
            *at = p + 1;
            return *p == '>' ? XML_FOUND_UNIT : XML_FOUND_MALFORMED;
        }
        s->quote = *p++;
    }
    *at = end;
    return XML_FOUND_NOTHING;
}

/* One byte of "<![CDATA["; anything else after "<!" has no place in XMPP. */
static enum xml_found scan_cdata_open(struct xml_scan *s, const char **at)
{
    char c = *(*at)++;

    if (c != cdata_open.p[s->matched]) {
        bool restricted = s->matched == 0 && (c == '-' || c == 'D'); /* comment, DOCTYPE */

        return restricted ? XML_FOUND_RESTRICTED : XML_FOUND_MALFORMED;
    }
    if (++s->matched == cdata_open.n) {
        s->matched = 0;
        s->state = IN_CDATA;
    }
    return XML_FOUND_NOTHING;
}

/* One byte of "]]>" and what is before it. More than two brackets count as two. */
static void scan_cdata(struct xml_scan *s, const char **at, const char *end)
{
    const char *bracket;
    char c;

    if (s->matched == 0) {
        bracket = memchr(*at, ']', (size_t)(end - *at));
        *at = bracket ? bracket + 1 : end;
        s->matched = bracket != NULL;
        return;
    }
    c = *(*at)++;
    if (c == '>' && s->matched == 2)
        s->state = IN_TEXT;
    s->matched = c == ']' ? 2 : 0;
}

/* Places in the order in which they come: most units need one round, without a jump. */
static enum xml_found step(struct xml_scan *s, const char **at, const char *end)
{
    if (s->state == IN_TEXT)
        scan_text(s, at, end);
    if (s->state == AFTER_LESS && *at < end)
        scan_kind(s, at);
    if (*at == end)
        return XML_FOUND_NOTHING;
    switch ((enum state)s->state) {
    case IN_TAG: return scan_tag(s, at, end);
    case IN_TO_GREATER: return scan_to_greater(at, end);
    case AFTER_BANG: return scan_cdata_open(s, at);
    default: scan_cdata(s, at, end); return XML_FOUND_NOTHING;
    }
}

enum xml_found xml_scan(struct xml_scan *s, struct str in, size_t *out_used)
{
    enum xml_found found = XML_FOUND_NOTHING;
    const char *at = in.p, *end = in.p + in.n;

    while (at < end && found == XML_FOUND_NOTHING) {
        const char *from = at;

        found = step(s, &at, end);
        s->n += (size_t)(at - from);
    }
    *out_used = (size_t)(at - in.p);
    return found;
}
