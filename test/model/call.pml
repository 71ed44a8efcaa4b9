/* call.pml: one call as lib/jingle/ledger.c rules it, between a caller who says whatever he likes whenever he likes, two devices of a
 * callee, and a network that loses.
 *
 * The way of the media is open while the ledger says so. Whose account says something the server knows from the connection; what is
 * said, in which order and how often, is the caller's free choice, media packets included.
 *
 * Checked over all interleavings: nothing of the session and no media reaches a device on which no human accepted; at most one device
 * ever gets any; no device rings before the server has admitted a call; after the end nothing passes but the news of the end.
 *
 *     test/model/run
 */
mtype = { PROPOSE, RINGING, PROCEED, REJECT, RETRACT, FINISH,              /* XEP-0353 */
          INITIATE, ACCEPT, INFO, CONTENT, TERMINATE,                      /* XEP-0166 */
          MEDIA,                                                           /* to the anchor */
          STOP };                                                          /* the server: answered elsewhere, or over */
mtype = { NONE, PROPOSED, RINGS, ACCEPTED, INITIATED, ACTIVE, ENDED };

#define CALLER  2             /* who speaks: 0 and 1 are the devices of the callee */
#define NOBODY  3

chan server = [1] of { byte, mtype };
chan device[2] = [2] of { mtype };

mtype phase = NONE;
byte bound = NOBODY;          /* the device that has the call */
bool human_accepted[2];
bool admitted;

/* What reaches a device, if the network does not lose it. */
inline deliver(d, what)
{
    if
    :: nfull(device[d]) -> device[d] ! what
    :: skip                   /* lost; a full queue is a lost connection */
    fi
}

inline finish_call()
{
    phase = ENDED;
    deliver(0, STOP);
    deliver(1, STOP)
}

inline from_caller(what)
{
    if
    :: what == PROPOSE && phase == NONE ->
        if
        :: phase = PROPOSED; admitted = true; deliver(0, PROPOSE); deliver(1, PROPOSE)
        :: skip               /* a stranger, or too often */
        fi
    :: what == RETRACT && (phase == PROPOSED || phase == RINGS || phase == ACCEPTED) ->
        finish_call()
    :: what == INITIATE && phase == ACCEPTED ->
        phase = INITIATED; deliver(bound, INITIATE)
    :: what == CONTENT && phase == ACTIVE -> deliver(bound, CONTENT)
    :: what == TERMINATE && (phase == INITIATED || phase == ACTIVE) ->
        deliver(bound, TERMINATE); finish_call()
    :: what == FINISH && (phase == ACCEPTED || phase == INITIATED || phase == ACTIVE) ->
        finish_call()
    :: what == MEDIA && (phase == ACCEPTED || phase == INITIATED || phase == ACTIVE) ->
        deliver(bound, MEDIA) /* the gate, ledger_gate_is_open() */
    :: else -> skip           /* refused in silence: transport-info is swallowed as well */
    fi
}

inline from_callee(who, what)
{
    if
    :: what == RINGING && phase == PROPOSED -> phase = RINGS
    :: what == PROCEED && (phase == PROPOSED || phase == RINGS) ->
        bound = who; phase = ACCEPTED; deliver(1 - who, STOP)
    :: what == REJECT && (phase == PROPOSED || phase == RINGS || ((phase == ACCEPTED || phase == INITIATED) && who == bound)) ->
        finish_call()
    :: what == ACCEPT && phase == INITIATED && who == bound -> phase = ACTIVE
    :: what == TERMINATE && (phase == INITIATED || phase == ACTIVE) && who == bound -> finish_call()
    :: else -> skip
    fi
}

active proctype ledger()
{
    byte who;
    mtype what;

end:
    do
    :: atomic {
        server ? who, what ->
        if
        :: who == CALLER -> from_caller(what)
        :: else -> from_callee(who, what)
        fi
    }
    :: atomic { phase != NONE && phase != ENDED && phase != ACTIVE -> finish_call() } /* time */
    od
}

/* Without end: there is nothing that it has not said before. */
active proctype caller()
{
end:
    do
    :: server ! CALLER, PROPOSE
    :: server ! CALLER, RINGING
    :: server ! CALLER, PROCEED
    :: server ! CALLER, REJECT
    :: server ! CALLER, RETRACT
    :: server ! CALLER, FINISH
    :: server ! CALLER, INITIATE
    :: server ! CALLER, ACCEPT
    :: server ! CALLER, INFO
    :: server ! CALLER, CONTENT
    :: server ! CALLER, TERMINATE
    :: server ! CALLER, MEDIA
    od
}

/* A client that trusts its server in everything: what protects it is the server. */
proctype callee(byte me)
{
    bool rings, has_said;
    mtype what;

end:
    do
    :: device[me] ? what ->
        if
        :: what == PROPOSE ->
            assert(admitted);
            rings = true;
            if
            :: server ! me, RINGING
            :: skip
            fi
        :: what == STOP -> rings = false
        :: else ->
            assert(human_accepted[me] && bound == me);
            if
            :: what == INITIATE -> server ! me, ACCEPT
            :: what == INITIATE -> server ! me, TERMINATE
            :: else -> skip
            fi
        fi
    :: rings && !has_said ->
        has_said = true;
        if
        :: atomic { human_accepted[me] = true; server ! me, PROCEED }
        :: server ! me, REJECT
        :: skip               /* nobody is there */
        fi
    od
}

init { atomic { run callee(0); run callee(1) } }
