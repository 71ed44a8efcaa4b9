/* stretch.h: speech a little shorter or longer without changing its pitch: one period is taken out or put in where two neighbouring
 * ones are most alike, with a cross-fade.
 *
 * Owns: nothing.  Threads: pure.  Units: samples at 48 kHz.
 */
#ifndef SOTTO_MEDIA_STRETCH_H
#define SOTTO_MEDIA_STRETCH_H

#include <stddef.h>
#include <stdint.h>

enum {
    STRETCH_PERIOD_MIN = 120, /* 2.5 ms: 400 Hz */
    STRETCH_PERIOD_MAX = 600, /* 12.5 ms: 80 Hz */
    STRETCH_INPUT = 2 * STRETCH_PERIOD_MAX,
};

/* Both work on the first STRETCH_INPUT of `n` samples and return the new number of samples; what follows is moved. */
size_t stretch_shorten(int16_t *pcm, size_t n);
size_t stretch_lengthen(int16_t *pcm, size_t n, size_t room);

#endif
