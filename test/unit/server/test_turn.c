/* test_turn.c: TURN by its words: who may allocate, whom it reaches (the anchor), and the rows of attacks on relays. Times are ours. */
#include "test/unit/server/turning.h"

#include "crypto/md5.h"

/* ---- Vectors ---------------------------------------------------------------------------------------- */

static void test_vectors(void **state)
{
    /* RFC 8489 §9.2.2; RFC 5769 §2.4 */
    static const char *const key_text = "user:realm:pass";
    static const uint8_t want[] = { 0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb,
                                    0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb };
    static const uint8_t request[] =
        "\x00\x01\x00\x60\x21\x12\xa4\x42\x78\xad\x34\x33\xc6\xad\x72\xc0\x29\xda\x41\x2e"
        "\x00\x06\x00\x12\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9"
        "\x00\x00\x00\x15\x00\x1c\x66\x2f\x2f\x34\x39\x39\x6b\x39\x35\x34\x64\x36\x4f\x4c\x33\x34"
        "\x6f\x4c\x39\x46\x53\x54\x76\x79\x36\x34\x73\x41\x00\x14\x00\x0b\x65\x78\x61\x6d\x70\x6c"
        "\x65\x2e\x6f\x72\x67\x00\x00\x08\x00\x14\xf6\x70\x24\x65\x6d\xd6\x4a\x3e\x02\xb8\xe0\x71"
        "\x2e\x85\xc9\xa2\x8c\xa8\x96\x66";
    uint8_t key[TURN_KEY];
    struct turn_message m;

    (void)state;
    md5(bytes_of_str(str_from(key_text)), key);
    assert_memory_equal(key, want, sizeof key);
    check_err("request", turn_read(bytes_of(request, sizeof request - 1), &m), ERR_NONE);
    md5(bytes_of_str(STR("\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9"
                         ":example.org:TheMatrIX")),
        key);
    assert_true(turn_is_authentic(&m, key));
    key[0] ^= 1;
    assert_false(turn_is_authentic(&m, key));
}

/* ---- A client as it should be ----------------------------------------------------------------------- */

static void test_way(void **state)
{
    struct turning *t = turning_new();

    (void)state;
    assert_int_equal(allocate(t), 0);
    assert_true(turn_is_alive(&t->turn, t->now) && t->turn.owner == OWNER);
    send_to(t, &t->places[0], STR("too early"));
    assert_int_equal(t->packets, 0); /* there is no permission */
    assert_int_equal(permit(t, &t->places[0]), 0);
    send_to(t, &t->places[0], STR("hello"));
    assert_int_equal(t->packets, 1);
    assert_memory_equal(t->last, "hello", 5);
    assert_true(turn_deliver(&t->turn, bytes_of("answer", 6), t->now, &t->out));
    assert_int_equal((uint8_t)t->out.p[1], 0x17); /* a Data indication */
    buf_reset(&t->out);
    assert_int_equal(bind_to(t, 0x4001, &t->places[0]), 0);
    send_by(t, 0x4001, STR("by channel"));
    send_by(t, 0x4002, STR("by another"));
    assert_int_equal(t->packets, 2);
    assert_true(turn_deliver(&t->turn, bytes_of("abcde", 5), t->now, &t->out));
    assert_memory_equal(t->out.p,
                        "\x40\x01\x00\x05"
                        "abcde\0\0\0",
                        12);
    turning_free(t);
}

