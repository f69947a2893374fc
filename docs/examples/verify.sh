#!/bin/sh
# verify.sh - verify a number from a shell script: verify.sh ACCOUNT PHONE, then type the code.
# SIMGATE_SOCKET names another socket.
set -eu

account=$1 phone=$2
call() {
	curl -sS --unix-socket "${SIMGATE_SOCKET:-/run/simgate/api.sock}" "http://simgate$1" -d "$2"
}

# jq makes the JSON, so that nothing a user typed can break it.
started=$(call /v1/verifications "$(jq -n --arg a "$account" --arg p "$phone" '{account: $a, phone: $p}')")
id=$(printf %s "$started" | jq -r '.id // empty')
if [ -z "$id" ]; then
	printf %s "$started" | jq -r '.reason + ": " + .detail' >&2
	exit 1
fi
printf 'code: ' >&2
read -r code
call "/v1/verifications/$id/check" "$(jq -n --arg c "$code" '{code: $c}')" | jq -r '.result // .reason'
