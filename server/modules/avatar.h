/* avatar.h: pictures between cards (XEP-0054, XEP-0153) and personal nodes (XEP-0084), for vcard.c.
 *
 * A picture is stored once, on its PEP nodes. A card that is set leaves its photo there, a card
 * that is read gets it from there (XEP-0398 §5.2).
 */
#ifndef SOTTO_SERVER_AVATAR_H
#define SOTTO_SERVER_AVATAR_H

#include "server/module.h"
#include "server/photo.h"

struct picture {
    struct photo photo;
    struct str base64; /* without white space */
    size_t bytes;
};

/* What the PHOTO of a card shows: false if it is no picture that we know. */
bool avatar_read_photo(struct arena *a, const struct xml_node *photo, struct picture *out);
/* The picture of a data item, if it is that one. */
bool avatar_read_item(struct arena *a, const struct pep_item *item, struct photo of,
                      struct picture *out);
void avatar_add_photo(struct arena *a, struct xml_node *card, const struct picture *p);

/* May the account have the nodes of a picture? */
bool avatar_has_room(const struct incoming *in);
/* Puts it on them. NULL: no picture any more. */
void avatar_publish(const struct incoming *in, struct outcome *out, const struct picture *p);

/* The account's picture, as far as the sender may see it. */
struct photo avatar_for(const struct incoming *in);

#endif
