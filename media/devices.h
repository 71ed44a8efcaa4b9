/* devices.h: microphones, loudspeakers, cameras. Each that is used is a process of its own with nothing but the device and a pipe: who
 * takes over the process that reads the network finds neither PulseAudio's socket, which can do far more than play, nor /dev.
 *
 *   microphone -> [process] -> pipe of 16-bit samples, 48 kHz, mono -> sound_in      camera -> [process] -> pipe of I420 -> picture
 *   sound_out -> pipe -> [process] -> loudspeaker
 *
 * They end with this process, and when their pipe is closed.
 * Owns: nothing; descriptors go to the caller, do not block.  Threads: the only one.  Errors: ERR_IO.
 */
#ifndef SOTTO_MEDIA_DEVICES_H
#define SOTTO_MEDIA_DEVICES_H

#include "base/err.h"
#include "base/str.h"

/* `name`: "default" or a name of the list. What is missing shows as the end of the pipe. */
CHECKED enum err device_open_microphone(const char *name, int *out_fd);
CHECKED enum err device_open_speaker(const char *name, int *out_fd);
CHECKED enum err device_open_camera(const char *path, int *out_fd);
/* To standard output; false: the sound server cannot be asked. */
bool device_list(bool json);

#endif
