#!/bin/sh
# install-missing.sh PACKAGE... - installs those of Debian's packages that are not there yet.
# Does nothing, and asks nobody, when all of them are.
set -eu

missing=""
for package in "$@"; do
	state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

run=""
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "these packages are missing and neither root nor sudo is there to install them:$missing" >&2
		exit 1
	}
	run=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$run apt-get update -qq
# shellcheck disable=SC2086 # one word a package
$run apt-get install -y -qq --no-install-recommends $missing >/dev/null
