/* test_core.c: calls through the core of the anchor, and attacks on them. Times are ours, and so is randomness. */
#include "test/unit/anchor/party.h"

static struct stun_message message_at(const struct box *box, size_t i)
{
    struct stun_message m = { 0 };

    assert_true(i < box->count);
    check_err("sent", stun_read(bytes_of(box->items[i].octets, box->items[i].n), &m), ERR_NONE);
    return m;
}

/* ---- The gate --------------------------------------------------------------------------------------- */

static void test_shut(void **state)
{
    struct duo *d = duo_new();
    uint32_t drops[ANCHOR_DROPS];

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        party_check_from(&d->a, &d->a.at, true, 1000 + i * 20, &d->box);
        party_check_from(&d->b, &d->b.at, false, 1000 + i * 20, &d->box);
        send_finished(d, &d->a.at, 1000 + i * 20);
        send_media(d, &d->a.at, 7, i, 1000 + i * 20);
        duo_tick(d, 1000 + i * 20);
    }
    assert_int_equal(d->box.count, 0); /* not an octet to anybody */
    drops_of(d, CALL, ANCHOR_CALLER, 60000, drops);
    assert_int_equal(drops[ANCHOR_DROP_SHUT], 100);
    assert_int_equal(d->box.count, 0);
    duo_free(d);
}

static void test_shut_again(void **state)
{
    struct duo *d = duo_running(1000);

    (void)state;
    tell_gate(d, false, 1100);
    send_media(d, &d->a.at, 7, 1, 1200);
    party_connect(&d->a, 1200, &d->box);
    duo_tick(d, 9000);
    assert_int_equal(d->box.count, 0);
    duo_free(d);
}

/* ---- Connecting ------------------------------------------------------------------------------------- */

/* The caller controls, so we are controlled; of the callee we are in control, and nominate. */
static void test_checks(void **state)
{
    struct duo *d = duo_new();
    struct stun_message ours, answer;

    (void)state;
    tell_gate(d, true, 1000);
    party_check_from(&d->b, &d->b.at, false, 1000, &d->box);
    assert_int_equal(d->box.count, 2);
    assert_true(same_route(&d->box.items[0].to, &d->b.at));
    ours = message_at(&d->box, 0); /* before the answer, which makes the client send at once */
    answer = message_at(&d->box, 1);
    assert_int_equal(ours.class, STUN_REQUEST);
    assert_true(ours.use_candidate && ours.role == STUN_CONTROLLING);
    check_str("name", ours.username, "dddd:calleeLegUfrag02");
    assert_true(stun_is_authentic(&ours, d->b.pwd));
    assert_int_equal(answer.class, STUN_SUCCESS);
    assert_int_equal(answer.mapped.port, 2002);
    assert_true(stun_is_authentic(&answer, d->b.our_pwd));

    d->box.count = 0;
    party_check_from(&d->a, &d->a.at, true, 1000, &d->box);
    ours = message_at(&d->box, 0);
    assert_true(!ours.use_candidate && ours.role == STUN_CONTROLLED);
    check_str("name", ours.username, "cccc:callerLegUfrag01");
    duo_free(d);
}

static void test_media(void **state)
{
    struct duo *d = duo_running(1000);
    struct anchor_report r;
    bool flows = false;

    (void)state;
    send_media(d, &d->a.at, 7, 1, 1100);
    send_media(d, &d->b.at, 8, 1, 1100);
    assert_int_equal(sent_to(&d->box, &d->a.at), 1);
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    while (core_next_report(d->core, &r))
        flows = flows || (r.kind == ANCHOR_FLOWS && r.call == CALL);
    assert_true(flows);
    duo_free(d);
}

static void test_ipv6(void **state)
{
    static const uint8_t ip[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 };
    struct duo *d = duo_new();
    struct stun_message answer;

    (void)state;
    d->a.at.peer.is_v6 = true;
    memcpy(d->a.at.peer.ip, ip, sizeof ip);
    tell_gate(d, true, 1000);
    party_connect(&d->a, 1000, &d->box);
    answer = message_at(&d->box, 1);
    assert_true(answer.mapped.is_v6 && answer.mapped.port == 1001);
    assert_memory_equal(answer.mapped.ip, ip, sizeof ip);
    party_connect(&d->b, 1000, &d->box);
    send_finished(d, &d->a.at, 1000);
    send_finished(d, &d->b.at, 1000);
    d->box.count = 0;
    send_media(d, &d->b.at, 8, 1, 1100);
    assert_int_equal(sent_to(&d->box, &d->a.at), 1);
    d->a.at.peer.ip[15]++;
    send_media(d, &d->a.at, 7, 1, 1100); /* another host */
    assert_int_equal(d->box.count, 1);
    duo_free(d);
}

