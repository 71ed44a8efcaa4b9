/* event.c: the table of reasons. docs/events.md and the metrics are made of it. */
#include "server/event.h"

static const char *const types[EVENT_TYPES] = {
    [EVENT_LOGIN] = "login",
    [EVENT_REGISTRATION] = "registration",
    [EVENT_CONNECTION] = "connection",
    [EVENT_STREAM] = "stream",
    [EVENT_MESSAGE] = "message",
    [EVENT_CONTACT] = "contact",
    [EVENT_STORAGE] = "storage",
    [EVENT_FILE] = "file",
    [EVENT_CALL] = "call",
    [EVENT_SERVER] = "server",
};

/* clang-format off */
static const struct {
    enum event_type type;
    const char *name, *text;
} reasons[EVENT_REASONS] = {
    [EVENT_CREDENTIALS] = { EVENT_LOGIN, "credentials", "A wrong password or token, or no such account." },
    [EVENT_LOGIN_ADDRESS] = { EVENT_LOGIN, "login_address", "Too many failed logins from there." },
    [EVENT_LOGIN_ACCOUNT] = { EVENT_LOGIN, "login_account", "Too many failed logins for this account." },

    [EVENT_REGISTRATIONS] = { EVENT_REGISTRATION, "registration", "Too many new accounts, from there or altogether." },
    [EVENT_INVITATION] = { EVENT_REGISTRATION, "invitation", "An invitation that is not valid." },

    [EVENT_CONNECTIONS] = { EVENT_CONNECTION, "connection", "Too many connections from there, or too fast." },
    [EVENT_REQUESTS] = { EVENT_CONNECTION, "request", "Too many HTTP requests from there." },

    [EVENT_MALFORMED] = { EVENT_STREAM, "malformed", "What came is not XMPP; the stream ended." },
    [EVENT_OVERSIZED] = { EVENT_STREAM, "oversized", "More than a limit allows; the stream ended." },
    [EVENT_FORGED_FROM] = { EVENT_STREAM, "forged_from", "A stanza in somebody else's name; the stream ended." },
    [EVENT_NO_STANZA] = { EVENT_STREAM, "no_stanza", "An element that is no stanza; the stream ended." },
    [EVENT_SENDING] = { EVENT_STREAM, "sending", "An account sends too fast: its next stanza waited." },

    [EVENT_PLAINTEXT] = { EVENT_MESSAGE, "plaintext", "A body outside encryption, under policy.e2ee." },
    [EVENT_ELEMENT] = { EVENT_MESSAGE, "element", "Something else that is to be encrypted, under policy.e2ee." },

    [EVENT_BLOCKED] = { EVENT_CONTACT, "blocked", "The recipient has blocked the sender." },
    [EVENT_SUBSCRIPTIONS] = { EVENT_CONTACT, "subscriptions", "Too many people were asked to be contacts." },
    [EVENT_KEYS] = { EVENT_CONTACT, "keys", "Too many device lists or bundles of people who are no contacts." },
    [EVENT_STRANGER] = { EVENT_CONTACT, "stranger", "Something was asked of an account by somebody whom it does not show itself to." },
    [EVENT_FORBIDDEN] = { EVENT_CONTACT, "forbidden", "Something was asked that is another account's own." },
    [EVENT_NOBODY] = { EVENT_CONTACT, "nobody", "Something was sent to an account that does not exist." },

    [EVENT_DISK] = { EVENT_STORAGE, "disk", "The disk is low." },
    [EVENT_ROOM] = { EVENT_STORAGE, "room", "A quota, or the disk, was full at the commit." },
    [EVENT_QUOTA] = { EVENT_STORAGE, "quota", "An account has as much as it may have." },

    [EVENT_UPLOAD] = { EVENT_FILE, "upload", "No place was given for a file: too big, or too many." },
    [EVENT_UPLOAD_DATA] = { EVENT_FILE, "upload_data", "A file was sent to no place, or is not what was announced." },
    [EVENT_FETCH] = { EVENT_FILE, "fetch", "Too many files of other hosts." },
    [EVENT_FETCH_TARGET] = { EVENT_FILE, "fetch_target", "A file of another host that the relay does not get, or a ticket that it did not give." },

    [EVENT_CALL_NOT_ADMITTED] = { EVENT_CALL, "not_admitted", "The caller may not ring there." },
    [EVENT_CALL_BLOCKED] = { EVENT_CALL, "blocked_caller", "The callee has blocked the caller." },
    [EVENT_CALL_MALFORMED] = { EVENT_CALL, "malformed_call", "What no honest client sends; the rule says which." },
    [EVENT_CALL_OUT_OF_ORDER] = { EVENT_CALL, "out_of_order", "Something that may not be said in this phase by this side." },
    [EVENT_CALL_UNKNOWN] = { EVENT_CALL, "no_such_call", "Something about a call that there is not." },
    [EVENT_CALL_REPEATED] = { EVENT_CALL, "repeated_id", "The id of an earlier call." },
    [EVENT_CALL_RATE] = { EVENT_CALL, "calling", "An account calls too often." },
    [EVENT_CALL_TARGETS] = { EVENT_CALL, "callees", "An account calls too many people." },
    [EVENT_CALL_PAIR] = { EVENT_CALL, "insisting", "An account calls one that does not answer again and again." },
    [EVENT_CALL_CALLEE] = { EVENT_CALL, "crowded", "Too many call the same account." },
    [EVENT_CALL_SUSPENDED] = { EVENT_CALL, "suspended", "The account may not call for a while." },
    [EVENT_CALL_EXCESS] = { EVENT_CALL, "excess", "A call was ended: too much was said in it." },
    [EVENT_CALL_HUNG_UP] = { EVENT_CALL, "hung_up", "It rang for less than five seconds, then the caller gave up." },
    [EVENT_CALL_IN_CLEAR] = { EVENT_CALL, "in_clear", "The media of the call would not be encrypted." },
    [EVENT_CALL_STRIPPED] = { EVENT_CALL, "stripped", "Something was taken out that no call needs, or that speaks of a call where none is made; the rule says what." },
    [EVENT_CALL_MEDIA] = { EVENT_CALL, "media", "Packets of a side of a call that the anchor let go nowhere; the rule says why." },
    [EVENT_CALL_STRAY] = { EVENT_CALL, "stray_media", "Packets came to the anchor that belong to no call; the rule says why they went nowhere." },

    [EVENT_MISADDRESSED] = { EVENT_SERVER, "misaddressed", "Another server sent something that is for nobody here, or from nobody; its stream ended." },
    [EVENT_UNASKED] = { EVENT_SERVER, "unasked", "Another server sent an answer, a presence or an event that nobody here asked for." },
    [EVENT_REMOTE_STRANGER] = { EVENT_SERVER, "remote_stranger", "A message of somebody of another server who is not known to its recipient." },
    [EVENT_REMOTE_REQUEST] = { EVENT_SERVER, "remote_request", "Somebody of another server asked a device something that he may not." },
    [EVENT_REMOTE_CERTIFICATE] = { EVENT_SERVER, "certificate", "No certificate, or one that s2s.pin does not name, on a connection between servers." },
    [EVENT_REMOTE_IDENTITY] = { EVENT_SERVER, "identity", "A server whose certificate is pinned says that it is another one." },
    [EVENT_REMOTE_SENDING] = { EVENT_SERVER, "remote_sending", "Another server sends too fast: its next stanza waited." },
    [EVENT_QUARANTINED] = { EVENT_SERVER, "quarantined", "The people of another server call too many: for an hour none of its calls rings." },
};
/* clang-format on */

enum event_type event_type_of(enum event_reason reason)
{
    return reasons[reason].type;
}

const char *event_type_name(unsigned type)
{
    return types[type];
}

const char *event_reason_name(unsigned reason)
{
    return reasons[reason].name;
}

const char *event_reason_text(unsigned reason)
{
    return reasons[reason].text;
}

enum event_reason event_reason_find(struct str name)
{
    unsigned i = 0;

    while (i < EVENT_REASONS && !str_is(name, event_reason_name(i)))
        i++;
    return (enum event_reason)i;
}

unsigned event_type_find(struct str name)
{
    unsigned i = 0;

    while (i < EVENT_TYPES && !str_is(name, event_type_name(i)))
        i++;
    return i;
}
