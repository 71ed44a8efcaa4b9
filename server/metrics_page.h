/* metrics_page.h: listen.metrics: GET /metrics over plain HTTP, and nothing else.
 *
 * Owns: its listeners and connections.  Threads: its loop's, the server's main one.
 */
#ifndef SOTTO_SERVER_METRICS_PAGE_H
#define SOTTO_SERVER_METRICS_PAGE_H

#include "server/meter.h"

struct metrics_page;
struct metrics_page *metrics_page_new(struct loop *l, const struct server_boot *boot,
                                      const struct settings *settings, struct meter *meter);
void metrics_page_close(struct metrics_page *p); /* accepts nothing more */
void metrics_page_free(struct metrics_page *p);  /* after loop_free() */

#endif
