/* qr.h: a text as a QR code, drawn as SVG for use inside a page.
 *
 * Owns: nothing; the result lives in the arena.  Threads: pure.
 */
#ifndef SOTTO_SERVER_WEB_QR_H
#define SOTTO_SERVER_WEB_QR_H

#include "base/arena.h"

struct str qr_svg(struct arena *a, struct str text); /* empty if the text is too long */

#endif
