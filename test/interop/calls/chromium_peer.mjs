// chromium_peer.mjs: a party of a call made of headless Chromium: its pretended camera and microphone, and counts of what it gets.
//
//     node chromium_peer.mjs CHROMIUM MODULES PROFILE
// Standard input: orders of peer_page.js, one JSON object a line; standard output: one answer a line.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [path, modules, profile] = process.argv.slice(2);
const { chromium } = createRequire(modules)('playwright-core');
const FLAGS = ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--disable-gpu',
    '--autoplay-policy=no-user-gesture-required', '--disable-background-networking', '--disable-component-update'];

mkdirSync(profile, { recursive: true });
const file = `${profile}.html`;
writeFileSync(file, '<!doctype html><title>call</title><body></body>');
const browser = await chromium.launchPersistentContext(profile, { executablePath: path, headless: true, args: FLAGS });
const page = browser.pages()[0] ?? await browser.newPage();
await page.goto(`file://${file}`);
await page.addScriptTag({ path: fileURLToPath(new URL('peer_page.js', import.meta.url)) });
for await (const line of createInterface({ input: process.stdin })) {
    try {
        console.log(JSON.stringify(await page.evaluate((order) => window.act(order), JSON.parse(line))));
    } catch (error) {
        console.log(JSON.stringify({ error: String(error) }));
    }
}
await browser.close();
process.exit(0);
