/* test_client.c: the client engine against scripted servers, cut at every byte.
 *
 * The SCRAM exchanges are those of RFC 5802 §5 and RFC 7677 §3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/encode.h"
#include "bench/load/client.h"

#define HEADER                                                                                     \
    "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' id='x'>"
#define SASL "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
#define SM   "xmlns='urn:xmpp:sm:3'"
#define OPENING                                                                                    \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "                                   \
    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='localhost'>"

static const struct exchange {
    const char *mechanism, *nonce, *first, *challenge, *final, *success;
} exchanges[] = {
    { "SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
      "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
      "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
    { "SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
};

/* A client, what it said, and one letter per event. */
struct scene {
    struct arena arena;
    struct keyring ring;
    struct client_profile profile;
    struct client client;
    struct buf events, texts;
    size_t step; /* bytes per feed */
};

static struct scene *scene_new(const struct exchange *x, bool acks, size_t step)
{
    struct scene *s = mem_alloc(sizeof *s);

    assert_int_equal(keyring_init(&s->ring, x->mechanism, "pencil"), ERR_NONE);
    s->profile = (struct client_profile){ .domain = "localhost",
                                          .mechanism = x->mechanism,
                                          .keyring = &s->ring,
                                          .acks = acks,
                                          .presence = true };
    s->step = step;
    buf_init(&s->events, 1 << 16);
    buf_init(&s->texts, 1 << 16);
    client_init(&s->client, &s->profile);
    client_reset(&s->client, STR("user"), STR("load0"), str_from(x->nonce));
    return s;
}

static void scene_free(struct scene *s)
{
    client_deinit(&s->client);
    keyring_deinit(&s->ring);
    buf_deinit(&s->events);
    buf_deinit(&s->texts);
    arena_deinit(&s->arena);
    mem_free(s);
}

static void note_event(struct scene *s, const struct client_event *event)
{
    static const char letters[] = {
        [CLIENT_WANTS_TLS] = 'T', [CLIENT_READY] = 'R',   [CLIENT_MESSAGE] = 'M',
        [CLIENT_ACKED] = 'A',     [CLIENT_REFUSED] = 'X', [CLIENT_ENDED] = 'E'
    };

    buf_add_char(&s->events, letters[event->kind]);
    if (event->kind == CLIENT_ACKED)
        buf_add_u64(&s->texts, event->tag);
    buf_add(&s->texts, event->text);
}

/* The server says something; `answer` is all that the client says to it, NULL: not looked at. */
static void say(struct scene *s, const char *text, const char *answer)
{
    struct client_event event;

    for (struct str rest = str_from(text); rest.n > 0; rest = str_skip(rest, s->step)) {
        struct str copy = arena_str(&s->arena, str_slice(rest, 0, s->step));

        client_feed(&s->client, copy);
        while (client_next(&s->client, &event))
            note_event(s, &event);
    }
    if (answer != NULL) {
        assert_int_equal(s->client.out.n, str_from(answer).n);
        assert_memory_equal(s->client.out.p, answer, s->client.out.n);
    }
    buf_reset(&s->client.out);
}

static void expect_events(struct scene *s, const char *letters)
{
    assert_int_equal(s->events.n, str_from(letters).n);
    assert_memory_equal(s->events.p, letters, s->events.n);
    buf_reset(&s->events);
}

/* "<name SASL>base64 of text</name>", or with a mechanism for <auth/>. */
static const char *sasl(struct scene *s, const char *open, const char *text, const char *close)
{
    struct str coded = base64_text(&s->arena, bytes_of_str(str_from(text)));

    return arena_printf(&s->arena, "<%s>%.*s</%s>", open, STR_ARG(coded), close).p;
}

static void authenticate(struct scene *s, const struct exchange *x)
{
    const char *features = arena_printf(&s->arena,
                                        HEADER "<stream:features><mechanisms " SASL
                                               "><mechanism>PLAIN</mechanism><mechanism>%s-PLUS"
                                               "</mechanism><mechanism>%s</mechanism></mechanisms>"
                                               "</stream:features>",
                                        x->mechanism, x->mechanism)
                               .p;
    const char *auth = arena_printf(&s->arena, "auth " SASL " mechanism='%s'", x->mechanism).p;

    client_secured(&s->client);
    buf_reset(&s->client.out);
    say(s, features, sasl(s, auth, x->first, "auth"));
    say(s, sasl(s, "challenge " SASL, x->challenge, "challenge"),
        sasl(s, "response " SASL, x->final, "response"));
    say(s, sasl(s, "success " SASL, x->success, "success"), OPENING);
}

