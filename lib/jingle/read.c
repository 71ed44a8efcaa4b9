/* read.c: the envelope of an action: session, group, contents, reason, information. */
#include "jingle/reading.h"
#include "xmpp/ns.h"

static const char *const actions[JINGLE_ACTIONS] = {
    [JINGLE_SESSION_INITIATE] = "session-initiate",   [JINGLE_SESSION_ACCEPT] = "session-accept",
    [JINGLE_SESSION_TERMINATE] = "session-terminate", [JINGLE_SESSION_INFO] = "session-info",
    [JINGLE_TRANSPORT_INFO] = "transport-info",       [JINGLE_CONTENT_ADD] = "content-add",
    [JINGLE_CONTENT_ACCEPT] = "content-accept",       [JINGLE_CONTENT_REJECT] = "content-reject",
    [JINGLE_CONTENT_MODIFY] = "content-modify",       [JINGLE_CONTENT_REMOVE] = "content-remove",
};

const char *jingle_action_text(enum jingle_action action)
{
    return actions[action];
}

const char *const jingle_senders_names[4] = { "both", "initiator", "responder", "none" };

/* ---- Reasons (XEP-0166 §7.4) ------------------------------------------------------------------------ */

const char *jingle_reason(struct str condition)
{
    static const char *const conditions[] = {
        "alternative-session",
        "busy",
        "cancel",
        "connectivity-error",
        "decline",
        "expired",
        "failed-application",
        "failed-transport",
        "general-error",
        "gone",
        "incompatible-parameters",
        "media-error",
        "security-error",
        "success",
        "timeout",
        "unsupported-applications",
        "unsupported-transports",
    };
    size_t i = token_among(condition, conditions, sizeof conditions / sizeof *conditions);

    return i < sizeof conditions / sizeof *conditions ? conditions[i] : NULL;
}

const char *jingle_read_reason(const struct xml_node *reason)
{
    const char *found = NULL;

    for (const struct xml_node *n = xml_first_element(reason); n != NULL && found == NULL;
         n = xml_next_element(n))
        found = jingle_reason(n->name);
    return found;
}

/* ---- Attributes ------------------------------------------------------------------------------------- */

bool reading_number(struct reading *r, const struct xml_node *n, const char *name, uint64_t least,
                    uint64_t most, uint32_t otherwise, uint32_t *out, const char *why)
{
    struct str text = xml_get(n, str_from(name));
    uint64_t value = otherwise;

    if (text.p != NULL && !token_number(text, least, most, &value))
        return reading_fails(r, why);
    *out = (uint32_t)value;
    return true;
}

bool reading_senders(struct reading *r, const struct xml_node *n, enum jingle_senders *out)
{
    struct str text = xml_get(n, STR("senders"));
    size_t i = text.p != NULL ? token_among(text, jingle_senders_names, 4) : 0;

    *out = (enum jingle_senders)i;
    return i < 4 || reading_fails(r, "senders");
}

/* `creator` and `name` of a content, or of what is said of one. */
static bool read_name(struct reading *r, const struct xml_node *n, struct str *out_name,
                      bool *out_by_responder)
{
    struct str creator = xml_get(n, STR("creator"));

    *out_name = xml_get(n, STR("name"));
    *out_by_responder = str_is(creator, "responder");
    if (!token_is(*out_name, TOKEN_NAME, 1, 32))
        return reading_fails(r, "content-name");
    return *out_by_responder || str_is(creator, "initiator") || reading_fails(r, "content-creator");
}

/* ---- Contents --------------------------------------------------------------------------------------- */

/* True for the actions that describe media; with a transport that has everything. */
static bool describes(enum jingle_action action)
{
    return action == JINGLE_SESSION_INITIATE || action == JINGLE_SESSION_ACCEPT
           || action == JINGLE_CONTENT_ADD || action == JINGLE_CONTENT_ACCEPT;
}

static bool read_part(struct reading *r, const struct xml_node *n, struct jingle_content *out)
{
    if (str_is(n->name, "description")) {
        if (out->has_description)
            return reading_fails(r, "description-twice");
        if (!str_eq(n->ns, STR(NS_JINGLE_RTP)))
            return reading_lacks(r, "description");
        out->has_description = true;
        return reading_description(r, n, &out->description);
    }
    if (str_is(n->name, "transport")) {
        if (out->has_transport)
            return reading_fails(r, "transport-twice");
        if (!str_eq(n->ns, STR(NS_JINGLE_ICE_UDP)))
            return reading_lacks(r, "transport");
        out->has_transport = true;
        return reading_transport(r, n, &out->transport);
    }
    r->left_out++; /* <security/> and what else there may be */
    return true;
}

