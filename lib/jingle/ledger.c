/* ledger.c: see ledger.h. First the table, then who it was, then what it changes. */
#include "jingle/ledger.h"

/* ---- The table -------------------------------------------------------------------------------------- */

#define WORD(name)   (1u << CALL_##name)
#define ACTION(name) (1u << JINGLE_##name)
#define CONTENTS                                                                                   \
    (ACTION(CONTENT_ADD) | ACTION(CONTENT_ACCEPT) | ACTION(CONTENT_REJECT)                         \
     | ACTION(CONTENT_MODIFY) | ACTION(CONTENT_REMOVE))
#define TALK (ACTION(TRANSPORT_INFO) | ACTION(SESSION_INFO) | ACTION(SESSION_TERMINATE) | CONTENTS)

static const struct {
    unsigned words[2], actions[2]; /* by enum call_side */
} table[CALL_PHASES] = {
    [CALL_PROPOSED] = { .words = { WORD(RETRACT), WORD(RINGING) | WORD(PROCEED) | WORD(REJECT) } },
    [CALL_RINGS] = { .words = { WORD(RETRACT), WORD(PROCEED) | WORD(REJECT) } },
    [CALL_ACCEPTED] = { .words = { WORD(RETRACT) | WORD(FINISH), WORD(REJECT) | WORD(FINISH) },
                        .actions = { ACTION(SESSION_INITIATE), 0 } },
    /* A reject that crossed the session-initiate was right when it was said. */
    [CALL_INITIATED] = { .words = { WORD(FINISH), WORD(REJECT) | WORD(FINISH) },
                         .actions = { ACTION(TRANSPORT_INFO) | ACTION(SESSION_TERMINATE),
                                      ACTION(SESSION_ACCEPT) | ACTION(TRANSPORT_INFO)
                                          | ACTION(SESSION_INFO) | ACTION(SESSION_TERMINATE) } },
    [CALL_ACTIVE] = { .words = { WORD(FINISH), WORD(FINISH) }, .actions = { TALK, TALK } },
    [CALL_ENDED] = { .words = { WORD(FINISH), WORD(FINISH) } },
};

bool ledger_word_passes(enum call_phase phase, enum call_side side, enum call_word word)
{
    return (table[phase].words[side] >> word & 1) != 0;
}

bool ledger_action_passes(enum call_phase phase, enum call_side side, enum jingle_action action)
{
    return (table[phase].actions[side] >> action & 1) != 0;
}

/* ---- Life ------------------------------------------------------------------------------------------- */

void ledger_open(struct ledger *l, const struct call_message *propose, struct str caller,
                 uint64_t now_ms)
{
    *l = (struct ledger){ .media = propose->media, .proposed_ms = now_ms, .phase_ms = now_ms };
    l->id = arena_str(&l->arena, propose->id);
    l->caller = arena_str(&l->arena, caller);
}

void ledger_address(struct ledger *l, struct str device)
{
    l->called = arena_str(&l->arena, device);
}

void ledger_close(struct ledger *l)
{
    arena_deinit(&l->arena);
}

static void enter(struct ledger *l, enum call_phase phase, uint64_t now_ms)
{
    l->phase = phase;
    l->phase_ms = now_ms;
    if (phase == CALL_ACTIVE)
        l->talk_ms = now_ms > 0 ? now_ms : 1;
}

static void end(struct ledger *l, enum call_outcome outcome, uint64_t now_ms)
{
    if (l->phase == CALL_ENDED)
        return;
    l->outcome = l->phase == CALL_ACTIVE ? CALL_TALKED : outcome;
    enter(l, CALL_ENDED, now_ms);
}

uint64_t ledger_deadline_ms(const struct ledger *l)
{
    switch (l->phase) {
    case CALL_PROPOSED:
    case CALL_RINGS: return l->proposed_ms + LEDGER_RING_MS;
    case CALL_ACCEPTED: return l->phase_ms + LEDGER_INITIATE_MS;
    case CALL_INITIATED: return l->phase_ms + LEDGER_ANSWER_MS;
    case CALL_ENDED: return l->phase_ms + LEDGER_GRACE_MS;
    case CALL_ACTIVE:
    case CALL_PHASES: break;
    }
    return UINT64_MAX;
}

bool ledger_is_over(const struct ledger *l, uint64_t now_ms)
{
    return l->phase == CALL_ENDED && now_ms >= ledger_deadline_ms(l);
}

