/* fuzz_login.c: a hostile server, or somebody in between, from the first octet on: features, STARTTLS, SASL in both profiles, tokens,
 * binding, resumption, and the making of an account. The first octet says how it begins (enum below); then octet 0 stands for a pause, in
 * which TLS begins if the client wants it to.
 *
 * Whatever comes: before TLS nothing leaves but the header and the wish for TLS; the password never leaves, in clear or in base64, but for
 * an account that is made with it; who was stronger once is not believed to be weaker; and what was learned can be begun with again. With
 * FUZZ_LOGIN_SHOW in the environment what leaves is printed, for the corpus: nonces are the same each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "client/signup.h"
#include "test/fuzz/talk.h"

#define TOKEN "a token of this device"

enum {
    SECURED = 1,
    BINDS = 2,
    HAS_TOKEN = 4,
    SIGNS_UP = 8,
    PINNED = 16, /* SASL2, channel binding, SHA-256 */
    RESUMES = 32,
    STEP_MS = 1000,
    ALIGNMENTS = 3,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct book store; /* what every engine begins with */
static bool shows;
static const uint8_t exporter[32] = { 1 };

static struct binding_data binding_of(uint8_t how)
{
    return (struct binding_data){ .exporter = bytes_of(exporter,
                                                       (how & BINDS) != 0 ? sizeof exporter : 0) };
}

/* ---- What must not leave --------------------------------------------------------------------------- */

static bool has(struct str out, const char *text)
{
    return out.n > 0 && memmem(out.p, out.n, text, strlen(text)) != NULL;
}

/* What of it does not depend on its neighbours, at each of the places where base64 can begin. */
static bool has_base64(struct arena *a, struct str out, const char *secret)
{
    for (size_t i = 0; i < ALIGNMENTS; i++) {
        struct str text = arena_printf(a, "%.*s%s", (int)i, "  ", secret);
        struct str whole = base64_text(a, bytes_of_str(text));
        struct str core = str_slice(whole, i > 0 ? 4 : 0, whole.n - 8);

        if (out.n > 0 && memmem(out.p, out.n, core.p, core.n) != NULL)
            return true;
    }
    return false;
}

static void check_output(struct str out, uint8_t how, bool secured)
{
    struct arena a = { 0 };

    if (shows)
        printf("%.*s\n", STR_ARG(out));
    if (!secured)
        talk_check(!has(out, "<auth") && !has(out, "<iq") && !has(out, "<message")
                   && !has(out, "<resume"));
    talk_check(!has(out, TOKEN) && !has_base64(&a, out, TALK_PASSWORD));
    talk_check((secured && (how & SIGNS_UP) != 0) || !has(out, TALK_PASSWORD));
    if ((how & PINNED) != 0) {
        talk_check(!has(out, "<auth ") && !has(out, "'SCRAM-SHA-1") && !has(out, "\"SCRAM-SHA-1"));
        talk_check((how & BINDS) == 0 || !has(out, "SCRAM") || has(out, "-PLUS"));
    }
    arena_deinit(&a);
}

/* A challenge of SCRAM with a number of rounds that takes seconds, which the cap of a client allows (xmpp/sasl.h). */
static bool takes_long(struct arena *a, struct str text)
{
    struct bytes plain;
    const char *at;
    size_t digits = 0;

    if (text.n < 16 || base64_read(a, text, &plain) != ERR_NONE
        || (at = memmem(plain.p, plain.n, ",i=", 3)) == NULL)
        return false;
    for (at += 3; at < (const char *)plain.p + plain.n && *at >= '0' && *at <= '9'; at++)
        digits++;
    return digits > 5;
}

static bool asks_for_much(struct str in)
{
    struct arena a = { 0 };
    bool much = false;

    for (struct str rest = in; rest.p != NULL && !much;) {
        struct str text = str_split(&rest, '<');

        much = takes_long(&a, str_trim(str_skip(text, str_find(text, '>') + 1)));
    }
    arena_deinit(&a);
    return much;
}

/* ---- An account that is there ---------------------------------------------------------------------- */

