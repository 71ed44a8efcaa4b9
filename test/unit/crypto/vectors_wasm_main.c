/* vectors_wasm_main.c: the wasm backend against the published vectors, as a program for any WASI host.
 * Exit 0: all passed; 1: some failed, each named on standard output.
 */
#include <stdio.h>

#include "vectors.h"

static int passed, failed;

static void count(const char *what, bool ok)
{
    if (ok) {
        passed++;
        return;
    }
    failed++;
    printf("FAILED: %s\n", what);
}

int main(void)
{
    vectors_run(count);
    printf("vectors: %d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
