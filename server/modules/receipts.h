/* receipts.h: which messages only tell that another one was received or read. */
#ifndef SOTTO_SERVER_MODULES_RECEIPTS_H
#define SOTTO_SERVER_MODULES_RECEIPTS_H

#include "xmpp/stanza.h"

bool has_content(const struct stanza *m); /* what a person wrote, as far as a server can know */
bool is_receipt(const struct stanza *m);  /* XEP-0184, XEP-0333, and no content */

#endif
