"""A simulator and its port, driven by hand.

SIMGATE_BUILD names the build folder (default: build)."""

import json
import os
import select
import signal
import socket
import subprocess
import termios
import time
import tty

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, os.environ.get("SIMGATE_BUILD", "build"), "gsm-simulator")
LIMIT = 10.0  # seconds that nothing here should ever need

HELLO = ("0001000B916407281553F8000005E8329BFD06", 18)
TAIL = ("0071000C919471103254760000A70B0500032A0202E8E1341B", 24)
EMOJI = ("0031000C919471103254760008A70600E9D83DDE00", 20)


def wait_until(condition):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Port:
    """The host's end of a serial line."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)
        termios.tcflush(self.fd, termios.TCIOFLUSH)
        self.seen = b""

    def close(self):
        os.close(self.fd)

    def write(self, data):
        os.write(self.fd, data if isinstance(data, bytes) else data.encode())

    def fill(self, deadline):
        ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"nothing more came after {self.seen!r}")
        data = os.read(self.fd, 65536)
        if not data:
            raise OSError("hung up")
        self.seen += data

    def until(self, mark, limit=LIMIT):
        """Everything up to and with mark."""
        mark = mark.encode() if isinstance(mark, str) else mark
        deadline = time.monotonic() + limit
        while mark not in self.seen:
            self.fill(deadline)
        end = self.seen.index(mark) + len(mark)
        found, self.seen = self.seen[:end], self.seen[end:]
        return found.decode("latin-1")

    def quiet(self, seconds):
        """What comes in that time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.fd], [], [], deadline - time.monotonic())
            if ready:
                self.seen += os.read(self.fd, 65536)
        found, self.seen = self.seen, b""
        return found.decode("latin-1")

    def at(self, command, final="\r\nOK\r\n"):
        """The reply's lines without the final one."""
        self.write(command + "\r")
        reply = self.until(final)[: -len(final)]
        return [line for line in reply.replace("\r", "\n").split("\n") if line]

    def send(self, pdu, length, final="\r\nOK\r\n", prompt="\r\n> "):
        self.write(f"AT+CMGS={length}\r")
        self.until(prompt)
        self.write(pdu.encode() + b"\x1a")
        return self.until(final)


class Simulator:
    def __init__(self, folder, *options):
        self.pty = os.path.join(folder, "tty")
        self.handset_file = os.path.join(folder, "handset.jsonl")
        self.log = os.path.join(folder, "log")
        path = os.path.join(folder, "control")
        self.process = subprocess.Popen(
            [PROGRAM, "--quiet", "--pty", self.pty, "--control", path, "--send-time", "0",
             "--handset", self.handset_file, "--log", self.log, *options],
            stdout=subprocess.PIPE, text=True)
        self.ready = self.process.stdout.readline().split()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r")

    def ask(self, command):
        self.socket.sendall(command.encode() + b"\n")
        return self.lines.readline().rstrip("\n")

    def ok(self, command):
        answer = self.ask(command)
        assert answer.split(" ")[0] == "ok", (command, answer)
        return answer[3:]

    def stat(self, name):
        return int(dict(pair.split("=") for pair in self.ok("stats").split())[name])

    def violations(self):
        return int(self.ok("violations").split()[0])

    def texts(self):
        with open(self.handset_file, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def stop(self):
        self.lines.close()
        self.socket.close()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(LIMIT) == 0
        self.process.stdout.close()
        assert not os.path.lexists(self.pty)


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(*options):
        started.append(Simulator(str(tmp_path), *options))
        return started[-1]

    yield begin
    for simulator in started:
        simulator.stop()


@pytest.fixture
def sim(start):
    return start("--reports", "delivered", "--report-time", "0", "--number", "+79120000000")


def bring_up(simulator):
    port = Port(simulator.pty)
    for command in ("ATE0", "AT+CMEE=1", "AT+CMGF=0", "AT+CNMI=2,1,0,1,0"):
        port.at(command)
    return port


@pytest.fixture
def port(sim):
    opened = bring_up(sim)
    yield opened
    opened.close()
