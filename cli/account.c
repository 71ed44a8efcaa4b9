/* account.c: see account.h. */
#include "cli/account.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/secret.h"
#include "io/tls.h"
#include "io/watch.h"
#include "xmpp/domain.h"

enum { TIMEOUT_MAX_S = 365 * 24 * 3600 };

void account_init(struct account *a, struct program *p)
{
    *a = (struct account){ .program = p, .signal_fd = -1, .interrupted = STATUS_FAILED };
}

void account_deinit(struct account *a)
{
    session_free(a->session);
    timer_free(a->limit);
    watch_free(a->signals);
    if (a->signal_fd >= 0)
        close(a->signal_fd);
    loop_free(a->loop);
    tls_context_unref(a->tls);
    store_close(a->store);
    secure_zero((void *)a->password.p, a->password.n);
    arena_deinit(&a->arena);
}

/* ---- Store --------------------------------------------------------------------------------------- */

static int open_store(struct account *a, struct str passphrase)
{
    struct program *p = a->program;
    struct str why = STR_NONE;
    enum err e = store_open(p->folder, passphrase, &p->random, &a->store, &why, &a->arena);

    if (e == ERR_NONE)
        return STATUS_DONE;
    return program_fail(p, STATUS_FAILED, e == ERR_CONFLICT ? "in-use" : "store", why);
}

static int look(struct account *a, enum store_state *out)
{
    struct str why = STR_NONE;

    if (store_look(a->program->folder, out, &why, &a->arena) == ERR_NONE)
        return STATUS_DONE;
    return program_fail(a->program, STATUS_FAILED, "store", why);
}

static int unlock(struct account *a, enum store_state state)
{
    struct str passphrase = STR_NONE, why;

    if (state == STORE_NEEDS_PASSPHRASE
        && secret_passphrase(&a->arena, a->program->passphrase_file, false, &passphrase, &why)
               != ERR_NONE)
        return program_fail(a->program, STATUS_USAGE, "locked", why);
    return open_store(a, passphrase);
}

int account_open(struct account *a)
{
    struct program *p = a->program;
    enum store_state state;
    struct str jid;
    int status = look(a, &state);

    if (status != STATUS_DONE)
        return status;
    if (state == STORE_ABSENT)
        return program_fail(p, STATUS_FAILED, "no-account",
                            arena_printf(&a->arena,
                                         "there is no account in %s: `sotto login JID` or `sotto "
                                         "register INVITE` comes first",
                                         p->folder));
    if ((status = unlock(a, state)) != STATUS_DONE)
        return status;
    if (store_setting(a->store, "jid", &a->arena, &jid) != ERR_NONE
        || jid_parse(&a->arena, jid, &a->jid) != ERR_NONE
        || store_setting(a->store, "password", &a->arena, &a->password) != ERR_NONE)
        return program_fail(p, STATUS_FAILED, "store",
                            STR("the store holds no account: log in again"));
    a->bare = jid_bare_text(&a->arena, &a->jid);
    return STATUS_DONE;
}

/* Without a passphrase whoever can read this user's files can read the messages: that is said. */
static int make_store(struct account *a)
{
    struct str passphrase = STR_NONE, why;
    int status;

    if (secret_passphrase(&a->arena, a->program->passphrase_file, true, &passphrase, &why)
        != ERR_NONE)
        return program_fail(a->program, STATUS_USAGE, "passphrase", why);
    if ((status = open_store(a, passphrase)) != STATUS_DONE)
        return status;
    a->is_new = true;
    if (passphrase.n == 0)
        fprintf(
            stderr,
            "sotto: this machine only: messages are kept encrypted, but the key lies beside them "
            "in %s/key. Who can read your files can read them. --passphrase-file avoids that.\n",
            a->program->folder);
    return STATUS_DONE;
}

int account_make(struct account *a)
{
    enum store_state state;
    int status = look(a, &state);

    if (status != STATUS_DONE)
        return status;
    return state == STORE_ABSENT ? make_store(a) : unlock(a, state);
}

int account_keep(struct account *a, const struct jid *jid, struct str password)
{
    struct str had;

    a->jid = jid_copy(&a->arena, jid);
    a->bare = jid_bare_text(&a->arena, jid);
    a->password = arena_str(&a->arena, password);
    if (store_setting(a->store, "jid", &a->arena, &had) == ERR_NONE && !str_eq(had, a->bare))
        return program_fail(a->program, STATUS_FAILED, "other-account",
                            arena_printf(&a->arena,
                                         "%s belongs to %.*s: give another account a folder of its "
                                         "own with --data",
                                         a->program->folder, STR_ARG(had)));
    if (store_set(a->store, "jid", a->bare) != ERR_NONE
        || store_set(a->store, "password", a->password) != ERR_NONE)
        return program_fail(a->program, STATUS_FAILED, "store",
                            STR("the account cannot be kept: is the disk full?"));
    return STATUS_DONE;
}

