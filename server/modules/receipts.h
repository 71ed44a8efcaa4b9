/* receipts.h: which messages only tell that another one was received or read. */
#ifndef SOTTO_SERVER_MODULES_RECEIPTS_H
#define SOTTO_SERVER_MODULES_RECEIPTS_H

#include "server/module.h"

bool has_content(const struct stanza *m); /* what a person wrote, as far as a server can know */
bool was_written_to(const struct incoming *in); /* the sender, by this account */
bool is_written(const struct stanza *m); /* has content that somebody wrote, and not his client */
bool is_receipt(const struct stanza *m); /* XEP-0184, XEP-0333, and no content */
bool is_invitation(const struct stanza *m); /* to a room: XEP-0249, XEP-0045 §7.8.2 */

#endif
