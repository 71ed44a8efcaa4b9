/* test_streams.c: clients that come by connections: the same call, the same rules; and the connections themselves, over socket pairs, with a
 * clock of ours.
 */
#include "test/unit/anchor/party.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "anchor/streams.h"

enum { A_STREAM = 7 * CORE_STREAMS + 5, OWNER = 77 };

static struct route stream_route(uint8_t host, uint32_t number, uint64_t owner)
{
    struct route r = route_of(host, 9000);

    r.stream = number;
    r.owner = owner;
    return r;
}

/* ---- In the core ------------------------------------------------------------------------------------ */

static void test_call(void **state)
{
    struct duo *d = duo_new();

    (void)state;
    d->a.at = stream_route(1, A_STREAM, 0);
    assert_int_equal(core_stream_known(d->core, A_STREAM), STREAM_STRANGE);
    tell_gate(d, true, 1000);
    party_check_from(&d->a, &d->a.at, true, 1000, &d->box);
    assert_int_equal(core_stream_known(d->core, A_STREAM), STREAM_AUTHENTIC);
    assert_int_equal(d->box.items[0].to.stream, A_STREAM);
    party_answer(&d->a, &d->a.at, 0, 1000, &d->box);
    assert_int_equal(core_stream_known(d->core, A_STREAM), STREAM_CONFIRMED);
    party_connect(&d->b, 1000, &d->box);
    send_finished(d, &d->a.at, 1000);
    send_finished(d, &d->b.at, 1000);
    d->box.count = 0;
    send_media(d, &d->a.at, 7, 1, 1100);
    send_media(d, &d->b.at, 8, 1, 1100);
    assert_int_equal(sent_to(&d->box, &d->a.at), 1);
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    duo_free(d);
}

/* Another connection from the same address is another source; a connection that is gone is one that nobody sends to. */
static void test_gone(void **state)
{
    struct duo *d = duo_new();
    struct route other = stream_route(1, A_STREAM + CORE_STREAMS, 0);

    (void)state;
    d->a.at = stream_route(1, A_STREAM, 0);
    tell_gate(d, true, 1000);
    party_connect(&d->a, 1000, &d->box);
    party_connect(&d->b, 1000, &d->box);
    send_finished(d, &d->b.at, 1000);
    d->box.count = 0;
    send_finished(d, &other, 1000);
    assert_int_equal(d->box.count, 0);
    core_stream_gone(d->core, A_STREAM);
    assert_int_equal(core_stream_known(d->core, A_STREAM), STREAM_STRANGE);
    send_finished(d, &d->b.at, 1100);
    send_media(d, &d->b.at, 8, 1, 1100);
    for (uint64_t now = 1200; now < 3000; now += 250)
        duo_tick(d, now);
    assert_int_equal(sent_to(&d->box, &d->a.at), 0);
    d->a.at = other;
    party_connect(&d->a, 3000, &d->box);
    assert_int_equal(core_stream_known(d->core, other.stream), STREAM_CONFIRMED);
    core_stream_gone(d->core, A_STREAM); /* of the same place, long ago */
    assert_int_equal(core_stream_known(d->core, other.stream), STREAM_CONFIRMED);
    duo_free(d);
}

static void test_shut(void **state)
{
    struct duo *d = duo_new();

    (void)state;
    d->a.at = stream_route(1, A_STREAM, 0);
    party_check_from(&d->a, &d->a.at, true, 1000, &d->box);
    send_finished(d, &d->a.at, 1000);
    assert_int_equal(d->box.count, 0);
    assert_int_equal(core_stream_known(d->core, A_STREAM), STREAM_AUTHENTIC);
    tell_gate(d, true, 2000);
    assert_true(sent_to(&d->box, &d->a.at) > 0); /* it is asked at once */
    duo_free(d);
}

/* A relay of an account is of use for the calls of that account only, whatever credentials come by it. */
static void test_owner(void **state)
{
    static const struct {
        uint64_t of_leg, of_relay;
        bool served;
    } cases[] = { { OWNER, OWNER, true },
                  { OWNER, 0, true },
                  { 0, 0, true },
                  { 0, OWNER, false },
                  { OWNER, OWNER + 1, false } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct duo *d = duo_new();

        order(d->core,
              (struct anchor_order){ .kind = ANCHOR_LEG,
                                     .call = CALL,
                                     .side = ANCHOR_CALLER,
                                     .ufrag = d->a.our_ufrag,
                                     .pwd = d->a.our_pwd,
                                     .owner = cases[i].of_leg },
              1000, &d->box);
        tell_gate(d, true, 1000);
        d->a.at = stream_route(1, A_STREAM, cases[i].of_relay);
        party_connect(&d->a, 1000, &d->box);
        assert_int_equal(d->box.count > 0, cases[i].served);
        assert_int_equal(core_stream_known(d->core, A_STREAM),
                         cases[i].served ? STREAM_CONFIRMED : STREAM_STRANGE);
        duo_free(d);
    }
}

