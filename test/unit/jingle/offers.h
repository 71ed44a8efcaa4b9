/* offers.h: offers and answers in the form in which deployed clients send them. */
#ifndef SOTTO_TEST_UNIT_JINGLE_OFFERS_H
#define SOTTO_TEST_UNIT_JINGLE_OFFERS_H

#define SID         "ca3cf894-5325-482f-a412-a6e9f832298d"
#define CREDENTIALS "ufrag='8hhy' pwd='asd88fgpdd777uzjYhagZg'"
#define DIGEST                                                                                     \
    "02:1A:CC:54:27:AB:EB:9C:53:3F:3E:4B:65:2E:7D:46:3F:54:42:CD:54:F1:7A:03:A2:7D:F9:B0:7F:46:"   \
    "19:B2"
#define CLEAR_FINGERPRINT                                                                          \
    "<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>" DIGEST      \
    "</fingerprint>"
#define SEALED_FINGERPRINT                                                                         \
    "<fingerprint xmlns='http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification' "             \
    "hash='sha-256' setup='actpass'><encrypted xmlns='eu.siacs.conversations.axolotl'>"            \
    "<header sid='7'><key rid='9'>a2V5</key><iv>aXZpdml2aXZpdml2</iv></header>"                    \
    "<payload>cGF5bG9hZA==</payload></encrypted></fingerprint>"
#define CANDIDATE                                                                                  \
    "<candidate component='1' foundation='1' generation='0' id='el0747fg11' ip='10.0.1.1' "        \
    "network='1' port='8998' priority='2130706431' protocol='udp' type='host'/>"

/* Conversations: BUNDLE, feedback below the description, candidates later. */
#define CONVERSATIONS_OFFER                                                                        \
    "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='" SID "'>"                   \
    "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content name='0'/>"        \
    "<content name='1'/></group>"                                                                  \
    "<content creator='initiator' name='0'>"                                                       \
    "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>"                               \
    "<payload-type id='111' name='opus' clockrate='48000' channels='2'>"                           \
    "<parameter name='minptime' value='10'/><parameter name='useinbandfec' value='1'/>"            \
    "<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='transport-cc'/></payload-type>"     \
    "<payload-type id='63' name='red' clockrate='48000' channels='2'>"                             \
    "<parameter name='' value='111/111'/></payload-type>"                                          \
    "<payload-type id='13' name='CN' clockrate='8000'/>"                                           \
    "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='1' "                            \
    "uri='urn:ietf:params:rtp-hdrext:ssrc-audio-level'/>"                                          \
    "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='9' uri='urn:example:tracker'/>" \
    "<extmap-allow-mixed xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0'/>"                          \
    "<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='3735928559'>"                           \
    "<parameter name='cname' value='alice@laptop'/>"                                               \
    "<parameter name='msid' value='stream-1 track-1'/></source><rtcp-mux/></description>"          \
    "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' " CREDENTIALS ">" SEALED_FINGERPRINT  \
    "<trickle xmlns='http://gultsch.de/xmpp/drafts/jingle/transports/ice-udp/option'/>"            \
    "</transport></content>"                                                                       \
    "<content creator='initiator' name='1' senders='both'>"                                        \
    "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'>"                               \
    "<payload-type id='96' name='VP8' clockrate='90000'>"                                          \
    "<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='nack' subtype='pli'/>"              \
    "<rtcp-fb-trr-int xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' value='100'/></payload-type>"     \
    "<payload-type id='97' name='rtx' clockrate='90000'><parameter name='apt' value='96'/>"        \
    "</payload-type>"                                                                              \
    "<ssrc-group xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' semantics='FID'><source ssrc='5'/>"       \
    "<source ssrc='6'/></ssrc-group><rtcp-mux/></description>"                                     \
    "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' " CREDENTIALS ">" SEALED_FINGERPRINT  \
    "</transport></content></jingle>"

/* Dino: no BUNDLE, a key of SDES in clear, an unknown codec, addresses in its candidates. */
#define DINO_OFFER                                                                                 \
    "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='" SID                        \
    "' initiator='mallory@evil.example/x'>"                                                        \
    "<content creator='initiator' name='audio' senders='both'>"                                    \
    "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>"                               \
    "<payload-type id='111' name='opus' clockrate='48000' channels='2'/>"                          \
    "<payload-type id='98' name='x-ISAC' clockrate='8000'/>"                                       \
    "<encryption><crypto crypto-suite='AES_CM_128_HMAC_SHA1_80' "                                  \
    "key-params='inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz' tag='1'/></encryption>"          \
    "<rtcp-mux/></description>"                                                                    \
    "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' " CREDENTIALS                         \
    ">" CLEAR_FINGERPRINT CANDIDATE CANDIDATE "</transport></content></jingle>"

#endif
