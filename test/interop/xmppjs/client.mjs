/* client.mjs CASE: one conversation of @xmpp/client (SASL2, Bind 2, FAST, stream management) with a server.
 *
 * From the environment: MODULES, SERVICE, DOMAIN, NAME, PASSWORD. Prints what it saw as one JSON object; a case that
 * goes wrong ends with status 1 and the stanzas on standard error.
 */
import { pathToFileURL } from 'node:url';

const { MODULES, SERVICE, DOMAIN, NAME, PASSWORD } = process.env;
const { client, xml } = await import(pathToFileURL(`${MODULES}/node_modules/@xmpp/client/index.js`));
const TIMEOUT_MS = 20000;
const AGENT = '53b2b8a6-0a6b-4a3c-9e2a-2a6b7c1d9e0f';
const seen = [];

/* A client that keeps what goes over its wire; its user-agent id is always the same. */
function make(credentials) {
  const c = client({
    service: SERVICE, domain: DOMAIN, credentials: { username: NAME, ...credentials },
    userAgent: xml('user-agent', { id: AGENT }, xml('software', {}, 'xmpp.js'), xml('device', {}, 'test')),
  });

  c.reconnect.delay = 50;
  c.wire = [];
  for (const [event, arrow] of [['send', '->'], ['element', '<-']])
    c.on(event, (element) => {
      c.wire.push(element);
      seen.push(`${arrow} ${element}`);
    });
  c.on('error', (error) => seen.push(`!! ${error}`));
  return c;
}

function once(emitter, event) {
  return new Promise((resolve) => emitter.once(event, resolve));
}

function token_of(c) {
  const success = c.wire.findLast((e) => e.is('success', 'urn:xmpp:sasl:2'));
  const { token, expiry } = success?.getChild('token', 'urn:xmpp:fast:0')?.attrs ?? {};

  return token && { token, expiry, mechanism: 'HT-SHA-256-NONE' };
}

function mechanisms_of(c) {
  return c.wire.filter((e) => e.name === 'authenticate').map((e) => e.attrs.mechanism);
}

/* Logs in, waits until it is done, and leaves the connection open. */
async function log_in(credentials) {
  const c = make(credentials);
  const address = await c.start();

  return { c, address: address.toString(), mechanisms: mechanisms_of(c), token: token_of(c) };
}

/* An error would be thrown. */
async function ask(c) {
  await c.iqCaller.get(xml('ping', 'urn:xmpp:ping'), DOMAIN);
  return true;
}

const cases = {
  async login() {
    const first = await log_in({ password: PASSWORD });
    const success = first.c.wire.findLast((e) => e.is('success', 'urn:xmpp:sasl:2'));
    const bound = success.getChild('bound', 'urn:xmpp:bind:0');
    const answered = await ask(first.c);

    await first.c.stop();
    const second = await log_in({ password: PASSWORD });

    await second.c.stop();
    return {
      address: first.address, again: second.address, mechanisms: first.mechanisms, answered,
      managed: bound?.getChild('enabled', 'urn:xmpp:sm:3')?.attrs.resume,
      archive: bound?.getChild('metadata', 'urn:xmpp:mam:2') !== undefined,
    };
  },

  async wrong_password() {
    const c = make({ password: 'not this one' });
    const error = await c.start().catch((e) => e);

    await c.stop();
    return { condition: error.condition, mechanisms: mechanisms_of(c) };
  },

  async token() {
    const first = await log_in({ password: PASSWORD });

    await first.c.stop();
    const second = await log_in({ token: first.token, password: 'not needed' });
    const answered = await ask(second.c);

    await second.c.stop();
    return { mechanisms: second.mechanisms, address: first.address, again: second.address, answered };
  },

  async wrong_token() {
    const first = await log_in({ password: PASSWORD });

    await first.c.stop();
    const token = { ...first.token, token: `${first.token.token}x` };
    const second = await log_in({ token, password: PASSWORD });

    await second.c.stop();
    return { mechanisms: second.mechanisms, renewed: second.token !== undefined };
  },

  async resume() {
    const { c, address } = await log_in({ password: PASSWORD });
    const resumed = once(c.streamManagement, 'resumed');
    const message = once(c, 'stanza');

    await c.send(xml('presence'));
    await message;
    c.socket.socket?.destroy?.() ?? c.socket.destroy();
    await resumed;
    const success = c.wire.findLast((e) => e.is('success', 'urn:xmpp:sasl:2'));
    const answered = await ask(c);

    await c.stop();
    return {
      address, again: success.getChildText('authorization-identifier'), mechanisms: mechanisms_of(c),
      resumed: success.getChild('resumed', 'urn:xmpp:sm:3') !== undefined, answered,
    };
  },
};

setTimeout(() => {
  console.error(seen.join('\n'), '\ntimed out');
  process.exit(1);
}, TIMEOUT_MS).unref();

try {
  console.log(JSON.stringify(await cases[process.argv[2]]()));
  process.exit(0);
} catch (error) {
  console.error(seen.join('\n'), '\n', error);
  process.exit(1);
}