/* The caller is ready first: its handshake waits for the other side, its media do not. */
static void test_hold(void **state)
{
    struct duo *d = duo_new();

    (void)state;
    tell_gate(d, true, 1000);
    party_connect(&d->a, 1000, &d->box);
    d->box.count = 0;
    for (unsigned i = 0; i < 20; i++)
        send_finished(d, &d->a.at, 1000 + i);
    assert_int_equal(d->box.count, 0);
    party_connect(&d->b, 1500, &d->box);
    assert_int_equal(sent_to(&d->box, &d->b.at), 2 + 8);
    d->box.count = 0;
    send_finished(d, &d->b.at, 1600);
    assert_int_equal(sent_to(&d->box, &d->a.at), 1);
    duo_free(d);
}

static void test_hold_ends(void **state)
{
    struct duo *d = duo_new();

    (void)state;
    tell_gate(d, true, 1000);
    party_connect(&d->a, 1000, &d->box);
    send_finished(d, &d->a.at, 1000);
    duo_tick(d, 4200);
    d->box.count = 0;
    party_connect(&d->b, 4300, &d->box);
    assert_int_equal(sent_to(&d->box, &d->b.at), 2);
    duo_free(d);
}

/* A check that comes before the session-accept is answered as soon as that says who it was. */
static void test_early_check(void **state)
{
    struct duo *d = duo_new();
    struct party stranger;
    struct core_config config = { 4, 8, { count_up, &d->seed } };

    (void)state;
    core_free(d->core);
    d->core = d->a.core = d->b.core = core_new(&config);
    order(d->core, (struct anchor_order){ .kind = ANCHOR_CALL, .call = CALL }, 0, &d->box);
    tell_leg(d, &d->b, 0);
    tell_gate(d, true, 0);
    party_check_from(&d->b, &d->b.at, false, 1000, &d->box);
    stranger = d->b;
    stranger.our_pwd = STR("someOtherPassword0000003");
    party_check_from(&stranger, &d->a.at, false, 1000, &d->box);
    assert_int_equal(d->box.count, 0);
    tell_client(d, &d->b, 1200);
    assert_int_equal(d->box.count, 1);
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    party_answer(&d->b, &d->b.at, 0, 1210, &d->box);
    duo_tick(d, 1500);
    assert_int_equal(d->box.count, 1); /* it is confirmed: nothing is asked again */
    duo_free(d);
}

/* The same when the gate is still shut: nothing is sent until it opens, then at once. */
static void test_check_before_the_gate(void **state)
{
    struct duo *d = duo_new();

    (void)state;
    party_check_from(&d->b, &d->b.at, false, 1000, &d->box);
    party_check_from(&d->a, &d->a.at, true, 1000, &d->box);
    duo_tick(d, 1250);
    assert_int_equal(d->box.count, 0);
    tell_gate(d, true, 1300);
    assert_int_equal(sent_to(&d->box, &d->a.at), 1);
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    duo_free(d);
}

/* Ours was lost, and theirs never comes again: libnice. */
static void test_lost_check(void **state)
{
    struct duo *d = duo_new();

    (void)state;
    tell_gate(d, true, 1000);
    party_check_from(&d->b, &d->b.at, false, 1000, &d->box);
    d->box.count = 0;
    duo_tick(d, 1250);
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    party_answer(&d->b, &d->b.at, 0, 1260, &d->box);
    d->box.count = 0;
    duo_tick(d, 1500);
    assert_int_equal(d->box.count, 0);
    duo_free(d);
}

