/* json_out_ports.h - what detect and doctor show, as JSON; simgated --json writes the same. */
#pragma once

#include "api/json_text.h"
#include "modem/control.h"

/* {items, next, usb, config} */
void json_out_ports(struct json_text *out, const struct modem_ports *ports);

/* {checks: [...], status}: open, then a finding after the other, then close. */
struct json_findings {
	struct json_text out;
	enum finding_level worst;
};
void json_findings_open(struct json_findings *findings);
modem_finding json_findings_add; /* arg: struct json_findings */
void json_findings_close(struct json_findings *findings);
