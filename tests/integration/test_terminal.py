"""The command line as a person sees it: in a terminal of 80 columns."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

import gate
from gate import wait_until

COLOUR = re.compile(r"\033\[\d+m")


class Terminal:
    """simgate on a terminal."""

    def __init__(self, gateway, *words, columns=80):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [os.path.join(gate.BUILD, "simgate"), "--socket", gateway.socket, *words],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env=dict(os.environ, TERM="xterm"))
        os.close(slave)
        self.text = ""

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            try:
                part = os.read(self.master, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            self.text += part.decode(errors="replace").replace("\r\n", "\n")
        return self.text

    def wait(self, what):
        return wait_until(lambda: re.search(what, self.read(), re.S), why=what)

    def end(self):
        """Everything that was shown, and the exit code."""
        end = time.monotonic() + gate.LIMIT
        while self.process.poll() is None:
            self.read()
            assert time.monotonic() < end
            time.sleep(0.01)
        self.read()
        os.close(self.master)
        return self.text, self.process.returncode


@pytest.fixture(scope="module")
def pair(shared):
    return shared.pair()


def fits(text, columns=80):
    for line in COLOUR.sub("", text).split("\n"):
        assert len(line) <= columns, line


def test_status_fits_and_is_coloured(pair):
    text, code = Terminal(pair[1], "status").end()
    assert code == 0
    fits(text)
    assert "\033[32mpass\033[0m" in text and "\033[32mready\033[0m" in text
    lines = COLOUR.sub("", text).split("\n")
    head = next(n for n, line in enumerate(lines) if line.startswith("NAME"))
    row = lines[head + 1]
    for word in ("STATE", "SINCE", "SIGNAL"):  # columns are in line, colours or not
        at = lines[head].index(word)
        assert row[at - 1] == " " and row[at] != " ", (lines[head], row)
    assert re.search(r"\|{1,4}\.* -\d+ dBm", row)


def test_a_narrow_terminal_cuts_the_last_column(pair):
    pair[0].control("registration 2")
    pair[1].wait_modem("searching")
    try:
        text, code = Terminal(pair[1], "modem", "list", columns=66).end()
        assert code == 0 and ".." in text
        fits(text, 66)
    finally:
        pair[0].control("registration 1")
        pair[1].wait_modem()


def test_modem_show_and_doctor_fit(pair):
    for words in (("modem", "show", "gsm0"), ("list",), ("verify", "show", "none")):
        text, _ = Terminal(pair[1], *words).end()
        assert text.strip()
        for line in COLOUR.sub("", text).split("\n"):
            assert "\033" not in line
    text, code = Terminal(pair[1], "doctor").end()
    assert code in (0, 1, 2)
    assert re.search("\033\\[3[123]m(pass|warn|fail)\033\\[0m", text)


def test_watch_draws_anew_when_something_happens(pair):
    terminal = Terminal(pair[1], "status", "--watch")
    try:
        terminal.wait("gsm0")
        assert terminal.text.startswith("\033[H\033[J")
        sent = pair[1].send("+79123456789", "hello")
        pair[1].wait_message(sent, "sent")
        terminal.wait(r"\033\[H\033\[J.*\033\[H\033\[J.*sent 1")
    finally:
        terminal.process.send_signal(signal.SIGINT)
    _, code = terminal.end()
    assert code == -signal.SIGINT


def test_watch_ends_with_the_daemon(field):
    gateway = field.gateway()
    terminal = Terminal(gateway, "status", "--watch")
    terminal.wait("version")
    gateway.stop()
    text, code = terminal.end()
    assert code == 3 and "is simgated running?" in text


def test_completion_knows_every_verb(pair):
    listed = subprocess.run([os.path.join(gate.BUILD, "simgate"), "--list-verbs"], text=True,
                            capture_output=True, check=True).stdout
    helped = subprocess.run([os.path.join(gate.BUILD, "simgate"), "--help"], text=True,
                            capture_output=True, check=True).stdout
    for line in listed.strip().split("\n"):
        verb, sub = line.split()[:2]
        name = verb if sub == "-" else f"{verb} {sub}"
        assert re.search(rf"^  {re.escape(name)}\b", helped, re.M), name
    assert "status - --watch" in listed

    def complete(*words):
        script = (f'PATH={gate.BUILD}:$PATH; . {gate.ROOT}/docs/completion/simgate.bash;'
                  'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _simgate; echo "${COMPREPLY[*]}"')
        return subprocess.run(["bash", "-c", script, "bash", *words], text=True,
                              capture_output=True, check=True).stdout.split()

    assert complete("simgate", "ver") == ["verify"]
    assert set(complete("simgate", "modem", "re")) == {"resume", "reset", "reopen"}
    assert "--priority" in complete("simgate", "send", "--pr")
    assert complete("simgate", "send", "--priority", "h") == ["high"]
    assert complete("simgate", "--socket", pair[1].socket, "modem", "show", "g") == ["gsm0"]
