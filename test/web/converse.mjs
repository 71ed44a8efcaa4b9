// converse.mjs: two people with Converse.js in two headless browsers: they log in over WebSocket and exchange messages in
// OMEMO 2, both ways, and after one of them has come back. Prints TAP.
//
//     node converse.mjs SETTINGS.json
//
// Settings: page, websocket, chromium, folder (for the browsers' profiles), pictures (a folder), people [{jid, password}],
// words [three texts].
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Person } from './converse_person.mjs';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
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
        await person.picture(join(settings.pictures, `${number}-${person.jid.split('@')[0]}.png`));
}

const people = settings.people.map((person, index) => new Person(settings, person, index));
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
