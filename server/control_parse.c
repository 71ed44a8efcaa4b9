/* control_parse.c: requests of the control socket, checked field by field. */
#include "server/control_parse.h"

#include <stddef.h>
#include <string.h>

#include "xmpp/sasl.h"

/* ---- Memory ---- */

/* The size stands before the memory. */
union json_block {
    size_t n;
    max_align_t align;
};

static void *json_block_new(size_t n)
{
    union json_block *b = mem_alloc_raw(sizeof *b + n);

    b->n = n;
    return b + 1;
}

void control_json_free(void *p)
{
    union json_block *b = p;

    if (b == NULL)
        return;
    b--;
    secure_zero(b + 1, b->n);
    mem_free(b);
}

void control_json_init(void)
{
    json_set_alloc_funcs(json_block_new, control_json_free);
}

/* ---- Fields ---- */

struct parsing {
    const struct config *config;
    struct arena *arena;
    const json_t *request;
    struct control_args args;
    struct control_problem *problem;
};

static enum err refuse(struct parsing *p, const char *code, struct str why)
{
    *p->problem = (struct control_problem){ code, why };
    return ERR_MALFORMED;
}

static enum err read_text(struct parsing *p, const char *name, struct str *out)
{
    const json_t *value = json_object_get(p->request, name);

    if (!json_is_string(value) || json_string_length(value) == 0)
        return refuse(p, "usage", arena_printf(p->arena, "%s: a text that is not empty", name));
    *out = arena_str(p->arena, (struct str){ json_string_value(value), json_string_length(value) });
    return ERR_NONE;
}

static enum err read_count(struct parsing *p, const char *name, uint64_t max, uint64_t *out)
{
    const json_t *value = json_object_get(p->request, name);

    if (!json_is_integer(value) || json_integer_value(value) < 1
        || (uint64_t)json_integer_value(value) > max)
        return refuse(
            p, "usage",
            arena_printf(p->arena, "%s: a number from 1 to %llu", name, (unsigned long long)max));
    *out = (uint64_t)json_integer_value(value);
    return ERR_NONE;
}

static struct str our_domains(struct parsing *p)
{
    struct str text = STR("");

    for (size_t i = 0; i < p->config->server.domain.count; i++)
        text = arena_printf(p->arena, "%.*s%s%.*s", STR_ARG(text), i > 0 ? ", " : "",
                            STR_ARG(p->config->server.domain.items[i]));
    return text;
}

static enum err read_account(struct parsing *p, const char *name, struct str text, struct jid *out)
{
    struct jid jid;

    if (jid_parse(p->arena, text, &jid) != ERR_NONE || jid.local.n == 0 || jid.resource.n > 0)
        return refuse(p, "usage",
                      arena_printf(p->arena, "%s: an address such as name@%.*s", name,
                                   STR_ARG(p->config->server.domain.items[0])));
    if (!config_has_domain(p->config, jid.domain))
        return refuse(p, "usage",
                      arena_printf(p->arena, "%s: %.*s is not a domain of this server (%.*s)", name,
                                   STR_ARG(jid.domain), STR_ARG(our_domains(p))));
    *out = jid;
    return ERR_NONE;
}

static enum err read_jid(struct parsing *p)
{
    struct str text;
    enum err e = read_text(p, "jid", &text);

    return e != ERR_NONE ? e : read_account(p, "jid", text, &p->args.jid);
}

/* A prefix without domain means the first domain. */
static enum err read_prefix(struct parsing *p)
{
    struct str text;
    enum err e = read_text(p, "prefix", &text);

    if (e == ERR_NONE && str_find(text, '@') == text.n)
        text = arena_printf(p->arena, "%.*s@%.*s", STR_ARG(text),
                            STR_ARG(p->config->server.domain.items[0]));
    return e != ERR_NONE ? e : read_account(p, "prefix", text, &p->args.prefix);
}

static enum err read_password(struct parsing *p)
{
    struct str text;
    enum err e = read_text(p, "password", &text);

    if (e != ERR_NONE)
        return e;
    e = sasl_prepare_password(p->arena, text, &p->args.password);
    if (e != ERR_NONE || p->args.password.p != text.p)
        secure_zero((char *)text.p, text.n); /* what is kept is zeroed at the end of the call */
    if (e != ERR_NONE || p->args.password.n == 0)
        return refuse(p, "usage",
                      STR("password: it holds characters that passwords may not have (RFC 8265)"));
    return ERR_NONE;
}

static enum err read_domain(struct parsing *p)
{
    struct str text, domain;
    enum err e = read_text(p, "domain", &text);

    if (e != ERR_NONE)
        return e;
    if (jid_prepare_domain(p->arena, text, &domain) != ERR_NONE
        || !config_has_domain(p->config, domain))
        return refuse(p, "usage",
                      arena_printf(p->arena, "domain: one of %.*s", STR_ARG(our_domains(p))));
    p->args.domain = domain;
    return ERR_NONE;
}

