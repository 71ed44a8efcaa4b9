/* typing.c: that the person is writing (XEP-0085). It is worth nothing later, so it is not stored, neither here nor by servers
 * (XEP-0334 §4.3), and nobody is told who is not there.
 */
#include "client/chat.h"
#include "client/people.h"
#include "client/reading.h"
#include "xmpp/ns.h"

static void tell(struct engine *c, const char *state)
{
    struct arena a = { 0 };
    struct xml_node *m = stanza_new(&a, STANZA_MESSAGE, "chat", STR_NONE, c->typing.chat,
                                    random_token(&c->random, &a, 15));

    xml_add(&a, m, STR(NS_CHATSTATES), str_from(state));
    xml_add(&a, m, STR(NS_HINTS), STR("no-store"));
    engine_send(c, m, 0);
    arena_deinit(&a);
}

static bool may_be_told(const struct engine *c, struct str bare)
{
    struct contact contact;

    return c->line.state == LINE_ONLINE && people_may_know(c, bare) && !str_eq(bare, c->bare)
           && engine_contact(c, bare, &contact) && contact.show != SHOW_OFFLINE;
}

static void end(struct engine *c, const char *state)
{
    if (may_be_told(c, c->typing.chat))
        tell(c, state);
    typing_forget(c);
}

void typing_forget(struct engine *c)
{
    c->typing.chat = STR_NONE;
    arena_deinit(&c->typing.arena);
}

void typing_ended(struct engine *c, const struct jid *chat)
{
    struct arena a = { 0 };

    if (c->typing.chat.n > 0 && str_eq(c->typing.chat, jid_text(&a, chat)))
        end(c, "active");
    arena_deinit(&a);
}

void engine_typing(struct engine *c, const struct jid *chat, bool on)
{
    struct arena a = { 0 };
    struct str bare = jid_text(&a, chat);
    bool here = c->typing.chat.n > 0 && str_eq(c->typing.chat, bare);

    if (here != on) {
        if (c->typing.chat.n > 0) /* or they have turned to another chat */
            end(c, "paused");
        if (on && may_be_told(c, bare)) {
            c->typing.chat = arena_str(&c->typing.arena, bare);
            tell(c, "composing");
        }
        engine_end_round(c);
    }
    arena_deinit(&a);
}
