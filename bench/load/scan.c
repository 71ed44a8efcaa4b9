/* scan.c: borders of stanzas. */
#include "bench/load/scan.h"

#include <string.h>

#define CDATA_START "<![CDATA["

void scan_init(struct scan *s)
{
    *s = (struct scan){ .place = IN_TEXT };
    buf_init(&s->carry, 2 * SCAN_STANZA_MAX);
}

void scan_deinit(struct scan *s)
{
    buf_deinit(&s->carry);
}

void scan_restart(struct scan *s)
{
    buf_reset(&s->carry);
    s->view = STR_NONE;
    s->start = s->at = 0;
    s->depth = 0;
    s->place = IN_TEXT;
}

void scan_feed(struct scan *s, struct str piece)
{
    if (s->carry.n > 0) {
        buf_add(&s->carry, piece);
        s->view = buf_str(&s->carry);
        return;
    }
    s->view = piece;
    s->start = s->at = 0;
}

/* Keeps the unfinished item; the piece it came in is about to go away. */
static enum scan_found need_more(struct scan *s)
{
    size_t left = s->view.n - s->start;

    if (left > SCAN_STANZA_MAX || s->carry.failed) {
        s->place = IN_RUINS;
        return SCAN_BROKEN;
    }
    if (s->carry.n > 0)
        buf_consume(&s->carry, s->start);
    else
        buf_add(&s->carry, str_skip(s->view, s->start));
    s->at -= s->start;
    s->start = 0;
    s->view = buf_str(&s->carry);
    return SCAN_MORE;
}

/* Puts s->at behind the next `c`; false if there is none yet. */
static bool skip_past(struct scan *s, char c)
{
    const char *from = s->view.p + s->at;
    const char *found = memchr(from, c, s->view.n - s->at);

    if (found == NULL) {
        s->at = s->view.n;
        return false;
    }
    s->at += (size_t)(found - from) + 1;
    return true;
}

/* The `n`th byte before s->at. An item is contiguous, so it is there once the item is that long. */
static char byte_before(const struct scan *s, size_t n)
{
    return s->at - s->start >= n ? s->view.p[s->at - n] : '\0';
}

/* Enters the tag, declaration or section that the next '<' opens. Stays before the '<' until enough is
 * there to tell them apart. */
static bool enter_markup(struct scan *s)
{
    struct str rest;

    if (!skip_past(s, '<')) {
        if (s->depth <= 1)
            s->start = s->at; /* white space between stanzas */
        return false;
    }
    s->at--;
    if (s->depth <= 1)
        s->start = s->at;
    rest = str_skip(s->view, s->at);
    if (rest.n < 2)
        return false;
    if (rest.p[1] != '!') {
        s->place = rest.p[1] == '/' ? IN_END_TAG : rest.p[1] == '?' ? IN_DECLARATION : IN_START_TAG;
        s->at += 2;
        return true;
    }
    if (rest.n < sizeof CDATA_START - 1)
        return false;
    /* Comments and DTDs are not allowed (RFC 6120 §11.1). */
    s->place = str_starts(rest, STR(CDATA_START)) ? IN_CDATA : IN_RUINS;
    s->at += sizeof CDATA_START - 1;
    return true;
}

/* Walks over attributes up to a quote or the end of the tag. */
static bool walk_start_tag(struct scan *s)
{
    const char *p = s->view.p + s->at, *end = s->view.p + s->view.n;

    while (p < end && *p != '\'' && *p != '"' && *p != '>')
        p++;
    s->at = (size_t)(p - s->view.p);
    if (p == end)
        return false;
    s->at++;
    if (*p != '>') {
        s->quote = *p;
        s->place = IN_VALUE;
    }
    return true;
}

/* An element has ended: whole stanzas end where only the stream stays open. */
static enum scan_found element_ended(const struct scan *s)
{
    return s->depth == 1 ? SCAN_STANZA : s->depth == 0 ? SCAN_END : SCAN_MORE;
}

static enum scan_found start_tag_ended(struct scan *s)
{
    bool empty = byte_before(s, 2) == '/';

    s->place = IN_TEXT;
    if (!empty)
        return ++s->depth == 1 ? SCAN_HEADER : SCAN_MORE;
    return s->depth == 0 ? SCAN_BROKEN : element_ended(s);
}

static enum scan_found end_tag_ended(struct scan *s)
{
    s->place = IN_TEXT;
    if (s->depth == 0)
        return SCAN_BROKEN;
    s->depth--;
    return element_ended(s);
}

/* One step over the view. False: the view is used up. *out_found stays SCAN_MORE inside an item. */
static bool step(struct scan *s, enum scan_found *out_found)
{
    switch (s->place) {
    case IN_TEXT: return enter_markup(s);
    case IN_START_TAG:
        if (!walk_start_tag(s))
            return false;
        if (s->place == IN_START_TAG)
            *out_found = start_tag_ended(s);
        return true;
    case IN_VALUE:
        if (!skip_past(s, s->quote))
            return false;
        s->place = IN_START_TAG;
        return true;
    case IN_END_TAG:
        if (!skip_past(s, '>'))
            return false;
        *out_found = end_tag_ended(s);
        return true;
    case IN_DECLARATION:
        if (!skip_past(s, '>'))
            return false;
        if (byte_before(s, 2) == '?')
            s->place = IN_TEXT;
        return true;
    case IN_CDATA:
        if (!skip_past(s, '>'))
            return false;
        if (byte_before(s, 2) == ']' && byte_before(s, 3) == ']')
            s->place = IN_TEXT;
        return true;
    case IN_RUINS: *out_found = SCAN_BROKEN; return true;
    }
    return false;
}

enum scan_found scan_next(struct scan *s, struct str *out)
{
    enum scan_found found = SCAN_MORE;

    while ((s->at < s->view.n || s->place == IN_RUINS) && step(s, &found)) {
        if (found == SCAN_MORE)
            continue;
        if (found == SCAN_BROKEN)
            s->place = IN_RUINS;
        *out = str_slice(s->view, s->start, s->at - s->start);
        s->start = s->at;
        return found;
    }
    return need_more(s);
}
