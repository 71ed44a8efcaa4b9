/* spent_tokens.c: each is a record of its own, until the token would have ended. */
#include "server/modules/spent_tokens.h"

#include "server/invite_token.h"

bool spent_tokens_has_not(const struct incoming *in, struct arena *a, struct str token)
{
    return token.n > 0 && invite_token_is_of(in->settings, token, in->view->bare, in->now_ms)
           && map_get(&in->view->spent_tokens, invite_token_mark(a, token)) == NULL;
}

static void mark(struct outcome *out, struct str key, struct str value)
{
    struct row *row = outcome_write(out, ROW_DOCUMENT);

    row->document.kind = DOC_SPENT_TOKEN;
    row->document.key = key;
    row->document.value = value;
}

void spent_tokens_add(const struct incoming *in, struct outcome *out, struct str token,
                      struct str who)
{
    struct arena *a = outcome_arena(out);
    struct map_slot slot;

    for (size_t at = 0; map_next(&in->view->spent_tokens, &at, &slot);)
        if (invite_token_mark_ended(slot.key, in->now_ms))
            mark(out, arena_str(a, slot.key), STR_NONE);
    mark(out, invite_token_mark(a, token), who);
}