static void test_lifetimes(void **state)
{
    struct turning *t = turning_new();
    struct buf b;
    struct turn_answer a;

    (void)state;
    assert_int_equal(allocate(t), 0);
    assert_int_equal(allocate(t), 437);
    assert_int_equal(permit(t, &t->places[0]), 0);
    assert_int_equal(bind_to(t, 0x4001, &t->places[0]), 0);
    t->now.steady_ms += TURN_PERMISSION_MS;
    send_by(t, 0x4001, STR("late"));
    assert_int_equal(t->packets, 0);
    assert_false(turn_deliver(&t->turn, bytes_of("x", 1), t->now, &t->out));
    assert_int_equal(permit(t, &t->places[0]), 0);
    send_by(t, 0x4001, STR("again"));
    assert_int_equal(t->packets, 1);
    a = ask(t, &b, TURN_REFRESH);
    turn_put_u32(&a, TURN_LIFETIME, 100000);
    assert_int_equal(finish(t, &a, &b), 0);
    t->now.steady_ms += (TURN_LIFETIME_MAX_S - 1) * 1000;
    assert_true(turn_is_alive(&t->turn, t->now));
    t->now.steady_ms += 1000;
    assert_false(turn_is_alive(&t->turn, t->now));
    assert_int_equal(permit(t, &t->places[0]), 438); /* the nonce has had its time, too */
    assert_int_equal(permit(t, &t->places[0]), 437);
    assert_int_equal(allocate(t), 0);
    a = ask(t, &b, TURN_REFRESH);
    turn_put_u32(&a, TURN_LIFETIME, 0);
    assert_int_equal(finish(t, &a, &b), 0);
    assert_false(turn_is_alive(&t->turn, t->now));
    turning_free(t);
}

static void test_channels(void **state)
{
    struct turning *t = turning_new();

    (void)state;
    t->places[1] = (struct stun_address){ .ip = { 192, 0, 2, 2 }, .port = 3478 };
    assert_int_equal(allocate(t), 0);
    assert_int_equal(bind_to(t, 0x3fff, &t->places[0]), 400);
    assert_int_equal(bind_to(t, 0x5000, &t->places[0]), 400);
    assert_int_equal(bind_to(t, 0x4fff, &t->places[0]), 0);
    assert_int_equal(bind_to(t, 0x4fff, &t->places[0]), 0);
    assert_int_equal(bind_to(t, 0x4000, &t->places[0]), 400); /* a peer has one */
    assert_int_equal(bind_to(t, 0x4fff, &t->places[1]), 400); /* a channel, too */
    assert_int_equal(bind_to(t, 0x4000, &t->places[1]), 0);
    turning_free(t);
}

/* ---- What it refuses -------------------------------------------------------------------------------- */

/* R-TU-01, R-TU-03: everybody but the anchor, however he is written. */
static void test_peers(void **state)
{
    static const struct {
        const char *what;
        struct stun_address peer;
    } cases[] = {
        { "127.0.0.1", { .ip = { 127, 0, 0, 1 }, .port = 3478 } },
        { "127.1.2.3", { .ip = { 127, 1, 2, 3 }, .port = 3478 } },
        { "0.0.0.0", { .ip = { 0 }, .port = 3478 } },
        { "0.1.2.3", { .ip = { 0, 1, 2, 3 }, .port = 3478 } },
        { "169.254.169.254", { .ip = { 169, 254, 169, 254 }, .port = 80 } },
        { "10.0.0.1", { .ip = { 10, 0, 0, 1 }, .port = 22 } },
        { "172.16.0.1", { .ip = { 172, 16, 0, 1 }, .port = 22 } },
        { "192.168.0.1", { .ip = { 192, 168, 0, 1 }, .port = 22 } },
        { "100.64.0.1", { .ip = { 100, 64, 0, 1 }, .port = 22 } },
        { "224.0.0.1", { .ip = { 224, 0, 0, 1 }, .port = 5353 } },
        { "255.255.255.255", { .ip = { 255, 255, 255, 255 }, .port = 9 } },
        { "192.0.2.2", { .ip = { 192, 0, 2, 2 }, .port = 3478 } },
        { "203.0.113.9", { .ip = { 203, 0, 113, 9 }, .port = 5555 } },
        { "::", { true, { 0 }, 3478 } },
        { "::1", { true, { [15] = 1 }, 3478 } },
        { "::ffff:127.0.0.1", { true, { [10] = 255, 255, 127, 0, 0, 1 }, 3478 } },
        { "::ffff:192.0.2.1", { true, { [10] = 255, 255, 192, 0, 2, 1 }, 3478 } },
        { "::192.0.2.1", { true, { [12] = 192, 0, 2, 1 }, 3478 } },
        { "64:ff9b::192.0.2.1", { true, { 0, 0x64, 0xff, 0x9b, [12] = 192, 0, 2, 1 }, 3478 } },
        { "2002:7f00:1::", { true, { 0x20, 2, 0x7f, 0, 0, 1 }, 3478 } },
        { "2002:c000:201::", { true, { 0x20, 2, 0xc0, 0, 2, 1 }, 3478 } },
        { "fe80::1", { true, { 0xfe, 0x80, [15] = 1 }, 3478 } },
        { "fc00::1", { true, { 0xfc, [15] = 1 }, 3478 } },
        { "ff02::1", { true, { 0xff, 2, [15] = 1 }, 3478 } },
    };
    struct turning *t = turning_new();

    (void)state;
    assert_int_equal(allocate(t), 0);
    assert_int_equal(permit(t, &t->places[0]), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (permit(t, &cases[i].peer) != 403 || bind_to(t, 0x4000, &cases[i].peer) != 403)
            fail_msg("%s is served", cases[i].what);
        send_to(t, &cases[i].peer, STR("x"));
        send_by(t, 0x4000, STR("x"));
        assert_int_equal(t->packets, 0);
    }
    assert_int_equal(permit(t, &t->places[1]),
                     443); /* the anchor, in a family that was not asked for */
    t->places[0].port++;   /* its host, another port */
    assert_int_equal(t->turn.rules->peers[0].port, 3479);
    send_to(t, &(struct stun_address){ .ip = { 192, 0, 2, 1 }, .port = 3478 }, STR("x"));
    assert_int_equal(t->packets, 0);
    assert_int_equal(
        bind_to(t, 0x4000, &(struct stun_address){ .ip = { 192, 0, 2, 1 }, .port = 22 }), 403);
    turning_free(t);
}

