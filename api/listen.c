/* listen.c - binds the socket so that nobody gets in before its group and mode are right.
 *
 * The file is born with mode 0000 (fchmod of the unbound socket: umask belongs to the whole
 * process and its threads), gets its group, then its mode, and only then listens. */
#include "api/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/live_socket.h"
#include "base/log.h"

enum { BACKLOG = 1024, GROUP_BUFFER = 16384 };

static int clear_place(const struct sockaddr_un *address, char why[static API_WHY_SIZE])
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0; /* free, or bind tells why not */
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(why, API_WHY_SIZE,
			 "%s exists and is not a socket: remove it, or set socket.path", path);
		return -1;
	}
	if (socket_is_live(path)) {
		snprintf(why, API_WHY_SIZE,
			 "%s is in use: another simgated runs; stop it, or set socket.path", path);
		return -1;
	}
	if (unlink(path) < 0 && errno != ENOENT) {
		snprintf(why, API_WHY_SIZE, "cannot remove the stale socket %s: %s", path,
			 strerror(errno));
		return -1;
	}
	return 0;
}

static int set_group(const struct config *config, char why[static API_WHY_SIZE])
{
	char buffer[GROUP_BUFFER];
	struct group entry, *group = NULL;
	const char *problem;

	if (config->socket_group[0] == '\0')
		return 0;
	getgrnam_r(config->socket_group, &entry, buffer, sizeof(buffer), &group);
	if (group != NULL && chown(config->socket_path, (uid_t)-1, group->gr_gid) == 0)
		return 0;
	problem = group == NULL ? "there is no such group" : strerror(errno);
	if (!config->socket_group_given) {
		log_info("the socket keeps this user's group (%s: %s)", config->socket_group,
			 problem);
		return 0;
	}
	snprintf(why, API_WHY_SIZE, "cannot give %s to the group %s: %s", config->socket_path,
		 config->socket_group, problem);
	return -1;
}

static int settle(const struct config *config, int fd, char why[static API_WHY_SIZE])
{
	if (set_group(config, why) < 0)
		return -1;
	if (chmod(config->socket_path, config->socket_mode & 0777) == 0 && listen(fd, BACKLOG) == 0)
		return 0;
	snprintf(why, API_WHY_SIZE, "cannot listen on %s: %s", config->socket_path,
		 strerror(errno));
	return -1;
}

int listen_open(const struct config *config, char why[static API_WHY_SIZE])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(config->socket_path) >= sizeof(address.sun_path)) {
		snprintf(why, API_WHY_SIZE, "socket.path is longer than %zu bytes",
			 sizeof(address.sun_path) - 1);
		return -1;
	}
	strcpy(address.sun_path, config->socket_path);
	if (clear_place(&address, why) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || fchmod(fd, 0) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		snprintf(why, API_WHY_SIZE, "cannot bind %s: %s", config->socket_path,
			 strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (settle(config, fd, why) == 0)
		return fd;
	unlink(config->socket_path);
	close(fd);
	return -1;
}

int listen_adopt(int fd, char why[static API_WHY_SIZE])
{
	int flags = fcntl(fd, F_GETFL), family = 0;
	socklen_t size = sizeof(family);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0 || family != AF_UNIX) {
		snprintf(why, API_WHY_SIZE,
			 "the socket handed over by systemd is not a Unix "
			 "socket: see ListenStream= of simgate.socket");
		return -1;
	}
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		snprintf(why, API_WHY_SIZE, "cannot use the socket handed over by systemd: %s",
			 strerror(errno));
		return -1;
	}
	return 0;
}
