/* media.c: see media.h. */
#include "cli/media.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/media_places.h"
#include "io/passing.h"
#include "io/watch.h"

enum {
    LINE_MAX_OCTETS = 65536, /* docs/media.md */
    CHILD_SOCKET = 3,
    CHILD_PLAY = 4,
    CHILD_RECORD = 5,
    ARGUMENTS_MAX = 16,
    STOP_MS = 3000, /* then it is killed */
    REAP_MS = 20,   /* between its last octet and its end */
    REAP_TRIES = 50,
    WORDS_MAX = 8192, /* of its standard error; the end of it is what is kept */
};

extern char **environ;

/* A socket that goes with the octet so far behind in what is to be said. */
struct handed {
    size_t before;
    int fd;
};

struct media {
    struct loop *loop;
    const struct media_handlers *handlers;
    void *ctx;
    struct media_options options;
    struct arena arena;
    pid_t child;
    int fd;
    int words_fd; /* its standard error */
    struct watch *watch, *words_watch;
    struct timer *stopping, *reaping;
    unsigned reap_tries;
    struct buf in, out, words;
    struct media_places places;
    struct handed handed[MEDIA_PLACES];
    size_t handed_count;
    bool described, placed, stopped, over;
};

/* ---- Starting --------------------------------------------------------------------------------------- */

/* NULL: there is none. */
static const char *beside(struct arena *a, struct str path)
{
    size_t slash = str_find_last(path, '/');
    const char *name = arena_printf(a, "%.*s/sotto-media", (int)slash, path.p).p;

    return slash < path.n && access(name, X_OK) == 0 ? name : NULL;
}

/* Beside this program, where packages put it, or beside the name by which this one was called, which may be a link to it. */
static const char *program(struct arena *a)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    const char *found = n > 0 ? beside(a, (struct str){ path, (size_t)n }) : NULL;

    if (found == NULL)
        found = beside(a, str_from(program_invocation_name));
    return found != NULL ? found : "sotto-media";
}

static bool ends_in(const char *name, const char *end)
{
    return str_ends(str_from(name), str_from(end));
}

/* As exec wants it. */
static char *copy_of(struct arena *a, const char *text)
{
    size_t n = strlen(text) + 1;

    return memcpy(arena_raw(a, n), text, n);
}

static void arguments(struct media *m, char *out[ARGUMENTS_MAX])
{
    const struct media_options *o = &m->options;
    const char *list[ARGUMENTS_MAX] = { program(&m->arena) };
    size_t n = 1;

    if (o->play != NULL) {
        list[n++] = "--play";
        list[n++] = "4";
    }
    if (o->record != NULL) {
        list[n++] = "--record";
        list[n++] = "5";
        list[n++] = "--record-as";
        list[n++] = ends_in(o->record, ".opus") || ends_in(o->record, ".ogg") ? "opus" : "wav";
    }
    if (o->video) {
        list[n++] = "--camera";
        list[n++] = "/dev/video0";
    }
    for (size_t i = 0; i < ARGUMENTS_MAX; i++)
        out[i] = i < n ? copy_of(&m->arena, list[i]) : NULL;
}

/* The descriptors are out of the way of those that the child gets. */
static int open_high(const char *name, int flags)
{
    int fd = open(name, flags | O_CLOEXEC | O_NOCTTY, 0600), high;

    if (fd < 0)
        return -1;
    high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    close(fd);
    return high;
}

static int spawn(struct media *m, int theirs, int words, int play, int record)
{
    char *list[ARGUMENTS_MAX];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none;
    int error;

    arguments(m, list);
    sigemptyset(&none);
    posix_spawnattr_init(&how);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setpgroup(&how, 0); /* Ctrl-C is ours: the other side is told first */
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, words, STDERR_FILENO); /* a screen may be in use */
    posix_spawn_file_actions_adddup2(&files, theirs, CHILD_SOCKET);
    if (play >= 0)
        posix_spawn_file_actions_adddup2(&files, play, CHILD_PLAY);
    if (record >= 0)
        posix_spawn_file_actions_adddup2(&files, record, CHILD_RECORD);
    error = posix_spawnp(&m->child, list[0], &files, &how, list, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return error;
}

static void on_ready(void *ctx, bool readable, bool writable);
static void on_words(void *ctx, bool readable, bool writable);
static void on_late(void *ctx);
static void on_reap(void *ctx);
static void say_start(struct media *m);

