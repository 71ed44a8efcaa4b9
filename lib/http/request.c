/* request.c: requests out of bytes: when a head is whole, where a body ends. */
#include "http/request.h"

enum state { IN_HEAD, IN_BODY, AT_END, REFUSED };

void http_parser_init(struct http_parser *p)
{
    *p = (struct http_parser){ .state = IN_HEAD };
    buf_init(&p->head, HTTP_HEAD_MAX);
}

void http_parser_deinit(struct http_parser *p)
{
    buf_deinit(&p->head);
    arena_deinit(&p->arena);
}

bool http_parser_idle(const struct http_parser *p)
{
    return p->state == AT_END || (p->state == IN_HEAD && p->head.n == 0);
}

static void refuse(struct http_parser *p, unsigned status, struct http_event *out)
{
    p->state = REFUSED;
    p->status = status;
    *out = (struct http_event){ .kind = HTTP_REFUSED, .status = status };
}

/* A line that begins the head must be a request line. */
static bool may_follow(const struct http_parser *p, char c)
{
    if (p->head.n == 0)
        return c > ' ' && c < 0x7f;
    return http_may_follow(p->last, c);
}

static bool is_whole(const struct http_parser *p)
{
    return p->last == '\n' && str_ends(buf_str(&p->head), STR("\r\n\r\n"));
}

static bool has_line(const struct http_parser *p)
{
    return str_find(buf_str(&p->head), '\n') < p->head.n;
}

static void head_complete(struct http_parser *p, struct http_event *out)
{
    unsigned status = 400;

    if (http_head_read(&p->arena, arena_str(&p->arena, buf_str(&p->head)), &p->request, &status)
        != ERR_NONE) {
        refuse(p, status, out);
        return;
    }
    buf_deinit(&p->head);
    p->last = 0;
    p->left = p->request.length;
    p->state = p->left > 0 ? IN_BODY : AT_END;
    *out = (struct http_event){ .kind = HTTP_REQUEST };
}

static void take_head(struct http_parser *p, struct str *in, struct http_event *out)
{
    while (in->n > 0) {
        char c = in->p[0];

        if (!may_follow(p, c)) {
            refuse(p, 400, out);
            return;
        }
        if (p->head.n == HTTP_HEAD_MAX) {
            refuse(p, has_line(p) ? 431 : 414, out); /* RFC 6585 §5; RFC 9110 §15.5.15 */
            return;
        }
        buf_add_char(&p->head, c);
        p->last = c;
        *in = str_skip(*in, 1);
        if (is_whole(p)) {
            head_complete(p, out);
            return;
        }
    }
}

static void take_body(struct http_parser *p, struct str *in, struct http_event *out)
{
    size_t n = in->n < p->left ? in->n : (size_t)p->left;

    if (n == 0)
        return;
    *out = (struct http_event){ .kind = HTTP_BODY, .body = str_slice(*in, 0, n) };
    *in = str_skip(*in, n);
    p->left -= n;
    if (p->left == 0)
        p->state = AT_END;
}

static void take_end(struct http_parser *p, struct http_event *out)
{
    p->state = IN_HEAD;
    *out = (struct http_event){ .kind = HTTP_DONE };
}

void http_parse(struct http_parser *p, struct str *in, struct http_event *out)
{
    *out = (struct http_event){ .kind = HTTP_MORE };
    switch ((enum state)p->state) {
    case IN_HEAD:
        if (p->head.n == 0)
            arena_deinit(&p->arena); /* of the request before */
        take_head(p, in, out);
        break;
    case IN_BODY: take_body(p, in, out); break;
    case AT_END: take_end(p, out); break;
    case REFUSED:
        *in = STR_NONE;
        refuse(p, p->status, out);
        break;
    }
}

/* ---- Fields ---------------------------------------------------------------------------------------- */

struct str http_get(const struct http_request *r, const char *name)
{
    return http_field_find(r->fields, r->field_count, name);
}

static bool list_holds(struct str list, const char *word)
{
    while (list.p != NULL)
        if (str_eq_nocase(str_trim(str_split(&list, ',')), str_from(word)))
            return true;
    return false;
}

bool http_lists(const struct http_request *r, const char *name, const char *word)
{
    for (size_t i = 0; i < r->field_count; i++)
        if (str_eq_nocase(r->fields[i].name, str_from(name))
            && list_holds(r->fields[i].value, word))
            return true;
    return false;
}
