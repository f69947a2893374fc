/* line.h - where a modem meets its host: a pseudo terminal with a symlink, or a TCP port.
 *
 * It can be unplugged and come back. Output goes out in the call that writes it where the kernel
 * takes it. Of what nobody reads, LINE_QUEUE_MAX bytes are kept; the rest is lost, as on a wire. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum { LINE_QUEUE_MAX = 256 * 1024, LINE_ADDRESS_SIZE = 512 };

struct line; /* private to line.c */

typedef void line_bytes(void *arg, const uint8_t *bytes, size_t n);

struct line *line_new_pty(uv_loop_t *loop, const char *path, line_bytes *bytes, void *arg);
struct line *line_new_tcp(uv_loop_t *loop, const char *host, int port, line_bytes *bytes,
			  void *arg);

/* path: another symlink from now on, or NULL. 0 or a negative errno. Does nothing if plugged. */
int line_plug(struct line *line, const char *path);
void line_unplug(struct line *line);

void line_write(struct line *line, const void *bytes, size_t n);
size_t line_unwritten(const struct line *line);
uint64_t line_lost(const struct line *line);       /* bytes */
const char *line_address(const struct line *line); /* the symlink, or tcp://host:port */

/* Unplugs and frees; its handles close on the loop by themselves. */
void line_free(struct line *line);