static bool is_complete(struct reading *r, enum jingle_action action,
                        const struct jingle_content *c)
{
    const struct jingle_transport *t = &c->transport;

    if (describes(action))
        return (c->has_description && c->has_transport && c->description.payload_count > 0
                && t->ufrag.n > 0 && t->has_fingerprint)
               || (c->has_transport && !t->has_fingerprint
                       ? reading_lacks(r, JINGLE_IN_CLEAR) /* Gajim's media are in clear */
                       : reading_fails(r, !c->has_description ? "no-description"
                                          : !c->has_transport ? "no-transport"
                                                              : "no-media"));
    if (action == JINGLE_TRANSPORT_INFO)
        return c->has_transport || reading_fails(r, "no-transport");
    return true;
}

/* To reject, to modify or to remove something, its name is enough (XEP-0166 §7.2). But Conversations compares what else it finds there
 * with what it has offered, and without a transport it ends the call. */
static void keep_outline(struct jingle_content *c)
{
    c->description = (struct jingle_description){ .media = c->description.media };
    c->transport = (struct jingle_transport){ 0 };
}

static bool read_content(struct reading *r, const struct xml_node *n, struct jingle *out)
{
    struct jingle_content *c = &out->contents[out->content_count];

    if (out->content_count == JINGLE_CONTENTS)
        return reading_fails(r, "contents");
    if (!read_name(r, n, &c->name, &c->by_responder) || !reading_senders(r, n, &c->senders))
        return false;
    for (size_t i = 0; i < out->content_count; i++)
        if (str_eq(out->contents[i].name, c->name))
            return reading_fails(r, "content-twice");
    for (const struct xml_node *part = xml_first_element(n); part != NULL;
         part = xml_next_element(part))
        if (!read_part(r, part, c))
            return false;
    if (!describes(out->action) && out->action != JINGLE_TRANSPORT_INFO)
        keep_outline(c);
    out->content_count++;
    return is_complete(r, out->action, c);
}

/* An addition names all of the group that it joins: Conversations takes over what it reads there. Whether the call has such
 * contents, who knows the call has to look. */
static bool read_beside(struct reading *r, struct str name, struct jingle *out)
{
    if ((out->action != JINGLE_CONTENT_ADD && out->action != JINGLE_CONTENT_ACCEPT)
        || out->beside_count == JINGLE_CONTENTS || !token_is(name, TOKEN_NAME, 1, 32))
        return reading_fails(r, "group");
    for (size_t i = 0; i < out->beside_count; i++)
        if (str_eq(out->beside[i], name))
            return reading_fails(r, "group");
    out->beside[out->beside_count++] = name;
    return true;
}

static bool read_member(struct reading *r, const struct xml_node *n, struct jingle *out)
{
    struct str name = xml_get(n, STR("name"));

    if (!str_is(n->name, "content"))
        return reading_fails(r, "group");
    for (size_t i = 0; i < out->content_count; i++)
        if (str_eq(out->contents[i].name, name)) {
            out->contents[i].in_group = true;
            return true;
        }
    return read_beside(r, name, out);
}

/* XEP-0338 §3; one of LS is left out. */
static bool read_group(struct reading *r, const struct xml_node *n, struct jingle *out)
{
    if (!str_is(xml_get(n, STR("semantics")), "BUNDLE")) {
        r->left_out++;
        return true;
    }
    if (out->has_group)
        return reading_fails(r, "group-twice");
    out->has_group = true;
    for (const struct xml_node *m = xml_first_element(n); m != NULL; m = xml_next_element(m))
        if (!read_member(r, m, out))
            return false;
    return true;
}

/* ---- Information (XEP-0167 §6) ---------------------------------------------------------------------- */

static bool read_info(struct reading *r, const struct xml_node *n, struct jingle *out)
{
    static const char *const names[] = {
        "", "active", "hold", "unhold", "mute", "unmute", "ringing"
    };
    size_t i = token_among(n->name, names, sizeof names / sizeof *names);

    if (i == 0 || i == sizeof names / sizeof *names)
        return reading_lacks(r, "info");
    if (out->info != JINGLE_INFO_NONE)
        return reading_fails(r, "info-twice");
    out->info = (enum jingle_info)i;
    if ((out->info == JINGLE_INFO_MUTE || out->info == JINGLE_INFO_UNMUTE)
        && xml_get(n, STR("name")).p != NULL)
        return read_name(r, n, &out->info_content, &out->info_by_responder);
    return true;
}

