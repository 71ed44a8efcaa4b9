/* push_options.h: what a device wants to be sent along with every push (XEP-0357 §5): the options of a publish.
 *
 * They go to somebody else's server as they came, so they are read into fields and values, and written anew: nothing but
 * text passes, and little of it.
 * Owns: nothing; the form lives in the arena.  Threads: pure.
 */
#ifndef SOTTO_SERVER_PUSH_OPTIONS_H
#define SOTTO_SERVER_PUSH_OPTIONS_H

#include "xml/tree.h"

enum { PUSH_FIELDS_MAX = 8, PUSH_FIELD_BYTES = 64, PUSH_VALUES_BYTES = 2048 };

/* The form in <enable/>; *out is NULL if there is none. ERR_MALFORMED: it is no such form; ERR_TOO_BIG. */
CHECKED enum err push_options_read(struct arena *a, const struct xml_node *enable,
                                   struct xml_node **out);

#endif