static void bind(struct scene *s)
{
    say(s,
        HEADER "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm " SM "/>"
               "</stream:features>",
        "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load0"
        "</resource></bind></iq>");
    say(s,
        "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>"
        "user@localhost/load0</jid></bind></iq>",
        s->profile.acks
            ? "<enable " SM "/>"
            : "<presence/><iq type='get' id='settled'><ping xmlns='urn:xmpp:ping'/></iq>");
    if (s->profile.acks)
        say(s, "<enabled " SM "/>",
            "<presence/><iq type='get' id='settled'><ping xmlns='urn:xmpp:ping'/></iq>");
    expect_events(s, "");
    say(s, "<presence from='user@localhost/load0'/><iq type='result' id='settled'/>", "");
    expect_events(s, "R");
}

static void logs_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(exchanges); i++)
        for (size_t step = 1; step < 800; step = step < 8 ? step + 1 : step * 3)
            for (int acks = 0; acks < 2; acks++) {
                struct scene *s = scene_new(&exchanges[i], acks, step);

                client_open(&s->client);
                buf_reset(&s->client.out);
                say(s,
                    HEADER "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>"
                           "<required/></starttls></stream:features>",
                    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
                say(s, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "");
                expect_events(s, "T");
                authenticate(s, &exchanges[i]);
                bind(s);
                assert_true(str_is(buf_str(&s->client.address), "user@localhost/load0"));
                scene_free(s);
            }
}

static void counts_and_acknowledges(void **state)
{
    (void)state;
    for (size_t step = 1; step < 400; step = step < 8 ? step + 1 : step * 3) {
        struct scene *s = scene_new(&exchanges[0], true, step);

        authenticate(s, &exchanges[0]);
        bind(s);
        client_sent(&s->client, 111); /* the presence and the ping were stanzas 1 and 2 */
        client_sent(&s->client, 222);
        client_sent(&s->client, 333);
        say(s, "<a " SM " h='3'/><message id='m1'><body>x</body></message>", "");
        expect_events(s, "AM");
        say(s, "<a h=\"3\" " SM "/><a " SM " h='5'/>", "");
        expect_events(s, "AA");
        assert_true(
            str_is(buf_str(&s->texts), "111<message id='m1'><body>x</body></message>222333"));
        /* Received so far: presence, iq, message. */
        say(s, "<r " SM "/>", "<a " SM " h='3'/>");
        say(s, "<a " SM " h='6'/>", "");
        expect_events(s, "X"); /* more than was sent */
        scene_free(s);
    }
}

static void answers_what_a_server_asks(void **state)
{
    struct scene *s = scene_new(&exchanges[0], false, 7);

    (void)state;
    authenticate(s, &exchanges[0]);
    bind(s);
    say(s, "<iq type='get' from='localhost' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq id='p1' to='localhost' type='result'/>");
    say(s, "<iq type='set' id='r1'><query xmlns='jabber:iq:roster'/></iq>",
        "<iq id='r1' type='error'><error type='cancel'><service-unavailable "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    say(s, "<iq type='result' id='r2'/><presence/>", "");
    expect_events(s, "");
    say(s, "</stream:stream>", "");
    expect_events(s, "E");
    scene_free(s);
}

/* Each ends the login with a sentence that names the server's own condition. */
static const struct {
    const char *said, *why;
} refusals[] = {
    { "<failure " SASL "><not-authorized/><text>wrong password</text></failure>",
      "the server refused the login: not-authorized (wrong password)" },
    { "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
      "the server ended the stream: host-unknown" },
    { "<challenge " SASL ">bm9uc2Vuc2U=</challenge>", "the server's SCRAM challenge is not valid" },
    /* A nonce that does not begin with ours: RFC 5802 §5.1. */
    { "<challenge " SASL ">cj1hYmMscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==</challenge>",
      "the server's SCRAM challenge is not valid" },
};

static void tells_why_it_was_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        struct scene *s = scene_new(&exchanges[0], false, 5);

        client_secured(&s->client);
        say(s,
            HEADER "<stream:features><mechanisms " SASL "><mechanism>SCRAM-SHA-1</mechanism>"
                   "</mechanisms></stream:features>",
            NULL);
        say(s, refusals[i].said, NULL);
        expect_events(s, "X");
        assert_true(str_is(buf_str(&s->texts), refusals[i].why));
        scene_free(s);
    }
}

static void demands_the_servers_proof(void **state)
{
    struct scene *s = scene_new(&exchanges[0], false, 9);

    (void)state;
    client_secured(&s->client);
    say(s,
        HEADER "<stream:features><mechanisms " SASL
               "><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
               "</stream:features>",
        NULL);
    say(s, sasl(s, "challenge " SASL, exchanges[0].challenge, "challenge"), NULL);
    say(s, sasl(s, "success " SASL, "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "success"), NULL);
    expect_events(s, "X");
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_in),
        cmocka_unit_test(counts_and_acknowledges),
        cmocka_unit_test(answers_what_a_server_asks),
        cmocka_unit_test(tells_why_it_was_refused),
        cmocka_unit_test(demands_the_servers_proof),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
