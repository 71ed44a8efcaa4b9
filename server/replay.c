/* replay.c: lines in, verdicts out. */
#include "server/replay.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/datetime.h"
#include "server/replay_stage.h"
#include "server/stored.h"
#include "xmpp/ns.h"

enum { EXIT_INPUT = 2, PROGRESS_EVERY = 100 };

static const uint64_t begin_ms = 1767225600000; /* 2026-01-01, where nothing else is said */
static const uint64_t end_ms = 4102444800000;   /* 2100-01-01 */

struct replay {
    const char *name; /* of the recording */
    FILE *out;
    struct stage *stage;
    struct arena arena; /* of the line */
    uint64_t line;
    struct str why; /* the line is none */
};

/* What one line says. */
struct recorded {
    struct jid from, to;
    bool has_to, exists;
    struct str from_text, stanza;
    struct relation relation;
    bool related;
    uint64_t at_ms; /* 0: not said */
};

/* ---- Reading --------------------------------------------------------------------------------------- */

static bool wrong(struct replay *r, const char *why)
{
    r->why = str_from(why);
    return false;
}

static bool read_address(struct replay *r, const json_t *value, const char *why, struct jid *out)
{
    struct str text = { json_string_value(value), json_string_length(value) };

    if (!json_is_string(value) || jid_parse(&r->arena, arena_str(&r->arena, text), out) != ERR_NONE)
        return wrong(r, why);
    return true;
}

static bool read_time(struct replay *r, const json_t *value, uint64_t *out_ms)
{
    struct str text = { json_string_value(value), json_string_length(value) };

    if (json_is_string(value) && datetime_read(text, out_ms) == ERR_NONE && *out_ms < end_ms)
        return true;
    if (json_is_number(value) && json_number_value(value) > 0
        && json_number_value(value) * 1000 < (double)end_ms) {
        *out_ms = (uint64_t)(json_number_value(value) * 1000);
        return true;
    }
    return wrong(r, "at: a time such as 2026-01-31T12:00:00Z, or seconds since 1970");
}

static bool read_subscription(struct replay *r, const json_t *value, struct relation *out)
{
    static const char *const words[] = { "none", "to", "from", "both" };
    const char *text = json_string_value(value);

    for (unsigned i = 0; text != NULL && i < COUNT_OF(words); i++)
        if (strcmp(text, words[i]) == 0) {
            out->has_subscription = true;
            out->subscription = (enum subscription)i;
            return true;
        }
    return wrong(r, "view.subscription: one of none, to, from, both");
}

static bool read_flag(struct replay *r, const json_t *value, bool *out)
{
    if (!json_is_boolean(value))
        return wrong(r, "view: blocked, wrote and exists are true or false");
    *out = json_is_true(value);
    return true;
}

static bool read_view(struct replay *r, const json_t *view, struct recorded *out)
{
    const char *name;
    json_t *value;

    if (!json_is_object(view))
        return wrong(r, "view: an object");
    json_object_foreach((json_t *)view, name, value)
    {
        bool good = strcmp(name, "subscription") == 0 ? read_subscription(r, value, &out->relation)
                    : strcmp(name, "blocked") == 0    ? read_flag(r, value, &out->relation.blocked)
                    : strcmp(name, "wrote") == 0      ? read_flag(r, value, &out->relation.wrote)
                    : strcmp(name, "exists") == 0
                        ? read_flag(r, value, &out->exists)
                        : wrong(r, "view: it has subscription, blocked, wrote, exists");

        if (!good)
            return false;
        out->relation.has_blocked |= strcmp(name, "blocked") == 0;
    }
    out->related = true;
    return true;
}

static bool read_stanza(struct replay *r, const json_t *value, struct str *out)
{
    *out = (struct str){ json_string_value(value), json_string_length(value) };
    if (!json_is_string(value) || out->n == 0 || out->n > REPLAY_STANZA_MAX)
        return wrong(r, "stanza: its text, at most 512 KiB");
    *out = arena_str(&r->arena, *out);
    return true;
}

static bool read_member(struct replay *r, const char *name, const json_t *value,
                        struct recorded *out)
{
    if (strcmp(name, "from") == 0) {
        out->from_text =
            arena_cstr(&r->arena, json_is_string(value) ? json_string_value(value) : "");
        return read_address(r, value, "from: an address", &out->from);
    }
    if (strcmp(name, "to") == 0) {
        out->has_to = true;
        return read_address(r, value, "to: an address", &out->to);
    }
    if (strcmp(name, "stanza") == 0)
        return read_stanza(r, value, &out->stanza);
    if (strcmp(name, "view") == 0)
        return read_view(r, value, out);
    if (strcmp(name, "at") == 0)
        return read_time(r, value, &out->at_ms);
    return wrong(r, "it has from, to, stanza, view, at, and nothing else");
}

