/* input.h - what the host writes: command lines, and the payload after a prompt. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct modem;

enum { INPUT_LINE_MAX = 2048 };

struct input {
	char line[INPUT_LINE_MAX + 1];
	size_t n;
	bool overlong;
	bool early;           /* the line began before an earlier command had its final result */
	bool excused;         /* ... which a fault held up */
	bool after_cr;        /* the last byte was CR: a LF here is the classic mistake */
	bool prompt;          /* collects a payload up to Ctrl-Z or ESC */
	bool drop_at_payload; /* a fault: the port goes at the payload's first byte */
	long drop_back_ms;
};

void input_bytes(struct modem *modem, const uint8_t *bytes, size_t n);
void input_reset(struct modem *modem);
