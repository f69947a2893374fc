/* knobs.c - the table of what may be set. */
#include "tests/simulator/knobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

enum { HOUR_MS = 3600 * 1000 };

#define KNOB(name, field, standard, least, most)                                                   \
	{                                                                                          \
		name, offsetof(struct knobs, field), standard, least, most                         \
	}

const struct knob knob_table[] = {
	KNOB("send-time", send_time, 100, 0, HOUR_MS),
	KNOB("boot-time", boot_time, 0, 0, HOUR_MS),
	KNOB("sim-time", sim_time, 0, 0, HOUR_MS),
	KNOB("register-time", register_time, 0, 0, HOUR_MS),
	KNOB("report-time", report_time, 100, 0, HOUR_MS),
	KNOB("ring-time", ring_time, 3000, 1, HOUR_MS),
	KNOB("ussd-time", ussd_time, 50, 0, HOUR_MS),
	KNOB("ack-time", ack_time, 15000, 1, HOUR_MS),
	KNOB("cops-time", cops_time, 3000, 0, HOUR_MS),
	KNOB("zone", zone, 12, -48, 56),
	KNOB("mr", mr, 0, 0, 255),
	KNOB("vanish", vanish, 0, 0, 1),
	KNOB("unknown", unknown, 0, 0, 999),
	KNOB("memory-sm", memory_sm, 20, 0, 255),
	KNOB("memory-me", memory_me, 100, 0, 255),
	KNOB("memory-sr", memory_sr, 50, 0, 255),
};
const size_t knob_count = ARRAY_LEN(knob_table);

static long *place(struct knobs *knobs, const struct knob *knob)
{
	return (long *)(void *)((char *)knobs + knob->offset);
}

void knobs_init(struct knobs *knobs)
{
	for (size_t i = 0; i < knob_count; i++)
		*place(knobs, &knob_table[i]) = knob_table[i].standard;
}

int knobs_set(struct knobs *knobs, const char *name, const char *value)
{
	for (size_t i = 0; i < knob_count; i++) {
		const struct knob *knob = &knob_table[i];
		char *end;
		long number;

		if (strcmp(name, knob->name) != 0)
			continue;
		number = strtol(value, &end, 10);
		if (end == value || *end != '\0' || number < knob->least || number > knob->most)
			return -EINVAL;
		*place(knobs, knob) = number;
		return 0;
	}
	return -ENOENT;
}

long knobs_get(const struct knobs *knobs, const struct knob *knob)
{
	return *(const long *)(const void *)((const char *)knobs + knob->offset);
}
