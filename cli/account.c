/* account.c: see account.h. */
#include "cli/account.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/guests.h"
#include "cli/keyring_helper.h"
#include "cli/new_device.h"
#include "cli/pause.h"
#include "cli/secret.h"
#include "cli/visible.h"
#include "io/tls.h"
#include "io/watch.h"
#include "xmpp/domain.h"

enum { TIMEOUT_MAX_S = 365 * 24 * 3600, DEVICE_NAME_MAX = 64 };

#define SETTING_DEVICE "device"
#define DEVICE_NAME    "sotto (terminal)" /* of accounts that were made when nobody could name one */

void account_init(struct account *a, struct program *p)
{
    *a = (struct account){
        .program = p, .secrets = ARENA_SECRET, .signal_fd = -1, .interrupted = STATUS_FAILED
    };
}

/* Its host has the rest. */
static void deinit_guest(struct account *a)
{
    session_part(&a->listener);
    timer_free(a->limit);
    timer_free(a->parting);
    arena_deinit(&a->arena);
}

void account_deinit(struct account *a)
{
    if (a->program->guest != NULL) {
        deinit_guest(a);
        return;
    }
    guests_free(a->guests);
    session_free(a->session);
    timer_free(a->limit);
    watch_free(a->signals);
    if (a->signal_fd >= 0)
        close(a->signal_fd);
    loop_free(a->loop);
    tls_context_unref(a->tls);
    store_close(a->store);
    arena_deinit(&a->secrets);
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
    if (e == ERR_DENIED)
        return program_fail(p, STATUS_USAGE, "locked", why);
    return program_fail(p, STATUS_FAILED, e == ERR_CONFLICT ? "in-use" : "store", why);
}

static int look(struct account *a)
{
    struct str why = STR_NONE;

    if (store_look(a->program->folder, &a->locks, &why, &a->arena) == ERR_NONE)
        return STATUS_DONE;
    return program_fail(a->program, STATUS_FAILED, "store", why);
}

bool account_name_fits(const struct program *p)
{
    struct arena a = { 0 };
    struct str name = str_from(p->name);
    bool fits = p->name == NULL
                || (name.n > 0 && name.n <= DEVICE_NAME_MAX && utf8_valid(name)
                    && str_eq(visible_line(&a, name), name));

    arena_deinit(&a);
    return fits;
}

int account_look(struct account *a)
{
    int status = look(a);

    if (status != STATUS_DONE || a->locks.state != STORE_ABSENT)
        return status;
    return program_fail(a->program, STATUS_FAILED, "no-account",
                        arena_printf(&a->arena,
                                     "there is no account in %s: `sotto login JID` or `sotto "
                                     "register INVITE` comes first",
                                     a->program->folder));
}

/* False: it was said why, and the passphrase is to do it. */
static bool open_by_keyring(struct account *a)
{
    struct program *p = a->program;
    struct store_key key = { .keyring = { NULL, 0 } };
    struct arena secrets = ARENA_SECRET;
    struct str why = STR_NONE;
    enum err e = keyring_get(&secrets, a->locks.keyring, &key.keyring, &why);

    if (e == ERR_NONE)
        e = store_unlock(p->folder, &key, &p->random, &a->store, &why, &a->arena);
    if (e != ERR_NONE && e != ERR_CONFLICT)
        program_warn(
            p, arena_printf(&a->arena, "%.*s: the passphrase opens the store, too", STR_ARG(why)));
    arena_deinit(&secrets);
    return e == ERR_NONE;
}

static int unlock(struct account *a)
{
    struct program *p = a->program;
    struct arena secrets = ARENA_SECRET;
    struct str passphrase = STR_NONE, why;
    bool asks = a->locks.state == STORE_NEEDS_PASSPHRASE;
    int status;

    if (asks && a->locks.keyring.n > 0 && p->passphrase_file == NULL && !p->by_passphrase
        && open_by_keyring(a))
        return STATUS_DONE;
    if (asks
        && secret_passphrase(&secrets, p->passphrase_file, false, &passphrase, &why) != ERR_NONE)
        status = program_fail(p, STATUS_USAGE, "locked", why);
    else
        status = open_store(a, passphrase);
    arena_deinit(&secrets);
    return status;
}

int account_recall(struct account *a)
{
    struct str jid;

    if (store_setting(a->store, "jid", &a->arena, &jid) != ERR_NONE
        || jid_parse(&a->arena, jid, &a->jid) != ERR_NONE
        || store_setting(a->store, "password", &a->secrets, &a->password) != ERR_NONE)
        return program_fail(a->program, STATUS_FAILED, "store",
                            STR("the store holds no account: log in again"));
    a->bare = jid_bare_text(&a->arena, &a->jid);
    return STATUS_DONE;
}

static int open_as_guest(struct account *a)
{
    const struct account *host = guest_host(a->program->guest);

    a->store = host->store;
    a->jid = host->jid;
    a->bare = host->bare;
    return STATUS_DONE;
}

