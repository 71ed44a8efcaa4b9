/* pep_keys.h: the nodes in which accounts publish their OMEMO devices and keys (XEP-0384 §5.3, and its version 0.3):
 * the only ones that people read who are no contacts.
 */
#ifndef SOTTO_SERVER_MODULES_PEP_KEYS_H
#define SOTTO_SERVER_MODULES_PEP_KEYS_H

#include "base/str.h"
#include "xmpp/ns.h"

enum key_node { KEY_NODE_NONE, KEY_NODE_DEVICES, KEY_NODE_BUNDLE };

static inline enum key_node key_node(struct str name)
{
    if (str_is(name, NS_OMEMO_DEVICES) || str_is(name, NS_OMEMO_LEGACY_DEVICES))
        return KEY_NODE_DEVICES;
    if (str_is(name, NS_OMEMO_BUNDLES) || str_starts(name, STR(NS_OMEMO_LEGACY_BUNDLES)))
        return KEY_NODE_BUNDLE;
    return KEY_NODE_NONE;
}

#endif
