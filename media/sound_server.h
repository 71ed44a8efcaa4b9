/* sound_server.h: PulseAudio, or PipeWire in its place, through libpulse, which is loaded when a device is used and not before: thirty
 * libraries come with it.
 *
 * The first two run in a process of their own and return when their pipe or the server ends.
 * Owns: nothing.  Threads: the only one.
 */
#ifndef SOTTO_MEDIA_SOUND_SERVER_H
#define SOTTO_MEDIA_SOUND_SERVER_H

#include <stdbool.h>

void sound_server_listen(const char *name, int to_fd); /* a source's samples into the pipe */
void sound_server_play(const char *name, int from_fd); /* the pipe's samples to a sink */
/* Each microphone and speaker, in turn; false: nobody can be asked. */
bool sound_server_list(void (*say)(void *ctx, const char *kind, const char *name,
                                   const char *description),
                       void *ctx);

#endif
