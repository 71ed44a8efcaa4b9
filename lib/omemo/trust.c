/* trust.c: decisions about keys. */
#include "omemo/trust.h"

enum trust trust_of_new_key(const struct trust_account *account, enum trust_event *out_event)
{
    bool blind = account->policy == TRUST_BLIND_BEFORE_VERIFICATION && !account->has_verified;

    *out_event = blind ? TRUST_EVENT_NEW_DEVICE : TRUST_EVENT_NEEDS_APPROVAL;
    return blind ? TRUST_TRUSTED : TRUST_UNDECIDED;
}

enum trust trust_after(enum trust before, enum trust_action action)
{
    switch (action) {
    case TRUST_APPROVE: return before == TRUST_VERIFIED ? TRUST_VERIFIED : TRUST_TRUSTED;
    case TRUST_VERIFY: return TRUST_VERIFIED;
    case TRUST_DISTRUST: return TRUST_DISTRUSTED;
    case TRUST_FORGET: return TRUST_UNDECIDED;
    }
    return before;
}

void trust_count(struct trust_tally *tally, enum trust t)
{
    switch (t) {
    case TRUST_UNDECIDED: tally->undecided++; break;
    case TRUST_TRUSTED: tally->trusted++; break;
    case TRUST_VERIFIED: tally->verified++; break;
    case TRUST_DISTRUSTED: tally->distrusted++; break;
    }
}

enum trust_send trust_may_send(const struct trust_tally *tally)
{
    if (tally->undecided > 0)
        return TRUST_SEND_ASK;
    return tally->trusted + tally->verified > 0 ? TRUST_SEND : TRUST_SEND_NOBODY;
}
