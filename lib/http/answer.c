/* answer.c: see answer.h.
 *
 *     IN_HEAD --> BODY -----------------------------------> OVER
 *        |                                                   ^
 *        +--> CHUNK_SIZE --> CHUNK --> CHUNK_END --> …       |
 *                 +--- 0 ---------------> TRAILER -----------+
 */
#include "http/answer.h"

enum state { IN_HEAD, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, OVER, REFUSED };

enum {
    LENGTH_MAX_BITS = 53, /* as of requests: exact in every program's numbers */
    SIZE_DIGITS_MAX = 16, /* of a chunk, leading zeros included */
};

void answer_parser_init(struct answer_parser *p)
{
    *p = (struct answer_parser){ .state = IN_HEAD };
    buf_init(&p->head, ANSWER_HEAD_MAX);
}

void answer_parser_deinit(struct answer_parser *p)
{
    buf_deinit(&p->head);
    arena_deinit(&p->arena);
}

/* ---- One head -------------------------------------------------------------------------------------- */

/* "HTTP/1.1 200 OK"; the phrase may be anything, and absent (RFC 9112 §4). */
static enum err read_status(struct str line, unsigned *out)
{
    struct str version = str_split(&line, ' '), digits = str_split(&line, ' ');
    uint64_t status;

    if (!(str_is(version, "HTTP/1.1") || str_is(version, "HTTP/1.0")) || digits.n != 3
        || str_to_u64(digits, 599, &status) != ERR_NONE || status < 100)
        return ERR_MALFORMED;
    *out = (unsigned)status;
    return ERR_NONE;
}

static size_t times(const struct http_answer *a, const char *name)
{
    return http_field_times(a->fields, a->field_count, name);
}

static struct str value(const struct http_answer *a, const char *name)
{
    return http_field_find(a->fields, a->field_count, name);
}

/* RFC 9112 §6.3, without what it repairs: who sends both, or one twice, means to be read in two ways. */
static enum err read_framing(struct http_answer *a)
{
    struct str length = value(a, "Content-Length"), coding = value(a, "Transfer-Encoding");
    struct str encoding = value(a, "Content-Encoding");

    if (times(a, "Content-Length") + times(a, "Transfer-Encoding") > 1
        || times(a, "Content-Encoding") > 1)
        return ERR_MALFORMED;
    /* Asked for was the file itself; what is packed would be longer than it says. */
    if (encoding.p != NULL && !str_eq_nocase(encoding, STR("identity")))
        return ERR_UNSUPPORTED;
    if (a->status == 204 || a->status == 304) /* RFC 9110 §8.6: no body, whatever it says */
        return ERR_NONE;
    a->chunked = coding.p != NULL;
    if (a->chunked)
        return str_eq_nocase(coding, STR("chunked")) ? ERR_NONE : ERR_UNSUPPORTED;
    if (length.p == NULL)
        return ERR_UNSUPPORTED;
    return str_to_u64(length, (1ULL << LENGTH_MAX_BITS) - 1, &a->length);
}

static enum err read_head(struct arena *arena, struct str head, struct http_answer *out)
{
    struct http_field *fields = arena_alloc(arena, HTTP_FIELDS_MAX * sizeof *fields);
    struct http_answer a = { .fields = fields };
    enum err e = read_status(http_next_line(&head), &a.status);

    for (struct str line = http_next_line(&head); e == ERR_NONE && line.n > 0;
         line = http_next_line(&head)) {
        if (a.field_count == HTTP_FIELDS_MAX)
            return ERR_TOO_BIG;
        e = http_field_read(line, &fields[a.field_count++]);
    }
    if (e == ERR_NONE && a.status >= 200)
        e = read_framing(&a);
    if (e == ERR_NONE)
        *out = a;
    return e;
}

/* ---- States ---------------------------------------------------------------------------------------- */

static void go_to(struct answer_parser *p, enum state next)
{
    buf_reset(&p->head);
    p->last = 0;
    p->state = (uint8_t)next;
}

static void refuse(struct answer_parser *p, struct answer_event *out)
{
    p->state = REFUSED;
    *out = (struct answer_event){ .kind = ANSWER_REFUSED };
}

static void head_complete(struct answer_parser *p, struct answer_event *out)
{
    struct str head = arena_str(&p->arena, buf_str(&p->head));

    if (read_head(&p->arena, head, &p->answer) != ERR_NONE || p->answer.status == 101) {
        refuse(p, out); /* nobody asked for another protocol */
        return;
    }
    if (p->answer.status < 200) {
        if (++p->interim > ANSWER_INTERIM_MAX)
            refuse(p, out);
        arena_deinit(&p->arena);
        if (p->state != REFUSED)
            go_to(p, IN_HEAD);
        return;
    }
    p->left = p->answer.length;
    go_to(p, p->answer.chunked ? CHUNK_SIZE : BODY);
    *out = (struct answer_event){ .kind = ANSWER_HEAD };
}

