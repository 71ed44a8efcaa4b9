/* photo.h: an account's avatar as presence tells of it: the hash of its picture (XEP-0153, XEP-0398
 * §4).
 *
 * The view keeps one short text, written by modules/avatar.c: nothing (there never was a picture),
 * "-" (it was taken away), or "ID TYPE": the SHA-1 of the picture in hexadecimal, and its media
 * type. Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_SERVER_PHOTO_H
#define SOTTO_SERVER_PHOTO_H

#include "server/view.h"
#include "xml/tree.h"

struct photo {
    struct str id, type;
}; /* id.n == 0: none */

struct photo photo_of(const struct view *v);
struct str photo_text(struct arena *a, struct photo p);

/* Puts the hash into available presence that goes out, to contacts or to somebody else; a client that shows none on purpose is left
 * alone. */
void photo_stamp(struct arena *a, struct xml_node *presence, const struct view *v, bool contact);

#endif
