/* spool_watch.h - when something new is whole in one of the spool's folders, by inotify. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { SPOOL_FOLDERS = 2 };

struct spool_watch; /* private to spool_watch.c */

/* changed: look at the folders; also a while after a watch began, when what is old is known to be
 * whole. NULL: told in the log. */
struct spool_watch *spool_watch_start(uv_loop_t *loop, void (*changed)(void *arg), void *arg);

/* Goes on where it is watched already. 0, or a negative errno: it is watched no more. */
int spool_watch_folder(struct spool_watch *watch, unsigned folder, const char *path);

/* Somebody is about to look at the folders. */
void spool_watch_look(struct spool_watch *watch);

/* Was the file whole when that look began? No: changed will be called again for it. */
bool spool_watch_is_whole(struct spool_watch *watch, unsigned folder, const char *name,
			  int64_t modified_ns);

void spool_watch_stop(struct spool_watch *watch); /* frees itself on the loop; NULL is allowed */