/* One peer among many that is not the anchor. */
static void test_many_peers(void **state)
{
    struct turning *t = turning_new();
    struct stun_address other = { .ip = { 10, 0, 0, 1 }, .port = 3478 };
    struct turn_answer a;
    struct buf b;

    (void)state;
    assert_int_equal(allocate(t), 0);
    for (size_t bad = 0; bad < 4; bad++) {
        a = ask(t, &b, TURN_CREATE_PERMISSION);
        for (size_t i = 0; i < 4; i++)
            turn_put_address(&a, TURN_PEER, i == bad ? &other : &t->places[0]);
        assert_int_equal(finish(t, &a, &b), 403);
    }
    a = ask(t, &b, TURN_CREATE_PERMISSION);
    for (size_t i = 0; i <= TURN_PEERS_MAX; i++)
        turn_put_address(&a, TURN_PEER, &t->places[0]);
    assert_int_equal(finish(t, &a, &b), 508);
    send_to(t, &t->places[0], STR("x"));
    assert_int_equal(t->packets, 0); /* nothing of a refused request has happened */
    a = ask(t, &b, TURN_CREATE_PERMISSION);
    assert_int_equal(finish(t, &a, &b), 400);
    turning_free(t);
}

/* R-TU-02: no TCP towards anybody (RFC 6062), nor any other method. */
static void test_methods(void **state)
{
    struct turning *t = turning_new();

    (void)state;
    assert_int_equal(allocate(t), 0);
    for (unsigned method = 0; method < 0x1000; method++) {
        struct turn_answer a;
        struct buf b;

        if (method == 1 || method == 3 || method == 4 || method == 8 || method == 9)
            continue;
        a = ask(t, &b, method);
        turn_put_address(&a, TURN_PEER, &t->places[0]);
        assert_int_equal(finish(t, &a, &b), 400);
    }
    turning_free(t);
}

