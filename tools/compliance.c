/* compliance.c: prints docs/compliance.md from what the modules say of themselves, so that the page cannot claim
 * more than the program does. `make test` compares. */
#include <stdio.h>

#include "server/modules/modules.h"

static void print_features(const struct str *features)
{
    for (; features != NULL && features->p != NULL; features++)
        printf("`%.*s` ", STR_ARG(*features));
}

static void print_requests(const struct module *m)
{
    for (const struct iq_handler *i = m->iqs; i != NULL && i->handle != NULL; i++)
        printf("%s `%.*s` (%s%s%s) ", i->type == IQ_GET ? "get" : "set",
               STR_ARG(i->name.n ? i->name : i->ns), i->to & TO_SERVER ? "server" : "",
               (i->to & (TO_SERVER | TO_ACCOUNT)) == (TO_SERVER | TO_ACCOUNT) ? ", " : "",
               i->to & TO_ACCOUNT ? "account" : "");
}

int main(void)
{
    printf("# Compliance\n\n"
           "Made by the build from the modules' own descriptors; do not edit.\n"
           "Streams, TLS, SASL, binding, stream management and client states (RFC 6120, RFC 7590, "
           "RFC 5802,\n"
           "XEP-0198 1.6.3, XEP-0352 1.0.0, XEP-0368 1.1.0, XEP-0386 1.1.0, XEP-0388 1.0.4, "
           "XEP-0440 1.0.0,\n"
           "XEP-0474 0.5.0, XEP-0484 0.2.0) are in the engine itself.\n\n"
           "| module | specification | announced | requests |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; all_modules[i] != NULL; i++) {
        printf("| %s | %s | ", all_modules[i]->name, all_modules[i]->spec);
        print_features(all_modules[i]->features);
        print_features(all_modules[i]->account_features);
        printf("| ");
        print_requests(all_modules[i]);
        printf("|\n");
    }
    return 0;
}
