/* pattern.c: matching of elements against patterns. */
#include "test/script/pattern.h"

#include <string.h>

#include "xml/parser.h"
#include "xmpp/ns.h"

/* ---- Names ----------------------------------------------------------------------------------------- */

static size_t names_find(const struct names *v, struct str name)
{
    size_t i = 0;

    while (i < v->n && !str_eq(v->name[i], name))
        i++;
    return i;
}

void names_set(struct names *v, struct str name, struct str value)
{
    size_t i = names_find(v, name);

    if (i == NAMES_MAX)
        return; /* a later use of it fails the script */
    if (i == v->n) {
        v->name[i] = arena_str(&v->arena, name);
        v->n++;
    }
    v->value[i] = arena_str(&v->arena, value);
}

struct str names_get(const struct names *v, struct str name)
{
    size_t i = names_find(v, name);

    return i < v->n ? v->value[i] : STR_NONE;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '/'
              || c == '_'))
            return false;
    }
    return s.n > 0;
}

/* Cuts the text at its first {name}. False: there is none. */
static bool next_name(struct str text, struct str *before, struct str *name, struct str *after)
{
    for (size_t i = 0; i < text.n; i++) {
        struct str rest = str_skip(text, i + 1);
        size_t close = str_find(rest, '}');

        if (text.p[i] != '{' || close == rest.n || !is_name(str_slice(rest, 0, close)))
            continue;
        *before = str_slice(text, 0, i);
        *name = str_slice(rest, 0, close);
        *after = str_skip(rest, close + 1);
        return true;
    }
    return false;
}

struct str names_fill(const struct names *v, struct arena *a, struct str text, struct str *missing)
{
    struct str filled = STR(""), before, name, after, value;

    while (next_name(text, &before, &name, &after)) {
        value = names_get(v, name);
        if (value.p == NULL) {
            *missing = name;
            return STR_NONE;
        }
        filled = arena_concat(a, arena_concat(a, filled, before), value);
        text = after;
    }
    return arena_concat(a, filled, text);
}

/* ---- Reading --------------------------------------------------------------------------------------- */

static const struct {
    struct str name, ns;
} short_names[] = {
    { STR_INIT("a"), STR_INIT(NS_SM) },           { STR_INIT("r"), STR_INIT(NS_SM) },
    { STR_INIT("enable"), STR_INIT(NS_SM) },      { STR_INIT("enabled"), STR_INIT(NS_SM) },
    { STR_INIT("resume"), STR_INIT(NS_SM) },      { STR_INIT("resumed"), STR_INIT(NS_SM) },
    { STR_INIT("failed"), STR_INIT(NS_SM) },      { STR_INIT("auth"), STR_INIT(NS_SASL) },
    { STR_INIT("challenge"), STR_INIT(NS_SASL) }, { STR_INIT("response"), STR_INIT(NS_SASL) },
    { STR_INIT("success"), STR_INIT(NS_SASL) },   { STR_INIT("failure"), STR_INIT(NS_SASL) },
    { STR_INIT("abort"), STR_INIT(NS_SASL) },     { STR_INIT("starttls"), STR_INIT(NS_TLS) },
    { STR_INIT("proceed"), STR_INIT(NS_TLS) },
};

struct str pattern_expand(struct arena *a, struct str text)
{
    size_t end = 1, tag = str_find(text, '>');
    struct str name;

    while (end < text.n && text.p[end] >= 'a' && text.p[end] <= 'z')
        end++;
    name = str_slice(text, 1, end - 1);
    for (size_t i = 0; i + 5 < tag; i++)
        if (str_starts(str_skip(text, i), STR("xmlns")))
            return text;
    for (size_t i = 0; i < COUNT_OF(short_names); i++)
        if (str_eq(short_names[i].name, name))
            return arena_printf(a, "<%.*s xmlns='%.*s'%.*s", STR_ARG(name),
                                STR_ARG(short_names[i].ns), STR_ARG(str_skip(text, end)));
    return text;
}

enum err pattern_read(struct arena *a, struct str text, struct xml_node **out)
{
    static const struct xml_limits limits = { SIZE_MAX, 1000, 1000, 1000000 };
    struct str whole =
        arena_printf(a, "<script xmlns='" NS_CLIENT "' xmlns:stream='" NS_STREAM "'>%.*s</script>",
                     STR_ARG(pattern_expand(a, text)));
    struct xml_node *script;
    enum err e = xml_parse_document(a, whole, &limits, &script);

    if (e != ERR_NONE)
        return e;
    if (xml_first_element(script) == NULL || xml_next_element(xml_first_element(script)) != NULL
        || str_trim(xml_text_of(a, script)).n > 0)
        return ERR_MALFORMED;
    *out = xml_first_element(script);
    return ERR_NONE;
}

/* ---- Values ---------------------------------------------------------------------------------------- */

static bool value_matches(struct str pattern, struct str value, struct names *v);

