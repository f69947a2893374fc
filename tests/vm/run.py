#!/usr/bin/env python3
"""Boots a Debian without the package, with the modem simulator behind a USB serial adapter, and lets
checks.py do the rest inside.

    run.py SIMGATE.deb

The machine is qemu under software emulation. Host and guest share build/vm/share: packages and checks
go in, the simulator's record of texts is read there, the journal comes out. Besides there is a serial
port of virtio on which the guest asks for what only the host can do: to pull the adapter out of the
emulated machine and put it in elsewhere, to make the network misbehave; and on which it tells how each
check went. The disk is never written: qemu keeps the changes for the time of the run."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, "build", "vm")
SHARE = os.path.join(OUT, "share")
QUIET = 600  # seconds without a word from the guest: it hangs. A check has several waits of guest.LIMIT
ADAPTER = {"driver": "usb-serial", "id": "adapter", "bus": "usb.0", "chardev": "modem", "serial": "SIMGATE1"}


class Lines:
    """Lines over a Unix socket that another program listens on."""

    def __init__(self, path, alive):
        self.sock = socket.socket(socket.AF_UNIX)
        self.buffer = b""
        end = time.monotonic() + 60
        while True:
            try:
                return self.sock.connect(path)
            except OSError:
                if not alive() or time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def write(self, line):
        self.sock.sendall(line.encode() + b"\n")

    def read(self, limit=QUIET):
        """None: the other end is gone."""
        self.sock.settimeout(limit)
        while b"\n" not in self.buffer:
            got = self.sock.recv(4096)
            if not got:
                return None
            self.buffer += got
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace")


class Machine:
    """The emulated machine, its monitor, and the modem simulator."""

    def __init__(self, folder):
        self.folder = folder
        self.simulator = subprocess.Popen(
            [os.path.join(ROOT, "build", "gsm-simulator"), "--modem", "gsm0", "--tcp", "127.0.0.1:0",
             "--control", self.path("control"), "--handset", os.path.join(SHARE, "handset.jsonl")],
            stdout=subprocess.PIPE, text=True)
        address = self.simulator.stdout.readline().split()[-1].removeprefix("tcp://")
        host, port = address.rsplit(":", 1)
        with open(os.path.join(OUT, "console.log"), "wb") as console:
            self.qemu = subprocess.Popen(
                ["qemu-system-x86_64", "-accel", "tcg", "-smp", "2", "-m", "1024",
                 "-display", "none", "-no-reboot", "-nic", "none", "-serial", "stdio",
                 "-kernel", os.path.join(OUT, "vmlinuz"), "-initrd", os.path.join(OUT, "initrd"),
                 "-append", "root=/dev/vda console=ttyS0 panic=-1 quiet "
                 "systemd.journald.forward_to_console=1 systemd.journald.max_level_console=info",
                 "-drive", f"file={OUT}/disk.ext4,format=raw,if=virtio,snapshot=on,cache=unsafe",
                 "-virtfs", f"local,path={SHARE},mount_tag=share,security_model=none",
                 "-device", "virtio-serial",
                 "-chardev", f"socket,id=host,path={self.path('host')},server=on,wait=off",
                 "-device", "virtserialport,chardev=host,name=host",
                 "-qmp", f"unix:{self.path('qmp')},server=on,wait=off",
                 "-device", "qemu-xhci,id=usb",
                 "-chardev", f"socket,id=modem,host={host},port={port}"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        self.guest = Lines(self.path("host"), self.alive)
        self.monitor = Lines(self.path("qmp"), self.alive)
        self.command("qmp_capabilities")

    def path(self, name):
        return os.path.join(self.folder, name)

    def alive(self):
        return self.qemu.poll() is None

    def command(self, name, event=None, **arguments):
        """One command of the monitor; with event, until that has happened, too."""
        self.monitor.write(json.dumps({"execute": name, "arguments": arguments}))
        awaited = {"return", event} - {None}
        while awaited:
            answer = json.loads(self.monitor.read())
            if "error" in answer:
                raise RuntimeError(f"{name}: {answer['error']['desc']}")
            awaited -= {answer.get("event"), "return" if "return" in answer else None}

    def do(self, what, argument):
        """What the guest asks for; returns the answer."""
        if what == "plug":
            self.command("device_add", port=argument, **ADAPTER)
        elif what == "unplug":
            self.command("device_del", "DEVICE_DELETED", id="adapter")
        elif what == "simulator":
            control = Lines(self.path("control"), lambda: self.simulator.poll() is None)
            control.write(argument)
            return control.read()
        else:
            raise ValueError(f"what is {what}?")
        return "ok"

    def close(self):
        for process in (self.qemu, self.simulator):
            process.kill()
            process.wait()


def serve(machine):
    """Does what the guest asks for and shows what it tells, until it is done; returns its last word."""
    while True:
        line = machine.guest.read()
        if line is None:
            return "the machine stopped in the middle"
        what, _, argument = line.partition(" ")
        if what == "done":
            return argument
        if what == "say":
            print(argument, flush=True)
            continue
        try:
            machine.guest.write(machine.do(what, argument))
        except (OSError, RuntimeError, ValueError) as error:
            machine.guest.write(f"error {error}")


def newer(deb):
    """The same package with a higher version and another default configuration."""
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        tree = os.path.join(folder, "tree")
        subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
        control = os.path.join(tree, "DEBIAN", "control")
        with open(control, encoding="utf-8") as file:
            lines = ["Version: 9.0\n" if line.startswith("Version:") else line for line in file]
        with open(control, "w", encoding="utf-8") as file:
            file.writelines(lines)
        with open(os.path.join(tree, "etc/simgate/simgate.conf"), "a", encoding="utf-8") as file:
            file.write("# a newer default\n")
        subprocess.run(["dpkg-deb", "-b", tree, os.path.join(SHARE, "newer.deb")], check=True,
                       stdout=subprocess.DEVNULL)


def main():
    deb = sys.argv[1]
    shutil.rmtree(SHARE, ignore_errors=True)
    os.makedirs(SHARE)
    for name in ("checks.py", "guest.py"):
        shutil.copy(os.path.join(HERE, name), SHARE)
    shutil.copy(deb, os.path.join(SHARE, "simgate.deb"))
    newer(deb)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(folder)
        try:
            last = serve(machine)
        except TimeoutError:
            last = f"the machine said nothing for {QUIET} s"
        finally:
            machine.close()
    print(last)
    print(f"{time.monotonic() - began:.0f} s")
    if last.endswith(", 0 failed"):
        return 0
    print(f"see {OUT}/console.log and {SHARE}/journal.log", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
