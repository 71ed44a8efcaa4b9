/* model.h: what the full-screen messenger knows: chats, which one is open, what is being written, what lies over it.
 *
 * Pure: what happens comes in (entries, typing, the connection, keys of devices, actions of the person); the view shows the state, and
 * what the person wants of the world comes out as wishes.
 * Owns: everything in it.  Threads: one.  Units: milliseconds since 1970, cells.
 */
#ifndef SOTTO_CLI_CHAT_MODEL_H
#define SOTTO_CLI_CHAT_MODEL_H

#include "cli/chat/panel.h"
#include "cli/chat/symbols.h"
#include "cli/chat/wish.h"
#include "client/compare.h"
#include "client/people.h"
#include "client/timeline.h"

struct chat {
    struct arena arena; /* of jid */
    struct str jid;     /* bare */
    struct buf name, draft;
    struct buf divider; /* id of the first new message when the chat was opened; empty: no line */
    struct buf bottom;  /* id of the message at the lower edge; empty: the newest */
    size_t bottom_skip; /* rows of it that lie below the edge */
    struct timeline *timeline;
    uint64_t last_ms, typing_until_ms;
    unsigned unread;
    struct buf seeking; /* id of a message that is to be shown once it is read from the store */
    struct buf status;  /* hostile */
    enum show show;
    uint32_t timer_s; /* messages disappear after this; 0: they stay */
    uint64_t oldest;  /* the number of the oldest entry that was read from the store; 0: none */
    bool loading, complete; /* older entries are being read; there are none */
    bool is_contact, asked;
    struct trust_tally keys; /* of their devices */
    uint64_t first_met_ms;   /* of these; 0: none was met */
};

enum focus { FOCUS_LIST, FOCUS_WRITE, FOCUS_SELECT, FOCUS_PANEL };
enum connection { CONNECTION_TRYING, CONNECTION_ONLINE, CONNECTION_LOST, CONNECTION_REFUSED };

enum {
    NAME_MAX_OCTETS = 1024,
    ID_MAX_OCTETS = 1024,
    TYPING_MS = 30000,
    DRAFT_MS = 2000,
    NOTICE_MS = 8000
};

struct device_view { /* a device of a contact, as people decide about it */
    struct str fingerprint;
    enum trust trust;
    uint32_t id;
    uint64_t met_ms;
};

struct call_view;

struct model {
    struct arena arena;
    const struct random *random;
    const struct symbols *symbols;
    struct str own; /* bare JID */
    uint64_t now_ms;
    int width, height;
    struct chat **chats; /* the one with the newest message first */
    size_t count, room;
    struct chat *open, *pointed; /* whose conversation is shown; where the cursor of the list is */
    enum focus focus, before_panel;
    struct composer composer; /* of the open chat */
    struct buf selected;      /* id of the message that is chosen (FOCUS_SELECT) */
    struct buf replying,
        editing;       /* id of the message that is answered, or corrected; empty: none */
    bool typing;       /* the other side was told so */
    unsigned requests; /* people who wait for an answer */
    struct panel panel;
    enum connection connection;
    struct buf why; /* it is lost, or refused */
    struct buf notice;
    bool notice_alarms;
    unsigned notices, alarms; /* how many there were, and how many of them alarmed */
    uint64_t notice_until_ms, quit_until_ms;
    struct list wishes;
    bool behind;             /* the window is not in front */
    uint64_t there_ms;       /* when the person last did something */
    bool bell;               /* somebody wrote; the terminal takes it */
    bool ready;              /* the chats of the store are known */
    struct trust_tally keys; /* of our own other devices */
    struct arena call_arena;
    struct call_view *calls; /* those that ring, and the one that the person is in (calls.h) */
    size_t call_count;
    uint64_t ring_ms; /* when the bell is next for one that rings */
};

void model_init(struct model *m, struct str own, const struct random *random); /* borrowed */
void model_deinit(struct model *m);
void model_resize(struct model *m, int width, int height);
/* True: something that is shown has passed (typing, a notice). What was being written for a while is wished to be kept. */
bool model_now(struct model *m, uint64_t now_ms);
uint64_t model_wake_ms(const struct model *m); /* UINT64_MAX: never */
void model_notice(struct model *m, bool alarms, struct str text);

/* ---- The world --------------------------------------------------------------------------------- */

struct chat *model_chat(struct model *m, struct str jid); /* made if there is none */
struct chat *model_find(const struct model *m, struct str jid);
void model_set_contact(struct model *m, const struct contact *contact);
void model_no_contact(struct model *m, struct str jid);   /* not any more */
void model_entry(struct model *m, const struct entry *e); /* it happens now */
/* It is of the past, with this number in the store, and tells nobody. */
void model_kept(struct model *m, const struct entry *e, uint64_t number);
/* What was wished with WISH_OLDER is there, back to the entry with this number in the store. */
void model_loaded(struct model *m, struct str jid, uint64_t oldest, bool complete);
void model_ready(struct model *m); /* the chats of the store have been told */
/* What the store knows of a chat. */
void model_set_state(struct model *m, struct str jid, unsigned unread, struct str draft);
void model_set_connection(struct model *m, enum connection state, struct str why);
/* What was set in this chat, however long ago. */
void model_set_timer(struct model *m, struct str jid, uint32_t seconds);
void model_typing(struct model *m, struct str jid, bool on);
void model_new_device(struct model *m, struct str jid, bool waits);
/* The keys that were met, of us and of others, told anew: all are counted, then those are told that a chat has a line about. */
void model_forget_keys(struct model *m);
void model_count_key(struct model *m, struct str jid, enum trust trust, uint64_t met_ms);
bool model_wants_device(const struct model *m, struct str jid, uint64_t met_ms);
void model_tell_device(struct model *m, struct str jid, struct str fingerprint, uint64_t met_ms);
/* Answers to WISH_SEARCH: the entries that hold the words, oldest first. */
void model_found(struct model *m, const struct entry *const *entries, size_t count);
/* Answers to WISH_PEOPLE, and how many of them wait whenever that changes. */
enum person_kind { PERSON_ASKS, PERSON_WROTE, PERSON_BLOCKED };
struct person_view {
    struct str jid, text; /* text: what they wrote; empty: it is in the chat */
    enum person_kind kind;
};
void model_set_people(struct model *m, const struct person_view *people, size_t count);
void model_set_requests(struct model *m, unsigned count);

