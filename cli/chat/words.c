/* words.c: see words.h. */
#include "cli/chat/words.h"

#include "cli/chat/calls.h"
#include "cli/chat/lasting_page.h"
#include "cli/chat/page_deeds.h"
#include "cli/chat/pages.h"
#include "cli/visible.h"

enum { NUMBER_MAX = 100000 };

static void act_on_choice(struct model *m, struct str number, enum action a)
{
    uint64_t n = 0;

    if (m->panel.kind != PANEL_KEYS)
        model_notice(m, true, STR("/keys or /devices lists them first"));
    else if (str_to_u64(number, NUMBER_MAX, &n) != ERR_NONE || !panel_choose(&m->panel, (size_t)n))
        model_notice(m, true, STR("Which device? A number of the list is wanted"));
    else
        model_act(m, a);
}

static void run_help(struct model *m, struct str argument)
{
    (void)argument;
    model_act(m, ACT_HELP);
}

static void run_chats(struct model *m, struct str argument)
{
    (void)argument;
    model_act(m, ACT_GO);
}

static const struct chat *named(const struct model *m, struct str name)
{
    for (size_t i = 0; i < m->count; i++)
        if (str_eq_nocase(chat_name(m->chats[i]), name) || str_eq(m->chats[i]->jid, name))
            return m->chats[i];
    return NULL;
}

/* A number of the list, a name, or an address. */
static void run_open(struct model *m, struct str argument)
{
    const struct chat *c = named(m, argument);
    uint64_t n = 0;

    if (c == NULL && str_to_u64(argument, NUMBER_MAX, &n) == ERR_NONE && n > 0 && n <= m->count)
        c = m->chats[n - 1];
    if (m->panel.kind != PANEL_NONE)
        model_act(m, ACT_BACK);
    if (!model_open(m, c != NULL ? c->jid : argument))
        model_notice(m, true,
                     STR("Which chat? A name, a number of /chats, or an address such as "
                         "name@example.org"));
}

static void run_next(struct model *m, struct str argument)
{
    (void)argument;
    model_act(m, ACT_NEXT_UNREAD);
}

static void run_keys(struct model *m, struct str argument)
{
    (void)argument;
    model_act(m, ACT_KEYS);
}

static void run_devices(struct model *m, struct str argument)
{
    (void)argument;
    page_show_own(m);
}

static void run_match(struct model *m, struct str argument)
{
    (void)argument;
    if (m->panel.kind != PANEL_KEYS)
        model_notice(m, true, STR("/keys shows the safety number first"));
    model_act(m, ACT_MATCH);
}

static void run_trust(struct model *m, struct str argument)
{
    act_on_choice(m, argument, ACT_TRUST);
}

static void run_verify(struct model *m, struct str argument)
{
    act_on_choice(m, argument, ACT_VERIFY);
}

static void run_distrust(struct model *m, struct str argument)
{
    act_on_choice(m, argument, ACT_DISTRUST);
}

static void run_code(struct model *m, struct str argument)
{
    (void)argument;
    if (m->panel.kind != PANEL_KEYS)
        model_act(m, ACT_KEYS);
    model_act(m, ACT_CODE);
}

static void run_scan(struct model *m, struct str argument)
{
    if (m->open == NULL || argument.n == 0)
        model_notice(m, true, STR("In a chat: /scan and the text of their code"));
    else
        wishes_add(&m->wishes, WISH_CODE, m->open->jid, STR_NONE, argument);
}

/* The last message that is ours, or theirs. */
static const struct message *last_of(const struct model *m, bool own)
{
    const struct timeline *t = m->open != NULL ? m->open->timeline : NULL;

    for (size_t i = t != NULL ? timeline_count(t) : 0; i-- > 0;) {
        const struct message *message = timeline_at(t, i);

        if (message->entry.outgoing == own && message->entry.kind == ENTRY_MESSAGE
            && !message->retracted)
            return message;
    }
    return NULL;
}

static void to_last(struct model *m, bool own, enum wish_kind kind, struct str text)
{
    const struct message *message = last_of(m, own);

    if (message == NULL)
        model_notice(m, true, STR("There is no such message in this chat"));
    else if (text.n == 0 && kind != WISH_RETRACT && kind != WISH_REACT)
        model_notice(m, true, STR("A text is wanted behind it"));
    else
        wishes_add(&m->wishes, kind, m->open->jid, message->entry.id, text);
}

static void run_reply(struct model *m, struct str argument)
{
    to_last(m, false, WISH_REPLY, argument);
}