static enum err open_files(const struct media_options *o, struct arena *a, int *play, int *record,
                           struct str *out_why)
{
    if (o->play != NULL && (*play = open_high(o->play, O_RDONLY)) < 0) {
        *out_why = arena_printf(a, "%s: %s", o->play, strerror(errno));
        return ERR_MISSING;
    }
    if (o->record != NULL && (*record = open_high(o->record, O_RDWR | O_CREAT | O_TRUNC)) < 0) {
        *out_why = arena_printf(a, "%s: %s", o->record, strerror(errno));
        return ERR_MISSING;
    }
    return ERR_NONE;
}

/* The end that the child gets, out of the way as above. */
static int give(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);

    close(fd);
    return high;
}

static enum err start(struct media *m, struct arena *a, int play, int record, struct str *out_why)
{
    int pair[2] = { -1, -1 }, words[2] = { -1, -1 }, theirs, their_words, error;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0
        || pipe2(words, O_CLOEXEC) != 0) {
        if (pair[0] >= 0) {
            close(pair[0]);
            close(pair[1]);
        }
        *out_why = STR("There are no descriptors left.");
        return ERR_MISSING;
    }
    m->fd = pair[0];
    m->words_fd = words[0];
    theirs = give(pair[1]);
    their_words = give(words[1]);
    error = spawn(m, theirs, their_words, play, record);
    close(theirs);
    close(their_words);
    if (error == 0 && (m->watch = watch_new(m->loop, m->fd, on_ready, m)) != NULL
        && (m->words_watch = watch_new(m->loop, m->words_fd, on_words, m)) != NULL) {
        watch_set(m->watch, true, false);
        watch_set(m->words_watch, true, false);
        return ERR_NONE;
    }
    *out_why = error == ENOENT
                   ? STR("Calls take sotto-media, which is not installed.")
                   : arena_printf(a, "sotto-media cannot be started: %s.", strerror(error));
    return ERR_MISSING;
}

enum err media_new(struct loop *l, const struct media_options *options,
                   const struct media_handlers *handlers, void *ctx, struct arena *a,
                   struct media **out, struct str *out_why)
{
    struct media *m = mem_alloc(sizeof *m);
    int play = -1, record = -1;
    enum err e;

    m->loop = l;
    m->handlers = handlers;
    m->ctx = ctx;
    m->options = *options;
    m->fd = m->words_fd = -1;
    m->stopping = timer_new(l, on_late, m);
    m->reaping = timer_new(l, on_reap, m);
    buf_init(&m->in, LINE_MAX_OCTETS);
    buf_init(&m->out, 4 * LINE_MAX_OCTETS);
    buf_init(&m->words, WORDS_MAX);
    if ((e = open_files(options, a, &play, &record, out_why)) == ERR_NONE)
        e = start(m, a, play, record, out_why);
    if (play >= 0)
        close(play);
    if (record >= 0)
        close(record);
    if (e != ERR_NONE) {
        media_free(m);
        return e;
    }
    say_start(m);
    *out = m;
    return ERR_NONE;
}

void media_free(struct media *m)
{
    int status;

    if (m == NULL)
        return;
    watch_free(m->watch);
    watch_free(m->words_watch);
    timer_free(m->stopping);
    timer_free(m->reaping);
    if (m->fd >= 0)
        close(m->fd);
    if (m->words_fd >= 0)
        close(m->words_fd);
    while (m->handed_count > 0)
        close(m->handed[--m->handed_count].fd);
    if (m->child > 0 && waitpid(m->child, &status, WNOHANG) == 0) {
        kill(m->child, SIGKILL);
        waitpid(m->child, &status, 0);
    }
    buf_deinit(&m->in);
    buf_deinit(&m->out);
    buf_deinit(&m->words);
    arena_deinit(&m->arena);
    mem_free(m);
}

/* ---- Saying ----------------------------------------------------------------------------------------- */

/* So much has gone, and with it the socket that it began with. */
static void has_gone(struct media *m, size_t n, bool with_socket)
{
    buf_consume(&m->out, n);
    if (with_socket) {
        close(m->handed[0].fd);
        memmove(m->handed, m->handed + 1, --m->handed_count * sizeof *m->handed);
    }
    for (size_t i = 0; i < m->handed_count; i++)
        m->handed[i].before -= n;
}

