/* port_tcp.c - tcp://host:port: find the host, try its addresses in order until one connects.
 *
 * Steps: lookup (in libuv's threads), connect, opened. Fails when no address is found or none
 * connects; port.c's timer bounds it all. A lookup cannot be stopped: when the port ends first,
 * it goes on without a port and frees itself. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "modem/port_private.h"

enum { HOST_SIZE = 256, SERVICE_SIZE = 8 };

static const char scheme[] = "tcp://";

struct port_lookup {
	uv_getaddrinfo_t request;
	struct port *port; /* NULL: it ended first */
};

bool port_tcp_is(const char *device)
{
	return strncmp(device, scheme, strlen(scheme)) == 0;
}

static int copy(char *out, size_t size, const char *text, size_t n)
{
	if (n == 0 || n >= size)
		return -EINVAL;
	memcpy(out, text, n);
	out[n] = '\0';
	return 0;
}

/* host:port, or [host]:port where the host has colons itself. */
static int parse(const char *text, char host[HOST_SIZE], char service[SERVICE_SIZE])
{
	const char *colon = strrchr(text, ':'), *start = text, *end = colon;
	size_t digits;

	if (colon == NULL)
		return -EINVAL;
	if (*text == '[') {
		start++;
		if (--end <= start || *end != ']')
			return -EINVAL;
	} else if (memchr(text, ':', (size_t)(colon - text)) != NULL) {
		return -EINVAL;
	}
	digits = strspn(colon + 1, "0123456789");
	if (digits > 5 || colon[1 + digits] != '\0' || atoi(colon + 1) < 1 ||
	    atoi(colon + 1) > 65535)
		return -EINVAL;
	if (copy(host, HOST_SIZE, start, (size_t)(end - start)) < 0)
		return -EINVAL;
	return copy(service, SERVICE_SIZE, colon + 1, digits);
}

/* A silent peer that lost power is noticed within a minute or so. */
static void set_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },   { SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 30 }, { IPPROTO_TCP, TCP_KEEPINTVL, 10 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },   { IPPROTO_TCP, TCP_USER_TIMEOUT, 60000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			   sizeof(options[i].value));
}

/* 0: connecting, on_poll tells more. */
static int start_connecting(struct port *port, const struct addrinfo *address)
{
	int r = 0;

	port->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (port->fd < 0)
		return -errno;
	set_options(port->fd);
	if (connect(port->fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
		r = -errno;
	if (r == 0)
		r = port_poll_start(port, UV_WRITABLE);
	return r;
}

static void drop_socket(struct port *port)
{
	port_poll_end(port);
	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
}

/* error: what the address before failed with. */
static void try_next_address(struct port *port, int error)
{
	while (port->untested != NULL) {
		const struct addrinfo *address = port->untested;

		port->untested = address->ai_next;
		error = -start_connecting(port, address);
		if (error == 0)
			return;
		drop_socket(port);
	}
	port_lose_by(port, error);
}

void port_tcp_connected(struct port *port)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if (getsockopt(port->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		error = errno;
	if (error != 0) {
		drop_socket(port);
		try_next_address(port, error);
		return;
	}
	port_tcp_end(port);
	port_set_open(port);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
	struct port_lookup *lookup = container_of(request, struct port_lookup, request);
	struct port *port = lookup->port;
	char why[PORT_WHY_SIZE];

	free(lookup);
	if (port == NULL) {
		uv_freeaddrinfo(addresses);
		return;
	}
	port->lookup = NULL;
	if (status < 0) {
		snprintf(why, sizeof(why), "%.60s: the host is not found (%s)", port->device,
			 uv_strerror(status));
		port_lose(port, why);
		return;
	}
	port->addresses = port->untested = addresses;
	try_next_address(port, EHOSTUNREACH);
}

int port_tcp_open(struct port *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	char host[HOST_SIZE], service[SERVICE_SIZE];
	struct port_lookup *lookup;
	int r = parse(port->device + strlen(scheme), host, service);

	if (r < 0)
		return r;
	lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL)
		return -ENOMEM;
	r = uv_getaddrinfo(port->loop, &lookup->request, on_found, host, service, &hints);
	if (r < 0) {
		free(lookup);
		return r;
	}
	lookup->port = port;
	port->lookup = lookup;
	return 0;
}

void port_tcp_end(struct port *port)
{
	if (port->lookup != NULL) {
		port->lookup->port = NULL;
		uv_cancel((uv_req_t *)&port->lookup->request);
		port->lookup = NULL;
	}
	if (port->addresses != NULL)
		uv_freeaddrinfo(port->addresses);
	port->addresses = port->untested = NULL;
}
