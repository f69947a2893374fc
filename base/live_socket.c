/* live_socket.c - a connection is tried and given up at once. */
#include "base/live_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool socket_is_live(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	bool live;
	int fd;

	if (n >= sizeof(address.sun_path))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true;
	memcpy(address.sun_path, path, n);
	live = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
	       errno == EAGAIN;
	close(fd);
	return live;
}
