/* run_actor.c: what the verbs of actors do. */
#include "test/script/run_inside.h"

#include "server/stored.h"
#include "xmpp/ns.h"

/* ---- Connection ------------------------------------------------------------------------------------------ */

static bool done(struct run *r, struct client *c, bool good)
{
    return good || run_fail(r, c->why);
}

static bool do_connect(struct run *r, struct client *c, struct str args)
{
    if (run_is_server(c->name))
        return run_server_down(r, c, false);
    return run_fill(r, args, &args) && done(r, c, client_connect(c, args));
}

static bool do_login(struct run *r, struct client *c, struct str args)
{
    return run_fill(r, args, &args) && done(r, c, client_login(c, args));
}

static bool do_resume(struct run *r, struct client *c, struct str args)
{
    return done(r, c, client_resume(c, args));
}

static bool do_open(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return done(r, c, client_send_header(c));
}

static bool do_secure(struct run *r, struct client *c, struct str args)
{
    (void)args;
    if (c->wire == NULL)
        return FAIL(r, "it is not connected");
    c->transport->ops->secure(c->wire);
    return true;
}

static bool do_cut(struct run *r, struct client *c, struct str args)
{
    (void)args;
    if (run_is_server(c->name))
        return run_server_down(r, c, true);
    if (c->wire == NULL)
        return FAIL(r, "it is not connected");
    client_cut(c);
    return true;
}

static bool freeze(struct run *r, struct client *c, bool frozen)
{
    if (c->wire == NULL || c->transport->ops->freeze == NULL)
        return FAIL(r, "it is not connected");
    c->transport->ops->freeze(c->wire, frozen);
    return true;
}

static bool do_freeze(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return freeze(r, c, true);
}

static bool do_thaw(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return freeze(r, c, false);
}

/* ---- Sending --------------------------------------------------------------------------------------------- */

static bool do_raw(struct run *r, struct client *c, struct str args)
{
    struct str text;

    if (c->wire == NULL)
        return FAIL(r, "it is not connected");
    if (!run_fill(r, args, &text))
        return false;
    client_write(c, text);
    return true;
}

static bool do_send(struct run *r, struct client *c, struct str args)
{
    struct xml_node *node;

    if (run_is_server(c->name))
        return run_server_send(r, c, args);
    return run_pattern(r, args, &node) && do_raw(r, c, pattern_expand(r->arena, args));
}

static bool do_close(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return do_raw(r, c, STR("</stream:stream>"));
}

/* ---- Receiving ------------------------------------------------------------------------------------------- */

static bool unexpected(struct run *r, const struct item *i)
{
    return FAIL(r, "got %.*s", STR_ARG(item_text(r->arena, i)));
}

static bool expect_node(struct run *r, struct client *c, const struct xml_node *pattern)
{
    struct item *i = client_next(c);
    bool good = (i != NULL && i->node != NULL && pattern_matches(pattern, i->node, &r->names))
                || unexpected(r, i);

    item_free(i);
    return good;
}

static bool do_expect(struct run *r, struct client *c, struct str args)
{
    struct xml_node *pattern;

    return run_pattern(r, args, &pattern) && expect_node(r, c, pattern);
}

static struct str inbox_text(struct run *r, const struct client *c)
{
    struct str all = STR("");

    LIST_EACH (&c->items, l)
        all = arena_concat(r->arena, arena_concat(r->arena, all, STR("\n")),
                           item_text(r->arena, LIST_ENTRY(l, struct item, link)));
    return all.n > 0 ? all : STR(" nothing");
}

static bool do_find(struct run *r, struct client *c, struct str args)
{
    struct xml_node *pattern;
    struct item *i;

    if (!run_pattern(r, args, &pattern))
        return false;
    i = client_find(c, pattern);
    item_free(i);
    return i != NULL || FAIL(r, "not among:%.*s", STR_ARG(inbox_text(r, c)));
}

static bool do_none(struct run *r, struct client *c, struct str args)
{
    struct xml_node *pattern;
    struct item *i;
    bool good;

    if (!run_pattern(r, args, &pattern))
        return false;
    i = client_search(c, pattern);
    good = i == NULL || unexpected(r, i);
    item_free(i);
    return good;
}

static size_t find_text(struct str text, struct str part)
{
    size_t at = 0;

    while (at < text.n && !str_starts(str_skip(text, at), part))
        at++;
    return at;
}

/* Without the address that it is about, so that two can be compared. */
static struct str text_without(struct run *r, const struct item *i, struct str address)
{
    struct str text = item_text(r->arena, i), all = STR("");
    size_t at;

