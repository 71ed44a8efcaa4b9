/* scan.c: the search for the end of a unit, one state per kind of place. */
#include "xml/scan.h"

#include <string.h>

#include "xml/chars.h"

enum state {
    IN_TEXT,
    AFTER_LESS,       /* "<" */
    IN_TAG,           /* start tag, outside quotes */
    IN_DOUBLE_QUOTES,
    IN_SINGLE_QUOTES,
    IN_TO_GREATER,    /* end tag or XML declaration: up to the first ">" */
    AFTER_BANG,       /* "<!": "[CDATA[" is expected */
    IN_CDATA,
};

static const struct str cdata_open = STR_INIT("[CDATA[");

/* The place after the next c, or NULL. */
static const char *after(const char *p, const char *end, char c)
{
    const char *hit = memchr(p, c, (size_t)(end - p));

    return hit ? hit + 1 : NULL;
}

static const char *skip_to_tag_stop(const char *p, const char *end)
{
    while (p < end && !xml_char_is(*p, XML_TAG_STOP))
        p++;
    return p;
}

static enum state state_after_less(char c)
{
    switch (c) {
    case '!': return AFTER_BANG;
    case '/': case '?': return IN_TO_GREATER;
    default: return IN_TAG;
    }
}

/* One byte of "<![CDATA["; anything else after "<!" has no place in XMPP. */
static enum xml_found match_cdata_open(struct xml_scan *s, char c)
{
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

/* One byte of a CDATA section; more than two brackets before ">" count as two. */
static void match_cdata_close(struct xml_scan *s, char c)
{
    if (c == ']') {
        s->matched = s->matched < 2 ? s->matched + 1 : 2;
    } else {
        if (c == '>' && s->matched == 2)
            s->state = IN_TEXT;
        s->matched = 0;
    }
}

/* A flat switch: one case per state, each leaving p after what it has seen. */
enum xml_found xml_scan(struct xml_scan *s, struct str in, size_t *out_used)
{
    const char *p = in.p, *end = in.p + in.n;
    enum xml_found found = XML_FOUND_NOTHING;

    while (p != NULL && p < end && found == XML_FOUND_NOTHING) {
        switch ((enum state)s->state) {
        case IN_TEXT:
            if ((p = after(p, end, '<')) != NULL) {
                s->tag_at = s->n + (size_t)(p - 1 - in.p);
                s->state = AFTER_LESS;
            }
            break;
        case AFTER_LESS:
            s->state = (uint8_t)state_after_less(*p);
            p += s->state != IN_TAG;
            break;
        case IN_TAG:
            p = skip_to_tag_stop(p, end);
            if (p == end)
                break;
            if (*p == '<' || *p == '>')
                found = *p == '>' ? XML_FOUND_UNIT : XML_FOUND_MALFORMED;
            else
                s->state = *p == '"' ? IN_DOUBLE_QUOTES : IN_SINGLE_QUOTES;
            p++;
            break;
        case IN_DOUBLE_QUOTES:
        case IN_SINGLE_QUOTES:
            if ((p = after(p, end, s->state == IN_DOUBLE_QUOTES ? '"' : '\'')) != NULL) {
                s->values++;
                s->state = IN_TAG;
            }
            break;
        case IN_TO_GREATER:
            if ((p = after(p, end, '>')) != NULL)
                found = XML_FOUND_UNIT;
            break;
        case AFTER_BANG:
            found = match_cdata_open(s, *p++);
            break;
        case IN_CDATA:
            if (s->matched == 0 && *p != ']')
                p = memchr(p, ']', (size_t)(end - p));
            if (p != NULL)
                match_cdata_close(s, *p++);
            break;
        }
    }
    *out_used = p != NULL ? (size_t)(p - in.p) : in.n;
    s->n += *out_used;
    return found;
}