/* ---- Connections ------------------------------------------------------------------------------------ */

struct scene {
    struct duo *d;
    struct streams *streams;
    uint64_t now_ms;
};

static void on_packet(void *ctx, const struct route *from, struct bytes packet)
{
    struct scene *s = ctx;
    size_t count;
    const struct core_send *sends;

    core_packet(s->d->core, from, packet, s->now_ms);
    sends = core_sends(s->d->core, &count);
    for (size_t i = 0; i < count; i++)
        if (sends[i].to.stream != 0)
            streams_send(s->streams, sends[i].to.stream, sends[i].packet);
}

static struct scene *scene_new(void)
{
    struct scene *s = mem_alloc(sizeof *s);

    s->d = duo_new();
    s->streams = streams_new(s->d->core);
    s->now_ms = 1000;
    tell_gate(s->d, true, s->now_ms);
    return s;
}

static void scene_free(struct scene *s)
{
    streams_free(s->streams);
    duo_free(s->d);
    mem_free(s);
}

/* One end of a connection; the other is the anchor's. */
static int come(struct scene *s, uint8_t host, uint64_t owner)
{
    struct anchor_order o = { .kind = ANCHOR_STREAM,
                              .peer = { .ip = { 198, 51, 100, host }, .port = 5000 },
                              .owner = owner };
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    streams_take(s->streams, pair[1], &o, s->now_ms);
    return pair[0];
}

static void turn_round(struct scene *s, uint64_t ms)
{
    s->now_ms += ms;
    for (int i = 0; i < 40; i++) /* dozens of connections a round */
        streams_receive(s->streams, on_packet, s);
    streams_tick(s->streams, s->now_ms);
}

static bool hung_up(int fd)
{
    char octet;

    return recv(fd, &octet, 1, MSG_PEEK) == 0;
}

static void write_frame(int fd, const void *p, size_t n)
{
    uint8_t frame[FRAME_MAX];

    frame_header(frame, n);
    memcpy(frame + FRAME_HEADER, p, n);
    assert_int_equal(send(fd, frame, FRAME_HEADER + n, MSG_NOSIGNAL), FRAME_HEADER + n);
}

static size_t check_of(struct party *p, uint8_t room[STUN_MAX])
{
    char name[64];
    struct stun_check check = { .transaction = { 9, 9, p->side, ++p->transactions },
                                .priority = 1,
                                .role = STUN_CONTROLLING };

    memcpy(name, p->our_ufrag.p, p->our_ufrag.n);
    name[p->our_ufrag.n] = ':';
    memcpy(name + p->our_ufrag.n + 1, p->ufrag.p, p->ufrag.n);
    check.username = (struct str){ name, p->our_ufrag.n + 1 + p->ufrag.n };
    return stun_write_check(room, &check, p->our_pwd);
}

/* Answers what asks, until nothing comes any more. */
static size_t answer_all(struct scene *s, struct party *p, int fd)
{
    struct frame_reader reader = { 0 };
    uint8_t octets[8192], room[STUN_MAX];
    ssize_t n = recv(fd, octets, sizeof octets, MSG_DONTWAIT);
    struct bytes in = bytes_of(octets, n > 0 ? (size_t)n : 0), packet;
    size_t count = 0;

    while (frame_next(&reader, &in, &packet) == FRAME_PACKET) {
        struct stun_message m;
        struct stun_address from = { .ip = { 198, 51, 100, 1 }, .port = 5000 };

        count++;
        if (stun_read(packet, &m) == ERR_NONE && m.class == STUN_REQUEST)
            write_frame(fd, room, stun_write_answer(room, m.transaction, &from, p->pwd));
    }
    turn_round(s, 0);
    return count;
}

static int come_known(struct scene *s)
{
    int fd = come(s, 1, 0);
    uint8_t room[STUN_MAX];

    write_frame(fd, room, check_of(&s->d->a, room));
    turn_round(s, 0);
    assert_int_equal(answer_all(s, &s->d->a, fd), 2);
    return fd;
}

