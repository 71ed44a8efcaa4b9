/* vectors.c: looks a line up. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"

enum { FILE_MAX = 64 * 1024 };

void vectors_load(struct vectors *v, const char *path)
{
    FILE *file = fopen(path, "r");
    char *text;

    *v = (struct vectors){ 0 };
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    text = arena_raw(&v->arena, FILE_MAX);
    v->text = (struct str){ text, fread(text, 1, FILE_MAX, file) };
    fclose(file);
}

void vectors_deinit(struct vectors *v)
{
    arena_deinit(&v->arena);
}

struct str vectors_text(struct vectors *v, const char *name)
{
    struct str rest = v->text;

    while (rest.n > 0) {
        struct str line = str_split(&rest, '\n');
        struct str key = str_split(&line, '=');

        if (str_is(str_trim(key), name))
            return str_trim(line);
    }
    fprintf(stderr, "no vector '%s'\n", name);
    exit(1);
}

struct bytes vectors_get(struct vectors *v, const char *name)
{
    struct bytes octets;

    if (hex_read(&v->arena, vectors_text(v, name), &octets) != ERR_NONE) {
        fprintf(stderr, "vector '%s' is not hexadecimal\n", name);
        exit(1);
    }
    return octets;
}
