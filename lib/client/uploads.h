/* uploads.h: files that wait for the server to have them, inside the engine: uploads.c moves them on, slot.c asks the server.
 *
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_UPLOADS_H
#define SOTTO_CLIENT_UPLOADS_H

#include "client/engine_inside.h"
#include "client/files.h"

enum file_state { FILE_WAITS, FILE_ASKED, FILE_READY, FILE_MOVES };

struct waiting_file {
    struct link link;
    struct arena arena;
    struct str id, source;
    struct jid to;
    uint32_t only; /* a part of the history for this device of ours (history.h); 0: of a chat */
    struct attachment file;
    enum file_state state;
    unsigned failures; /* in a row */
    uint64_t not_before_ms;
    struct arena slot; /* of what follows */
    struct str put, get;
    struct upload_header headers[UPLOAD_HEADERS];
    size_t header_count;
};

struct waiting_file *uploads_find(struct engine *c, struct str id); /* or NULL */
CHECKED enum err uploads_add(struct engine *c, uint32_t only, const struct attachment *f,
                             struct str source);
void uploads_fail(struct engine *c, struct waiting_file *w, struct str why);

/* slot.c: finds the service, asks for a slot; w->state says how far it came. */
void slot_work(struct engine *c, struct waiting_file *w);

#endif
