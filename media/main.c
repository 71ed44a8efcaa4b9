/* main.c: sotto-media: opens what it was told to, closes the sandbox, then serves one call. */
#include <jansson.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io/undumped.h"
#include "media/call.h"
#include "media/devices.h"
#include "media/options.h"
#include "media/sandbox.h"

enum { PARENT_FD = 3, EXIT_USAGE = 2, IDLE_MS = 1000 };

/* ---- Time and randomness ---- */

/* Of this call: it starts at a second, so that 0 can mean "never", and shows nothing of the machine's clock. */
static uint64_t now_ms(uint64_t begun_ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 + 1000 - begun_ms;
}

static void fill_random(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    while (n > 0) {
        ssize_t got = getrandom(out, n, 0);

        if (got > 0) {
            out += got;
            n -= (size_t)got;
        }
    }
}

static const struct random system_random = { fill_random, NULL };

/* ---- What is played, recorded, shown ---- */

struct ends {
    struct sound_in source;
    struct sound_out sink;
    struct picture_in pictures;
    bool has_pictures, no_microphone, no_speaker, no_camera;
};

static enum err open_source(const struct options *o, struct ends *e)
{
    const char *name = o->microphone != NULL ? o->microphone : "default";
    int fd;

    if (o->play >= 0)
        return sound_in_file(&e->source, o->play);
    if (o->tone_hz > 0)
        sound_in_tone(&e->source, o->tone_hz);
    else if (str_is(str_from(name), "none"))
        sound_in_silence(&e->source);
    else if (device_open_microphone(name, &fd) == ERR_NONE)
        sound_in_pipe(&e->source, fd);
    else {
        e->no_microphone = true;
        sound_in_silence(&e->source);
    }
    return ERR_NONE;
}

static enum err open_sink(const struct options *o, struct ends *e)
{
    bool to_speaker = o->speaker != NULL ? !str_is(str_from(o->speaker), "none") : o->record < 0;
    uint32_t serial;
    int fd = -1;

    random_fill(&system_random, &serial, sizeof serial);
    if (to_speaker)
        e->no_speaker =
            device_open_speaker(o->speaker != NULL ? o->speaker : "default", &fd) != ERR_NONE;
    return sound_out_init(&e->sink, o->record, o->record_opus, serial, fd);
}

static enum err open_pictures(const struct options *o, struct ends *e)
{
    int fd;

    e->has_pictures = true;
    if (o->play_video >= 0)
        return picture_in_file(&e->pictures, o->play_video);
    if (o->test_picture)
        picture_in_pattern(&e->pictures);
    else if (o->camera != NULL && device_open_camera(o->camera, &fd) == ERR_NONE)
        picture_in_pipe(&e->pictures, fd);
    else {
        e->has_pictures = false;
        e->no_camera = o->camera != NULL;
    }
    return ERR_NONE;
}

static enum err open_ends(const struct options *o, struct ends *e)
{
    enum err failed = open_source(o, e);

    if (failed == ERR_NONE)
        failed = open_sink(o, e);
    return failed == ERR_NONE ? open_pictures(o, e) : failed;
}

static void close_ends(struct ends *e)
{
    sound_in_deinit(&e->source);
    sound_out_deinit(&e->sink);
    if (e->has_pictures)
        picture_in_deinit(&e->pictures);
}

/* ---- The loop ---- */

static void take_commands(struct call *c, uint64_t now)
{
    struct command command;
    enum err e = channel_receive(c->channel);

    if (e == ERR_IO) /* nobody left to serve */
        c->state = CALL_OVER;
    while (c->state != CALL_OVER && (e = channel_next(c->channel, &command)) != ERR_MISSING) {
        if (e != ERR_NONE) {
            call_fail(c, "parent", NULL);
            return;
        }
        call_command(c, &command, now);
        command_deinit(&command);
    }
}

static size_t list_descriptors(const struct call *c, struct pollfd *out, size_t *sockets)
{
    size_t n = 0;

    out[n++] = (struct pollfd){ c->channel->fd,
                                (short)(POLLIN | (channel_waits(c->channel) ? POLLOUT : 0)), 0 };
    for (size_t i = 0; i < CALL_SOCKETS; i++)
        if (call_socket(c, i) >= 0) {
            sockets[n] = i;
            out[n++] = (struct pollfd){ call_socket(c, i), POLLIN, 0 };
        }
    return n;
}