static bool read_members(struct replay *r, const json_t *object, struct recorded *out)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name,
                        value) if (!read_member(r, name, value, out)) return false;
    if (out->from.domain.n == 0 || out->stanza.n == 0)
        return wrong(r, "from and stanza have to be there");
    if (out->from.local.n == 0)
        return wrong(r, "from: an account, not a domain");
    if (!stage_serves(r->stage, &out->from) && stored_stanza(&r->arena, out->stanza) == NULL)
        return wrong(r, "stanza: another server would not have passed this on");
    if (!stage_serves(r->stage, &out->from)
        && (!out->has_to || !stage_serves(r->stage, &out->to) || out->to.local.n == 0))
        return wrong(r, "from or to: an account of server.domain");
    if (out->at_ms != 0 && out->at_ms < stage_now_ms(r->stage))
        return wrong(r, "at: not before the line before");
    return true;
}

static bool read_line(struct replay *r, struct str line, struct recorded *out)
{
    json_error_t error;
    json_t *object = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, &error);
    bool good = json_is_object(object)
                    ? read_members(r, object, out)
                    : wrong(r, arena_printf(&r->arena, "not a JSON object: %s", error.text).p);

    json_decref(object);
    return good;
}

/* ---- Playing --------------------------------------------------------------------------------------- */

/* As it is addressed here: devices have addresses that the server made. */
static struct str address_here(struct replay *r, const struct jid *j)
{
    if (!stage_serves(r->stage, j) || j->local.n == 0 || jid_is_bare(j))
        return jid_text(&r->arena, j);
    return stage_device(r->stage, j);
}

/* The recipient is there, with a device to see what gets through. */
static void place_recipient(struct replay *r, const struct recorded *l)
{
    struct jid device = l->to;

    if (!l->has_to || !l->exists || !stage_serves(r->stage, &l->to) || l->to.local.n == 0)
        return;
    if (jid_is_bare(&device))
        device.resource = STR("replay");
    stage_device(r->stage, &device);
}

static enum subscription mirrored(enum subscription s)
{
    return s == SUB_TO ? SUB_FROM : s == SUB_FROM ? SUB_TO : s;
}

static void relate(struct replay *r, const struct recorded *l)
{
    struct relation back = { .has_subscription = l->relation.has_subscription,
                             .subscription = mirrored(l->relation.subscription) };

    if (!l->related || !l->has_to || !l->exists || l->to.local.n == 0)
        return;
    stage_relate(r->stage, &l->to, &l->from, &l->relation);
    stage_relate(r->stage, &l->from, &l->to, &back);
}

/* Addresses in the recording become those of here; a sender's address that is not the recorded one stays: it is forged. */
static struct xml_node *readdressed(struct replay *r, const struct recorded *l)
{
    struct xml_node *stanza = stored_stanza(&r->arena, l->stanza);
    struct str from;

    if (stanza == NULL)
        return NULL;
    from = xml_get(stanza, STR("from"));
    if (from.p != NULL && str_eq(from, l->from_text))
        xml_set(&r->arena, stanza, STR("from"), address_here(r, &l->from));
    if (l->has_to)
        xml_set(&r->arena, stanza, STR("to"), address_here(r, &l->to));
    return stanza;
}

static void play(struct replay *r, const struct recorded *l)
{
    struct xml_node *stanza;

    if (l->at_ms > 0)
        stage_advance(r->stage, l->at_ms);
    place_recipient(r, l);
    relate(r, l);
    stanza = readdressed(r, l);
    if (stage_serves(r->stage, &l->from)) {
        stage_say(r->stage, &l->from, stanza != NULL ? stanza_text(&r->arena, stanza) : l->stanza);
    } else {
        xml_set(&r->arena, stanza, STR("from"), l->from_text);
        stage_arrive(r->stage, &l->from, stanza);
    }
}

/* ---- The verdict ----------------------------------------------------------------------------------- */

/* Why it was refused: the condition of a stanza error, or of the stream error. */
static struct str condition_of(const struct stage_outcome *o)
{
    if (o->condition.n > 0 || !o->ended)
        return o->condition;
    return o->event_count > 0 && o->events[0].rule.n > 0 ? o->events[0].rule : STR("stream-error");
}

