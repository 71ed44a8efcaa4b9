// driver.mjs: people in browsers as another program drives them: one JSON object a line, {"id", "who", "do", "with": […]} in,
// {"id", "result"} or {"id", "error"} out. `do` is a function of the kind of person that the settings name (converse, call);
// "new" makes `who` of a person and a name for the profile; "log" gives what the page said.
//
//     node driver.mjs SETTINGS.json
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { Person } = await import(`./${settings.kind}_person.mjs`);
const people = new Map();

async function act(order) {
    if (order.do === 'new') {
        people.set(order.who, new Person(settings, ...order.with));
        return null;
    }
    if (order.do === 'log')
        return people.get(order.who).log.slice(-60);
    return await people.get(order.who)[order.do](...order.with) ?? null;
}

for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);

    act(order).then(
        (result) => console.log(JSON.stringify({ id: order.id, result })),
        (error) => console.log(JSON.stringify({ id: order.id, error: String(error.stack ?? error) })));
}
for (const person of people.values())
    await person.close();
process.exit(0);
