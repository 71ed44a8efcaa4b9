/* html.h: pages out of templates; what is put in is escaped.
 *
 * Owns: nothing; output goes to the buf.  Threads: pure.
 */
#ifndef SOTTO_SERVER_WEB_HTML_H
#define SOTTO_SERVER_WEB_HTML_H

#include "base/buf.h"

struct html_value {
    const char *name;
    struct str text;
};

/* {name} becomes the value's text, escaped for text and for quoted attributes; {!name} puts it in as the markup that it
 * is. Braces stand for nothing else in a template. */
void html_fill(struct buf *out, struct str template, const struct html_value *values, size_t count);

/* The templates: pages.c, made of pages/. */
extern const struct str page_html, page_style, page_invite, page_account, page_problem,
    page_created, page_contact, page_invalid;

#endif
