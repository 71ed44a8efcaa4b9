/* test_control_parse.c: requests of the control socket, good and refused. */
#include "test/unit/check.h"

#include <string.h>

#include "server/control_parse.h"

static void handle(struct control_call *call)
{
    (void)call;
}

static const struct control_command first_table[] = {
    { "user add", FIELD_JID | FIELD_PASSWORD, 0, handle },
    { "user add-many", FIELD_PREFIX | FIELD_COUNT | FIELD_PASSWORD, 0, handle },
    { "invite create", 0, FIELD_DOMAIN | FIELD_DAYS, handle },
    { "invite withdraw", FIELD_TOKEN, 0, handle },
    { "stats", 0, 0, NULL },
};
static const struct control_command second_table[] = { { "stats", 0, 0, handle },
                                                       { "events", 0, 0, NULL } };

/* `why`: how the sentence begins; the JSON library words some of them. */
static const struct {
    const char *line, *code, *why;
} refused[] = {
    { "", "usage", "not a JSON object: " },
    { "[]", "usage", "command: a text that is not empty" },
    { "{\"command\":1}", "usage", "command: a text that is not empty" },
    { "{\"command\":\"user\"}", "usage", "command: there is no 'user'" },
    { "{\"command\":\"events\"}", "unbuilt", "events: not built yet" },
    { "{\"command\":\"stats\",\"x\":1}", "usage",
      "stats: the request has a member that this command does not take" },
    { "{\"command\":\"stats\",\"command\":\"stats\"}", "usage", "not a JSON object: duplicate" },
    { "{\"command\":\"user add\",\"password\":\"x\"}", "usage", "jid: a text that is not empty" },
    { "{\"command\":\"user add\",\"jid\":\"@\",\"password\":\"x\"}", "usage",
      "jid: an address such as name@a.example" },
    { "{\"command\":\"user add\",\"jid\":\"a.example\",\"password\":\"x\"}", "usage",
      "jid: an address such as name@a.example" },
    { "{\"command\":\"user add\",\"jid\":\"n@a.example/r\",\"password\":\"x\"}", "usage",
      "jid: an address such as name@a.example" },
    { "{\"command\":\"user add\",\"jid\":\"n@c.example\",\"password\":\"x\"}", "usage",
      "jid: c.example is not a domain of this server (a.example, b.example)" },
    { "{\"command\":\"user add\",\"jid\":\"n@a.example\",\"password\":\"\"}", "usage",
      "password: a text that is not empty" },
    { "{\"command\":\"user add\",\"jid\":\"n@a.example\",\"password\":\"a\\u0007\"}", "usage",
      "password: it holds characters that passwords may not have (RFC 8265)" },
    { "{\"command\":\"user add-many\",\"prefix\":\"u\",\"count\":0,\"password\":\"x\"}", "usage",
      "count: a number from 1 to 10000000" },
    { "{\"command\":\"user add-many\",\"prefix\":\"u\",\"count\":10000001,\"password\":\"x\"}",
      "usage", "count: a number from 1 to 10000000" },
    { "{\"command\":\"user add-many\",\"prefix\":\"u\",\"count\":1.5,\"password\":\"x\"}", "usage",
      "count: a number from 1 to 10000000" },
    { "{\"command\":\"user add-many\",\"prefix\":\"u v\",\"count\":1,\"password\":\"x\"}", "usage",
      "prefix: an address such as name@a.example" },
    { "{\"command\":\"invite create\",\"domain\":\"c.example\"}", "usage",
      "domain: one of a.example, b.example" },
    { "{\"command\":\"invite withdraw\"}", "usage", "token: a text that is not empty" },
    { "{\"command\":\"invite create\",\"days\":-1}", "usage", "days: a number from 1 to 3650" },
};

struct fixture {
    struct arena arena;
    const struct config *config;
    const struct control_command *command;
    void *ctx;
    struct control_args args;
    struct control_problem problem;
};

static int second_ctx;

