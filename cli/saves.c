/* saves.c: see saves.h. */
#include "cli/saves.h"

static const char name[] = "save-files", always[] = "always";

bool saves_all(struct store *s)
{
    struct arena a = { 0 };
    struct str text;
    bool all = store_setting(s, name, &a, &text) == ERR_NONE && str_is(text, always);

    arena_deinit(&a);
    return all;
}

enum err saves_set(struct store *s, bool all)
{
    return store_set(s, name, all ? str_from(always) : STR_NONE);
}

const char *saves_words(bool all)
{
    return all ? "Files of contacts are saved as they come, from your own server"
               : "Files are saved when you ask for them";
}