static int wait_ms(const struct call *c, uint64_t now)
{
    uint64_t deadline = call_deadline_ms(c);

    return deadline <= now ? 0 : deadline - now > IDLE_MS ? IDLE_MS : (int)(deadline - now);
}

static void serve(struct call *c, uint64_t begun_ms)
{
    struct pollfd fds[1 + CALL_SOCKETS];
    size_t sockets[1 + CALL_SOCKETS];

    while (c->state != CALL_OVER) {
        size_t n = list_descriptors(c, fds, sockets);
        uint64_t now;

        if (poll(fds, n, wait_ms(c, now_ms(begun_ms))) < 0)
            continue; /* interrupted */
        now = now_ms(begun_ms);
        for (size_t i = 1; i < n; i++)
            if (fds[i].revents != 0 && c->state != CALL_OVER)
                call_readable(c, sockets[i], now);
        call_tick(c, now);
        if (fds[0].revents != 0)
            take_commands(c, now);
        if (channel_flush(c->channel) != ERR_NONE)
            c->state = CALL_OVER;
    }
    (void)!channel_flush(c->channel); /* the last word, if somebody listens */
}

static void say_ready(struct call *c, const struct ends *e)
{
    channel_say(c->channel, json_pack("{ssss}", "is", "ready", "version", SOTTO_VERSION));
    if (e->no_microphone)
        call_note(c, "microphone", &c->microphone_said);
    if (e->no_speaker)
        call_note(c, "speaker", &c->speaker_said);
    if (e->no_camera)
        call_note(c, "camera", &c->camera_said);
}

/* What libraries look up in files at their first use, before there are none. */
static void warm_libraries(void)
{
    uint8_t seed[sizeof(size_t)];

    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    random_fill(&system_random, seed, sizeof seed);
    json_object_seed(*(size_t *)(void *)seed | 1);
}

static int run(const struct options *o)
{
    struct channel channel;
    struct ends ends = { 0 };
    struct call call;
    uint64_t begun_ms = now_ms(0) - 1000;
    const char *why = NULL;

    channel_init(&channel, PARENT_FD);
    call_init(&call, &channel, &system_random);
    warm_libraries();
    if (open_ends(o, &ends) != ERR_NONE)
        why = "file";
    else if (sandbox_begin() != ERR_NONE)
        why = "sandbox";
    call.source = &ends.source;
    call.sink = &ends.sink;
    call.pictures = ends.has_pictures ? &ends.pictures : NULL;
    call.video_file = o->record_video;
    call.narrow = sandbox_narrow;
    if (why != NULL)
        call_fail(&call, why, NULL);
    else
        say_ready(&call, &ends);
    serve(&call, begun_ms);
    close_ends(&ends);
    call_deinit(&call);
    channel_deinit(&channel);
    return call.failed ? 1 : 0;
}

static bool has_parent(void)
{
    int type;
    socklen_t n = sizeof type;

    return getsockopt(PARENT_FD, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_STREAM;
}

int main(int argc, char **argv)
{
    int parent = getppid();
    struct options options;
    const char *why;

    undumped(); /* it is told keys of a call before it closes the sandbox */
    signal(SIGPIPE, SIG_IGN);
    if (!options_read(argc, argv, &options, &why)) {
        fprintf(stderr,
                "sotto-media: %s: not an option, or not with this value; see sotto-media(1)\n",
                why);
        return EXIT_USAGE;
    }
    if (options.help) {
        puts("sotto-media carries sound and picture of one call; sotto starts it for a call that "
             "was "
             "accepted.\n"
             "usage: sotto-media --list-devices [--json] | --help | --version\n"
             "The other options are sotto's; sotto-media(1) describes them.");
        return 0;
    }
    if (options.version) {
        puts("sotto-media " SOTTO_VERSION);
        return 0;
    }
    if (options.list_devices)
        return device_list(options.json) ? 0 : 1;
    if (!has_parent()) {
        fputs("sotto-media: started by sotto for a call; descriptor 3 has to be its socket\n",
              stderr);
        return EXIT_USAGE;
    }
    if (sandbox_tie(parent) != ERR_NONE)
        return 1;
    return run(&options);
}
