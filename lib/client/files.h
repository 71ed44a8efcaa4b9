/* files.h: files of people, as far as it takes an engine: a slot with the server for one that is sealed (XEP-0363), the message that
 * tells of it, a ticket for one that lies elsewhere (urn:sotto:fetch:0). The program moves the octets.
 *
 *     engine_send_file() -> slot -> engine_next_upload() -> [PUT] -> engine_uploaded() -> message
 *
 * A file that waits survives the connection and the program: its row holds the key, and the name by which the program finds what is
 * sealed. Its message is in the chat from the beginning, and leaves when the server has the file; whether it was sent, or why not,
 * is told by ENTRY_SENT and ENTRY_FAILED as for every message. A slot serves for one attempt; the next attempt asks for another.
 *
 * Owns: nothing.  Threads: as engine.h.  Units: bytes.
 */
#ifndef SOTTO_CLIENT_FILES_H
#define SOTTO_CLIENT_FILES_H

#include "client/attachment.h"
#include "client/engine.h"

enum { UPLOAD_HEADERS = 3 };

struct upload_header {
    struct str name, value;
};

struct upload {
    struct str id; /* of the message */
    struct str source;
    struct str url; /* PUT, with these headers and no others but those of HTTP itself */
    struct upload_header headers[UPLOAD_HEADERS];
    size_t header_count;
    uint64_t size; /* of what is sealed */
};

/* `f` is sealed, with size and key; its url is empty. `source`: what the program calls it; ENGINE_FILE_DONE gives it back when
 * nobody needs it any more. ERR_MALFORMED: not a person's address, or not such a file. */
CHECKED enum err engine_send_file(struct engine *c, struct arena *a, const struct jid *to,
                                  const struct attachment *f, struct str source,
                                  struct str *out_id);

/* One that can be moved now; each is told once, until it is reported. Its texts live until the next call that changes the engine.
 * Part of what the engine wants, so ask after every round. */
bool engine_next_upload(struct engine *c, struct upload *out);

enum upload_result {
    UPLOAD_STORED,  /* the server has all of it */
    UPLOAD_AGAIN,   /* it went wrong and may go right later */
    UPLOAD_REFUSED, /* it will not go right: why, in words */
};
void engine_uploaded(struct engine *c, struct str id, enum upload_result result, struct str why);

/* A file that waits calls what is sealed so. */
bool engine_has_source(const struct engine *c, struct str source);

/* Whether an address is one of our own server, which knows ours anyway. */
bool engine_is_own_place(const struct engine *c, const struct attachment *f);
/* Asks our server to fetch from elsewhere: ENGINE_FETCH follows, with the address to get it from, or `refused` with the reason. Ask
 * only because a person wants the file. */
void engine_fetch(struct engine *c, struct str url);

/* ---- For the other files of lib/client ---- */

void uploads_load(struct engine *c);
void uploads_forget(struct engine *c);
void uploads_online(struct engine *c); /* a new session: perhaps another server */
void uploads_work(struct engine *c);
/* A file that waits is taken back: nobody hears of either. False: it waits no more. */
bool uploads_take_back(struct engine *c, struct arena *a, struct str id, struct str *out_id);
uint64_t uploads_wake_ms(const struct engine *c);

#endif
