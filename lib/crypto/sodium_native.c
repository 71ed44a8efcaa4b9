/* sodium_native.c: starts libsodium once per process. It refuses only a broken system. */
#include "crypto/sodium.h"

#include <pthread.h>
#include <stdlib.h>

#include <sodium/core.h>

static pthread_once_t started = PTHREAD_ONCE_INIT;

static void start(void)
{
    if (sodium_init() < 0)
        abort();
}

void sodium_ready(void)
{
    if (pthread_once(&started, start) != 0)
        abort();
}
