/* metrics.h: a reading as text for Prometheus (text exposition format 0.0.4).
 *
 * Names begin with sotto_, units are seconds and bytes, and every label has a closed list of values:
 * no account, no domain of a peer, no address ever becomes one.
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_SERVER_METRICS_H
#define SOTTO_SERVER_METRICS_H

#include "base/buf.h"
#include "server/meter.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum { METRICS_MAX = 1024 * 1024 };

void metrics_write(struct buf *out, const struct reading *r);

const char *transport_name(unsigned transport); /* "starttls", … */
const char *login_class_name(unsigned class);   /* "scram", … */
const char *stanza_kind_name(unsigned kind);
const char *disk_level_name(unsigned level); /* "roomy", … */

#endif
