/* qr.h: a text as a QR code on a terminal, for a phone's camera.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CTL_QR_H
#define SOTTO_CTL_QR_H

#include <stdbool.h>

bool qr_print(const char *text); /* false: it is too long for one */

#endif
