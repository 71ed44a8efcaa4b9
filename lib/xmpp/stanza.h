/* stanza.h: message, presence and iq with their addresses (RFC 6120 §8), and the answers to them.
 *
 * Owns: nothing; everything points into the arena of the tree.  Threads: pure.
 */
#ifndef SOTTO_XMPP_STANZA_H
#define SOTTO_XMPP_STANZA_H

#include "xml/tree.h"
#include "xmpp/jid.h"

enum stanza_kind { STANZA_MESSAGE, STANZA_PRESENCE, STANZA_IQ };

enum stanza_type {
    /* message, RFC 6121 §5.2.2; an absent or unknown type is normal */
    MESSAGE_NORMAL,
    MESSAGE_CHAT,
    MESSAGE_GROUPCHAT,
    MESSAGE_HEADLINE,
    MESSAGE_ERROR,
    /* presence, RFC 6121 §4.7.1; absent is available; an unknown type is refused */
    PRESENCE_AVAILABLE,
    PRESENCE_UNAVAILABLE,
    PRESENCE_SUBSCRIBE,
    PRESENCE_SUBSCRIBED,
    PRESENCE_UNSUBSCRIBE,
    PRESENCE_UNSUBSCRIBED,
    PRESENCE_PROBE,
    PRESENCE_ERROR,
    /* iq, RFC 6120 §8.2.3 */
    IQ_GET,
    IQ_SET,
    IQ_RESULT,
    IQ_ERROR,
};

enum stanza_condition { /* RFC 6120 §8.3.3 */
                        COND_NONE,
                        COND_BAD_REQUEST,
                        COND_CONFLICT,
                        COND_FEATURE_NOT_IMPLEMENTED,
                        COND_FORBIDDEN,
                        COND_GONE,
                        COND_INTERNAL_SERVER_ERROR,
                        COND_ITEM_NOT_FOUND,
                        COND_JID_MALFORMED,
                        COND_NOT_ACCEPTABLE,
                        COND_NOT_ALLOWED,
                        COND_NOT_AUTHORIZED,
                        COND_POLICY_VIOLATION,
                        COND_RECIPIENT_UNAVAILABLE,
                        COND_REDIRECT,
                        COND_REGISTRATION_REQUIRED,
                        COND_REMOTE_SERVER_NOT_FOUND,
                        COND_REMOTE_SERVER_TIMEOUT,
                        COND_RESOURCE_CONSTRAINT,
                        COND_SERVICE_UNAVAILABLE,
                        COND_SUBSCRIPTION_REQUIRED,
                        COND_UNDEFINED_CONDITION,
                        COND_UNEXPECTED_REQUEST,
};

struct stanza {
    enum stanza_kind kind;
    enum stanza_type type;
    bool has_to, has_from;
    struct jid to, from;
    struct str id, lang; /* p == NULL if absent */
    struct xml_node *node;
    struct xml_node *payload; /* iq get/set: its only child element; else NULL */
};

/* Reads a tree of jabber:client (or jabber:server). ERR_MALFORMED sets *out_why to what the answer
 * must say; *out then holds what could be read (kind, id, addresses), enough for stanza_error(). An
 * element that is no stanza at all is ERR_UNSUPPORTED. */
CHECKED enum err stanza_parse(struct arena *a, struct xml_node *node, struct stanza *out,
                              enum stanza_condition *out_why);

/* Errors are never answered, nor are results (RFC 6120 §8.3.1, §8.2.3). */
bool stanza_may_be_answered(const struct stanza *s);

/* Answers, addressed from the stanza's `to` to its `from`. The error type (auth, cancel, modify,
 * wait) is the one RFC 6120 §8.3.3 gives to the condition; `text`, in English, may be empty. Errors
 * carry the legacy `code` attribute (XEP-0086) beside it: Profanity waits for it. To answer an
 * error is the caller's bug. */
struct xml_node *stanza_result(struct arena *a, const struct stanza *iq);
struct xml_node *stanza_error(struct arena *a, const struct stanza *in, enum stanza_condition why,
                              struct str text);
/* The <error/> child of an answer of stanza_error(), for application conditions. */
struct xml_node *stanza_error_child(const struct xml_node *answer);

/* A stanza of our own. Empty addresses are left out. */
struct xml_node *stanza_new(struct arena *a, enum stanza_kind kind, const char *type,
                            struct str from, struct str to, struct str id);
const char *stanza_type_text(enum stanza_type type); /* NULL where the attribute is left out */
const char *stanza_condition_text(enum stanza_condition c);

/* presence of type subscribe, subscribed, unsubscribe or unsubscribed */
static inline bool stanza_is_subscription(const struct stanza *s)
{
    return s->kind == STANZA_PRESENCE && s->type >= PRESENCE_SUBSCRIBE
           && s->type <= PRESENCE_UNSUBSCRIBED;
}

#endif
