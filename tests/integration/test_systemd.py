"""The daemon as systemd runs it, with the test in systemd's place: notification socket, watchdog,
handed-over sockets, credentials; and what the shipped units say of themselves."""
import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

import pytest

import gate
from gate import wait_until

UNITS = os.path.join(gate.ROOT, "systemd")


class Listener:
    """The end of NOTIFY_SOCKET that systemd holds."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)
        self.seen = []

    def read(self):
        self.sock.setblocking(False)
        try:
            while True:
                self.seen += self.sock.recv(4096).decode().strip("\n").split("\n")
        except BlockingIOError:
            return self.seen

    def wait(self, what, after=0):
        """The index after the first line that matches from after on."""
        def there():
            for n, line in enumerate(self.read()[after:], after):
                if re.search(what, line):
                    return n + 1
            return None
        return wait_until(there, why=f"{what} was not told: {self.seen}")


@pytest.fixture
def listener(field):
    found = Listener(field.folder)
    yield found
    found.sock.close()


def watched(field, listener, *modems, usec=None, **more):
    env = {"NOTIFY_SOCKET": listener.path, **more.pop("env", {})}
    if usec is not None:
        env["WATCHDOG_USEC"] = str(usec)
    return field.gateway(*modems, env=env, **more)


# ---- ready, status ----

def test_ready_is_told_when_a_client_is_served(field, listener):
    gateway = watched(field, listener, start=False)
    gate.Process.__init__(gateway, [os.path.join(gate.BUILD, "simgated"), "-c", gateway.config],
                          os.path.join(field.folder, "simgated.log"),
                          {"NOTIFY_SOCKET": listener.path})
    listener.wait("^READY=1$")
    assert gateway.answers()  # at once, not after a while
    assert gateway.get("/healthz")["checks"]["store"]["status"] == "pass"


def test_a_database_that_cannot_be_used_is_never_ready(field, listener):
    gateway = watched(field, listener, start=False)
    with open(gateway.database, "wb") as file:
        file.write(b"no database at all" * 100)
    os.chmod(gateway.database, 0o600)
    gate.Process.__init__(gateway, [os.path.join(gate.BUILD, "simgated"), "-c", gateway.config],
                          os.path.join(field.folder, "simgated.log"),
                          {"NOTIFY_SOCKET": listener.path})
    assert gateway.popen.wait(gate.LIMIT) == 1
    assert "READY=1" not in listener.read()
    assert "not a database" in gateway.output()
    field.gateways.remove(gateway)


def test_status_says_in_words_how_it_goes(field, listener):
    simulator = field.simulator()
    simulator.control("registration 2")
    gateway = watched(field, listener, gate.modem("gsm0", simulator.pty))
    listener.wait(r"^STATUS=0 of 1 modems ready; gsm0 \w+")
    simulator.control("registration 1")
    gateway.wait_modem()
    listener.wait("^STATUS=1 of 1 modems ready; 0 messages under way$")


def test_stopping_is_told_and_the_message_on_the_air_is_finished(field, listener):
    simulator = field.simulator()
    gateway = watched(field, listener, gate.modem("gsm0", simulator.pty))
    gateway.wait_modem()
    simulator.control("set send-time 1000")
    sent = gateway.send("+79123456789", "on the air")
    gateway.wait_message(sent, "sending", "sent")
    assert gateway.stop() == 0
    listener.wait("^STOPPING=1$")
    assert len(simulator.handset()) == 1
    gateway.start()
    assert gateway.message(sent)["state"] == "sent"


def test_a_reload_is_told_and_what_came_of_it(field, listener):
    gateway = watched(field, listener)
    start = listener.wait("^READY=1$")
    with open(gateway.config, encoding="utf-8") as file:
        good = file.read()
    with open(gateway.config, "w", encoding="utf-8") as file:
        file.write(good + "queue_max = 0;\n")
    gateway.reload()
    start = listener.wait("^READY=1$", listener.wait("^RELOADING=1$", start))
    listener.wait("^STATUS=the new configuration has a problem", start)
    with open(gateway.config, "w", encoding="utf-8") as file:
        file.write(good)
    gateway.reload()
    start = listener.wait("^READY=1$", listener.wait("^RELOADING=1$", start))
    listener.wait("^STATUS=no modem is there", start)


# ---- watchdog ----

def test_the_watchdog_is_fed_in_time(field, listener):
    watched(field, listener, usec=900_000)
    at = listener.wait("^READY=1$")
    for _ in range(5):
        began = time.monotonic()
        at = listener.wait("^WATCHDOG=1$", at)
        assert time.monotonic() - began < 20  # a busy machine; by itself it takes 0.3 s


def test_without_a_watchdog_nothing_is_fed_and_nothing_is_run(field, listener):
    gateway = watched(field, listener)
    listener.wait("^READY=1$")

    def transactions():
        return gateway.get("/v1/status")["store"]["transactions"]

    before = transactions()
    time.sleep(1.5)  # something that must not happen
    assert transactions() - before <= 1  # a minute's chore may fall into it
    assert "WATCHDOG=1" not in listener.read()


def test_a_watchdog_for_another_process_is_not_fed(field, listener):
    watched(field, listener, usec=300_000, env={"WATCHDOG_PID": "1"})
    listener.wait("^READY=1$")
    time.sleep(1)  # something that must not happen
    assert "WATCHDOG=1" not in listener.read()


def feeds(listener):
    return listener.read().count("WATCHDOG=1")


def test_a_loop_that_stands_still_is_not_fed(field, listener):
    gateway = watched(field, listener, usec=900_000)
    wait_until(lambda: feeds(listener) > 0)
    gateway.signal(signal.SIGSTOP)
    time.sleep(0.3)
    before = feeds(listener)
    time.sleep(1.5)
    assert feeds(listener) == before
    gateway.signal(signal.SIGCONT)
    wait_until(lambda: feeds(listener) > before)


def test_a_store_that_stands_still_is_not_fed(field, listener):
    """The loop runs and answers, but the store waits for longer than the watchdog allows."""
    gateway = watched(field, listener, usec=600_000)
    wait_until(lambda: feeds(listener) > 0)
    with contextlib.closing(sqlite3.connect(gateway.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(0.3)
        before = feeds(listener)
        time.sleep(1.5)
        assert gateway.answers()
        assert feeds(listener) == before
        other.execute("ROLLBACK")
    wait_until(lambda: feeds(listener) > before)


# ---- sockets ----

ACTIVATE = """
import os, socket, sys
n = int(sys.argv[1])
for fd in range(3, 3 + n):
    os.set_inheritable(fd, True)
