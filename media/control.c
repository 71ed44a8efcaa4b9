/* control.c: lines of JSON in, lines of JSON out. */
#include "media/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/passing.h"

enum { BITRATE = 32000, PACKET_MS = 60, STATS_MS = 2000, KEYS_MAX = 8, CANDIDATE_MAX = 999 };

/* ---- One command ---- */

enum type { NO_TYPE, TEXT, BOOL, NUMBER };

struct key {
    const char *name;
    enum type type;
    bool needed;
    json_int_t least, most; /* of a number */
};

static const struct grammar {
    const char *name;
    struct key keys[KEYS_MAX];
} grammars[COMMANDS] = {
    [COMMAND_START] = { "start",
                        { { "role", TEXT, true, 0, 0 },
                          { "video", BOOL, true, 0, 0 },
                          { "bitrate", NUMBER, false, 6000, 128000 },
                          { "packet_ms", NUMBER, false, 20, 60 },
                          { "dtx", BOOL, false, 0, 0 },
                          { "stats_ms", NUMBER, false, 200, 60000 } } },
    [COMMAND_REMOTE] = { "remote", { { "type", TEXT, true, 0, 0 }, { "sdp", TEXT, true, 0, 0 } } },
    [COMMAND_SOCKET] = { "socket",
                         { { "candidate", NUMBER, true, 0, CANDIDATE_MAX },
                           { "made", BOOL, true, 0, 0 } } },
    [COMMAND_MUTE] = { "mute", { { "audio", BOOL, false, 0, 0 }, { "video", BOOL, false, 0, 0 } } },
    [COMMAND_KEYFRAME] = { "keyframe", { { 0 } } },
    [COMMAND_STATS] = { "stats", { { 0 } } },
    [COMMAND_STOP] = { "stop", { { 0 } } },
};

static bool fits(const struct key *key, const json_t *value)
{
    switch (key->type) {
    case TEXT: return json_is_string(value);
    case BOOL: return json_is_boolean(value);
    case NUMBER:
        return json_is_integer(value) && json_integer_value(value) >= key->least
               && json_integer_value(value) <= key->most;
    case NO_TYPE: break;
    }
    return false;
}

/* Exactly what the grammar has: all that is needed, nothing else, every value of its type. */
static bool obeys(const struct grammar *g, json_t *object)
{
    size_t known = 1; /* "do" */

    for (size_t i = 0; i < KEYS_MAX && g->keys[i].name != NULL; i++) {
        const json_t *value = json_object_get(object, g->keys[i].name);

        if (value == NULL && g->keys[i].needed)
            return false;
        if (value != NULL && !fits(&g->keys[i], value))
            return false;
        known += value != NULL;
    }
    return json_object_size(object) == known;
}

static bool find_grammar(const json_t *object, enum command_kind *out)
{
    const char *name = json_string_value(json_object_get(object, "do"));

    for (size_t i = 0; name != NULL && i < COMMANDS; i++)
        if (strcmp(name, grammars[i].name) == 0) {
            *out = (enum command_kind)i;
            return true;
        }
    return false;
}

static unsigned number_or(json_t *object, const char *key, unsigned otherwise)
{
    const json_t *value = json_object_get(object, key);

    return value != NULL ? (unsigned)json_integer_value(value) : otherwise;
}

static bool is_true(json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static bool read_word(json_t *object, const char *key, const char *yes, const char *no, bool *out)
{
    const char *text = json_string_value(json_object_get(object, key));

    *out = strcmp(text, yes) == 0;
    return *out || strcmp(text, no) == 0;
}

static bool read_values(json_t *o, struct command *c)
{
    const json_t *sdp = json_object_get(o, "sdp");

    c->video = is_true(o, "video");
    if (c->kind == COMMAND_START) {
        c->dtx = is_true(o, "dtx");
        c->bitrate = number_or(o, "bitrate", BITRATE);
        c->packet_ms = number_or(o, "packet_ms", PACKET_MS);
        c->stats_ms = number_or(o, "stats_ms", STATS_MS);
        return c->packet_ms % 20 == 0 && read_word(o, "role", "offer", "answer", &c->offers);
    }
    if (c->kind == COMMAND_REMOTE) {
        c->sdp = (struct str){ json_string_value(sdp), json_string_length(sdp) };
        return read_word(o, "type", "offer", "answer", &c->offers);
    }
    if (c->kind == COMMAND_SOCKET) {
        c->candidate = number_or(o, "candidate", 0);
        c->made = is_true(o, "made");
    }
    if (c->kind == COMMAND_MUTE) {
        c->says_audio = json_object_get(o, "audio") != NULL;
        c->says_video = json_object_get(o, "video") != NULL;
        c->mute_audio = is_true(o, "audio");
        c->mute_video = c->video;
    }
    return true;
}

enum err command_read(struct str line, struct command *out)
{
    json_error_t why;
    json_t *o =
        line.n > CONTROL_LINE_MAX ? NULL : json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, &why);
    struct command c = { .json = o, .socket = -1 };

    if (json_is_object(o) && find_grammar(o, &c.kind) && obeys(&grammars[c.kind], o)
        && read_values(o, &c)) {
        *out = c;
        return ERR_NONE;
    }
    json_decref(o);
    return ERR_MALFORMED;
}

