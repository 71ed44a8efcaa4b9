/* view.h: the model as a grid. Pure: the same model and size give the same screen.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_VIEW_H
#define SOTTO_CLI_CHAT_VIEW_H

#include "cli/chat/layout.h"
#include "cli/chat/symbols.h"

/* Fills a grid of the model's size. Returns whether the end of the open conversation can be seen. */
bool view_draw(struct model *m, struct grid *g);

/* Parts, each into its area. */
void view_list(const struct model *m, const struct symbols *s, const struct area *where, int lines,
               struct grid *g);
bool view_talk(const struct model *m, const struct symbols *s, const struct area *where,
               struct grid *g);
void view_panel(struct model *m, const struct symbols *s, const struct area *where, struct grid *g);

#endif
