/* pep_owner.h: what pep.c passes on of the namespace that publishing and owning nodes share
 * (XEP-0060). */
#ifndef SOTTO_SERVER_PEP_OWNER_H
#define SOTTO_SERVER_PEP_OWNER_H

#include "server/module.h"

enum verdict pep_create(const struct incoming *in, struct outcome *out,
                        const struct xml_node *create); /* §8.1 */
enum verdict pep_affiliations(const struct incoming *in, struct outcome *out,
                              const struct xml_node *request); /* §5.7: the sender's own */
enum verdict pep_subscriptions(const struct incoming *in, struct outcome *out,
                               const struct xml_node *request); /* §5.6 */

#endif
