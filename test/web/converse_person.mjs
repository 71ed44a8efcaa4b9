// converse_person.mjs: one device of a person with Converse.js, in a headless browser with a profile of its own.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const WAIT_MS = 60000;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--ignore-certificate-errors'];

// Runs in the page. `probe` sees what Converse's own plugins see; `texts` is every text that was ever decrypted, because
// Converse may show one and then put other words in its place (docs/peers.md).
function begin(options) {
    window.seen = { connected: false, omemo: false, texts: [] };
    window.converse.plugins.add('probe', {
        initialize() {
            window.api = this._converse.api;
            window.api.listen.on('connected', () => { window.seen.connected = true; });
            window.api.listen.on('reconnected', () => { window.seen.connected = true; });
            window.api.listen.on('OMEMOInitialized', () => { window.seen.omemo = true; });
            window.api.listen.on('chatBoxInitialized', (chat) => {
                chat.messages?.on('add change', (message) => {
                    if (message.get('is_encrypted'))
                        window.seen.texts.push([chat.get('jid'), message.get('sender'),
                            message.get('plaintext') ?? message.get('body')]);
                });
            });
        },
    });
    window.converse.initialize(options);
}

export class Person {
    // settings: page, websocket, chromium, folder (of profiles), modules
    constructor(settings, person, profile) {
        Object.assign(this, person);
        this.settings = settings;
        this.profile = join(settings.folder, `profile-${profile}`);
        this.log = [];
    }

    async open() {
        const { chromium } = createRequire(this.settings.modules)('playwright-core');

        this.browser = await chromium.launchPersistentContext(this.profile, {
            executablePath: this.settings.chromium, headless: true, args: FLAGS, ignoreHTTPSErrors: true });
        this.page = this.browser.pages()[0] ?? await this.browser.newPage();
        this.page.setDefaultTimeout(WAIT_MS);
        this.page.on('console', (message) => this.log.push(message.text()));
        await this.page.goto(this.settings.page);
        await this.page.waitForFunction(() => window.converse?.initialize);
        await this.page.evaluate(begin, {
            assets_path: '/dist/', websocket_url: this.settings.websocket, discover_connection_methods: false,
            view_mode: 'fullscreen', auto_login: true, authentication: 'login', jid: this.jid,
            password: this.password, omemo_default: true, trusted: 'on', persistent_store: 'IndexedDB',
            i18n: 'en', whitelisted_plugins: ['probe'], play_sounds: false, show_desktop_notifications: false,
        });
        await this.page.waitForFunction(() => window.seen.connected && window.seen.omemo);
    }

    // What is on the screen, from top to bottom.
    async sees() {
        return this.page.locator('converse-chat-message-body').allInnerTexts();
    }

    async close() {
        await this.browser?.close();
        this.browser = null;
    }

    async picture(path) {
        if (this.browser)
            await this.page.screenshot({ path }).catch((error) => this.log.push(String(error)));
    }

    async send(to, text) {
        await this.page.evaluate(async ([jid, body]) => {
            const chat = await window.api.chats.open(jid);
            chat.set('omemo_active', true);
            await chat.sendMessage({ body });
        }, [to, text]);
    }

    // A text of a chat as Converse decrypted it; of the other side, or of a device of one's own.
    async reads(chat, text, sender = 'them') {
        await this.page.waitForFunction(async (wanted) => {
            await window.api.chats.open(wanted[0]);
            return window.seen.texts.some((one) => JSON.stringify(one) === JSON.stringify(wanted));
        }, [chat, sender, text], { polling: 200 });
    }

    // [{id, version, fingerprint, trusted}] of somebody's devices, as the details of a contact show them.
    async keys(jid) {
        return this.page.evaluate(async (who) => {
            const found = [];

            for (const version of ['eu.siacs.conversations.axolotl', 'urn:xmpp:omemo:2']) {
                const list = await window.api.omemo.devicelists.get(who, true, version).catch(() => null);

                for (const device of list?.devices.models ?? []) {
                    const bundle = await device.getBundle().catch(() => null);
                    const key = bundle && Uint8Array.from(atob(bundle.identity_key), (c) => c.charCodeAt(0));

                    found.push({ id: String(device.get('id')), version, trusted: device.get('trusted'),
                        key: key && Array.from(key, (octet) => octet.toString(16).padStart(2, '0')).join('') });
                }
            }
            return found;
        }, jid);
    }

    // As the buttons beside a fingerprint do.
    async trust(jid, ids) {
        await this.page.evaluate(async ([who, trusted]) => {
            for (const version of ['eu.siacs.conversations.axolotl', 'urn:xmpp:omemo:2']) {
                const list = await window.api.omemo.devicelists.get(who, true, version).catch(() => null);

                for (const device of list?.devices.models ?? [])
                    device.save('trusted', trusted.includes(String(device.get('id'))) ? 1 : -1);
            }
        }, [jid, ids]);
    }
}
