/* media_fault.c: see media_fault.h. */
#include "cli/media_fault.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/visible.h"

enum { WORD_MAX = 40, LAST_MAX = 200, EXIT_USAGE = 2 };

/* ---- What it said --------------------------------------------------------------------------------- */

static const struct {
    const char *why, *words;
} reasons[] = {
    { "no-route", "The server's anchor could not be reached: is UDP blocked here?" },
    { "silent", "Nothing was heard of the other side any more." },
    { "handshake", "The other side did not set up the encryption of the call." },
    { "fingerprint",
      "Somebody else than the one who answered sits at the other end: the call was ended." },
    { "file", "The file that was to be played or recorded cannot be used." },
    { "sandbox", "sotto-media could not close its sandbox on this system." },
    { "internal", "sotto-media could not make the key of the call." },
    { "parent", "sotto-media did not understand sotto: are they of the same version?" },
};

static struct str word(struct arena *a, struct str text)
{
    return visible_line(a, str_slice(text, 0, text.n < WORD_MAX ? text.n : WORD_MAX));
}

struct media_fault media_fault_said(struct arena *a, struct str why, struct str rule)
{
    struct str shown = word(a, why);

    if (str_is(why, "sdp")) {
        shown = word(a, rule.n > 0 ? rule : STR("unknown"));
        return (struct media_fault){
            .code = arena_printf(a, "sdp:%.*s", STR_ARG(shown)),
            .words = arena_printf(
                a, "The other side's description of the call cannot be used: its rule \"%.*s\".",
                STR_ARG(shown)),
        };
    }
    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (str_is(why, reasons[i].why))
            return (struct media_fault){ str_from(reasons[i].why), str_from(reasons[i].words),
                                         str_is(why, "fingerprint") };
    return (struct media_fault){
        .code = arena_printf(a, "said:%.*s", STR_ARG(shown)),
        .words = arena_printf(a, "sotto-media has failed; it says \"%.*s\".", STR_ARG(shown)),
    };
}

struct media_fault media_fault_closed(void)
{
    return (struct media_fault){ STR("closed"),
                                 STR("sotto-media has stopped talking to sotto: it was ended."),
                                 false };
}

struct media_fault media_fault_too_long(void)
{
    return (struct media_fault){ STR("too-long"),
                                 STR("The other side's description of the call is too long."),
                                 false };
}

/* ---- How it ended --------------------------------------------------------------------------------- */

static struct media_fault by_signal(struct arena *a, int number)
{
    const char *name = sigabbrev_np(number);
    struct media_fault f = { .code = name != NULL ? arena_printf(a, "signal:SIG%s", name)
                                                  : arena_printf(a, "signal:%d", number) };

    switch (number) {
    /* The kernel tells its log which call it was, nobody else. */
    case SIGSYS:
        f.words = STR("sotto-media was ended by its sandbox (SIGSYS): it asked the system for "
                      "something that no call needs. `journalctl -k` names it.");
        break;
    case SIGKILL:
        f.words = STR("sotto-media was killed: by somebody, or because memory ran out.");
        break;
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGABRT: f.words = arena_printf(a, "sotto-media has crashed (SIG%s).", name); break;
    default:
        f.words = arena_printf(a, "sotto-media was ended by a signal (%.*s).",
                               STR_ARG(str_skip(f.code, sizeof "signal:" - 1)));
    }
    return f;
}

struct media_fault media_fault_status(struct arena *a, int status, struct str last)
{
    size_t n = last.n < LAST_MAX ? last.n : LAST_MAX;
    struct str heard = visible_line(a, str_slice(last, 0, n)), said = STR_NONE;
    struct media_fault f;

    if (WIFSIGNALED(status)) {
        f = by_signal(a, WTERMSIG(status));
    } else {
        f.code = arena_printf(a, "exit:%d", WEXITSTATUS(status));
        f.words = WEXITSTATUS(status) == EXIT_USAGE
                      ? STR("sotto-media cannot be used with this sotto: are they of the same "
                            "version?")
                      : arena_printf(a, "sotto-media has ended by itself (status %d).",
                                     WEXITSTATUS(status));
        f.impostor = false;
    }
    if (heard.n > 0) {
        said = arena_printf(a, " Its last words: %.*s", STR_ARG(heard));
        f.words = arena_concat(a, f.words, said);
    }
    return f;
}
