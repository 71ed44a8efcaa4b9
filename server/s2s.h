/* s2s.h: streams between servers (RFC 6120), without I/O: one by which another server speaks to us, one by which we speak to it.
 *
 *   they connect:  TLS with a pinned certificate --> s2s_in: header, EXTERNAL, header, XEP-0198 --> remote_receive()
 *   remote_send() --> s2s_add() --> s2s_out: the same from the other side; what is not acknowledged is sent again
 *
 * All streams of a domain belong to one struct s2s, all of which to one home. Our stream is opened when there is something to say, and
 * again with growing pauses; a queue that is full, or waits too long, is given back to who wrote (remote_bounce()).
 * Owns: parcels that wait; streams. What they run on is the host's (`link`).  Threads: the home's.  Units: milliseconds.
 */
#ifndef SOTTO_SERVER_S2S_H
#define SOTTO_SERVER_S2S_H

#include "server/remote.h"
#include "xmpp/stream.h"

struct s2s;

/* What streams ask of the host. After close() or drop() it calls *_gone(), once and never from inside of these. */
struct s2s_ops {
    void (*write)(void *link, struct str text); /* copies */
    void (*send)(void *link, struct blob *b);   /* takes one reference */
    size_t (*queued)(void *link); /* written and not yet taken; s2s_drained() follows */
    void (*pause)(void *link, bool paused);
    void (*close)(void *link);                   /* flush, then close */
    void (*wake_at)(void *link, uint64_t at_ms); /* 0: never. One per link */
    void (*connect)(
        struct s2s *s); /* our stream is wanted: s2s_out_opened() or s2s_out_gone() follows */
    void (*retry_at)(struct s2s *s, uint64_t at_ms); /* s2s_wake() at that time */
};

/* ---- Theirs ------------------------------------------------------------------------------------------ */

struct s2s_in {
    struct link in_hub;    /* the host's */
    struct link in_domain; /* in s2s->in, once it is known */
    struct home *home;
    struct s2s *s2s; /* of its domain, once it has said which; NULL */
    const struct s2s_ops *ops;
    void *link;
    struct stream stream;
    uint8_t certificate[32];
    enum { S2S_IN_HEADER, S2S_IN_AUTH, S2S_IN_HEADER_AGAIN, S2S_IN_OPEN, S2S_IN_CLOSED } state;
    size_t early_bytes;
    struct remote *remote; /* once open */
    bool acks;             /* XEP-0198 is on */
    uint32_t counted_from, acked;
    uint64_t heard_ms;
    bool dispatching;
};

/* ---- Ours -------------------------------------------------------------------------------------------- */

struct s2s_out {
    void *link; /* NULL: there is no connection */
    struct stream stream;
    enum {
        S2S_OUT_DOWN,
        S2S_OUT_CONNECTING,
        S2S_OUT_HEADER,
        S2S_OUT_AUTH,
        S2S_OUT_HEADER_AGAIN,
        S2S_OUT_ENABLING,
        S2S_OUT_OPEN,
        S2S_OUT_CLOSING,
    } state;
    struct list waiting, sent; /* remote_parcel.link */
    size_t parcels, bytes;     /* of both */
    size_t unacked;            /* sent */
    bool acks;                 /* XEP-0198 is on */
    bool asked;                /* an <r/> is out */
    uint32_t acked;
    uint64_t heard_ms, retry_ms;
    unsigned failures;
};

/* ---- A domain ---------------------------------------------------------------------------------------- */

struct s2s {
    struct link in_home;
    const struct remote_pin *pin;
    struct home *home;
    const struct s2s_ops *ops;
    struct s2s_out out;
    struct list in;
    unsigned in_count;
    uint64_t loaded_id;    /* of the outbox, up to here */
    struct bucket stanzas; /* that it has sent lately, by all streams */
    void *ctx;             /* the host's */
};

struct s2s *s2s_new(struct home *h, const struct remote_pin *pin, const struct s2s_ops *ops,
                    void *ctx);
void s2s_load(
    struct home
        *h); /* what an earlier run has left for the domains of this home; once all are there */
struct s2s *s2s_find(const struct home *h, struct str domain); /* or NULL */
void s2s_free(struct s2s *s); /* without streams; parcels that wait are lost */
void s2s_add(struct s2s *s, struct remote_parcel *p); /* takes it */
void s2s_wake(struct s2s *s);
void s2s_shutdown(struct s2s *s); /* the server drains: streams end */

/* The certificate of the connection is known by then. */
struct s2s_in *s2s_in_new(struct home *h, const struct s2s_ops *ops, void *link,
                          const uint8_t certificate[32]);
void s2s_in_received(struct s2s_in *in, struct str bytes);
void s2s_in_wake(struct s2s_in *in);
void s2s_in_shutdown(struct s2s_in *in);
void s2s_in_gone(struct s2s_in *in); /* frees it */
void s2s_in_settled(void *ctx);      /* for struct remote */

/* Our connection is there, and the other end has shown the certificate of the pin. */
void s2s_out_opened(struct s2s *s, void *link);
void s2s_out_received(struct s2s *s, struct str bytes);
void s2s_out_drained(struct s2s *s);
void s2s_out_gone(struct s2s *s); /* ended, or was never there */

#endif
