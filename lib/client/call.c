/* call.c: which calls there are; how they begin, wait and end. */
#include "client/call_inside.h"

#include "client/people.h"
#include "xmpp/ns.h"

/* ---- Which ------------------------------------------------------------------------------------------ */

struct call *call_of(const struct engine *c, struct str id)
{
    const struct list *list = &c->calls->list;

    for (struct link *l = list_first(list); l != NULL; l = list_next(list, l)) {
        struct call *call = LIST_ENTRY(l, struct call, link);

        if (str_eq(call->id, id))
            return call;
    }
    return NULL;
}

static struct call_info info_of(const struct call *call)
{
    return (struct call_info){ .id = call->id,
                               .peer = call->peer,
                               .side = call->side,
                               .phase = call->phase,
                               .media = call->media,
                               .trust = call->trust,
                               .began_ms = call->began_ms,
                               .talk_ms = call->talk_ms };
}

bool call_next(const struct engine *c, size_t *cursor, struct call_info *out)
{
    const struct list *list = &c->calls->list;
    size_t n = 0;

    for (struct link *l = list_first(list); l != NULL; l = list_next(list, l))
        if (n++ == *cursor) {
            *out = info_of(LIST_ENTRY(l, struct call, link));
            ++*cursor;
            return true;
        }
    return false;
}

bool call_find(const struct engine *c, struct str id, struct call_info *out)
{
    const struct call *call = call_of(c, id);

    if (call != NULL)
        *out = info_of(call);
    return call != NULL;
}

bool call_is_talking(const struct call *call)
{
    return call->phase >= CALL_ACCEPTED;
}

/* One conversation at a time: a device has one person before it. */
static bool is_busy(const struct engine *c, const struct call *but)
{
    const struct list *list = &c->calls->list;

    for (struct link *l = list_first(list); l != NULL; l = list_next(list, l)) {
        const struct call *call = LIST_ENTRY(l, struct call, link);

        if (call != but && (call->side == CALL_CALLER || call_is_talking(call))
            && !(but != NULL && call->phase < CALL_ACCEPTED && str_eq(call->peer, but->peer)))
            return true;
    }
    return false;
}

/* ---- Beginning -------------------------------------------------------------------------------------- */

struct call *call_new(struct engine *c, struct str id, const struct jid *peer, enum call_side side,
                      unsigned media)
{
    struct call_info any;
    struct call *call;
    size_t n = 0;

    while (call_next(c, &n, &any))
        continue;
    if (n >= CALLS_MAX || call_of(c, id) != NULL || engine_noted(&c->calls->ended, id))
        return NULL;
    call = mem_alloc(sizeof *call);
    call->id = arena_str(&call->arena, id);
    call->far = jid_copy(&call->arena, peer);
    call->bare = jid_bare(&call->far);
    call->peer = jid_text(&call->arena, &call->bare);
    call->side = side;
    call->media = media;
    call->began_ms = c->now_ms;
    list_add(&c->calls->list, &call->link);
    call_enter(c, call, CALL_PROPOSED);
    return call;
}

void call_enter(struct engine *c, struct call *call, enum call_phase phase)
{
    uint64_t late = call->side == CALL_CALLER ? 0 : CALL_LATE_MS;

    call->phase = phase;
    switch (phase) {
    case CALL_PROPOSED: call->deadline_ms = call->began_ms + CALL_RING_MS + late; break;
    case CALL_ACCEPTED: call->deadline_ms = c->now_ms + LEDGER_INITIATE_MS + late; break;
    case CALL_INITIATED: call->deadline_ms = c->now_ms + LEDGER_ANSWER_MS + late; break;
    case CALL_ACTIVE: call->deadline_ms = UINT64_MAX; break;
    case CALL_RINGS: /* which takes no longer for being known of */
    case CALL_ENDED:
    case CALL_PHASES: break;
    }
}

enum err call_begin(struct engine *c, struct arena *a, const struct jid *whom, unsigned media,
                    struct str *out_id)
{
    struct call *call;

    if (!jid_is_bare(whom) || whom->local.n == 0 || jid_eq(whom, &c->config.jid)
        || (media & JINGLE_AUDIO) == 0 || media > (JINGLE_AUDIO | JINGLE_VIDEO))
        return ERR_MALFORMED;
    if (c->line.state != LINE_ONLINE)
        return ERR_MISSING;
    if (is_busy(c, NULL))
        return ERR_CONFLICT;
    *out_id = random_token(&c->random, a, 16);
    if ((call = call_new(c, *out_id, whom, CALL_CALLER, media)) == NULL)
        return ERR_CONFLICT;
    call_say(c, call, CALL_PROPOSE, NULL);
    engine_end_round(c);
    return ERR_NONE;
}

