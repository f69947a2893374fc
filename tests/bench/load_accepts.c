/* load_accepts.c - submits texts over keep-alive connections as fast as they are answered, and
 * prints the rate of 202 answers and the spread of their latencies.
 *
 *   load_accepts SOCKET CONNECTIONS REQUESTS             simgate
 *   load_accepts HOST:PORT CONNECTIONS REQUESTS TARGET   another gateway: GET TARGET, # a number */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, BUFFER = 8192 };

struct connection {
	int fd;
	double asked_at;
	size_t used, wanted; /* of the answer; wanted 0: its head is not complete yet */
	char answer[BUFFER];
};

static struct connection connections[CONNECTIONS_MAX];
static double *latencies;
static long asked, answered, refused, total;
static const char *target; /* of GET */

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int dial_tcp(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char host[64];
	unsigned port;

	if (sscanf(address, "%63[^:]:%u", host, &port) != 2 || inet_aton(host, &to.sin_addr) == 0)
		fail(address);
	to.sin_port = htons((uint16_t)port);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail(address);
	return fd;
}

static int dial_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail(path);
	return fd;
}

static int write_post(char *request, size_t size)
{
	char body[128];
	int n = snprintf(body, sizeof(body), "{\"to\":\"+7912%07ld\",\"text\":\"load %ld\"}",
			 asked % 10000000, asked);

	return snprintf(request, size,
			"POST /v1/messages HTTP/1.1\r\nHost: s\r\nContent-Length: %d\r\n\r\n%s", n,
			body);
}

static int write_get(char *request, size_t size)
{
	int before = (int)strcspn(target, "#");

	return snprintf(request, size, "GET %.*s%07ld%s HTTP/1.1\r\nHost: s\r\n\r\n", before,
			target, asked % 10000000,
			target[before] != '\0' ? target + before + 1 : "");
}

static void ask(struct connection *c)
{
	char request[512];
	int n = target != NULL ? write_get(request, sizeof(request))
			       : write_post(request, sizeof(request));

	if ((size_t)n >= sizeof(request))
		fail(target);
	asked++;
	c->used = c->wanted = 0;
	c->asked_at = now_s();
	if (write(c->fd, request, (size_t)n) != n)
		fail("write");
}

/* The length of head and body, once the head is there. */
static void find_end(struct connection *c)
{
	char *end = strstr(c->answer, "\r\n\r\n"),
	     *length = strcasestr(c->answer, "Content-Length:");

	if (end == NULL || length == NULL)
		return;
	c->wanted = (size_t)(end + 4 - c->answer) + strtoul(length + 15, NULL, 10);
}

static void take(struct connection *c)
{
	ssize_t n = read(c->fd, c->answer + c->used, BUFFER - 1 - c->used);

	if (n <= 0)
		fail("read");
	c->used += (size_t)n;
	c->answer[c->used] = '\0';
	if (c->wanted == 0)
		find_end(c);
	if (c->wanted == 0 || c->used < c->wanted)
		return;
	latencies[answered++] = now_s() - c->asked_at;
	refused += strncmp(c->answer, "HTTP/1.1 202", 12) != 0;
	if (asked < total)
		ask(c);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct epoll_event events[64];
	int epoll = epoll_create1(0), n_connections;
	double began;

	if (argc != 4 && argc != 5)
		return 2;
	target = argv[4];
	n_connections = atoi(argv[2]);
	total = atol(argv[3]);
	if (n_connections < 1 || n_connections > CONNECTIONS_MAX || total < n_connections)
		return 2;
	latencies = calloc((size_t)total, sizeof(*latencies));
	for (int i = 0; i < n_connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };

		connections[i].fd = target != NULL ? dial_tcp(argv[1]) : dial_unix(argv[1]);
		epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
	}
	began = now_s();
	for (int i = 0; i < n_connections; i++)
		ask(&connections[i]);
	while (answered < total) {
		int n = epoll_wait(epoll, events, 64, 10000);

		if (n <= 0)
			fail("no answer");
		for (int i = 0; i < n; i++)
			take(events[i].data.ptr);
	}
	qsort(latencies, (size_t)answered, sizeof(*latencies), by_size);
	printf("%.0f durable accepts/s over %d connections; latency median %.2f ms, p99 %.2f ms; "
	       "%ld not 202\n",
	       (double)answered / (now_s() - began), n_connections, latencies[answered / 2] * 1e3,
	       latencies[answered * 99 / 100] * 1e3, refused);
	return 0;
}
