/* message.c: see message.h. */
#include "jingle/message.h"

#include "jingle/token.h"
#include "xmpp/ns.h"

static const char *const words[CALL_WORDS] = {
    [CALL_PROPOSE] = "propose", [CALL_RINGING] = "ringing", [CALL_PROCEED] = "proceed",
    [CALL_REJECT] = "reject",   [CALL_RETRACT] = "retract", [CALL_FINISH] = "finish",
    [CALL_ACCEPT] = "accept",
};

const char *call_word_text(enum call_word word)
{
    return words[word];
}

bool call_message_is(const struct xml_node *message)
{
    return xml_child_ns(message, STR(NS_JINGLE_MESSAGE)) != NULL;
}

/* What takes a message back (XEP-0424) or corrects it (XEP-0308) bears the name of who wrote it, and so does a record of ours. */
static bool aims_at_record(const struct xml_node *n)
{
    return (xml_is(n, STR(NS_RETRACT), STR("retract"))
            || xml_is(n, STR(NS_CORRECT), STR("replace")))
           && str_starts(xml_get(n, STR("id")), STR(CALL_RECORD_PREFIX));
}

/* Group calls (XEP-0482, what came before it, XEP-0272) name an address of the caller's choice; words and actions count where the gate
 * reads them, and nowhere else; records are the server's to write. */
static const char *part_of_calls(const struct xml_node *n)
{
    static const struct {
        struct str ns;
        const char *word;
    } spaces[] = {
        { STR_INIT(NS_CALL_INVITES), "invitation" },
        { STR_INIT(NS_CALL_MESSAGE), "invitation" },
        { STR_INIT(NS_MUJI), "group" },
        { STR_INIT(NS_JINGLE), "jingle" },
        { STR_INIT(NS_JINGLE_MESSAGE), "word" },
        { STR_INIT(NS_CALL), "record" },
    };

    for (size_t i = 0; i < COUNT_OF(spaces); i++)
        if (str_eq(n->ns, spaces[i].ns))
            return spaces[i].word;
    return aims_at_record(n) ? "record" : NULL;
}

const char *call_strip(struct xml_node *stanza)
{
    const char *took = NULL;

    for (struct xml_node *n = xml_first_element(stanza), *next; n != NULL; n = next) {
        const char *part = part_of_calls(n);

        next = xml_next_element(n);
        if (part == NULL)
            continue;
        xml_detach(stanza, n);
        took = part;
    }
    return took;
}

/* ---- Reading ---------------------------------------------------------------------------------------- */

/* What deployed clients put beside the word; anything else is worth counting. */
static bool is_harmless(const struct xml_node *n)
{
    return xml_is(n, STR(NS_RECEIPTS), STR("request")) || str_eq(n->ns, STR(NS_HINTS))
           || xml_is(n, STR(NS_SID), STR("origin-id"));
}

/* One or two descriptions, each with its medium and nothing more. */
static bool read_media(const struct xml_node *propose, struct call_message *m)
{
    for (const struct xml_node *n = xml_first_element(propose); n != NULL;
         n = xml_next_element(n)) {
        struct str media = xml_get(n, STR("media"));
        unsigned bit = str_is(media, "audio")   ? JINGLE_AUDIO
                       : str_is(media, "video") ? JINGLE_VIDEO
                                                : 0;

        if (!xml_is(n, STR(NS_JINGLE_RTP), STR("description")) || bit == 0 || (m->media & bit) != 0
            || n->attrs->next != NULL || n->first != NULL)
            return false;
        m->media |= bit;
    }
    return m->media != 0;
}

static bool read_device(const struct xml_node *n, struct call_message *m)
{
    uint64_t device;

    if (!token_number(xml_get(n, STR("id")), 1, INT32_MAX, &device))
        return false;
    m->device = (uint32_t)device;
    return true;
}

