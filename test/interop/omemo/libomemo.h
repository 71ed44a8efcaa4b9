/* libomemo.h: a device made of libomemo-c (Debian's libomemo-c-dev), to test against and to compare
 * with. It is GPL-3: tests and benchmarks only, never linked into a program of ours.
 *
 * Its stores are in memory; its primitives are OpenSSL's, as clients provide them.
 * Owns: what libomemo_new() returns, until libomemo_free().  Threads: one.
 */
#ifndef SOTTO_TEST_INTEROP_OMEMO_LIBOMEMO_H
#define SOTTO_TEST_INTEROP_OMEMO_LIBOMEMO_H

#include "pipe.h"

struct libomemo;

struct libomemo *libomemo_new(bool is_omemo_2);
void libomemo_free(struct libomemo *d);
struct pipe_device libomemo_device(struct libomemo *d);
/* Sends and receives go to one of several remote devices; 0 at first. Sessions with all are kept. */
void libomemo_with(struct libomemo *d, int remote);

enum { LIBOMEMO_REMOTES = 1024 };

#endif
