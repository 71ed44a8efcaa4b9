/* guests.c: see guests.h. */
#include "cli/guests.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/errand.h"
#include "io/local_socket.h"
#include "io/watch.h"

enum {
    PULSE_MS = 5000,    /* an asker hears at least so often that it goes on */
    ASKING_MS = 4000,   /* for the request */
    FAREWELL_MS = 3000, /* for reading the rest when the host ends */
    OUT_MAX = 64 * 1024 * 1024,
    LAST_WORDS_MAX = 1024,
};

enum stage {
    ASKS,
    WAITS, /* for the store; or, if it only reads, has it, on a thread */
    STAYS, /* until account_end() */
    ENDS,  /* what it did is put on the disk */
    TOLD,
};

struct guests {
    struct account *host;
    int fd;
    struct watch *watch;
    struct timer *pulse;
    struct list list;
    size_t count;
    bool closing;
    void (*empty)(void *ctx);
    void *ctx;
};

struct guest {
    struct link link;
    struct guests *all;
    int fd;
    struct watch *watch;
    uint64_t came_ms;
    struct buf in, out; /* out: the thread's while it WAITS and only reads */
    size_t sent;
    struct mouth {
        struct guest *guest;
        enum errand_answer kind;
        FILE *file;
    } mouths[2];
    struct program program;
    const struct command *command;
    struct session_job job;
    struct account *account; /* while it STAYS */
    enum stage stage;
    int status;
    bool left;      /* who asked has gone, or does not want it any more */
    bool unheard;   /* nobody reads what it says */
    bool overflown; /* it says more than anybody has read */
};

static void guest_free(struct guest *g);

static bool only_reads(const struct guest *g)
{
    return g->command != NULL && (g->command->options & ONLY_READS) != 0;
}

/* ---- What it says ---------------------------------------------------------------------------------- */

