// peer_page.js: a party of a call in a page of any browser, with the pretended camera and microphone of that browser.
//
// window.act(order): {"do": "offer", "video", "pitch", "restart"} | {"do": "answer", "sdp", "pitch"} | {"do": "accept", "sdp"} | {"do": "count"};
// resolves to {"sdp"} | {} | {"audio", "video", "sent", "lost", "ice", "state", "addresses", "pitch"}. With "pitch" the microphone is a tone
// of so many hertz; the one that is counted is that of what is loudest in what is heard, 0: silence.
const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
let sound, ear;

peer.ontrack = (event) => {
    const element = document.createElement(event.track.kind);
    element.srcObject = event.streams[0] ?? new MediaStream([event.track]);
    element.muted = true;
    document.body.append(element);
    element.play();
    if (sound && event.track.kind === 'audio') {
        ear = new AnalyserNode(sound, { fftSize: 8192 });
        sound.createMediaStreamSource(element.srcObject).connect(ear);
    }
};
async function whistle(pitch) {
    sound = new AudioContext({ sampleRate: 48000 });
    const tone = new OscillatorNode(sound, { frequency: pitch }), out = sound.createMediaStreamDestination();

    await sound.resume();
    tone.connect(out);
    tone.start();
    peer.addTrack(out.stream.getAudioTracks()[0], out.stream);
}
function pitch_heard() {
    if (!ear)
        return 0;
    const levels = new Float32Array(ear.frequencyBinCount);

    ear.getFloatFrequencyData(levels);
    const loudest = levels.indexOf(Math.max(...levels));

    return levels[loudest] < -70 ? 0 : loudest * sound.sampleRate / ear.fftSize;
}
async function speak(video, pitch) {
    if (peer.getSenders().some((sender) => sender.track))
        return;
    if (pitch) {
        await whistle(pitch);
        return;
    }
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: video && { width: 320, height: 240 } });
    for (const track of stream.getTracks())
        peer.addTrack(track, stream);
}
async function local(description) {
    await peer.setLocalDescription(description);
    return { sdp: description.sdp };
}
async function count() {
    const seen = { audio: 0, video: 0, sent: 0, lost: 0, ice: peer.iceConnectionState, state: peer.connectionState, addresses: [],
        pitch: pitch_heard() };

    for (const report of (await peer.getStats()).values()) {
        if (report.type === 'inbound-rtp') {
            seen[report.kind] += report.packetsReceived;
            seen.lost += report.packetsLost;
        }
        if (report.type === 'outbound-rtp')
            seen.sent += report.packetsSent;
        if (report.type === 'remote-candidate')
            seen.addresses.push(report.address);
    }
    return seen;
}
window.act = async (order) => {
    switch (order.do) {
    case 'offer':
        await speak(order.video, order.pitch);
        return await local(await peer.createOffer({ iceRestart: order.restart ?? false }));
    case 'answer':
        if (order.pitch)            // the ear is there before what it hears
            await speak(false, order.pitch);
        await peer.setRemoteDescription({ type: 'offer', sdp: order.sdp });
        await speak(order.sdp.includes('m=video'));
        return await local(await peer.createAnswer());
    case 'accept':
        await peer.setRemoteDescription({ type: 'answer', sdp: order.sdp });
        return {};
    default:
        return await count();
    }
};