static void test_allocations(void **state)
{
    static const struct {
        unsigned type;
        uint32_t value;
        unsigned want;
    } cases[] = {
        { TURN_TRANSPORT, 6u << 24, 442 }, /* TCP */
        { TURN_FAMILY, 3u << 24, 440 },    { 0x7fff, 0, 420 }, { 0x0002, 0, 420 }, { 0xffff, 0, 0 },
        { TURN_FAMILY, 2u << 24, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct turning *t = turning_new();
        struct turn_answer a;
        struct buf b;

        t->now.steady_ms = 5000;
        assert_int_equal(permit(t, &t->places[0]), 438);
        a = ask(t, &b, TURN_ALLOCATE);
        if (cases[i].type != TURN_TRANSPORT)
            turn_put_u32(&a, TURN_TRANSPORT, 17u << 24);
        turn_put_u32(&a, cases[i].type, cases[i].value);
        assert_int_equal(finish(t, &a, &b), cases[i].want);
        assert_int_equal(t->grants, cases[i].want == 0);
        turning_free(t);
    }
}

static void test_quota(void **state)
{
    struct turning *t = turning_new();

    (void)state;
    t->refuses = true;
    assert_int_equal(allocate(t), 486);
    assert_false(turn_is_alive(&t->turn, t->now));
    assert_int_equal(permit(t, &t->places[0]), 437);
    t->refuses = false;
    assert_int_equal(allocate(t), 0);
    turning_free(t);
}

/* R-TU-07: who does not know the password hears the same, whoever he says that he is; ten times. */
static void test_guessing(void **state)
{
    const char *const names[] = {
        "2000000:0000000000001234:deadbeef", /* as ours are */
        "admin",
        "",
        "1:2:3",
        "2000000:0000000000001234:deadbeef:more",
        ":::::",
        "99999999999999999999:0000000000001234:0",
    };
    struct turning *t = turning_new();
    uint8_t first[512];
    size_t first_n = 0;

    (void)state;
    for (size_t i = 0; i < TURN_FAILURES_MAX + 3; i++) {
        struct str name = str_from(names[i % COUNT_OF(names)]);
        uint8_t key[TURN_KEY] = { 9 };
        struct turn_message m;
        struct buf b;
        struct turn_answer a = ask(t, &b, TURN_ALLOCATE);

        turn_put_u32(&a, TURN_TRANSPORT, 17u << 24);
        turn_put(&a, TURN_USERNAME, bytes_of_str(name));
        turn_put(&a, TURN_REALM, bytes_of_str(t->rules.realm));
        turn_put(&a, TURN_NONCE_OF_REALM, bytes_of(t->nonce, TURN_NONCE));
        turn_end(&a, key);
        give(t, buf_bytes(&b), SIZE_MAX);
        buf_deinit(&b);
        if (i > TURN_FAILURES_MAX) {
            assert_int_equal(t->step, TURN_BROKEN);
            continue;
        }
        if (i == 1) {
            first_n = t->out.n;
            memcpy(first, t->out.p, first_n);
        }
        if (i > 1) { /* but for the transaction, which is the asker's */
            assert_int_equal(t->out.n, first_n);
            assert_memory_equal(t->out.p + 20, first + 20, first_n - 20);
        }
        assert_int_equal(answer_of(t, &m), i == 0 ? 438 : 401);
    }
    assert_int_equal(t->grants, 0);
    turning_free(t);
}

/* A name that is no longer good, one of another realm, one of somebody else on the same connection. */
static void test_names(void **state)
{
    struct turning *t = turning_new();
    struct turn_credential other =
        turn_credential_new(&t->arena, t->rules.secret, OWNER + 1, EXPIRES_S, STR("salt"));
    struct turn_message m;
    struct turn_answer a;
    struct buf b;

    (void)state;
    t->now.wall_s = EXPIRES_S;
    assert_int_equal(allocate(t), 401);
    t->now.wall_s = EXPIRES_S - 1;
    assert_int_equal(allocate(t), 0);
    t->now.wall_s = EXPIRES_S + 1000; /* what there is goes on */
    assert_int_equal(permit(t, &t->places[0]), 0);
    a = ask(t, &b, TURN_CREATE_PERMISSION);
    turn_put_address(&a, TURN_PEER, &t->places[0]);
    sign(t, &a, other.name, t->rules.realm);
    give(t, buf_bytes(&b), SIZE_MAX);
    buf_deinit(&b);
    assert_int_equal(answer_of(t, &m), 441);
    assert_int_equal(t->turn.owner, OWNER);
    a = ask(t, &b, TURN_REFRESH);
    sign(t, &a, t->credential.name, STR("elsewhere"));
    give(t, buf_bytes(&b), SIZE_MAX);
    buf_deinit(&b);
    assert_int_equal(answer_of(t, &m), 401);
    assert_true(turn_owner(t->rules.secret, STR("a@b")) != turn_owner(t->rules.secret, STR("a@c")));
    turning_free(t);
}

/* What is answered is never much longer than what was asked, and to data nothing is. */
static void test_amplification(void **state)
{
    struct turning *t = turning_new();
    struct turn_message m;
    struct buf b;
    struct turn_answer a = ask(t, &b, TURN_ALLOCATE);

    (void)state;
    turn_end(&a, NULL);
    give(t, buf_bytes(&b), SIZE_MAX);
    buf_deinit(&b);
    assert_true(t->out.n <= 120); /* of 20, over TCP, to who has shown where he is */
    assert_int_equal(answer_of(t, &m), 401);
    assert_int_equal(t->out.n, 0);
    for (int i = 0; i < 1000; i++) {
        send_to(t, &t->places[0], STR("x"));
        send_by(t, 0x4000, STR("x"));
    }
    assert_int_equal(t->out.n + t->packets, 0);
    turning_free(t);
}

/* ---- The stream ------------------------------------------------------------------------------------- */

static void test_pieces(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 64; piece++) {
        struct turning *t = turning_new();
        struct buf all;
        char data[RTP_MAX];

        memset(data, 'd', sizeof data);
        assert_int_equal(allocate(t), 0);
        assert_int_equal(bind_to(t, 0x4000, &t->places[0]), 0);
        buf_init(&all, 64 * 1024);
        for (size_t n = 1; n <= sizeof data; n += 491)
            turn_write_channel(&all, 0x4000, bytes_of(data, n));
        give(t, buf_bytes(&all), piece);
        assert_int_equal(t->packets, 3);
        assert_int_equal(t->packet_octets, 1 + 492 + 983);
        buf_deinit(&all);
        turning_free(t);
    }
}

