/* modules.c: every module, once. The order is the order in which hooks run. */
#include "server/modules/modules.h"

const struct module *const all_modules[] = {
    &stanza_ids_module, /* first: what follows may trust stanza-ids */
    &calls_module,      /* before what answers: of calls, refusals are silent */
    &blocking_module,   /* before anything of a blocked sender has an effect */
    &remote_module,     /* so, too, for what strangers elsewhere may not even be refused for */
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
    &credentials_module,
    &link_module,
    &disco_module,
    &commands_module,
    &invites_module,
    &upload_module,
    &fetch_module,
    &ping_module,
    &version_module,
    &time_module,
    &register_module,
    &extdisco_module,
    &session_module,
    &push_module,
    &archive_module, /* last: it keeps what all others let pass, as they left it */
    NULL,
};
