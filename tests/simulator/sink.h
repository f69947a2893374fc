/* sink.h - files that the simulator appends to: dialogue logs and handset records. Modems that
 * name the same path share one file. */
#pragma once

#include <stddef.h>

struct sink; /* private to sink.c */

/* NULL if it cannot be opened (errno says why). path is "-" for stdout. */
struct sink *sink_open(const char *path);

/* One line, with its end, handed to the kernel before this returns. NULL does nothing. */
void sink_line(struct sink *sink, const char *line);

/* One step of a dialogue: monotonic seconds, name, direction ('<' from the host, '>' to it, '*'
 * a remark), the bytes with controls escaped. In the kernel at the next sink_flush. */
void sink_trace(struct sink *sink, const char *name, char direction, const void *bytes, size_t n);

void sink_flush_all(void);
void sink_close_all(void);
