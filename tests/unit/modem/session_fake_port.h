/* session_fake_port.h - a modem of function calls behind port.h: it answers commands by a table. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "modem/session_private.h"

enum { FAKE_LOG = 512, FAKE_RULES = 24, FAKE_OUT = 65536, FAKE_SEEN = 64, FAKE_LIMIT_MS = 20000 };

/* command ends in '*': any rest. answer: lines split by '|'; "" is silence. */
struct fake_answer {
	const char *command, *answer;
};

struct port {
	struct port_events events;
	void *arg;
	uv_timer_t turn;
	void (*closed)(void *arg);
	void *closed_arg;
};

static struct {
	uv_loop_t loop;
	uv_timer_t limit;
	bool expired;
	struct session *session;
	const struct config *config;

	struct port *port;
	unsigned opened;
	bool opening, prompted, lose, splits;
	enum port_kind kind;
	unsigned baud, answers_at; /* answers_at 0: at any speed */
	const struct fake_answer *base;
	struct fake_answer rules[FAKE_RULES]; /* before base; the last one wins */
	size_t n_rules;
	const char *at_prompt, *at_payload; /* answers; at_prompt NULL: the prompt */
	char line[1024];
	size_t n_line;
	char out[FAKE_OUT];
	size_t n_out;
	char *log[FAKE_LOG];
	size_t n_log;

	struct send_outcome sent[FAKE_SEEN];
	char sent_why[FAKE_SEEN][96];
	size_t n_sent;
	int late[FAKE_SEEN];
	size_t n_late;
	char inbound[FAKE_SEEN][64]; /* "SM 3 length pdu" */
	size_t n_inbound;
	char calls[FAKE_SEEN][40]; /* "number type" */
	size_t n_calls, n_pin, n_changed;
	char pin_iccid[24];
	int pin_tries;
	bool keep_inbound, pin_allowed, closed;
	void (*on_sent)(struct session *s);
	char states[1024]; /* names, split by blanks, one for each change */
} fake;

static const struct fake_answer fake_full[] = {
	{ "AT", "OK" },
	{ "ATE0", "OK" },
	{ "ATV1", "OK" },
	{ "ATQ0", "OK" },
	{ "ATS0=0", "OK" },
	{ "AT+CMEE=1", "OK" },
	{ "AT+CGMI", "huawei|OK" },
	{ "AT+CGMM", "E173|OK" },
	{ "AT+CGMR", "11.126.29.00.1014|OK" },
	{ "AT+CGSN", "356938035643809|OK" },
	{ "AT+CFUN?", "+CFUN: 1|OK" },
	{ "AT+CPIN?", "+CPIN: READY|OK" },
	{ "AT^ICCID?", "^ICCID: 98071032547698103254|OK" },
	{ "AT+CIMI", "250010123456789|OK" },
	{ "AT^CURC=0", "OK" },
	{ "AT+CSCS=\"GSM\"", "OK" },
	{ "AT+CREG=2", "OK" },
	{ "AT+CGREG=2", "OK" },
	{ "AT+CEREG=2", "ERROR" },
	{ "AT+CEREG=1", "ERROR" },
	{ "AT+CSMS=0", "+CSMS: 1,1,1|OK" },
	{ "AT+CMGF=0", "OK" },
	{ "AT+CPMS=?", "+CPMS: (\"ME\",\"SM\"),(\"ME\",\"SM\"),(\"ME\",\"SM\")|OK" },
	{ "AT+CPMS=*", "+CPMS: 0,20,0,20,0,20|OK" },
	{ "AT+CNMI=?", "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)|OK" },
	{ "AT+CNMI=*", "OK" },
	{ "AT+CSCA?", "+CSCA: \"+79100000000\",145|OK" },
	{ "AT+CLIP=1", "OK" },
	{ "AT+CRC=0", "OK" },
	{ "AT+COPS=3,0", "OK" },
	{ "AT+CREG?", "+CREG: 2,1,\"1A2B\",\"00C3D4E5\",2|OK" },
	{ "AT+CSQ", "+CSQ: 20,99|OK" },
	{ "AT+COPS?", "+COPS: 0,0,\"Test Net\",2|OK" },
	{ "AT+CMGL=4", "OK" },
	{ "AT+CMMS=2", "OK" },
	{ "AT+CMGD=*", "OK" },
	{ "AT+CHUP", "OK" },
	{ "AT+CUSD=2", "OK" },
	{ NULL, NULL },
};

/* The essential commands, and ERROR to everything else. */
static const struct fake_answer fake_minimal[] = {
	{ "AT", "OK" },
	{ "ATE0", "OK" },
	{ "AT+CMGF=0", "OK" },
	{ "AT+CPIN?", "+CPIN: READY|OK" },
	{ "AT+CREG?", "+CREG: 0,1|OK" },
	{ NULL, NULL },
};

static void fake_turn(uv_timer_t *timer);

static inline void fake_soon(void)
{
	if (fake.port != NULL)
		uv_timer_start(&fake.port->turn, fake_turn, 0, 0);
}

