/* event_line.c: lines of the event file. The writer knows what it writes; the reader believes nothing. */
#include "server/event_line.h"

#include <jansson.h>
#include <stdio.h>

#include "base/encode.h"

enum { PSEUDONYM_CHARS = 16, ERA_CHARS = 8, ASN_CLASS_MAX = 16 };

static const uint64_t count_max = 1000000000000000000; /* fits a JSON integer of any reader */

static const char *const phases[CALL_PHASES] = {
    [CALL_PROPOSED] = "proposed",   [CALL_RINGS] = "rings",   [CALL_ACCEPTED] = "accepted",
    [CALL_INITIATED] = "initiated", [CALL_ACTIVE] = "active", [CALL_ENDED] = "ended",
};

static const char *const outcomes[] = {
    [CALL_UNDECIDED] = "undecided", [CALL_MISSED] = "missed", [CALL_RETRACTED] = "retracted",
    [CALL_REJECTED] = "rejected",   [CALL_FAILED] = "failed", [CALL_TALKED] = "talked",
};

bool event_is_word(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return text.n > 0 && text.n <= EVENT_WORD_MAX;
}

uint64_t event_size_bucket(uint64_t bytes)
{
    uint64_t bucket = 64;

    while (bucket < bytes && bucket < (1u << 30))
        bucket *= 4;
    return bytes > 0 ? bucket : 0;
}

/* ---- Writing --------------------------------------------------------------------------------------- */

/* One object; members that say nothing are left out. */
struct members {
    struct buf *out;
    bool any;
};

static void name(struct members *m, const char *member)
{
    buf_add_char(m->out, m->any ? ',' : '{');
    m->any = true;
    buf_add_char(m->out, '"');
    buf_add(m->out, str_from(member));
    buf_add(m->out, STR("\":"));
}

static void put_number(struct members *m, const char *member, uint64_t value)
{
    name(m, member);
    buf_add_u64(m->out, value);
}

static void put_word(struct members *m, const char *member, struct str word)
{
    if (!event_is_word(word))
        return;
    name(m, member);
    buf_add_char(m->out, '"');
    buf_add(m->out, word);
    buf_add_char(m->out, '"');
}

static void put_hex(struct members *m, const char *member, uint64_t value, int digits)
{
    char text[PSEUDONYM_CHARS + 1];

    snprintf(text, sizeof text, "%0*llx", digits, (unsigned long long)value);
    if (value != 0)
        put_word(m, member, str_from(text));
}

static void put_pseudonym(struct members *m, const char *member, uint64_t value)
{
    put_hex(m, member, value, PSEUDONYM_CHARS);
}

static void end(struct members *m)
{
    if (!m->any)
        buf_add_char(m->out, '{');
    buf_add_char(m->out, '}');
}

static void put_net(struct members *m, const struct event_line *l)
{
    struct members net = { m->out, false };

    if (l->net.ip24 == 0 && l->net.asn == 0 && l->net.asn_class.n == 0 && l->net.cc.n == 0)
        return;
    name(m, "net");
    put_pseudonym(&net, "ip24", l->net.ip24);
    if (l->net.asn != 0)
        put_number(&net, "asn", l->net.asn);
    put_word(&net, "asn_class", l->net.asn_class);
    put_word(&net, "cc", l->net.cc);
    end(&net);
}

static void put_client(struct members *m, const struct event_line *l)
{
    struct members cli = { m->out, false };

    if (l->cli.transport.n == 0 && l->cli.ja4.n == 0 && l->cli.caps_hash == 0
        && l->cli.feat_order_hash == 0 && l->cli.sasl2_agent == 0 && l->cli.clock_skew_bucket == 0)
        return;
    name(m, "cli");
    put_word(&cli, "transport", l->cli.transport);
    put_word(&cli, "ja4", l->cli.ja4);
    put_pseudonym(&cli, "caps_hash", l->cli.caps_hash);
    put_pseudonym(&cli, "feat_order_hash", l->cli.feat_order_hash);
    put_pseudonym(&cli, "sasl2_agent", l->cli.sasl2_agent);
    if (l->cli.clock_skew_bucket != 0) {
        char text[16];

        name(&cli, "clock_skew_bucket");
        snprintf(text, sizeof text, "%d", (int)l->cli.clock_skew_bucket);
        buf_add(cli.out, str_from(text));
    }
    end(&cli);
}