/* Children have had several namespaces: known by their names, and written in the right one. */
static bool read_children(const struct xml_node *word, struct call_message *m)
{
    for (const struct xml_node *n = xml_first_element(word); n != NULL; n = xml_next_element(n)) {
        if (str_is(n->name, "reason")) {
            m->reason = jingle_read_reason(n);
        } else if (str_is(n->name, "tie-break")) {
            m->tie_break = m->word == CALL_REJECT || m->word == CALL_RETRACT;
        } else if (str_is(n->name, "migrated") && m->word == CALL_FINISH) {
            m->migrated_to = xml_get(n, STR("to"));
            if (!jingle_sid_valid(m->migrated_to))
                return false;
        } else if (xml_is(n, STR(NS_JINGLE_OMEMO_FINGERPRINT), STR("device"))
                   && m->word == CALL_PROCEED) {
            if (!read_device(n, m))
                return false;
        } else if (xml_is(n, STR(NS_JINGLE_ICE), STR("transport")) && m->word == CALL_PROCEED) {
            m->knows_tcp = true;
        } else if (!xml_is(n, STR(NS_JINGLE_RTP), STR("description"))) {
            m->left_out++; /* Conversations puts one into a reject and a retract */
        }
    }
    return true;
}

static enum err fail(const char **why, const char *word, enum err e)
{
    *why = word;
    return e;
}

enum err call_message_read(const struct xml_node *message, struct call_message *out,
                           const char **why)
{
    const struct xml_node *word = xml_child_ns(message, STR(NS_JINGLE_MESSAGE));
    struct call_message m = { 0 };
    size_t i;

    *why = NULL;
    if (word == NULL)
        return ERR_MISSING;
    i = token_among(word->name, words, CALL_WORDS);
    if (i == CALL_WORDS)
        return fail(why, "word", ERR_UNSUPPORTED);
    m.word = (enum call_word)i;
    m.id = xml_get(word, STR("id"));
    if (!jingle_sid_valid(m.id))
        return fail(why, "id", ERR_MALFORMED);
    for (const struct xml_node *n = xml_first_element(message); n != NULL;
         n = xml_next_element(n)) {
        if (n != word && str_eq(n->ns, STR(NS_JINGLE_MESSAGE)))
            return fail(why, "two-words", ERR_MALFORMED);
        m.left_out += n != word && !is_harmless(n);
    }
    if (m.word == CALL_PROPOSE ? !read_media(word, &m) : !read_children(word, &m))
        return fail(why, m.word == CALL_PROPOSE ? "media" : "children", ERR_MALFORMED);
    if (m.word == CALL_PROPOSE && (m.media & JINGLE_AUDIO) == 0)
        return fail(why, "media", ERR_UNSUPPORTED); /* a picture without sound is no call here */
    *out = m;
    return ERR_NONE;
}

/* ---- Writing ---------------------------------------------------------------------------------------- */

static void write_media(struct arena *a, struct xml_node *word, unsigned media)
{
    static const char *const names[] = { "audio", "video" };

    for (unsigned i = 0; i < 2; i++)
        if ((media >> i & 1) != 0)
            xml_set(a, xml_add(a, word, STR(NS_JINGLE_RTP), STR("description")), STR("media"),
                    str_from(names[i]));
}

static void write_children(struct arena *a, struct xml_node *word, const struct call_message *m)
{
    struct xml_node *n;

    if (m->reason != NULL)
        jingle_write_reason(a, word, m->reason);
    if (m->tie_break)
        xml_add(a, word, STR(NS_JINGLE_MESSAGE), STR("tie-break"));
    if (m->migrated_to.n > 0) {
        n = xml_add(a, word, STR(NS_JINGLE_MESSAGE), STR("migrated"));
        xml_set(a, n, STR("to"), m->migrated_to);
    }
    if (m->knows_tcp)
        xml_add(a, word, STR(NS_JINGLE_ICE), STR("transport"));
    if (m->device != 0) {
        n = xml_add(a, word, STR(NS_JINGLE_OMEMO_FINGERPRINT), STR("device"));
        xml_set(a, n, STR("id"), arena_printf(a, "%lu", (unsigned long)m->device));
    }
}

void call_message_write(struct arena *a, struct xml_node *message, const struct call_message *m)
{
    struct xml_node *word =
        xml_add(a, message, STR(NS_JINGLE_MESSAGE), str_from(call_word_text(m->word)));

    xml_set(a, word, STR("id"), m->id);
    if (m->word == CALL_PROPOSE) {
        write_media(a, word, m->media);
        xml_add(a, message, STR(NS_RECEIPTS), STR("request"));
    } else {
        write_children(a, word, m);
    }
    xml_add(a, message, STR(NS_HINTS), STR("store"));
}
