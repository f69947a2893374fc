#!/bin/sh
# test.sh - installs the package in a copy of this system (an overlay that is thrown away), uses it,
# upgrades, removes and purges it; what it leaves is compared with what was there before.
set -eu
cd "$(dirname "$0")/../.."

version=$(cat VERSION)
deb=$(ls "$PWD"/build/deb/simgate_"$version"_*.deb)
here=$(cd "$(dirname "$0")" && pwd)

if [ "${1-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || {
		echo "test-deb wants root, for an overlay and a chroot" >&2
		exit 1
	}
	exec unshare --mount --pid --fork --kill-child "$here/test.sh" inside
fi

# ---- the copy ----

work=$(mktemp -d)
mount -t tmpfs -o size=2g tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" overlay "$work/root"
root=$work/root
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
cp "$deb" "$root/tmp/simgate.deb"
# No init runs in there: services are not started by the scripts.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"

passed=0
ok() {
	passed=$((passed + 1))
	echo "ok $passed $*"
}
fail() {
	echo "not ok $*" >&2
	exit 1
}
in_copy() {
	DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}
quiet() {
	"$@" >"$work/log" 2>&1 || {
		tail -n 30 "$work/log" >&2
		fail "$*"
	}
}
# What stands in the copy beside the package manager's own records.
listing() {
	(cd "$root" && find bin etc lib opt run sbin srv usr var -xdev ! -type d -o -type d -name '*simgate*' |
		grep -Ev '^var/(lib/(dpkg|apt|systemd/deb-systemd)|cache|log)|^etc/(passwd|group|g?shadow|subuid|subgid)-?$|^etc/\.pwd\.lock|^run/' | sort)
	cut -d: -f1 "$root/etc/passwd" "$root/etc/group" | sort
}
# ---- install ----

listing >"$work/before"
quiet in_copy apt-get install -y --no-install-recommends /tmp/simgate.deb
ok "installs, and finds its libraries"

for file in /usr/sbin/simgated /usr/bin/simgate /etc/simgate/simgate.conf \
	/lib/systemd/system/simgated.service /lib/systemd/system/simgated.socket \
	/lib/systemd/system/simgated-metrics.socket /lib/systemd/system/simgate-key.service \
	/usr/lib/sysusers.d/simgate.conf /usr/lib/tmpfiles.d/simgate.conf \
	/lib/udev/rules.d/70-simgate.rules /usr/share/bash-completion/completions/simgate \
	/usr/share/man/man8/simgated.8.gz /usr/share/man/man1/simgate.1.gz \
	/usr/share/man/man5/simgate.conf.5.gz; do
	[ -s "$root$file" ] || fail "$file is missing"
done
ok "brings its files"

in_copy getent passwd simgate | grep -q ':/var/lib/simgate:' || fail "there is no user simgate"
in_copy id -nG simgate | grep -qw dialout || fail "simgate is not in dialout"
ok "makes the user"

in_copy stat -c '%a %U:%G' /etc/simgate/simgate.conf | grep -qx '640 root:simgate' || fail "mode of the configuration"
in_copy stat -c '%a %U:%G' /var/lib/simgate | grep -qx '700 simgate:simgate' || fail "mode of the folder of data"
in_copy stat -c '%a %U:%G' /etc/simgate/pin | grep -qx '700 root:root' || fail "mode of the folder of PINs"
in_copy stat -c '%a %U:%G' /var/spool/simgate | grep -qx '2770 simgate:simgate' || fail "mode of the spool"
ok "has narrow rights"

for unit in simgated.service simgated.socket; do
	in_copy systemctl is-enabled "$unit" >/dev/null || fail "$unit is not enabled"
done
in_copy systemctl is-enabled simgated-metrics.socket >/dev/null && fail "metrics are on TCP unasked"
ok "enables service and socket, metrics on TCP not"
quiet in_copy systemd-analyze verify --man=no simgated.service simgated.socket simgated-metrics.socket
ok "has units that systemd accepts"

