/* healing.c: one attempt. */
#include "omemo/healing.h"

/* A message read before, another identity, or octets that are no message say nothing about the
 * session. */
void healing_note(struct healing *h, enum err why)
{
    if (why == ERR_NONE)
        h->is_broken = false;
    else if (why == ERR_DENIED || why == ERR_MISSING || why == ERR_TOO_BIG)
        h->is_broken = true;
}

bool healing_is_due(struct healing *h, bool archive_was_read, bool is_trusted)
{
    if (!h->is_broken || h->was_tried || !archive_was_read || !is_trusted)
        return false;
    h->was_tried = true;
    return true;
}
