#!/usr/bin/python3
"""webrtcbin_peer.py: a party of a call made of GStreamer's webrtcbin: Opus of a tone, and counts of what it hears.

Standard input: one JSON object a line: {"do": "offer"} | {"do": "answer", "sdp"} | {"do": "accept", "sdp"} | {"do": "count"}.
Standard output: one answer a line: {"sdp"} | {"buffers", "state"} | {}.
"""
import json
import re
import sys
import threading

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstSdp', '1.0')
gi.require_version('GstWebRTC', '1.0')
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

TONE = ('audiotestsrc is-live=true wave=ticks samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=1 ! opusenc '
        '! rtpopuspay pt=111 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=111 ! peer. '
        'webrtcbin name=peer bundle-policy=max-bundle')


class Peer:
    """One webrtcbin."""

    def __init__(self):
        self.pipeline = Gst.parse_launch(TONE)
        self.bin = self.pipeline.get_by_name('peer')
        self.buffers = 0
        self.kept = []                     # what the bindings would free while it is in use
        self.bin.connect('pad-added', self.on_pad)
        self.pipeline.set_state(Gst.State.PLAYING)

    def on_pad(self, _, pad):
        """Somebody is heard: decoded, counted, dropped."""
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        sink = Gst.parse_bin_from_description('rtpopusdepay ! opusdec ! fakesink name=end signal-handoffs=true', True)
        sink.get_by_name('end').connect('handoff', self.on_buffer)
        self.pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad('sink'))

    def on_buffer(self, *_):
        """20 ms of sound."""
        self.buffers += 1

    def ask(self, what, argument):
        """A promise of webrtcbin's, waited for."""
        promise = Gst.Promise.new()
        if argument is None:
            self.bin.emit(what, promise)
        else:
            self.bin.emit(what, *argument, promise)
        promise.wait()
        return promise.get_reply()

    def describe(self, kind):
        """Its offer or answer as text."""
        reply = self.ask(f'create-{kind}', (None,))
        made = reply.get_value(kind)
        self.ask('set-local-description', (made,))
        self.kept += [reply, made, self.bin.get_property('local-description')]
        return {'sdp': self.kept[-1].sdp.as_text()}

    def hear(self, kind, text):
        """An offer or answer of the other."""
        _, sdp = GstSdp.SDPMessage.new_from_text(text)
        described = GstWebRTC.WebRTCSessionDescription.new(kind, sdp)
        self.kept += [sdp, described]
        self.ask('set-remote-description', (described,))
        # Those of a description are lost now and then, when it comes while the agent is still looking for its own.
        for candidate in re.findall(r'a=(candidate:[^\r\n]*)', text):
            self.bin.emit('add-ice-candidate', 0, candidate)

    def do(self, order):
        """One order of the driver."""
        if order['do'] == 'offer':
            return self.describe('offer')
        if order['do'] == 'answer':
            self.hear(GstWebRTC.WebRTCSDPType.OFFER, order['sdp'])
            return self.describe('answer')
        if order['do'] == 'accept':
            self.hear(GstWebRTC.WebRTCSDPType.ANSWER, order['sdp'])
            return {}
        state = self.bin.get_property('ice-connection-state').value_nick
        return {'buffers': self.buffers, 'state': state}


def main():
    Gst.init(None)
    peer = Peer()
    loop = GLib.MainLoop()
    threading.Thread(target=loop.run, daemon=True).start()
    for line in sys.stdin:
        print(json.dumps(peer.do(json.loads(line))), flush=True)
    peer.pipeline.set_state(Gst.State.NULL)


if __name__ == '__main__':
    main()
