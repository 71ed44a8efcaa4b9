/* sound_server.c: recording, playing and listing through libpulse. */
#include "media/sound_server.h"

#include <dlfcn.h>
#include <pulse/introspect.h>
#include <pulse/mainloop.h>
#include <pulse/simple.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "media/voice_in.h"

enum { FRAGMENT = VOICE_TICK * (int)sizeof(int16_t), LATENCY_TICKS = 4, LIST_ROUNDS = 2000 };

static const pa_sample_spec spec = { PA_SAMPLE_S16LE, VOICE_RATE, 1 };

/* ---- Streams ---- */

struct simple {
    __typeof__(pa_simple_new) *open;
    __typeof__(pa_simple_read) *read;
    __typeof__(pa_simple_write) *write;
};

static bool load_simple(struct simple *s)
{
    void *lib = dlopen("libpulse-simple.so.0", RTLD_NOW | RTLD_LOCAL);

    if (lib == NULL)
        return false;
    *(void **)&s->open = dlsym(lib, "pa_simple_new");
    *(void **)&s->read = dlsym(lib, "pa_simple_read");
    *(void **)&s->write = dlsym(lib, "pa_simple_write");
    return s->open != NULL && s->read != NULL && s->write != NULL;
}

static pa_simple *open_stream(const struct simple *s, const char *name, pa_stream_direction_t way)
{
    const pa_buffer_attr sizes = { .maxlength = (uint32_t)-1,
                                   .tlength = LATENCY_TICKS * FRAGMENT,
                                   .prebuf = (uint32_t)-1,
                                   .minreq = (uint32_t)-1,
                                   .fragsize = FRAGMENT };
    const char *device = strcmp(name, "default") == 0 ? NULL : name;
    int failed;

    return s->open(NULL, "sotto", way, device, "call", &spec, NULL, &sizes, &failed);
}

void sound_server_listen(const char *name, int to_fd)
{
    char pcm[FRAGMENT];
    struct simple s;
    pa_simple *stream;
    int failed;

    if (!load_simple(&s) || (stream = open_stream(&s, name, PA_STREAM_RECORD)) == NULL)
        return;
    while (s.read(stream, pcm, sizeof pcm, &failed) == 0)
        if (write(to_fd, pcm, sizeof pcm) <= 0)
            return;
}

void sound_server_play(const char *name, int from_fd)
{
    char pcm[FRAGMENT];
    struct simple s;
    pa_simple *stream;
    ssize_t n;
    int failed;

    if (!load_simple(&s) || (stream = open_stream(&s, name, PA_STREAM_PLAYBACK)) == NULL)
        return;
    while ((n = read(from_fd, pcm, sizeof pcm)) > 0)
        if (s.write(stream, pcm, (size_t)n / 2 * 2, &failed) != 0)
            return;
}

/* ---- The list ---- */

struct asking {
    void (*say)(void *ctx, const char *kind, const char *name, const char *description);
    void *ctx;
    int left; /* of the two lists */
};

struct pulse {
    __typeof__(pa_mainloop_new) *loop_new;
    __typeof__(pa_mainloop_get_api) *loop_api;
    __typeof__(pa_mainloop_iterate) *loop_iterate;
    __typeof__(pa_context_new) *context_new;
    __typeof__(pa_context_connect) *connect;
    __typeof__(pa_context_get_state) *state;
    __typeof__(pa_context_get_source_info_list) *sources;
    __typeof__(pa_context_get_sink_info_list) *sinks;
};

static bool load_pulse(struct pulse *p)
{
    static const char *const names[] = { "pa_mainloop_new",
                                         "pa_mainloop_get_api",
                                         "pa_mainloop_iterate",
                                         "pa_context_new",
                                         "pa_context_connect",
                                         "pa_context_get_state",
                                         "pa_context_get_source_info_list",
                                         "pa_context_get_sink_info_list" };
    void **to = (void **)(void *)p, *lib = dlopen("libpulse.so.0", RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; lib != NULL && i < COUNT_OF(names); i++)
        if ((to[i] = dlsym(lib, names[i])) == NULL)
            return false;
    return lib != NULL;
}

static void take_source(pa_context *c, const pa_source_info *info, int end, void *ctx)
{
    struct asking *a = ctx;

    (void)c;
    if (end != 0)
        a->left--;
    else if (info->monitor_of_sink
             == PA_INVALID_INDEX) /* what a loudspeaker plays is no microphone */
        a->say(a->ctx, "microphone", info->name, info->description);
}

static void take_sink(pa_context *c, const pa_sink_info *info, int end, void *ctx)
{
    struct asking *a = ctx;

    (void)c;
    if (end != 0)
        a->left--;
    else
        a->say(a->ctx, "speaker", info->name, info->description);
}

bool sound_server_list(void (*say)(void *ctx, const char *kind, const char *name,
                                   const char *description),
                       void *ctx)
{
    struct asking a = { say, ctx, 2 };
    bool asked = false;
    struct pulse p;
    pa_mainloop *loop;
    pa_context *context;
    int ignored;

    if (!load_pulse(&p) || (loop = p.loop_new()) == NULL)
        return false;
    context = p.context_new(p.loop_api(loop), "sotto");
    if (context == NULL || p.connect(context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0)
        return false;
    for (int i = 0; i < LIST_ROUNDS && a.left > 0; i++) {
        if (p.loop_iterate(loop, 1, &ignored) < 0 || !PA_CONTEXT_IS_GOOD(p.state(context)))
            return false;
        if (!asked && p.state(context) == PA_CONTEXT_READY) {
            asked = true;
            p.sources(context, take_source, &a);
            p.sinks(context, take_sink, &a);
        }
    }
    return a.left == 0;
}
