/* e2ee_readable.h: what of a message may stay readable under policy.e2ee = required: elements whose XEPs leave no room for words, with
 * exactly the attributes and children that these define. For e2ee.c.
 *
 * Owns: nothing.  Threads: pure.  Errors: a bool.
 */
#ifndef SOTTO_SERVER_E2EE_READABLE_H
#define SOTTO_SERVER_E2EE_READABLE_H

#include "xml/tree.h"

/* Takes out of a child of a message whatever its specification does not know. False: it is none of the list, or what it
 * knows holds something else than it should, such as an id of five hundred octets; then it is left in pieces. */
bool e2ee_readable(struct arena *a, struct xml_node *child);

/* The same of an element that has been found to be encrypted. */
bool e2ee_sealed(struct arena *a, struct xml_node *encrypted);

/* The same of the attributes of an error. */
void e2ee_error(struct xml_node *error);

/* The same of the message's own attributes. False: its id is none. */
bool e2ee_envelope(struct xml_node *message);

#endif