/* Strangers have five seconds and two kilobytes; whom a call knows stays as long as it does. */
static void test_strangers(void **state)
{
    struct scene *s = scene_new();
    int silent = come(s, 2, 0), loud = come(s, 3, 0), slow = come(s, 4, 0), broken = come(s, 5, 0);
    int known = come_known(s);
    uint8_t nothing[1000] = { 0x80 };

    (void)state;
    write_frame(loud, nothing, sizeof nothing);
    write_frame(loud, nothing, sizeof nothing);
    assert_int_equal(send(slow, "\x05", 1, 0), 1);
    assert_int_equal(send(broken, "\xff\xff", 2, 0), 2);
    turn_round(s, 10);
    assert_true(hung_up(broken) && !hung_up(loud));
    write_frame(loud, nothing, 100);
    turn_round(s, 10);
    assert_true(hung_up(loud) && !hung_up(silent) && !hung_up(slow));
    turn_round(s, STREAM_UNKNOWN_MS);
    assert_true(hung_up(silent) && hung_up(slow) && !hung_up(known));
    for (int i = 0; i < 10; i++) {
        write_frame(known, nothing, sizeof nothing); /* dropped, and it stays */
        turn_round(s, 100);
    }
    assert_false(hung_up(known));
    order(s->d->core, (struct anchor_order){ .kind = ANCHOR_END, .call = CALL }, s->now_ms,
          &s->d->box);
    turn_round(s, STREAM_UNKNOWN_MS);
    assert_true(hung_up(known) && streams_is_idle(s->streams));
    for (int fd = 0; fd < 5; fd++)
        close((int[]){ silent, loud, slow, broken, known }[fd]);
    scene_free(s);
}

static void test_crowd(void **state)
{
    struct scene *s = scene_new();
    int fds[STREAMS_UNKNOWN + 2], of_account[STREAMS_OF_ACCOUNT + 1];
    size_t alive = 0;
    int first;

    (void)state;
    for (size_t i = 0; i <= STREAMS_OF_ADDRESS; i++)
        alive += !hung_up(fds[i] = come(s, 1, 0));
    assert_int_equal(alive, STREAMS_OF_ADDRESS);
    for (size_t i = 0; i <= STREAMS_OF_ADDRESS; i++)
        close(fds[i]);
    for (size_t i = 0; i <= STREAMS_OF_ACCOUNT; i++) { /* wherever they come from */
        of_account[i] = come(s, (uint8_t)i, OWNER);
        assert_int_equal(hung_up(of_account[i]), i == STREAMS_OF_ACCOUNT);
    }
    for (size_t i = 0; i <= STREAMS_OF_ACCOUNT; i++)
        close(of_account[i]);
    turn_round(s, 10);
    assert_true(streams_is_idle(s->streams));
    first = come(s, 9, 0);
    s->now_ms++;
    for (size_t i = 0; i < STREAMS_UNKNOWN; i++)
        fds[i] = come(s, (uint8_t)(10 + i / 8), 0);
    assert_true(hung_up(first)); /* the oldest, of whom nothing is known, made room */
    assert_false(hung_up(fds[0]) || hung_up(fds[STREAMS_UNKNOWN - 1]));
    close(first);
    for (size_t i = 0; i < STREAMS_UNKNOWN; i++)
        close(fds[i]);
    scene_free(s);
}

/* Who reads nothing loses packets, and what he reads afterwards is whole frames still. */
static void test_full(void **state)
{
    struct scene *s = scene_new();
    int fd = come_known(s);
    uint32_t number = 1 * CORE_STREAMS;
    struct frame_reader reader = { 0 };
    uint8_t packet[RTP_MAX], octets[4096];
    size_t sent = 5000, heard = 0;
    ssize_t n;

    (void)state;
    assert_int_equal(core_stream_known(s->d->core, number), STREAM_CONFIRMED);
    for (size_t i = 0; i < sent; i++) {
        memset(packet, (int)(i & 255), sizeof packet);
        streams_send(s->streams, number, bytes_of(packet, 1 + i % sizeof packet));
    }
    for (int more = 0; more < 2; more++) {
        while ((n = recv(fd, octets, sizeof octets, MSG_DONTWAIT)) > 0) {
            struct bytes in = bytes_of(octets, (size_t)n), got;
            enum frame_verdict v;

            while ((v = frame_next(&reader, &in, &got)) == FRAME_PACKET) {
                heard++;
                for (size_t i = 1; i < got.n; i++)
                    assert_int_equal(got.p[i], got.p[0]);
            }
            assert_int_equal(v, FRAME_MORE);
            turn_round(s, 0); /* the rest of a frame follows */
        }
    }
    assert_true(heard > 0 && heard < sent);
    assert_int_equal(reader.held, 0);
    streams_send(s->streams, number, bytes_of("x", 1));
    assert_int_equal(recv(fd, octets, sizeof octets, MSG_DONTWAIT), 3);
    close(fd);
    turn_round(s, 0);
    assert_true(streams_is_idle(s->streams));
    streams_send(s->streams, number, bytes_of("x", 1)); /* to nobody */
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call),      cmocka_unit_test(test_gone),
        cmocka_unit_test(test_shut),      cmocka_unit_test(test_owner),
        cmocka_unit_test(test_strangers), cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
