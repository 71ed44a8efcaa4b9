/* attached.h: what people see of a file that came with a message.
 *
 * Owns: nothing; results go into the arena.  Threads: pure.
 */
#ifndef SOTTO_CLI_ATTACHED_H
#define SOTTO_CLI_ATTACHED_H

#include <jansson.h>

#include "client/attachment.h"
#include "client/entry.h"

/* The file of an entry; texts are views of it. False: it has none. */
bool attached_of(const struct entry *e, struct attachment *out);

/* {"name","type","size","host","voice","duration"}; what is not known is left out. */
json_t *attached_json(const struct attachment *f);
/* [voice message, 0:12, 24 kB, id …] or [photo.jpg, image/jpeg, 1.2 MB, id …]; fit for a terminal. */
struct str attached_words(struct arena *a, const struct attachment *f, struct str id);
struct str attached_size(struct arena *a, uint64_t bytes); /* "24 kB" */

/* What it is called in a folder, if nobody says otherwise; never empty. */
struct str attached_name(struct arena *a, const struct attachment *f);

#endif
