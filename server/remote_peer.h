/* remote_peer.h: who speaks, if it is somebody of another server: what hooks may ask about him, and all that they may ask.
 *
 * It comes from the router's one entry for such stanzas (remote.h). To be known by another proof is one more constant here.
 * Owns: nothing; the domain lives as long as the stanza.  Threads: read-only.
 */
#ifndef SOTTO_SERVER_REMOTE_PEER_H
#define SOTTO_SERVER_REMOTE_PEER_H

#include "base/str.h"

/* How the domain has proved that it is one. */
enum remote_proof {
    REMOTE_PINNED,    /* its certificate is the one that s2s.pin names */
    REMOTE_COMPONENT, /* it knows the secret of component.secret */
};

enum remote_form { REMOTE_SERVER, REMOTE_ACCOUNT, REMOTE_DEVICE };

struct remote_peer {
    struct str domain; /* prepared; that of the stanza's `from` */
    enum remote_proof proof;
    enum remote_form form;
};

#endif
