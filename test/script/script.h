/* script.h: a conversation script as a list of steps (README.md describes the form).
 *
 * A script with a table of rows stands for as many cases: each parse fills in one row.
 * Owns: nothing; texts live in the arena.  Threads: pure.  Errors: ERR_MALFORMED with `why` and the line.
 */
#ifndef SOTTO_TEST_SCRIPT_SCRIPT_H
#define SOTTO_TEST_SCRIPT_SCRIPT_H

#include "base/arena.h"

enum { SCRIPT_STEPS = 4000, SCRIPT_ACTORS = 16 };

struct step {
    unsigned line;
    struct str actor; /* empty: a command to the world */
    struct str verb, args;
};

struct script {
    struct str title;        /* its first comment */
    struct str module, kind; /* of `# module: …` and `# kind: …` */
    struct str engine;       /* of `# engine: …`: why only the engine can play it */
    struct step *steps;
    size_t count;
    struct str actors[SCRIPT_ACTORS]; /* each once, in order of appearance */
    size_t actor_count;
    size_t rows;    /* of its table; 0: it has none */
    struct str row; /* first cell of the row that was filled in */
    unsigned error_line;
};

CHECKED enum err script_parse(struct arena *a, struct str text, size_t row, struct script *out,
                              struct str *why);

/* The account of an actor: `alice` of `alice/phone`. */
struct str script_account(struct str actor);

#endif