static struct ledger_ruling ruling(const struct ledger *l, enum call_phase before)
{
    return (struct ledger_ruling){ .verdict = LEDGER_SWALLOW, .before = before, .after = l->phase };
}

struct ledger_ruling ledger_tick(struct ledger *l, uint64_t now_ms)
{
    enum call_phase before = l->phase;

    if (now_ms >= ledger_deadline_ms(l))
        end(l, ledger_is_ringing(l) ? CALL_MISSED : CALL_FAILED, now_ms);
    return ruling(l, before);
}

/* Of the caller at any time, of the callee the one that accepted. */
struct ledger_ruling ledger_device_gone(struct ledger *l, struct str full, uint64_t now_ms)
{
    enum call_phase before = l->phase;

    if (str_eq(full, l->caller))
        end(l, ledger_is_ringing(l) ? CALL_RETRACTED : CALL_FAILED, now_ms);
    else if (l->device.n > 0 && str_eq(full, l->device))
        end(l, CALL_FAILED, now_ms);
    return ruling(l, before);
}

struct ledger_ruling ledger_media_gone(struct ledger *l, uint64_t now_ms)
{
    enum call_phase before = l->phase;

    if (ledger_gate_is_open(l))
        end(l, CALL_FAILED, now_ms);
    return ruling(l, before);
}

/* ---- Who may speak ---------------------------------------------------------------------------------- */

static struct str bare_of(struct str full)
{
    return str_slice(full, 0, str_find(full, '/'));
}

/* One device of each side has the call once it was accepted; before, any device of the callee may answer the caller's device. */
static const char *wrong_party(const struct ledger *l, const struct call_saying *s)
{
    if (s->side == CALL_CALLER) {
        if (!str_eq(s->from, l->caller))
            return "party";
        if (s->action != NULL)
            return str_eq(s->to, ledger_peer(l)) ? NULL : "party";
        return NULL; /* its words go to the account, or to the device that accepted */
    }
    if (l->device.n > 0 && !str_eq(s->from, l->device))
        return "party";
    if (l->device.n == 0 && !ledger_is_ringing(l))
        return "party"; /* it ended before anybody accepted */
    if (str_eq(s->to, l->caller))
        return NULL;
    /* What ends a call may go to the account of who called: every version of XEP-0353 had its own way. */
    return s->message != NULL
                   && (s->message->word == CALL_REJECT || s->message->word == CALL_FINISH)
                   && str_eq(s->to, bare_of(l->caller))
               ? NULL
               : "party";
}

/* XEP-0353 0.3 had devices tell their own account; what those have to know the server tells them itself. */
static bool is_to_own_account(const struct call_saying *s)
{
    return s->side == CALL_CALLEE && s->message != NULL
           && (s->message->word == CALL_ACCEPT || s->message->word == CALL_REJECT)
           && str_eq(s->to, bare_of(s->from));
}

/* ---- Limits ----------------------------------------------------------------------------------------- */

static bool is_about_contents(enum jingle_action action)
{
    return (CONTENTS >> action & 1) != 0;
}

/* Which limit this would break; NULL: none. */
static const char *over_limit(struct ledger *l, const struct call_saying *s, uint64_t now_ms)
{
    uint64_t second = now_ms / 1000;

    if (l->phase < CALL_ACTIVE && (l->setup_bytes += s->bytes) > LEDGER_SETUP_BYTES)
        return "setup-bytes";
    if (l->phase == CALL_ACTIVE && s->action->action != JINGLE_SESSION_TERMINATE
        && (l->talk_bytes += s->bytes) > LEDGER_TALK_BYTES)
        return "talk-bytes";
    if (is_about_contents(s->action->action) && ++l->contents[s->side] > LEDGER_CONTENT_ACTIONS)
        return "contents";
    if (s->action->action != JINGLE_TRANSPORT_INFO)
        return NULL;
    if (l->second[s->side] != second)
        l->infos_second[s->side] = 0;
    l->second[s->side] = second;
    if (++l->infos[s->side] > LEDGER_TRANSPORT_INFOS
        || ++l->infos_second[s->side] > LEDGER_TRANSPORT_INFOS_SECOND)
        return "transport-infos";
    if (s->anew && ++l->restarts[s->side] > LEDGER_RESTARTS)
        return "restarts";
    return NULL;
}

