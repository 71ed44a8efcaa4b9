/* login_sasl.h: the part of a login that proves who is who; login.c uses it and nobody else.
 *
 * Owns: nothing; everything lives in the login's arena.  Threads: as login.h.
 */
#ifndef SOTTO_CLIENT_LOGIN_SASL_H
#define SOTTO_CLIENT_LOGIN_SASL_H

#include "client/login.h"

enum sasl_progress { SASL_GOES_ON, SASL_SUCCEEDED, SASL_FAILED };

/* The strongest of what features offer and the account can. False: none, or less than before. */
bool login_choose(struct login *l, const struct xml_node *features, enum login_failure *out_why);
void login_authenticate(struct login *l, struct stream *s, const struct xml_node *features);
enum sasl_progress login_sasl(struct login *l, struct stream *s, const struct xml_node *node,
                              enum login_failure *out_why, struct str *out_text);

/* What comes with SASL2's success, or as answers of their own. */
struct xml_node *login_resume_element(struct arena *a, const struct login_account *account);
bool login_read_resumption(struct login *l, const struct xml_node *node); /* resumed or failed */
void login_read_enabled(struct login *l, const struct xml_node *enabled);
bool login_read_jid(struct login *l, struct str text); /* false: not one of this account */

#endif
