/* modules.h: the list of modules, for those who walk it. */
#ifndef SOTTO_SERVER_MODULES_H
#define SOTTO_SERVER_MODULES_H

#include "server/module.h"

extern const struct module archive_module, avatar_module, blocking_module, budgets_module,
    calls_module, carbons_module, commands_module, credentials_module, devices_module, disco_module,
    e2ee_module, extdisco_module, fetch_module, invites_module, link_module, mam_module,
    mam_prefs_module, pep_module, pep_owner_module, ping_module, private_module, push_module,
    receipts_module, register_module, remote_module, roster_module, session_module,
    stanza_ids_module, subscription_module, time_module, upload_module, vcard_module,
    version_module;

#endif