/* '*': some end of the value has to match what comes behind it. */
static bool star_matches(struct str after, struct str value, struct names *v)
{
    for (size_t skip = 0; skip <= value.n; skip++)
        if (value_matches(after, str_skip(value, skip), v))
            return true;
    return false;
}

/* {name} without a value: takes as little as lets the rest match, and something. */
static bool capture_matches(struct str name, struct str after, struct str value, struct names *v)
{
    for (size_t take = 1; take <= value.n; take++) {
        if (!value_matches(after, str_skip(value, take), v))
            continue;
        names_set(v, name, str_slice(value, 0, take));
        return true;
    }
    return false;
}

static bool value_matches(struct str pattern, struct str value, struct names *v)
{
    struct str before, name, after, known;

    while (pattern.n > 0) {
        if (pattern.p[0] == '*')
            return star_matches(str_skip(pattern, 1), value, v);
        if (next_name(pattern, &before, &name, &after) && before.n == 0) {
            known = names_get(v, name);
            if (known.p == NULL)
                return capture_matches(name, after, value, v);
            if (!str_starts(value, known))
                return false;
            value = str_skip(value, known.n);
            pattern = after;
            continue;
        }
        if (value.n == 0 || value.p[0] != pattern.p[0])
            return false;
        pattern = str_skip(pattern, 1);
        value = str_skip(value, 1);
    }
    return value.n == 0;
}

/* ---- Elements -------------------------------------------------------------------------------------- */

static bool node_matches(struct arena *a, const struct xml_node *pattern,
                         const struct xml_node *node, struct names *v);

static bool attrs_match(const struct xml_node *pattern, const struct xml_node *node,
                        struct names *v)
{
    for (const struct xml_attr *want = pattern->attrs; want != NULL; want = want->next) {
        struct str have = xml_get_ns(node, want->ns, want->name);
        bool denied = str_starts(want->value, STR("!"));

        if (denied && want->value.n == 1 ? have.p != NULL
            : denied ? have.p != NULL && value_matches(str_skip(want->value, 1), have, v)
                     : have.p == NULL || !value_matches(want->value, have, v))
            return false;
    }
    return true;
}

static bool none_match(struct arena *a, const struct xml_node *denied, const struct xml_node *node,
                       struct names *v)
{
    for (const struct xml_node *d = xml_first_element(denied); d != NULL; d = xml_next_element(d))
        for (const struct xml_node *c = xml_first_element(node); c != NULL; c = xml_next_element(c))
            if (node_matches(a, d, c, v))
                return false;
    return true;
}

static bool is_taken(const struct xml_node *child, const struct xml_node *const *taken, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (taken[i] == child)
            return true;
    return false;
}

/* Each child of the pattern finds one of its own, in any order. */
static bool children_match(struct arena *a, const struct xml_node *pattern,
                           const struct xml_node *node, struct names *v)
{
    const struct xml_node **taken =
        arena_alloc(a, (xml_count_elements(pattern) + 1) * sizeof(const struct xml_node *));
    size_t n = 0;

    for (const struct xml_node *p = xml_first_element(pattern); p != NULL;
         p = xml_next_element(p)) {
        const struct xml_node *c = xml_first_element(node);

        if (str_is(p->name, "not")) {
            if (!none_match(a, p, node, v))
                return false;
            continue;
        }
        while (c != NULL && (is_taken(c, taken, n) || !node_matches(a, p, c, v)))
            c = xml_next_element(c);
        if (c == NULL)
            return false;
        taken[n++] = c;
    }
    return true;
}

static bool node_matches(struct arena *a, const struct xml_node *pattern,
                         const struct xml_node *node, struct names *v)
{
    struct str text = str_trim(xml_text_of(a, pattern));
    size_t known = v->n;
    bool any = str_is(pattern->name, "any");
    bool matches = (any || xml_is(node, pattern->ns, pattern->name))
                   && attrs_match(pattern, node, v)
                   && (text.n == 0 || value_matches(text, str_trim(xml_text_of(a, node)), v))
                   && children_match(a, pattern, node, v);

    if (!matches)
        v->n = known; /* what a failed attempt captured is forgotten */
    return matches;
}

bool pattern_matches(const struct xml_node *pattern, const struct xml_node *node, struct names *v)
{
    struct arena scratch = { 0 };
    bool matches = node_matches(&scratch, pattern, node, v);

    arena_deinit(&scratch);
    return matches;
}

bool pattern_octets(struct str template, struct str text, struct str *out_id)
{
    size_t at = str_find(template, '*');
    struct str before = str_slice(template, 0, at), after = str_skip(template, at + 1), id;

    if (at == template.n || text.n < before.n + after.n || !str_starts(text, before)
        || !str_ends(text, after))
        return false;
    id = str_slice(text, before.n, text.n - before.n - after.n);
    for (size_t i = 0; i < id.n; i++)
        if (memchr("abcdefghijklmnopqrstuvwxyz0123456789-", id.p[i], 37) == NULL)
            return false;
    *out_id = id;
    return true;
}
