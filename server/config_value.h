/* config_value.h: the grammar of one configuration value: text to typed field and back.
 *
 * Owns: nothing; results live in the arena.  Threads: pure.  Errors: ERR_MALFORMED: not what the
 * key allows.
 */
#ifndef SOTTO_SERVER_CONFIG_VALUE_H
#define SOTTO_SERVER_CONFIG_VALUE_H

#include "server/config_keys.h"

enum {
    CONFIG_ITEMS_MAX = 1024, /* of one list */
    CONFIG_PLACES_MAX = 8,   /* of the anchor: ANCHOR_PLACES */
};

/* `adds`: a list keeps what it has. Every text kept is NUL-terminated. */
CHECKED enum err config_value_set(struct config *c, struct arena *a, const struct config_key *key,
                                  struct str text, bool adds);
bool config_value_is_list(const struct config_key *key);

/* The value as the file writes it; items of a list are separated by spaces. */
struct str config_value_text(const struct config *c, struct arena *a, const struct config_key *key);

/* What the key allows, as the phrase after `section.key: `. */
struct str config_value_allowed(const struct config_key *key, struct arena *a);

#endif
