/* dataform.h: Data Forms (XEP-0004): read a submitted form, build one.
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_XMPP_DATAFORM_H
#define SOTTO_XMPP_DATAFORM_H

#include "xml/tree.h"

struct dataform {
    const struct xml_node *x;
    struct str type, form_type;
};

/* The jabber:x:data child of `parent`: ERR_MISSING if there is none, ERR_MALFORMED if it has no
 * type. form_type has p == NULL where there is none that counts (XEP-0068 §3). */
CHECKED enum err dataform_read(struct arena *a, const struct xml_node *parent,
                               struct dataform *out);
/* The same of the form itself. */
CHECKED enum err dataform_of(struct arena *a, const struct xml_node *x, struct dataform *out);
/* First <value/> of a field; p == NULL if the field is absent. */
struct str dataform_value(struct arena *a, const struct dataform *f, struct str var);
/* Calls for each field other than FORM_TYPE, in order: returns NULL after the last. */
const struct xml_node *dataform_next_field(const struct dataform *f,
                                           const struct xml_node *previous);
bool dataform_bool(struct str value, bool otherwise); /* 1/true/0/false */

struct xml_node *dataform_new(struct arena *a, struct xml_node *parent, struct str type,
                              struct str form_type);
/* Empty type, label and value are left out. */
struct xml_node *dataform_field(struct arena *a, struct xml_node *form, struct str var,
                                struct str type, struct str label, struct str value);

#endif