/* ---- All of it -------------------------------------------------------------------------------------- */

/* Counts before anything is read: what is larger than any honest action is not looked at. */
static bool has_measure(const struct xml_node *n, unsigned depth, unsigned *elements)
{
    unsigned attributes = 0;

    for (const struct xml_attr *at = n->attrs; at != NULL; at = at->next)
        attributes++;
    if (depth > JINGLE_DEPTH || attributes > JINGLE_ATTRIBUTES || ++*elements > JINGLE_ELEMENTS)
        return false;
    for (const struct xml_node *m = xml_first_element(n); m != NULL; m = xml_next_element(m))
        if (!has_measure(m, depth + 1, elements))
            return false;
    return true;
}

bool jingle_sid_valid(struct str sid)
{
    for (int padding = 0; padding < 2 && sid.n > 0 && sid.p[sid.n - 1] == '='; padding++)
        sid.n--;
    return token_is(sid, TOKEN_CALL_ID, 16, 64);
}

static bool read_children(struct reading *r, const struct xml_node *element, struct jingle *out)
{
    const struct xml_node *n;

    for (n = xml_first_element(element); n != NULL; n = xml_next_element(n)) {
        if (xml_is(n, STR(NS_JINGLE), STR("content"))) {
            if (!read_content(r, n, out))
                return false;
        } else if (xml_is(n, STR(NS_JINGLE), STR("reason"))) {
            out->reason = jingle_read_reason(n);
        } else if (str_eq(n->ns, STR(NS_JINGLE_RTP_INFO)) && out->action == JINGLE_SESSION_INFO) {
            if (!read_info(r, n, out))
                return false;
        } else if (!xml_is(n, STR(NS_JINGLE_GROUP), STR("group"))) {
            r->left_out++;
        }
    }
    /* The group comes before the contents that it names. */
    for (n = xml_first_element(element); n != NULL; n = xml_next_element(n))
        if (xml_is(n, STR(NS_JINGLE_GROUP), STR("group")) && !read_group(r, n, out))
            return false;
    return true;
}

/* Each media at most once, and something to be about. */
static bool media_fits(struct reading *r, struct jingle *j)
{
    unsigned set = 0;

    if (j->action == JINGLE_SESSION_TERMINATE || j->action == JINGLE_SESSION_INFO) {
        r->left_out += (unsigned)j->content_count;
        j->content_count = 0; /* they are about the session */
        return true;
    }
    for (size_t i = 0; i < j->content_count; i++) {
        const struct jingle_content *c = &j->contents[i];

        if (c->has_description && (set & c->description.media) != 0)
            return reading_fails(r, "media-twice");
        set |= c->has_description ? c->description.media : 0;
    }
    return j->content_count > 0 || reading_fails(r, "no-content");
}

static bool read_all(struct reading *r, const struct xml_node *element, struct jingle *out)
{
    struct str action = xml_get(element, STR("action"));
    size_t i = token_among(action, actions, JINGLE_ACTIONS);

    if (i == JINGLE_ACTIONS)
        return reading_lacks(r, "action");
    out->action = (enum jingle_action)i;
    out->sid = xml_get(element, STR("sid"));
    if (!jingle_sid_valid(out->sid))
        return reading_fails(r, "sid");
    return read_children(r, element, out) && media_fits(r, out);
}

enum err jingle_read(struct arena *a, const struct xml_node *element, struct jingle *out,
                     const char **why)
{
    struct reading r = { .arena = a };
    struct jingle j = { 0 };
    unsigned elements = 0;

    *why = NULL;
    if (!has_measure(element, 1, &elements)) {
        *why = "size";
        return ERR_TOO_BIG;
    }
    if (!read_all(&r, element, &j)) {
        *why = r.why;
        return r.err;
    }
    j.left_out = r.left_out;
    *out = j;
    return ERR_NONE;
}

unsigned jingle_media_of(const struct jingle *j)
{
    unsigned set = 0;

    for (size_t i = 0; i < j->content_count; i++)
        set |= j->contents[i].has_description ? j->contents[i].description.media : 0;
    return set;
}