/* The answer to WISH_INVITE. */
struct invitation_view {
    struct str link, page; /* page: shows the link, and says what to do; empty: there is none */
    uint64_t until_ms;     /* 0: not told */
    struct str refused;    /* why there is no link; empty: there is one */
};
void model_set_invitation(struct model *m, const struct invitation_view *v);

struct login_view { /* who may log in to our account */
    struct str name;
    bool connected;
    uint64_t last_ms; /* 0: never, or not told */
};

/* Answers to WISH_KEYS, for the pages about keys (pages.c), if one of this chat is shown. */
struct keys_view {
    const struct device_view *devices;
    size_t count;
    const struct comparison *comparison;
    struct str code;               /* our own, as a URI */
    const struct device_view *own; /* our other ones; without a fingerprint: not met yet */
    size_t own_count;
    struct device_view self; /* this one */
    const struct login_view *logins;
    size_t login_count;
};
void model_set_keys(struct model *m, struct str jid, const struct keys_view *keys);

/* ---- For the view ------------------------------------------------------------------------------ */

struct str chat_name(const struct chat *c);
void model_keep_draft(struct model *m);
void chat_mark_new(struct chat *c);           /* from its unread messages */
size_t model_selected(const struct model *m); /* index in the open chat's timeline; count: none */
/* What a person may rely on in this chat. */
struct str chat_trust_words(struct arena *a, const struct model *m, const struct chat *c);
enum waits_for { WAITS_FOR_NOTHING, WAITS_FOR_THEIRS, WAITS_FOR_OURS };
enum waits_for chat_waits_for(const struct model *m, const struct chat *c); /* whose new device */
/* The newest message or call; NULL: none is known. */
const struct message *chat_newest(const struct chat *c);
bool message_is_said(
    const struct message *m); /* it can be chosen; else it is a line about the chat */
struct str device_words(struct arena *a, const struct model *m, const struct entry *e);
struct str message_trust_words(const struct message *m);
struct str timer_words(struct arena *a, const struct entry *e);
/* What was said, after the name of its file; of a call, what came of it. */
struct str message_words(struct arena *a, const struct message *m);
struct str show_words(enum show show); /* "online", "away" */

/* ---- The person: act.c ------------------------------------------------------------------------- */

enum action {
    ACT_NONE,
    /* everywhere */
    ACT_QUIT,
    ACT_INTERRUPT,
    ACT_SUSPEND,
    ACT_REDRAW,
    ACT_HELP,
    ACT_GO,
    ACT_KEYS,
    ACT_SEARCH,
    ACT_PERSON,
    ACT_PEOPLE,
    ACT_FILE,
    ACT_LASTING,
    ACT_NEXT_CHAT,
    ACT_PREVIOUS_CHAT,
    ACT_NEXT_UNREAD,
    ACT_SCROLL_UP,
    ACT_SCROLL_DOWN,
    ACT_BACK,
    ACT_SWITCH, /* between the list and the text */
    /* lists */
    ACT_UP,
    ACT_DOWN,
    ACT_FIRST,
    ACT_LAST,
    ACT_CHOOSE,
    /* writing */
    ACT_SEND,
    ACT_NEWLINE,
    ACT_LEFT,
    ACT_RIGHT,
    ACT_WORD_LEFT,
    ACT_WORD_RIGHT,
    ACT_LINE_START,
    ACT_LINE_END,
    ACT_DELETE_LEFT,
    ACT_DELETE_RIGHT,
    ACT_DELETE_WORD_LEFT,
    ACT_DELETE_WORD_RIGHT,
    ACT_DELETE_LINE_START,
    ACT_DELETE_LINE_END,
    ACT_PUT_BACK,
    ACT_UNDO,
    ACT_REDO,
    /* a message */
    ACT_ABOUT,
    ACT_QUOTE, /* its text into the one that is being written */
    ACT_REPLY,
    ACT_EDIT,
    ACT_REACT,
    ACT_RETRACT,
    ACT_SAVE,
    ACT_AGAIN, /* what was not sent */
    ACT_CALLS,
    /* people, calls */
    ACT_ACCEPT,

    /* devices */
    ACT_TRUST,
    ACT_VERIFY,
    ACT_DISTRUST,
    ACT_MATCH, /* the safety numbers are the same */
    ACT_CODE,
    ACT_SCAN,
    ACTIONS,
};

void model_act(struct model *m, enum action a);
void model_type(struct model *m, struct str text);  /* a character */
void model_paste(struct model *m, struct str text); /* as a whole */
/* Opens the chat with this address, which may be new. False: it is no address. */
bool model_open(struct model *m, struct str jid);
/* Sends text to the open chat as it is. */
void model_send(struct model *m, struct str text);
/* Shows this message of a chat, as soon as it is read from the store. */
void model_go_to(struct model *m, struct str jid, struct str id);
void model_seek(struct model *m); /* goes on with it */
/* Somebody sits in front of it, as far as can be known: what comes is seen. */
bool model_is_watched(const struct model *m);
/* The conversation's lower end is on the screen: what is there has been seen. */
void model_seen(struct model *m);

#endif
