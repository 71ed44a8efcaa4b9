/* padding.c: whether a struct keeps its octets when it is copied inside the initializer of another; meson.build runs this with the flags
 * of the build.
 *
 * -ftrivial-auto-var-init clears the padding of a variable, after its initializer. gcc 12 looks for padding behind an array of structs
 * too early, by the size of that array, if the struct that has it is within another, and so clears what lives there.
 * Status: 0 if all of it lives.
 */
#include <string.h>

enum { MARK = 0x5a };

struct leg {
    char text[40];
    _Bool a, b, c;
};

struct inner {
    unsigned long first;
    struct leg legs[2][2]; /* four octets of padding follow */
    unsigned long after[4];
};

struct outer {
    struct inner in;
    unsigned long last;
};

static int count_changed(const void *p, size_t n)
{
    int changed = 0;

    for (size_t i = 0; i < n; i++)
        changed += ((const char *)p)[i] != MARK;
    return changed;
}

/* Padding may become anything, so it is not looked at. */
__attribute__((noinline)) static int count_lost(const struct outer *o)
{
    return count_changed(&o->in.first, sizeof o->in.first)
           + count_changed(o->in.legs, sizeof o->in.legs)
           + count_changed(o->in.after, sizeof o->in.after)
           + count_changed(&o->last, sizeof o->last);
}

__attribute__((noinline)) static int copied(const struct inner *in, unsigned long last)
{
    struct outer o = { .in = *in, .last = last };

    return count_lost(&o);
}

int main(void)
{
    struct inner in;

    memset(&in, MARK, sizeof in);
    return copied(&in, in.first) != 0;
}