static void push(struct guest *g)
{
    ssize_t n = 0;

    while (!g->unheard && g->sent < g->out.n && n >= 0) {
        n = send(g->fd, g->out.p + g->sent, g->out.n - g->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            g->sent += (size_t)n;
        else if (errno != EAGAIN && errno != EINTR)
            g->unheard = true;
    }
    if (g->unheard || g->sent == g->out.n) {
        buf_reset(&g->out);
        g->sent = 0;
    }
    watch_set(g->watch, !g->left, g->out.n > 0);
}

static void say(struct guest *g, enum errand_answer kind, struct str octets)
{
    if (octets.n + ERRAND_HEAD > OUT_MAX - LAST_WORDS_MAX - g->out.n)
        g->overflown = true;
    else
        errand_answer(&g->out, kind, octets);
}

static ssize_t on_print(void *ctx, const char *p, size_t n)
{
    struct mouth *m = ctx;
    struct guest *g = m->guest;
    struct str rest = { p, n };

    while (rest.n > 0 && !g->overflown && !g->unheard) {
        say(g, m->kind, str_slice(rest, 0, ERRAND_PIECE_MAX));
        rest = str_skip(rest, rest.n < ERRAND_PIECE_MAX ? rest.n : ERRAND_PIECE_MAX);
    }
    if (g->stage != WAITS || !only_reads(g))
        push(g);
    return (ssize_t)n;
}

static FILE *open_mouth(struct guest *g, struct mouth *m, enum errand_answer kind)
{
    cookie_io_functions_t io = { .write = on_print };

    *m = (struct mouth){ .guest = g, .kind = kind };
    m->file = fopencookie(m, "w", io);
    if (m->file != NULL)
        setvbuf(m->file, NULL, _IOLBF, BUFSIZ);
    return m->file;
}

/* ---- Its end --------------------------------------------------------------------------------------- */

static void nothing(void *ctx, struct store *store)
{
    (void)ctx, (void)store;
}

static void on_kept(void *ctx)
{
    struct guest *g = ctx;
    char status = (char)g->status;

    errand_answer(&g->out, ERRAND_DONE, (struct str){ &status, 1 });
    g->stage = TOLD;
    push(g);
    if (g->out.n == 0)
        guest_free(g);
}

static void leave(struct guest *g, int status)
{
    static const char too_much[] =
        "sotto: this is more than 64 MiB: ask for less of it, with --limit or so\n";

    for (size_t i = 0; i < COUNT_OF(g->mouths); i++)
        fflush(g->mouths[i].file);
    if (g->overflown)
        errand_answer(&g->out, ERRAND_ERR, str_from(too_much));
    g->status = g->overflown ? STATUS_FAILED : status;
    g->stage = ENDS;
    g->job = (struct session_job){ .work = nothing, .done = on_kept, .ctx = g };
    session_do(g->all->host->session, &g->job);
}

void guest_left(struct guest *g, int status)
{
    g->account = NULL;
    leave(g, status);
}

/* The asker does not want it any more, or the host ends. */
static void interrupt(struct guest *g)
{
    struct account *a = g->account;

    if (a->ended)
        return;
    if (a->interrupt != NULL || g->left)
        account_interrupt(a);
    else
        account_end(a, program_fail(a->program, STATUS_UNREACHABLE, "ended",
                                    STR("the sotto that has the account open ends; what was begun "
                                        "goes on with the next command that connects")));
}

/* ---- Its command ----------------------------------------------------------------------------------- */

const struct account *guest_host(const struct guest *g)
{
    return g->all->host;
}

void guest_stays(struct guest *g, struct account *a)
{
    g->account = a;
    g->stage = STAYS;
}

static void on_thread(void *ctx, struct store *store)
{
    struct guest *g = ctx;

    (void)store; /* its account's, as its host's is */
    if (only_reads(g))
        g->status = g->command->run(&g->program);
}

/* The store is nobody's until this returns. */
static void on_turn(void *ctx)
{
    struct guest *g = ctx;

    if (!only_reads(g)) {
        engine_now(session_engine(g->all->host->session), clock_wall_ms());
        g->status = g->left ? STATUS_FAILED : g->command->run(&g->program);
    }
    if (g->status != STATUS_STAYS)
        leave(g, g->status);
    else if (g->left || g->all->closing)
        interrupt(g);
}

static void ask(struct guest *g, struct bytes fields)
{
    enum err e = errand_read(fields, &g->program, &g->command);

    say(g, ERRAND_GOES_ON, STR_NONE);
    if (e != ERR_NONE) {
        leave(g, program_fail(&g->program, STATUS_FAILED, "in-use",
                              STR("another sotto has the account open, of a version that does not "
                                  "do this: end it first")));
        return;
    }
    push(g);
    g->stage = WAITS;
    g->job = (struct session_job){ .work = on_thread, .done = on_turn, .ctx = g };
    session_do(g->all->host->session, &g->job);
}

/* ---- Its asker ------------------------------------------------------------------------------------- */

/* False: it is no request, and the guest is gone. */
static bool read_request(struct guest *g)
{
    struct bytes in = buf_bytes(&g->in);
    size_t n;

    if (in.n < ERRAND_LENGTH)
        return true;
    n = (size_t)in.p[0] << 24 | (size_t)in.p[1] << 16 | (size_t)in.p[2] << 8 | in.p[3];
    if (n > ERRAND_REQUEST_MAX || in.n - ERRAND_LENGTH > n) {
        guest_free(g);
        return false;
    }
    if (in.n - ERRAND_LENGTH == n)
        ask(g, (struct bytes){ in.p + ERRAND_LENGTH, n });
    return true;
}

static bool hear(struct guest *g)
{
    char piece[4096];
    ssize_t n = recv(g->fd, piece, sizeof piece, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n > 0 && g->stage == ASKS) {
        buf_add(&g->in, (struct str){ piece, (size_t)n });
        return read_request(g);
    }
    if (g->stage == ASKS) {
        guest_free(g);
        return false;
    }
    g->left = true;
    if (g->stage == STAYS)
        interrupt(g);
    return true;
}

static void on_ready(void *ctx, bool readable, bool writable)
{
    struct guest *g = ctx;

    (void)writable;
    if (readable && !g->left && !hear(g))
        return;
    if (g->stage == WAITS && only_reads(g))
        watch_set(g->watch, !g->left, false);
    else
        push(g);
    if (g->stage == TOLD && g->out.n == 0)
        guest_free(g);
}

static void guest_free(struct guest *g)
{
    struct guests *all = g->all;

    for (size_t i = 0; i < COUNT_OF(g->mouths); i++)
        if (g->mouths[i].file != NULL)
            fclose(g->mouths[i].file);
    list_remove(&g->link);
    watch_free(g->watch);
    close(g->fd);
    buf_deinit(&g->in);
    buf_deinit(&g->out);
    arena_deinit(&g->program.arena);
    mem_free(g);
    all->count--;
    if (!all->closing)
        watch_set(all->watch, true, false);
    else if (list_empty(&all->list))
        all->empty(all->ctx);
}

static void guest_new(struct guests *all, int fd)
{
    const struct program *host = all->host->program;
    struct guest *g = mem_alloc(sizeof *g);

    g->all = all;
    g->fd = fd;
    g->came_ms = clock_steady_ms();
    buf_init(&g->in, ERRAND_LENGTH + ERRAND_REQUEST_MAX + 1);
    buf_init(&g->out, OUT_MAX);
    g->program = (struct program){ .random = host->random,
                                   .folder = host->folder,
                                   .ca = host->ca,
                                   .connect = host->connect,
                                   .out = open_mouth(g, &g->mouths[0], ERRAND_OUT),
                                   .err = open_mouth(g, &g->mouths[1], ERRAND_ERR),
                                   .guest = g };
    list_add(&all->list, &g->link);
    all->count++;
    g->watch = watch_new(all->host->loop, fd, on_ready, g);
    if (g->watch == NULL || g->program.out == NULL || g->program.err == NULL)
        guest_free(g);
    else
        watch_set(g->watch, true, false);
}

/* ---- All of them ----------------------------------------------------------------------------------- */

static void on_guest(void *ctx, bool readable, bool writable)
{
    struct guests *all = ctx;
    int fd;

    (void)readable, (void)writable;
    if (all->count < GUESTS_MAX && (fd = local_accept(all->fd)) >= 0)
        guest_new(all, fd);
    if (all->count >= GUESTS_MAX)
        watch_set(all->watch, false, false);
}

/* While a thread has what it says, what tells that it goes on passes beside that: nothing else is on its way then. */
static void keep_going(struct guest *g)
{
    struct buf pulse;

    if (g->stage == WAITS && only_reads(g)) {
        buf_init(&pulse, ERRAND_HEAD);
        errand_answer(&pulse, ERRAND_GOES_ON, STR_NONE);
        (void)!send(g->fd, pulse.p, pulse.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        buf_deinit(&pulse);
    } else if (g->stage != ASKS && g->stage != TOLD && g->out.n == 0) {
        say(g, ERRAND_GOES_ON, STR_NONE);
        push(g);
    }
}

static void on_pulse(void *ctx)
{
    struct guests *all = ctx;
    uint64_t now = clock_steady_ms();

    timer_start(all->pulse, PULSE_MS);
    for (struct link *l = list_first(&all->list), *next; l != NULL; l = next) {
        struct guest *g = LIST_ENTRY(l, struct guest, link);
        bool is_late = g->stage == ASKS && now - g->came_ms > ASKING_MS;

        next = list_next(&all->list, l);
        if (is_late || (all->closing && g->stage == TOLD))
            guest_free(g); /* the last one may end the session, not `all` */
        else
            keep_going(g);
    }
}

struct guests *guests_new(struct account *host)
{
    int fd = local_listen(host->program->folder, ERRAND_SOCKET);
    struct guests *all;

    if (fd < 0) {
        program_warn(host->program,
                     arena_printf(&host->arena,
                                  "other commands have to wait until this one ends: %s",
                                  strerrordesc_np(errno)));
        return NULL;
    }
    all = mem_alloc(sizeof *all);
    all->host = host;
    all->fd = fd;
    list_init(&all->list);
    all->pulse = timer_new(host->loop, on_pulse, all);
    timer_start(all->pulse, PULSE_MS);
    all->watch = watch_new(host->loop, fd, on_guest, all);
    if (all->watch != NULL)
        watch_set(all->watch, true, false);
    return all;
}

void guests_dismiss(struct guests *all, void (*empty)(void *ctx), void *ctx)
{
    bool first;

    if (all == NULL) {
        empty(ctx);
        return;
    }
    first = !all->closing;
    all->closing = true;
    all->empty = empty;
    all->ctx = ctx;
    if (first) {
        local_remove(all->host->program->folder, ERRAND_SOCKET);
        watch_free(all->watch);
        all->watch = NULL;
        close(all->fd);
        all->fd = -1;
        timer_start(all->pulse, FAREWELL_MS);
    }
    if (list_empty(&all->list))
        empty(ctx);
    for (struct link *l = list_first(&all->list), *next; first && l != NULL; l = next) {
        struct guest *g = LIST_ENTRY(l, struct guest, link);

        next = list_next(&all->list, l);
        if (g->stage == ASKS)
            guest_free(g); /* it asks again when nobody is here (handover.h) */
        else if (g->stage == STAYS)
            interrupt(g);
    }
}

void guests_free(struct guests *all)
{
    if (all == NULL)
        return;
    if (!all->closing)
        local_remove(all->host->program->folder, ERRAND_SOCKET);
    watch_free(all->watch);
    timer_free(all->pulse);
    if (all->fd >= 0)
        close(all->fd);
    mem_free(all);
}
