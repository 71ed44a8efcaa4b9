// converse.mjs: two people with Converse.js in two headless browsers: they log in over WebSocket and exchange messages in
// OMEMO 2, both ways, and after one of them has come back. Prints TAP.
//
//     node converse.mjs SETTINGS.json
//
// Settings: page, websocket, chromium, folder (for the browsers' profiles), pictures (a folder), people [{jid, password}],
// words [three texts].
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { chromium } = createRequire(settings.modules)('playwright-core');
const WAIT_MS = 60000;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--ignore-certificate-errors'];

let number = 0, failed = 0;

async function step(name, action) {
    number += 1;
    try {
        await action();
        console.log(`ok ${number} - ${name}`);
    } catch (error) {
        failed += 1;
        for (const line of String(error.stack ?? error).split('\n')) console.log(`# ${line}`);
        console.log(`not ok ${number} - ${name}`);
    }
    for (const person of people)
        await person.picture(number);
}

// Runs in the page. `probe` sees what Converse's own plugins see.
function begin(options) {
    window.seen = { connected: false, omemo: false };
    window.converse.plugins.add('probe', {
        initialize() {
            window.api = this._converse.api;
            window.api.listen.on('connected', () => { window.seen.connected = true; });
            window.api.listen.on('reconnected', () => { window.seen.connected = true; });
            window.api.listen.on('OMEMOInitialized', () => { window.seen.omemo = true; });
        },
    });
    window.converse.initialize(options);
}

class Person {
    constructor(index) {
        Object.assign(this, settings.people[index]);
        this.profile = join(settings.folder, `profile-${index}`);
        this.log = [];
    }

    async open() {
        this.browser = await chromium.launchPersistentContext(this.profile, {
            executablePath: settings.chromium, headless: true, args: FLAGS, ignoreHTTPSErrors: true });
        this.page = this.browser.pages()[0] ?? await this.browser.newPage();
        this.page.setDefaultTimeout(WAIT_MS);
        this.page.on('console', (message) => this.log.push(message.text()));
        await this.page.goto(settings.page);
        await this.page.waitForFunction(() => window.converse?.initialize);
        await this.page.evaluate(begin, {
            assets_path: '/dist/', websocket_url: settings.websocket, discover_connection_methods: false,
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

    // For the one who looks for a failure, and to see what people see.
    async picture(number) {
        const path = join(settings.pictures, `${number}-${this.jid.split('@')[0]}.png`);

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

    // The message as Converse decrypted it.
    async reads(from, text) {
        await this.page.waitForFunction(async ([jid, body]) => {
            const chat = await window.api.chats.open(jid);
            return chat.messages.models.some((m) => m.get('sender') === 'them' && m.get('is_encrypted')
                && (m.get('plaintext') ?? m.get('body')) === body);
        }, [from, text], { polling: 200 });
    }
}

const people = [new Person(0), new Person(1)];
const [alice, bob] = people;
const [first, second, third] = settings.words;

await step('Alice logs in over WebSocket and announces her keys', () => alice.open());
await step('Bob too', () => bob.open());
await step('Alice writes, Bob reads', async () => {
    await alice.send(bob.jid, first);
    await bob.reads(alice.jid, first);
});
await step('Bob answers, Alice reads', async () => {
    await bob.send(alice.jid, second);
    await alice.reads(bob.jid, second);
});
await step('what is written while Bob is away waits for him', async () => {
    await bob.close();
    await alice.send(bob.jid, third);
    await bob.open();
    await bob.reads(alice.jid, third);
});
// Alice's screen only: what Bob got live and from the archive at once, Converse decrypts, and then forgets (docs/peers.md).
await step('Alice sees all of it', async () => {
    const seen = await alice.sees();

    if (JSON.stringify(seen) !== JSON.stringify(settings.words))
        throw new Error(`she sees ${JSON.stringify(seen)}`);
});
if (failed > 0)
    for (const person of people)
        for (const line of person.log.slice(-40)) console.log(`# ${person.jid}: ${line.slice(0, 300)}`);
await alice.close();
await bob.close();
console.log(`1..${number}`);
process.exit(failed > 0 ? 1 : 0);