static void remember_row(struct book *rows, const char *name, struct bytes value)
{
    book_load(rows, BOOK_SELF, engine_key(name), value);
}

static void rows_of(uint8_t how, struct book *rows)
{
    static const uint8_t pins[] = { 1, 1, HASH_SHA256 };
    bool binds = (how & BINDS) != 0;

    talk_copy(&store, rows);
    remember_row(rows, "agent", bytes_of_str(STR("d4565fa7-4d72-4749-b3d3-740edbf87770")));
    if ((how & HAS_TOKEN) != 0) {
        remember_row(rows, "token", bytes_of_str(STR(TOKEN)));
        remember_row(rows, "token-name",
                     bytes_of_str(binds ? STR("HT-SHA-256-EXPR") : STR("HT-SHA-256-NONE")));
    }
    if ((how & PINNED) != 0)
        remember_row(rows, "pins", bytes_of(pins, sizeof pins));
}

/* One round of everything but input. */
static void pause_for(struct engine *c, struct book *durable, uint8_t how, bool *secured)
{
    const struct book_changes *changes;
    struct engine_event e;
    uint64_t wake;

    while ((changes = engine_commit(c)) != NULL) {
        talk_apply(durable, changes);
        engine_committed(c, true);
    }
    while (engine_event(c, &e))
        talk_check(e.kind != ENGINE_ONLINE || *secured);
    check_output(engine_output(c), how, *secured);
    engine_sent(c, engine_output(c).n);
    if (engine_wants(c, &wake) == WANT_TLS) {
        *secured = true;
        engine_secured(c, binding_of(how));
    }
    engine_now(c, c->now_ms + STEP_MS);
}

static void log_in(uint8_t how, struct str in)
{
    uint64_t dice = 3;
    struct random random = talk_random(&dice);
    bool secured = (how & SECURED) != 0;
    struct book rows;
    struct engine *c;

    rows_of(how, &rows);
    c = talk_engine(&random, &rows);
    if ((how & RESUMES) != 0)
        c->line.sm_id = arena_str(&c->line.session, STR("before"));
    engine_connected(c, secured, binding_of(how));
    while (in.p != NULL) {
        engine_received(c, str_split(&in, '\0'));
        pause_for(c, &rows, how, &secured);
    }
    if (c->line.state == LINE_ONLINE && !c->line.login.result.resumed)
        talk_check(str_is(c->line.login.result.jid.local, "bob"));
    engine_disconnected(c);
    engine_free(c);
    engine_free(talk_engine(&random, &rows));
    book_deinit(&rows);
}

/* ---- One that is made ------------------------------------------------------------------------------ */

static void sign_up(uint8_t how, struct str in)
{
    bool secured = (how & SECURED) != 0;
    enum signup_step step = SIGNUP_MORE;
    struct arena a = { 0 };
    struct signup s;
    struct jid jid;

    talk_check(jid_parse(&a, STR(BOB), &jid) == ERR_NONE);
    signup_init(&s, &jid, STR("invitation"), STR(TALK_PASSWORD));
    signup_open(&s, secured);
    while (in.p != NULL && (step == SIGNUP_MORE || step == SIGNUP_START_TLS)) {
        step = signup_feed(&s, str_split(&in, '\0'));
        check_output(stream_output(&s.stream), how, secured);
        talk_check(secured || !has(stream_output(&s.stream), "invitation"));
        stream_sent(&s.stream, stream_output(&s.stream).n);
        if (step == SIGNUP_START_TLS) {
            talk_check(!secured);
            secured = true;
            signup_secured(&s);
        }
    }
    talk_check(step != SIGNUP_DONE || (secured && s.asked));
    signup_deinit(&s);
    arena_deinit(&a);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    shows = getenv("FUZZ_LOGIN_SHOW") != NULL;
    talk_store(&store);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str in = { (const char *)data + 1, n - (n > 0) };

    if (n == 0 || asks_for_much(in))
        return 0;
    if ((data[0] & SIGNS_UP) != 0)
        sign_up(data[0], in);
    else
        log_in(data[0], in);
    return 0;
}
