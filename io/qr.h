/* qr.h: a code for cameras, two rows of its squares on one line of a terminal.
 *
 * Owns: nothing; rows lie in the arena.  Threads: any.
 */
#ifndef SOTTO_IO_QR_H
#define SOTTO_IO_QR_H

#include "base/arena.h"

/* With a border of `quiet` squares; two do where lines are few. 0: too long for one. Dark squares are drawn: to be shown dark on light. */
size_t qr_rows(struct arena *a, struct str text, int quiet, const struct str **out_rows);

/* On standard output, dark on light whatever the terminal's colours are: many cameras read no inverted code. False: it is too
 * long for one. */
bool qr_print(struct arena *a, struct str text);

#endif
