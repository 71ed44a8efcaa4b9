/* fuzz_xml_differential.c: the rules of test/unit/xml/differential.h for any input.
 *
 * The build makes a program of each file of this folder, so the helpers are included whole.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/xml/differential.c"
#include "../unit/xml/expat_tree.c"
#include "../unit/xml/libxml2_tree.c"
#include "../unit/xml/tree_text.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct verdict verdict = differential_check((struct str){ (const char *)data, size });

    if (verdict.broken != NULL) {
        fprintf(stderr, "%s: %.*s\n", verdict.broken, (int)size, (const char *)data);
        abort();
    }
    return 0;
}
