/* pty_modem.h - modems that answer on pseudo-terminals, on the test's own loop. */
#pragma once

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "base/util.h"

struct pty_modem {
	const char *imei, *iccid, *imsi; /* NULL imei: it never answers */
	bool frames;                     /* but with frames of another protocol */
	const char *sim;                 /* of +CPIN?; NULL: READY */
	char node[64];
	int master, slave;
	uv_poll_t poll;
	char line[256];
	size_t n_line, n_bytes; /* n_bytes: that ever came */
};

static inline void pty_say(struct pty_modem *modem, const char *line)
{
	char out[256];
	int n = snprintf(out, sizeof(out), "\r\n%s\r\n", line);

	assert_int_equal(write(modem->master, out, (size_t)n), n);
}

static inline void pty_command(struct pty_modem *modem, const char *command)
{
	const struct {
		const char *command, *answer;
	} answers[] = {
		{ "AT+CGMI", "huawei" },
		{ "AT+CGMM", "E173" },
		{ "AT+CGSN", modem->imei },
		{ "AT+CIMI", modem->imsi },
		{ "AT^ICCID?", modem->iccid },
		{ "AT+CREG?", "+CREG: 0,1" },
		{ "AT+CSQ", "+CSQ: 20,99" },
		{ "AT+COPS?", "+COPS: 0,0,\"Test Net\",7" },
		{ "AT+CSCA?", "+CSCA: \"+79100000000\",145" },
		{ "AT+CPMS?", "+CPMS: \"SM\",3,20,\"SM\",3,20,\"SM\",3,20" },
	};
	static const char *const fine[] = { "AT", "ATE0", "AT+CMEE=1", "AT+CMGF=0" };
	char sim[64];

	if (modem->imei == NULL && modem->frames)
		assert_int_equal(write(modem->master, "\x13\x41~", 3), 3);
	if (modem->imei == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(fine); i++)
		if (strcmp(command, fine[i]) == 0)
			pty_say(modem, "OK");
	for (size_t i = 0; i < ARRAY_LEN(fine); i++)
		if (strcmp(command, fine[i]) == 0)
			return;
	snprintf(sim, sizeof(sim), "+CPIN: %s", modem->sim != NULL ? modem->sim : "READY");
	if (strcmp(command, "AT+CPIN?") == 0) {
		pty_say(modem, sim);
		pty_say(modem, "OK");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		if (strcmp(command, answers[i].command) != 0 || answers[i].answer == NULL)
			continue;
		pty_say(modem, answers[i].answer);
		pty_say(modem, "OK");
		return;
	}
	pty_say(modem, "ERROR");
}

static inline void pty_readable(uv_poll_t *poll, int status, int events)
{
	struct pty_modem *modem = poll->data;
	char bytes[256];
	ssize_t n = read(modem->master, bytes, sizeof(bytes));

	(void)status;
	(void)events;
	for (ssize_t i = 0; i < n; i++) {
		modem->n_bytes++;
		if (bytes[i] == '\r') {
			modem->line[modem->n_line] = '\0';
			modem->n_line = 0;
			pty_command(modem, modem->line);
		} else if (bytes[i] == 0x1b) {
			modem->n_line = 0;
		} else if (modem->n_line + 1 < sizeof(modem->line)) {
			modem->line[modem->n_line++] = bytes[i];
		}
	}
}

static inline void pty_begin(struct pty_modem *modem, uv_loop_t *loop)
{
	struct termios raw;

	modem->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(modem->master >= 0);
	assert_int_equal(grantpt(modem->master), 0);
	assert_int_equal(unlockpt(modem->master), 0);
	assert_int_equal(ptsname_r(modem->master, modem->node, sizeof(modem->node)), 0);
	modem->slave = open(modem->node, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(modem->slave >= 0);
	tcgetattr(modem->slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(modem->slave, TCSANOW, &raw);
	uv_poll_init(loop, &modem->poll, modem->master);
	modem->poll.data = modem;
	modem->n_line = modem->n_bytes = 0;
	uv_poll_start(&modem->poll, UV_READABLE, pty_readable);
}

/* The line hangs up for whoever has it open. */
static inline void pty_end(struct pty_modem *modem)
{
	uv_close((uv_handle_t *)&modem->poll, NULL);
	close(modem->slave);
	close(modem->master);
	modem->master = modem->slave = -1;
}
