/* pipe.c: lines to calls. */
#include "pipe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"

enum { LINE_MAX_OCTETS = 8192, BUNDLE_WORDS = 6 };

static void say(const char *word, struct bytes octets)
{
    struct arena a = { 0 };
    struct str text = hex_text(&a, octets);

    printf("%s %.*s\n", word, STR_ARG(text));
    arena_deinit(&a);
}

static void say_error(const char *why)
{
    printf("error %s\n", why);
}

static bool read_exactly(struct arena *a, struct str word, uint8_t *out, size_t n)
{
    struct bytes octets;

    if (hex_read(a, word, &octets) != ERR_NONE || octets.n != n)
        return false;
    memcpy(out, octets.p, n);
    return true;
}

static bool read_id(struct str word, uint32_t *out)
{
    uint64_t value;

    if (str_to_u64(word, UINT32_MAX, &value) != ERR_NONE)
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool read_bundle(struct arena *a, struct str rest, struct pipe_bundle *b)
{
    struct str word[BUNDLE_WORDS];

    for (int i = 0; i < BUNDLE_WORDS; i++)
        word[i] = str_split(&rest, ' ');
    return read_exactly(a, word[0], b->identity, PIPE_KEY) && read_id(word[1], &b->signed_id)
           && read_exactly(a, word[2], b->signed_key, PIPE_KEY)
           && read_exactly(a, word[3], b->signature, PIPE_SIGNATURE)
           && read_id(word[4], &b->prekey_id) && read_exactly(a, word[5], b->prekey, PIPE_KEY);
}

static void say_bundle(struct arena *a, const struct pipe_bundle *b)
{
    struct str identity = hex_text(a, bytes_of(b->identity, PIPE_KEY));
    struct str signed_key = hex_text(a, bytes_of(b->signed_key, PIPE_KEY));
    struct str signature = hex_text(a, bytes_of(b->signature, PIPE_SIGNATURE));
    struct str prekey = hex_text(a, bytes_of(b->prekey, PIPE_KEY));

    printf("%.*s %" PRIu32 " %.*s %.*s %" PRIu32 " %.*s\n", STR_ARG(identity), b->signed_id,
           STR_ARG(signed_key), STR_ARG(signature), b->prekey_id, STR_ARG(prekey));
}

static const char *do_octets(const struct pipe_device *d, struct arena *a, struct str command,
                             struct str rest)
{
    struct pipe_octets out = { .n = 0 };
    struct bytes in;
    bool is_exchange = str_is(command, "exchange");
    const char *why;

    if (hex_read(a, rest, &in) != ERR_NONE)
        return "no hexadecimal";
    if (str_is(command, "send")) {
        if ((why = d->send(d->self, in, &is_exchange, &out)) == NULL)
            say(is_exchange ? "exchange" : "message", bytes_of(out.p, out.n));
    } else if ((why = d->receive(d->self, is_exchange, in, &out)) == NULL) {
        say("plain", bytes_of(out.p, out.n));
    }
    return why;
}

static const char *do_line(const struct pipe_device *d, struct arena *a, struct str line)
{
    struct str command = str_split(&line, ' ');
    struct pipe_bundle b = { .signed_id = 0 };
    const char *why;

    if (str_is(command, "bundle")) {
        if ((why = d->bundle(d->self, &b)) == NULL)
            say_bundle(a, &b);
        return why;
    }
    if (str_is(command, "start")) {
        why = read_bundle(a, line, &b) ? d->start(d->self, &b) : "no bundle";
        if (why == NULL)
            puts("ok");
        return why;
    }
    if (str_is(command, "forget")) {
        if ((why = d->forget(d->self)) == NULL)
            puts("ok");
        return why;
    }
    return do_octets(d, a, command, line);
}

int pipe_serve(const struct pipe_device *device)
{
    char line[LINE_MAX_OCTETS];

    while (fgets(line, sizeof line, stdin) != NULL) {
        struct arena a = { 0 };
        const char *why = do_line(device, &a, str_trim(str_from(line)));

        if (why != NULL)
            say_error(why);
        fflush(stdout);
        arena_deinit(&a);
    }
    return 0;
}
