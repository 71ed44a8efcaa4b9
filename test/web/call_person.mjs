// call_person.mjs: the media of one device that calls, in a headless browser: offers and answers come and go as SDP, with every
// candidate in them. The microphone is an oscillator, so that the other side can tell whom it hears by the pitch.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const WAIT_MS = 60000;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
    '--autoplay-policy=no-user-gesture-required', '--disable-features=WebRtcHideLocalIpsWithMdns', '--ignore-certificate-errors'];

// Runs in the page.
function begin() {
    const gathered = (peer) => new Promise((done) => {
        const look = () => peer.iceGatheringState === 'complete' && done(peer.localDescription.sdp);

        peer.addEventListener('icegatheringstatechange', look);
        look();
    });

    window.calls = {
        async open({ pitch, video, bundlePolicy = 'max-bundle', rtc = {} }) {
            const sound = new AudioContext({ sampleRate: 48000 });
            const tone = new OscillatorNode(sound, { frequency: pitch });
            const out = sound.createMediaStreamDestination();

            await sound.resume();
            tone.connect(out);
            tone.start();
            this.sound = sound;
            this.peer = new RTCPeerConnection({ bundlePolicy, iceServers: [], ...rtc });
            this.states = [];
            this.peer.addEventListener('connectionstatechange', () => this.states.push(this.peer.connectionState));
            this.peer.addEventListener('track', ({ track }) => this.hear(track));
            this.peer.addTrack(out.stream.getAudioTracks()[0], out.stream);
            if (video) {
                const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 } });

                this.peer.addTrack(camera.getVideoTracks()[0], camera);
            }
        },
        hear(track) {
            const stream = new MediaStream([track]);

            document.querySelector(track.kind).srcObject = stream;
            if (track.kind === 'audio') {
                this.ear = new AnalyserNode(this.sound, { fftSize: 8192 });
                this.sound.createMediaStreamSource(stream).connect(this.ear);
            }
        },
        async offer() {
            await this.peer.setLocalDescription(await this.peer.createOffer());
            return gathered(this.peer);
        },
        async answer(sdp) {
            await this.peer.setRemoteDescription({ type: 'offer', sdp });
            await this.peer.setLocalDescription(await this.peer.createAnswer());
            return gathered(this.peer);
        },
        async accept(sdp) {
            await this.peer.setRemoteDescription({ type: 'answer', sdp });
        },
        // Hertz of what is loudest in what is heard; 0: silence.
        pitch() {
            if (!this.ear)
                return 0;
            const levels = new Float32Array(this.ear.frequencyBinCount);

            this.ear.getFloatFrequencyData(levels);
            const loudest = levels.indexOf(Math.max(...levels));

            return levels[loudest] < -70 ? 0 : loudest * this.sound.sampleRate / this.ear.fftSize;
        },
        async state() {
            const out = { state: this.peer.connectionState, states: this.states, pitch: this.pitch(), inbound: {}, addresses: [], ways: [] };

            for (const report of (await this.peer.getStats()).values()) {
                if (report.type === 'inbound-rtp')
                    out.inbound[report.kind] = { packets: report.packetsReceived, lost: report.packetsLost,
                        frames: report.framesDecoded ?? 0, concealed: report.concealedSamples ?? 0, samples: report.totalSamplesReceived ?? 0 };
                if (report.type === 'local-candidate')
                    out.ways.push(`${report.candidateType} ${report.relayProtocol ?? report.protocol}`);
                if (report.type === 'remote-candidate')
                    out.addresses.push(report.address);
            }
            return out;
        },
        async close() {
            this.peer?.close();
        },
    };
}

export class Person {
    // settings: page, chromium, folder (of profiles), modules
    constructor(settings, profile) {
        this.settings = settings;
        this.profile = join(settings.folder, `profile-${profile}`);
        this.log = [];
    }

    // For a new call.
    async open(options) {
        this.page ??= await this.launch();
        await this.page.goto(this.settings.page);
        await this.page.evaluate(begin);
        await this.page.evaluate((o) => window.calls.open(o), options);
    }

    async launch() {
        const { chromium } = createRequire(this.settings.modules)('playwright-core');

        this.browser = await chromium.launchPersistentContext(this.profile, {
            executablePath: this.settings.chromium, headless: true, args: FLAGS });

        const page = this.browser.pages()[0] ?? await this.browser.newPage();

        page.setDefaultTimeout(WAIT_MS);
        page.on('console', (message) => this.log.push(message.text()));
        return page;
    }

    offer = () => this.page.evaluate(() => window.calls.offer());

    answer = (sdp) => this.page.evaluate((s) => window.calls.answer(s), sdp);

    accept = (sdp) => this.page.evaluate((s) => window.calls.accept(s), sdp);

    state = () => this.page.evaluate(() => window.calls.state());

    async close() {
        await this.browser?.close();
    }
}
