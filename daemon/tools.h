/* tools.h - simgated --detect and --doctor: look, tell, leave. They start no gateway and open no
 * port that somebody holds, so they may run beside the daemon. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct tool {
	const char *config_path;
	char **devices; /* only these; none: every port */
	size_t n_devices;
	bool json;
	/* Loads the configuration and tells its problems. */
	const struct config *(*load)(const char *path, config_problem *problem, void *arg);
};

int tool_detect(const struct tool *tool); /* 0: a modem answered or is in use, 1: none */
int tool_doctor(const struct tool *tool); /* 0 pass, 1 warn, 2 fail */
