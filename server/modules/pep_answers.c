/* pep_answers.c: pubsub's own error conditions. */
#include "server/modules/pep_answers.h"

static struct xml_node *condition_new(const struct incoming *in, struct outcome *out,
                                      enum stanza_condition why, const char *condition,
                                      struct str text)
{
    struct xml_node *answer = stanza_error(outcome_arena(out), in->stanza, why, text);

    outcome_reply(out, answer);
    return xml_add(outcome_arena(out), stanza_error_child(answer), STR(NS_PUBSUB_ERRORS),
                   str_from(condition));
}

enum verdict pep_refuse(const struct incoming *in, struct outcome *out, enum stanza_condition why,
                        const char *condition, struct str text)
{
    condition_new(in, out, why, condition, text);
    return HANDLED;
}

enum verdict pep_unsupported(const struct incoming *in, struct outcome *out, const char *feature)
{
    xml_set(outcome_arena(out),
            condition_new(in, out, COND_FEATURE_NOT_IMPLEMENTED, "unsupported", STR_NONE),
            STR("feature"), str_from(feature));
    return HANDLED;
}