static void test_components(void **state)
{
    struct duo *d = duo_new();
    struct route second = d->b.at;

    (void)state;
    second.port = 1;
    second.peer.port++;
    tell_gate(d, true, 1000);
    assert_int_equal(party_check_from(&d->b, &second, false, 1000, &d->box), 0);
    order(d->core,
          (struct anchor_order){ .kind = ANCHOR_LEG,
                                 .call = CALL,
                                 .side = ANCHOR_CALLEE,
                                 .ufrag = d->b.our_ufrag,
                                 .pwd = d->b.our_pwd,
                                 .two_components = true },
          1000, &d->box);
    assert_int_equal(party_check_from(&d->b, &second, false, 1100, &d->box), 2);
    party_answer(&d->b, &second, 0, 1100, &d->box);
    party_connect(&d->b, 1100, &d->box);
    party_connect(&d->a, 1100, &d->box);
    d->box.count = 0;
    send_finished(d, &second, 1200); /* the caller has one component: there */
    assert_int_equal(sent_to(&d->box, &d->a.at), 1);
    send_finished(d, &d->a.at, 1200);
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    assert_int_equal(sent_to(&d->box, &second), 0);
    duo_free(d);
}

/* ---- Attacks ---------------------------------------------------------------------------------------- */

static void test_wrong_checks(void **state)
{
    struct duo *d = duo_running(1000);
    struct party forger = d->a, swapped = d->a, old = d->a;
    struct route there = route_of(66, 666);
    uint32_t drops[ANCHOR_DROPS];

    (void)state;
    forger.our_pwd = STR("not the password 0000000");
    swapped.our_ufrag = d->a.ufrag;
    swapped.ufrag = d->a.our_ufrag;
    old.ufrag = STR("eeee");
    for (unsigned i = 0; i < 50; i++) {
        party_check_from(&forger, &there, true, 1100, &d->box);
        party_check_from(&forger, &d->a.at, true, 1100, &d->box);
        party_check_from(&swapped, &there, true, 1100, &d->box);
        party_check_from(&old, &there, true, 1100, &d->box);
    }
    assert_int_equal(d->box.count, 0);
    send_media(d, &d->b.at, 8, 1, 1200);
    assert_int_equal(sent_to(&d->box, &d->a.at), 1);
    drops_of(d, CALL, ANCHOR_CALLER, 20000, drops);
    assert_int_equal(drops[ANCHOR_DROP_INTEGRITY], 100);
    assert_int_equal(drops[ANCHOR_DROP_USERNAME], 50);
    duo_free(d);
}

static void test_third_socket(void **state)
{
    struct duo *d = duo_running(1000);
    struct route there = d->a.at;

    (void)state;
    there.peer.port++;
    for (unsigned i = 0; i < 100; i++) {
        send_media(d, &there, 7, i, 1100);
        send_finished(d, &there, 1100);
    }
    assert_int_equal(d->box.count, 0);
    duo_free(d);
}

/* A check that was caught and sent again from elsewhere: no answer, no check, no other path. */
static void test_replay(void **state)
{
    struct duo *d = duo_running(1000);
    struct route there = route_of(66, 666);

    (void)state;
    party_check_from(&d->a, &d->a.at, true, 1100, &d->box);
    d->a.transactions--;
    d->box.count = 0;
    for (unsigned i = 0; i < 200; i++) {
        struct party again = d->a;
        uint8_t room[STUN_MAX];
        struct stun_check check = { .transaction = { 0, 1, (uint8_t)1001, d->a.transactions + 1u },
                                    .priority = 1,
                                    .role = STUN_CONTROLLING,
                                    .use_candidate = true,
                                    .username = STR("callerLegUfrag01:cccc") };

        give(d->core, &there, room, stun_write_check(room, &check, again.our_pwd), 1100 + i,
             &d->box);
    }
    assert_int_equal(d->box.count, 0);
    duo_free(d);
}

/* The owner of a leg points our stream at somebody: who does not answer our check gets nothing but a few of those. */
static void test_pointing(void **state)
{
    struct duo *d = duo_running(1000);
    struct route victim = route_of(66, 666);
    size_t sent = 0;

    (void)state;
    for (unsigned i = 0; i < 890; i++) { /* within one second of the leg's */
        d->box.count = 0;
        party_check_from(&d->a, &victim, true, 1100 + i, &d->box);
        send_media(d, &d->b.at, 8, i, 1100 + i);
        sent += sent_to(&d->box, &victim);
        for (size_t j = 0; j < d->box.count; j++)
            assert_true(!same_route(&d->box.items[j].to, &victim)
                        || d->box.items[j].octets[0] < 2); /* STUN */
    }
    assert_in_range(sent, 50, 50 + 26); /* in a second 50 are answered, and at most 25 are sent */
    duo_free(d);
}