/* Whoever answers one who calls does not wait for being answered by them any more. */
static void take_back(struct engine *c, const struct call *answered)
{
    LIST_EACH (&c->calls->list, l) {
        struct call *call = LIST_ENTRY(l, struct call, link);

        if (call == answered || call->side != CALL_CALLER || !str_eq(call->peer, answered->peer))
            continue;
        call_say(c, call, CALL_RETRACT, "alternative-session");
        call_over(c, call, CALL_UNDECIDED, STR("They called at the same time."));
    }
}

enum err call_answer(struct engine *c, struct str id)
{
    struct call *call = call_of(c, id);

    if (call == NULL || c->line.state != LINE_ONLINE)
        return ERR_MISSING;
    if (call->side != CALL_CALLEE || call->phase > CALL_RINGS)
        return ERR_DENIED;
    if (is_busy(c, call))
        return ERR_CONFLICT;
    take_back(c, call);
    call_enter(c, call, CALL_ACCEPTED);
    call_say(c, call, CALL_PROCEED, NULL);
    call_tell(c, call, CALL_IS_ANSWERED, STR_NONE);
    engine_end_round(c);
    return ERR_NONE;
}

enum err call_connected(struct engine *c, struct str id)
{
    struct call *call = call_of(c, id);

    if (call == NULL)
        return ERR_MISSING;
    if (call->phase != CALL_ACTIVE)
        return ERR_DENIED;
    if (call->talk_ms == 0)
        call->talk_ms = c->now_ms;
    return ERR_NONE;
}

/* ---- Ending ----------------------------------------------------------------------------------------- */

void call_tell(struct engine *c, const struct call *call, enum call_news news, struct str text)
{
    engine_tell(c, &(struct engine_event){
                       .kind = ENGINE_CALL,
                       .call = news,
                       .call_media = call->media,
                       .text = text,
                       .entry = { .kind = ENTRY_CALL,
                                  .outgoing = call->side == CALL_CALLER,
                                  .trust = call->trust,
                                  .time_ms = c->now_ms,
                                  .device = call->device,
                                  .chat = call->peer,
                                  .author = call->side == CALL_CALLER ? c->bare : call->peer,
                                  .id = call->id } });
}

static void note_ended(struct engine *c, struct str id)
{
    if (++c->calls->ended_count > ENDED_MAX) {
        engine_forget_notes(&c->calls->ended);
        engine_forget_notes(&c->calls->recorded);
        c->calls->ended_count = 1;
    }
    engine_note(&c->calls->ended, id);
}

static void call_free(struct call *call)
{
    list_remove(&call->link);
    arena_deinit(&call->arena);
    mem_free(call);
}

static void keep_record(struct engine *c, const struct call *call, enum call_outcome outcome)
{
    struct arena a = { 0 };
    struct call_record r = { outcome, call->media, 0 };
    struct entry e = { .kind = ENTRY_CALL,
                       .outgoing = call->side == CALL_CALLER,
                       .trust = call->trust,
                       .time_ms = call->began_ms,
                       .device = call->device,
                       .chat = call->peer,
                       .id = call->id };

    if (call->talk_ms > 0) {
        r.outcome = CALL_TALKED;
        r.seconds = (c->now_ms - call->talk_ms) / 1000;
    }
    e.author = e.outgoing ? c->bare : call->peer;
    e.text = call_record_text(&a, &r);
    engine_note(&c->calls->recorded, call->id);
    engine_add_entry(c, &e);
    arena_deinit(&a);
}

void call_over(struct engine *c, struct call *call, enum call_outcome outcome, struct str why)
{
    note_ended(c, call->id);
    if (outcome != CALL_UNDECIDED)
        keep_record(c, call, outcome);
    call_tell(c, call, CALL_IS_OVER, why);
    call_free(call);
}

/* What ends it at this point, said to the other side. */
static void say_end(struct engine *c, struct call *call, const char *reason)
{
    bool ours = call->side == CALL_CALLER;

    switch (call->phase) {
    case CALL_PROPOSED:
    case CALL_RINGS: call_say(c, call, ours ? CALL_RETRACT : CALL_REJECT, reason); break;
    case CALL_ACCEPTED: call_say(c, call, ours ? CALL_RETRACT : CALL_REJECT, reason); break;
    case CALL_INITIATED:
    case CALL_ACTIVE:
        call_terminate(c, call, reason);
        call_say(c, call, CALL_FINISH, reason);
        break;
    case CALL_ENDED:
    case CALL_PHASES: break;
    }
}

void call_fail(struct engine *c, struct call *call, const char *reason, struct str why)
{
    say_end(c, call, reason);
    call_over(c, call, CALL_FAILED, why);
}

enum err call_end(struct engine *c, struct str id, const char *reason, struct str why)
{
    struct call *call = call_of(c, id);
    const char *usual;

