/* commands.c: what each subcommand asks for and how it prints the answer for people. */
#include "ctl/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/check.h"
#include "ctl/events.h"
#include "ctl/files.h"
#include "ctl/stats.h"
#include "io/qr.h"

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static long long number(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

/* ---- Printers ---- */

static void print_added(const json_t *result)
{
    printf("%s: created\n", member(result, "jid"));
}

static void print_added_many(const json_t *result)
{
    printf("%lld accounts created\n", number(result, "added"));
    if (number(result, "existed") > 0)
        printf("%lld existed already and keep their passwords\n", number(result, "existed"));
}

static void print_list(const json_t *result)
{
    for (size_t i = 0; i < json_array_size(result); i++)
        printf("%s\n", json_string_value(json_array_get(result, i)));
}

static void print_deleted(const json_t *result)
{
    printf("%s: deleted\n", member(result, "jid"));
}

static void print_id(const json_t *result)
{
    printf("%s\n", member(result, "id"));
}

static void print_rule(const json_t *result)
{
    printf("%s %s %s\n", member(result, "peer"),
           json_is_true(json_object_get(result, "allowed")) ? "may call" : "has no rule to call",
           member(result, "jid"));
}

static void print_suspension(const json_t *result)
{
    const char *until = member(result, "until");

    if (!json_is_true(json_object_get(result, "suspended")))
        printf("%s may call\n", member(result, "jid"));
    else if (until[0] != '\0')
        printf("%s calls nobody until %s\n", member(result, "jid"), until);
    else
        printf("%s calls nobody\n", member(result, "jid"));
}

static void print_rules(const json_t *result)
{
    const json_t *allowed = json_object_get(result, "allowed");

    print_suspension(result);
    for (size_t i = 0; i < json_array_size(allowed); i++)
        printf("%s may call %s\n", json_string_value(json_array_get(allowed, i)),
               member(result, "jid"));
}

static void print_invite(const json_t *result)
{
    printf("%s\n", member(result, "uri"));
    if (json_is_string(json_object_get(result, "page")))
        printf("%s\n", member(result, "page"));
    printf("good for one account until %s\n", member(result, "expires"));
}

static void print_drained(const json_t *result)
{
    (void)result;
    printf("the server drains and ends\n");
}

/* ---- Runs ---- */

static int ask_and_print(struct session *s, void (*print)(const json_t *result))
{
    json_t *result;
    int status = session_ask(s, &result);

    if (status != STATUS_DONE)
        return status;
    if (!s->json)
        print(result);
    return session_answer(s, result);
}

static int user_add(struct session *s)
{
    return ask_and_print(s, print_added);
}

static int user_add_many(struct session *s)
{
    return ask_and_print(s, print_added_many);
}

static int user_list(struct session *s)
{
    return ask_and_print(s, print_list);
}

static int user_delete(struct session *s)
{
    return ask_and_print(s, print_deleted);
}

static int user_id(struct session *s)
{
    return ask_and_print(s, print_id);
}

static void print_withdrawn(const json_t *result)
{
    (void)result;
    printf("Nobody can use it any more.\n");
}

static int invite_withdraw(struct session *s)
{
    return ask_and_print(s, print_withdrawn);
}

static int call_rule(struct session *s)
{
    return ask_and_print(s, print_rule);
}

static int call_suspension(struct session *s)
{
    return ask_and_print(s, print_suspension);
}

static int call_list(struct session *s)
{
    return ask_and_print(s, print_rules);
}

static void print_invite_code(const json_t *result)
{
    struct arena a = { 0 };

    print_invite(result);
    (void)qr_print(&a, str_from(member(result, "uri")));
    arena_deinit(&a);
}

static int invite_create(struct session *s)
{
    return ask_and_print(s, s->qr ? print_invite_code : print_invite);
}

static int stats(struct session *s)
{
    return ask_and_print(s, stats_print);
}

static int drain(struct session *s)
{
    return ask_and_print(s, print_drained);
}

/* ---- The table ---- */

/* clang-format off */
const struct command commands[] = {
    { { "user", "add" }, { "jid" }, TAKES_PASSWORD, user_add,
      "JID --password-stdin",
      "create an account; the password is the first line of standard input" },
    { { "user", "add-many" }, { "prefix", "count" }, TAKES_PASSWORD, user_add_many,
      "PREFIX COUNT --password-stdin", "create PREFIX0 to PREFIX(COUNT-1), all with one password" },
    { { "user", "list" }, { NULL }, 0, user_list, "", "print all accounts" },
    { { "user", "delete" }, { "jid" }, 0, user_delete,
      "JID", "remove an account and all that belongs to it" },
    { { "user", "id" }, { "jid" }, 0, user_id,
      "JID", "print the name that stands for an account in the log" },
    { { "call", "allow" }, { "jid", "peer" }, 0, call_rule,
      "JID PEER", "let PEER's calls ring at JID, whether or not they know each other" },
    { { "call", "disallow" }, { "jid", "peer" }, 0, call_rule,
      "JID PEER", "take that back; contacts of JID are not concerned" },
    { { "call", "suspend" }, { "jid" }, TAKES_HOURS, call_suspension,
      "JID [--hours N]", "let no call of JID ring anywhere; it hears nothing of it" },
    { { "call", "resume" }, { "jid" }, 0, call_suspension,
      "JID", "let JID call again" },
    { { "call", "list" }, { "jid" }, 0, call_list,
      "JID", "print whose calls these commands let ring at JID, and whether it may call" },
    { { "invite", "create" }, { NULL }, TAKES_DOMAIN | TAKES_DAYS | TAKES_QR, invite_create,
      "[--domain DOMAIN] [--days N] [--qr]",
      "make an invitation to register one account; --qr draws it for a phone's camera" },
    { { "invite", "withdraw" }, { "token" }, 0, invite_withdraw,
      "TOKEN", "let nobody use an invitation any more, whoever made it" },
    { { "stats" }, { NULL }, 0, stats, "", "show how the running server is doing" },
    { { "events" }, { NULL }, TAKES_EVENTS, events_run,
      "[--follow] [--since TIME] [--type TYPE] [--count N]",
      "show what was refused lately; --follow goes on with what is refused from now on" },
    { { "check" }, { NULL }, 0, check_run,
      "", "say what the configuration gives up, and what is wrong around the server" },
    { { "backup" }, { "file" }, TAKES_WITHOUT_KEYS, files_backup,
      "FILE [--without-keys]", "write all that the running server needs to start again into one file" },
    { { "restore" }, { "file" }, TAKES_DATABASE, files_restore,
      "FILE [--database PATH]", "put a backup into the folder of a stopped server, or into a new one" },
    { { "drain" }, { NULL }, 0, drain, "", "end the server after its sessions" },
    { { "store", "copy" }, { NULL }, 0, NULL,
      "--from URL --to URL", "copy everything from one store to another" },
    { { "case" }, { NULL }, 0, NULL, "…", "work with cases" },
    { { "evidence" }, { NULL }, 0, NULL, "…", "work with the evidence log" },
};
/* clang-format on */

const size_t command_count = COUNT_OF(commands);
