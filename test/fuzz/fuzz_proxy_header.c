/* fuzz_proxy_header.c: a header of the PROXY protocol: what is whole stays so whatever follows, and is never whole before its last octet;
 * what is broken stays broken. */
#include <stdlib.h>

#include "server/proxy_header.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header whole, cut;
    enum proxy_verdict verdict = proxy_header_read(bytes_of(data, size), &whole);

    for (size_t n = 0; n < size; n++) {
        switch (proxy_header_read(bytes_of(data, n), &cut)) {
        case PROXY_MORE: must(cut.size > n && cut.size <= PROXY_HEADER_MAX); break;
        case PROXY_WHOLE:
            must(verdict == PROXY_WHOLE && cut.size == whole.size && cut.size <= n);
            must(cut.has_source == whole.has_source && cut.port == whole.port);
            break;
        case PROXY_BROKEN: must(verdict == PROXY_BROKEN); break;
        }
    }
    must(verdict != PROXY_WHOLE || (whole.size <= size && whole.size <= PROXY_HEADER_MAX));
    return 0;
}