static void run_edit(struct model *m, struct str argument)
{
    to_last(m, true, WISH_CORRECT, argument);
}

static void run_retract(struct model *m, struct str argument)
{
    (void)argument;
    to_last(m, true, WISH_RETRACT, STR_NONE);
}

static void run_react(struct model *m, struct str argument)
{
    to_last(m, false, WISH_REACT, argument);
}

static void run_search(struct model *m, struct str argument)
{
    struct buf *words = &m->panel.id;

    model_act(m, ACT_SEARCH);
    if (argument.n == 0 || m->panel.kind != PANEL_SEARCH)
        return;
    composer_set(&m->panel.input, argument);
    buf_reset(words);
    model_act(m, ACT_CHOOSE);
}

static void run_invite(struct model *m, struct str argument)
{
    (void)argument;
    if (m->connection == CONNECTION_ONLINE)
        page_show(m, page_invite);
    else
        model_notice(m, true, STR("There is no connection: the server makes the link"));
}

static void run_people(struct model *m, struct str argument)
{
    (void)argument;
    model_act(m, ACT_PEOPLE);
}

/* Who of the list, or by address. */
static void answer(struct model *m, struct str who, bool accept)
{
    uint64_t n = 0;
    struct str jid = who;

    if (m->panel.kind == PANEL_PEOPLE && str_to_u64(who, NUMBER_MAX, &n) == ERR_NONE
        && panel_choose(&m->panel, (size_t)n))
        jid = panel_chosen(&m->panel)->value;
    wishes_add(&m->wishes, WISH_ANSWER, jid, STR_NONE, STR_NONE)->on = accept;
    if (m->panel.kind == PANEL_PEOPLE)
        wishes_add(&m->wishes, WISH_PEOPLE, STR_NONE, STR_NONE, STR_NONE);
}

static void run_accept(struct model *m, struct str argument)
{
    answer(m, argument, true);
}

static void run_refuse(struct model *m, struct str argument)
{
    answer(m, argument, false);
}

static void to_open(struct model *m, enum wish_kind kind, struct str text)
{
    if (m->open == NULL)
        model_notice(m, true, STR("No chat is open: /open and a name, or an address"));
    else
        wishes_add(&m->wishes, kind, m->open->jid, STR_NONE, text);
}

static void run_file(struct model *m, struct str argument)
{
    to_open(m, WISH_FILE, argument);
}

/* The last one that came. */
static void save_last(struct model *m)
{
    const struct timeline *t = m->open != NULL ? m->open->timeline : NULL;
    size_t i = t != NULL ? timeline_count(t) : 0;

    while (i > 0
           && (timeline_at(t, i - 1)->entry.attachment.n == 0
               || timeline_at(t, i - 1)->entry.outgoing))
        i--;
    if (i == 0)
        model_notice(m, true, STR("There is no file in this chat"));
    else
        wishes_add(&m->wishes, WISH_SAVE, m->open->jid, timeline_at(t, i - 1)->entry.id, STR_NONE);
}

static void run_save(struct model *m, struct str argument)
{
    bool always = str_is(argument, "always");

    if (argument.n == 0)
        save_last(m);
    else if (always || str_is(argument, "ask"))
        wishes_add(&m->wishes, WISH_SAVES, STR_NONE, STR_NONE, STR_NONE)->on = always;
    else
        model_notice(m, true, STR("/save, /save always, or /save ask"));
}

static void run_voice(struct model *m, struct str argument)
{
    to_open(m, WISH_FILE, argument);
    if (m->open != NULL)
        LIST_ENTRY(m->wishes.head.prev, struct wish, link)->on = true;
}

static void run_timer(struct model *m, struct str argument)
{
    if (argument.n > 0)
        lasting_set(m, argument);
    else
        model_act(m, ACT_LASTING);
}

static void run_add(struct model *m, struct str argument)
{
    to_open(m, WISH_ADD, argument);
}

static void run_name(struct model *m, struct str argument)
{
    to_open(m, WISH_RENAME, argument);
}

static void run_remove(struct model *m, struct str argument)
{
    (void)argument;
    to_open(m, WISH_REMOVE, STR_NONE);
}

static void run_block(struct model *m, struct str argument)
{
    (void)argument;
    if (m->open != NULL)
        wishes_add(&m->wishes, WISH_BLOCK, m->open->jid, STR_NONE, STR_NONE)->on = true;
}

static void run_call(struct model *m, struct str argument)
{
    if (argument.n > 0 && !str_is(argument, "video"))
        model_notice(m, true, STR("/call, or /call video"));
    else
        calls_begin(m, argument.n > 0);
}

