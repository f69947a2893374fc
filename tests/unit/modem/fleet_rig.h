/* fleet_rig.h - a fleet on a tree of USB devices whose ports are pseudo-terminals with modems
 * behind them. */
#pragma once

#include "passing.h"
#include "pty_modem.h"
#include "usb_tree.h"

#include "base/log.h"
#include "modem/fleet.h"

enum { LIMIT_MS = 30000, MODEMS = 4 };

static struct {
	uv_loop_t loop;
	uv_timer_t limit;
	const struct config *config;
	struct control *fleet;
	struct pty_modem modems[MODEMS];
	unsigned added;
	bool closed;
} rig;

static const struct pty_modem prototypes[MODEMS] = {
	{ .imei = "356938035643801", .iccid = "89701012345678900001", .imsi = "250011234567801" },
	{ .imei = "356938035643802", .iccid = "89701012345678900002", .imsi = "250011234567802" },
	{ .imei = "356938035643803", .iccid = "89701012345678900003", .imsi = "250011234567803" },
	{ .imei = NULL },
};

static inline void on_changed(void *arg, struct session *session)
{
	(void)arg;
	(void)session;
	uv_stop(&rig.loop);
}

static inline void on_added(void *arg, struct session *session)
{
	(void)arg;
	(void)session;
	rig.added++;
}

static inline void on_pin(void *arg, struct session *session, const char *iccid, int tries)
{
	(void)arg;
	(void)session;
	(void)iccid;
	(void)tries;
	fail_msg("a PIN is tried");
}

static inline void on_inbound(void *arg, struct session *session, const struct session_inbound *in)
{
	(void)arg;
	(void)session;
	(void)in;
}

static const struct session_events events = {
	.added = on_added,
	.changed = on_changed,
	.pin_wanted = on_pin,
	.inbound = on_inbound,
};

static inline void on_problem(void *arg, const char *file, unsigned line, const char *setting,
			      const char *problem)
{
	(void)arg;
	fail_msg("%s:%u: %s: %s", file, line, setting, problem);
}

static inline void on_limit(uv_timer_t *timer)
{
	(void)timer;
	for (size_t i = 0; i < control_count(rig.fleet); i++)
		print_message("%s: %s: %s\n", control_at(rig.fleet, i)->name,
			      modem_state_name(control_at(rig.fleet, i)->state),
			      control_at(rig.fleet, i)->why);
	fail_msg("it took too long");
}

#define RUN_UNTIL(condition)                                                                       \
	do {                                                                                       \
		uv_update_time(&rig.loop);                                                         \
		uv_timer_start(&rig.limit, on_limit, LIMIT_MS, 0);                                 \
		while (!(condition))                                                               \
			uv_run(&rig.loop, UV_RUN_ONCE);                                            \
		uv_timer_stop(&rig.limit);                                                         \
	} while (0)

static inline void begin(void)
{
	memset(&rig, 0, sizeof(rig));
	tree_begin();
	uv_loop_init(&rig.loop);
	uv_timer_init(&rig.loop, &rig.limit);
	for (size_t i = 0; i < MODEMS; i++) {
		rig.modems[i] = prototypes[i];
		pty_begin(&rig.modems[i], &rig.loop);
	}
}

static inline void start(const char *modems)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/simgate.conf", tree.folder);
	tree_file(tree.folder, "simgate.conf", "modems = ( %s );\n", modems);
	rig.config = config_load(path, on_problem, NULL);
	assert_non_null(rig.config);
	rig.fleet = fleet_new_at(&rig.loop, rig.config, &tree.root, &events, NULL);
	assert_non_null(rig.fleet);
}

static inline void on_closed(void *arg)
{
	(void)arg;
	rig.closed = true;
}

static inline void end(void)
{
	fleet_close(rig.fleet, 0, on_closed, NULL);
	for (size_t i = 0; i < MODEMS; i++)
		if (rig.modems[i].master >= 0)
			pty_end(&rig.modems[i]);
	uv_close((uv_handle_t *)&rig.limit, NULL);
	uv_run(&rig.loop, UV_RUN_DEFAULT);
	assert_true(rig.closed);
	assert_int_equal(uv_loop_close(&rig.loop), 0);
	config_unref(rig.config);
	tree_end();
}

static inline const struct modem_status *status_of(const char *name)
{
	const struct modem_status *status = control_find(rig.fleet, name);

	assert_non_null(status);
	return status;
}

static inline bool is(const char *name, enum modem_state state)
{
	return status_of(name)->state == state;
}

static inline bool says(const char *name, const char *words)
{
	return strstr(status_of(name)->why, words) != NULL;
}

static inline const char *device(const char *name)
{
	return strrchr(status_of(name)->device, '/') + 1;
}

/* A Huawei stick whose command port is modem m; its other port has nobody. */
static inline struct tree_device stick(const char *path, const char *serial, size_t m,
				       const char *other, const char *name)
{
	return (struct tree_device){
		.path = path,
		.vendor = 0x12d1,
		.product = 0x1436,
		.serial = serial,
		.ports = { { 1, 0xff, 0xff, 0xff, other, NULL },
			   { 4, 0xff, 0xff, 0xff, name, rig.modems[m].node } },
	};
}

static inline void pass_a_second(void)
{
	assert_true(passed_ms < 600000);
	pass(&rig.loop, 1000);
	uv_run(&rig.loop, UV_RUN_NOWAIT);
}
