/* writer.h: trees to text. The only way XML leaves the program.
 *
 * `default_ns` is the namespace in force around the element (the stream's content namespace, such as
 * jabber:client); an element of it is written without xmlns. Empty stands for nothing at all: a document
 * of its own. `stream:` is written for an outermost element of the streams namespace, which every stream
 * header declares (a document of its own declares it itself). Attributes with a namespace get a local prefix.
 * Text that cannot be XML (control characters) cannot come from the parser; builders' text is checked
 * and such characters become U+FFFD.
 * Owns: nothing; output goes to the buf (whose `failed` tells of a cap).  Threads: pure.
 */
#ifndef SOTTO_XML_WRITER_H
#define SOTTO_XML_WRITER_H

#include "base/buf.h"
#include "xml/tree.h"

void xml_write(struct buf *out, const struct xml_node *node, struct str default_ns);
/* Only the start tag, kept open: wrappers around ready-made blobs. */
void xml_write_open(struct buf *out, const struct xml_node *node, struct str default_ns);
void xml_write_close(struct buf *out, const struct xml_node *node, struct str default_ns);
/* The start tag of a stream: like xml_write_open(), and declares content_ns for all that follows. */
void xml_write_root(struct buf *out, const struct xml_node *root, struct str content_ns);
void xml_escape(struct buf *out, struct str text, bool in_attribute);

#endif
