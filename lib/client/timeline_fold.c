/* timeline_fold.c: a message as it stands: its last correction, reactions, or that it was taken back. */
#include "client/timeline_inside.h"

#include <string.h>

enum { REACTORS_MAX = 64 };

static struct reaction *reaction_of(struct timeline *t, struct node *root, struct str author)
{
    struct message *m = &root->message;
    struct reaction *bigger;

    for (size_t i = 0; i < m->reaction_count; i++)
        if (str_eq(root->reactions[i].author, author))
            return &root->reactions[i];
    if (m->reaction_count == REACTORS_MAX)
        return NULL;
    if (m->reaction_count == root->reactions_room) {
        root->reactions_room = root->reactions_room > 0 ? 2 * root->reactions_room : 2;
        bigger = arena_alloc(&t->arena, root->reactions_room * sizeof *bigger);
        if (m->reaction_count > 0)
            memcpy(bigger, root->reactions, m->reaction_count * sizeof *bigger);
        m->reactions = root->reactions = bigger;
    }
    root->reactions[m->reaction_count] = (struct reaction){ .author = author };
    return &root->reactions[m->reaction_count++];
}

/* Who has taken all his reactions back has none. */
static void drop_empty_reactions(struct node *root)
{
    struct message *m = &root->message;
    size_t kept = 0;

    for (size_t i = 0; i < m->reaction_count; i++)
        if (root->reactions[i].emojis.n > 0)
            root->reactions[kept++] = root->reactions[i];
    m->reaction_count = kept;
}

static void wipe(struct str *text)
{
    if (text->n > 0)
        secure_zero((void *)text->p, text->n);
    *text = STR_NONE;
}

static void wipe_node(struct node *n)
{
    wipe(&n->message.entry.text);
    wipe(&n->message.entry.attachment);
    wipe(&n->message.entry.quote);
    n->message.text = STR_NONE;
    n->wiped = true;
}

void timeline_wipe(struct node *root)
{
    for (struct node *s = root->said; s != NULL; s = s->next)
        wipe_node(s);
    wipe_node(root);
}

void timeline_fold(struct timeline *t, struct node *root)
{
    struct message *m = &root->message;
    struct reaction *r;

    m->text = m->entry.text;
    m->edited = m->entry.kind == ENTRY_CORRECTION;
    m->retracted = m->only_here = false;
    m->reaction_count = 0;
    for (const struct node *s = root->said; s != NULL; s = s->next) { /* oldest first */
        if (s->failed && entry_of(s)->kind != ENTRY_RETRACTION)
            continue;
        switch (entry_of(s)->kind) {
        case ENTRY_CORRECTION:
            m->text = entry_of(s)->text;
            m->edited = true;
            break;
        case ENTRY_RETRACTION:
            m->only_here = s->failed && (m->only_here || !m->retracted);
            m->retracted = true;
            break;
        default:
            if ((r = reaction_of(t, root, entry_of(s)->author)) != NULL)
                r->emojis = entry_of(s)->text;
            break;
        }
    }
    drop_empty_reactions(root);
    m->retracted |= (m->entry.kind == ENTRY_MESSAGE || m->entry.kind == ENTRY_CORRECTION)
                    && m->text.n == 0 && m->entry.attachment.n == 0;
    if (!m->retracted)
        return;
    timeline_wipe(root);
    m->reaction_count = 0;
}
