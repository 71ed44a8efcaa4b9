/* fuzz_http_response.c: answers of other hosts come out the same however they are cut, within their caps, and a body is never
 * longer than it says; addresses that are taken are plain ones, and a redirect never leaves its host.
 *
 * The first byte chooses where the rest is cut.
 */
#include <stdlib.h>

#include "http/answer.h"
#include "http/url.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

struct sum {
    unsigned heads, done, refused, status;
    uint64_t body;
};

static void check_redirect(const struct http_answer *answer)
{
    struct arena a = { 0 };
    struct https_url from, to;
    struct str location = http_field_find(answer->fields, answer->field_count, "Location");

    must(https_url_read(&a, STR("https://a.example/x"), &from) == ERR_NONE);
    if (location.p != NULL && https_url_follow(&a, &from, location, &to) == ERR_NONE)
        must(str_eq(to.host, from.host) && to.port == from.port && to.target.p[0] == '/'
             && str_find(to.target, '\r') == to.target.n);
    arena_deinit(&a);
}

/* True while the parser may go on. */
static bool pull(struct answer_parser *p, struct str in, struct sum *sum)
{
    struct answer_event e;

    do {
        answer_parse(p, &in, &e);
        sum->heads += e.kind == ANSWER_HEAD;
        sum->done += e.kind == ANSWER_DONE;
        sum->refused += e.kind == ANSWER_REFUSED;
        sum->body += e.body.n;
        if (e.kind == ANSWER_HEAD) {
            must(p->answer.field_count <= HTTP_FIELDS_MAX);
            must(p->answer.status >= 200 && p->answer.status < 600);
            sum->status = p->answer.status;
            check_redirect(&p->answer);
        }
    } while (e.kind == ANSWER_HEAD || e.kind == ANSWER_BODY);
    must(e.kind != ANSWER_MORE || in.n == 0);
    must(p->head.n <= ANSWER_HEAD_MAX);
    return e.kind == ANSWER_MORE;
}

static struct sum parse(struct str in, size_t cut)
{
    struct sum sum = { 0 };
    struct answer_parser p;

    answer_parser_init(&p);
    if (pull(&p, str_slice(in, 0, cut), &sum))
        pull(&p, str_skip(in, cut), &sum);
    must(sum.heads <= 1 && sum.done <= sum.heads && sum.done + sum.refused <= 1);
    if (sum.heads > 0 && !p.answer.chunked)
        must(sum.body <= p.answer.length && (sum.done == 0 || sum.body == p.answer.length));
    answer_parser_deinit(&p);
    return sum;
}

static void check_url(struct str text)
{
    struct arena a = { 0 };
    struct https_url url;

    if (https_url_read(&a, text, &url) == ERR_NONE) {
        must(url.port == HTTPS_PORT || url.port >= PORT_UNPRIVILEGED);
        must(url.name.n > 0 && url.target.p[0] == '/' && str_find(url.host, '@') == url.host.n);
        for (size_t i = 0; i < url.target.n; i++)
            must(url.target.p[i] > ' ' && url.target.p[i] < 0x7f);
    }
    arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str in = { (const char *)data + 1, n - 1 };
    struct sum whole, cut;

    if (n == 0)
        return 0;
    whole = parse(in, in.n);
    cut = parse(in, in.n * data[0] / 256);
    must(whole.heads == cut.heads && whole.done == cut.done && whole.refused == cut.refused
         && whole.body == cut.body && whole.status == cut.status);
    check_url(in);
    return 0;
}