static void test_foreign_answer(void **state)
{
    struct duo *d = duo_new();
    struct route there = route_of(66, 666);
    uint8_t room[STUN_MAX];
    struct stun_message ours;
    size_t n;

    (void)state;
    tell_gate(d, true, 1000);
    party_check_from(&d->b, &d->b.at, false, 1000, &d->box);
    ours = message_at(&d->box, 0);
    n = stun_write_answer(room, ours.transaction, &there.peer, d->b.pwd);
    give(d->core, &there, room, n, 1010, &d->box); /* right, but from elsewhere */
    n = stun_write_answer(room, ours.transaction, &there.peer, d->a.pwd);
    give(d->core, &d->b.at, room, n, 1010, &d->box); /* of another key */
    send_finished(d, &d->b.at, 1020);
    party_connect(&d->a, 1020, &d->box);
    assert_int_equal(sent_to(&d->box, &d->a.at), 2); /* not the handshake: nobody was confirmed */
    duo_free(d);
}

static void test_caps(void **state)
{
    struct duo *d = duo_running(1000);

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        send_media(d, &d->a.at, 7, i, 2000); /* audio has 100 a second */
        d->box.count = d->box.count > 400 ? 400 : d->box.count;
    }
    assert_int_equal(sent_to(&d->box, &d->b.at), 100);
    duo_free(d);
}

/* ---- Clients that are more than one address --------------------------------------------------------- */

/* Valid checks from several sockets do not move the stream; media do. */
static void test_multi_homed(void **state)
{
    struct duo *d = duo_running(1000);
    struct route other = route_of(3, 3003);

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        size_t at = d->box.count;

        party_check_from(&d->a, &other, false, 1100 + i * 50, &d->box);
        party_answer(&d->a, &other, at, 1100 + i * 50, &d->box);
    }
    d->box.count = 0;
    send_media(d, &d->b.at, 8, 1, 3000);
    assert_int_equal(sent_to(&d->box, &d->a.at), 1);
    send_media(d, &other, 7, 1, 3010); /* it is confirmed, so it may send */
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    send_media(d, &d->b.at, 8, 2, 3020);
    assert_int_equal(sent_to(&d->box, &other), 1);
    duo_free(d);
}

/* More addresses than there are paths: the one in use is not given away. */
static void test_many_addresses(void **state)
{
    struct duo *d = duo_running(1000);

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        struct route other = route_of((uint8_t)(10 + i), 3000);
        size_t at = d->box.count;

        party_check_from(&d->a, &other, false, 1100 + i * 100, &d->box);
        party_answer(&d->a, &other, at, 1100 + i * 100, &d->box);
    }
    d->box.count = 0;
    send_media(d, &d->b.at, 8, 1, 12000);
    assert_int_equal(sent_to(&d->box, &d->a.at), 1);
    send_media(d, &d->a.at, 7, 1, 12000);
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    duo_free(d);
}

/* A translator changes the port; the client sends no check (libnice), but media with the SSRC that we know. */
static void test_rebinding(void **state)
{
    struct duo *d = duo_running(1000);
    struct route moved = d->a.at, stranger = route_of(66, 666);
    unsigned asked = 0;

    (void)state;
    moved.peer.port = 4004;
    send_media(d, &d->a.at, 7, 1, 1100);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t now = 1200 + i * 20;
        size_t at = d->box.count;

        if (i % 12 == 0)
            duo_tick(d, now);
        at = d->box.count;
        send_media(d, &stranger, 9, i, now); /* not a source of this leg */
        assert_int_equal(d->box.count, at);
        send_media(d, &moved, 7, 2 + i, now);
        asked += d->box.count > at && same_route(&d->box.items[at].to, &moved)
                 && d->box.items[at].octets[1] == 1;
        party_answer(&d->a, &moved, at, now, &d->box);
        d->box.count = 0;
        send_media(d, &d->b.at, 8, 1 + i, now);
        if (sent_to(&d->box, &moved) > 0) {
            assert_true(now - 1100 >= 1000 && now - 1100 < 1600);
            assert_int_equal(asked, 1);
            duo_free(d);
            return;
        }
    }
    fail_msg("it never came back");
}

