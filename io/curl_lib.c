/* curl_lib.c: see curl_lib.h. */
#include "io/curl_lib.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define NAME "libcurl.so.4" /* the number changes with its interface, which the build saw */

static const struct {
    const char *name;
    size_t at; /* in struct curl_lib */
} functions[] = {
    { "curl_easy_init", offsetof(struct curl_lib, init) },
    { "curl_easy_cleanup", offsetof(struct curl_lib, cleanup) },
    { "curl_easy_setopt", offsetof(struct curl_lib, setopt) },
    { "curl_easy_getinfo", offsetof(struct curl_lib, getinfo) },
    { "curl_easy_perform", offsetof(struct curl_lib, perform) },
    { "curl_easy_strerror", offsetof(struct curl_lib, strerror) },
    { "curl_slist_append", offsetof(struct curl_lib, append) },
    { "curl_slist_free_all", offsetof(struct curl_lib, free_all) },
};

bool curl_lib_load(struct curl_lib *out)
{
    void *library = dlopen(NAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    for (size_t i = 0; i < sizeof functions / sizeof *functions && library != NULL; i++) {
        void *found = dlsym(library, functions[i].name);

        if (found == NULL)
            return false;
        memcpy((char *)out + functions[i].at, &found, sizeof found);
    }
    return library != NULL;
}
