/* options.h: the command line of sotto-media (docs/media.md). Owns: nothing.  Threads: pure. */
#ifndef SOTTO_MEDIA_OPTIONS_H
#define SOTTO_MEDIA_OPTIONS_H

#include "base/str.h"

struct options {
    int play, record, play_video, record_video; /* descriptors; -1: none */
    bool record_opus, test_picture, list_devices, json, version, help;
    unsigned tone_hz;                          /* 0: none */
    const char *microphone, *speaker, *camera; /* NULL: not said */
};

/* False: wrong usage; *why says what, for a person. */
bool options_read(int argc, char **argv, struct options *out, const char **why);

#endif
