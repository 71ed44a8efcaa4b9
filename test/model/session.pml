/* session.pml: which of two sessions is current, as lib/omemo/remote.c decides it, when two devices
 * write to each other and either may have begun a session before it hears of the other's.
 *
 * Messages of one direction stay in order, as XMPP keeps them; some are lost. A prekey may be gone,
 * so that a session cannot be entered by the other side. Session S is the one that device S begins;
 * NONE means that there is none yet.
 *
 * Checked over all interleavings: a message of a session that was entered can always be read; nothing
 * is written in a session that the other side may not have, if there is one that it has; once each
 * side has written twice more, undisturbed, both use the same session and neither repeats its
 * beginning; where nothing was lost and each session could be entered, they agree as soon as the
 * network is empty.
 *
 *     test/model/run
 */
#define NONE 2

mtype = { EXCHANGE, PLAIN };

#define WORDS  3            /* messages that each device writes of itself */
#define LOSSES 3
#define ROOM   16           /* more than can be under way: words, answers, last words */

chan to_0 = [ROOM] of { mtype, byte };
chan to_1 = [ROOM] of { mtype, byte };

byte current[2] = NONE;
bool pending[2];            /* own session: nothing came back in it */
bool entered[2];            /* of session S: the other side has it */
bool rivals[2];             /* as this device sees it: both sessions were begun at the same time */
bool wrote_other[2];        /* in the session that it did not begin */
byte words[2] = WORDS;
byte losses = LOSSES;
bool was_lost, is_calm;
bool enterable[2] = true;
byte lesser;                /* the session with the smaller id */
bool was_healed[2];

/* takes_over(), the other way round: a message in session s does not make it current. */
#define STAYS(me, s) (rivals[me] && current[me] == lesser && !(current[me] == me && pending[me]))

inline put(me, kind, s)
{
    if
    :: me == 0 -> to_1 ! kind, s
    :: else    -> to_0 ! kind, s
    fi
}

/* remote_encrypt(), and the network. */
inline write_in(me, s)
{
    assert(s != me || !pending[me] || !entered[1 - me]);
    if
    :: s == me -> skip
    :: else -> wrote_other[me] = true
    fi;
    if
    :: (!is_calm && losses > 0) -> losses--; was_lost = true
    :: (s == me && pending[me]) -> put(me, EXCHANGE, s)
    :: (s != me || !pending[me]) -> put(me, PLAIN, s)
    fi
}

/* remote_start() */
inline begin(me)
{
    current[me] = me;
    pending[me] = true
}

/* place_new() */
inline enter(me, s)
{
    entered[s] = true;
    if
    :: (current[me] == me && pending[me]) -> rivals[me] = true
    :: else -> skip
    fi;
    current[me] = s
}

/* decrypt_in(), with takes_over() */
inline go_on(me, s)
{
    if
    :: s == me -> pending[me] = false
    :: else -> skip
    fi;
    if
    :: current[me] == s -> skip
    :: (current[me] != s && !STAYS(me, s)) -> current[me] = s
    :: else -> skip
    fi
}

inline answer(me, kind, s)
{
    if
    :: (kind == EXCHANGE && !wrote_other[me]) -> write_in(me, s)
    :: else -> skip
    fi
}

/* A message that cannot be read: one attempt to heal, if nothing else was begun. */
inline heal(me)
{
    if
    :: (!was_healed[me] && current[me] == NONE) ->
        was_healed[me] = true;
        begin(me);
        write_in(me, me)
    :: else -> skip
    fi
}

inline receive(me, kind, s)
{
    if
    :: (s == me || entered[s]) -> go_on(me, s); answer(me, kind, s)
    :: (s != me && !entered[s] && enterable[s]) ->
        assert(kind == EXCHANGE);
        enter(me, s);
        answer(me, kind, s)
    :: else -> heal(me)
    fi
}

inline live(me, from_network)
{
end:
    do
    :: atomic { words[me] > 0 ->
        words[me]--;
        if
        :: current[me] == NONE -> begin(me)
        :: else -> skip
        fi;
        write_in(me, current[me])
       }
    :: atomic { from_network ? kind, s -> receive(me, kind, s) }
    od
}

proctype device_0()
{
    mtype kind;
    byte s;

    live(0, to_0)
}

proctype device_1()
{
    mtype kind;
    byte s;

    live(1, to_1)
}

#define AT_REST (words[0] == 0 && words[1] == 0 && empty(to_0) && empty(to_1))
#define AGREED  (current[0] == current[1] && !pending[current[0]])

init
{
    byte i = 0;

    atomic {
        if
        :: lesser = 0
        :: lesser = 1
        fi;
        if                  /* not both: then nothing could begin */
        :: skip
        :: enterable[0] = false
        :: enterable[1] = false
        fi;
        run device_0();
        run device_1()
    }
    AT_REST;
    assert(was_lost || !enterable[0] || !enterable[1] || AGREED);
    is_calm = true;
    do
    :: i < 4 -> words[i % 2] = 1; AT_REST; i++
    :: else -> break
    od;
    assert(AGREED)
}
