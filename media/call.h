/* call.h: one call: what the parent commands, what the network brings, what each tick of the clock asks for.
 *
 *   idle --start--> waiting --remote--> connecting --(all handshakes done)--> connected --stop, close--> over
 *                       any --(a rule is broken)--> over, with an error
 *
 * call.c has the states, call_describe.c the descriptions, call_audio.c and call_video.c the media, call_report.c reports and stats.
 * Owns: transports, decoders, encoders; borrows the channel, sources and sinks.  Threads: one.  Units: milliseconds.
 */
#ifndef SOTTO_MEDIA_CALL_H
#define SOTTO_MEDIA_CALL_H

#include "media/control.h"
#include "media/picture.h"
#include "media/rtcp.h"
#include "media/sound_in.h"
#include "media/sound_out.h"
#include "media/transport.h"
#include "media/video_in.h"
#include "media/video_out.h"
#include "media/voice_out.h"

enum call_state { CALL_IDLE, CALL_WAITING, CALL_CONNECTING, CALL_CONNECTED, CALL_OVER };

enum {
    CALL_SENT = 512, /* sealed packets of video that wait or may be asked for again */
    CALL_SOCKETS = SDP_SECTIONS * ICE_PAIRS,
};

/* One medium, both ways. */
struct stream {
    bool used, sends, receives, muted;
    struct transport *transport;
    uint8_t type, red;
    uint16_t sequence;
    struct sending sending;
    struct reception reception;
    uint64_t octets_sent, octets_received;
    uint64_t next_report_ms;
    uint8_t peer_loss; /* of 256 */
    int rtt_ms;        /* -1: not known */
    bool heard;        /* `first` was said */
};

struct sent_packet {
    uint16_t sequence;
    uint16_t size; /* 0: none */
    uint8_t data[RTP_HEADER + VP8_DESCRIPTOR + VIDEO_PIECE + SRTP_GROWTH];
};

struct call_video {
    struct video_in in;
    struct video_out out;
    bool encoder_open, in_open, file_begun, file_failed;
    struct sent_packet *sent; /* CALL_SENT, by sequence */
    uint16_t next_to_send;
    uint64_t next_picture_ms;
    uint8_t fir_number;
    bool nack, fir, remb;
};

struct call {
    struct channel *channel;
    const struct random *random;
    struct sound_in *source;
    struct sound_out *sink;
    struct picture_in *pictures; /* NULL: none */
    int video_file;              /* -1: none */
    enum err (*narrow)(void);    /* the last step of the sandbox */

    enum call_state state;
    bool failed, offers, wants_video;
    unsigned stats_ms;
    struct voice_out_config voice;
    struct certificate certificate;
    struct sdp local, remote;
    struct transport transports[SDP_SECTIONS];
    bool transport_used[SDP_SECTIONS];
    char stream_name[33];
    uint64_t remote_ms, connected_ms, next_tick_ms, next_stats_ms;

    struct stream audio, video;
    struct voice_in hear;
    struct voice_out say;
    bool voice_open, played_said, record_said, microphone_said, speaker_said, camera_said;
    double level, own_level;
    struct call_video *v; /* NULL: no video in this call */
};

void call_init(struct call *c, struct channel *channel, const struct random *random);
void call_deinit(struct call *c);
void call_command(struct call *c, struct command *command,
                  uint64_t now_ms); /* takes its socket, if it is one of ours */
void call_fail(struct call *c, const char *why, const char *rule); /* rule: NULL for none */
int call_socket(const struct call *c, size_t i);                   /* of CALL_SOCKETS; -1: none */
void call_readable(struct call *c, size_t i, uint64_t now_ms);
void call_tick(struct call *c, uint64_t now_ms);
uint64_t call_deadline_ms(const struct call *c);

/* ---- For the files of this folder that are named call_* ---- */

/* Words for the parent. */
void call_say_state(struct call *c, const char *state);
void call_note(struct call *c, const char *why, bool *said); /* once */
void call_say_first(struct call *c, struct stream *s, const char *media, uint64_t now_ms);

/* call_describe.c: `why` names the rule of a description that cannot be. */
CHECKED enum err call_make_local(struct call *c, const char **why);
void call_say_local(struct call *c);
CHECKED enum err call_take_remote(struct call *c, struct str sdp, const char **why);
struct transport *call_transport_of(struct call *c, size_t section);

/* call_audio.c, call_video.c: `payload` is in clear. */
void call_audio_packet(struct call *c, const struct rtp_header *h, struct bytes payload,
                       uint64_t now_ms);
void call_audio_tick(struct call *c, uint64_t now_ms);
void call_video_packet(struct call *c, const struct rtp_header *h, struct bytes payload,
                       uint64_t now_ms);
void call_video_tick(struct call *c, uint64_t now_ms);
void call_video_resend(struct call *c, const struct rtcp_news *news);
void call_video_close(struct call *c);
/* An RTP packet around `size` octets of payload that lie behind its header. */
bool call_seal_rtp(struct stream *s, uint8_t type, bool marker, uint32_t timestamp, uint8_t *packet,
                   size_t *size);

/* call_report.c */
void call_report_packet(struct call *c, struct bytes packet, uint64_t now_ms);
void call_report_tick(struct call *c, uint64_t now_ms);
void call_report_bye(struct call *c);
void call_say_stats(struct call *c, uint64_t now_ms);

#endif
