/* scan.h: finds where a unit (the character data before a tag, and the tag) ends in cut input.
 *
 * It tells only when enough has come to judge, so the outcome depends on the bytes that came and never
 * on how they were cut. What it accepts as a unit may still be malformed.
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_XML_SCAN_H
#define SOTTO_XML_SCAN_H

#include "xml/parser.h"

enum xml_found {
    XML_FOUND_NOTHING,    /* all input used, the unit goes on */
    XML_FOUND_UNIT,       /* it ends after the bytes used */
    XML_FOUND_RESTRICTED, /* a comment or a DTD begins */
    XML_FOUND_MALFORMED,
};

/* A zeroed struct xml_scan is at the start of a unit. */
enum xml_found xml_scan(struct xml_scan *s, struct str in, size_t *out_used);

#endif
