/* component.h: streams of components (XEP-0114), without I/O: programs beside the server, each with a domain of its own.
 *
 *   header --> header with an id --> SHA-1 of id and secret --> remote_receive(), remote_send()
 *
 * A component is heard like another server (remote.h), and has no more rights than one. It speaks in the clear, so it belongs on this
 * machine or in a network of one's own. One stream of a domain at a time: the newest.
 * Owns: a stream, until component_gone().  Threads: the home's that has all of them.  Units: milliseconds.
 */
#ifndef SOTTO_SERVER_COMPONENT_H
#define SOTTO_SERVER_COMPONENT_H

#include "server/remote.h"
#include "xmpp/stream.h"

/* What a stream asks of the host. After close() it calls component_gone(), once and never from inside of these. */
struct component_ops {
    void (*write)(void *link, struct str text); /* copies */
    void (*send)(void *link, struct blob *b);   /* takes one reference */
    size_t (*queued)(void *link);               /* written and not yet taken by the kernel */
    void (*pause)(void *link, bool paused);
    void (*close)(void *link);                   /* flush, then close */
    void (*wake_at)(void *link, uint64_t at_ms); /* component_wake() at that time. One per link */
};

struct component {
    struct link in_home; /* in home->components, from the beginning to the end */
    struct home *home;
    const struct component_ops *ops;
    void *link;
    struct stream stream;
    enum { COMPONENT_HEADER, COMPONENT_HANDSHAKE, COMPONENT_OPEN, COMPONENT_CLOSED } state;
    const struct component_secret *known; /* the one it says that it is; NULL: nothing said */
    char id[27];                          /* of the stream */
    struct remote *remote;                /* once open */
    struct bucket stanzas;
    bool dispatching;
};

struct component *component_new(struct home *h, const struct component_ops *ops, void *link);
void component_received(struct component *c, struct str bytes);
void component_wake(struct component *c);
void component_shutdown(struct component *c);
void component_gone(struct component *c); /* frees it */

/* To the component of its domain. Takes the parcel, and gives it back to who wrote it if there is none, or none that reads. */
void component_send(struct home *h, struct remote_parcel *p);

#endif
