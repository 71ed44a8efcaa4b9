/* config_doc.c: writes docs/configuration.md and the manual page sotto.ini(5) out of the table
 * of keys, so that neither can say anything that the server does not do. A test compares what is
 * committed with what this prints. */
#include <stdio.h>
#include <string.h>

#include "server/config_value.h"

static struct arena arena;

/* ---- What both say ---- */

static const struct {
    const char *section, *about;
} sections[] = {
    { "server", "Who the server is and where it keeps its data." },
    { "listen", "Where it listens: addresses such as 127.0.0.1:5222 or [::1]:5222, separated by "
                "spaces. Empty: closed. "
                "Port 0 lets the system choose; the server prints what it got." },
    { "s2s", "Links with other servers (docs/federation.md)." },
    { "component", "Programs beside the server that have a domain of their own (XEP-0114)." },
    { "web", "HTTPS." },
    { "tls", "The certificate." },
    { "registration", "New accounts." },
    { "policy", "What may pass." },
    { "auth", "Logging in." },
    { "store", "The database." },
    { "bus", "The cluster." },
    { "archive", "Message history." },
    { "admin", "Administration over XMPP." },
    { "anchor", "Media of calls." },
    { "log", "The log, on standard error." },
    { "limits", "What one account, address, domain or stream may use. Rates are token buckets: "
                "600/10s lets 600 through at "
                "once and refills them in 10 seconds. An IPv6 address counts with its /64." },
};

static struct str allowed(const struct config_key *key)
{
    return config_value_allowed(key, &arena);
}

static const char *remark(const struct config_key *key)
{
    if (!key->built)
        return "Not built yet: any value is taken and nothing happens.";
    return key->live ? "" : "A change needs a restart.";
}

/* ---- Markdown ---- */

static void print_cell(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        printf(strchr("|<", text.p[i]) != NULL ? "\\%c" : "%c", text.p[i]);
    printf(" |");
}

static void markdown_key(const struct config_key *key)
{
    const char *quote = key->standard[0] != '\0' ? "`" : "";

    printf("| `%s` | %s%s%s | ", key->name, quote, key->standard, quote);
    print_cell(allowed(key));
    printf(" ");
    print_cell(
        arena_printf(&arena, "%s%s%s", key->about, remark(key)[0] != '\0' ? " " : "", remark(key)));
    printf("\n");
}

static void print_markdown(void)
{
    printf("# Configuration\n\n"
           "Written by `tools/config_doc.c` out of `server/config_keys.c`; do not edit.\n\n"
           "`sottod -c FILE` reads an INI file, else `/etc/sotto/sotto.ini` if it exists. Nothing "
           "has to be configured: every "
           "default is the safe choice. `-o section.key=value` overrides a key on the command line "
           "and may be repeated. "
           "A key that is a list may be written several times; its lines add up. On the command "
           "line the first `-o` of a list "
           "replaces what the file says, further ones add.\n\n"
           "A line has at most 198 bytes. `;` and `#` begin a comment at the start of a line, ` ;` "
           "after a value. Whatever is "
           "wrong is named as `sottod: FILE:LINE: section.key: what is allowed`, and the server "
           "does not start.\n\n"
           "`sottod --check` says what a configuration gives up compared to the defaults. SIGHUP "
           "reads the file again; keys "
           "marked *a change needs a restart* keep their value until then.\n");
    for (size_t s = 0; s < COUNT_OF(sections); s++) {
        printf("\n## [%s]\n\n%s\n\n| key | default | allowed | |\n|---|---|---|---|\n",
               sections[s].section, sections[s].about);
        for (size_t i = 0; i < config_key_count; i++) {
            if (strcmp(config_keys[i].section, sections[s].section) == 0)
                markdown_key(&config_keys[i]);
        }
    }
}

/* ---- Manual page ---- */

/* Lines of a page must not begin with a dot or quote, and a backslash is an escape. Ours begin
 * with letters. */
static void print_roff(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            printf("\\e");
        else if (*text == '-')
            printf("\\-");
        else
            putchar(*text);
    }
}

static void man_key(const struct config_key *key)
{
    struct str what = allowed(key);

    printf(".TP\n.BR %s.%s \" (", key->section, key->name);
    print_roff(key->standard[0] != '\0' ? key->standard : "empty");
    printf(")\"\n");
    print_roff(
        arena_printf(&arena, "%s Allowed: %.*s. %s\n", key->about, STR_ARG(what), remark(key)).p);
}

static void print_man(void)
{
    printf(".\\\" Written by tools/config_doc.c out of server/config_keys.c; do not edit.\n"
           ".TH SOTTO.INI 5 \"\" \"sotto %s\" \"Sotto\"\n"
           ".SH NAME\nsotto.ini \\- configuration of sottod\n"
           ".SH SYNOPSIS\n.I /etc/sotto/sotto.ini\n"
           ".SH DESCRIPTION\n"
           "An INI file: sections in brackets, then lines\n.IR key \" = \" value .\n"
           "Nothing has to be configured: every default is the safe choice.\n"
           ".B sottod \\-\\-check\nsays what a change gives up.\n"
           ".PP\n"
           "A key that is a list may be written several times; its lines add up. A line has at "
           "most 198 bytes. A semicolon or a "
           "hash sign begins a comment at the start of a line, a semicolon also after a value and "
           "a space.\n"
           ".PP\n"
           "Every key can be overridden on the command line:\n.BI sottod\\ \\-o\\  "
           "section.key=value\\fR.\n"
           "There the first override of a list replaces what the file says, further ones add.\n"
           ".SH KEYS\nDefaults stand in parentheses.\n",
           SOTTO_VERSION);
    for (size_t s = 0; s < COUNT_OF(sections); s++) {
        printf(".SS [%s]\n", sections[s].section);
        print_roff(sections[s].about);
        printf("\n");
        for (size_t i = 0; i < config_key_count; i++) {
            if (strcmp(config_keys[i].section, sections[s].section) == 0)
                man_key(&config_keys[i]);
        }
    }
    printf(".SH SEE ALSO\n.BR sottod (8),\n.BR sottoctl (8)\n");
}

/* ---- For the test of `built` ---- */

static void print_keys(void)
{
    for (size_t i = 0; i < config_key_count; i++)
        printf("%s %s %s\n", config_keys[i].built ? "built" : "unbuilt", config_keys[i].section,
               config_keys[i].name);
}

/* A section that is missing above would silently lose its keys. */
static bool all_sections_known(void)
{
    size_t known = 0;

    for (size_t i = 0; i < config_key_count; i++) {
        for (size_t s = 0; s < COUNT_OF(sections); s++)
            known += strcmp(config_keys[i].section, sections[s].section) == 0;
    }
    return known == config_key_count;
}

int main(int argc, char **argv)
{
    if (argc != 2 || !all_sections_known())
        return 2;
    if (strcmp(argv[1], "man") == 0)
        print_man();
    else if (strcmp(argv[1], "keys") == 0)
        print_keys();
    else
        print_markdown();
    arena_deinit(&arena);
    return 0;
}