/* A trailer says nothing that we need; its lines must be lines all the same, or the end is somewhere else. */
static void trailer_complete(struct answer_parser *p, struct answer_event *out)
{
    struct str lines = buf_str(&p->head);
    struct http_field field;

    for (struct str line = http_next_line(&lines); line.n > 0; line = http_next_line(&lines))
        if (http_field_read(line, &field) != ERR_NONE) {
            refuse(p, out);
            return;
        }
    go_to(p, OVER);
    *out = (struct answer_event){ .kind = ANSWER_DONE };
}

/* Lines up to an empty one, which is what ends a head. A trailer may be nothing but that. */
static bool lines_complete(const struct answer_parser *p)
{
    return p->last == '\n'
           && (str_ends(buf_str(&p->head), STR("\r\n\r\n"))
               || (p->state == TRAILER && p->head.n == 2));
}

static void take_lines(struct answer_parser *p, struct str *in, struct answer_event *out)
{
    enum state state = p->state;

    while (in->n > 0 && p->state == state && out->kind == ANSWER_MORE) {
        char c = in->p[0];

        if (!http_may_follow(p->last, c) || p->head.n == ANSWER_HEAD_MAX
            || (state == IN_HEAD && p->head.n == 0 && c != 'H')) {
            refuse(p, out);
            return;
        }
        buf_add_char(&p->head, c);
        p->last = c;
        *in = str_skip(*in, 1);
        if (!lines_complete(p))
            continue;
        if (state == IN_HEAD)
            head_complete(p, out); /* after an interim one the state is the same: go on */
        else
            trailer_complete(p, out);
    }
}

/* Empty: no digits. */
static bool read_size(struct str digits, uint64_t *out)
{
    uint64_t size = 0;

    for (size_t i = 0; i < digits.n; i++) {
        char c = digits.p[i];
        char low = (char)(c | 0x20);

        if (c >= '0' && c <= '9')
            size = size << 4 | (uint64_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            size = size << 4 | (uint64_t)(low - 'a' + 10);
        else
            return false; /* extensions (RFC 9112 §7.1.1) too: no file needs one */
    }
    *out = size;
    return digits.n > 0 && size >> LENGTH_MAX_BITS == 0;
}

static void take_chunk_size(struct answer_parser *p, struct str *in, struct answer_event *out)
{
    while (in->n > 0) {
        char c = in->p[0];
        struct str line;

        if (!http_may_follow(p->last, c) || p->head.n == SIZE_DIGITS_MAX + 2) {
            refuse(p, out);
            return;
        }
        buf_add_char(&p->head, c);
        p->last = c;
        *in = str_skip(*in, 1);
        if (c != '\n')
            continue;
        line = buf_str(&p->head);
        if (!read_size(str_slice(line, 0, line.n - 2), &p->left))
            refuse(p, out);
        else
            go_to(p, p->left > 0 ? CHUNK : TRAILER);
        return;
    }
}

/* The CRLF behind a chunk, octet by octet. */
static void take_chunk_end(struct answer_parser *p, struct str *in, struct answer_event *out)
{
    if (in->n == 0)
        return;
    if (in->p[0] != (p->last == '\r' ? '\n' : '\r')) {
        refuse(p, out);
        return;
    }
    p->last = in->p[0];
    *in = str_skip(*in, 1);
    if (p->last == '\n')
        go_to(p, CHUNK_SIZE);
}

static void take_body(struct answer_parser *p, struct str *in, struct answer_event *out)
{
    size_t n = in->n < p->left ? in->n : (size_t)p->left;

    if (p->left == 0) {
        go_to(p, OVER);
        *out = (struct answer_event){ .kind = ANSWER_DONE };
        return;
    }
    if (n == 0)
        return;
    *out = (struct answer_event){ .kind = ANSWER_BODY, .body = str_slice(*in, 0, n) };
    *in = str_skip(*in, n);
    p->left -= n;
    if (p->left == 0 && p->state == CHUNK)
        go_to(p, CHUNK_END);
}

static void step(struct answer_parser *p, struct str *in, struct answer_event *out)
{
    switch ((enum state)p->state) {
    case IN_HEAD:
    case TRAILER: take_lines(p, in, out); break;
    case CHUNK_SIZE: take_chunk_size(p, in, out); break;
    case CHUNK_END: take_chunk_end(p, in, out); break;
    case BODY:
    case CHUNK: take_body(p, in, out); break;
    case OVER: *in = STR_NONE; break;
    case REFUSED:
        *in = STR_NONE;
        refuse(p, out);
        break;
    }
}

void answer_parse(struct answer_parser *p, struct str *in, struct answer_event *out)
{
    uint8_t state;

    *out = (struct answer_event){ .kind = ANSWER_MORE };
    do {
        state = p->state;
        step(p, in, out);
    } while (out->kind == ANSWER_MORE && (in->n > 0 || p->state != state));
}
