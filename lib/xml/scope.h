/* scope.h: the namespaces in force at an element (Namespaces in XML 1.0).
 *
 * The default namespace is carried along; prefixes, rare in XMPP, are a list, innermost first.
 * Owns: nothing; names point into the element's arena or into struct xml_root.  Threads: pure.
 * Errors: ERR_MALFORMED; ERR_UNSUPPORTED for a namespace name that is no URI; ERR_TOO_BIG.
 */
#ifndef SOTTO_XML_SCOPE_H
#define SOTTO_XML_SCOPE_H

#include "base/arena.h"

/* Looking a prefix up walks the list, so its length is a cost that a peer could choose. */
enum { XML_BINDINGS_MAX = 32 };

struct xml_binding {
    const struct xml_binding *outer;
    struct str prefix, uri;
    bool of_root; /* uri lives in struct xml_root, not in the element's arena */
};

struct xml_scope {
    struct str default_ns;
    const struct xml_binding *bindings;
    unsigned count;
};

/* The open root of a stream, on the heap in one piece: what its end tag and its children need. */
struct xml_root {
    struct str qname, prefix;
    struct xml_scope scope;
};

struct xml_root *xml_root_new(struct str qname, struct str prefix, const struct xml_scope *scope);

/* xmlns='uri' and xmlns:prefix='uri'. `outer` is the scope around the element in work, so that two
 * declarations of a prefix in one tag are told from one that hides another. */
CHECKED enum err xml_scope_set_default(struct xml_scope *scope, struct str uri);
CHECKED enum err xml_scope_bind(struct xml_scope *scope, const struct xml_scope *outer,
                                struct arena *a, struct str prefix, struct str uri);

/* The namespace of a prefix, in memory that lives as long as the arena. */
CHECKED enum err xml_scope_find(const struct xml_scope *scope, struct arena *a, struct str prefix,
                                struct str *out);

#endif