static void put_call(struct members *m, const struct event_call *c)
{
    struct members call = { m->out, false };

    name(m, "call");
    put_word(&call, "outcome", str_from(outcomes[c->outcome]));
    if (c->ring_ms > 0)
        put_number(&call, "ring_ms", c->ring_ms);
    if (c->media != 0) {
        name(&call, "media");
        buf_add(m->out, c->media == JINGLE_AUDIO   ? STR("[\"audio\"]")
                        : c->media == JINGLE_VIDEO ? STR("[\"video\"]")
                                                   : STR("[\"audio\",\"video\"]"));
    }
    put_word(&call, "state", str_from(phases[c->phase]));
    end(&call);
}

void event_line_write(const struct event_line *l, struct buf *out)
{
    struct members m = { out, false };

    put_number(&m, "v", 1);
    if (l->seq > 0)
        put_number(&m, "seq", l->seq);
    put_number(&m, "t", l->time_s);
    put_word(&m, "type", str_from(event_type_name(event_type_of(l->reason))));
    put_word(&m, "reason_code", str_from(event_reason_name(l->reason)));
    put_word(&m, "rule", l->rule);
    if (l->n > 1)
        put_number(&m, "n", l->n);
    put_hex(&m, "era", l->era, ERA_CHARS);
    put_pseudonym(&m, "actor", l->actor);
    put_pseudonym(&m, "target", l->target);
    put_net(&m, l);
    put_client(&m, l);
    if (l->has_call)
        put_call(&m, &l->call);
    if (l->size_bucket > 0)
        put_number(&m, "size_bucket", l->size_bucket);
    end(&m);
}

/* ---- Reading --------------------------------------------------------------------------------------- */

/* Members are counted as they are found; one that was not is one that nobody knows. */
struct reading {
    struct arena *a;
    const json_t *object;
    size_t known;
    enum err err;
};

static const json_t *member(struct reading *r, const char *member_name)
{
    const json_t *value = json_object_get(r->object, member_name);

    r->known += value != NULL;
    return value;
}

static uint64_t get_number(struct reading *r, const char *member_name, uint64_t max)
{
    const json_t *value = member(r, member_name);

    if (value == NULL)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0
        || (uint64_t)json_integer_value(value) > max)
        r->err = ERR_MALFORMED;
    return r->err == ERR_NONE ? (uint64_t)json_integer_value(value) : 0;
}

static struct str text_of(const json_t *value)
{
    return (struct str){ json_string_value(value), json_string_length(value) };
}

static struct str get_word(struct reading *r, const char *member_name, size_t max)
{
    const json_t *value = member(r, member_name);

    if (value == NULL)
        return STR_NONE;
    if (!json_is_string(value) || !event_is_word(text_of(value)) || text_of(value).n > max) {
        r->err = ERR_MALFORMED;
        return STR_NONE;
    }
    return arena_str(r->a, text_of(value));
}

static uint64_t get_hex(struct reading *r, const char *member_name, size_t digits)
{
    struct str text = get_word(r, member_name, digits);
    struct bytes octets;
    uint64_t value = 0;

    if (text.n == 0)
        return 0;
    if (text.n != digits || hex_read(r->a, text, &octets) != ERR_NONE) {
        r->err = ERR_MALFORMED;
        return 0;
    }
    for (size_t i = 0; i < octets.n; i++)
        value = value << 8 | octets.p[i];
    if (value == 0)
        r->err = ERR_MALFORMED;
    return value;
}

static uint64_t get_pseudonym(struct reading *r, const char *member_name)
{
    return get_hex(r, member_name, PSEUDONYM_CHARS);
}

/* An object within the object; `inner.object` is NULL if there is none. */
static struct reading open_member(struct reading *r, const char *member_name)
{
    struct reading inner = { .a = r->a, .object = member(r, member_name) };

    if (inner.object != NULL && !json_is_object(inner.object))
        r->err = ERR_MALFORMED;
    return inner;
}

static void close_member(struct reading *r, const struct reading *inner)
{
    if (inner->err != ERR_NONE
        || (inner->object != NULL && json_object_size(inner->object) != inner->known))
        r->err = ERR_MALFORMED;
}

static void get_net(struct reading *r, struct event_line *out)
{
    struct reading net = open_member(r, "net");

    out->net.ip24 = get_pseudonym(&net, "ip24");
    out->net.asn = (uint32_t)get_number(&net, "asn", UINT32_MAX);
    out->net.asn_class = get_word(&net, "asn_class", ASN_CLASS_MAX);
    out->net.cc = get_word(&net, "cc", 2);
    close_member(r, &net);
}