void command_deinit(struct command *c)
{
    json_decref(c->json);
    c->json = NULL;
    if (c->socket >= 0)
        close(c->socket);
    c->socket = -1;
}

/* ---- The channel ---- */

void channel_init(struct channel *c, int fd)
{
    *c = (struct channel){ .fd = fd, .takes_sockets = true };
    buf_init(&c->in, CONTROL_LINE_MAX);
    buf_init(&c->out, CONTROL_OUT_MAX);
}

void channel_deinit(struct channel *c)
{
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    while (c->socket_count > 0)
        close(c->sockets[--c->socket_count]);
}

/* One too many has no line that waits for it. */
static void keep_socket(struct channel *c, int fd)
{
    if (fd >= 0 && c->socket_count < CONTROL_SOCKETS)
        c->sockets[c->socket_count++] = fd;
    else if (fd >= 0)
        close(fd);
}

/* In their order. */
static int next_socket(struct channel *c)
{
    int first = c->socket_count > 0 ? c->sockets[0] : -1;

    if (c->socket_count > 0)
        memmove(c->sockets, c->sockets + 1, --c->socket_count * sizeof *c->sockets);
    return first;
}

static ssize_t receive(struct channel *c, char *out, size_t room)
{
    int fd;
    ssize_t n;

    if (!c->takes_sockets)
        return recv(c->fd, out, room, MSG_DONTWAIT);
    n = passing_receive(c->fd, out, room, NULL, &fd);
    keep_socket(c, fd);
    return n;
}

enum err channel_receive(struct channel *c)
{
    char piece[4096];
    size_t room = c->in.limit - c->in.n;
    ssize_t n;

    if (room == 0)
        return ERR_TOO_BIG;
    n = receive(c, piece, room < sizeof piece ? room : sizeof piece);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return ERR_NONE;
    if (n <= 0)
        return ERR_IO;
    buf_add(&c->in, (struct str){ piece, (size_t)n });
    return ERR_NONE;
}

enum err channel_next(struct channel *c, struct command *out)
{
    struct str line = buf_str(&c->in);
    size_t end = str_find(line, '\n');
    enum err e;

    if (end == line.n)
        return line.n == c->in.limit ? ERR_TOO_BIG : ERR_MISSING;
    e = command_read(str_slice(line, 0, end), out); /* which copies all texts */
    buf_consume(&c->in, end + 1);
    if (e == ERR_NONE && out->kind == COMMAND_SOCKET && out->made)
        out->socket = next_socket(c);
    return e;
}

void channel_say(struct channel *c, json_t *event)
{
    size_t n = json_dumpb(event, NULL, 0, JSON_COMPACT);
    char *to = n > 0 && n + 1 <= c->out.limit - c->out.n ? buf_extend(&c->out, n + 1) : NULL;

    if (to != NULL) {
        json_dumpb(event, to, n, JSON_COMPACT);
        to[n] = '\n';
    }
    json_decref(event);
}

enum err channel_flush(struct channel *c)
{
    while (c->out.n > 0) {
        ssize_t n = send(c->fd, c->out.p, c->out.n, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return ERR_NONE;
        if (n <= 0)
            return ERR_IO;
        buf_consume(&c->out, (size_t)n);
    }
    return ERR_NONE;
}

bool channel_waits(const struct channel *c)
{
    return c->out.n > 0;
}
