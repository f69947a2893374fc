/* mhd_loop.h - one of libmicrohttpd's servers inside the loop: it runs when it has something to do.
 *
 * Its epoll descriptor is under uv_poll; after every MHD_run a timer is armed for what it wants to
 * be woken for. No thread of its own, no lock held. */
#pragma once

#include <microhttpd.h>
#include <uv.h>

enum { MHD_LOOP_HANDLES = 2 };

struct mhd_loop {
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	void (*ran)(struct mhd_loop *server); /* after each run, and may stop it; NULL: nobody */
};

/* daemon is server's from now on. */
void mhd_loop_start(struct mhd_loop *server, uv_loop_t *loop, struct MHD_Daemon *daemon,
		    void (*ran)(struct mhd_loop *server));

/* Connections were resumed. */
void mhd_loop_run(struct mhd_loop *server);

/* Listens no more; who is connected stays. */
void mhd_loop_quiesce(struct mhd_loop *server);

/* In two steps, for between them every sleeping connection must be answered: its handles close
 * (closed runs for each of them, with data in handle->data), then the server stops. */
void mhd_loop_close(struct mhd_loop *server, uv_close_cb closed, void *data);
void mhd_loop_stop(struct mhd_loop *server);
