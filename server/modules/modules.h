/* modules.h: the list of modules, for those who walk it. */
#ifndef SOTTO_SERVER_MODULES_H
#define SOTTO_SERVER_MODULES_H

#include "server/module.h"

extern const struct module stanza_ids_module, calls_module, e2ee_module, subscription_module, roster_module, pep_module, carbons_module,
    archive_module, disco_module, mam_module, ping_module, session_module;

#endif
