"""simgate on a terminal of its own, and how its pictures are judged."""
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
import unicodedata

import gate

COLOUR = re.compile(r"\033\[\d+m")


def own_terminal():
    """In the child: as a shell starts it, though whoever runs the tests may ignore Ctrl-C."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """simgate on a pseudo-terminal that is its controlling one, as in a window of 80x24."""

    def __init__(self, gateway, *words, columns=80, rows=24, env=None, stdin="", user=None):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        where = ["--socket", gateway.socket] if gateway else []
        self.process = subprocess.Popen(
            [os.path.join(gate.BUILD, "simgate"), *where, *words],
            stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True, user=user,
            group=user, extra_groups=None if user is None else [],
            preexec_fn=own_terminal,
            env={k: v for k, v in {**os.environ, "TERM": "xterm", **(env or {})}.items()
                 if k != "NO_COLOR" or k in (env or {})})
        self.text = ""
        if stdin:
            self.type(stdin)

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys.encode())

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            self.text += os.read(self.master, 65536).decode(errors="replace").replace("\r\n", "\n")
        return self.text

    def wait(self, what):
        return gate.wait_until(lambda: re.search(what, self.read(), re.S), why=f"no {what}")

    def end(self):
        """Everything that was shown, and the exit code; the terminal is as it was."""
        end = time.monotonic() + gate.LIMIT
        while self.process.poll() is None:
            self.read()
            assert time.monotonic() < end, self.text
            time.sleep(0.005)
        self.read()
        assert termios.tcgetattr(self.slave) == self.before
        os.close(self.slave)
        os.close(self.master)
        return self.text, self.process.returncode

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(gate.LIMIT)


def show(gateway, *words, **more):
    """(what a person sees, without colours; the exit code)"""
    text, code = Terminal(gateway, *words, **more).end()
    return COLOUR.sub("", text), code


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in text)


def fits(text, columns=80):
    """No line is too long, or ends in blanks."""
    for line in COLOUR.sub("", text).split("\n"):
        assert width(line) <= columns, (width(line), line)
        assert line == line.rstrip(), line


def cells(text, head):
    """The rows of the table whose heads are these words, cut where the heads stand."""
    lines = text.split("\n")
    at = next(n for n, line in enumerate(lines) if line.split() == head.split())
    starts = [m.start() for m in re.finditer(r"\S+", lines[at])] + [None]
    rows = []
    for line in lines[at + 1:]:
        if not line or line.startswith(" "):
            break
        for start in starts[1:-1]:
            assert line[start - 2:start].strip() == "", (lines[at], line)
        rows.append([line[a:b].strip() for a, b in zip(starts, starts[1:])])
    return rows


def plain(text):
    """What does not depend on when and where: ids, times and folders have a name."""
    for what, name in ((r"\b(msg|ver|ctr|sms)_[0-9A-Z]{26}", r"\1_ID"), (r"\d\d:\d\d:\d\d", "CLOCK"),
                       (r"\d{4}-\d\d-\d\d", "DAY"), (r"\b\d+ (s|min|h)\b", "TIME"),
                       (r"/tmp/sg\w+", "DIR"), (r"  +", "  ")):
        text = re.sub(what, name, text)
    return text
