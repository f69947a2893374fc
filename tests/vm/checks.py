#!/usr/bin/env python3
"""What must hold in a booted Debian, in this order: each check finds the machine as the one before left it.

Runs as root inside the emulated machine (checks.service); "ok NAME" or "FAIL NAME: why" goes to the
host. See run.py."""
import contextlib
import glob
import hashlib
import os
import re
import signal
import subprocess
import traceback

from guest import (SHARE, Failed, call, expect, get, host, journal, pid, received, run, send, service, status, try_run,
                   wait_message, wait_modem, wait_received, wait_until)

CONFIG = "/etc/simgate/simgate.conf"
DATABASE = "/var/lib/simgate/simgate.db"
KEY = "/etc/simgate/key"
LINK = "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_SIMGATE1-if00-port0"
OWN_RULE = "/etc/udev/rules.d/71-simgate-local.rules"
NUMBER = "+79991234567"
GATEWAY = '''
sites = ( { name = "default"; text = { allowed = true; }; } );
modems = ( { name = "gsm0"; match = { usb_serial = "SIMGATE1"; }; number = "%s"; } );
'''
CLIENTS = 'clients = ( { user = "site"; role = "submit"; } );\n'

checks = []


def check(name):
    """The function below is the check of this name."""
    return lambda function: checks.append((name, function))


def configure(text):
    with open(CONFIG, "w", encoding="utf-8") as file:
        file.write(text)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def udev(device):
    """udev's properties of the device, when it has nothing left to do."""
    run("udevadm", "settle")
    lines = run("udevadm", "info", "--query=property", device).split("\n")
    return dict(line.split("=", 1) for line in lines)


def apt(*command):
    run("apt-get", "-y", "-q", "--no-install-recommends", *command, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))


# What a package manager, a journal and a running system write for themselves.
OTHERS = re.compile("/(proc|sys|dev|mnt|tmp|var/(tmp|log|cache|lib/(dpkg|apt|systemd/(timers|random-seed))))(/|$)")


def machine():
    """Files, users and groups, and units: what the package may have added to."""
    found = set()
    for folder, folders, files in os.walk("/"):
        folders[:] = [name for name in folders if not OTHERS.match(os.path.join(folder, name))]
        paths = [os.path.join(folder, name) for name in folders + files]
        found.update(path for path in paths if not path.startswith("/run") or "simgate" in path)
    for path in ("/etc/passwd", "/etc/group"):
        with open(path, encoding="utf-8") as file:
            found.update(f"{path}: {line.strip()}" for line in file)
    for what in ("list-units", "list-unit-files"):
        told = try_run("systemctl", what, "--all", "--plain", "--no-legend", "simgate*")[1]
        found.update(f"{what}: {line}" for line in told.split("\n") if line)
    return found


before = set()


# ---- install ----

@check("the machine boots, without simgate")
def boots():
    state = try_run("systemctl", "is-system-running", "--wait")[1]
    expect(state == "running", f"{state}: {run('systemctl', '--failed', '--plain', '--no-legend')}")
    for user in ("site", "visitor", "stranger"):
        run("useradd", user)
    before.update(machine())
    expect(not [path for path in before if "simgate" in path], "it is there already")


@check("apt installs it, and the service starts by itself")
def install():
    run("cp", f"{SHARE}/simgate.deb", f"{SHARE}/newer.deb", "/tmp")
    apt("install", "/tmp/simgate.deb")
    expect(service("ActiveState") == "active", status())
    expect(service("Type") == "notify" and service("StatusText"), "it has not told that it is ready")
    expect(service("UnitFileState") == "enabled", "it is not enabled")
    expect(service("ActiveState", "simgated.socket") == "active", "the socket is not active")
    expect(get("/v1/status"), "it does not answer")


@check("systemd accepts the units")
def verify():
    for unit in ("simgated.service", "simgated.socket", "simgated-metrics.socket", "simgate-key.service"):
        told = run("systemd-analyze", "verify", "--man=no", unit)
        expect(not told, f"{unit}: {told}")


