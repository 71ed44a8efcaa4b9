/* control.h: the lines between this program and its parent (docs/media.md): commands read strictly, events written.
 *
 * Sockets of the network come from the parent as well, each with the line that is about it: this program cannot make one.
 *
 * Owns: a command its JSON and its socket, until command_deinit(); a channel its two buffers and the sockets that came with no whole
 * line yet.  Threads: one at a time.
 * Errors: ERR_MALFORMED: no line of the protocol; ERR_TOO_BIG; ERR_IO: the parent is gone.
 */
#ifndef SOTTO_MEDIA_CONTROL_H
#define SOTTO_MEDIA_CONTROL_H

#include <jansson.h>

#include "base/buf.h"

enum {
    CONTROL_LINE_MAX = 65536,
    CONTROL_OUT_MAX = 4 * CONTROL_LINE_MAX,
    CONTROL_SOCKETS = 8, /* that may wait for their lines */
};

enum command_kind {
    COMMAND_START,
    COMMAND_REMOTE,
    COMMAND_SOCKET,
    COMMAND_MUTE,
    COMMAND_KEYFRAME,
    COMMAND_STATS,
    COMMAND_STOP,
    COMMANDS,
};

struct command {
    enum command_kind kind;
    bool offers; /* start: our role; remote: the description's type */
    /* start */
    bool video, dtx;
    unsigned bitrate, packet_ms, stats_ms;
    /* remote */
    struct str sdp;
    /* socket: which candidate of the description it leads to. -1: there is none, whatever `made` says */
    unsigned candidate;
    bool made;
    int socket;
    /* mute */
    bool says_audio, says_video, mute_audio, mute_video;
    void *json;
};

/* A line without its end. Pure: for fuzzing too. */
CHECKED enum err command_read(struct str line, struct command *out);
void command_deinit(struct command *c);

struct channel {
    int fd;
    struct buf in, out;
    bool takes_sockets; /* at first; afterwards what comes is lost on the way */
    int sockets[CONTROL_SOCKETS];
    size_t socket_count;
};

void channel_init(struct channel *c, int fd);
void channel_deinit(struct channel *c);
CHECKED enum err channel_receive(struct channel *c);
/* The next command; ERR_MISSING: no whole line is there. */
CHECKED enum err channel_next(struct channel *c, struct command *out);
/* Takes the object. What does not fit because nobody reads is dropped whole. */
void channel_say(struct channel *c, json_t *event);
CHECKED enum err channel_flush(struct channel *c);
bool channel_waits(const struct channel *c); /* output is left */

#endif