int account_open(struct account *a)
{
    int status;

    if (a->program->guest != NULL)
        return open_as_guest(a);
    status = account_look(a);
    if (status != STATUS_DONE || (status = unlock(a)) != STATUS_DONE)
        return status;
    return account_recall(a);
}

static enum err erase_due(struct account *a, struct engine *engine)
{
    const struct book_changes *changes;
    enum err e = store_load(a->store, engine);

    if (e != ERR_NONE)
        return e;
    engine_start(engine, clock_wall_ms());
    while (e == ERR_NONE && (changes = engine_commit(engine)) != NULL) {
        e = store_commit(a->store, changes);
        engine_committed(engine, e == ERR_NONE);
    }
    return e;
}

int account_tidy(struct account *a)
{
    struct engine_config config = { .jid = a->jid, .random = &a->program->random };
    struct engine *engine;
    enum err e;

    if (a->program->guest != NULL)
        return STATUS_DONE; /* its host's engine does */
    engine = engine_new(&config);
    e = erase_due(a, engine);
    engine_free(engine);
    if (e == ERR_NONE)
        return STATUS_DONE;
    return program_fail(a->program, STATUS_FAILED, "store",
                        STR("the store cannot be read: it is damaged, or was tampered with"));
}

void account_warn_key_file(const struct account *a)
{
    fprintf(stderr,
            "sotto: this machine only: messages are kept encrypted, but the key lies beside them "
            "in %s/key. Who can read your files can read them. `sotto passphrase` changes that.\n",
            a->program->folder);
}

static int make_store(struct account *a)
{
    struct program *p = a->program;
    struct arena secrets = ARENA_SECRET;
    struct str passphrase = STR_NONE, why;
    bool by_file;
    int status;

    if (secret_passphrase(&secrets, p->passphrase_file, true, &passphrase, &why) != ERR_NONE)
        status = program_fail(p, STATUS_USAGE, "passphrase", why);
    else
        status = open_store(a, passphrase);
    by_file = passphrase.n == 0;
    arena_deinit(&secrets);
    if (status != STATUS_DONE)
        return status;
    a->is_new = true;
    if (by_file)
        account_warn_key_file(a);
    return STATUS_DONE;
}

int account_make(struct account *a)
{
    int status = look(a);

    if (status != STATUS_DONE)
        return status;
    return a->locks.state == STORE_ABSENT ? make_store(a) : unlock(a);
}

static struct str default_device_name(struct arena *a)
{
    char host[HOST_NAME_MAX + 1] = "";

    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        return STR(DEVICE_NAME);
    return arena_printf(a, "sotto on %.*s", DEVICE_NAME_MAX - (int)strlen("sotto on "), host);
}

struct str account_device_name(struct account *a)
{
    struct str name;

    if (a->program->name != NULL)
        return str_from(a->program->name);
    if (a->store != NULL && store_setting(a->store, SETTING_DEVICE, &a->arena, &name) == ERR_NONE)
        return name;
    return a->is_new ? default_device_name(&a->arena) : STR(DEVICE_NAME);
}

enum err account_keep_device_name(struct account *a)
{
    struct str had;

    if (a->program->name == NULL && !a->is_new
        && store_setting(a->store, SETTING_DEVICE, &a->arena, &had) == ERR_NONE)
        return ERR_NONE;
    return store_set(a->store, SETTING_DEVICE, account_device_name(a));
}

