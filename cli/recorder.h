/* recorder.h: a voice message from the microphone, by GStreamer's gst-launch-1.0, which is a program of its own: nothing of it is linked.
 *
 * The sound never touches the disk: it is kept in memory until it is sealed.
 * Owns: nothing.  Threads: one; blocks while the person speaks.  Errors: an exit status, after it was said why.
 */
#ifndef SOTTO_CLI_RECORDER_H
#define SOTTO_CLI_RECORDER_H

#include "cli/program.h"

enum { RECORDING_MAX_S = 600 };

/* Until `seconds` are over (0: RECORDING_MAX_S), Enter is pressed or SIGINT comes. *out_fd is the caller's: Ogg Opus, as far as the
 * recorder did its work. */
CHECKED int recorder_run(const struct program *p, uint64_t seconds, int *out_fd);

#endif
