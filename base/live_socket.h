/* live_socket.h - whether somebody listens on a Unix socket. */
#pragma once

#include <stdbool.h>

/* Does not wait: a full backlog is an answer, too. Where no socket can be made, or the path is too
 * long for one, nobody can tell: true for the former (so nothing is removed), false for the
 * latter. */
bool socket_is_live(const char *path);