static void test_broken(void **state)
{
    static const struct {
        const char *what;
        struct str octets;
    } cases[] = {
        { "HTTP", STR_INIT("GET / HTTP/1.1\r\n") },
        { "channel 0x5000", STR_INIT("\x50\x00\x00\x04"
                                     "abcd") },
        { "too long", STR_INIT("\x40\x00\xff\xff") },
        { "odd length", STR_INIT("\x00\x03\x00\x05\x21\x12\xa4\x42") },
        { "no cookie", STR_INIT("\x00\x03\x00\x00\x21\x12\xa4\x43............") },
        { "attribute past the end",
          STR_INIT("\x00\x03\x00\x04\x21\x12\xa4\x42............\x00\x06\x00\x08") },
        { "an address cut short",
          STR_INIT(
              "\x00\x08\x00\x08\x21\x12\xa4\x42............\x00\x12\x00\x04\x00\x01\x00\x00") },
        { "short integrity", STR_INIT("\x00\x03\x00\x08\x21\x12\xa4\x42............\x00\x08\x00\x04"
                                      "abcd") },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t piece = 1; piece < 40; piece += 13) {
            struct turning *t = turning_new();

            give(t, bytes_of_str(cases[i].octets), piece);
            if (t->step != TURN_BROKEN || t->out.n > 0)
                fail_msg("%s is taken", cases[i].what);
            turning_free(t);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),   cmocka_unit_test(test_way),
        cmocka_unit_test(test_lifetimes), cmocka_unit_test(test_channels),
        cmocka_unit_test(test_peers),     cmocka_unit_test(test_many_peers),
        cmocka_unit_test(test_methods),   cmocka_unit_test(test_allocations),
        cmocka_unit_test(test_quota),     cmocka_unit_test(test_guessing),
        cmocka_unit_test(test_names),     cmocka_unit_test(test_amplification),
        cmocka_unit_test(test_pieces),    cmocka_unit_test(test_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
