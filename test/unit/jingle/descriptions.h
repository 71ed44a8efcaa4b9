/* descriptions.h: SDP in the shapes that deployed stacks write. */
#ifndef SOTTO_TEST_UNIT_JINGLE_DESCRIPTIONS_H
#define SOTTO_TEST_UNIT_JINGLE_DESCRIPTIONS_H

#include "test/unit/jingle/offers.h"

#define L         "\r\n"
#define SDP_BEGIN "v=0" L "o=- 1 1 IN IP4 0.0.0.0" L "s=-" L "t=0 0" L
#define SDP_TRANSPORT                                                                              \
    "a=ice-ufrag:8hhy" L "a=ice-pwd:asd88fgpdd777uzjYhagZg" L "a=fingerprint:sha-256 " DIGEST L    \
    "a=setup:actpass" L

/* Chromium: attributes of the session, host names of its own, msid, rid, simulcast of nothing, what it can and we cannot. */
#define CHROMIUM_OFFER                                                                             \
    "v=0" L "o=- 4611731400430051336 2 IN IP4 127.0.0.1" L "s=-" L "t=0 0" L                       \
    "a=group:BUNDLE 0 1" L "a=extmap-allow-mixed" L "a=msid-semantic: WMS 7f3a" L                  \
    "m=audio 53211 UDP/TLS/RTP/SAVPF 111 63 9 110" L "c=IN IP4 192.168.7.9" L                      \
    "a=rtcp:9 IN IP4 0.0.0.0" L                                                                    \
    "a=candidate:1 1 udp 2113937151 0c1a.local 53211 typ host generation 0 network-cost 999" L     \
    "a=candidate:2 1 udp 1677729535 203.0.113.7 53211 typ srflx raddr 192.168.7.9 rport 9" L       \
    "a=ice-ufrag:8hhy" L "a=ice-pwd:asd88fgpdd777uzjYhagZg" L "a=ice-options:trickle" L            \
    "a=fingerprint:sha-256 " DIGEST L "a=setup:actpass" L "a=mid:0" L                              \
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level" L                                     \
    "a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:mid" L                                    \
    "a=extmap:12 urn:example:tracker" L "a=sendrecv" L "a=msid:7f3a 5b6c" L "a=rtcp-mux" L         \
    "a=rtcp-rsize" L "a=rtpmap:111 opus/48000/2" L "a=rtcp-fb:111 transport-cc" L                  \
    "a=fmtp:111 minptime=10;useinbandfec=1" L "a=rtpmap:63 red/48000/2" L "a=fmtp:63 111/111" L    \
    "a=rtpmap:9 G722/8000" L "a=rtpmap:110 telephone-event/48000" L                                \
    "a=ssrc:3735928559 cname:QqW5Alice" L "a=ssrc:3735928559 msid:7f3a 5b6c" L                     \
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 35" L "c=IN IP4 0.0.0.0" L "a=ice-ufrag:8hhy" L             \
    "a=ice-pwd:asd88fgpdd777uzjYhagZg" L "a=ice-options:trickle" L                                 \
    "a=fingerprint:sha-256 " DIGEST L "a=setup:actpass" L "a=mid:1" L "a=sendrecv" L               \
    "a=rtcp-mux" L "a=rtpmap:96 VP8/90000" L "a=rtcp-fb:96 goog-remb" L "a=rtcp-fb:96 nack pli" L  \
    "a=rtpmap:97 rtx/90000" L "a=fmtp:97 apt=96" L "a=rtpmap:35 x-new/90000" L                     \
    "a=ssrc-group:FID 5 6" L "a=ssrc:5 cname:QqW5Alice" L "a=ssrc:6 cname:QqW5Alice" L

