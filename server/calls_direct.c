/* calls_direct.c: see calls_direct.h. */
#include "server/calls_direct.h"

#include "server/calls_tell.h"
#include "server/router.h"
#include "server/stored.h"

enum { OFFERS_BYTES = 16 * 1024 * 1024 }; /* of a home: some thousand of them, for a minute */

/* ---- What the device hears ------------------------------------------------------------------------- */

static void act(struct home *h, struct str from, struct str to, const struct jingle *j,
                struct str text)
{
    calls_send_action(h, STR(CALL_ANSWER_PREFIX "0-other"), from, to, j, NOTE_GATE, text);
}

static void terminate(struct home *h, struct str from, struct str to, struct str sid,
                      const char *reason, struct str text)
{
    act(h, from, to,
        &(struct jingle){ .action = JINGLE_SESSION_TERMINATE, .sid = sid, .reason = reason }, text);
}

void calls_direct_end(struct dialled *d, const char *reason)
{
    if (!d->direct.ended)
        terminate(d->caller->home, d->direct.called, d->device, d->id, reason, STR_NONE);
}

void calls_direct_decline(struct outcome *out, struct str device, struct str called, struct str sid)
{
    terminate(
        calls_account_of(out)->home, called, device, sid, "security-error",
        STR("This server carries encrypted calls only, and this client's are not encrypted."));
}

/* ---- What the callee's home hears ------------------------------------------------------------------ */

static void say(const struct dialled *d, struct call_message m, unsigned notes)
{
    struct arena a = { 0 };

    m.id = d->id;
    router_emit_behind(d->caller->home, calls_tell_word(&a, d->device, d->direct.called, &m),
                       NOTE_DIRECT | notes);
    arena_deinit(&a);
}

bool calls_direct_has_room(struct outcome *out)
{
    return calls_account_of(out)->home->offer_bytes < OFFERS_BYTES;
}

static void drop_offer(struct dialled *d)
{
    if (d->direct.offer != NULL)
        d->caller->home->offer_bytes -= d->direct.offer->n;
    blob_unref(d->direct.offer);
    d->direct.offer = NULL;
}

void calls_direct_deinit(struct dialled *d)
{
    drop_offer(d);
}

/* As text, which is a tenth of the struct; the gate reads it again as it does any. */
static void keep_offer(struct dialled *d, const struct jingle *offer)
{
    struct arena a = { 0 };
    struct xml_node *iq = stanza_new(&a, STANZA_IQ, "set", d->device, d->direct.called,
                                     STR(CALL_ANSWER_PREFIX "0-offer"));

    xml_append(iq, jingle_write(&a, offer));
    d->direct.offer = stanza_blob(iq);
    d->caller->home->offer_bytes += d->direct.offer->n;
    arena_deinit(&a);
}

void calls_direct_ask(struct outcome *out, struct str called, const struct jingle *offer)
{
    struct dialled *d = calls_dialled(calls_account_of(out), offer->sid);

    d->direct.called = arena_str(&d->arena, called);
    keep_offer(d, offer);
    say(d, (struct call_message){ .word = CALL_PROPOSE, .media = d->media },
        out->routed->notes & NOTE_EXEMPT);
}

/* The call may end at once, and d with it. */
static void make_offer(struct dialled *d)
{
    struct home *h = d->caller->home;
    struct arena a = { 0 };
    struct xml_node *iq = NULL;

    if (d->direct.offer != NULL)
        iq = stored_stanza(&a, arena_str(&a, blob_str(d->direct.offer)));
    drop_offer(d);
    if (iq != NULL)
        router_emit_composed(h, iq, NOTE_DIRECT, 0);
    arena_deinit(&a);
}

/* ---- While it rings -------------------------------------------------------------------------------- */

/* What is said of it may be the end of d. */
static void take_back(struct outcome *out, struct dialled *d)
{
    struct arena a = { 0 };
    struct str id = arena_str(&a, d->id), device = arena_str(&a, d->device);

    d->direct.ended = true;
    say(d, (struct call_message){ .word = CALL_RETRACT, .reason = "cancel" }, 0);
    calls_dial_retracted(out, id, device);
    arena_deinit(&a);
}

enum direct_heard calls_direct_hear(struct outcome *out, struct str device, struct str to,
                                    const struct jingle *j)
{
    struct dialled *d = calls_dialled(calls_account_of(out), j->sid);

    if (d == NULL || !dialled_is_direct(d) || d->accepted || !str_eq(d->device, device))
        return DIRECT_NOT;
    if (!str_eq(d->direct.called, to))
        return DIRECT_REFUSED;
    if (d->direct.ended)
        return j->action == JINGLE_SESSION_TERMINATE || j->action == JINGLE_TRANSPORT_INFO
                   ? DIRECT_LATE
                   : DIRECT_REFUSED;
    if (j->action == JINGLE_SESSION_TERMINATE) {
        take_back(out, d);
        return DIRECT_TAKEN;
    }
    if (j->action != JINGLE_TRANSPORT_INFO)
        return DIRECT_REFUSED;
    if (++d->direct.infos <= LEDGER_TRANSPORT_INFOS)
        return DIRECT_TAKEN; /* addresses, which nobody is told */
    calls_direct_end(d, "general-error");
    take_back(out, d);
    return DIRECT_EXCESS;
}

/* ---- What the gate says ---------------------------------------------------------------------------- */

static void hear_word(struct dialled *d, const struct call_message *m)
{
    switch (m->word) {
    case CALL_RINGING:
        act(d->caller->home, d->direct.called, d->device,
            &(struct jingle){
                .action = JINGLE_SESSION_INFO, .sid = d->id, .info = JINGLE_INFO_RINGING },
            STR_NONE);
        break;
    case CALL_PROCEED: make_offer(d); break;
    case CALL_REJECT: calls_direct_end(d, m->reason != NULL ? m->reason : "decline"); break;
    case CALL_FINISH: calls_direct_end(d, m->reason != NULL ? m->reason : "success"); break;
    case CALL_PROPOSE:
    case CALL_RETRACT:
    case CALL_ACCEPT:
    case CALL_WORDS: break;
    }
}

/* A word of the end is one of ours already: once is enough. */
static bool hear_action(struct dialled *d, const struct xml_node *jingle)
{
    if (!str_is(xml_get(jingle, STR("action")), "session-terminate"))
        return true;
    if (d->direct.ended)
        return false;
    d->direct.ended = true;
    return true;
}

bool calls_direct_told(struct dialled *d, const struct stanza *s)
{
    struct call_message m;
    const char *why;

    if (s->kind == STANZA_IQ)
        return hear_action(d, s->payload);
    if (call_message_read(s->node, &m, &why) == ERR_NONE)
        hear_word(d, &m);
    return false;
}
