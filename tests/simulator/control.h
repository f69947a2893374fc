/* control.h - a Unix stream socket on which tests steer the simulator.
 *
 * A line is a command; each is answered by one line, "ok ..." or "error ...". "@NAME command"
 * goes to that modem, without it to the socket's own. README.md lists the commands. */
#pragma once

#include <stdio.h>
#include <uv.h>

struct modem;
struct control;
struct control_client;

struct control *control_new(uv_loop_t *loop, const char *path, struct modem *modems,
			    struct modem *own);
void control_free(struct control *control); /* frees itself when its handles are closed */

/* One command being answered. */
struct control_call {
	struct modem *modem, *modems;
	struct control_client *client;
	char *args; /* without the command's name; may be changed */
	FILE *out;  /* what follows "ok" or "error" */
};

/* LATER: control_answer will be called, unless the client goes first (then the call that
 * network_call was given is forgotten). */
enum control_result { CONTROL_OK, CONTROL_ERROR, CONTROL_LATER };

enum control_result control_execute(struct control_call *call, const char *name);
void control_answer(struct control_client *client, const char *line); /* without its end */
