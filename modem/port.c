/* port.c - owns the descriptor's life, reading, and the bytes that wait to be written.
 *
 * Steps: open (port_tty.c at once, port_tcp.c in turns of the loop), opened, data, lost or
 * close. Opening fails with an errno; later every failure is one lost, told from a timer so that
 * it never runs inside a call. A write that would block waits in the queue; a queue that only
 * grows is a port that is lost. */
#include "modem/port.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/util.h"
#include "modem/port_private.h"

enum {
	READ_SIZE = 16384,
	READS_MAX = 4, /* in one turn: other ports wait */
	UNWRITTEN_MAX = 256 * 1024,
	CONNECT_MS = 10000, /* name lookup included */
};

static const struct {
	int error;
	const char *text;
} explanations[] = {
	{ EBUSY, "held by another program (ModemManager, gammu-smsd, smsd, brltty, gpsd?): "
		 "see simgate doctor" },
	{ EACCES, "permission denied: is the service user in the group of the device (dialout)?" },
	{ EPERM, "permission denied: is the service user in the group of the device (dialout)?" },
	{ ENOENT, "no such device: unplugged, or not ready yet?" },
	{ ENOTDIR, "no such device: unplugged, or not ready yet?" },
	{ ENODEV, "the device is gone: unplugged?" },
	{ ENXIO, "the device is gone: unplugged?" },
	{ EIO, "input/output error: unplugged, reset, or a fault of its driver" },
	{ EBADF, "input/output error: unplugged, reset, or a fault of its driver" },
	{ ENOTTY, "not a serial line or pseudo-terminal" },
	{ ELOOP, "too many symbolic links" },
	{ EMFILE, "too many open files in this process" },
	{ ENOBUFS, "it takes no more bytes: flow control, or a modem that hangs?" },
	{ ECONNREFUSED, "connection refused: is the server (ser2net?) running?" },
	{ ECONNRESET, "the other side dropped the connection" },
	{ EPIPE, "the other side closed the connection" },
	{ ETIMEDOUT, "no answer from that address" },
	{ EHOSTUNREACH, "no route to that address" },
	{ ENETUNREACH, "no route to that address" },
};

static const char *const ends[] = {
	[PORT_SERIAL] = "the line hung up: unplugged or reset?",
	[PORT_PTY] = "the program behind the pseudo-terminal is gone",
	[PORT_TCP] = "the other side closed the connection",
};

void port_explain(char why[static PORT_WHY_SIZE], enum port_kind kind, const char *device,
		  int error)
{
	const char *text = error == 0 ? ends[kind] : strerror(error);

	if (kind == PORT_PTY && error == EIO)
		text = ends[kind];
	for (size_t i = 0; i < ARRAY_LEN(explanations) && text != ends[kind]; i++)
		if (explanations[i].error == error)
			text = explanations[i].text;
	snprintf(why, PORT_WHY_SIZE, "%.60s: %s", device, text);
}

static void on_timer(uv_timer_t *timer);

void port_lose(struct port *port, const char *why)
{
	if (port->state == PORT_LOST || port->state == PORT_CLOSING)
		return;
	port->state = PORT_LOST;
	snprintf(port->why, sizeof(port->why), "%s", why);
	port_poll_end(port);
	port_tcp_end(port);
	uv_timer_start(&port->timer, on_timer, 0, 0);
}

void port_lose_by(struct port *port, int error)
{
	char why[PORT_WHY_SIZE];

	port_explain(why, port->kind, port->device, error);
	port_lose(port, why);
}

