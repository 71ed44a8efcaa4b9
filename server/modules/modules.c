/* modules.c: every module, once. The order is the order in which hooks run. */
#include "server/modules/modules.h"

const struct module *const all_modules[] = {
    &stanza_ids_module, /* first: what follows may trust stanza-ids */
    &blocking_module,   /* before anything of a blocked sender has an effect */
    &calls_module,
    &e2ee_module,
    &receipts_module,
    &budgets_module,
    &subscription_module,
    &roster_module,
    &pep_module,
    &pep_owner_module,
    &carbons_module,
    &vcard_module,
    &avatar_module,
    &private_module,
    &mam_module,
    &mam_prefs_module,
    &devices_module,
    &disco_module,
    &commands_module,
    &invites_module,
    &upload_module,
    &ping_module,
    &version_module,
    &time_module,
    &register_module,
    &extdisco_module,
    &session_module,
    &archive_module, /* last: it keeps what all others let pass, as they left it */
    NULL,
};
