/* response.c: heads of answers. */
#include "http/response.h"

#include "base/datetime.h"
#include "http/target.h"

enum { DAY_MS = 24 * 3600 * 1000 };

static const struct {
    unsigned status;
    const char *text;
} statuses[] = {
    { 100, "Continue" },
    { 101, "Switching Protocols" },
    { 200, "OK" },
    { 201, "Created" },
    { 204, "No Content" },
    { 206, "Partial Content" },
    { 303, "See Other" },
    { 400, "Bad Request" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 411, "Length Required" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 416, "Range Not Satisfiable" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 426, "Upgrade Required" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
    { 505, "HTTP Version Not Supported" },
    { 507, "Insufficient Storage" },
};

const char *http_status_text(unsigned status)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (statuses[i].status == status)
            return statuses[i].text;
    return "Status";
}

/* "2026-01-31T23:59:59.123Z" to "Sat, 31 Jan 2026 23:59:59 GMT". */
struct str http_date(struct arena *a, uint64_t at_ms)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct str t = datetime_text(a, at_ms);
    size_t month = (size_t)(t.p[5] - '0') * 10 + (size_t)(t.p[6] - '0') - 1;

    return arena_printf(a, "%.3s, %.2s %.3s %.4s %.8s GMT", days + at_ms / DAY_MS % 7 * 3, t.p + 8,
                        months + month * 3, t.p, t.p + 11);
}

static void write_field(struct buf *out, struct str name, struct str value)
{
    buf_add(out, name);
    buf_add(out, STR(": "));
    for (size_t i = 0; i < value.n; i++)
        buf_add_char(out, (unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f ? ' ' : value.p[i]);
    buf_add(out, STR("\r\n"));
}

static void write_status(struct buf *out, unsigned status)
{
    buf_add(out, STR("HTTP/1.1 "));
    buf_add_u64(out, status);
    buf_add_char(out, ' ');
    buf_add(out, str_from(http_status_text(status)));
    buf_add(out, STR("\r\n"));
}

static void write_date(struct buf *out, uint64_t now_ms)
{
    struct arena a = { 0 };

    write_field(out, STR("Date"), http_date(&a, now_ms));
    arena_deinit(&a);
}

/* RFC 9110 §8.6: no length where there can be no body. */
static void write_length(struct buf *out, const struct http_response *r)
{
    if (r->status == 204)
        return;
    if (r->chunked) {
        write_field(out, STR("Transfer-Encoding"), STR("chunked"));
        return;
    }
    buf_add(out, STR("Content-Length: "));
    buf_add_u64(out, r->length);
    buf_add(out, STR("\r\n"));
}

/* A browser that is shown our answer in any other role than the one it was made for shall not use it. */
static void write_protection(struct buf *out, const struct http_response *r)
{
    write_field(out, STR("Content-Security-Policy"),
                r->policy.n > 0 ? r->policy : STR("default-src 'none'; frame-ancestors 'none'"));
    write_field(out, STR("X-Content-Type-Options"), STR("nosniff"));
    write_field(out, STR("X-Frame-Options"), STR("DENY"));
    write_field(out, STR("Referrer-Policy"), STR("no-referrer"));
    write_field(out, STR("Cross-Origin-Opener-Policy"), STR("same-origin"));
    write_field(out, STR("Cross-Origin-Resource-Policy"),
                r->shared ? STR("cross-origin") : STR("same-origin"));
    if (r->shared)
        write_field(out, STR("Access-Control-Allow-Origin"), STR("*"));
}

/* RFC 9110 §10.2.3: whole seconds, and never too few. */
static void write_retry(struct buf *out, uint64_t retry_ms)
{
    buf_add(out, STR("Retry-After: "));
    buf_add_u64(out, retry_ms / 1000 + (retry_ms % 1000 != 0));
    buf_add(out, STR("\r\n"));
}

void http_write_head(struct buf *out, const struct http_response *r, uint64_t now_ms)
{
    write_status(out, r->status);
    write_date(out, now_ms);
    if (r->type.n > 0)
        write_field(out, STR("Content-Type"), r->type);
    write_length(out, r);
    write_field(out, STR("Cache-Control"), r->cache.n > 0 ? r->cache : STR("no-store"));
    write_protection(out, r);
    for (size_t i = 0; i < r->more_count; i++)
        write_field(out, r->more[i].name, r->more[i].value);
    if (r->retry_ms > 0)
        write_retry(out, r->retry_ms);
    if (r->last)
        write_field(out, STR("Connection"), STR("close"));
    buf_add(out, STR("\r\n"));
}

void http_write_interim(struct buf *out, unsigned status, const struct http_field *more,
                        size_t more_count)
{
    write_status(out, status);
    for (size_t i = 0; i < more_count; i++)
        write_field(out, more[i].name, more[i].value);
    buf_add(out, STR("\r\n"));
}

struct str http_disposition(struct arena *a, bool attachment, struct str filename)
{
    struct str name = http_percent_encode(a, filename);

    return arena_printf(a, "%s; filename*=UTF-8''%.*s", attachment ? "attachment" : "inline",
                        STR_ARG(name));
}