/* ---- Restart ---------------------------------------------------------------------------------------- */

static void test_restart(void **state)
{
    struct duo *d = duo_running(1000);
    struct party old = d->a;
    struct route again = route_of(1, 1111);
    size_t lost = 0;

    (void)state;
    d->a.our_ufrag = STR("callerLegUfrag11");
    d->a.our_pwd = STR("callerLegPassword0000011");
    d->a.ufrag = STR("CCCC");
    d->a.pwd = STR("callersNewPassword0001");
    tell_leg(d, &d->a, 2000);
    tell_client(d, &d->a, 2000);
    for (unsigned i = 0; i < 50; i++) {
        uint64_t now = 2000 + i * 20;
        size_t at = d->box.count;

        if (i == 10) {
            party_check_from(&d->a, &again, true, now, &d->box);
            party_answer(&d->a, &again, at, now, &d->box);
        }
        d->box.count = 0;
        send_media(d, i < 20 ? &d->a.at : &again, 7, i, now);
        send_media(d, &d->b.at, 8, i, now);
        lost += d->box.count != 2;
        assert_int_equal(sent_to(&d->box, &d->b.at), 1); /* the other leg notices nothing */
    }
    assert_int_equal(lost, 0);
    assert_int_equal(sent_to(&d->box, &again), 1);
    /* The old credentials are good for 30 s, then not. */
    d->box.count = 0;
    assert_int_equal(party_check_from(&old, &old.at, false, 31000, &d->box) > 0, 1);
    d->box.count = 0;
    assert_int_equal(party_check_from(&old, &old.at, false, 33000, &d->box), 0);
    duo_free(d);
}

/* The same socket under new credentials is asked and nominated anew. */
static void test_restart_same_socket(void **state)
{
    struct duo *d = duo_running(1000);
    size_t at;

    (void)state;
    d->b.ufrag = STR("DDDD");
    d->b.pwd = STR("calleesNewPassword0002");
    d->b.our_ufrag = STR("calleeLegUfrag22");
    d->b.our_pwd = STR("calleeLegPassword0000022");
    tell_leg(d, &d->b, 2000);
    tell_client(d, &d->b, 2000);
    at = d->box.count;
    assert_int_equal(party_check_from(&d->b, &d->b.at, false, 2100, &d->box), 2);
    assert_true(message_at(&d->box, at).use_candidate);
    party_answer(&d->b, &d->b.at, at, 2100, &d->box);
    assert_int_equal(party_check_from(&d->b, &d->b.at, false, 2200, &d->box), 1);
    duo_free(d);
}

/* ---- Silence ---------------------------------------------------------------------------------------- */

static void test_silent_death(void **state)
{
    struct duo *d = duo_running(1000);
    struct anchor_report r;
    unsigned silent = 0;

    (void)state;
    for (uint64_t now = 1250; now <= 50000; now += 250) {
        size_t at = d->box.count, answers = 0;

        duo_tick(d, now); /* the caller answers what we ask; the callee is dead */
        party_answer(&d->a, &d->a.at, at, now, &d->box);
        at = d->box.count;
        party_check_from(&d->a, &d->a.at, false, now, &d->box);
        for (; at < d->box.count; at++)
            answers += d->box.items[at].octets[0] == 1;
        assert_int_equal(answers, now - 1000 <= 5000);
        d->box.count = 0;
        while (core_next_report(d->core, &r)) {
            if (r.kind == ANCHOR_SILENT) {
                assert_int_equal(r.side, ANCHOR_CALLEE);
                assert_true(now >= 31000);
                silent++;
            }
        }
    }
    assert_int_equal(silent, 1);
    duo_free(d);
}