/* What is left of it for the other side. */
#define CHROMIUM_CONTENT_0                                                                         \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 110" L "c=IN IP4 0.0.0.0" L "a=mid:0" L "a=sendrecv" L   \
    "a=ice-ufrag:8hhy" L "a=ice-pwd:asd88fgpdd777uzjYhagZg" L "a=ice-options:trickle" L            \
    "a=fingerprint:sha-256 " DIGEST L "a=setup:actpass" L "a=rtpmap:111 opus/48000/2" L            \
    "a=fmtp:111 minptime=10;useinbandfec=1" L "a=rtcp-fb:111 transport-cc" L                       \
    "a=rtpmap:63 red/48000/2" L "a=fmtp:63 111/111" L "a=rtpmap:9 G722/8000" L                     \
    "a=rtpmap:110 telephone-event/48000" L                                                         \
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level" L                                     \
    "a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:mid" L "a=extmap-allow-mixed" L           \
    "a=ssrc:3735928559 cname:call" L "a=ssrc:3735928559 msid:call audio" L "a=rtcp-mux" L
#define CHROMIUM_CONTENT_1                                                                         \
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97" L "c=IN IP4 0.0.0.0" L "a=mid:1" L "a=sendrecv" L          \
    "a=ice-ufrag:8hhy" L "a=ice-pwd:asd88fgpdd777uzjYhagZg" L "a=ice-options:trickle" L            \
    "a=fingerprint:sha-256 " DIGEST L "a=setup:actpass" L "a=rtpmap:96 VP8/90000" L                \
    "a=rtcp-fb:96 goog-remb" L "a=rtcp-fb:96 nack pli" L "a=rtpmap:97 rtx/90000" L                 \
    "a=fmtp:97 apt=96" L "a=extmap-allow-mixed" L "a=ssrc-group:FID 5 6" L "a=ssrc:5 cname:call" L \
    "a=ssrc:5 msid:call video" L "a=ssrc:6 cname:call" L "a=ssrc:6 msid:call video" L              \
    "a=rtcp-mux" L

/* GStreamer's webrtcbin: options of the session, OPUS, mid at the end, the name of the machine. */
#define GSTREAMER_OFFER                                                                            \
    "v=0" L "o=- 8371 0 IN IP4 0.0.0.0" L "s=-" L "t=0 0" L "a=ice-options:trickle" L              \
    "a=group:BUNDLE audio0" L "m=audio 9 UDP/TLS/RTP/SAVPF 97" L "c=IN IP4 0.0.0.0" L              \
    "a=setup:actpass" L "a=ice-ufrag:8hhy" L "a=ice-pwd:asd88fgpdd777uzjYhagZg" L "a=rtcp-mux" L   \
    "a=rtcp-rsize" L "a=sendonly" L "a=rtpmap:97 OPUS/48000/2" L "a=rtcp-fb:97 transport-cc" L     \
    "a=framerate:30" L "a=fmtp:97 sprop-stereo=0;sprop-maxcapturerate=48000" L                     \
    "a=ssrc:2431 msid:user243@host-5b webrtctransceiver0" L "a=ssrc:2431 cname:user243@host-5b" L  \
    "a=mid:audio0" L "a=fingerprint:sha-256 " DIGEST L

#define GSTREAMER_WRITTEN                                                                          \
    SDP_BEGIN                                                                                      \
    "a=group:BUNDLE audio0" L "m=audio 9 UDP/TLS/RTP/SAVPF 97" L "c=IN IP4 0.0.0.0" L              \
    "a=mid:audio0" L "a=sendonly" L "a=ice-ufrag:8hhy" L "a=ice-pwd:asd88fgpdd777uzjYhagZg" L      \
    "a=ice-options:trickle" L "a=fingerprint:sha-256 " DIGEST L "a=setup:actpass" L                \
    "a=rtpmap:97 opus/48000/2" L "a=fmtp:97 sprop-stereo=0;sprop-maxcapturerate=48000" L           \
    "a=rtcp-fb:97 transport-cc" L "a=ssrc:2431 cname:call" L "a=ssrc:2431 msid:call audio" L       \
    "a=rtcp-mux" L

#endif
