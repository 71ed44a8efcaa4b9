/* head.c: the request line and the fields of one whole head (RFC 9112 §3, §5). */
#include <string.h>

#include "http/request.h"
#include "http/target.h"

enum { LENGTH_MAX_BITS = 53 }; /* exact in every program's numbers */

struct reading {
    struct arena *arena;
    struct http_request *request;
    unsigned status;
};

static enum err refuse(struct reading *r, unsigned status)
{
    r->status = status;
    return ERR_MALFORMED;
}

/* ---- Request line ---------------------------------------------------------------------------------- */

static enum http_method method_of(struct str name)
{
    static const struct {
        struct str name;
        enum http_method method;
    } methods[] = {
        { STR_INIT("GET"), HTTP_GET },         { STR_INIT("HEAD"), HTTP_HEAD },
        { STR_INIT("POST"), HTTP_POST },       { STR_INIT("PUT"), HTTP_PUT },
        { STR_INIT("OPTIONS"), HTTP_OPTIONS },
    };

    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (str_eq(name, methods[i].name))
            return methods[i].method;
    return HTTP_OTHER;
}

/* RFC 9112 §2.6: digits in two places. We speak one version: what older ones leave out, we need. */
static unsigned version_status(struct str version)
{
    if (str_is(version, "HTTP/1.1"))
        return 0;
    if (version.n == 8 && str_starts(version, STR("HTTP/")) && version.p[6] == '.'
        && version.p[5] >= '0' && version.p[5] <= '9' && version.p[7] >= '0' && version.p[7] <= '9')
        return 505;
    return 400;
}

/* "https://host/path" (RFC 9112 §3.2.2) to "/path"; the host counts like a Host field. */
static struct str without_authority(struct str target, struct str *out_authority)
{
    struct str rest = str_skip(target, sizeof "https://" - 1);
    size_t slash = str_find(rest, '/');

    if (!str_starts(target, STR("https://")))
        return target;
    *out_authority = str_slice(rest, 0, slash);
    return slash == rest.n ? STR("/") : str_skip(rest, slash);
}

static enum err read_target(struct reading *r, struct str target, struct str *out_authority)
{
    struct str path, rest = without_authority(target, out_authority);
    enum err e;

    path = str_split(&rest, '?');
    if (rest.p != NULL && !http_is_query(rest))
        return refuse(r, 400);
    r->request->path = path;
    r->request->query = rest;
    e = http_path_read(r->arena, path, HTTP_SEGMENTS_MAX, &r->request->segments,
                       &r->request->segment_count);
    if (e == ERR_TOO_BIG)
        return refuse(r, 404);
    return e == ERR_NONE ? ERR_NONE : refuse(r, 400);
}

static enum err read_request_line(struct reading *r, struct str line, struct str *out_authority)
{
    struct str method = str_split(&line, ' '), target = str_split(&line, ' ');
    unsigned status = line.p != NULL ? version_status(line) : 400;

    if (!http_is_token(method) || target.n == 0)
        return refuse(r, 400);
    if (status != 0)
        return refuse(r, status);
    r->request->method = method_of(method);
    return read_target(r, target, out_authority);
}

/* ---- Fields ---------------------------------------------------------------------------------------- */

static enum err read_field(struct reading *r, struct http_field *fields, struct str line)
{
    struct http_field field;

    if (http_field_read(line, &field) != ERR_NONE)
        return refuse(r, 400);
    if (r->request->field_count == HTTP_FIELDS_MAX)
        return refuse(r, 431);
    fields[r->request->field_count++] = field;
    return ERR_NONE;
}

static size_t count(const struct http_request *q, const char *name)
{
    return http_field_times(q->fields, q->field_count, name);
}

/* Said twice, each of these leaves a choice to the reader. */
static enum err check_single(struct reading *r)
{
    static const char *const single[] = {
        "Host",  "Content-Length", "Content-Type",      "Authorization",         "Expect",
        "Range", "Origin",         "Sec-WebSocket-Key", "Sec-WebSocket-Version",
    };

    for (size_t i = 0; i < COUNT_OF(single); i++)
        if (count(r->request, single[i]) > 1)
            return refuse(r, 400);
    return ERR_NONE;
}

static enum err read_host(struct reading *r, struct str authority)
{
    struct str field = http_get(r->request, "Host"), other;

    if (field.p == NULL || http_host_read(r->arena, field, &r->request->host) != ERR_NONE)
        return refuse(r, 400);
    if (authority.p == NULL)
        return ERR_NONE;
    if (http_host_read(r->arena, authority, &other) != ERR_NONE || !str_eq(other, r->request->host))
        return refuse(r, 400);
    return ERR_NONE;
}

static enum err read_length(struct reading *r)
{
    struct http_request *q = r->request;
    struct str length = http_get(q, "Content-Length");

    if (count(q, "Transfer-Encoding")
        > 0) /* §6.1: none is spoken here; with a length it is an attack */
        return refuse(r, length.p != NULL ? 400 : 501);
    if (length.p == NULL)
        return ERR_NONE;
    q->has_length = true;
    switch (str_to_u64(length, (1ULL << LENGTH_MAX_BITS) - 1, &q->length)) {
    case ERR_NONE: break;
    case ERR_TOO_BIG: return refuse(r, 413);
    default: return refuse(r, 400);
    }
    /* A body where none has a meaning (RFC 9110 §9.3.1): the next request, hidden in this one. */
    if (q->length > 0 && (q->method == HTTP_GET || q->method == HTTP_HEAD))
        return refuse(r, 400);
    return ERR_NONE;
}

static enum err read_expectation(struct reading *r)
{
    struct str expect = http_get(r->request, "Expect");

    if (expect.p != NULL && !str_eq_nocase(expect, STR("100-continue")))
        return refuse(r, 417);
    r->request->expects_continue = expect.p != NULL && r->request->length > 0;
    return ERR_NONE;
}

/* ---- The whole ------------------------------------------------------------------------------------- */

static enum err read_all(struct reading *r, struct str head)
{
    struct http_field *fields = arena_alloc(r->arena, HTTP_FIELDS_MAX * sizeof *fields);
    struct str authority = STR_NONE;
    enum err e = read_request_line(r, http_next_line(&head), &authority);

    r->request->fields = fields;
    for (struct str line = http_next_line(&head); e == ERR_NONE && line.n > 0;
         line = http_next_line(&head))
        e = read_field(r, fields, line);
    if (e == ERR_NONE)
        e = check_single(r);
    if (e == ERR_NONE)
        e = read_host(r, authority);
    if (e == ERR_NONE)
        e = read_length(r);
    if (e == ERR_NONE)
        e = read_expectation(r);
    r->request->last = http_lists(r->request, "Connection", "close");
    return e;
}

enum err http_head_read(struct arena *a, struct str head, struct http_request *out,
                        unsigned *out_status)
{
    struct http_request request = { 0 };
    struct reading r = { a, &request, 0 };
    enum err e = read_all(&r, head);

    if (e == ERR_NONE)
        *out = request;
    else
        *out_status = r.status;
    return e;
}