static enum err read_number_of_accounts(struct parsing *p)
{
    return read_count(p, "count", CONTROL_COUNT_MAX, &p->args.count);
}

static enum err read_days(struct parsing *p)
{
    return read_count(p, "days", CONTROL_DAYS_MAX, &p->args.days);
}

static enum err read_since(struct parsing *p)
{
    return read_count(p, "since", INT64_MAX / 1000, &p->args.since_s);
}

static enum err read_after(struct parsing *p)
{
    return read_count(p, "after", INT64_MAX, &p->args.after);
}

static enum err read_wait(struct parsing *p)
{
    p->args.wait = json_is_true(json_object_get(p->request, "wait"));
    return ERR_NONE;
}

static enum err read_type(struct parsing *p)
{
    return read_text(p, "type", &p->args.type);
}

static enum err read_peer(struct parsing *p)
{
    struct str text;
    struct jid jid;
    enum err e = read_text(p, "peer", &text);

    if (e != ERR_NONE)
        return e;
    if (jid_parse(p->arena, text, &jid) != ERR_NONE || jid.local.n == 0 || jid.resource.n > 0)
        return refuse(p, "usage", STR("peer: an address such as name@example.org"));
    p->args.peer = jid;
    return ERR_NONE;
}

static enum err read_hours(struct parsing *p)
{
    return read_count(p, "hours", CONTROL_HOURS_MAX, &p->args.hours);
}

static enum err read_token(struct parsing *p)
{
    return read_text(p, "token", &p->args.token);
}

static const struct {
    unsigned field;
    const char *name;
    enum err (*read)(struct parsing *p);
} fields[] = {
    { FIELD_JID, "jid", read_jid },          { FIELD_PASSWORD, "password", read_password },
    { FIELD_PREFIX, "prefix", read_prefix }, { FIELD_COUNT, "count", read_number_of_accounts },
    { FIELD_DOMAIN, "domain", read_domain }, { FIELD_DAYS, "days", read_days },
    { FIELD_SINCE, "since", read_since },    { FIELD_AFTER, "after", read_after },
    { FIELD_TYPE, "type", read_type },       { FIELD_WAIT, "wait", read_wait },
    { FIELD_PEER, "peer", read_peer },       { FIELD_HOURS, "hours", read_hours },
    { FIELD_TOKEN, "token", read_token },
};

/* ---- The request ---- */

static enum err read_fields(struct parsing *p, const struct control_command *c)
{
    size_t known = 1; /* "command" */

    p->args.domain = p->config->server.domain.items[0];
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        bool there = json_object_get(p->request, fields[i].name) != NULL;
        bool wanted =
            (c->fields & fields[i].field) != 0 || (there && (c->optional & fields[i].field) != 0);
        enum err e = wanted ? fields[i].read(p) : ERR_NONE;

        if (e != ERR_NONE)
            return e;
        known += wanted;
    }
    if (json_object_size(p->request) > known)
        return refuse(p, "usage",
                      arena_printf(p->arena,
                                   "%s: the request has a member that this command does not take",
                                   c->name));
    return ERR_NONE;
}

static const struct control_command *find(const struct control_table *tables, size_t count,
                                          const char *name, void **out_ctx)
{
    for (size_t t = count; t-- > 0;) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (strcmp(tables[t].commands[i].name, name) == 0) {
                *out_ctx = tables[t].ctx;
                return &tables[t].commands[i];
            }
        }
    }
    return NULL;
}

enum err control_parse(struct str line, const struct control_table *tables, size_t table_count,
                       const struct config *config, struct arena *a,
                       const struct control_command **out_command, void **out_ctx,
                       struct control_args *out, struct control_problem *problem)
{
    json_error_t error;
    json_t *request = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, &error);
    struct parsing p = { .config = config, .arena = a, .request = request, .problem = problem };
    const char *name = json_string_value(json_object_get(request, "command"));
    const struct control_command *command;
    enum err e;

    if (request == NULL) {
        e = refuse(&p, "usage", arena_printf(a, "not a JSON object: %s", error.text));
    } else if (name == NULL) {
        e = refuse(&p, "usage", STR("command: a text that is not empty"));
    } else if ((command = find(tables, table_count, name, out_ctx)) == NULL) {
        e = refuse(&p, "usage", arena_printf(a, "command: there is no '%s'", name));
    } else if (command->handler == NULL) {
        e = refuse(&p, "unbuilt", arena_printf(a, "%s: not built yet", name));
    } else if ((e = read_fields(&p, command)) == ERR_NONE) {
        *out_command = command;
        *out = p.args;
    }
    json_decref(request);
    return e;
}
