// check-wasm.mjs FOLDER VECTORS: what tools/build-wasm put there, under node. That the modules ask their
// host for nothing but a way to say why they stopped; that the vectors pass; that Argon2id's module works
// by what it exports; how large everything is, and that the messenger's core is small. Exit 0 if all holds.
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

// What assert() of wasi-libc needs to speak. Clock, randomness, paths and sockets are not in it.
const allowed = new Set([
  'wasi_snapshot_preview1.fd_close', 'wasi_snapshot_preview1.fd_fdstat_get',
  'wasi_snapshot_preview1.fd_seek', 'wasi_snapshot_preview1.fd_write',
  'wasi_snapshot_preview1.proc_exit',
]);

// What a page loads before it shows anything, after brotli.
const CLIENT_MAX = 110 * 1024;

const [folder, vectors] = process.argv.slice(2);
let failed = 0;

function check(name, good) {
  console.log(`${good ? 'ok' : 'not ok'} - ${name}`);
  failed += !good;
}

const read = (name) => readFileSync(`${folder}/${name}`);
const load = (name) => new WebAssembly.Module(read(name));

function impure(module) {
  return WebAssembly.Module.imports(module)
    .map((i) => `${i.module}.${i.name}`)
    .filter((name) => !allowed.has(name) && !name.startsWith('env.unicode_')); // lib/base/unicode_wasm.c
}

function size(name) {
  const bytes = read(name);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 };
  const brotli = brotliCompressSync(bytes, { params }).length;
  console.log(`# ${name}: ${bytes.length} raw, ${gzipSync(bytes, { level: 9 }).length} gzip, ${brotli} brotli`);
  return brotli;
}

function start(name, ...args) {
  const wasi = new WASI({
    version: 'preview1', returnOnExit: true, args: [name, ...args], preopens: { '/vectors': vectors },
  });
  return wasi.start(new WebAssembly.Instance(load(name), wasi.getImportObject()));
}

// A row of kdf_vectors.c, by the exports alone.
function argon2() {
  const wasi = new WASI({ version: 'preview1' });
  const instance = new WebAssembly.Instance(load('argon2.wasm'), wasi.getImportObject());
  const { memory, argon2_room: room, argon2_run: run } = instance.exports;
  wasi.initialize(instance);
  const passphrase = Buffer.from('correct horse'), n = passphrase.length;
  const at = room(n + 16 + 32), salt = at + n, out = salt + 16;
  const octets = new Uint8Array(memory.buffer, at, n + 16);
  octets.set(passphrase);
  octets.set(Array.from({ length: 16 }, (_, i) => i), n);
  const status = run(at, n, salt, 1, 64, out, 32);
  const tag = Buffer.from(memory.buffer.slice(out, out + 32)).toString('hex');
  check('argon2.wasm derives a key', status === 0
    && tag === '25ce5233cc1e4d37e9bca31bfef41710e40446cd1cb575932791c5fd3780bd3c');
  check('argon2.wasm overwrites the passphrase',
    new Uint8Array(memory.buffer, at, n).every((octet) => octet === 0));
}

for (const name of ['sotto.wasm', 'client.wasm', 'argon2.wasm', 'crypto.wasm'])
  check(`${name} is pure ${impure(load(name))}`, impure(load(name)).length === 0);
check('vectors.wasm', start('vectors.wasm') === 0);
check('omemo.wasm', start('omemo.wasm', '/vectors/omemo.txt') === 0);
argon2();
['sotto.wasm', 'crypto.wasm', 'argon2.wasm'].forEach(size);
const client = size('client.wasm');
check(`client.wasm has ${(client / 1024).toFixed(1)} KiB after brotli, at most ${CLIENT_MAX / 1024}`, client <= CLIENT_MAX);
process.exit(failed === 0 ? 0 : 1);
