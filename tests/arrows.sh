#!/bin/sh
# arrows.sh - data goes one way: which room may include which (docs/decisions.md).
set -eu
cd "$(dirname "$0")/.."

bad=0
# room, and the rooms that it may not know
check() {
	room=$1
	shift
	for other in "$@"; do
		if grep -nE "#include \"(\.\./)*$other/" "$room"/*.c "$room"/*.h "$room"/*.cc 2>/dev/null; then
			echo "  $room/ must not include $other/" >&2
			bad=1
		fi
	done
}

check base config modem queue service api daemon cli
check config modem queue service api daemon cli
check modem queue service api daemon cli
check queue modem service api daemon cli
check service modem api daemon cli
check api daemon cli
check daemon cli
check cli config modem queue service api daemon
check tests/simulator config modem queue service api daemon cli

# Of the modems, the API knows only what they show and may be asked (control.h).
if grep -nE '#include "modem/' api/*.c api/*.h | grep -v '"modem/control.h"'; then
	echo "  api/ may include only modem/control.h of modem/" >&2
	bad=1
fi
# SQL stands in queue/ alone; import_gammu.c reads another program's database.
if grep -nE 'sqlite3_|"(SELECT|INSERT|UPDATE|DELETE) ' base/*.c config/*.c modem/*.c service/*.c api/*.c daemon/*.c cli/*.c |
	grep -v '^cli/import_gammu\.c:'; then
	echo "  SQL stands in queue/ alone" >&2
	bad=1
fi
exit $bad
