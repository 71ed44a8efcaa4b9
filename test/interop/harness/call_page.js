// One party of a call in a page: offers or answers, and says what getStats() has counted.
const pc = window.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
window.sinks = [];
pc.ontrack = (event) => {
    const sink = document.createElement(event.track.kind);
    sink.srcObject = new MediaStream([event.track]);
    sink.autoplay = true;
    window.sinks.push(sink);
};
window.capture = async (video) => {
    const constraints = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: constraints, video });
    stream.getTracks().forEach((track) => pc.addTrack(track, stream));
};
const gathered = () => new Promise((done) => {
    const check = () => pc.iceGatheringState === 'complete' && done(pc.localDescription.sdp);
    pc.onicegatheringstatechange = check;
    check();
});
window.offer = async (video) => {
    await window.capture(video);
    await pc.setLocalDescription(await pc.createOffer());
    return gathered();
};
window.answer = async (sdp, video) => {
    await pc.setRemoteDescription({ type: 'offer', sdp });
    await window.capture(video);
    await pc.setLocalDescription(await pc.createAnswer());
    return gathered();
};
window.accept = async (sdp) => {
    await pc.setRemoteDescription({ type: 'answer', sdp });
};
window.counted = async () => {
    const all = {};
    (await pc.getStats()).forEach((s) => {
        if (s.type === 'inbound-rtp' || s.type === 'outbound-rtp' || s.type === 'remote-inbound-rtp')
            all[`${s.type}-${s.kind}`] = s;
        if (s.type === 'transport')
            all.transport = s;
    });
    return all;
};
