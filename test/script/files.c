/* files.c: finding and reading scripts. */
#include "test/script/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCRIPT_BYTES = 256 * 1024 };

static void add(struct files *f, struct str path)
{
    if (f->count < FILES_MAX)
        f->paths[f->count++] = path;
}

static int compare(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

void files_add(struct files *f, struct arena *a, const char *path)
{
    DIR *folder = opendir(path);

    if (folder == NULL) {
        add(f, arena_cstr(a, path));
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (str_ends(str_from(entry->d_name), STR(".chat")))
            add(f, arena_printf(a, "%s/%s", path, entry->d_name));
    closedir(folder);
    qsort(f->paths, f->count, sizeof f->paths[0], compare);
}

bool file_read(struct arena *a, struct str path, struct str *out)
{
    FILE *f = fopen(arena_printf(a, "%.*s", STR_ARG(path)).p, "rb");
    char *text = arena_raw(a, SCRIPT_BYTES);

    if (f == NULL)
        return false;
    *out = (struct str){ text, fread(text, 1, SCRIPT_BYTES, f) };
    fclose(f);
    return out->n < SCRIPT_BYTES;
}
