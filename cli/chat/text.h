/* text.h: text as a terminal shows it: what a person takes for one character, how many cells it takes, where lines break.
 *
 * A character is a grapheme cluster (UAX #29). It is drawn as its signs side by side, each with its marks: joiners, selectors and
 * skin tones, over whose width terminals disagree, are left out. Widths are those of the C library, which ncurses goes by, so the
 * program's locale counts (LC_CTYPE). The text has gone through visible.h, or is the person's own without control characters.
 * Owns: nothing; views of the text.  Threads: pure.  Units: octets, cells.
 */
#ifndef SOTTO_CLI_CHAT_TEXT_H
#define SOTTO_CLI_CHAT_TEXT_H

#include "base/str.h"

/* Cuts off the next character; false at the end. */
bool text_next(struct str *rest, struct str *out);
/* The octets of the last character. */
size_t text_last(struct str s);

/* The signs of a character that are drawn: a base and up to four marks, in out; false: none is left. */
enum { SIGN_OCTETS = 20 };
struct sign {
    char text[SIGN_OCTETS];
    uint8_t n, width;
};
bool text_sign(struct str *character, struct sign *out);

int text_width(struct str s);
struct str text_fit(struct str s, int width); /* the longest beginning that fits */

/* Cuts off the next line of at most `width` cells: at a line break, else after a space, else anywhere. False at the end; a line break
 * at the very end begins another line. *rest has p == NULL after the last one. */
bool text_line(struct str *rest, int width, struct str *out);

#endif
