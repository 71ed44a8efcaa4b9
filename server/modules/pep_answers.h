/* pep_answers.h: errors with a pubsub condition beside the stanza's own (XEP-0060 §16.5). For the
 * modules of PEP. */
#ifndef SOTTO_SERVER_PEP_ANSWERS_H
#define SOTTO_SERVER_PEP_ANSWERS_H

#include "server/module.h"

enum verdict pep_refuse(const struct incoming *in, struct outcome *out, enum stanza_condition why,
                        const char *condition, struct str text);

/* A feature of XEP-0060 §10 that we do not have. */
enum verdict pep_unsupported(const struct incoming *in, struct outcome *out, const char *feature);

#endif
