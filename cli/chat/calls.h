/* calls.h: the calls that a person is in, or is asked into: the lines about them below the bar, the page of F9, what is wished there.
 *
 * Nothing but a person answers. A ring takes no key away from what is being written, and a yes counts for the call that was on the screen
 * by then, and only once it has been there for as long as eyes need: keys that were on their way answer nobody.
 * Owns: nothing; the calls are the model's.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_CALLS_H
#define SOTTO_CLI_CHAT_CALLS_H

#include "cli/chat/model.h"
#include "client/entry.h"

enum call_stage {
    STAGE_RINGS_HERE, /* they call: a person decides */
    STAGE_CALLING,
    STAGE_RINGS_THERE,
    STAGE_CONNECTING,
    STAGE_TALKING,
};

struct call_view {
    struct str id, peer; /* bare JID */
    enum call_stage stage;
    bool video, muted, measured;
    enum entry_trust trust;
    uint64_t talk_ms;       /* since when they hear each other */
    double lost, concealed; /* parts of the sound, once it is measured */
    int rtt_ms;             /* -1: not known */
    uint64_t shown_ms;      /* the model's: since when it rings on the screen */
};

/* Those that there are now, instead of those before. */
void model_set_calls(struct model *m, const struct call_view *calls, size_t count);
bool calls_now(struct model *m); /* time has passed: true if that is shown */
uint64_t calls_wake_ms(const struct model *m);

size_t calls_lines(const struct model *m); /* how many the screen has for them */
struct str calls_line(struct arena *a, const struct model *m, size_t line, enum style *style);

/* "Bob calls with video": what of a call is told to who reads line by line. */
struct str call_words(struct arena *a, const struct model *m, const struct call_view *v);

/* ---- The page, and what is done there or by a word --------------------------------------------------- */

void calls_page(struct model *m);
bool calls_chosen(struct model *m, const struct panel_row *row); /* false: the page stays */
/* `who`: by name or address; empty: the one that the page is about, or the only one. */
void calls_answer(struct model *m, struct str who);
void calls_decline(struct model *m, struct str who); /* empty: all that ring */
void calls_end_pointed(struct model *m);             /* the one that the page is about */
void calls_hang_up(struct model *m);
void calls_mute(struct model *m);              /* or not any more */
void calls_begin(struct model *m, bool video); /* to the open chat */

#endif
