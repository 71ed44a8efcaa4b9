/* schema.h: the tables, and the way from each older version of them to ours.
 *
 * Threads: one at a time.  Errors: ERR_UNSUPPORTED (a newer version, or not our file), ERR_IO.
 */
#ifndef SOTTO_SERVER_STORE_SQLITE_SCHEMA_H
#define SOTTO_SERVER_STORE_SQLITE_SCHEMA_H

#include "server/store/sqlite/sql.h"

/* Run on a connection without open transaction. ERR_UNSUPPORTED comes with a sentence in `why`; for
 * other failures see db->failure. */
CHECKED enum err schema_prepare(struct db *db, struct str path, struct str *why,
                                struct arena *why_arena);

/* Before anybody else opens it. Whoever prepares it then leaves a gap in every sequence. */
void schema_mark_copy(struct db *db);

#endif
