/* recorder.c: see recorder.h. */
#include "cli/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/progress.h"
#include "io/loop.h"

enum { SOUND_FD = 3, TURN_MS = 200, FINISH_MS = 5000 };

extern char **environ;

/* -e: when it is told to stop it finishes the stream. */
static char *const command[] = {
    "gst-launch-1.0",
    "-q",
    "-e",
    "autoaudiosrc",
    "!",
    "audioconvert",
    "!",
    "audioresample",
    "!",
    "audio/x-raw,rate=48000,channels=1",
    "!",
    "opusenc",
    "bitrate=24000",
    "audio-type=voice",
    "!",
    "oggmux",
    "!",
    "fdsink",
    "fd=3",
    NULL,
};

static int begin(int sound, pid_t *out)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none;
    int error;

    sigemptyset(&none);
    posix_spawnattr_init(&how);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, sound, SOUND_FD);
    error = posix_spawnp(out, command[0], &files, &how, command, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return error;
}

/* True: it has ended, *out_status tells how. */
static bool has_ended(pid_t recorder, int *out_status)
{
    return waitpid(recorder, out_status, WNOHANG) == recorder;
}

static bool enter_pressed(void)
{
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
    char line[256];

    if (!isatty(STDIN_FILENO)) {
        poll(NULL, 0, TURN_MS);
        return false;
    }
    return poll(&in, 1, TURN_MS) > 0 && read(STDIN_FILENO, line, sizeof line) >= 0;
}

static void show(struct progress *progress, uint64_t ms)
{
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[Krecording %u:%02u, Enter ends it", (unsigned)(ms / 60000),
            (unsigned)(ms / 1000 % 60));
    progress->shown = true;
}

/* SIGINT from the terminal reaches the recorder, too; both end in order. */
static int wait_for(const struct program *p, pid_t recorder, uint64_t limit_ms)
{
    struct progress progress = { .program = p };
    uint64_t from = clock_steady_ms(), ms = 0;
    sigset_t interrupt, pending;
    int status = 0;
    bool ended = false;

    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, NULL);
    while (!(ended = has_ended(recorder, &status)) && ms < limit_ms) {
        show(&progress, ms);
        if (enter_pressed() || (sigpending(&pending) == 0 && sigismember(&pending, SIGINT) == 1))
            break;
        ms = clock_steady_ms() - from;
    }
    progress_end(&progress);
    if (!ended)
        kill(recorder, SIGINT);
    for (from = clock_steady_ms(); !ended && clock_steady_ms() - from < FINISH_MS;
         ended = has_ended(recorder, &status))
        poll(NULL, 0, TURN_MS / 10);
    if (!ended) {
        kill(recorder, SIGKILL);
        waitpid(recorder, &status, 0);
    }
    sigtimedwait(&interrupt, NULL, &(struct timespec){ 0 }); /* it has been heard */
    sigprocmask(SIG_UNBLOCK, &interrupt, NULL);
    return status;
}

int recorder_run(const struct program *p, uint64_t seconds, int *out_fd)
{
    int sound = memfd_create("voice", MFD_CLOEXEC), status, error;
    pid_t recorder;

    if (sound < 0)
        return program_fail(p, STATUS_FAILED, "system", STR("there is no memory to record into"));
    if ((error = begin(sound, &recorder)) != 0) {
        close(sound);
        return program_fail(
            p, STATUS_FAILED, "recorder",
            error == ENOENT ? STR("recording takes gst-launch-1.0: install gstreamer1.0-tools and "
                                  "gstreamer1.0-plugins-good, or send a recording with --voice")
                            : STR("the recorder gst-launch-1.0 cannot be started"));
    }
    status = wait_for(p, recorder, (seconds > 0 ? seconds : RECORDING_MAX_S) * 1000);
    if (lseek(sound, 0, SEEK_END) <= 0) {
        close(sound);
        return program_fail(p, STATUS_FAILED, "recorder",
                            WIFEXITED(status) && WEXITSTATUS(status) == 127
                                ? STR("the recorder gst-launch-1.0 cannot be started")
                                : STR("nothing was recorded: is there a microphone, and "
                                      "gstreamer1.0-plugins-good?"));
    }
    *out_fd = sound;
    return STATUS_DONE;
}