os.environ.update(LISTEN_FDS=str(n), LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def activated(field, *sockets, **more):
    """The daemon with these sockets from descriptor 3 on."""
    gateway = field.gateway(start=False, **more)
    read_end = [s.fileno() for s in sockets]
    spare = [os.dup(fd) for fd in read_end]

    def place():
        for n, fd in enumerate(spare):
            os.dup2(fd, 100 + n)
        for n in range(len(spare)):
            os.dup2(100 + n, 3 + n)

    with open(os.path.join(field.folder, "simgated.log"), "ab") as out:
        gateway.log = out.name
        gateway.popen = subprocess.Popen(
            [sys.executable, "-c", ACTIVATE, str(len(sockets)),
             os.path.join(gate.BUILD, "simgated"), "-c", gateway.config],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, close_fds=False, preexec_fn=place)
    for fd in spare:
        os.close(fd)
    return gateway


def unix_socket(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(path)
    sock.listen(64)
    return sock


def test_a_socket_handed_over_is_served_and_left_in_place(field):
    path = os.path.join(field.folder, "handed.sock")
    with unix_socket(path) as sock:
        gateway = activated(field, sock)
        own = gateway.socket
        gateway.socket = path
        # a client that came before the daemon is served, too: that is what the socket unit is for
        assert gateway.get("/v1/status").status == 200
        assert not os.path.exists(own)
        assert gateway.stop() == 0
        assert os.path.exists(path)  # systemd's, who listens on


@pytest.mark.parametrize("kind", ["two", "datagram"])
def test_sockets_without_use_are_refused_in_words(field, kind):
    path = os.path.join(field.folder, "a.sock")
    if kind == "two":
        socks = [unix_socket(path), unix_socket(path + "2")]
    else:
        socks = [socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)]
    gateway = activated(field, *socks)
    assert gateway.popen.wait(gate.LIMIT) == 1
    assert "simgated.socket" in gateway.output()
    for sock in socks:
        sock.close()
    field.gateways.remove(gateway)


@pytest.mark.skipif(shutil.which("systemd-socket-activate") is None, reason="systemd is not here")
def test_systemd_socket_activate_starts_it_at_the_first_client(field):
    path = os.path.join(field.folder, "handed.sock")
    gateway = field.gateway(start=False)
    gateway.socket = path
    gate.Process.__init__(gateway, ["systemd-socket-activate", "-l", path,
                                    os.path.join(gate.BUILD, "simgated"), "-c", gateway.config],
                          os.path.join(field.folder, "simgated.log"))
    wait_until(lambda: os.path.exists(path))
    assert gateway.get("/v1/status").status == 200
    assert gateway.stop() == 0


# ---- credentials ----

def credentials(field, **files):
    folder = os.path.join(field.folder, "credentials")
    os.mkdir(folder, 0o700)
    for name, text in files.items():
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o440)  # as systemd shows them
    return {"CREDENTIALS_DIRECTORY": folder}


