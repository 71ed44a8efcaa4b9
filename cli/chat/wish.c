/* wish.c: see wish.h. */
#include "cli/chat/wish.h"

struct wish *wishes_add(struct list *wishes, enum wish_kind kind, struct str chat, struct str id,
                        struct str text)
{
    struct wish *w = mem_alloc(sizeof *w);

    w->kind = kind;
    w->chat = arena_str(&w->arena, chat);
    w->id = arena_str(&w->arena, id);
    w->text = arena_str(&w->arena, text);
    list_add(wishes, &w->link);
    return w;
}

struct wish *wishes_take(struct list *wishes)
{
    struct link *l = list_pop(wishes);

    return l != NULL ? LIST_ENTRY(l, struct wish, link) : NULL;
}

void wish_done(struct wish *w)
{
    if (w == NULL)
        return;
    secure_zero((void *)w->text.p, w->text.n);
    arena_deinit(&w->arena);
    mem_free(w);
}
