/* options.c: the command line. */
#include "media/options.h"

#include <string.h>

enum { FIRST_FILE = 4, DESCRIPTOR_MAX = 1023, TONE_MIN = 100, TONE_MAX = 4000 };

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    return str_to_u64(str_from(text), most, out) == ERR_NONE && *out >= least;
}

static bool read_descriptor(const char *text, int *out)
{
    uint64_t n;

    if (!read_number(text, FIRST_FILE, DESCRIPTOR_MAX, &n))
        return false;
    *out = (int)n;
    return true;
}

static bool read_flag(const char *name, struct options *o)
{
    if (strcmp(name, "--test-picture") == 0)
        o->test_picture = true;
    else if (strcmp(name, "--list-devices") == 0)
        o->list_devices = true;
    else if (strcmp(name, "--json") == 0)
        o->json = true;
    else if (strcmp(name, "--version") == 0)
        o->version = true;
    else if (strcmp(name, "--help") == 0)
        o->help = true;
    else
        return false;
    return true;
}

static bool read_tone(const char *value, struct options *o)
{
    uint64_t hz;

    if (!read_number(value, TONE_MIN, TONE_MAX, &hz))
        return false;
    o->tone_hz = (unsigned)hz;
    return true;
}

static bool read_format(const char *value, struct options *o)
{
    o->record_opus = strcmp(value, "opus") == 0;
    return o->record_opus || strcmp(value, "wav") == 0;
}

static bool read_device(const char *value, const char **out)
{
    *out = value;
    return value[0] != '\0';
}

/* False, *known untouched: no such option. False, *known: its value is wrong. */
static bool read_valued(const char *name, const char *value, struct options *o, bool *known)
{
    *known = true;
    if (strcmp(name, "--play") == 0)
        return read_descriptor(value, &o->play);
    if (strcmp(name, "--record") == 0)
        return read_descriptor(value, &o->record);
    if (strcmp(name, "--play-video") == 0)
        return read_descriptor(value, &o->play_video);
    if (strcmp(name, "--record-video") == 0)
        return read_descriptor(value, &o->record_video);
    if (strcmp(name, "--record-as") == 0)
        return read_format(value, o);
    if (strcmp(name, "--test-tone") == 0)
        return read_tone(value, o);
    if (strcmp(name, "--microphone") == 0)
        return read_device(value, &o->microphone);
    if (strcmp(name, "--speaker") == 0)
        return read_device(value, &o->speaker);
    if (strcmp(name, "--camera") == 0)
        return read_device(value, &o->camera);
    *known = false;
    return false;
}

bool options_read(int argc, char **argv, struct options *out, const char **why)
{
    struct options o = { .play = -1, .record = -1, .play_video = -1, .record_video = -1 };

    for (int i = 1; i < argc; i++) {
        bool known;

        *why = argv[i];
        if (read_flag(argv[i], &o))
            continue;
        if (!read_valued(argv[i], i + 1 < argc ? argv[i + 1] : "", &o, &known))
            return false;
        i++;
    }
    *out = o;
    return true;
}