static void flush(struct media *m)
{
    while (m->out.n > 0) {
        bool with = m->handed_count > 0 && m->handed[0].before == 0;
        const struct handed *next = m->handed_count > with ? &m->handed[with] : NULL;
        ssize_t n = passing_send(m->fd, m->out.p, next != NULL ? next->before : m->out.n,
                                 with ? m->handed[0].fd : -1);

        if (n <= 0)
            break; /* later, or what comes in tells that it has ended */
        has_gone(m, (size_t)n, with);
    }
    watch_set(m->watch, true, m->out.n > 0);
}

static void end(struct media *m, const struct media_fault *fault);

/* Takes the object. What is longer than a line can be is not begun: it would end the process without a word that helps. */
static void say(struct media *m, json_t *what)
{
    struct media_fault too_long = media_fault_too_long();
    char *text = json_dumps(what, JSON_COMPACT);

    json_decref(what);
    if (text == NULL || m->over) {
        mem_free(text);
        return;
    }
    if (strlen(text) >= LINE_MAX_OCTETS) {
        end(m, &too_long);
    } else {
        buf_add(&m->out, str_from(text));
        buf_add_char(&m->out, '\n');
        flush(m);
    }
    mem_free(text);
}

/* At once: it waits in the socket until the sandbox is closed, and an offer that comes meanwhile stands behind it. */
static void say_start(struct media *m)
{
    say(m, json_pack("{s:s,s:s,s:b}", "do", "start", "role", m->options.offers ? "offer" : "answer",
                     "video", (int)m->options.video));
}

void media_remote(struct media *m, struct str sdp)
{
    if (!m->placed) /* later places are those of the beginning */
        media_places_read(&m->places, sdp);
    m->placed = true;
    say(m, json_pack("{s:s,s:s,s:s%}", "do", "remote", "type",
                     m->options.offers ? "answer" : "offer", "sdp", sdp.p, sdp.n));
}

void media_mute(struct media *m, bool on)
{
    say(m, json_pack("{s:s,s:b}", "do", "mute", "audio", (int)on));
}

void media_stop(struct media *m)
{
    if (m->over)
        return;
    m->stopped = true;
    say(m, json_pack("{s:s}", "do", "stop"));
    timer_start(m->stopping, STOP_MS);
}

/* ---- Hearing ---------------------------------------------------------------------------------------- */

static const struct media_fault no_fault;

static void end(struct media *m, const struct media_fault *fault)
{
    if (m->over)
        return;
    m->over = true;
    timer_stop(m->stopping);
    timer_stop(m->reaping);
    watch_set(m->watch, false, false);
    watch_set(m->words_watch, false, false);
    m->handlers->over(m->ctx, fault);
}

static void on_late(void *ctx)
{
    struct media *m = ctx;

    end(m, &no_fault); /* media_free() kills it */
}

static struct str text_of(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);

    return json_is_string(value)
               ? (struct str){ json_string_value(value), json_string_length(value) }
               : STR_NONE;
}

static void failed(struct media *m, const json_t *line)
{
    struct arena a = { 0 };
    struct media_fault fault = media_fault_said(&a, text_of(line, "why"), text_of(line, "rule"));

    end(m, &fault);
    arena_deinit(&a);
}

static void noted(struct media *m, struct str what)
{
    static const struct {
        const char *what, *words;
    } notes[] = {
        { "microphone", "There is no microphone: the other side hears nothing." },
        { "speaker", "There is no loudspeaker." },
        { "camera", "There is no camera: the other side sees nothing." },
        { "record", "The recording could not be written." },
        { "play", "The file could not be played to its end." },
    };

    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (str_is(what, notes[i].what))
            m->handlers->noted(m->ctx, str_from(notes[i].words));
}

static uint64_t count_of(const json_t *of, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(of, name));

    return n > 0 ? (uint64_t)n : 0;
}

static void measured(struct media *m, const json_t *line)
{
    const json_t *audio = json_object_get(line, "audio");
    const json_t *rtt = json_object_get(audio, "rtt_ms");
    uint64_t played = count_of(audio, "played");
    struct media_quality q = { .received = count_of(audio, "received"),
                               .lost = count_of(audio, "lost"),
                               .rtt_ms = -1 };

    if (json_is_number(rtt) && json_number_value(rtt) >= 0 && json_number_value(rtt) < 60000)
        q.rtt_ms = (int)json_number_value(rtt);
    if (played > 0)
        q.concealed = (double)count_of(audio, "concealed") / (double)played;
    m->handlers->quality(m->ctx, &q);
}

