/* session.c - owns a modem's port and conversation: opens them, loses them, opens them again.
 *
 * Life: waiting (TIMER_OPEN, or the device's folder changes) -> port_open -> opened: a fresh
 * conversation and bring-up -> lost or stuck: both are closed, and it waits again with back-off.
 * A port is opened only after the one before is closed. Callers' calls never run events: whatever
 * must be told or done is left to TIMER_SOON. Memory goes when the last handle is closed. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "modem/bringup.h"

enum { APPEARED_MS = 100 }; /* udev sets owner and mode a moment after the node appears */

static void on_soon(struct session *s);
static void on_grace(struct session *s);

static void (*const on_time[TIMER_COUNT])(struct session *s) = {
	[TIMER_SOON] = on_soon,      [TIMER_OPEN] = session_open,    [TIMER_STEP] = bringup_tick,
	[TIMER_POLL] = network_poll, [TIMER_CALL] = calls_ended,     [TIMER_USSD] = ussd_timeout,
	[TIMER_GRACE] = on_grace,    [TIMER_RECOVER] = recover_late,
};

static void on_timer(uv_timer_t *timer)
{
	struct session *s = timer->data;

	on_time[timer - s->timers](s);
}

void session_after(struct session *s, enum session_timer timer, uint64_t ms)
{
	if (s->ended)
		return;
	uv_update_time(s->loop);
	uv_timer_start(&s->timers[timer], on_timer, ms, 0);
}

void session_stop(struct session *s, enum session_timer timer)
{
	uv_timer_stop(&s->timers[timer]);
}

static bool is_path(const struct session *s)
{
	return strncmp(s->status.device, "tcp://", 6) != 0;
}

static void watch_folder(struct session *s);

static void on_folder(uv_fs_event_t *watch, const char *name, int events, int status)
{
	struct session *s = watch->data;

	(void)name;
	(void)events;
	if (status < 0 || s->port != NULL || s->refused || s->closing)
		return;
	watch_folder(s); /* a deeper one may be there now */
	if (access(s->status.device, F_OK) != 0)
		return;
	uv_fs_event_stop(watch);
	session_after(s, TIMER_OPEN, APPEARED_MS);
}

/* Watches the nearest folder above the device that exists (by-id goes with its last link). /dev
 * itself is left to whoever locates: there every byte written to any device is a change. */
static void watch_folder(struct session *s)
{
	char path[sizeof(s->status.device)];
	char *slash;

	snprintf(path, sizeof(path), "%s", s->status.device);
	uv_fs_event_stop(&s->watch);
	while ((slash = strrchr(path, '/')) != NULL && slash != path) {
		*slash = '\0';
		if (s->events->locate != NULL && strcmp(path, "/dev") == 0)
			return;
		if (access(path, F_OK) == 0) {
			uv_fs_event_start(&s->watch, on_folder, path, 0);
			return;
		}
	}
}

static void write_bytes(void *arg, const void *bytes, size_t n)
{
	struct session *s = arg;

	if (s->port != NULL)
		port_write(s->port, bytes, n);
}

static void on_stuck(void *arg, const char *why)
{
	recover_trouble(arg, TROUBLE_SILENT, why);
}

static void on_resync(void *arg, bool over)
{
	recover_resync(arg, over);
}

static void on_trace(void *arg, char direction, const char *masked)
{
	struct session *s = arg;
	int64_t now = clock_now_ms();

	if (s->transcript != NULL)
		transcript_add(s->transcript, now, direction, masked);
	if (s->trace != NULL)
		s->trace(s->trace_arg, now, direction, masked);
}

static bool start_conversation(struct session *s)
{
	static const struct at_events events = {
		.urc = session_urc,
		.stuck = on_stuck,
		.resync = on_resync,
		.trace = on_trace,
	};

	s->at = at_new(s->loop, write_bytes, &events, s);
	if (s->at == NULL) {
		session_reopen(s, "no memory for a conversation");
		return false;
	}
	at_tracing(s->at, true);
	at_set_patience(s->at, session_scaled(s, 100));
	session_pace(s);
	at_resync(s->at);
	return true;
}

static void on_opened(void *arg)
{
	struct session *s = arg;

	session_pace_start(s);
	if (start_conversation(s))
		bringup_start(s);
}

static void on_data(void *arg, const uint8_t *bytes, size_t n)
{
	struct session *s = arg;

	if (s->at != NULL)
		at_feed(s->at, bytes, n);
}

static void on_lost(void *arg, const char *why)
{
	struct session *s = arg;
	char kept[PORT_WHY_SIZE];

	snprintf(kept, sizeof(kept), "%s", why);
	if (s->up)
		transcript_save(s, kept);
	recover_lost(s);
	session_reopen(s, kept);
}

