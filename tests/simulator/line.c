/* line.c - one port. A channel is a descriptor with its poll handle; a line has one or two: the
 * terminal's master, or the listening socket and its client. The slave of a pty is held open, so
 * that a client that closes it does not hang the line up. */
#include "tests/simulator/line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

struct channel {
	uv_poll_t poll;
	int fd, held; /* held: the slave, or -1 */
};

struct line {
	uv_loop_t *loop;
	line_bytes *bytes;
	void *arg;
	bool tcp;
	char path[LINE_ADDRESS_SIZE]; /* of the symlink */
	char host[64], address[LINE_ADDRESS_SIZE];
	int port;
	struct channel *listener, *channel;
	uint64_t lost;
	size_t used;
	char queue[LINE_QUEUE_MAX];
};

static void on_channel_closed(uv_handle_t *handle)
{
	free(handle);
}

static void channel_close(struct channel **place)
{
	struct channel *channel = *place;

	*place = NULL;
	if (channel == NULL)
		return;
	uv_poll_stop(&channel->poll);
	uv_close((uv_handle_t *)&channel->poll, on_channel_closed);
	close(channel->fd);
	if (channel->held >= 0)
		close(channel->held);
}

static struct channel *channel_open(struct line *line, int fd, int held)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL || uv_poll_init(line->loop, &channel->poll, fd) < 0) {
		free(channel);
		return NULL;
	}
	channel->poll.data = line;
	channel->fd = fd;
	channel->held = held;
	return channel;
}

static void hang_up(struct line *line)
{
	channel_close(&line->channel);
	line->used = 0;
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void flush(struct line *line)
{
	ssize_t n = write(line->channel->fd, line->queue, line->used);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		if (line->tcp)
			hang_up(line);
		return;
	}
	if (n > 0) {
		line->used -= (size_t)n;
		memmove(line->queue, line->queue + n, line->used);
	}
	if (line->used == 0)
		uv_poll_start(&line->channel->poll, UV_READABLE, on_ready);
}

static void take(struct line *line)
{
	uint8_t bytes[8192];
	ssize_t n = read(line->channel->fd, bytes, sizeof(bytes));

	if (n > 0)
		line->bytes(line->arg, bytes, (size_t)n);
	else if (line->tcp && (n == 0 || (errno != EAGAIN && errno != EINTR)))
		hang_up(line);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct line *line = poll->data;

	if (status < 0) {
		hang_up(line);
		return;
	}
	if (events & UV_WRITABLE && line->used > 0)
		flush(line);
	if (events & UV_READABLE && line->channel != NULL && &line->channel->poll == poll)
		take(line);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct line *line = poll->data;
	int fd, on = 1;

	(void)events;
	fd = status < 0 ? -1
			: accept4(line->listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	if (line->channel != NULL) { /* in use, as a serial port is */
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	line->channel = channel_open(line, fd, -1);
	if (line->channel == NULL)
		close(fd);
	else
		uv_poll_start(&line->channel->poll, UV_READABLE, on_ready);
}

static struct line *line_new(uv_loop_t *loop, line_bytes *bytes, void *arg)
{
	struct line *line = calloc(1, sizeof(*line));

	if (line != NULL) {
		line->loop = loop;
		line->bytes = bytes;
		line->arg = arg;
	}
	return line;
}

struct line *line_new_pty(uv_loop_t *loop, const char *path, line_bytes *bytes, void *arg)
{
	struct line *line = line_new(loop, bytes, arg);

	if (line != NULL)
		snprintf(line->path, sizeof(line->path), "%s", path);
	return line;
}

struct line *line_new_tcp(uv_loop_t *loop, const char *host, int port, line_bytes *bytes, void *arg)
{
	struct line *line = line_new(loop, bytes, arg);

	if (line != NULL) {
		line->tcp = true;
		line->port = port;
		snprintf(line->host, sizeof(line->host), "%s", host);
	}
	return line;
}

static int open_slave(int master, char *name, size_t size)
{
	struct termios raw;
	int slave;

	if (grantpt(master) < 0 || unlockpt(master) < 0 || ptsname_r(master, name, size) != 0)
		return -1;
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave >= 0 && tcgetattr(slave, &raw) == 0) {
		cfmakeraw(&raw);
		tcsetattr(slave, TCSANOW, &raw);
	}
	return slave;
}

static int plug_pty(struct line *line)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), slave, error;
	char name[64];

	if (master < 0)
		return -errno;
	slave = open_slave(master, name, sizeof(name));
	unlink(line->path); /* a stale one of a run that was killed */
	if (slave < 0 || symlink(name, line->path) < 0 ||
	    (line->channel = channel_open(line, master, slave)) == NULL) {
		error = errno != 0 ? -errno : -EIO;
		if (slave >= 0)
			close(slave);
		close(master);
		return error;
	}
	snprintf(line->address, sizeof(line->address), "%s", line->path);
	return uv_poll_start(&line->channel->poll, UV_READABLE, on_ready);
}

static int listen_on(const char *host, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, error;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (inet_pton(AF_INET, host, &address.sin_addr) == 1 &&
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 8) == 0)
		return fd;
	error = errno != 0 ? -errno : -EINVAL;
	close(fd);
	return error;
}

static int plug_tcp(struct line *line)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	int fd = listen_on(line->host, line->port);

	if (fd < 0)
		return fd;
	if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
		line->port = ntohs(address.sin_port);
	snprintf(line->address, sizeof(line->address), "tcp://%s:%d", line->host, line->port);
	line->listener = channel_open(line, fd, -1);
	if (line->listener == NULL) {
		close(fd);
		return -ENOMEM;
	}
	return uv_poll_start(&line->listener->poll, UV_READABLE, on_connection);
}

int line_plug(struct line *line, const char *path)
{
	if (line->channel != NULL || line->listener != NULL)
		return 0;
	if (line->tcp)
		return plug_tcp(line);
	if (path != NULL)
		snprintf(line->path, sizeof(line->path), "%s", path);
	return plug_pty(line);
}

void line_unplug(struct line *line)
{
	if (!line->tcp && line->channel != NULL)
		unlink(line->path);
	hang_up(line);
	channel_close(&line->listener);
}

void line_write(struct line *line, const void *bytes, size_t n)
{
	const char *at = bytes;
	ssize_t taken = 0;

	if (line->channel == NULL)
		return;
	if (line->used == 0) {
		taken = write(line->channel->fd, at, n);
		if (taken < 0)
			taken = 0; /* full, or gone: the poll will tell */
	}
	n -= (size_t)taken;
	if (n == 0)
		return;
	if (n > sizeof(line->queue) - line->used) {
		line->lost += n;
		return;
	}
	memcpy(line->queue + line->used, at + taken, n);
	line->used += n;
	uv_poll_start(&line->channel->poll, UV_READABLE | UV_WRITABLE, on_ready);
}

size_t line_unwritten(const struct line *line)
{
	return line->used;
}

uint64_t line_lost(const struct line *line)
{
	return line->lost;
}

const char *line_address(const struct line *line)
{
	return line->address;
}

void line_free(struct line *line)
{
	if (line == NULL)
		return;
	line_unplug(line);
	free(line);
}