static void get_client(struct reading *r, struct event_line *out)
{
    struct reading cli = open_member(r, "cli");
    const json_t *skew;

    out->cli.transport = get_word(&cli, "transport", EVENT_WORD_MAX);
    out->cli.ja4 = get_word(&cli, "ja4", EVENT_WORD_MAX);
    out->cli.caps_hash = get_pseudonym(&cli, "caps_hash");
    out->cli.feat_order_hash = get_pseudonym(&cli, "feat_order_hash");
    out->cli.sasl2_agent = get_pseudonym(&cli, "sasl2_agent");
    skew = member(&cli, "clock_skew_bucket");
    if (skew != NULL
        && (!json_is_integer(skew) || json_integer_value(skew) < -1000
            || json_integer_value(skew) > 1000))
        cli.err = ERR_MALFORMED;
    else
        out->cli.clock_skew_bucket = (int32_t)json_integer_value(skew);
    close_member(r, &cli);
}

static unsigned get_choice(struct reading *r, const char *member_name, const char *const *words,
                           size_t count)
{
    struct str word = get_word(r, member_name, EVENT_WORD_MAX);

    for (size_t i = 0; i < count; i++)
        if (str_is(word, words[i]))
            return (unsigned)i;
    if (word.n > 0)
        r->err = ERR_MALFORMED;
    return 0;
}

static unsigned get_media(struct reading *r)
{
    const json_t *list = member(r, "media");
    unsigned media = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str word = text_of(json_array_get(list, i));
        unsigned one = str_is(word, "audio")   ? JINGLE_AUDIO
                       : str_is(word, "video") ? JINGLE_VIDEO
                                               : 0;

        if (one <= media) /* audio comes first, neither twice */
            r->err = ERR_MALFORMED;
        media |= one;
    }
    if (list != NULL && media == 0)
        r->err = ERR_MALFORMED;
    return media;
}

static void get_call(struct reading *r, struct event_line *out)
{
    struct reading call = open_member(r, "call");

    out->has_call = call.object != NULL;
    out->call.outcome =
        (enum call_outcome)get_choice(&call, "outcome", outcomes, COUNT_OF(outcomes));
    out->call.ring_ms = (uint32_t)get_number(&call, "ring_ms", UINT32_MAX);
    out->call.media = get_media(&call);
    out->call.phase = (enum call_phase)get_choice(&call, "state", phases, CALL_PHASES);
    close_member(r, &call);
}

static void get_reason(struct reading *r, struct event_line *out)
{
    struct str type = get_word(r, "type", EVENT_WORD_MAX);
    struct str reason = get_word(r, "reason_code", EVENT_WORD_MAX);

    if (type.n == 0 || reason.n == 0) {
        r->err = ERR_MALFORMED;
        return;
    }
    out->reason = event_reason_find(reason);
    if (out->reason == EVENT_REASONS || event_type_find(type) == EVENT_TYPES)
        r->err = r->err != ERR_NONE ? r->err : ERR_UNSUPPORTED;
    else if (!str_is(type, event_type_name(event_type_of(out->reason))))
        r->err = ERR_MALFORMED;
}

static bool is_power_of_four(uint64_t n)
{
    return n == event_size_bucket(n);
}

static void read_members(struct reading *r, struct event_line *out)
{
    const json_t *version = member(r, "v");

    if (version != NULL && (!json_is_integer(version) || json_integer_value(version) != 1))
        r->err = json_is_integer(version) ? ERR_UNSUPPORTED : ERR_MALFORMED;
    if (json_object_get(r->object, "t") == NULL)
        r->err = ERR_MALFORMED;
    out->seq = get_number(r, "seq", count_max);
    out->time_s = get_number(r, "t", count_max / 1000);
    get_reason(r, out);
    out->rule = get_word(r, "rule", EVENT_WORD_MAX);
    out->n = json_object_get(r->object, "n") != NULL ? get_number(r, "n", count_max) : 1;
    out->era = (uint32_t)get_hex(r, "era", ERA_CHARS);
    out->actor = get_pseudonym(r, "actor");
    out->target = get_pseudonym(r, "target");
    get_net(r, out);
    get_client(r, out);
    get_call(r, out);
    out->size_bucket = get_number(r, "size_bucket", count_max);
    if (out->n == 0 || !is_power_of_four(out->size_bucket)
        || json_object_size(r->object) != r->known)
        r->err = r->err != ERR_NONE ? r->err : ERR_MALFORMED;
}

enum err event_line_read(struct arena *a, struct str line, struct event_line *out)
{
    struct event_line l = { 0 };
    struct reading r = { .a = a };
    json_t *object;

    if (line.n > EVENT_LINE_MAX)
        return ERR_TOO_BIG;
    object = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
    r.object = object;
    if (json_is_object(object))
        read_members(&r, &l);
    else
        r.err = ERR_MALFORMED;
    json_decref(object);
    if (r.err == ERR_NONE)
        *out = l;
    return r.err;
}
