/* mam_prefs.h: does an account want its messages with somebody in its archive (XEP-0441)? For archive.c.
 *
 * As text, in the view: the default, then one address a line, '+' always, '-' never. No address holds a line break.
 */
#ifndef SOTTO_SERVER_MAM_PREFS_H
#define SOTTO_SERVER_MAM_PREFS_H

#include "server/module.h"

bool mam_prefs_keep(const struct view *v, struct arena *a, const struct jid *other);

#endif
