/* checks.h - doctor's checks of the machine: clock, disk, files, rights. Without the loop, so that
 * simgated --doctor has them too; they may take some milliseconds. */
#pragma once

#include "config/config.h"
#include "modem/control.h"

void checks_machine(const struct config *config, modem_finding *tell, void *arg);

void checks_tell(modem_finding *tell, void *arg, enum finding_level level, const char *check,
		 const char *subject, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 7, 8)));