static inline void fake_bytes(const char *bytes, size_t n)
{
	assert_true(fake.n_out + n < FAKE_OUT);
	memcpy(fake.out + fake.n_out, bytes, n);
	fake.n_out += n;
	fake_soon();
}

/* Lines split by '|'. */
static inline void fake_say(const char *lines)
{
	while (*lines != '\0') {
		size_t n = strcspn(lines, "|");

		fake_bytes("\r\n", 2);
		fake_bytes(lines, n);
		fake_bytes("\r\n", 2);
		lines += n + (lines[n] == '|');
	}
}

static inline void fake_rule(const char *command, const char *answer)
{
	assert_true(fake.n_rules < FAKE_RULES);
	fake.rules[fake.n_rules++] = (struct fake_answer){ command, answer };
}

static inline bool fake_fits(const char *rule, const char *command)
{
	size_t n = strlen(rule);

	if (n > 0 && rule[n - 1] == '*')
		return strncmp(rule, command, n - 1) == 0;
	return strcmp(rule, command) == 0;
}

static inline const char *fake_answer_to(const char *command)
{
	for (size_t i = fake.n_rules; i-- > 0;)
		if (fake_fits(fake.rules[i].command, command))
			return fake.rules[i].answer;
	for (size_t i = 0; fake.base[i].command != NULL; i++)
		if (fake_fits(fake.base[i].command, command))
			return fake.base[i].answer;
	return "ERROR";
}

static inline void fake_command(const char *command)
{
	assert_true(fake.n_log < FAKE_LOG);
	fake.log[fake.n_log++] = strdup(command);
	if (strncmp(command, "AT+CMGS=", 8) != 0) {
		fake_say(fake_answer_to(command));
	} else if (fake.at_prompt != NULL) {
		fake_say(fake.at_prompt);
	} else {
		fake.prompted = true;
		fake_bytes("\r\n> ", 4);
	}
}

static inline void fake_byte(char c)
{
	if (fake.answers_at != 0 && fake.baud != fake.answers_at)
		return;
	if (c == 0x1b) {
		if (fake.prompted)
			fake_say("OK");
		fake.prompted = false;
		fake.n_line = 0;
		return;
	}
	if (c != '\r' && c != 0x1a) {
		assert_true(fake.n_line + 1 < sizeof(fake.line));
		fake.line[fake.n_line++] = c;
		return;
	}
	fake.line[fake.n_line] = '\0';
	fake.n_line = 0;
	if (c == '\r') {
		fake_command(fake.line);
	} else if (fake.prompted) {
		fake.prompted = false;
		assert_true(fake.n_log < FAKE_LOG);
		fake.log[fake.n_log++] = strdup(fake.line);
		fake_say(fake.at_payload);
	}
}

/* The port of port.h. */
int port_open(struct port **port, uv_loop_t *loop, const struct port_settings *settings,
	      const struct port_events *events, void *arg, char why[static PORT_WHY_SIZE])
{
	(void)why;
	assert_null(fake.port);
	fake.baud = settings->baud;
	*port = calloc(1, sizeof(**port));
	(*port)->events = *events;
	(*port)->arg = arg;
	uv_timer_init(loop, &(*port)->turn);
	(*port)->turn.data = *port;
	fake.port = *port;
	fake.opened++;
	fake.opening = true;
	fake.lose = fake.prompted = false;
	fake.n_line = fake.n_out = 0;
	fake_soon();
	return 0;
}

void port_write(struct port *port, const void *bytes, size_t n)
{
	assert_ptr_equal(port, fake.port);
	for (size_t i = 0; i < n; i++)
		fake_byte(((const char *)bytes)[i]);
}

size_t port_unwritten(const struct port *port)
{
	(void)port;
	return 0;
}

enum port_kind port_kind(const struct port *port)
{
	(void)port;
	return fake.kind;
}

static inline void fake_port_closed(uv_handle_t *handle)
{
	struct port *port = handle->data;

	if (port->closed != NULL)
		port->closed(port->closed_arg);
	free(port);
}

void port_close(struct port *port, void (*closed)(void *arg), void *arg)
{
	assert_ptr_equal(port, fake.port);
	fake.port = NULL;
	port->closed = closed;
	port->closed_arg = arg;
	uv_close((uv_handle_t *)&port->turn, fake_port_closed);
}

static void fake_turn(uv_timer_t *timer)
{
	struct port *port = timer->data;
	char out[FAKE_OUT];
	size_t n = fake.n_out;

	uv_stop(&fake.loop); /* what is waited for may be so after this: do not block */
	if (fake.opening) {
		fake.opening = false;
		fake_soon();
		port->events.opened(port->arg);
		return;
	}
	memcpy(out, fake.out, n);
	fake.n_out = 0;
	if (n > 0)
		port->events.data(port->arg, (const uint8_t *)out, n);
	if (fake.lose && fake.port == port) {
		fake.lose = false;
		port->events.lost(port->arg, "the modem was unplugged");
	}
}

static inline void fake_lose(void)
{
	fake.lose = true;
	fake_soon();
}