static const struct port_events port_events = {
	.opened = on_opened,
	.data = on_data,
	.lost = on_lost,
};

static void wait_to_open(struct session *s, const char *why)
{
	if (is_path(s) && access(s->status.device, F_OK) != 0)
		session_state(s, MODEM_ABSENT, "%s does not exist: is the modem plugged in?",
			      s->status.device);
	else
		session_state(s, MODEM_RECOVERING, "%s", why);
	if (is_path(s) && access(s->status.device, F_OK) != 0) {
		watch_folder(s);
		recover_absent(s);
	}
	session_after(s, TIMER_OPEN, recover_backoff(s));
}

/* Has another port this name than the last time? A device that was plugged in again is one. */
static void note_port(struct session *s)
{
	struct stat st = { 0 };

	if (is_path(s) && stat(s->status.device, &st) < 0)
		return;
	if (s->opened_ino != 0 && (st.st_ino != s->opened_ino || st.st_rdev != s->opened_rdev))
		recover_new_port(s);
	s->opened_ino = st.st_ino;
	s->opened_rdev = st.st_rdev;
}

/* Which device is it now? False: none; the session waits. */
static bool locate(struct session *s)
{
	char why[SESSION_WHY_SIZE] = "no \"device\" is configured for this modem";
	bool found = s->status.device[0] != '\0';

	if (s->events->locate != NULL)
		found = s->events->locate(s->arg, s, s->status.device, why);
	if (found)
		return true;
	session_state(s, MODEM_ABSENT, "%s", why);
	recover_absent(s);
	session_after(s, TIMER_OPEN, recover_backoff(s));
	return false;
}

void session_open(struct session *s)
{
	struct port_settings settings = {
		.device = s->status.device,
		.baud = s->modem->baud,
		.flow = s->modem->flow,
	};
	char why[PORT_WHY_SIZE] = "";

	if (s->closing || s->refused || s->port != NULL)
		return;
	s->open_due = s->unclosed > 0; /* the closing one opens it */
	if (s->open_due)
		return;
	if (!locate(s))
		return;
	if (is_path(s) && access(s->status.device, F_OK) != 0) {
		wait_to_open(s, "");
		return;
	}
	uv_fs_event_stop(&s->watch);
	note_port(s);
	session_state(s, MODEM_OPENING, "opening %s", s->status.device);
	if (port_open(&s->port, s->loop, &settings, &port_events, s, why) < 0) {
		recover_lost(s); /* another program has it, or we may not: no fault of the modem */
		wait_to_open(s, why);
	}
}

static void end_if_closed(struct session *s);

void session_part_opened(struct session *s)
{
	s->unclosed++;
}

void session_part_closed(struct session *s)
{
	s->unclosed--;
	if (s->closing)
		end_if_closed(s);
	else if (s->unclosed == 0 && s->open_due)
		session_open(s);
}

static void on_part_closed(void *arg)
{
	session_part_closed(arg);
}

/* Commands in flight and queued end AT_CLOSED, a little later. */
static void end_conversation(struct session *s, const char *why)
{
	struct at *at = s->at;

	bringup_stop(s);
	s->at = NULL; /* before anyone is told: nothing more may be asked of it */
	s->busy = false;
	ussd_end(s, why);
	calls_ended(s);
	if (at == NULL)
		return;
	s->unclosed++;
	at_close(at, on_part_closed, s);
}

void session_disconnect(struct session *s)
{
	struct port *port = s->port;

	end_conversation(s, "the connection to the modem was lost");
	s->port = NULL;
	if (port == NULL)
		return;
	s->unclosed++;
	port_close(port, on_part_closed, s);
}

void session_reopen(struct session *s, const char *why)
{
	char kept[PORT_WHY_SIZE];

	snprintf(kept, sizeof(kept), "%s", why); /* why may live in what is closed now */
	if (s->port != NULL)
		s->status.reopenings++;
	session_disconnect(s);
	session_error(s, "%s", kept);
	if (!s->closing)
		wait_to_open(s, kept);
}

void session_renew(struct session *s, int step, const char *why)
{
	end_conversation(s, why);
	if (!start_conversation(s))
		return;
	if (step == ST_PROBE)
		bringup_start(s);
	else
		bringup_from(s, (enum step)step);
}

void session_reboot(struct session *s, const char *why)
{
	session_log_kind(s, LOG_KIND_RECOVERY, LOG_LEVEL_WARN, "%s: setting the modem up again",
			 why);
	session_renew(s, ST_PROBE, why);
}

unsigned session_scaled(const struct session *s, unsigned ms)
{
	static const int64_t usual_ms = 5000;

	return (unsigned)(ms * s->modem->command_timeout_ms / usual_ms);
}

