/* progress.c: one line of standard error, written over itself. */
#include "cli/progress.h"

#include <stdio.h>

#include "cli/attached.h"
#include "cli/program.h"

void progress_show(struct progress *p, uint64_t done, uint64_t total)
{
    struct arena a = { 0 };

    FILE *to = p->program->err;

    if (!p->program->err_is_screen)
        return;
    if (total > 0)
        fprintf(to, "\r\033[K%s: %u %% of %.*s", p->doing,
                (unsigned)((double)done / (double)total * 100), STR_ARG(attached_size(&a, total)));
    else
        fprintf(to, "\r\033[K%s: %.*s", p->doing, STR_ARG(attached_size(&a, done)));
    fflush(to);
    p->shown = true;
    arena_deinit(&a);
}

void progress_end(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", p->program->err);
    p->shown = false;
}
