/* mhd_loop.c - a poll handle, a timer, and MHD_run between them. */
#include "api/mhd_loop.h"

#include <stddef.h>
#include <unistd.h>

#include "base/util.h"

static void on_timer(uv_timer_t *timer)
{
	mhd_loop_run(container_of(timer, struct mhd_loop, timer));
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status; /* MHD_run looks for itself */
	(void)events;
	mhd_loop_run(container_of(poll, struct mhd_loop, poll));
}

void mhd_loop_run(struct mhd_loop *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES)
		uv_timer_start(&server->timer, on_timer, wait_ms, 0);
	else
		uv_timer_stop(&server->timer);
	if (server->ran != NULL)
		server->ran(server);
}

void mhd_loop_start(struct mhd_loop *server, uv_loop_t *loop, struct MHD_Daemon *daemon,
		    void (*ran)(struct mhd_loop *server))
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);

	server->daemon = daemon;
	server->ran = ran;
	uv_poll_init(loop, &server->poll, info->epoll_fd);
	uv_timer_init(loop, &server->timer);
	uv_poll_start(&server->poll, UV_READABLE, on_poll);
}

void mhd_loop_quiesce(struct mhd_loop *server)
{
	int fd = MHD_quiesce_daemon(server->daemon);

	if (fd >= 0)
		close(fd);
}

void mhd_loop_close(struct mhd_loop *server, uv_close_cb closed, void *data)
{
	server->poll.data = server->timer.data = data;
	/* The poll handle before the descriptor it looks at. */
	uv_close((uv_handle_t *)&server->poll, closed);
	uv_close((uv_handle_t *)&server->timer, closed);
}

void mhd_loop_stop(struct mhd_loop *server)
{
	MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
}
