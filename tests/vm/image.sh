#!/bin/bash
# image.sh SIMGATE.deb - the disk of a small Debian with what the package depends on, into build/vm.
#
# It has a kernel, systemd, udev and the unit that runs checks.py, but not simgate. Made with
# debootstrap from the mirror that this system uses, and kept until the list of packages changes.
set -euo pipefail
cd "$(dirname "$0")/../.."

deb=$1
out=build/vm
[ "$(id -u)" -eq 0 ] || {
	echo "test-vm wants root, for debootstrap" >&2
	exit 1
}
# Whatever debootstrap mounts goes with this process.
[ -n "${SIMGATE_VM_MOUNTS-}" ] || exec env SIMGATE_VM_MOUNTS=own unshare --mount tests/vm/image.sh "$@"

suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
# shellcheck disable=SC2016 # apt's own words
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
	"Codename: $suite" 'Component: main' | head -n 1)
[ -n "$mirror" ] || {
	echo "apt names no mirror of Debian $suite" >&2
	exit 1
}
packages=systemd-sysv,udev,dbus,linux-image-amd64,initramfs-tools,python3,curl
depends=$(dpkg-deb -f "$deb" Depends)
key=$( (echo "$suite $mirror $depends" && cat tests/vm/image.sh) | sha256sum | cut -c1-16)
[ "$(cat $out/key 2>/dev/null)" != "$key" ] || exit 0

echo "making the disk of the machine: debootstrap $suite, a few minutes"
rm -rf $out
mkdir -p $out
root=$(mktemp -d /var/tmp/simgate-vm.XXXXXX)
trap 'rm -rf --one-file-system "$root"' EXIT
export DPKG_FORCE=unsafe-io
{
	debootstrap --variant=minbase --include="$packages" "$suite" "$root" "$mirror" &&
		DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get satisfy -y --no-install-recommends "$depends"
} >$out/debootstrap.log 2>&1 || {
	tail -n 20 $out/debootstrap.log >&2
	exit 1
}

echo machine >"$root/etc/hostname"
echo "/dev/vda / ext4 defaults 0 1" >"$root/etc/fstab"
# Just what finds the disk, so that the emulated machine has little to unpack.
printf '%s\n' virtio_pci virtio_blk ext4 >"$root/etc/initramfs-tools/modules"
echo MODULES=list >"$root/etc/initramfs-tools/conf.d/modules"
chroot "$root" update-initramfs -u >/dev/null
cat >"$root/etc/systemd/system/checks.service" <<UNIT
[Unit]
Description=The checks of the host
After=systemd-udev-trigger.service
FailureAction=poweroff-force

[Service]
ExecStartPre=udevadm settle --timeout=300
ExecStartPre=mount -m -t 9p -o trans=virtio,version=9p2000.L share /mnt/share
ExecStart=/usr/bin/python3 -B /mnt/share/checks.py

[Install]
WantedBy=multi-user.target
UNIT
ln -s ../checks.service "$root/etc/systemd/system/multi-user.target.wants/checks.service"
ln -s /dev/null "$root/etc/systemd/system/apt-daily.timer"
ln -s /dev/null "$root/etc/systemd/system/apt-daily-upgrade.timer"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb
cp "$root"/boot/vmlinuz-* $out/vmlinuz
cp "$root"/boot/initrd.img-* $out/initrd
mkfs.ext4 -q -F -d "$root" $out/disk.ext4 1500M
echo "$key" >$out/key
