/* schema.c: creating and migrating the tables. PRAGMA user_version counts the steps below that a
 * file has taken. */
#include "server/store/sqlite/schema.h"

enum { APPLICATION_ID = 0x536f7474 }; /* "Sott", for file(1) and for us */

/* Step n leads from version n to n + 1; the first creates everything. Steps are only ever added. */
static const char *const steps[] = {
    (const char[]){
#include "schema.inc"
    },
    (const char[]){
#include "schema-2.inc"
    },
    (const char[]){
#include "schema-3.inc"
    },
    (const char[]){
#include "schema-4.inc"
    },
    (const char[]){
#include "schema-5.inc"
    },
    (const char[]){
#include "schema-6.inc"
    },
    (const char[]){
#include "schema-7.inc"
    },
};

static void take_step(struct db *db, size_t version, struct arena *scratch)
{
    struct str mark = arena_printf(scratch, "PRAGMA application_id = %d; PRAGMA user_version = %zu",
                                   APPLICATION_ID, version + 1);

    db_exec(db, "BEGIN IMMEDIATE");
    db_exec(db, steps[version]);
    db_exec(db, mark.p);
    db_exec(db, "COMMIT");
}

/* Since this copy was made, its original may have given out any number of sequence numbers, and another server may have been started
 * from the same copy: chance leads beyond all of them. Clients keep the numbers as positions of the archive, so none may come to mean
 * another message. */
static void leave_original(struct db *db)
{
    db_exec(db, "BEGIN IMMEDIATE");
    if (db_pragma(db, "SELECT count(*) FROM copy") > 0) {
        db_exec(db, "UPDATE account SET "
                    "archive_seq = archive_seq + (1 << 32) + abs(random() % (1 << 48)), "
                    "requests_seq = requests_seq + (1 << 32) + abs(random() % (1 << 48))");
        db_exec(db, "UPDATE sqlite_sequence SET seq = seq + (1 << 20) + abs(random() % (1 << 28)) "
                    "WHERE name = 'account'");
        db_exec(db, "DELETE FROM copy");
    }
    db_exec(db, "COMMIT");
}

void schema_mark_copy(struct db *db)
{
    db_exec(db, "INSERT INTO copy VALUES (1)");
}

enum err schema_prepare(struct db *db, struct str path, struct str *why, struct arena *why_arena)
{
    int64_t version = db_pragma(db, "PRAGMA user_version");
    int64_t id = db_pragma(db, "PRAGMA application_id");
    int64_t tables = db_pragma(db, "SELECT count(*) FROM sqlite_schema");

    if (db->error == ERR_NONE && id != APPLICATION_ID && tables > 0) {
        *why = arena_printf(why_arena, "%.*s is a database of another program", STR_ARG(path));
        return ERR_UNSUPPORTED;
    }
    if (db->error == ERR_NONE && (version < 0 || version > (int64_t)COUNT_OF(steps))) {
        *why = arena_printf(
            why_arena,
            "%.*s was written by a newer version of this program (its schema is %lld, ours %zu)",
            STR_ARG(path), (long long)version, COUNT_OF(steps));
        return ERR_UNSUPPORTED;
    }
    for (size_t v = (size_t)version; v < COUNT_OF(steps) && db->error == ERR_NONE; v++)
        take_step(db, v, why_arena);
    leave_original(db);
    return db->error;
}