    while ((at = find_text(text, address)) < text.n) {
        all = arena_concat(r->arena, all, str_slice(text, 0, at));
        text = str_skip(text, at + address.n);
    }
    return arena_concat(r->arena, all, text);
}

static bool do_same(struct run *r, struct client *c, struct str args)
{
    struct str filled, first, rest, one, two;
    struct item *i, *j;
    bool good;

    if (!run_fill(r, args, &filled))
        return false;
    rest = filled;
    first = str_split(&rest, ' ');
    i = client_next(c);
    j = client_next(c);
    good = i != NULL && j != NULL;
    if (good) {
        one = text_without(r, i, first);
        two = text_without(r, j, str_trim(rest));
        good =
            str_eq(one, two) || FAIL(r, "not the same: %.*s and %.*s", STR_ARG(one), STR_ARG(two));
    } else {
        good = FAIL(r, "two things should have come");
    }
    item_free(i);
    item_free(j);
    return good;
}

static bool do_octets(struct run *r, struct client *c, struct str args)
{
    struct str template, name, id = STR_NONE;
    struct item *i;
    bool good;

    if (!run_fill(r, args, &template))
        return false;
    name = str_split(&template, ' ');
    i = client_next(c);
    good = (i != NULL && i->node != NULL
            && pattern_octets(template, stanza_text(r->arena, i->node), &id))
           || unexpected(r, i);
    if (good)
        names_set(&r->names, name, id);
    item_free(i);
    return good;
}

static bool do_quiet(struct run *r, struct client *c, struct str args)
{
    (void)args;
    if (run_is_server(c->name))
        return client_peek(c) == NULL || FAIL(r, "got%.*s", STR_ARG(inbox_text(r, c)));
    if (c->wire == NULL || c->jid.n == 0)
        return FAIL(r, "it is not connected");
    if (!client_ping(c, c->domain))
        return run_fail(r, c->why);
    return client_peek(c) == NULL || FAIL(r, "got%.*s", STR_ARG(inbox_text(r, c)));
}

static bool do_forget(struct run *r, struct client *c, struct str args)
{
    (void)r;
    (void)args;
    client_receive(c);
    client_forget(c);
    return true;
}

static bool expect_kind(struct run *r, struct client *c, enum item_kind kind)
{
    struct item *i = client_next(c);
    bool good = (i != NULL && i->kind == kind) || unexpected(r, i);

    item_free(i);
    return good;
}

static bool do_expect_header(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return expect_kind(r, c, ITEM_OPENED);
}

/* Both sides end it properly: RFC 6120 §4.4. */
static bool do_expect_close(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return expect_kind(r, c, ITEM_CLOSED) && expect_kind(r, c, ITEM_ENDED);
}

static bool do_expect_end(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return expect_kind(r, c, ITEM_ENDED);
}

static bool do_expect_stream_error(struct run *r, struct client *c, struct str args)
{
    struct str pattern =
        arena_printf(r->arena, "<stream:error><%.*s xmlns='" NS_STREAM_ERRORS "'/></stream:error>",
                     STR_ARG(args));

    return do_expect(r, c, pattern) && do_expect_close(r, c, STR_NONE);
}

static bool do_expect_error(struct run *r, struct client *c, struct str args)
{
    struct str rest = args, condition = str_split(&rest, ' ');
    struct xml_node *pattern, *error;

    if (!run_pattern(r, str_trim(rest), &pattern))
        return false;
    error = xml_child(pattern, STR(NS_CLIENT), STR("error"));
    if (error == NULL)
        error = xml_add(r->arena, pattern, STR(NS_CLIENT), STR("error"));
    xml_add(r->arena, error, STR(NS_STANZA_ERRORS), condition);
    xml_set(r->arena, pattern, STR("type"), STR("error"));
    return expect_node(r, c, pattern);
}

/* ---- All of them ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    run_verb *run;
} verbs[] = {
    { "close", do_close },
    { "connect", do_connect },
    { "cut", do_cut },
    { "expect", do_expect },
    { "expect-close", do_expect_close },
    { "expect-end", do_expect_end },
    { "expect-error", do_expect_error },
    { "expect-header", do_expect_header },
    { "expect-stream-error", do_expect_stream_error },
    { "find", do_find },
    { "forget", do_forget },
    { "freeze", do_freeze },
    { "login", do_login },
    { "none", do_none },
    { "octets", do_octets },
    { "open", do_open },
    { "quiet", do_quiet },
    { "raw", do_raw },
    { "resume", do_resume },
    { "same", do_same },
    { "secure", do_secure },
    { "send", do_send },
    { "thaw", do_thaw },
};

run_verb *run_verb_of(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (str_is(name, verbs[i].name))
            return verbs[i].run;
    return NULL;
}
