/* decode.h: raw character data and raw values to the characters they stand for, in place (XML 1.0
 * §2.11 line ends, §3.3.3 values, §4.1 references, §2.7 CDATA). The result is never longer.
 *
 * The bytes have passed xml_chars_valid() and, for text, scan.h: CDATA sections in them are complete.
 * Owns: nothing.  Threads: pure.
 * Errors: ERR_MALFORMED; ERR_UNSUPPORTED for an entity other than the five (it would need a DTD).
 */
#ifndef SOTTO_XML_DECODE_H
#define SOTTO_XML_DECODE_H

#include "base/str.h"

CHECKED enum err xml_decode_text(char *p, size_t *n);
CHECKED enum err xml_decode_value(char *p, size_t *n);

#endif
