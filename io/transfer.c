/* transfer.c: see transfer.h. The thread tells the loop that it has ended, and nothing else; how far it is lies in two atomics. */
#include "io/transfer.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "io/curl_lib.h"
#include "io/thread.h"

enum {
    CONNECT_S = 30,
    STALLED_S = 60, /* nothing moves for so long */
    OK = 200,
    CREATED = 201,
    NO_CONTENT = 204,
    PARTIAL = 206,
    RESUMES_MAX = 5,
    PAUSE_MS = 1000, /* doubled each time */
    LOOK_MS = 100,   /* meanwhile: whether anybody still wants it */
};

struct transfer {
    struct link link; /* in the inbox, when it has ended */
    struct arena arena;
    struct transfer_request request;
    const struct transfer_handlers *handlers;
    void *ctx;
    struct inbox *inbox;
    struct thread *thread;
    struct curl_lib lib;
    CURL *curl;
    struct curl_slist *headers;
    atomic_bool unwanted;
    atomic_uint_least64_t done, total;
    uint64_t sent, got; /* handed on; of what was got, by all attempts */
    uint64_t from;      /* where this attempt began */
    enum transfer_result result;
    unsigned status;
    bool stopped;
    char why[CURL_ERROR_SIZE];
};

/* ---- On the thread --------------------------------------------------------------------------------- */

static size_t on_source(char *out, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    ssize_t got = pread(t->request.source, out, size * n, (off_t)t->sent);

    if (got < 0) {
        t->stopped = true;
        return CURL_READFUNC_ABORT;
    }
    t->sent += (uint64_t)got;
    return (size_t)got;
}

/* libcurl does so when it has to send again what it has sent already. */
static int on_seek(void *ctx, curl_off_t to, int origin)
{
    struct transfer *t = ctx;

    if (origin != SEEK_SET || to < 0)
        return CURL_SEEKFUNC_FAIL;
    t->sent = (uint64_t)to;
    return CURL_SEEKFUNC_OK;
}

/* libcurl takes no part that begins elsewhere than was asked. */
static bool is_file(const struct transfer *t, unsigned status)
{
    return status == (t->from > 0 ? PARTIAL : OK);
}

/* What a server says beside a refusal is read to its end and dropped. */
static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    struct bytes piece = bytes_of(p, size * n);
    long status = 0;

    t->lib.getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (t->request.source >= 0 || !is_file(t, (unsigned)status))
        return piece.n;
    t->got += piece.n;
    t->stopped = !t->handlers->piece(t->ctx, piece);
    return t->stopped ? 0 : piece.n;
}

static int on_progress(void *ctx, curl_off_t get_total, curl_off_t get, curl_off_t put_total,
                       curl_off_t put)
{
    struct transfer *t = ctx;
    bool up = t->request.source >= 0;

    atomic_store(&t->done, up ? (uint64_t)put : t->from + (uint64_t)get);
    if (up || get_total > 0)
        atomic_store(&t->total, up ? (uint64_t)put_total : t->from + (uint64_t)get_total);
    return atomic_load(&t->unwanted);
}

static void set_request(struct transfer *t)
{
    CURL *c = t->curl;

    if (t->request.source >= 0) {
        t->lib.setopt(c, CURLOPT_UPLOAD, 1L);
        t->lib.setopt(c, CURLOPT_READFUNCTION, on_source);
        t->lib.setopt(c, CURLOPT_READDATA, t);
        t->lib.setopt(c, CURLOPT_SEEKFUNCTION, on_seek);
        t->lib.setopt(c, CURLOPT_SEEKDATA, t);
        t->lib.setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->request.size);
    } else {
        t->lib.setopt(c, CURLOPT_HTTPGET, 1L);
    }
    t->lib.setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    t->lib.setopt(c, CURLOPT_WRITEDATA, t);
    t->lib.setopt(c, CURLOPT_HTTPHEADER, t->headers);
    t->lib.setopt(c, CURLOPT_NOPROGRESS, 0L);
    t->lib.setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    t->lib.setopt(c, CURLOPT_XFERINFODATA, t);
}

static bool set_all(struct transfer *t)
{
    CURL *c = t->curl;
    bool ok = t->lib.setopt(c, CURLOPT_URL, t->request.url.p) == CURLE_OK
              && t->lib.setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK
              && t->lib.setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;

    if (ok && t->request.ca != NULL) /* these authorities and no others */
        ok = t->lib.setopt(c, CURLOPT_CAINFO, t->request.ca) == CURLE_OK
             && t->lib.setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK;
    t->lib.setopt(c, CURLOPT_PROXY, "");
    t->lib.setopt(c, CURLOPT_NOSIGNAL, 1L);
    t->lib.setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    t->lib.setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    t->lib.setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALLED_S);
    t->lib.setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    t->lib.setopt(c, CURLOPT_ERRORBUFFER, t->why);
    set_request(t);
    return ok;
}