    if (call == NULL)
        return ERR_MISSING;
    usual = call_is_talking(call)       ? "success"
            : call->side == CALL_CALLER ? "cancel"
            : is_busy(c, call)          ? "busy"
                                        : "decline";
    say_end(c, call, reason != NULL ? reason : usual);
    call_over(c, call,
              why.n > 0                   ? CALL_FAILED
              : call_is_talking(call)     ? (call->talk_ms > 0 ? CALL_TALKED : CALL_RETRACTED)
              : call->side == CALL_CALLER ? CALL_RETRACTED
                                          : CALL_REJECTED,
              why);
    engine_end_round(c);
    return ERR_NONE;
}

/* ---- Time, connections ------------------------------------------------------------------------------ */

static void expire(struct engine *c, struct call *call)
{
    static const char *const words[] = {
        [CALL_PROPOSED] = "Nobody answered.",
        [CALL_RINGS] = "Nobody answered.",
        [CALL_ACCEPTED] = "The call was answered, but it was not set up in time.",
        [CALL_INITIATED] = "The call was not set up in time.",
    };

    if (call->phase >= CALL_ACCEPTED) {
        call_fail(c, call, "timeout", str_from(words[call->phase]));
        return;
    }
    if (call->side == CALL_CALLER)
        call_say(c, call, CALL_RETRACT, "timeout");
    call_over(c, call, CALL_MISSED, str_from(words[call->phase]));
}

static void work(struct engine *c)
{
    LIST_EACH (&c->calls->list, l) {
        struct call *call = LIST_ENTRY(l, struct call, link);

        if (c->now_ms >= call->deadline_ms)
            expire(c, call);
        else if (c->line.state == LINE_ONLINE)
            call_work(c, call);
    }
}

static uint64_t wake_ms(const struct engine *c)
{
    const struct list *list = &c->calls->list;
    uint64_t wake = UINT64_MAX;

    for (struct link *l = list_first(list); l != NULL; l = list_next(list, l)) {
        const struct call *call = LIST_ENTRY(l, const struct call, link);

        wake = call->deadline_ms < wake ? call->deadline_ms : wake;
    }
    return wake;
}

/* A new session: the server has ended what this device had not been answered in, and rings anew what still rings. What is spoken
 * goes on, for it does not pass the server. */
static void online(struct engine *c)
{
    arena_deinit(&c->calls->arena);
    c->calls->self = jid_copy(&c->calls->arena, &c->line.login.result.jid);
    LIST_EACH (&c->calls->list, l) {
        struct call *call = LIST_ENTRY(l, struct call, link);

        if (call->phase != CALL_ACTIVE && (call->side == CALL_CALLER || call_is_talking(call)))
            call_over(c, call, CALL_FAILED, STR("The connection to the server was lost."));
    }
}

static void forget(struct engine *c)
{
    LIST_EACH (&c->calls->list, l)
        call_free(LIST_ENTRY(l, struct call, link));
    map_deinit(&c->calls->ended.map);
    arena_deinit(&c->calls->ended.arena);
    map_deinit(&c->calls->recorded.map);
    arena_deinit(&c->calls->recorded.arena);
    arena_deinit(&c->calls->arena);
    mem_free(c->calls);
}

/* XEP-0353 §2, XEP-0167 §12: others see by these whether to show a button. */
static const struct str features[] = {
    STR_INIT(NS_JINGLE),
    STR_INIT(NS_JINGLE_MESSAGE),
    STR_INIT(NS_JINGLE_RTP),
    STR_INIT(NS_JINGLE_RTP_AUDIO),
    STR_INIT(NS_JINGLE_RTP_VIDEO),
    STR_INIT(NS_JINGLE_RTP_FEEDBACK),
    STR_INIT(NS_JINGLE_RTP_EXTENSION),
    STR_INIT(NS_JINGLE_GROUP),
    STR_INIT(NS_JINGLE_DTLS),
    STR_INIT(NS_JINGLE_ICE_UDP),
    STR_INIT(NS_JINGLE_OMEMO_FINGERPRINT),
};

static const struct call_hooks hooks = {
    .features = features,
    .feature_count = COUNT_OF(features),
    .message = call_message_came,
    .iq = call_iq_came,
    .work = work,
    .wake_ms = wake_ms,
    .online = online,
    .forget = forget,
};

void calls_enable(struct engine *c)
{
    uint64_t seed[2];

    random_fill(&c->random, seed, sizeof seed);
    c->calls = mem_alloc(sizeof *c->calls);
    list_init(&c->calls->list);
    map_init(&c->calls->ended.map, seed);
    map_init(&c->calls->recorded.map, seed);
    c->call_hooks = &hooks;
}