int session_command(struct session *s, const struct at_command *command)
{
	struct at_command mine = *command;

	mine.arg = s;
	if (mine.prompt == NULL)
		mine.timeout_ms = session_scaled(s, mine.timeout_ms);
	return s->at != NULL ? at_send(s->at, &mine) : -ENOTCONN;
}

static void on_soon(struct session *s)
{
	bool changed = s->changed_due;

	s->changed_due = false;
	if (s->send_failed)
		send_fail(s);
	if (s->action_set)
		control_due(s);
	if (changed && !s->closing)
		s->events->changed(s->arg, s);
}

void session_soon(struct session *s)
{
	if (!uv_is_active((uv_handle_t *)&s->timers[TIMER_SOON]))
		session_after(s, TIMER_SOON, 0);
}

static struct session *session_make(uv_loop_t *loop, const struct config *config,
				    const struct config_modem *modem,
				    const struct session_events *events, void *arg)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->loop = loop;
	s->config = config_ref(config);
	s->modem = modem;
	s->events = events;
	s->arg = arg;
	s->profile = profile_generic();
	s->transcript = transcript_new();
	s->status.registration = -1;
	s->status.since_ms = clock_now_ms();
	snprintf(s->status.name, sizeof(s->status.name), "%s", modem->name);
	snprintf(s->status.device, sizeof(s->status.device), "%s", modem->device);
	snprintf(s->status.number, sizeof(s->status.number), "%s", modem->number);
	snprintf(s->status.profile, sizeof(s->status.profile), "%s", s->profile->name);
	for (size_t i = 0; i < TIMER_COUNT; i++) {
		uv_timer_init(loop, &s->timers[i]);
		s->timers[i].data = s;
	}
	uv_fs_event_init(loop, &s->watch);
	s->watch.data = s;
	s->handles = TIMER_COUNT + 1;
	session_after(s, TIMER_OPEN, 0);
	return s;
}

struct session *session_new(uv_loop_t *loop, const struct config *config, const char *name,
			    const struct session_events *events, void *arg)
{
	const struct config_modem *modem = config_modem(config, name);

	assert(modem != NULL);
	return session_make(loop, config, modem, events, arg);
}

struct session *session_new_unnamed(uv_loop_t *loop, const struct config *config,
				    const struct config_modem *modem,
				    const struct session_events *events, void *arg)
{
	struct session *s = session_make(loop, config, modem, events, arg);

	if (s != NULL)
		s->rx.keep = true;
	return s;
}

void session_wake(struct session *s)
{
	if (s->port == NULL && !s->refused && !s->closing)
		session_after(s, TIMER_OPEN, 0);
}

void session_refuse(struct session *s, const char *why)
{
	s->refused = true;
	session_stop(s, TIMER_OPEN);
	session_state(s, MODEM_FAILED, "%s", why);
}

const struct modem_status *session_status(const struct session *s)
{
	return &s->status;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;
	void (*closed)(void *) = s->closed;
	void *arg = s->closed_arg;

	if (--s->handles > 0)
		return;
	if (s->events->gone != NULL)
		s->events->gone(s->arg, s);
	config_unref(s->config);
	transcript_free(s->transcript);
	free(s);
	if (closed != NULL)
		closed(arg);
}

/* Port and conversation are gone and the part on the air has ended: the handles go. */
static void end_if_closed(struct session *s)
{
	if (s->unclosed > 0 || s->at != NULL || s->port != NULL || s->ended)
		return;
	s->ended = true;
	for (size_t i = 0; i < TIMER_COUNT; i++)
		uv_close((uv_handle_t *)&s->timers[i], on_handle_closed);
	uv_close((uv_handle_t *)&s->watch, on_handle_closed);
}

static void on_grace(struct session *s)
{
	if (s->tx.active)
		session_log(s, LOG_LEVEL_WARN, "closing with a message on the air");
	session_disconnect(s);
	if (s->send_failed)
		send_fail(s);
	end_if_closed(s);
}

void session_close(struct session *s, unsigned grace_ms, void (*closed)(void *arg), void *arg)
{
	assert(!s->closing);
	s->closing = true;
	s->closed = closed;
	s->closed_arg = arg;
	uv_fs_event_stop(&s->watch);
	session_stop(s, TIMER_OPEN);
	session_stop(s, TIMER_POLL);
	session_stop(s, TIMER_RECOVER);
	if (s->recovery.power != NULL)
		power_stop(s->recovery.power);
	if (s->tx.active && !s->tx.committed)
		session_abandon(s);
	session_after(s, TIMER_GRACE, s->tx.active ? grace_ms : 0);
}
