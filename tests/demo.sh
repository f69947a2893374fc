#!/bin/bash
# demo.sh [--stay] - the main job end to end, on a simulated modem and a database of its own.
#
# Everything goes through the public socket, as a site's backend would do it. With --stay the
# simulator and the daemon keep running in the foreground and curl lines to try are printed.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${BUILD:-build}
folder=$(mktemp -d /tmp/simgate-demo.XXXXXX)
socket=$folder/api.sock
handset=$folder/handset.jsonl
pids=()

finish() {
	local code=$?
	if [ "$code" -ne 0 ] && [ "$code" -lt 128 ] && [ -s "$folder/simgated.log" ]; then
		echo "--- the daemon's log" >&2
		tail -n 30 "$folder/simgated.log" >&2
	fi
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
	rm -rf "$folder"
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

bold='' plain=''
[ ! -t 1 ] || bold=$'\033[1m' plain=$'\033[0m'
title() { printf '\n%s== %s%s\n' "$bold" "$1" "$plain"; }

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
	local tries=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || {
			echo "gave up waiting for: $*" >&2
			exit 1
		}
		sleep 0.05
	done
}

# call METHOD PATH [JSON]: shows the request and the answer, keeps the answer in $answer
call() {
	local body=()
	printf '> %s %s %s\n' "$1" "$2" "${3:-}"
	[ $# -lt 3 ] || body=(-d "$3")
	answer=$(curl -sS --unix-socket "$socket" -X "$1" "${body[@]}" \
		-w '\n%{http_code} %header{retry-after}' "http://simgate$2")
	status=${answer##*$'\n'}
	answer=${answer%$'\n'*}
	printf '< %s%s\n' "${status%% *}" "$([ "${status#* }" = "" ] || echo "  Retry-After: ${status#* } s")"
}

show() { jq "$1" <<<"$answer"; }

modem_ready() { curl -sSf --unix-socket "$socket" http://simgate/v1/modems/gsm0 | jq -e '.state == "ready"'; }
handset_has() { [ "$(wc -l <"$handset" 2>/dev/null || echo 0)" -ge "$1" ]; }
handset_shows() {
	wait_for 20 handset_has "$1"
	sed -n "$1p" "$handset" | jq -r '"  handset \(.to) shows:\n" + (.text | split("\n") | map("    | " + .) | join("\n"))'
}
is_state() { curl -sSf --unix-socket "$socket" "http://simgate$1" | jq -e --arg s "$2" '.state == $s'; }

cat >"$folder/simgate.conf" <<CONF
socket   = { path = "$socket"; mode = "0600"; };
database = "$folder/simgate.db";
key_file = "$folder/key";
sites = ( {
  name = "studentu24"; title = "Studentu24.ru"; origin = "studentu24.ru"; region = "RU"; locale = "ru";
  text = { allowed = true; };
} );
modems = ( { name = "gsm0"; device = "$folder/modem"; } );
CONF

"$build/gsm-simulator" --modem gsm0 --pty "$folder/modem" --handset "$handset" --send-time 300 \
	--control "$folder/control" --reports delivered --report-time 200 >"$folder/simulator.log" 2>&1 &
pids+=($!)
wait_for 10 test -e "$folder/modem"
"$build/simgated" -c "$folder/simgate.conf" >"$folder/simgated.log" 2>&1 &
pids+=($!)
wait_for 10 test -S "$socket"
wait_for 20 modem_ready

if [ "${1:-}" = --stay ]; then
	cat <<HELP
simgated runs on $socket with a simulated modem. In another terminal:

  export SIMGATE_SOCKET=$socket
  $build/simgate status
  $build/simgate verify start user-1 '8 912 345-67-89'
  tail -n 1 $handset                     # what the phone shows
  $build/simgate verify check ver_... 123456
  $build/simgate events -f

  curl --unix-socket $socket http://simgate/v1/verifications -d '{"account": "user-1", "phone": "89123456789"}'
  curl --unix-socket $socket http://simgate/v1/messages -d '{"to": "+79123456789", "text": "Hello"}'
  curl -N --unix-socket $socket -H 'Accept: text/event-stream' http://simgate/v1/events

Ctrl-C ends both.
HELP
	tail -n +1 -f "$folder/simgated.log"
	exit 0
fi

title "A site asks: verify this number for the account 'performer'"
call POST /v1/verifications '{"account": "performer", "phone": "8 (912) 345-67-89"}'
show '{id, state, phone, expires_at, attempts_left, delivery: .delivery.state}'
verification=$(jq -r .id <<<"$answer")
handset_shows 1
code=$(sed -n 1p "$handset" | jq -r '.text | capture("#(?<code>[0-9]+)$").code')

title "The user types a wrong code, then the right one"
wrong=000000
[ "$code" != "$wrong" ] || wrong=111111
call POST "/v1/verifications/$verification/check" "{\"code\": \"$wrong\"}"
show '{result, state, attempts_left}'
call POST "/v1/verifications/$verification/check" "{\"code\": \"$code\"}"
show '{result, state, account, phone}'

title "A customer asks the performer to get in touch about an order"
call POST /v1/contact-requests '{"from_account": "customer", "to_account": "performer", "from_name": "Пётр", "to_name": "Иван", "order": "12345"}'
show '{id, state, next_allowed_at}'
contact=$(jq -r .id <<<"$answer")
handset_shows 2

title "A second request within three hours is refused, with the time when it is allowed"
wait_for 20 is_state "/v1/contact-requests/$contact" sent
call POST /v1/contact-requests '{"from_account": "customer", "to_account": "performer", "from_name": "Пётр", "to_name": "Иван", "order": "12345"}'
show '{reason, detail, next_allowed_at}'

title "What the technician sees"
export SIMGATE_SOCKET=$socket
"$build/simgate" status
call GET "/v1/contact-requests/$contact"
message=$(jq -r '.message | if type == "object" then .id else . end' <<<"$answer")
echo
"$build/simgate" show "$message"
title "Done"