static const char *verdict_of(const struct recorded *l, const struct stage_outcome *o)
{
    if (condition_of(o).n > 0)
        return "refuse";
    if (o->delivered_count > 0 || o->answered || (!l->has_to && o->event_count == 0))
        return "pass";
    return "drop";
}

static json_t *event_object(const struct event_line *l)
{
    struct buf text;
    json_t *object;

    buf_init(&text, EVENT_LINE_MAX);
    event_line_write(l, &text);
    object = json_loadb(text.p, text.n, 0, NULL);
    buf_deinit(&text);
    return object;
}

static void set_text(json_t *object, const char *name, struct str text)
{
    json_object_set_new(object, name, json_stringn(text.p, text.n));
}

static json_t *verdict_object(const struct replay *r, const struct recorded *l,
                              const struct stage_outcome *o)
{
    json_t *object = json_object(), *events = json_array(), *delivered = json_array();

    json_object_set_new(object, "line", json_integer((json_int_t)r->line));
    json_object_set_new(object, "verdict", json_string(verdict_of(l, o)));
    if (condition_of(o).n > 0)
        set_text(object, "condition", condition_of(o));
    if (o->event_count > 0) {
        set_text(object, "reason", str_from(event_reason_name(o->events[0].reason)));
        json_object_set_new(object, "event", event_object(&o->events[0]));
    }
    for (size_t i = 1; i < o->event_count; i++)
        json_array_append_new(events, event_object(&o->events[i]));
    for (size_t i = 0; i < o->delivered_count; i++)
        json_array_append_new(delivered, json_stringn(o->delivered[i].p, o->delivered[i].n));
    if (json_array_size(events) > 0)
        json_object_set(object, "more", events);
    json_object_set(object, "delivered", delivered);
    json_decref(events);
    json_decref(delivered);
    return object;
}

static void tell(const struct replay *r, const struct recorded *l)
{
    json_t *object = verdict_object(r, l, stage_outcome(r->stage));

    json_dumpf(object, r->out, JSON_COMPACT);
    fputc('\n', r->out);
    json_decref(object);
}

/* ---- The file -------------------------------------------------------------------------------------- */

static void show_progress(const struct replay *r, bool end)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (end)
        fprintf(stderr, "\r\x1b[K");
    else if (r->line % PROGRESS_EVERY == 0)
        fprintf(stderr, "\r%llu lines ", (unsigned long long)r->line);
}

static bool is_comment(struct str line)
{
    return line.n == 0 || line.p[0] == '#' || str_starts(line, STR("//"));
}

static void complain(const struct replay *r)
{
    show_progress(r, true);
    fprintf(stderr, "sottod: %s:%llu: %.*s\n", r->name, (unsigned long long)r->line,
            STR_ARG(r->why));
}

static bool take_line(struct replay *r, struct str line)
{
    struct recorded l = { .exists = true };
    bool good = is_comment(str_trim(line)) || read_line(r, line, &l);

    if (good && l.stanza.n > 0) {
        play(r, &l);
        tell(r, &l);
    }
    if (!good)
        complain(r);
    arena_deinit(&r->arena);
    show_progress(r, false);
    return good;
}

/* The next line without its end; false: there is none, or it does not fit. */
static bool next_line(FILE *in, struct buf *line)
{
    int c;

    buf_reset(line);
    while ((c = getc_unlocked(in)) != EOF && c != '\n' && !line->failed)
        buf_add_char(line, (char)c);
    return !line->failed && (c == '\n' || line->n > 0);
}

static int read_all(struct replay *r, FILE *in)
{
    struct buf line;
    bool good = true;

    buf_init(&line, REPLAY_LINE_MAX);
    while (good && next_line(in, &line)) {
        r->line++;
        good = take_line(r, buf_str(&line));
    }
    if (line.failed) {
        r->line++;
        good = wrong(r, "a line is at most 1 MiB long");
        complain(r);
    }
    buf_deinit(&line);
    show_progress(r, true);
    if (good && ferror(in))
        fprintf(stderr, "sottod: %s: %s\n", r->name, strerror(errno));
    return !good ? EXIT_INPUT : ferror(in) || fflush(r->out) != 0;
}

int replay_stanzas(const struct config *config, FILE *in, const char *name, FILE *out)
{
    struct replay r = { .name = name, .out = out, .stage = stage_new(config, begin_ms) };
    int status = r.stage != NULL ? read_all(&r, in) : 1;

    stage_free(r.stage);
    return status;
}
