// check-wasm.mjs LIBRARY TEST: that the library's module asks its host for nothing but a way to say
// why it stopped, and that the test program passes. Exit 0 if both hold.
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

// What assert() of wasi-libc needs to speak. Clock, randomness, paths and sockets are not in it.
const allowed = new Set([
  'wasi_snapshot_preview1.fd_close', 'wasi_snapshot_preview1.fd_fdstat_get',
  'wasi_snapshot_preview1.fd_seek', 'wasi_snapshot_preview1.fd_write',
  'wasi_snapshot_preview1.proc_exit',
]);

const [libraryPath, testPath] = process.argv.slice(2);
const library = new WebAssembly.Module(readFileSync(libraryPath));
const impure = WebAssembly.Module.imports(library)
  .map((i) => `${i.module}.${i.name}`)
  .filter((name) => !allowed.has(name) && !name.startsWith('env.unicode_')); // lib/base/unicode_wasm.c
for (const name of impure)
  console.log(`lib/ is not pure: it imports ${name}`);

const wasi = new WASI({ version: 'preview1', returnOnExit: true });
const program = new WebAssembly.Module(readFileSync(testPath));
const status = wasi.start(new WebAssembly.Instance(program, wasi.getImportObject()));

process.exit(impure.length === 0 && status === 0 ? 0 : 1);
