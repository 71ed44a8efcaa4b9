/* setjmp.h: nothing: wasm has none, and check.h includes it for cmocka alone. */