static enum transfer_result judge(const struct transfer *t, CURLcode code)
{
    switch (code) {
    case CURLE_OK: break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE: return TRANSFER_DISTRUSTED;
    default: return t->stopped ? TRANSFER_STOPPED : TRANSFER_BROKEN;
    }
    if (is_file(t, t->status)
        || (t->request.source >= 0 && (t->status == CREATED || t->status == NO_CONTENT)))
        return TRANSFER_DONE;
    return TRANSFER_REFUSED;
}

/* False: it makes no sense to ask again. */
static bool attempt(struct transfer *t)
{
    long status = 0;
    CURLcode code = CURLE_FAILED_INIT;

    t->why[0] = '\0';
    if (set_all(t)
        && t->lib.setopt(t->curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->from) == CURLE_OK)
        code = t->lib.perform(t->curl);
    t->lib.getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    t->status = (unsigned)status;
    t->result = judge(t, code);
    if (t->why[0] == '\0' && code != CURLE_OK)
        snprintf(t->why, sizeof t->why, "%s", t->lib.strerror(code));
    return t->result == TRANSFER_BROKEN && code != CURLE_RANGE_ERROR && t->request.resumes;
}

/* False: nobody wants it any more. */
static bool pause_ms(const struct transfer *t, unsigned ms)
{
    const struct timespec look = { .tv_nsec = LOOK_MS * 1000 * 1000 };

    for (; ms > 0 && !atomic_load(&t->unwanted); ms -= ms < LOOK_MS ? ms : LOOK_MS)
        nanosleep(&look, NULL);
    return !atomic_load(&t->unwanted);
}

/* What never began will not go on either; what came further each time may take its time. */
static void run(void *ctx)
{
    struct transfer *t = ctx;

    unsigned in_vain = 0;
    bool again = attempt(t);

    while (again && t->got > 0 && in_vain < RESUMES_MAX && pause_ms(t, PAUSE_MS << in_vain)) {
        t->from = t->got;
        again = attempt(t);
        in_vain = t->got > t->from ? 0 : in_vain + 1;
    }
    inbox_post(t->inbox, &t->link);
}

/* ---- On the loop ----------------------------------------------------------------------------------- */

static void on_ended(void *ctx, struct list *items)
{
    struct transfer *t = ctx;

    if (list_pop(items) != NULL) /* the only one there will ever be */
        t->handlers->ended(t->ctx, t->result, t->status, str_from(t->why));
}

static void take_request(struct transfer *t, const struct transfer_request *request)
{
    t->request = *request;
    t->request.url = arena_printf(&t->arena, "%.*s", STR_ARG(request->url));
    if (request->ca != NULL)
        t->request.ca = arena_printf(&t->arena, "%s", request->ca).p;
    for (size_t i = 0; i < request->header_count; i++)
        t->headers = t->lib.append(t->headers,
                                   arena_printf(&t->arena, "%.*s", STR_ARG(request->headers[i])).p);
    t->headers = t->lib.append(t->headers, "Expect:"); /* we do not wait to be asked */
}

struct transfer *transfer_new(struct loop *l, const struct transfer_request *request,
                              const struct transfer_handlers *handlers, void *ctx)
{
    struct transfer *t = mem_alloc(sizeof *t);

    if (!curl_lib_load(&t->lib)) {
        mem_free(t);
        return NULL;
    }
    t->handlers = handlers;
    t->ctx = ctx;
    take_request(t, request);
    t->curl = t->lib.init();
    t->inbox = inbox_new(l, on_ended, t);
    if (t->curl == NULL || t->inbox == NULL
        || thread_start("transfer", run, t, &t->thread) != ERR_NONE) {
        transfer_free(t);
        return NULL;
    }
    return t;
}

/* Of what the inbox hands over while it is freed nobody wants to hear. */
static bool nothing(void *ctx, struct bytes piece)
{
    (void)ctx, (void)piece;
    return false;
}

static void nobody(void *ctx, enum transfer_result result, unsigned status, struct str why)
{
    (void)ctx, (void)result, (void)status, (void)why;
}

void transfer_free(struct transfer *t)
{
    static const struct transfer_handlers deaf = { nothing, nobody };

    if (t == NULL)
        return;
    atomic_store(&t->unwanted, true);
    thread_join(t->thread);
    t->handlers = &deaf;
    inbox_free(t->inbox);
    t->lib.cleanup(t->curl);
    t->lib.free_all(t->headers);
    arena_deinit(&t->arena);
    mem_free(t);
}

void transfer_progress(const struct transfer *t, uint64_t *out_done, uint64_t *out_total)
{
    *out_done = atomic_load(&t->done);
    *out_total = atomic_load(&t->total);
}
