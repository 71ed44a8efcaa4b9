/* precis_context.h: code points whose validity depends on where they stand (RFC 5892 appendix A).
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_XMPP_PRECIS_CONTEXT_H
#define SOTTO_XMPP_PRECIS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool precis_needs_context(uint32_t code_point);
/* Does the code point at `at`, which needs a context, stand among right neighbours? */
bool precis_neighbours_allow(const uint32_t *points, size_t n, size_t at);
/* Do all that need a context find it in the rest of the text? Asked once, to stay linear. */
bool precis_text_allows(const uint32_t *points, size_t n);

#endif
