/* usage.c: see usage.h. */
#include "cli/usage.h"

#include <string.h>

#include "base/str.h"
#include "cli/commands.h"

enum { WIDTH = 79, INDENT = 6 };

/* Each begins with a command of the list. */
static const struct {
    const char *command, *words;
} headings[] = {
    { "login", "To begin" },
    { "chat", "Chats" },
    { "passphrase", "What this machine keeps" },
    { "contacts", "People" },
    { "link", "Devices, files" },
    { "trust", "Is it really them?" },
    { "call", "Calls" },
};

static void print_heading(FILE *to, const char *command)
{
    for (size_t i = 0; i < COUNT_OF(headings); i++)
        if (strcmp(headings[i].command, command) == 0)
            fprintf(to, "\n%s:\n", headings[i].words);
}

static void print_wrapped(FILE *to, const char *text)
{
    struct str rest = str_from(text);

    for (size_t column = 0; rest.n > 0;) {
        struct str word = str_split(&rest, ' ');
        int space;

        if (column + 1 + word.n > WIDTH) {
            fprintf(to, "\n");
            column = 0;
        }
        space = column == 0 ? INDENT : 1;
        fprintf(to, "%*s%.*s", space, "", STR_ARG(word));
        column += (size_t)space + word.n;
    }
    fprintf(to, "\n");
}

static void print_command(FILE *to, const struct command *c)
{
    print_heading(to, c->name);
    fprintf(to, "  %s %s\n", c->name, c->usage);
    print_wrapped(to, c->about);
    if (c->run == NULL)
        print_wrapped(to, "(not built yet)");
}

void usage_print(FILE *to)
{
    fprintf(to, "usage: sotto [--data DIR] [--ca FILE] [--connect HOST:PORT]\n"
                "             [--passphrase-file FILE] [--json] COMMAND\n");
    for (size_t i = 0; i < command_count; i++)
        print_command(to, &commands[i]);
    fprintf(to,
            "\n"
            "  --data DIR              folder of the account; else $XDG_DATA_HOME/sotto-client,\n"
            "                          else ~/.local/share/sotto-client\n"
            "  --ca FILE               trust the certificates in it instead of the system's\n"
            "  --connect HOST:PORT     where the server is, else DNS tells; tls://HOST:PORT for\n"
            "                          TLS from the first byte (5223 and 443 mean that by\n"
            "                          themselves)\n"
            "  --passphrase-file FILE  its first line unlocks the store\n"
            "  --json                  one JSON object per event on standard output\n"
            "\nExit status: 0 done, 1 refused or failed, 2 usage, 3 server not reachable,\n"
            "4 time is up.\n");
}

void usage_hint(FILE *to)
{
    fprintf(to, "usage: sotto COMMAND\n\n"
                "  sotto register INVITE [NAME]  make an account with an invitation\n"
                "  sotto chat                    the messenger, on the whole screen\n"
                "  sotto --help                  everything else\n");
}
