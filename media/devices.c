/* devices.c: a process and a pipe for each device; the list. */
#include "media/devices.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "media/camera.h"
#include "media/picture.h"
#include "media/sandbox.h"
#include "media/sound_server.h"
#include "media/voice_in.h"

enum { CAMERAS_MAX = 16, SOUND_PIPE = 8 * VOICE_TICK * (int)sizeof(int16_t), PARENT_FD = 3 };

/* ---- Processes ---- */

static enum err open_device(void (*run)(const char *name, int fd), const char *name, bool writes,
                            int size, int *out_fd)
{
    int ends[2], self = getpid();
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return ERR_IO;
    (void)fcntl(ends[0], F_SETPIPE_SZ, size); /* a wish */
    child = fork();
    if (child == 0) {
        close(ends[writes ? 0 : 1]);
        close(PARENT_FD);
        if (sandbox_tie(self) == ERR_NONE)
            run(name, ends[writes ? 1 : 0]);
        _exit(0);
    }
    close(ends[writes ? 1 : 0]);
    *out_fd = ends[writes ? 0 : 1];
    if (child < 0 || fcntl(*out_fd, F_SETFL, O_NONBLOCK) != 0) {
        close(*out_fd);
        return ERR_IO;
    }
    return ERR_NONE;
}

enum err device_open_microphone(const char *name, int *out_fd)
{
    return open_device(sound_server_listen, name, true, SOUND_PIPE, out_fd);
}

enum err device_open_speaker(const char *name, int *out_fd)
{
    return open_device(sound_server_play, name, false, SOUND_PIPE, out_fd);
}

enum err device_open_camera(const char *path, int *out_fd)
{
    int size = (int)picture_size(PICTURE_WIDTH, PICTURE_HEIGHT);

    return open_device(camera_watch, path, true, size, out_fd);
}

/* ---- The list ---- */

static void add(void *ctx, const char *kind, const char *name, const char *description)
{
    json_array_append_new(
        ctx, json_pack("{ssssss}", "kind", kind, "name", name, "description", description));
}

static void add_cameras(json_t *list)
{
    for (int i = 0; i < CAMERAS_MAX; i++) {
        char path[32], name[64];

        snprintf(path, sizeof path, "/dev/video%d", i);
        if (camera_name(path, name, sizeof name))
            add(list, "camera", path, name);
    }
}

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

bool device_list(bool json)
{
    json_t *list = json_array(), *o;
    bool asked = sound_server_list(add, list);
    size_t i;

    add_cameras(list);
    if (json) {
        json_dumpf(list, stdout, JSON_INDENT(1));
        putchar('\n');
    } else
        json_array_foreach(list, i, o) printf("%s\t%s\t%s\n", text_of(o, "kind"),
                                              text_of(o, "name"), text_of(o, "description"));
    json_decref(list);
    if (!asked)
        fputs("sotto-media: no sound server answers (PulseAudio or PipeWire)\n", stderr);
    return asked;
}