static void run_calls(struct model *m, struct str argument)
{
    (void)argument;
    model_act(m, ACT_CALLS);
}

static void run_hangup(struct model *m, struct str argument)
{
    (void)argument;
    calls_hang_up(m);
}

static void run_mute(struct model *m, struct str argument)
{
    (void)argument;
    calls_mute(m);
}

static void run_back(struct model *m, struct str argument)
{
    (void)argument;
    model_act(m, ACT_BACK);
}

static void run_quit(struct model *m, struct str argument)
{
    (void)argument;
    model_act(m, ACT_QUIT);
}

static const struct {
    struct word_help help;
    void (*run)(struct model *m, struct str argument);
} words[] = {
    { { "help", "", "what can be done" }, run_help },
    { { "chats", "", "list the chats" }, run_chats },
    { { "open", "CHAT", "open a chat: its name, its number in the list, or an address" },
      run_open },
    { { "next", "", "open the next chat with something new" }, run_next },
    { { "search", "WORDS", "messages of the open chat, or of all, with these words" }, run_search },
    { { "reply", "TEXT", "answer the last message of theirs" }, run_reply },
    { { "edit", "TEXT", "correct your last message" }, run_edit },
    { { "retract", "", "take your last message back" }, run_retract },
    { { "react", "SIGN", "react to the last message of theirs; without a sign, not any more" },
      run_react },
    { { "file", "PATH", "send a file" }, run_file },
    { { "save", "[always]",
        "save the last file that came; always: those of contacts as they come, "
        "from your own server; ask: not any more" },
      run_save },
    { { "voice", "PATH", "send a recording, Opus in Ogg, as a voice message" }, run_voice },
    { { "timer", "1d", "messages disappear on both sides after 30s, 5m, 1h, 1d, 4w; or off" },
      run_timer },
    { { "add", "NAME", "make the open chat's other side a contact" }, run_add },
    { { "name", "NAME", "call the contact so" }, run_name },
    { { "remove", "", "no contact any more" }, run_remove },
    { { "block", "", "the open chat's other side is not heard any more" }, run_block },
    { { "call", "[video]", "call the open chat's other side" }, run_call },
    { { "answer", "[NAME]", "answer the call that rings" }, calls_answer },
    { { "decline", "[NAME]", "decline it" }, calls_decline },
    { { "hangup", "", "end the call" }, run_hangup },
    { { "mute", "", "turn your microphone off, or on again" }, run_mute },
    { { "calls", "", "the call as it is: how long, how safe, how it sounds" }, run_calls },
    { { "invite", "", "a link with which somebody gets an account here, and is a contact" },
      run_invite },
    { { "people", "", "list who wants to reach you" }, run_people },
    { { "accept", "N", "accept number N of that list, or an address; or let them in again" },
      run_accept },
    { { "refuse", "N", "refuse them" }, run_refuse },
    { { "keys", "", "devices of the other side and the safety number" }, run_keys },
    { { "devices", "", "devices of your own: which there are, and who may log in" }, run_devices },
    { { "match", "", "the safety number is the same on both sides" }, run_match },
    { { "trust", "N", "trust device N of the list, not compared" }, run_trust },
    { { "verify", "N", "the fingerprint of device N was compared" }, run_verify },
    { { "distrust", "N", "send nothing to device N" }, run_distrust },
    { { "code", "", "show your code" }, run_code },
    { { "scan", "TEXT", "check their code" }, run_scan },
    { { "back", "", "close what is shown over the chat" }, run_back },
    { { "quit", "", "leave" }, run_quit },
};

bool words_next_help(size_t *cursor, struct word_help *out)
{
    if (*cursor >= COUNT_OF(words))
        return false;
    *out = words[(*cursor)++].help;
    return true;
}

static void unknown(struct model *m, struct str word)
{
    struct arena a = { 0 };

    model_notice(m, true,
                 arena_printf(&a, "There is no command /%.*s: see /help; // sends such a text",
                              STR_ARG(visible_line(&a, word))));
    arena_deinit(&a);
}

enum words words_run(struct model *m, struct str text)
{
    struct str rest = str_trim(text), word;
    unsigned alarms = m->alarms;

    if (!str_starts(rest, STR("/")) || str_starts(rest, STR("//")))
        return WORDS_NONE;
    rest = str_skip(rest, 1);
    word = str_split(&rest, ' ');
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i].help.word)) {
            words[i].run(m, str_trim(rest));
            return m->alarms != alarms ? WORDS_REFUSED : WORDS_DONE;
        }
    unknown(m, word);
    return WORDS_REFUSED;
}
