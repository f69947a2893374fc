/* ports_watch.c - ports that come and go, by inotify on the folder of devices.
 *
 * Works without udev, so also in a container. uv_fs_event is not used: it asks for writes too, and
 * every byte written to any device would wake the loop. A composite modem shows its ports one
 * after the other, and udev sets owner and mode a moment later, so a burst is told once, when it
 * has been quiet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "modem/ports.h"

enum { QUIET_MS = 250 };

struct ports_watch {
	uv_poll_t poll;
	uv_timer_t timer;
	int fd;
	unsigned open; /* handles */
	void (*changed)(void *arg);
	void *arg;
};

/* Serial ports are tty* (cdc-wdm and others carry no AT); "serial" is udev's folder of links. */
static bool is_of_interest(const struct inotify_event *event)
{
	return (event->mask & IN_Q_OVERFLOW) != 0 ||
	       (event->len > 0 && strncmp(event->name, "tty", 3) == 0) ||
	       (event->len > 0 && strcmp(event->name, "serial") == 0);
}

static bool read_events(int fd)
{
	_Alignas(struct inotify_event) char bytes[4096];
	bool found = false;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		for (const char *at = bytes; at < bytes + n;) {
			const struct inotify_event *event = (const void *)at;

			found = found || is_of_interest(event);
			at += sizeof(*event) + event->len;
		}
	}
	return found;
}

static void on_quiet(uv_timer_t *timer)
{
	struct ports_watch *watch = container_of(timer, struct ports_watch, timer);

	watch->changed(watch->arg);
}

static void on_events(uv_poll_t *poll, int status, int events)
{
	struct ports_watch *watch = container_of(poll, struct ports_watch, poll);

	(void)status;
	(void)events;
	if (read_events(watch->fd))
		uv_timer_start(&watch->timer, on_quiet, QUIET_MS, 0);
}

static void on_closed(uv_handle_t *handle)
{
	struct ports_watch *watch = handle->data;

	if (--watch->open == 0)
		free(watch);
}

static int open_watch(const char *dev)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd >= 0 && inotify_add_watch(fd, dev,
					 IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
						 IN_ATTRIB | IN_ONLYDIR) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		fd = -1;
	}
	return fd;
}

struct ports_watch *ports_watch_start(uv_loop_t *loop, const char *dev, void (*changed)(void *arg),
				      void *arg)
{
	struct ports_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->fd = open_watch(dev);
	if (watch->fd < 0 || uv_poll_init(loop, &watch->poll, watch->fd) < 0) {
		log_warn("%s cannot be watched (%s): a modem that is plugged in is found only "
			 "when its session tries again; raise fs.inotify.max_user_instances",
			 dev, strerror(errno));
		if (watch->fd >= 0)
			close(watch->fd);
		free(watch);
		return NULL;
	}
	uv_timer_init(loop, &watch->timer);
	watch->poll.data = watch->timer.data = watch;
	watch->open = 2;
	watch->changed = changed;
	watch->arg = arg;
	uv_poll_start(&watch->poll, UV_READABLE, on_events);
	return watch;
}

void ports_watch_stop(struct ports_watch *watch)
{
	if (watch == NULL)
		return;
	uv_close((uv_handle_t *)&watch->poll, on_closed);
	uv_close((uv_handle_t *)&watch->timer, on_closed);
	close(watch->fd);
}
