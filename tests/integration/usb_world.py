"""A machine with USB modems: simgated sees a /sys and a /dev made here (a mount namespace), with
simulators behind the ports. What the kernel says of USB is all it goes by."""
import os
import shutil
import subprocess

import pytest

import gate

NODES = ("null", "zero", "urandom", "random")

# In the namespace: our folders in place of the kernel's, with what any program needs.
ENTER = """
set -e
for node in {nodes}; do touch {dev}/$node; mount --bind /dev/$node {dev}/$node; done
mount --bind /dev/pts {dev}/pts
mount --rbind {dev} /dev
mount --bind {sys} /sys
exec "$0" "$@"
"""


class World:
    def __init__(self, field):
        self.field = field
        self.sys, self.dev = (os.path.join(field.folder, name) for name in ("sys", "dev"))
        for folder in (f"{self.sys}/class/tty", f"{self.sys}/bus/usb/devices", f"{self.dev}/pts"):
            os.makedirs(folder)
        self.devnum = 0
        script = ENTER.format(nodes=" ".join(NODES), dev=self.dev, sys=self.sys)
        self.wrapper = ["unshare", "-m", "sh", "-c", script]
        if subprocess.run(self.wrapper + ["true"], capture_output=True, check=False).returncode:
            pytest.skip("needs the right to make a mount namespace")

    def gateway(self, modems, **more):
        return self.field.gateway(*modems, wrapper=self.wrapper, **more)

    def plug(self, path, usb_id, ports, serial=None):
        """ports: (interface, name, what the node leads to); the nodes come last, as with udev."""
        self.devnum += 1
        folder = f"{self.sys}/devices/{path}"
        facts = dict(zip(("idVendor", "idProduct"), usb_id.split(":")))
        facts.update({"busnum": 1, "devnum": self.devnum, "product": "a modem"})
        if serial is not None:
            facts["serial"] = serial
        self.write(folder, facts)
        for interface, name, _ in ports:
            below = f"{folder}/{path}:1.{interface}"
            self.write(below, {"bInterfaceNumber": f"{interface:02x}", "bInterfaceClass": "ff",
                               "bInterfaceSubClass": "00", "bInterfaceProtocol": "00"})
            os.makedirs(f"{below}/{name}/tty/{name}")
            os.symlink("../..", f"{below}/{name}/tty/{name}/device")
            os.symlink(os.path.relpath(f"{below}/{name}/tty/{name}", f"{self.sys}/class/tty"),
                       f"{self.sys}/class/tty/{name}")
        os.symlink(os.path.relpath(folder, f"{self.sys}/bus/usb/devices"),
                   f"{self.sys}/bus/usb/devices/{path}")
        for _, name, leads_to in ports:
            os.symlink(os.path.realpath(leads_to), f"{self.dev}/{name}")

    def unplug(self, path, ports):
        for _, name, _ in ports:
            os.unlink(f"{self.dev}/{name}")
            os.unlink(f"{self.sys}/class/tty/{name}")
        os.unlink(f"{self.sys}/bus/usb/devices/{path}")
        shutil.rmtree(f"{self.sys}/devices/{path}")

    @staticmethod
    def write(folder, facts):
        os.makedirs(folder)
        for name, value in facts.items():
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(f"{value}\n")


def match(name, text, more=""):
    """A modem of the configuration that is found by what it is."""
    return gate.modem(name, "", more).replace('device = "";', f"match = {{ {text} }};")