static bool would_block(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void read_bytes(struct port *port)
{
	uint8_t bytes[READ_SIZE];

	for (int i = 0; i < READS_MAX && port->state == PORT_OPEN; i++) {
		ssize_t n = read(port->fd, bytes, sizeof(bytes));

		if (n < 0 && would_block(errno))
			return;
		if (n <= 0) {
			port_lose_by(port, n < 0 ? errno : 0);
			return;
		}
		port->events.data(port->arg, bytes, (size_t)n); /* may close */
		secret_wipe(bytes, (size_t)n);
		if ((size_t)n < sizeof(bytes))
			return;
	}
}

/* Bytes taken, 0 if it would block, -errno. A peer that is gone is an error, never a signal. */
static ssize_t write_some(struct port *port, const void *bytes, size_t n)
{
	ssize_t taken = port->kind == PORT_TCP ? send(port->fd, bytes, n, MSG_NOSIGNAL)
					       : write(port->fd, bytes, n);

	if (taken < 0)
		return would_block(errno) ? 0 : -errno;
	return taken;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void set_interest(struct port *port)
{
	int events = UV_READABLE | (port_unwritten(port) > 0 ? UV_WRITABLE : 0);

	uv_poll_start(port->poll, events, on_poll);
}

/* Written bytes may have been codes and PINs. */
static void empty_queue(struct port *port)
{
	if (port->out != NULL)
		secret_wipe(port->out, port->out_end);
	port->out_at = port->out_end = 0;
}

static void flush_queue(struct port *port)
{
	ssize_t taken = write_some(port, port->out + port->out_at, port_unwritten(port));

	if (taken < 0) {
		port_lose_by(port, (int)-taken);
		return;
	}
	port->out_at += (size_t)taken;
	if (port_unwritten(port) == 0) {
		empty_queue(port);
		set_interest(port);
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct port *port = poll->data;

	if (port->state == PORT_OPENING) {
		port_tcp_connected(port);
		return;
	}
	if (events & UV_WRITABLE)
		flush_queue(port);
	if (port->state == PORT_OPEN && (status < 0 || (events & UV_READABLE)))
		read_bytes(port);
	if (port->state == PORT_OPEN && status < 0) /* libuv has stopped the poll */
		port_lose_by(port, -status);
}

int port_poll_start(struct port *port, int events)
{
	int r;

	port->poll = malloc(sizeof(*port->poll));
	if (port->poll == NULL)
		return -ENOMEM;
	r = uv_poll_init(port->loop, port->poll, port->fd);
	if (r < 0) {
		free(port->poll);
		port->poll = NULL;
		return r;
	}
	port->poll->data = port;
	return uv_poll_start(port->poll, events, on_poll);
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

void port_poll_end(struct port *port)
{
	if (port->poll != NULL)
		uv_close((uv_handle_t *)port->poll, free_handle);
	port->poll = NULL;
}

void port_set_open(struct port *port)
{
	uv_timer_stop(&port->timer);
	port->state = PORT_OPEN;
	set_interest(port);
	if (port_unwritten(port) > 0)
		flush_queue(port);
	if (port->state == PORT_OPEN)
		port->events.opened(port->arg);
}

static void on_timer(uv_timer_t *timer)
{
	struct port *port = timer->data;

	switch (port->state) {
	case PORT_OPENING:
		if (port->kind == PORT_TCP) {
			port_lose_by(port, ETIMEDOUT);
			return;
		}
		port_set_open(port);
		break;
	case PORT_LOST:
		port->events.lost(port->arg, port->why);
		break;
	case PORT_OPEN:
	case PORT_CLOSING:
		break;
	}
}

static int open_tty(struct port *port, const struct port_settings *settings)
{
	char path[PATH_MAX];
	int r;

	/* A name like /dev/modem0 may lead elsewhere after every re-enumeration. */
	if (realpath(settings->device, path) == NULL)
		return -errno;
	r = port_tty_open(port, path, settings);
	if (r < 0)
		return r;
	r = port_poll_start(port, UV_READABLE);
	if (r == 0)
		r = uv_poll_stop(port->poll); /* nothing before opened */
	if (r < 0) {
		port_poll_end(port);
		port_tty_close(port);
	}
	return r;
}

int port_open(struct port **out, uv_loop_t *loop, const struct port_settings *settings,
	      const struct port_events *events, void *arg, char why[static PORT_WHY_SIZE])
{
	bool tcp = port_tcp_is(settings->device);
	struct port *port = calloc(1, sizeof(*port));
	int r = -ENOMEM;

	*out = NULL;
	why[0] = '\0';
	if (port != NULL && (port->device = strdup(settings->device)) != NULL) {
		port->loop = loop;
		port->events = *events;
		port->arg = arg;
		port->fd = -1;
		port->kind = tcp ? PORT_TCP : PORT_SERIAL;
		r = tcp ? port_tcp_open(port) : open_tty(port, settings);
	}
	if (r < 0) {
		if (tcp && r == -EINVAL)
			snprintf(why, PORT_WHY_SIZE, "%.60s: not of the form tcp://host:port",
				 settings->device);
		else
			port_explain(why, port != NULL ? port->kind : PORT_SERIAL, settings->device,
				     -r);
		if (port != NULL)
			free(port->device);
		free(port);
		return r;
	}
	uv_timer_init(loop, &port->timer);
	port->timer.data = port;
	uv_update_time(loop);
	uv_timer_start(&port->timer, on_timer, tcp ? CONNECT_MS : 0, 0);
	*out = port;
	return 0;
}

/* Makes room behind out_end. */
static int reserve(struct port *port, size_t n)
{
	size_t waiting = port_unwritten(port), room = waiting + n;
	uint8_t *larger;

	if (port->out_end + n <= port->out_room)
		return 0;
	if (room > UNWRITTEN_MAX)
		return -ENOBUFS;
	room = room < 512 ? 512 : room * 2;
	larger = malloc(room);
	if (larger == NULL)
		return -ENOMEM;
	if (port->out != NULL) {
		memcpy(larger, port->out + port->out_at, waiting);
		secret_wipe(port->out, port->out_end);
		free(port->out);
	}
	port->out = larger;
	port->out_room = room;
	port->out_at = 0;
	port->out_end = waiting;
	return 0;
}

void port_write(struct port *port, const void *bytes, size_t n)
{
	ssize_t taken = 0;
	int r;

	if (port->state == PORT_LOST || port->state == PORT_CLOSING || n == 0)
		return;
	if (port->state == PORT_OPEN && port_unwritten(port) == 0)
		taken = write_some(port, bytes, n);
	if (taken < 0) {
		port_lose_by(port, (int)-taken);
		return;
	}
	if ((size_t)taken == n)
		return;
	n -= (size_t)taken;
	r = reserve(port, n);
	if (r < 0) {
		port_lose_by(port, -r);
		return;
	}
	memcpy(port->out + port->out_end, (const uint8_t *)bytes + taken, n);
	port->out_end += n;
	if (port->state == PORT_OPEN)
		set_interest(port);
}

size_t port_unwritten(const struct port *port)
{
	return port->out_end - port->out_at;
}

enum port_kind port_kind(const struct port *port)
{
	return port->kind;
}

static void on_closed(uv_handle_t *handle)
{
	struct port *port = handle->data;
	void (*closed)(void *) = port->closed;
	void *arg = port->closed_arg;

	empty_queue(port);
	free(port->out);
	free(port->device);
	free(port);
	if (closed != NULL)
		closed(arg);
}

void port_close(struct port *port, void (*closed)(void *arg), void *arg)
{
	assert(port->state != PORT_CLOSING);
	port->state = PORT_CLOSING;
	port->closed = closed;
	port->closed_arg = arg;
	port_poll_end(port);
	port_tcp_end(port);
	if (port->kind == PORT_TCP && port->fd >= 0)
		close(port->fd);
	else if (port->fd >= 0)
		port_tty_close(port);
	port->fd = -1;
	uv_close((uv_handle_t *)&port->timer, on_closed);
}
