/* websocket.c: wslay between two pieces of memory.
 *
 * A context of wslay holds 8 KiB of buffers, as much as everything else of an idle session outside of TLS. So it exists
 * only while something is under way that it must remember: part of a frame, a message in fragments, a goodbye.
 */
#include "server/web/websocket.h"

#include <assert.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/buf.h"
#include "base/list.h"

/* Each fragment costs wslay an allocation, so their number is limited like the size of the whole. */
enum { FRAGMENTS_MAX = 256 };

struct message {
    struct link link;
    size_t n;
    char text[];
};

struct websocket {
    struct wslay_event_context *frames; /* NULL: between two messages */
    uint64_t message_bytes;             /* how long one may be */
    uint64_t fed, announced;            /* octets that came; that frames with a whole header have */
    struct str in;                      /* being fed */
    struct buf out;
    struct list messages;
    struct message *current; /* handed out */
    unsigned fragments;
    bool fragmented;    /* of a message not all frames have come */
    bool refused, told; /* it must end; WEBSOCKET_CLOSED was handed out */
};

/* ---- What wslay asks for --------------------------------------------------------------------------- */

static ssize_t take_input(wslay_event_context_ptr frames, uint8_t *to, size_t n, int flags,
                          void *ctx)
{
    struct websocket *w = ctx;

    (void)flags;
    n = n < w->in.n ? n : w->in.n;
    if (n == 0) {
        wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(to, w->in.p, n);
    w->in = str_skip(w->in, n);
    return (ssize_t)n;
}

static ssize_t put_output(wslay_event_context_ptr frames, const uint8_t *from, size_t n, int flags,
                          void *ctx)
{
    struct websocket *w = ctx;

    (void)frames, (void)flags;
    buf_add_bytes(&w->out, bytes_of(from, n));
    return (ssize_t)n;
}

static void refuse(struct websocket *w, uint16_t code)
{
    w->refused = true;
    wslay_event_queue_close(w->frames, code, NULL, 0);
    wslay_event_shutdown_read(w->frames);
}

/* RFC 6455 §5.2: two octets, the longer forms of the length, the mask that clients must use. */
static uint64_t frame_octets(uint64_t payload)
{
    return 2 + (payload < 126 ? 0 : payload < 65536 ? 2 : 8) + 4 + payload;
}

static void frame_began(wslay_event_context_ptr frames,
                        const struct wslay_event_on_frame_recv_start_arg *frame, void *ctx)
{
    struct websocket *w = ctx;

    (void)frames;
    w->announced += frame_octets(frame->payload_length);
    if (!wslay_is_ctrl_frame(frame->opcode))
        w->fragmented = !frame->fin;
    if (frame->opcode == WSLAY_TEXT_FRAME)
        w->fragments = 0;
    if (frame->opcode == WSLAY_BINARY_FRAME) /* RFC 7395 §3.2 */
        refuse(w, WSLAY_CODE_UNSUPPORTED_DATA);
    else if (frame->opcode == WSLAY_CONTINUATION_FRAME && ++w->fragments > FRAGMENTS_MAX)
        refuse(w, WSLAY_CODE_POLICY_VIOLATION);
}

static void message_came(wslay_event_context_ptr frames,
                         const struct wslay_event_on_msg_recv_arg *got, void *ctx)
{
    struct websocket *w = ctx;
    struct message *m;

    (void)frames;
    if (got->opcode != WSLAY_TEXT_FRAME || w->refused)
        return; /* pings and closing frames answer themselves */
    m = mem_alloc_raw(sizeof *m + got->msg_length);
    *m = (struct message){ .n = got->msg_length };
    if (m->n > 0)
        memcpy(m->text, got->msg, m->n);
    list_add(&w->messages, &m->link);
}

static const struct wslay_event_callbacks callbacks = {
    .recv_callback = take_input,
    .send_callback = put_output,
    .on_frame_recv_start_callback = frame_began,
    .on_msg_recv_callback = message_came,
};

/* ---- Life ------------------------------------------------------------------------------------------ */

static struct wslay_event_context *frames_of(struct websocket *w)
{
    int failed = 0;

    if (w->frames == NULL) {
        failed = wslay_event_context_server_init(&w->frames, &callbacks, w);
        assert(failed == 0); /* but for lack of memory, which stops us */
        (void)failed;
        wslay_event_config_set_max_recv_msg_length(w->frames, w->message_bytes);
    }
    return w->frames;
}

/* Nothing of the past matters for what comes next. */
static bool is_between_messages(const struct websocket *w)
{
    return w->fed == w->announced && !w->fragmented && !w->refused
           && wslay_event_get_read_enabled(w->frames) && !wslay_event_get_close_sent(w->frames)
           && !wslay_event_want_write(w->frames);
}

static void rest(struct websocket *w)
{
    if (!is_between_messages(w))
        return;
    wslay_event_context_free(w->frames);
    w->frames = NULL;
}

struct websocket *websocket_new(size_t message_bytes)
{
    struct websocket *w = mem_alloc(sizeof *w);

    list_init(&w->messages);
    buf_init(&w->out, SIZE_MAX / 2); /* emptied after every call that fills it */
    websocket_limit(w, message_bytes);
    return w;
}

void websocket_free(struct websocket *w)
{
    if (w == NULL)
        return;
    if (w->frames != NULL)
        wslay_event_context_free(w->frames);
    for (struct link *l; (l = list_pop(&w->messages)) != NULL;)
        mem_free(LIST_ENTRY(l, struct message, link));
    mem_free(w->current);
    buf_deinit(&w->out);
    mem_free(w);
}

void websocket_limit(struct websocket *w, size_t message_bytes)
{
    w->message_bytes = message_bytes;
    if (w->frames != NULL)
        wslay_event_config_set_max_recv_msg_length(w->frames, message_bytes);
}

/* ---- In -------------------------------------------------------------------------------------------- */

static bool is_over(const struct websocket *w)
{
    return w->frames != NULL && !wslay_event_get_read_enabled(w->frames);
}

void websocket_feed(struct websocket *w, struct str in)
{
    w->in = in;
    w->fed += in.n;
    if (wslay_event_recv(frames_of(w)) != 0)
        refuse(w, WSLAY_CODE_INTERNAL_SERVER_ERROR);
    w->in = STR_NONE;
    (void)wslay_event_send(w->frames);
    rest(w);
}

bool websocket_waits(const struct websocket *w)
{
    return !list_empty(&w->messages) || (is_over(w) && !w->told);
}

enum websocket_event websocket_next(struct websocket *w, struct str *out_text)
{
    struct link *first = list_pop(&w->messages);

    mem_free(w->current);
    w->current = NULL;
    if (first != NULL) {
        w->current = LIST_ENTRY(first, struct message, link);
        *out_text = (struct str){ w->current->text, w->current->n };
        return WEBSOCKET_TEXT;
    }
    if (!is_over(w) || w->told)
        return WEBSOCKET_MORE;
    w->told = true;
    return WEBSOCKET_CLOSED;
}

/* ---- Out ------------------------------------------------------------------------------------------- */

void websocket_send(struct websocket *w, struct str text)
{
    struct wslay_event_msg message = { WSLAY_TEXT_FRAME, bytes_of_str(text).p, text.n };

    if (wslay_event_queue_msg(frames_of(w), &message) == 0) /* else we have said goodbye */
        (void)wslay_event_send(w->frames);
    rest(w);
}

void websocket_close(struct websocket *w)
{
    if (wslay_event_queue_close(frames_of(w), WSLAY_CODE_NORMAL_CLOSURE, NULL, 0) == 0)
        (void)wslay_event_send(w->frames);
}

struct str websocket_output(const struct websocket *w)
{
    return buf_str(&w->out);
}

void websocket_sent(struct websocket *w)
{
    buf_deinit(&w->out);
}
