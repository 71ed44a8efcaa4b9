/* secrets.c: one locked mapping, handed out from its front. */
#include "server/secrets.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

enum { ALIGNMENT = 16 };

struct secrets {
    uint8_t *at;
    size_t size, used;
    bool locked;
};

struct secrets *secrets_new(size_t size)
{
    struct secrets *s = mem_alloc(sizeof *s);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    s->size = (size + page - 1) / page * page;
    s->at = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(s->at != MAP_FAILED);
    /* No swap, no core dump, no copy in a child: three ways in which keys leave a process. */
    s->locked = mlock(s->at, s->size) == 0;
    madvise(s->at, s->size, MADV_DONTDUMP);
    madvise(s->at, s->size, MADV_WIPEONFORK);
    return s;
}

void *secrets_alloc(struct secrets *s, size_t n)
{
    size_t room = (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *p = s->at + s->used;

    assert(room <= s->size - s->used);
    s->used += room;
    return p;
}

bool secrets_locked(const struct secrets *s)
{
    return s->locked;
}

void secrets_free(struct secrets *s)
{
    if (s == NULL)
        return;
    secure_zero(s->at, s->size);
    munmap(s->at, s->size);
    mem_free(s);
}
