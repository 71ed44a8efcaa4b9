/* default_socket.h: where the control socket is, if nobody says so.
 *
 * In the data folder that the server's own configuration file names, else in the one that a server without a file uses.
 * Where only the second has a socket it is that one: `sottod -o server.data_dir=…` wins over the file.
 * Owns: nothing; the path lives in the arena.  Threads: blocking: reads the file.
 */
#ifndef SOTTO_CTL_DEFAULT_SOCKET_H
#define SOTTO_CTL_DEFAULT_SOCKET_H

#include "base/arena.h"

#define STANDARD_FILE "/etc/sotto/sotto.ini"

/* `standard`: the folder without a file. */
const char *default_socket(const char *file, const char *standard, struct arena *a);

#endif
