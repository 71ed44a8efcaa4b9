/* scan.h: finds the complete stanzas in a stream of XML, wherever the network cut it.
 *
 * A load generator needs the borders of stanzas and a few attributes, not trees: so this follows tags,
 * quotes and CDATA only and trusts the rest. Fed pieces may end at any byte.
 * Owns: the unfinished stanza between two pieces.  Threads: one at a time.  Units: bytes.
 */
#ifndef SOTTO_BENCH_SCAN_H
#define SOTTO_BENCH_SCAN_H

#include "base/buf.h"

enum { SCAN_STANZA_MAX = 1 << 20 }; /* what one unfinished stanza may hold */

enum scan_found {
    SCAN_MORE,   /* everything fed so far is used up */
    SCAN_HEADER, /* <stream:stream …> */
    SCAN_STANZA, /* one complete child of the stream */
    SCAN_END,    /* </stream:stream> */
    SCAN_BROKEN, /* not XML, or too big; final */
};

enum scan_place { IN_TEXT, IN_START_TAG, IN_VALUE, IN_END_TAG, IN_DECLARATION, IN_CDATA, IN_RUINS };

struct scan {
    struct buf carry; /* what was left over from earlier pieces */
    struct str view;  /* carry, or the piece just fed */
    size_t start, at; /* in view: where the current item begins, what to look at next */
    unsigned depth;   /* open elements; the stream itself is the first */
    enum scan_place place;
    char quote; /* of the value we are in */
};

void scan_init(struct scan *s);
void scan_deinit(struct scan *s);
void scan_restart(struct scan *s); /* a new stream begins: drops what is left */

/* `piece` is borrowed until scan_next() said SCAN_MORE, which must happen before the next feed. */
void scan_feed(struct scan *s, struct str piece);

/* The text of the item goes to *out, borrowed until the next call. */
enum scan_found scan_next(struct scan *s, struct str *out);

#endif
