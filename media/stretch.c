/* stretch.c: the most alike neighbouring periods, and the cross-fade between them. */
#include "media/stretch.h"

#include <math.h>
#include <string.h>

enum { STEP = 4, COARSE = 4 }; /* of the search: every fourth lag, every fourth sample */

static double likeness(const int16_t *a, const int16_t *b, size_t n)
{
    double product = 0, power_a = 1, power_b = 1;

    for (size_t i = 0; i < n; i += COARSE) {
        product += (double)a[i] * b[i];
        power_a += (double)a[i] * a[i];
        power_b += (double)b[i] * b[i];
    }
    return product / sqrt(power_a * power_b);
}

static size_t find_period(const int16_t *pcm)
{
    size_t best = STRETCH_PERIOD_MAX;
    double most = -2;

    for (size_t lag = STRETCH_PERIOD_MIN; lag <= STRETCH_PERIOD_MAX; lag += STEP) {
        double now = likeness(pcm, pcm + lag, lag);

        if (now > most) {
            most = now;
            best = lag;
        }
    }
    return best;
}

static int16_t fade(int16_t from, int16_t to, size_t at, size_t n)
{
    return (int16_t)(((int64_t)from * (int64_t)(n - at) + (int64_t)to * (int64_t)at) / (int64_t)n);
}

size_t stretch_shorten(int16_t *pcm, size_t n)
{
    size_t period;

    if (n < STRETCH_INPUT)
        return n;
    period = find_period(pcm);
    for (size_t i = 0; i < period; i++)
        pcm[i] = fade(pcm[i], pcm[i + period], i, period);
    memmove(pcm + period, pcm + 2 * period, (n - 2 * period) * sizeof *pcm);
    return n - period;
}

/* first | second | rest becomes first | second fading into first | second | rest */
size_t stretch_lengthen(int16_t *pcm, size_t n, size_t room)
{
    size_t period;

    if (n < STRETCH_INPUT || n + STRETCH_PERIOD_MAX > room)
        return n;
    period = find_period(pcm);
    memmove(pcm + 2 * period, pcm + period, (n - period) * sizeof *pcm);
    for (size_t i = 0; i < period; i++)
        pcm[period + i] = fade(pcm[2 * period + i], pcm[i], i, period);
    return n + period;
}