void account_forget(struct account *a)
{
    session_free(a->session);
    a->session = NULL;
    store_discard(a->store);
    a->store = NULL;
}

/* ---- Session ------------------------------------------------------------------------------------- */

int account_connect_to(struct account *a, const struct jid *jid, struct connect_to *out)
{
    struct program *p = a->program;
    struct str why = STR_NONE;

    out->address = str_from(p->connect);
    if (p->connect != NULL && connect_address_valid(out->address) != ERR_NONE)
        return program_fail(p, STATUS_USAGE, "usage", STR("--connect wants HOST:PORT"));
    if (domain_to_ascii(&a->arena, jid->domain, &out->domain) != ERR_NONE)
        return program_fail(p, STATUS_USAGE, "usage", STR("DNS knows no such domain"));
    if (a->loop != NULL)
        return STATUS_DONE;
    if (tls_context_new_client(p->ca, "xmpp-client", &a->tls, &why, &a->arena) != ERR_NONE)
        return program_fail(p, STATUS_FAILED, "tls", why);
    if ((a->loop = loop_new()) == NULL)
        return program_fail(p, STATUS_FAILED, "system", STR("this system is out of descriptors"));
    return STATUS_DONE;
}

int account_begin(struct account *a, const struct session_handlers *handlers, void *ctx)
{
    struct session_config config = { .jid = a->jid,
                                     .password = a->password,
                                     .by_password = a->by_password,
                                     .random = &a->program->random };
    int status = account_connect_to(a, &a->jid, &config.to);

    if (status != STATUS_DONE)
        return status;
    a->ctx = ctx;
    config.tls = a->tls;
    if (session_new(a->loop, a->store, &config, handlers, ctx, &a->session) != ERR_NONE)
        return program_fail(a->program, STATUS_FAILED, "store",
                            STR("the store cannot be read: it is damaged, or was tampered with"));
    return STATUS_DONE;
}

static void limit_fired(void *ctx)
{
    struct account *a = ctx;

    a->limit_over(a->ctx);
}

int account_limit(struct account *a, uint64_t seconds, void (*over)(void *ctx))
{
    struct program *p = a->program;

    if (p->timeout != NULL
        && (str_to_u64(str_from(p->timeout), TIMEOUT_MAX_S, &seconds) != ERR_NONE || seconds == 0))
        return program_fail(p, STATUS_USAGE, "usage", STR("--timeout wants a number of seconds"));
    if (seconds == 0)
        return STATUS_DONE;
    a->limit_over = over;
    a->limit = timer_new(a->loop, limit_fired, a);
    timer_start(a->limit, seconds * 1000);
    return STATUS_DONE;
}

/* In order: what was taken is on the disk, the server is told. */
static void on_signal(void *ctx, bool readable, bool writable)
{
    struct account *a = ctx;
    struct signalfd_siginfo info;

    (void)readable, (void)writable;
    if (read(a->signal_fd, &info, sizeof info) == sizeof info)
        account_end(a, a->interrupted);
}

static void watch_signals(struct account *a)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    a->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (a->signal_fd >= 0 && (a->signals = watch_new(a->loop, a->signal_fd, on_signal, a)) != NULL)
        watch_set(a->signals, true, false);
}

int account_run(struct account *a)
{
    watch_signals(a);
    session_run(a->session);
    return a->status;
}

void account_end(struct account *a, int status)
{
    if (!a->ended)
        a->status = status;
    a->ended = true;
    session_end(a->session);
}

struct str account_refusal(struct arena *a, const struct engine_event *e)
{
    static const char *const words[] = {
        [LOGIN_REFUSED] = "the server does not know this account, or the password is wrong",
        [LOGIN_TOKEN_STALE] = "this device was logged out: log in again with the password",
        [LOGIN_LATER] = "the server asks to come again later",
        [LOGIN_DISABLED] = "the account is closed",
        [LOGIN_NO_TLS] = "the server does not encrypt the connection",
        [LOGIN_NO_MECHANISM] = "the server knows no way to log in that keeps the password secret",
        [LOGIN_DOWNGRADE] = "the server offers less security than before: somebody may stand "
                            "between you and it",
        [LOGIN_IMPOSTOR] =
            "the server does not know the password that it should know: somebody may "
            "pose as it",
        [LOGIN_BROKEN] = "the server does not speak the protocol",
    };

    if (e->text.n > 0)
        return arena_printf(a, "%s (it says: %.*s)", words[e->failure], STR_ARG(e->text));
    return str_from(words[e->failure]);
}
