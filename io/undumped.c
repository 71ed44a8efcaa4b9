/* undumped.c: see undumped.h. */
#include "io/undumped.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void undumped(void)
{
    /* The limit alone does not hold where cores are piped to a program (core(5)). */
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    prctl(PR_SET_DUMPABLE, 0);
}
