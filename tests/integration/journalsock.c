/* journalsock.c - a journal of the test's own: LD_PRELOAD it, and what is sent to the socket of
 * systemd's journal goes to the socket JOURNALSOCK, as it is. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int is_journal(const struct msghdr *message)
{
	const struct sockaddr_un *to = message->msg_name;

	return to != NULL && to->sun_family == AF_UNIX &&
	       strcmp(to->sun_path, "/run/systemd/journal/socket") == 0;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t (*real)(int, const struct msghdr *, int) = dlsym(RTLD_NEXT, "sendmsg");
	struct sockaddr_un here = { .sun_family = AF_UNIX };
	struct msghdr copy = *message;

	if (is_journal(message) && getenv("JOURNALSOCK") != NULL) {
		strncpy(here.sun_path, getenv("JOURNALSOCK"), sizeof(here.sun_path) - 1);
		copy.msg_name = &here;
		copy.msg_namelen = sizeof(here);
	}
	return real(fd, &copy, flags);
}
