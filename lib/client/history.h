/* history.h: what a device has been told goes to one that it has linked (link.h), in parts of a few MiB, the newest entries first
 * (docs/protocols.md, urn:sotto:history:0).
 *
 *   old   engine_link_give() -> [the new device is in the list] -> history_due() -> the program seals a part -> history_given()
 *           ^_______________________________________ [it is uploaded, its message is on its way] _______________|
 *   new   a message to this device alone -> history_next() -> the program fetches it, puts its entries away -> history_taken()
 *
 * A part is a backup (backup.h) that the secret of the link opens, which no server and no third device has; so what comes from
 * anybody else is none. Each side goes on after whatever interrupted it, a part at a time; parts are put away once or twice, with the
 * same result. What was not given within a week, or taken within thirty days, is given up.
 *
 * Owns: rows of BOOK_HISTORY.  Threads: as engine.h.  Units: bytes, milliseconds.
 */
#ifndef SOTTO_CLIENT_HISTORY_H
#define SOTTO_CLIENT_HISTORY_H

#include "client/arrival.h"
#include "client/attachment.h"
#include "client/backup.h"

enum {
    HISTORY_PARTS_MAX = 64,
    HISTORY_PART = 4 << 20,         /* of entries in a part; of rows in the first, too */
    HISTORY_SEALED_MAX = 16 << 20,  /* a part with its padding */
    HISTORY_ENTRIES_MAX = 10000000, /* what somebody may say there are */
    HISTORY_KEY = 32,
};

/* ---- Giving -------------------------------------------------------------------------------------- */

struct history_gift {
    uint32_t device; /* to whom */
    unsigned part;
    uint8_t key[HISTORY_KEY];
    uint64_t below; /* entries of lower numbers have not been given; UINT64_MAX: none has */
    uint64_t done, total;
};

/* A part to be made now. */
bool history_due(struct engine *c, struct history_gift *out);
/* It was made, and is called `source` by the program; `g` is what comes after it. */
CHECKED enum err history_given(struct engine *c, const struct history_gift *g, bool last,
                               const struct attachment *f, struct str source);
/* False: nothing is to be given, or all of it is with the server. */
bool history_is_given(const struct engine *c, uint64_t *out_done, uint64_t *out_total);

/* ---- Taking -------------------------------------------------------------------------------------- */

struct history_part {
    struct str id;
    struct attachment file; /* both in the engine's memory until it is reported */
    uint8_t key[HISTORY_KEY];
};

/* What a part says of itself. */
struct history_about {
    unsigned part;
    bool last;
    uint64_t entries, total;
};
struct backup_record history_about_write(struct buf *scratch, const struct history_about *about);
CHECKED enum err history_about_read(const struct backup_record *r, struct history_about *out);

bool history_next(struct engine *c, struct history_part *out);
/* A row of the other device, if this one has none of that name; ERR_MALFORMED: it is not for others. */
CHECKED enum err history_adopt(struct engine *c, const struct backup_record *row);
/* Its entries are durable; about == NULL: it cannot be had, and is missing. */
void history_taken(struct engine *c, struct str id, const struct history_about *about);

struct history_state {
    uint64_t done, total; /* 0 of 0: nothing has come yet */
    bool incomplete;      /* a part was missing */
};
/* False: nothing is expected, or all that was has come; then *out is what it came to, once. */
bool history_is_taken(struct engine *c, struct history_state *out);

/* The rows that go along: decisions about people and keys, timers, messages that wait. */
bool history_carries(enum book_table table);

/* ---- For the other files of lib/client ----------------------------------------------------------- */

void history_promise(struct engine *c, uint32_t device, const uint8_t key[HISTORY_KEY]);
void history_cancel(struct engine *c, uint32_t device);
void history_refused(struct engine *c, uint32_t device, struct str why);
void history_expect(struct engine *c, uint32_t device, const uint8_t key[HISTORY_KEY]);
/* True: the message was about this. */
bool history_came(struct engine *c, const struct arrival *m, const struct xml_node *content);

#endif
