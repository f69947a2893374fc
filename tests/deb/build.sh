#!/bin/sh
# build.sh - the Debian package, from a copy of the tree, into build/deb; then lintian looks at it.
set -eu
cd "$(dirname "$0")/../.."

version=$(cat VERSION)
[ "$(dpkg-parsechangelog -S Version)" = "$version" ] || {
	echo "debian/changelog and VERSION differ" >&2
	exit 1
}
out=$PWD/build/deb
rm -rf "$out"
mkdir -p "$out/simgate-$version"
tar -c --exclude=./build --exclude='./build-*' --exclude=./.git --exclude=__pycache__ . |
	tar -x -C "$out/simgate-$version"
log=$out/build.log
(cd "$out/simgate-$version" && dpkg-buildpackage -b -us -uc -j"$(nproc)") >"$log" 2>&1 || {
	tail -n 40 "$log" >&2
	exit 1
}
rm -rf "$out/simgate-$version"
lintian --allow-root --fail-on error,warning,info --info --tag-display-limit 0 "$out"/simgate_*.changes
ls "$out"/simgate_*.deb