# ---- use: as the service would, by its user ----

as_service() {
	in_copy setpriv --reuid simgate --regid simgate --init-groups --no-new-privs "$@"
}
quiet as_service simgated --check-config
ok "has a default configuration without a problem"
quiet in_copy simgated --make-key /etc/simgate/key
in_copy mkdir -p /run/simgate /run/credentials
in_copy chown simgate:simgate /run/simgate
in_copy install -m 0400 -o simgate /etc/simgate/key /run/credentials/key
in_copy setpriv --reuid simgate --regid simgate --init-groups env CREDENTIALS_DIRECTORY=/run/credentials \
	simgated >"$work/daemon.log" 2>&1 &
for _ in $(seq 600); do
	in_copy simgate --json status >"$work/status" 2>/dev/null && break
	[ $? -le 2 ] && [ -s "$work/status" ] && break
	sleep 0.1
done
grep -q '"status"' "$work/status" || {
	cat "$work/daemon.log" >&2
	fail "the daemon does not answer"
}
in_copy simgate status >"$work/status" || [ $? -le 2 ]
grep -q "^simgated" "$work/status" || fail "simgate status: $(cat "$work/status")"
ok "runs as its user, with the key as a credential"
in_copy sh -c "echo 'queue_max = 5000000;' >> /etc/simgate/simgate.conf"
stop() {
	# shellcheck disable=SC2016 # expanded inside
	in_copy sh -c 'kill $(pidof simgated)' && wait
}
stop
[ -s "$root/var/lib/simgate/simgate.db" ] || fail "no database"
sum=$(md5sum <"$root/var/lib/simgate/simgate.db")
cut -c1-20 "$root/etc/simgate/key" >"$work/key"

# shellcheck disable=SC2016 # expanded inside
words=$(in_copy bash -c '. /usr/share/bash-completion/completions/simgate
	COMP_WORDS=(simgate verify ""); COMP_CWORD=2; _simgate; echo "${COMPREPLY[*]}"')
[ "$words" = "start check show cancel" ] || fail "completion: $words"
ok "completes in the shell"

# ---- upgrade ----

in_copy sh -c "cd /tmp && dpkg-deb -R simgate.deb new && sed -i 's/^Version:.*/Version: 9.0/' new/DEBIAN/control &&
	echo '# a newer default' >> new/etc/simgate/simgate.conf &&
	(cd new && md5sum etc/simgate/simgate.conf >/dev/null) && dpkg-deb -b new newer.deb >/dev/null"
quiet in_copy apt-get install -y -o Dpkg::Options::=--force-confold /tmp/newer.deb
grep -q 'queue_max = 5000000' "$root/etc/simgate/simgate.conf" || fail "the configuration was replaced"
[ "$(md5sum <"$root/var/lib/simgate/simgate.db")" = "$sum" ] || fail "the database was touched"
[ "$(cut -c1-20 "$root/etc/simgate/key")" = "$(cat "$work/key")" ] || fail "the key was touched"
in_copy stat -c '%a %U:%G' /etc/simgate/simgate.conf | grep -qx '640 root:simgate' || fail "mode after the upgrade"
ok "keeps data, key and configuration in an upgrade"

# ---- remove, purge ----

quiet in_copy apt-get remove -y simgate
[ -e "$root/usr/sbin/simgated" ] && fail "simgated is still there"
for file in /var/lib/simgate/simgate.db /etc/simgate/key; do
	[ -s "$root$file" ] || fail "remove took $file"
done
ok "keeps data when it is removed"
quiet in_copy apt-get purge -y simgate
listing >"$work/after"
diff "$work/before" "$work/after" >"$work/difference" || {
	cat "$work/difference" >&2
	fail "purge leaves something"
}
ok "leaves nothing when it is purged"
echo "$passed passed, 0 failed"
