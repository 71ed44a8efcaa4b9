/* s2s_inside.h: what the files of s2s.h share: s2s.c (what waits), s2s_out.c (our stream).
 *
 * Threads: the home's.
 */
#ifndef SOTTO_SERVER_S2S_INSIDE_H
#define SOTTO_SERVER_S2S_INSIDE_H

#include "server/s2s.h"

void s2s_drop(struct s2s *s, struct remote_parcel *p); /* out of its list; the caller's */
void s2s_requeue(struct s2s *s); /* the stream ended: what was not acknowledged waits again */

void s2s_out_go(struct s2s *s);   /* something waits: send it, or have a stream opened */
void s2s_out_tick(struct s2s *s); /* time has passed */
void s2s_out_end(struct s2s *s);  /* the server drains */

#endif