static enum err parse(struct fixture *f, const char *line)
{
    const struct control_table tables[] = { { first_table, COUNT_OF(first_table), NULL },
                                            { second_table, COUNT_OF(second_table), &second_ctx } };

    return control_parse(str_from(line), tables, COUNT_OF(tables), f->config, &f->arena,
                         &f->command, &f->ctx, &f->args, &f->problem);
}

static int setup(void **state)
{
    const char *const overrides[] = { "server.domain=a.example b.example" };
    struct fixture *f = mem_alloc(sizeof *f);
    struct buf problems;

    buf_init(&problems, 1000);
    if (config_load(NULL, overrides, 1, &f->config, &problems) != ERR_NONE)
        return -1;
    control_json_init();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    config_unref(f->config);
    arena_deinit(&f->arena);
    mem_free(f);
    return 0;
}

static void bad_requests_are_explained(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        check_err(refused[i].line, parse(f, refused[i].line), ERR_MALFORMED);
        check_str(refused[i].line, str_slice(f->problem.why, 0, strlen(refused[i].why)),
                  refused[i].why);
        assert_string_equal(f->problem.code, refused[i].code);
    }
}

static void arguments_are_prepared(void **state)
{
    struct fixture *f = *state;

    check_err(
        "add",
        parse(f,
              "{\"command\":\"user add\",\"jid\":\"Juliet@A.Example\",\"password\":\"a\\u00a0b\"}"),
        ERR_NONE);
    assert_ptr_equal(f->command, &first_table[0]);
    check_str("local", f->args.jid.local, "juliet");
    check_str("domain", f->args.jid.domain, "a.example");
    check_str("password", f->args.password, "a b"); /* RFC 8265 §4.2.1: spaces are mapped */

    check_err(
        "many",
        parse(f, "{\"command\":\"user add-many\",\"prefix\":\"U\",\"count\":3,\"password\":\"x\"}"),
        ERR_NONE);
    check_str("prefix", f->args.prefix.local, "u");
    check_str("its domain", f->args.prefix.domain, "a.example");
    assert_int_equal(f->args.count, 3);
    check_err("many",
              parse(f, "{\"command\":\"user "
                       "add-many\",\"prefix\":\"u@b.example\",\"count\":3,\"password\":\"x\"}"),
              ERR_NONE);
    check_str("its domain", f->args.prefix.domain, "b.example");
}

static void optional_arguments_have_defaults(void **state)
{
    struct fixture *f = *state;

    check_err("invite", parse(f, "{\"command\":\"invite create\"}"), ERR_NONE);
    check_str("domain", f->args.domain, "a.example");
    assert_int_equal(f->args.days, 0);
    check_err("invite",
              parse(f, "{\"command\":\"invite create\",\"domain\":\"B.example\",\"days\":2}"),
              ERR_NONE);
    check_str("domain", f->args.domain, "b.example");
    assert_int_equal(f->args.days, 2);
}

static void later_tables_win(void **state)
{
    struct fixture *f = *state;

    check_err("stats", parse(f, "{\"command\":\"stats\"}"), ERR_NONE);
    assert_ptr_equal(f->command, &second_table[0]);
    assert_ptr_equal(f->ctx, &second_ctx);
}

/* No prefix of a request is one, and none reads past its end. */
static void cut_requests_are_refused(void **state)
{
    static const char whole[] =
        "{\"command\":\"user add\",\"jid\":\"n@a.example\",\"password\":\"\\u00e4\"}";
    struct fixture *f = *state;

    for (size_t n = 0; n < sizeof whole - 1; n++) {
        char *cut = mem_alloc(n + 1);

        memcpy(cut, whole, n);
        check_err(whole, parse(f, cut), ERR_MALFORMED);
        mem_free(cut);
    }
    check_err(whole, parse(f, whole), ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bad_requests_are_explained, setup, teardown),
        cmocka_unit_test_setup_teardown(arguments_are_prepared, setup, teardown),
        cmocka_unit_test_setup_teardown(optional_arguments_have_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(later_tables_win, setup, teardown),
        cmocka_unit_test_setup_teardown(cut_requests_are_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