def test_the_key_comes_as_a_credential(field):
    gateway = field.gateway(env=credentials(field, key="ab" * 32 + "\n"))
    assert not os.path.exists(os.path.join(field.folder, "key"))
    key = [c for c in gateway.get("/v1/doctor")["checks"] if c["check"] == "key"]
    assert [c["status"] for c in key] == ["pass"], key
    gateway.stop()
    # another key is told from it
    with open(os.path.join(field.folder, "key"), "w", encoding="utf-8") as file:
        file.write("cd" * 32)
    os.chmod(os.path.join(field.folder, "key"), 0o600)
    gateway.env = None
    with pytest.raises(AssertionError, match="key"):
        gateway.start()
    field.gateways.remove(gateway)


def test_a_pin_comes_as_a_credential(field):
    simulator = field.simulator("--pin", "4321")
    gateway = field.gateway(gate.modem("gsm0", simulator.pty),
                            env=credentials(field, pin_gsm0="4321\n"))
    gateway.wait_modem()
    assert "4321" not in gateway.output()


def test_a_key_is_made_once(tmp_path):
    path = tmp_path / "key"
    command = [os.path.join(gate.BUILD, "simgated"), "--make-key", str(path)]
    subprocess.run(command, check=True)
    first = path.read_bytes()
    assert re.fullmatch(rb"[0-9a-f]{64}\n", first) and path.stat().st_mode & 0o777 == 0o600
    subprocess.run(command, check=True)
    assert path.read_bytes() == first
    path.write_text("no key")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "64 hex digits" in done.stderr


# ---- the shipped units ----

analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")


@analyze
def test_the_service_is_exposed_by_no_more_than_1_5(tmp_path):
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15",
                           "--no-pager", os.path.join(UNITS, "simgated.service")],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr
    assert "PrivateUsers=yes" not in open(os.path.join(UNITS, "simgated.service"),
                                          encoding="utf-8").read()


@analyze
def test_the_units_verify(tmp_path):
    """With the programs of this build, for those of the units are not installed."""
    for name in os.listdir(UNITS):
        if name.endswith((".service", ".socket")):
            text = open(os.path.join(UNITS, name), encoding="utf-8").read()
            text = text.replace("/usr/sbin/simgated", os.path.join(gate.BUILD, "simgated"))
            (tmp_path / name).write_text(text)
    for drop_in in ("network", "power"):
        folder = tmp_path / "simgated.service.d"
        folder.mkdir(exist_ok=True)
        shutil.copy(os.path.join(UNITS, f"simgated-{drop_in}.conf"), folder / f"{drop_in}.conf")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                           *(str(path) for path in sorted(tmp_path.iterdir()) if path.is_file())],
                          capture_output=True, text=True, check=False,
                          env=dict(os.environ, SYSTEMD_UNIT_PATH=f"{tmp_path}:"))
    told = [line for line in done.stderr.split("\n") if "simgat" in line]
    assert done.returncode == 0 and not told, done.stderr


def test_the_udev_rule_knows_the_modems_that_simgate_knows():
    with open(os.path.join(gate.ROOT, "modem", "usb_table.c"), encoding="utf-8") as file:
        table = file.read().split("switches[]")[0]
    known = set(re.findall(r"^\t(?:BY_\w+\(|\{ )0x(\w{4}), 0x(\w{4}), ", table, re.M))
    assert len(known) > 40
    for kind in ("ATTR", "ATTRS"):
        ruled = set()
        with open(os.path.join(UNITS, "70-simgate.rules"), encoding="utf-8") as file:
            for vendor, products in re.findall(
                    rf'^SUBSYSTEM=="\w+", {kind}{{idVendor}}=="(\w+)", {kind}{{idProduct}}=="([\w|]+)"', file.read(),
                    re.M):
                ruled |= {(vendor, product) for product in products.split("|")}
        assert ruled == known