/* libnice sends indications, and answers; neither makes it dead. */
static void test_indications(void **state)
{
    static const uint8_t indication[20] = { 0, 0x11, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
    struct duo *d = duo_running(1000);

    (void)state;
    for (uint64_t now = 1250; now <= 30000; now += 250) {
        duo_tick(d, now);
        party_answer(&d->a, &d->a.at, 0, now, &d->box);
        party_answer(&d->b, &d->b.at, 0, now, &d->box);
        d->box.count = 0;
        give(d->core, &d->b.at, indication, sizeof indication, now, &d->box);
        assert_int_equal(d->box.count, 0);
    }
    assert_int_equal(party_check_from(&d->a, &d->a.at, false, 30000, &d->box), 1);
    d->box.count = 0;
    send_media(d, &d->a.at, 7, 1, 30000);
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    duo_free(d);
}

/* RFC 7675: who does not go on agreeing is not sent to, whatever comes with its address. */
static void test_consent(void **state)
{
    struct duo *d = duo_running(1000);
    size_t got = 0;

    (void)state;
    for (uint64_t now = 1020; now <= 40000; now += 20) {
        if (now % 250 == 0)
            duo_tick(d, now);
        party_answer(&d->b, &d->b.at, 0, now, &d->box);
        d->box.count = 0;
        send_media(d, &d->a.at, 7, (unsigned)(now / 20), now); /* but it never answers */
        send_media(d, &d->b.at, 8, (unsigned)(now / 20), now);
        for (size_t i = 0; i < d->box.count; i++) {
            if (same_route(&d->box.items[i].to, &d->a.at) && d->box.items[i].octets[0] >= 128) {
                assert_true(now <= 31000);
                got++;
            }
        }
    }
    assert_true(got > 1000);
    duo_free(d);
}

static void test_never_came(void **state)
{
    struct duo *d = duo_new();
    struct anchor_report r;
    unsigned silent = 0;

    (void)state;
    tell_gate(d, true, 1000);
    for (uint64_t now = 1000; now <= 40000; now += 250) {
        duo_tick(d, now);
        while (core_next_report(d->core, &r)) {
            assert_true(r.kind != ANCHOR_SILENT || now > 30000);
            silent += r.kind == ANCHOR_SILENT;
        }
    }
    assert_int_equal(silent, 2); /* both */
    assert_int_equal(d->box.count, 0);
    duo_free(d);
}

/* ---- The link --------------------------------------------------------------------------------------- */

static void test_server_returns(void **state)
{
    struct duo *d = duo_running(1000);

    (void)state;
    core_link_down(d->core, 2000);
    duo_tick(d, 50000);
    d->box.count = 0;
    core_link_up(d->core, 50000);
    order(d->core, (struct anchor_order){ .kind = ANCHOR_CALL, .call = CALL }, 50000, &d->box);
    tell_leg(d, &d->a, 50000);
    tell_leg(d, &d->b, 50000);
    tell_client(d, &d->a, 50000);
    tell_client(d, &d->b, 50000);
    party_connect(&d->a, 50000, &d->box); /* consent has gone meanwhile: nobody answered here */
    party_connect(&d->b, 50000, &d->box);
    d->box.count = 0;
    send_media(d, &d->a.at, 7, 1, 50100); /* the gate is still open */
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    tell_gate(d, true, 50200);
    order(d->core, (struct anchor_order){ .kind = ANCHOR_SYNCED }, 50200, &d->box);
    duo_tick(d, 70000); /* nothing ends it any more */
    party_check_from(&d->a, &d->a.at, false, 70000, &d->box);
    d->box.count = 0;
    assert_int_equal(party_check_from(&d->b, &d->b.at, false, 70000, &d->box), 1);
    duo_free(d);
}

static void test_server_does_not_return(void **state)
{
    struct duo *d = duo_running(1000);

    (void)state;
    core_link_down(d->core, 2000);
    duo_tick(d, 61999);
    d->box.count = 0;
    assert_true(party_check_from(&d->a, &d->a.at, false, 61999, &d->box) > 0);
    duo_tick(d, 62000);
    d->box.count = 0;
    assert_int_equal(party_check_from(&d->a, &d->a.at, false, 62000, &d->box), 0);
    duo_free(d);
}

static void check_totals(struct duo *d, uint64_t calls)
{
    struct anchor_report r;
    uint64_t seen = UINT64_MAX;

    duo_tick(d, 120000);
    while (core_next_report(d->core, &r))
        seen = r.kind == ANCHOR_TOTALS ? r.totals[ANCHOR_TOTAL_CALLS] : seen;
    assert_int_equal(seen, calls);
}

static void test_not_told_again(void **state)
{
    struct duo *d = duo_running(1000);

    (void)state;
    core_link_down(d->core, 2000);
    core_link_up(d->core, 2100);
    order(d->core, (struct anchor_order){ .kind = ANCHOR_SYNCED }, 2200, &d->box);
    send_media(d, &d->a.at, 7, 1, 2300);
    assert_int_equal(sent_to(&d->box, &d->b.at),
                     1); /* that server is new: the call has its minute */
    order(d->core, (struct anchor_order){ .kind = ANCHOR_CALL, .call = 2 * CALL }, 2400, &d->box);
    duo_tick(d, 62000);
    d->box.count = 0;
    party_check_from(&d->a, &d->a.at, false, 62000, &d->box);
    assert_int_equal(d->box.count, 0);
    check_totals(d, 1); /* the new one stays */
    duo_free(d);
}

/* A new process is told of a call that runs: there will be no handshake any more. */
static void test_anchor_returns(void **state)
{
    struct duo *d = duo_new();
    struct core_config config = { 4, 8, { count_up, &d->seed } };

    (void)state;
    core_free(d->core);
    d->core = d->a.core = d->b.core = core_new(&config);
    core_link_up(d->core, 1000);
    order(d->core, (struct anchor_order){ .kind = ANCHOR_CALL, .call = CALL }, 1000, &d->box);
    tell_leg(d, &d->a, 1000);
    tell_leg(d, &d->b, 1000);
    tell_client(d, &d->a, 1000);
    tell_client(d, &d->b, 1000);
    tell_gate(d, true, 1000);
    order(d->core, (struct anchor_order){ .kind = ANCHOR_SYNCED }, 1000, &d->box);
    party_connect(&d->a, 2000, &d->box);
    party_connect(&d->b, 2000, &d->box);
    d->box.count = 0;
    send_media(d, &d->a.at, 7, 1, 2100);
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    duo_free(d);
}

/* ---- Many ------------------------------------------------------------------------------------------- */

/* Calls come and go beyond what there is room for; what has ended leaves nothing behind. */
static void test_room(void **state)
{
    struct duo *d = duo_running(1000);
    struct anchor_report r;
    char ufrag[] = "00000000000000xx";
    unsigned refused = 0;

    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 6; i++) {
            struct anchor_order o = { .kind = ANCHOR_CALL, .call = 2 + i };

            order(d->core, o, 1000, &d->box);
            ufrag[0] = (char)('a' + round % 26);
            ufrag[1] = (char)('a' + i);
            o.kind = ANCHOR_LEG;
            o.ufrag = str_from(ufrag);
            o.pwd = STR("anyLegPassword0000000001");
            for (unsigned side = 0; side < 2; side++) {
                o.side = (enum anchor_side)side;
                ufrag[2] = (char)('a' + side);
                order(d->core, o, 1000, &d->box);
            }
        }
        while (core_next_report(d->core, &r))
            refused += r.kind == ANCHOR_SILENT;
        for (unsigned i = 0; i < 6; i++)
            order(d->core, (struct anchor_order){ .kind = ANCHOR_END, .call = 2 + i }, 1000,
                  &d->box);
    }
    assert_int_equal(refused, 50 * 3); /* there is room for four calls, and one runs */
    send_media(d, &d->a.at, 7, 1, 1100);
    assert_int_equal(sent_to(&d->box, &d->b.at), 1);
    duo_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shut),
        cmocka_unit_test(test_shut_again),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_media),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_hold_ends),
        cmocka_unit_test(test_early_check),
        cmocka_unit_test(test_check_before_the_gate),
        cmocka_unit_test(test_lost_check),
        cmocka_unit_test(test_components),
        cmocka_unit_test(test_wrong_checks),
        cmocka_unit_test(test_third_socket),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_pointing),
        cmocka_unit_test(test_foreign_answer),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_multi_homed),
        cmocka_unit_test(test_many_addresses),
        cmocka_unit_test(test_rebinding),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_restart_same_socket),
        cmocka_unit_test(test_silent_death),
        cmocka_unit_test(test_indications),
        cmocka_unit_test(test_consent),
        cmocka_unit_test(test_never_came),
        cmocka_unit_test(test_server_returns),
        cmocka_unit_test(test_server_does_not_return),
        cmocka_unit_test(test_not_told_again),
        cmocka_unit_test(test_anchor_returns),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