/* One that is no place, or was asked for before, has no answer: a process that a peer has taken over gets nothing by asking. */
static void socket_wanted(struct media *m, const json_t *line)
{
    const json_t *number = json_object_get(line, "candidate");
    int fd = -1;

    if (!json_is_integer(number) || json_integer_value(number) < 0
        || !media_places_ask(&m->places, (uint64_t)json_integer_value(number), &fd))
        return;
    if (fd >= 0)
        m->handed[m->handed_count++] = (struct handed){ m->out.n, fd };
    say(m, json_pack("{s:s,s:I,s:b}", "do", "socket", "candidate", json_integer_value(number),
                     "made", (int)(fd >= 0)));
}

static void state_came(struct media *m, struct str state)
{
    if (str_is(state, "connected"))
        m->handlers->connected(m->ctx);
    else if (str_is(state, "ended"))
        end(m, &no_fault);
}

static void line_came(struct media *m, struct str text)
{
    json_t *line = json_loadb(text.p, text.n, 0, NULL);
    struct str is = text_of(line, "is");

    if (str_is(is, "local") && !m->described) {
        m->described = true;
        m->handlers->described(m->ctx, text_of(line, "sdp"));
    } else if (str_is(is, "state"))
        state_came(m, text_of(line, "state"));
    else if (str_is(is, "want"))
        socket_wanted(m, line);
    else if (str_is(is, "first") && str_is(text_of(line, "media"), "audio"))
        m->handlers->heard(m->ctx);
    else if (str_is(is, "stats"))
        measured(m, line);
    else if (str_is(is, "note"))
        noted(m, text_of(line, "why"));
    else if (str_is(is, "error"))
        failed(m, line);
    json_decref(line);
}

/* A handler ends the call at most: the media is freed by who owns it, after the round. */
static void lines_came(struct media *m)
{
    struct str left = buf_str(&m->in);
    size_t used = 0;

    while (!m->over) {
        struct str rest = str_skip(left, used);
        size_t n = str_find(rest, '\n');

        if (n == rest.n)
            break;
        line_came(m, str_slice(rest, 0, n));
        used += n + 1;
    }
    buf_consume(&m->in, used);
}

/* ---- Its end ---------------------------------------------------------------------------------------- */

static void read_words(struct media *m)
{
    char text[1024];
    ssize_t n;

    while ((n = read(m->words_fd, text, sizeof text)) > 0) {
        if (m->words.n > WORDS_MAX - sizeof text)
            buf_consume(&m->words, m->words.n - WORDS_MAX / 2);
        buf_add(&m->words, (struct str){ text, (size_t)n });
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        watch_set(m->words_watch, false, false);
}

static void on_words(void *ctx, bool readable, bool writable)
{
    (void)writable;
    if (readable)
        read_words(ctx);
}

/* Its last line with anything in it. */
static struct str last_words(const struct media *m)
{
    struct str all = buf_str(&m->words), last = STR_NONE;

    while (all.n > 0) {
        struct str line = str_split(&all, '\n');

        if (line.n > 0)
            last = line;
    }
    return last;
}

/* It has closed its socket; its status is there when it is gone, which is soon. */
static void on_reap(void *ctx)
{
    struct media *m = ctx;
    struct media_fault fault = media_fault_closed();
    struct arena a = { 0 };
    pid_t gone;
    int status = 0;

    if (m->over)
        return;
    gone = waitpid(m->child, &status, WNOHANG);
    if (gone == 0 && m->reap_tries++ < REAP_TRIES) {
        timer_start(m->reaping, REAP_MS);
        return;
    }
    if (gone == m->child) {
        m->child = 0;
        read_words(m);
        fault = media_fault_status(&a, status, last_words(m));
    }
    end(m, m->stopped ? &no_fault : &fault);
    arena_deinit(&a);
}

static void on_ready(void *ctx, bool readable, bool writable)
{
    struct media *m = ctx;
    char text[16384];
    ssize_t n;

    if (writable)
        flush(m);
    if (!readable)
        return;
    n = read(m->fd, text, sizeof text);
    if (n > 0)
        buf_add(&m->in, (struct str){ text, (size_t)n });
    lines_came(m);
    if (m->over)
        return;
    if (m->in.failed || n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        watch_set(m->watch, false, false);
        on_reap(m);
    }
}
