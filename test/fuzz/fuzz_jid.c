/* fuzz_jid.c: whatever parses as an address keeps its rules, and parses again to the same. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "xmpp/domain.h"
#include "xmpp/jid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool has_any(struct str s, const char *chars)
{
    for (; *chars != '\0'; chars++)
        if (str_find(s, *chars) < s.n)
            return true;
    return false;
}

static void check_jid(struct arena *a, const struct jid *j)
{
    struct str text = jid_text(a, j), ascii, domain;
    struct jid again;

    check(text.n <= JID_MAX && utf8_valid(text));
    check(j->local.n <= JID_PART_MAX && !has_any(j->local, "\"&'/:<>@ "));
    check(j->domain.n > 0 && j->domain.n <= JID_PART_MAX && !has_any(j->domain, "@/ _ABCXYZ"));
    check(j->resource.n <= JID_PART_MAX && !has_any(j->resource, "\t\r\n"));
    check(jid_parse(a, text, &again) == ERR_NONE && jid_eq(j, &again));
    check(domain_to_ascii(a, j->domain, &ascii) == ERR_NONE && utf8_is_ascii(ascii));
    check(ascii.n <= DOMAIN_NAME_MAX);
    check(domain_prepare(a, ascii, &domain) == ERR_NONE && str_eq(domain, j->domain));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = { (const char *)data, n };
    struct arena a = { 0 };
    struct jid j;

    if (jid_parse(&a, text, &j) == ERR_NONE)
        check_jid(&a, &j);
    arena_deinit(&a);
    return 0;
}
