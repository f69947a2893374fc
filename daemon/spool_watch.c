/* spool_watch.c - the spool's folders under inotify, and which files somebody still writes.
 *
 * A file is whole when it was moved or linked in, or closed after it was written. Which ones have
 * been written to is kept by name until a look begins after they were closed: one that is closed
 * during a look may have been read half. An empty file nobody has written to yet. What was
 * there before the watch (or before events were lost) may be in somebody's hands, too: it counts as
 * whole when nobody has changed it for SETTLE_MS. uv_fs_event does not tell a write from a close.
 */
#include "daemon/spool_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum { SETTLE_MS = 5000 };

static const int64_t settle_ns = SETTLE_MS * 1000000LL;

/* What makes a file whole, or known; what says that it is in somebody's hands. */
#define MASK_WHOLE (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE)
#define MASK_GONE  (IN_DELETE | IN_MOVED_FROM)
#define MASK       (MASK_WHOLE | MASK_GONE | IN_MODIFY | IN_MOVE_SELF | IN_ONLYDIR)

struct written {
	unsigned folder;
	bool closed;
	char name[NAME_MAX + 1];
};

struct spool_watch {
	uv_poll_t poll;
	uv_timer_t settled;
	int fd;
	unsigned open; /* handles */
	void (*changed)(void *arg);
	void *arg;
	struct {
		int wd;        /* -1: not watched */
		int64_t since; /* what happened after this is known */
	} folders[SPOOL_FOLDERS];
	bool settling; /* SETTLE_MS are not over since the last one began */
	struct written *written;
	size_t n, size;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now); /* as file systems do */
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static struct written *find(struct spool_watch *watch, unsigned folder, const char *name)
{
	for (size_t i = 0; i < watch->n; i++)
		if (watch->written[i].folder == folder && strcmp(watch->written[i].name, name) == 0)
			return &watch->written[i];
	return NULL;
}

static void drop(struct spool_watch *watch, struct written *written)
{
	*written = watch->written[--watch->n];
}

static void on_settled(uv_timer_t *timer)
{
	struct spool_watch *watch = timer->data;

	watch->settling = false;
	watch->changed(watch->arg);
}

/* Nothing is known of what is in the folder now. */
static void begin(struct spool_watch *watch, unsigned folder)
{
	watch->folders[folder].since = now_ns();
	watch->settling = true;
	for (size_t i = watch->n; i-- > 0;)
		if (watch->written[i].folder == folder)
			drop(watch, &watch->written[i]);
	uv_timer_start(&watch->settled, on_settled, SETTLE_MS, 0);
}

static void keep(struct spool_watch *watch, unsigned folder, const char *name)
{
	struct written *written = find(watch, folder, name);

	if (written != NULL) {
		written->closed = false;
		return;
	}
	if (watch->n == watch->size) {
		size_t size = 2 * watch->size + 16;
		struct written *more = realloc(watch->written, size * sizeof(*more));

		if (more == NULL) {
			begin(watch, folder);
			return;
		}
		watch->written = more;
		watch->size = size;
	}
	written = &watch->written[watch->n++];
	written->folder = folder;
	written->closed = false;
	snprintf(written->name, sizeof(written->name), "%s", name);
}

/* Is there a reason to look? */
static bool take_event(struct spool_watch *watch, const struct inotify_event *event)
{
	struct written *written;
	unsigned folder = 0;

	if ((event->mask & IN_Q_OVERFLOW) != 0) {
		for (; folder < SPOOL_FOLDERS; folder++)
			begin(watch, folder);
		return true;
	}
	while (folder < SPOOL_FOLDERS && watch->folders[folder].wd != event->wd)
		folder++;
	if (folder == SPOOL_FOLDERS)
		return false; /* of a folder that is watched no more */
	if ((event->mask & IN_IGNORED) != 0) {
		watch->folders[folder].wd = -1;
		return true;
	}
	if (event->len == 0)
		return (event->mask & IN_MOVE_SELF) != 0;
	if ((event->mask & IN_MODIFY) != 0) {
		keep(watch, folder, event->name);
		return false;
	}
	written = find(watch, folder, event->name);
	if (written != NULL && (event->mask & IN_CLOSE_WRITE) != 0)
		written->closed = true;
	else if (written != NULL)
		drop(watch, written);
	return (event->mask & MASK_WHOLE) != 0;
}

static bool read_events(struct spool_watch *watch)
{
	_Alignas(struct inotify_event) char bytes[16384];
	bool found = false;
	ssize_t n;

	while ((n = read(watch->fd, bytes, sizeof(bytes))) > 0) {
		for (const char *at = bytes; at < bytes + n;) {
			const struct inotify_event *event = (const void *)at;

			found |= take_event(watch, event);
			at += sizeof(*event) + event->len;
		}
	}
	return found;
}

static void on_events(uv_poll_t *poll, int status, int events)
{
	struct spool_watch *watch = poll->data;

	(void)status;
	(void)events;
	if (read_events(watch))
		watch->changed(watch->arg);
}

struct spool_watch *spool_watch_start(uv_loop_t *loop, void (*changed)(void *arg), void *arg)
{
	struct spool_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0 || uv_poll_init(loop, &watch->poll, watch->fd) < 0) {
		log_error("the spool folder cannot be watched: %s; raise "
			  "fs.inotify.max_user_instances",
			  strerror(errno));
		if (watch->fd >= 0)
			close(watch->fd);
		free(watch);
		return NULL;
	}
	for (unsigned i = 0; i < SPOOL_FOLDERS; i++)
		watch->folders[i].wd = -1;
	uv_timer_init(loop, &watch->settled);
	watch->poll.data = watch->settled.data = watch;
	watch->open = 2;
	watch->changed = changed;
	watch->arg = arg;
	uv_poll_start(&watch->poll, UV_READABLE, on_events);
	return watch;
}

int spool_watch_folder(struct spool_watch *watch, unsigned folder, const char *path)
{
	int *wd = &watch->folders[folder].wd, old = *wd;
	int err = 0;

	*wd = inotify_add_watch(watch->fd, path, MASK);
	if (*wd < 0)
		err = -errno;
	if (old >= 0 && *wd != old)
		inotify_rm_watch(watch->fd, old);
	if (*wd >= 0 && *wd != old)
		begin(watch, folder);
	return err;
}

void spool_watch_look(struct spool_watch *watch)
{
	for (size_t i = watch->n; i-- > 0;)
		if (watch->written[i].closed)
			drop(watch, &watch->written[i]);
}

bool spool_watch_is_whole(struct spool_watch *watch, unsigned folder, const char *name,
			  int64_t modified_ns)
{
	int64_t since = watch->folders[folder].since;

	if (read_events(watch))
		watch->changed(watch->arg);
	if (find(watch, folder, name) != NULL)
		return false;
	return !watch->settling || modified_ns > since || modified_ns <= since - settle_ns;
}

static void on_closed(uv_handle_t *handle)
{
	struct spool_watch *watch = handle->data;

	if (--watch->open > 0)
		return;
	free(watch->written);
	free(watch);
}

void spool_watch_stop(struct spool_watch *watch)
{
	if (watch == NULL)
		return;
	uv_close((uv_handle_t *)&watch->poll, on_closed);
	uv_close((uv_handle_t *)&watch->settled, on_closed);
	close(watch->fd);
}
