/* reader.h: queries on one connection, each from one snapshot.
 *
 * Owns: its connection, unless it borrows the writer's.  Threads: one at a time.
 */
#ifndef SOTTO_SERVER_STORE_SQLITE_READER_H
#define SOTTO_SERVER_STORE_SQLITE_READER_H

#include "server/store.h"
#include "server/store/sqlite/sql.h"

/* Fills q->out and its result. False: the database did not answer, and db->failure says why. */
bool db_answer(struct db *db, struct store_query *q);

#endif
