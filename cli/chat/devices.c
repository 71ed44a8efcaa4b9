/* devices.c: what a chat says of devices: ours and theirs, which of them wait for a decision, and that there is a new one. Whoever puts a
 * device into somebody's list gets a copy of what is said from then on: so it is a line of the conversation, which stays.
 */
#include "cli/chat/model.h"

#include "cli/visible.h"

/* Those that are met together, when a chat begins, are all new, and none is newer than the others. */
enum { MEETING_MS = 60 * 1000 };

/* ---- Keys ---------------------------------------------------------------------------------------- */

void model_forget_keys(struct model *m)
{
    m->keys = (struct trust_tally){ 0 };
    for (size_t i = 0; i < m->count; i++) {
        m->chats[i]->keys = (struct trust_tally){ 0 };
        m->chats[i]->first_met_ms = 0;
    }
}

void model_count_key(struct model *m, struct str jid, enum trust trust, uint64_t met_ms)
{
    struct chat *c = model_find(m, jid);

    if (str_eq(jid, m->own))
        trust_count(&m->keys, trust);
    if (c == NULL)
        return;
    trust_count(&c->keys, trust);
    if (c->first_met_ms == 0 || met_ms < c->first_met_ms)
        c->first_met_ms = met_ms;
}

/* ---- Lines --------------------------------------------------------------------------------------- */

/* As far back as the chat has been read. */
static bool reaches(const struct chat *c, uint64_t met_ms)
{
    return timeline_count(c->timeline) > 0 && timeline_at(c->timeline, 0)->entry.time_ms <= met_ms;
}

static bool has_line(const struct model *m, const struct chat *c, struct str jid, uint64_t met_ms)
{
    bool is_new =
        str_eq(jid, m->own) || (str_eq(jid, c->jid) && met_ms > c->first_met_ms + MEETING_MS);

    return is_new && reaches(c, met_ms);
}

bool model_wants_device(const struct model *m, struct str jid, uint64_t met_ms)
{
    for (size_t i = 0; i < m->count; i++)
        if (has_line(m, m->chats[i], jid, met_ms))
            return true;
    return false;
}

void model_tell_device(struct model *m, struct str jid, struct str fingerprint, uint64_t met_ms)
{
    for (size_t i = 0; i < m->count; i++)
        if (has_line(m, m->chats[i], jid, met_ms))
            timeline_add(m->chats[i]->timeline, &(struct entry){ .kind = ENTRY_DEVICE,
                                                                 .time_ms = met_ms,
                                                                 .chat = m->chats[i]->jid,
                                                                 .author = jid,
                                                                 .id = fingerprint,
                                                                 .text = fingerprint });
}

void model_new_device(struct model *m, struct str jid, bool waits)
{
    struct arena a = { 0 };
    struct chat *c = model_find(m, jid);

    if (str_eq(jid, m->own))
        model_notice(m, true,
                     waits ? STR("YOU have a new device: messages wait until you decide, /devices")
                           : STR("YOU have a new device: not yours? /devices sends it away"));
    else if (c != NULL && timeline_count(c->timeline) > 0)
        model_notice(m, waits,
                     arena_printf(&a,
                                  waits ? "%.*s has a new device: messages wait until you decide "
                                          "about it"
                                        : "%.*s has a device that is new to you",
                                  STR_ARG(chat_name(c))));
    arena_deinit(&a);
}

/* ---- Words --------------------------------------------------------------------------------------- */

struct str device_words(struct arena *a, const struct model *m, const struct entry *e)
{
    const struct chat *c = model_find(m, e->chat);

    if (str_eq(e->author, m->own))
        return arena_printf(a,
                            "YOU have another device, which reads from here on what you may read: "
                            "%.*s. Not yours? /devices sends it away.",
                            STR_ARG(e->text));
    return arena_printf(a, "%.*s has a new device: %.*s. F4 tells what it is worth.",
                        STR_ARG(visible_line(a, c != NULL ? chat_name(c) : e->chat)),
                        STR_ARG(e->text));
}

enum waits_for chat_waits_for(const struct model *m, const struct chat *c)
{
    if (trust_may_send(&c->keys) == TRUST_SEND_ASK)
        return WAITS_FOR_THEIRS;
    return m->keys.undecided > 0 ? WAITS_FOR_OURS : WAITS_FOR_NOTHING;
}

struct str chat_trust_words(struct arena *a, const struct model *m, const struct chat *c)
{
    unsigned used = c->keys.trusted + c->keys.verified;

    switch (chat_waits_for(m, c)) {
    case WAITS_FOR_THEIRS: return STR("a new device waits for you");
    case WAITS_FOR_OURS: return STR("a device of YOURS waits for you");
    case WAITS_FOR_NOTHING: break;
    }
    if (used == 0)
        return c->keys.distrusted > 0 ? STR("no device is trusted") : STR("encrypted");
    if (c->keys.verified == used)
        return STR("encrypted, verified");
    if (c->keys.verified > 0)
        return arena_printf(a, "encrypted, %u of %u devices verified", c->keys.verified, used);
    return STR("encrypted, not verified");
}
