/* session_fake.h - a session against a modem of function calls: the port is replaced by one that
 * answers from tables of command and answer, a turn later. One session a test. */
#pragma once

#include "tests/unit/modem/session_fake_port.h"

/* What the session told. */
static inline void fake_changed(void *arg, struct session *session)
{
	const char *name = modem_state_name(session_status(session)->state);
	const char *last = strrchr(fake.states, ' ');

	(void)arg;
	uv_stop(&fake.loop);
	fake.n_changed++;
	if (last != NULL && strcmp(last + 1, name) == 0)
		return;
	assert_true(strlen(fake.states) + strlen(name) + 2 < sizeof(fake.states));
	strcat(strcat(fake.states, " "), name);
}

static inline void fake_send_done(void *arg, struct session *session,
				  const struct send_outcome *outcome)
{
	(void)arg;
	uv_stop(&fake.loop);
	assert_true(fake.n_sent < FAKE_SEEN);
	snprintf(fake.sent_why[fake.n_sent], sizeof(fake.sent_why[0]), "%s", outcome->why);
	fake.sent[fake.n_sent++] = *outcome;
	if (fake.on_sent != NULL)
		fake.on_sent(session);
}

static inline void fake_late(void *arg, struct session *session, int reference)
{
	(void)arg;
	(void)session;
	fake.late[fake.n_late++] = reference;
}

static inline void fake_inbound(void *arg, struct session *session,
				const struct session_inbound *in)
{
	(void)arg;
	assert_true(fake.n_inbound < FAKE_SEEN);
	snprintf(fake.inbound[fake.n_inbound++], sizeof(fake.inbound[0]), "%s %d %d %.20s",
		 in->storage, in->index, in->length, in->pdu);
	if (fake.keep_inbound)
		session_inbound_kept(session, in->storage, in->index);
}

static inline void fake_call(void *arg, struct session *session, const char *number, int type)
{
	(void)arg;
	(void)session;
	assert_true(fake.n_calls < FAKE_SEEN);
	snprintf(fake.calls[fake.n_calls++], sizeof(fake.calls[0]), "%s %d", number, type);
}

static inline void fake_pin(void *arg, struct session *session, const char *iccid, int tries)
{
	(void)arg;
	uv_stop(&fake.loop);
	fake.n_pin++;
	snprintf(fake.pin_iccid, sizeof(fake.pin_iccid), "%s", iccid);
	fake.pin_tries = tries;
	session_pin_answer(session, fake.pin_allowed);
}

static const struct session_events fake_events = {
	.changed = fake_changed,
	.send_done = fake_send_done,
	.late_reply = fake_late,
	.inbound = fake_inbound,
	.call = fake_call,
	.pin_wanted = fake_pin,
};

static inline void fake_problem(void *arg, const char *file, unsigned line, const char *setting,
				const char *problem)
{
	(void)arg;
	fail_msg("%s:%u: %s: %s", file, line, setting, problem);
}

static inline const struct config *fake_config(const char *modems)
{
	char path[] = "/tmp/simgate-test-XXXXXX", text[2048];
	const struct config *config;
	ssize_t n = snprintf(text, sizeof(text),
			     "log = { transcripts = \"\"; };\nmodems = ( %s );\n", modems);
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, text, (size_t)n) == n);
	close(fd);
	config = config_load(path, fake_problem, NULL);
	unlink(path);
	assert_non_null(config);
	return config;
}

static inline void fake_expired(uv_timer_t *timer)
{
	(void)timer;
	fake.expired = true;
}

#define RUN_UNTIL(condition)                                                                       \
	do {                                                                                       \
		uv_update_time(&fake.loop);                                                        \
		uv_timer_start(&fake.limit, fake_expired, FAKE_LIMIT_MS, 0);                       \
		while (!(condition)) {                                                             \
			if (fake.expired)                                                          \
				fail_msg("never: %s (states:%s)", #condition, fake.states);        \
			uv_run(&fake.loop, UV_RUN_ONCE);                                           \
		}                                                                                  \
		uv_timer_stop(&fake.limit);                                                        \
	} while (0)

/* more: settings of the modem. Timeouts are shortened below what a file may say. */
static inline void fake_prepare(const struct fake_answer *base, const char *more)
{
	char modem[1024];

	memset(&fake, 0, sizeof(fake));
	uv_loop_init(&fake.loop);
	uv_timer_init(&fake.loop, &fake.limit);
	fake.base = base;
	fake.kind = PORT_PTY;
	fake.at_payload = "+CMGS: 5|OK";
	fake.keep_inbound = true;
	snprintf(modem, sizeof(modem), "{ name = \"gsm0\"; %s%s }",
		 strstr(more, "device") != NULL ? "" : "device = \"tcp://127.0.0.1:1\"; ", more);
	fake.config = fake_config(modem);
}

static inline void fake_start(void)
{
	struct config_modem *modem = (struct config_modem *)config_modem(fake.config, "gsm0");

	modem->prompt_timeout_ms = 100;
	modem->result_timeout_ms = 200;
	fake.session = session_new(&fake.loop, fake.config, "gsm0", &fake_events, &fake);
	assert_non_null(fake.session);
}

static inline enum modem_state fake_state(void)
{
	return session_status(fake.session)->state;
}

static inline void fake_run_to(enum modem_state state)
{
	RUN_UNTIL(fake_state() == state);
}

static inline void fake_ready(const struct fake_answer *base, const char *more)
{
	fake_prepare(base, more);
	fake_start();
	RUN_UNTIL(session_can_send(fake.session));
}

static inline size_t fake_count(const char *command)
{
	size_t n = 0;

	for (size_t i = 0; i < fake.n_log; i++)
		n += fake_fits(command, fake.log[i]);
	return n;
}

/* Where command stands in the log from at on; the log's length if nowhere. */
static inline size_t fake_where(const char *command, size_t at)
{
	while (at < fake.n_log && !fake_fits(command, fake.log[at]))
		at++;
	return at;
}

static inline void fake_is_closed(void *arg)
{
	(void)arg;
	uv_stop(&fake.loop);
	fake.closed = true;
}

static inline void fake_clean(void)
{
	uv_close((uv_handle_t *)&fake.limit, NULL);
	uv_run(&fake.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&fake.loop), 0);
	config_unref(fake.config);
	for (size_t i = 0; i < fake.n_log; i++)
		free(fake.log[i]);
}

static inline void fake_end(void)
{
	session_close(fake.session, 0, fake_is_closed, NULL);
	RUN_UNTIL(fake.closed);
	fake_clean();
}
