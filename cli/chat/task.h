/* task.h: what the messenger wants of the store, done on a thread between commits: the chats, a page of a chat's past, a draft, a place.
 *
 * Owns: a task owns copies of what it asks and of what it found; it frees itself after `done`.  Threads: the loop's, but for the
 * store's part.
 */
#ifndef SOTTO_CLI_CHAT_TASK_H
#define SOTTO_CLI_CHAT_TASK_H

#include "cli/session.h"

enum task_kind { TASK_CHATS, TASK_OLDER, TASK_DRAFT, TASK_READ, TASK_SEARCH, TASK_SAVES };

struct task_entry {
    struct task_entry *next;
    struct entry entry;
    uint64_t number;
    /* TASK_CHATS: of a chat; entries of chats follow, and have none */
    struct str chat, draft;
    unsigned unread;
};

struct task {
    struct session_job job;
    struct arena arena;
    enum task_kind kind;
    struct str chat,
        text;        /* text: a draft, the id of what was read, words, or that all is to be saved */
    uint64_t before; /* TASK_OLDER: number of an entry; 0: from the end */
    struct task_entry *first, *last;
    size_t messages;
    enum err err;
    void (*done)(void *ctx, const struct task *t);
    void *ctx;
};

enum { TASK_PAGE = 100, TASK_LAST = 2, TASK_FOUND_MAX = 200 };

/* Texts are copied. */
void task_begin(struct session *s, const struct task *wanted);

#endif