/* ---- What it is about ------------------------------------------------------------------------------- */

/* Media as agreed on; NULL: it fits. */
static const char *wrong_media(const struct ledger *l, const struct call_saying *s)
{
    unsigned media = jingle_media_of(s->action);

    switch (s->action->action) {
    case JINGLE_SESSION_INITIATE: return media == l->media ? NULL : "media";
    case JINGLE_SESSION_ACCEPT: /* may do without the picture */
        return (media & ~l->media) == 0 && (media & JINGLE_AUDIO) != 0 ? NULL : "media";
    case JINGLE_CONTENT_ADD:
    case JINGLE_CONTENT_ACCEPT: return media == JINGLE_VIDEO ? NULL : "media";
    case JINGLE_SESSION_INFO: /* before the answer there is nothing to hold or to mute */
        return l->phase == CALL_ACTIVE || s->action->info == JINGLE_INFO_RINGING ? NULL : "info";
    default: return NULL;
    }
}

/* ---- What it changes -------------------------------------------------------------------------------- */

static void word_changes(struct ledger *l, const struct call_saying *s, uint64_t now_ms)
{
    switch (s->message->word) {
    case CALL_RINGING: enter(l, CALL_RINGS, now_ms); break;
    case CALL_PROCEED:
        l->device = arena_str(&l->arena, s->from);
        enter(l, CALL_ACCEPTED, now_ms);
        break;
    case CALL_REJECT: end(l, ledger_is_ringing(l) ? CALL_REJECTED : CALL_FAILED, now_ms); break;
    case CALL_RETRACT: end(l, ledger_is_ringing(l) ? CALL_RETRACTED : CALL_FAILED, now_ms); break;
    case CALL_FINISH: end(l, CALL_FAILED, now_ms); break;
    case CALL_PROPOSE:
    case CALL_ACCEPT:
    case CALL_WORDS: break;
    }
}

static void action_changes(struct ledger *l, const struct call_saying *s, uint64_t now_ms)
{
    switch (s->action->action) {
    case JINGLE_SESSION_INITIATE: enter(l, CALL_INITIATED, now_ms); break;
    case JINGLE_SESSION_ACCEPT:
        l->media = jingle_media_of(s->action);
        enter(l, CALL_ACTIVE, now_ms);
        break;
    case JINGLE_SESSION_TERMINATE: end(l, CALL_FAILED, now_ms); break;
    case JINGLE_CONTENT_ACCEPT: l->media |= JINGLE_VIDEO; break;
    case JINGLE_CONTENT_REMOVE: l->media &= ~(unsigned)JINGLE_VIDEO; break;
    default: break;
    }
}

/* Addresses of clients go nowhere: the anchor's stand in their place. */
static enum ledger_verdict verdict_on(const struct call_saying *s)
{
    return s->action != NULL && s->action->action == JINGLE_TRANSPORT_INFO ? LEDGER_SWALLOW
                                                                           : LEDGER_PASS;
}

static const char *refusal(struct ledger *l, const struct call_saying *s)
{
    const char *why;

    if (!str_eq(s->message != NULL ? s->message->id : s->action->sid, l->id))
        return "id";
    if ((why = wrong_party(l, s)) != NULL)
        return why;
    if (s->message != NULL)
        return ledger_word_passes(l->phase, s->side, s->message->word) ? NULL : "phase";
    if (!ledger_action_passes(l->phase, s->side, s->action->action))
        return "phase";
    return wrong_media(l, s);
}

struct ledger_ruling ledger_judge(struct ledger *l, const struct call_saying *s, uint64_t now_ms)
{
    enum call_phase before = l->phase;
    struct ledger_ruling r = { .verdict = LEDGER_REFUSE, .before = before, .after = before };

    if (is_to_own_account(s)) {
        r.verdict = LEDGER_SWALLOW;
        return r;
    }
    if ((r.why = refusal(l, s)) != NULL)
        return r;
    if (s->action != NULL && (r.why = over_limit(l, s, now_ms)) != NULL) {
        end(l, CALL_FAILED, now_ms);
    } else {
        if (s->message != NULL)
            word_changes(l, s, now_ms);
        else
            action_changes(l, s, now_ms);
        r.verdict = verdict_on(s);
    }
    r.after = l->phase;
    return r;
}