int account_keep(struct account *a, const struct jid *jid, struct str password)
{
    struct str had;

    a->jid = jid_copy(&a->arena, jid);
    a->bare = jid_bare_text(&a->arena, jid);
    a->password = arena_str(&a->secrets, password);
    if (store_setting(a->store, "jid", &a->arena, &had) == ERR_NONE && !str_eq(had, a->bare))
        return program_fail(a->program, STATUS_FAILED, "other-account",
                            arena_printf(&a->arena,
                                         "%s belongs to %.*s: give another account a folder of its "
                                         "own with --data",
                                         a->program->folder, STR_ARG(had)));
    if (store_set(a->store, "jid", a->bare) != ERR_NONE
        || store_set(a->store, "password", a->password) != ERR_NONE
        || account_keep_device_name(a) != ERR_NONE)
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

static int begin_as_guest(struct account *a, const struct session_handlers *handlers, void *ctx)
{
    const struct account *host = guest_host(a->program->guest);

    a->loop = host->loop;
    a->session = host->session;
    a->ctx = ctx;
    a->listener = (struct session_listener){ .handlers = handlers, .ctx = ctx };
    session_join(a->session, &a->listener);
    return STATUS_DONE;
}

int account_begin(struct account *a, const struct session_handlers *handlers, void *ctx)
{
    struct session_config config = { .jid = a->jid,
                                     .password = a->password,
                                     .by_password = a->by_password,
                                     .takes_calls = a->takes_calls,
                                     .device = account_device_name(a),
                                     .random = &a->program->random,
                                     .folder = a->program->folder,
                                     .ca = a->program->ca };
    int status;

    if (a->program->guest != NULL)
        return begin_as_guest(a, handlers, ctx);
    status = account_connect_to(a, &a->jid, &config.to);
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

int account_seconds(struct account *a, uint64_t *seconds)
{
    struct program *p = a->program;

    if (p->timeout != NULL
        && (str_to_u64(str_from(p->timeout), TIMEOUT_MAX_S, seconds) != ERR_NONE || *seconds == 0))
        return program_fail(p, STATUS_USAGE, "usage", STR("--timeout wants a number of seconds"));
    return STATUS_DONE;
}

int account_limit(struct account *a, uint64_t seconds, void (*over)(void *ctx))
{
    int status = account_seconds(a, &seconds);

    if (status != STATUS_DONE || seconds == 0)
        return status;
    a->limit_over = over;
    a->limit = timer_new(a->loop, limit_fired, a);
    timer_start(a->limit, seconds * 1000);
    return STATUS_DONE;
}

int account_meet(struct account *a, const struct session_handlers *handlers, void *ctx,
                 uint64_t seconds, void (*over)(void *ctx))
{
    int status = account_open(a);

    if (status == STATUS_DONE)
        status = account_begin(a, handlers, ctx);
    if (status == STATUS_DONE)
        status = account_limit(a, seconds, over);
    return status;
}

/* In order: what was taken is on the disk, the server is told. */
void account_interrupt(struct account *a)
{
    void (*interrupt)(void *) = a->interrupt;

    a->interrupt = NULL;
    if (interrupt != NULL)
        interrupt(a->ctx);
    else
        account_end(a, a->interrupted);
}

static void on_signal(void *ctx, bool readable, bool writable)
{
    struct account *a = ctx;
    struct signalfd_siginfo info;

    (void)readable, (void)writable;
    if (read(a->signal_fd, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGTSTP) {
        if (a->may_stop(a->ctx))
            pause_for_shell();
        return;
    }
    account_interrupt(a);
}

static void watch_signals(struct account *a)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (a->may_stop != NULL)
        sigaddset(&set, SIGTSTP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    a->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (a->signal_fd >= 0 && (a->signals = watch_new(a->loop, a->signal_fd, on_signal, a)) != NULL)
        watch_set(a->signals, true, false);
}

/* ---- From begin to end ---------------------------------------------------------------------------- */

static void release(struct account *a)
{
    if (a->release != NULL)
        a->release(a);
    else
        account_deinit(a);
}

static void on_parting(void *ctx)
{
    struct account *a = ctx;
    struct guest *g = a->program->guest;

    release(a);
    guest_left(g, a->status);
}

static int stay(struct account *a)
{
    a->parting = timer_new(a->loop, on_parting, a);
    guest_stays(a->program->guest, a);
    session_greet(a->session, &a->listener);
    if (a->ended)
        timer_start(a->parting, 0);
    return STATUS_STAYS;
}

int account_run(struct account *a)
{
    if (a->program->guest != NULL)
        return stay(a);
    watch_signals(a);
    if (a->has_guests && !a->ended)
        a->guests = guests_new(a);
    session_run(a->session);
    return a->status;
}

int account_leave(struct account *a, int status)
{
    if (status != STATUS_STAYS)
        release(a);
    return status;
}

static void end_session(void *ctx)
{
    session_end(((struct account *)ctx)->session);
}

/* Later, if it is a guest: handlers of its session, and its own, are being called. */
void account_end(struct account *a, int status)
{
    if (!a->ended)
        a->status = status;
    a->ended = true;
    if (a->program->guest == NULL)
        guests_dismiss(a->guests, end_session, a);
    else if (a->parting != NULL)
        timer_start(a->parting, 0);
}

void account_lost(struct account *a, struct str why, bool distrusted)
{
    int status = distrusted ? STATUS_FAILED : STATUS_UNREACHABLE;

    account_end(a,
                program_fail(a->program, status, distrusted ? "distrusted" : "unreachable", why));
}

void account_late(struct account *a)
{
    account_end(a, program_fail(a->program, STATUS_TIMEOUT, "timeout",
                                STR("the server took too long to answer")));
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

bool account_over(struct account *a, const struct engine_event *e)
{
    if (e->kind == ENGINE_DEVICE)
        new_device_tell(a->program, a->bare, e);
    if (e->kind == ENGINE_OFFLINE && e->refused)
        account_end(
            a, program_fail(a->program, STATUS_FAILED, "refused", account_refusal(&a->arena, e)));
    else if (e->kind == ENGINE_BROKEN)
        account_end(a, program_store_failed(a->program));
    else
        return false;
    return true;
}