@check("the service is exposed by 1.5 at most")
def security():
    told = run("systemd-analyze", "security", "--no-pager", "--threshold=15", "simgated.service")
    host.say(told.split("\n")[-1])


# ---- udev ----

@check("udev shows the adapter, to the group dialout")
def adapter():
    host.ask("plug 1")
    wait_until(lambda: os.path.exists(LINK), lambda: f"there is only {glob.glob('/dev/serial/by-id/*')}")
    expect(os.path.realpath(LINK) == "/dev/ttyUSB0", os.path.realpath(LINK))
    told = run("stat", "-c", "%U:%G %a", "/dev/ttyUSB0")
    expect(told == "root:dialout 660", told)


def device_of(port):
    """The USB device of a serial port, in sysfs."""
    path = "/sys" + udev(port)["DEVPATH"]
    while not os.path.exists(f"{path}/idVendor"):
        path = os.path.dirname(path)
    return path


@contextlib.contextmanager
def dressed(vendor, product):
    """The adapter as the kernel would show it with another USB id."""
    path = device_of("/dev/ttyUSB0")
    worn = {f"{path}/idVendor": vendor, f"{path}/idProduct": product}
    for place, text in worn.items():
        cloth = "/tmp/" + os.path.basename(place)
        with open(cloth, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        run("mount", "--bind", cloth, place)
    run("udevadm", "trigger", "--action=change", path, "/dev/ttyUSB0")
    try:
        yield path
    finally:
        for place in worn:
            run("umount", place)


@check("a modem that simgate knows is kept from ModemManager, and used without a configuration")
def known():
    expect("ID_MM_DEVICE_IGNORE" not in udev("/dev/ttyUSB0"), "any adapter is kept from ModemManager")
    with dressed("12d1", "1001") as device:
        expect(udev(device).get("ID_MM_DEVICE_IGNORE") == "1", f"device: {udev(device)}")
        expect(udev("/dev/ttyUSB0").get("ID_MM_PORT_IGNORE") == "1", f"port: {udev('/dev/ttyUSB0')}")
        wait_until(lambda: [m["state"] for m in get("/v1/modems")["items"]] == ["ready"],
                   lambda: f"modems: {get('/v1/modems')}")
    host.ask("unplug")
    wait_until(lambda: not os.path.exists(LINK), "udev keeps the link")
    host.ask("plug 1")
    wait_until(lambda: os.path.exists(LINK), "it does not come back")


@check("a line of one's own keeps ModemManager off another modem")
def own_rule():
    with open(OWN_RULE, "w", encoding="utf-8") as file:
        file.write('SUBSYSTEM=="usb", ATTR{idVendor}=="0403", ATTR{idProduct}=="6001", ENV{ID_MM_DEVICE_IGNORE}="1"\n')
    run("udevadm", "control", "--reload")
    run("udevadm", "trigger")
    properties = udev(device_of(LINK))
    expect(properties.get("ID_MM_DEVICE_IGNORE") == "1", str(properties))
    os.unlink(OWN_RULE)


# ---- one modem, clients ----

@check("reload takes a modem that is found by its USB serial")
def first_modem():
    configure(GATEWAY % NUMBER)
    run("systemctl", "reload", "simgated")
    wait_modem("ready")


@check("a user of the group sends over the socket, and a phone receives it")
def group_sends():
    run("usermod", "-aG", "simgate", "site")
    run("usermod", "-aG", "simgate", "visitor")
    wait_message(send("first"), "sent")
    wait_received("first")


@check("a user outside the group cannot open the socket")
def stranger():
    code, why = call("POST", "/v1/messages", {"to": NUMBER, "text": "no"}, "stranger")
    expect(code == 0, f"{code} {why}")
    told = try_run("runuser", "-u", "stranger", "--", "simgate", "status")
    expect(told[0] == 3 or told[0] == 8, f"simgate: {told}")


@check("with clients, a user of the group who is not among them is refused")
def not_a_client():
    configure(CLIENTS + GATEWAY % NUMBER)
    run("systemctl", "reload", "simgated")
    wait_until(lambda: call("GET", "/v1/status", user="visitor")[0] == 403, "the reload brought no clients")
    code, body = call("POST", "/v1/messages", {"to": NUMBER, "text": "no"}, "visitor")
    expect((code, body["reason"]) == (403, "not_a_client"), f"{code} {body}")
    wait_message(send("second"), "sent")
    wait_received("second")
    expect("no" not in received(), "a refused text was sent")


# ---- another port ----

@check("messages wait while the adapter moves to another port, and arrive once")
def moved():
    place = udev("/dev/ttyUSB0")["ID_PATH"]
    host.ask("simulator set send-time 2000")
    texts = [f"moving {n}" for n in range(6)]
    messages = [send(text) for text in texts]
    wait_message(messages[0], "sent")
    host.ask("unplug")
    wait_modem("absent")
    expect(get(f"/v1/messages/{messages[-1]}")["state"] == "queued", "nothing waits")
    host.ask("plug 2")
    wait_modem("ready", "sending")
    expect(udev(LINK)["ID_PATH"] != place, "it is on the same port")
    for message in messages:
        wait_message(message, "sent", "uncertain")
    wait_received(*texts)
    states = [get(f"/v1/messages/{message}")["state"] for message in messages]
    expect(states.count("uncertain") <= 1, f"more than the one on the air is in doubt: {states}")
    host.ask("simulator set send-time 100")


# ---- reload, restart, watchdog ----

@check("reload keeps the process and takes a change")
def reload_change():
    was = pid()
    configure(CLIENTS + GATEWAY % "+79990000002")
    run("systemctl", "reload", "simgated")
    wait_until(lambda: get("/v1/modems/gsm0")["number"] == "+79990000002", lambda: str(get("/v1/modems/gsm0")))
    expect(pid() == was, "another process")


@check("reload of a bad file fails, changes nothing and says why")
def reload_bad():
    was = pid()
    configure(CLIENTS + GATEWAY % NUMBER + "queue_max = 0;\n")
    code, _ = try_run("systemctl", "reload", "simgated")
    expect(code != 0, "systemctl reload succeeded")
    why = [line["MESSAGE"] for line in journal() if f"{CONFIG}:" in line["MESSAGE"] and "queue_max" in line["MESSAGE"]]
    expect(why, "the journal does not say why")
    expect(pid() == was and service("ActiveState") == "active", "another process")
    expect(get("/v1/modems/gsm0")["number"] == "+79990000002", "it took part of the file")
    configure(CLIENTS + GATEWAY % NUMBER)
    run("systemctl", "reload", "simgated")


@check("restart finishes the message on the air, and serves who comes meanwhile")
def restart():
    was = pid()
    host.ask("simulator set send-time 3000")
    message = send("on the air")
    wait_message(message, "sending")
    with subprocess.Popen(["systemctl", "restart", "simgated"]) as restarting:
        wait_until(lambda: pid() != was, "it does not stop")
        later = send("meanwhile")
    expect(restarting.returncode == 0 and pid() != was, "it was not restarted")
    host.ask("simulator set send-time 100")
    wait_message(message, "sent")
    wait_message(later, "sent")
    wait_received("on the air", "meanwhile")


def killed(text, number, result):
    """Messages wait for a network; then the process gets this signal; then the network comes."""
    was, restarts = pid(), int(service("NRestarts"))
    expect(was, status())
    host.ask("simulator registration 2")
    wait_modem("searching")
    message = send(text)
    os.kill(was, number)
    wait_until(lambda: int(service("NRestarts")) == restarts + 1, status)
    wait_until(lambda: service("ActiveState") == "active", status)
    expect(pid() not in (0, was), "the same process")
    told = run("journalctl", "-b", "-q", "--no-pager", "UNIT=simgated.service")
    expect(f"Failed with result '{result}'" in told, told[-400:])
    expect(get(f"/v1/messages/{message}")["state"] == "queued", "it did not wait")
    host.ask("simulator registration 1")
    wait_message(message, "sent")
    wait_received(text)


@check("a daemon that stands still is killed by the watchdog and starts again")
def watchdog():
    killed("over the watchdog", signal.SIGSTOP, "watchdog")


@check("a daemon that is killed starts again")
def kill():
    killed("over a kill", signal.SIGKILL, "signal")


# ---- journal ----

@check("the journal is found by modem, object, reason and kind")
def fields():
    host.ask(f"simulator refuse {NUMBER} 1")
    message = send("refused", NUMBER)
    wait_message(message, "failed")
    told = journal("MODEM=gsm0", f"SIMGATE_ID={message}")
    expect(told, f"nothing with SIMGATE_ID={message}: {journal('MODEM=gsm0')[-3:]}")
    expect(told[-1]["REASON"] == "cms_1" and told[-1]["MESSAGE_ID"] == "420e7e2cf7254cb588cd60e73de820f2", str(told[-1]))
    states = journal("MODEM=gsm0", "MESSAGE_ID=786860e11e78497880f3ae779bae9bab", "REASON=ready")
    expect(states, "the modem was never told to be ready")
    expect(journal("MODEM=gsm1") == [], "a modem that is not there")


@check("the journal shows neither numbers nor texts")
def masked():
    told = "\n".join(line["MESSAGE"] for line in journal())
    for secret in (NUMBER[1:], "79990000002", "79123456789", "moving", "over the watchdog"):
        expect(secret not in told, f"{secret} stands in the journal")


# ---- upgrade, remove, purge ----

@check("an upgrade keeps data, key and configuration, and the service runs")
def upgrade():
    was, kept = pid(), [digest(CONFIG), digest(KEY)]
    host.ask("simulator registration 2")
    wait_modem("searching")
    message = send("over the upgrade")
    apt("-o", "Dpkg::Options::=--force-confold", "install", "/tmp/newer.deb")
    expect(run("dpkg-query", "-W", "-f", "${Version}", "simgate") == "9.0", "it is not the newer one")
    expect(service("ActiveState") == "active" and pid() != was, status())
    expect([digest(CONFIG), digest(KEY)] == kept, "configuration or key has changed")
    told = run("stat", "-c", "%U:%G %a", CONFIG)
    expect(told == "root:simgate 640", told)
    host.ask("simulator registration 1")
    wait_message(message, "sent")
    wait_received("over the upgrade")


@check("remove stops it and keeps data and configuration")
def remove():
    was = pid()
    apt("remove", "simgate")
    expect(not os.path.exists(f"/proc/{was}"), "the daemon runs on")
    expect(not os.path.exists("/run/simgate/api.sock"), "the socket is there")
    expect(not os.path.exists("/usr/sbin/simgated"), "the program is there")
    for path in (CONFIG, KEY, DATABASE):
        expect(os.path.exists(path), f"{path} is gone")


@check("purge leaves nothing")
def purge():
    run("systemctl", "reset-failed")
    apt("purge", "simgate")
    left = machine() - before
    expect(not left, ", ".join(sorted(left)))
    gone = before - machine()
    expect(not gone, f"gone: {', '.join(sorted(gone))}")
    expect(try_run("pidof", "simgated")[0] != 0, "a process runs on")


@check("the machine is as sound as it was")
def sound():
    expect(try_run("systemctl", "is-system-running")[1] == "running", run("systemctl", "--failed", "--no-legend"))


def main():
    failed = 0
    for name, function in checks:
        try:
            function()
            host.say(f"ok {name}")
        except Exception as error:  # whatever it is, the next check is run
            failed += 1
            why = str(error) if isinstance(error, Failed) else traceback.format_exc()
            host.say(f"FAIL {name}: {' / '.join(why.split(chr(10)))}")
    if failed:
        with open(f"{SHARE}/journal.log", "w", encoding="utf-8") as file:
            file.write(run("journalctl", "-b", "--no-pager", "-o", "short-monotonic"))
    host.done(f"{len(checks) - failed} passed, {failed} failed")


if __name__ == "__main__":
    main()
