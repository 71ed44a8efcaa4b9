/* fuzz_s2s.c: octets of another server, on the stream by which it speaks to us or in answer to ours. The first octet says which, and
 * whether it is authenticated already.
 *
 * Whatever comes: nothing is sent to any domain but that which has proved itself, all of it reads again as a stanza, and every parcel that
 * waited for it is there still, acknowledged or given back.
 */
#include <stdlib.h>
#include <string.h>

#include "server/home.h"
#include "server/s2s.h"
#include "server/stored.h"
#include "xmpp/ns.h"

enum { PARCELS = 20, NOW_MS = 1700000000, HOUR_MS = 3600 * 1000 };

#define FAR "far.test"
#define HEADER                                                                                     \
    "<stream:stream xmlns='jabber:server' xmlns:stream='" NS_STREAM "' from='" FAR                 \
    "' to='sotto.test' version='1.0'>"
#define AUTH "<auth xmlns='" NS_SASL "' mechanism='EXTERNAL'>=</auth>"
#define OFFER                                                                                      \
    HEADER "<stream:features><mechanisms xmlns='" NS_SASL                                          \
           "'><mechanism>EXTERNAL</mechanism></mechanisms></stream:features>"
#define SUCCESS "<success xmlns='" NS_SASL "'/>"
#define ENABLED                                                                                    \
    HEADER "<stream:features><sm xmlns='" NS_SM "'/></stream:features><enabled xmlns='" NS_SM "'/" \
           ">"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct world {
    struct host host;
    struct home home;
    struct settings settings;
    struct store *store;
    struct list completions;
    uint64_t dice;
    bool closing; /* the stream asked for its end */
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void fill(void *ctx, uint8_t *out, size_t n)
{
    struct world *w = ctx;

    for (size_t i = 0; i < n; i++) {
        w->dice = w->dice * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(w->dice >> 56);
    }
}

/* ---- The host ------------------------------------------------------------------------------------------ */

static void to_remote(void *ctx, struct remote_parcel *p)
{
    struct arena a = { 0 };
    struct xml_node *node = stored_stanza(&a, blob_str(p->stanza));
    enum stanza_condition why;
    struct stanza s;

    (void)ctx;
    must(str_is(p->domain, FAR) && node != NULL);
    must(stanza_parse(&a, node, &s, &why) == ERR_NONE && str_is(s.to.domain, FAR));
    arena_deinit(&a);
    remote_parcel_free(p);
}

/* Bounced messages are to an account that does not exist. */
static void noted(void *ctx, void *link, const struct event *event, const struct event_traits *t)
{
    (void)ctx, (void)link, (void)event, (void)t;
}

static void link_write(void *link, struct str text)
{
    (void)link, (void)text;
}

static void link_send(void *link, struct blob *b)
{
    (void)link;
    blob_unref(b);
}

static size_t link_queued(void *link)
{
    (void)link;
    return 0;
}

static void link_pause(void *link, bool paused)
{
    (void)link, (void)paused;
}

static void link_close(void *link)
{
    ((struct world *)link)->closing = true;
}

static void link_wake_at(void *link, uint64_t at_ms)
{
    (void)link, (void)at_ms;
}

static void way_connect(struct s2s *s)
{
    (void)s;
}

static void way_retry_at(struct s2s *s, uint64_t at_ms)
{
    (void)s, (void)at_ms;
}

static const struct host_ops host_ops = { .remote = to_remote, .event = noted };
static const struct s2s_ops ops = { link_write, link_send,    link_queued, link_pause,
                                    link_close, link_wake_at, way_connect, way_retry_at };

static void deliver(void *ctx, unsigned home, struct list *done)
{
    (void)home;
    list_splice(&((struct world *)ctx)->completions, done);
}

static void settle(struct world *w)
{
    do
        home_completed(&w->home, &w->completions);
    while (store_step(w->store) || !list_empty(&w->completions));
}

/* ---- What comes ------------------------------------------------------------------------------------------ */

static void hear(struct world *w, struct s2s_in *in, struct s2s *s, struct str octets)
{
    if (w->closing)
        return;
    if (in != NULL)
        s2s_in_received(in, octets);
    else
        s2s_out_received(s, octets);
    settle(w);
}

static void hear_all(struct world *w, struct s2s_in *in, struct s2s *s, struct str octets)
{
    while (octets.n > 0) {
        size_t n = 1 + (unsigned char)octets.p[0] % 64;

        n = n < octets.n ? n : octets.n;
        hear(w, in, s, str_slice(octets, 0, n));
        octets = str_skip(octets, n);
    }
}

static void queue_parcels(struct world *w, struct s2s *s)
{
    for (unsigned i = 1; i <= PARCELS; i++) {
        struct outbox_record record = { .id = i,
                                        .domain = STR(FAR),
                                        .stanza =
                                            STR("<message from='a@sotto.test' to='b@" FAR "'/>"),
                                        .since_ms = w->home.now_ms };

        s2s_add(s, remote_parcel_of(&record));
    }
}

static void hear_answers(struct world *w, struct s2s *s, bool authenticated, struct str octets)
{
    size_t waiting;

    queue_parcels(w, s);
    s2s_out_opened(s, w);
    if (authenticated) {
        hear(w, NULL, s, STR(OFFER));
        hear(w, NULL, s, STR(SUCCESS));
        hear(w, NULL, s, STR(ENABLED));
        must(s->out.state == S2S_OUT_OPEN && s->out.unacked == PARCELS);
    }
    hear_all(w, NULL, s, octets);
    waiting = s->out.parcels;
    s2s_out_gone(s);
    must(s->out.parcels == waiting && waiting <= PARCELS && s->out.unacked == 0);
}

static void hear_them(struct world *w, struct s2s *s, bool authenticated, struct str octets)
{
    struct s2s_in *in = s2s_in_new(&w->home, &ops, w, s->pin->sha256);

    if (authenticated) {
        hear(w, in, s, STR(HEADER));
        hear(w, in, s, STR(AUTH));
        hear(w, in, s, STR(HEADER));
        must(in->state == S2S_IN_OPEN);
    }
    hear_all(w, in, s, octets);
    s2s_in_gone(in);
    settle(w);
}

/* One world for all runs; each begins an hour later, so that no limit of the last one counts. */
static struct world *the_world(void)
{
    static const struct str domain = STR_INIT("sotto.test");
    static const struct remote_pin pin = { .domain = STR_INIT(FAR) };
    static struct world w = { .dice = 1 };
    static struct arena a;
    struct str why;

    if (w.store != NULL)
        return &w;
    w.settings = (struct settings){ .domains = &domain,
                                    .domain_count = 1,
                                    .pins = &pin,
                                    .pin_count = 1,
                                    .stanza_bytes = 16384,
                                    .element_bytes = 4096,
                                    .login_s = 20,
                                    .streams_per_domain = 4,
                                    .archive_on = true };
    list_init(&w.completions);
    must(store_open(&(struct store_options){ .url = STR("sqlite::memory:"),
                                             .inline_run = true,
                                             .retention_days = -1,
                                             .deliver = deliver,
                                             .deliver_ctx = &w },
                    &w.store, &why, &a)
         == ERR_NONE);
    w.host = (struct host){ .ops = &host_ops, .ctx = &w, .random = { fill, &w }, .home_count = 1 };
    home_init(&w.home, &w.host, &w.settings, w.store, 0);
    home_now(&w.home, NOW_MS);
    return &w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct world *w = the_world();
    struct str octets;
    struct s2s *s;

    if (n == 0)
        return 0;
    octets = (struct str){ (const char *)data + 1, n - 1 };
    home_now(&w->home, w->home.now_ms + HOUR_MS);
    w->closing = false;
    s = s2s_new(&w->home, w->settings.pins, &ops, NULL);
    if ((data[0] & 2) != 0)
        hear_answers(w, s, (data[0] & 1) != 0, octets);
    else
        hear_them(w, s, (data[0] & 1) != 0, octets);
    settle(w);
    s2s_free(s);
    return 0;
}
