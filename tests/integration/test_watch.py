"""status --watch: drawn anew when something happens, until Ctrl-C."""
import json
import os
import re
import signal
import subprocess

import pytest

import gate
from terminal import COLOUR, Terminal, fits

TO = "+79123456789"
BEGIN, END = "\033[?1049h\033[?25l", "\033[?25h\033[?1049l"


class Watch(Terminal):
    """What stands on the screen now."""

    def __init__(self, gateway, **more):
        super().__init__(gateway, "status", "--watch", **more)

    def lines(self):
        pictures = self.read().split("\033[H")
        whole = [p for p in pictures if "\033[J" in p]
        return COLOUR.sub("", whole[-1]).split("\033[J")[0].replace("\033[K", "").split("\n") \
            if whole else []

    def see(self, what):
        gate.wait_until(lambda: re.search(what, "\n".join(self.lines()), re.M),
                        why=f"the screen shows no {what}, but {self.lines()}")

    def drawn(self):
        return self.read().count("\033[J")


@pytest.fixture
def watch():
    started = []

    def start(gateway, **more):
        started.append(Watch(gateway, **more))
        return started[-1]
    yield start
    for one in started:
        one.kill()


@pytest.fixture(scope="module")
def pair(shared):
    return shared.pair("--send-time", 5)


def counted(gateway):
    """How many requests the daemon has answered."""
    text = gateway.get("/metrics").raw.decode()
    return sum(float(line.split()[-1]) for line in text.split("\n")
               if line.startswith("simgate_http_requests_total") and '/metrics' not in line)


def test_events_draw_and_nothing_else_asks(pair, watch):
    seen = watch(pair[1])
    seen.see("^gsm0 +ready")
    assert seen.text.startswith(BEGIN)
    pair[1].wait_message(pair[1].send(TO, "hello"), "sent")
    seen.see("^messages +sent 1$")
    pair[1].wait_message(pair[1].send(TO, "hello"), "sent")
    seen.see("^messages +sent 2$")
    drawn = seen.drawn()
    before = counted(pair[1])
    gate.wait_until(lambda: seen.drawn() > drawn + 1, why="the times do not move")
    assert counted(pair[1]) - before <= 3  # the stream, opened again
    seen.type("\x03")
    text, code = seen.end()
    assert code == -signal.SIGINT and text.endswith(END), text[-80:]


def test_the_window_may_change(pair, watch):
    seen = watch(pair[1])
    seen.see("^gsm0 +ready")
    for columns, rows in ((44, 24), (120, 24), (80, 5)):
        drawn = seen.drawn()
        seen.resize(columns, rows)
        gate.wait_until(lambda: seen.drawn() > drawn, why="it is not drawn anew")
        lines = seen.lines()
        assert len(lines) <= rows and lines[0].startswith("health"), lines
        fits("\n".join(lines), columns)
    assert re.fullmatch(r"\(\d more lines\)", seen.lines()[-1])
    seen.type("\x03")
    assert seen.end()[1] == -signal.SIGINT


def test_a_restart_is_survived(field, watch):
    simulator, gateway = field.pair()
    seen = watch(gateway)
    seen.see("^gsm0 +ready")
    gateway.stop()
    seen.see(r"^simgated does not answer since \d+ s \(try: systemctl status simgated\)$")
    seen.see("^gsm0 +ready")  # the last that was known
    gateway.start()
    gateway.wait_modem()
    gateway.wait_message(gateway.send(TO, "hello"), "sent")
    seen.see("^messages +sent 1$")
    assert "does not answer" not in seen.lines()[0]
    assert simulator.alive()
    seen.type("\x03")
    text, code = seen.end()
    assert code == -signal.SIGINT and "running?" not in text


def test_ctrl_c_does_not_wait_for_a_daemon_that_hangs(field, watch):
    gateway = field.pair()[1]
    seen = watch(gateway)
    seen.see("^gsm0 +ready")
    gateway.signal(signal.SIGSTOP)
    try:
        seen.see("does not answer")
        seen.type("\x03")
        assert seen.end()[1] == -signal.SIGINT
    finally:
        gateway.signal(signal.SIGCONT)


def test_without_a_daemon_it_ends_at_once():
    text, code = Terminal(None, "--socket", "/none", "status", "--watch").end()
    assert code == 3 and "is simgated running?" in text and "\033" not in text


def test_other_signals_leave_the_terminal_too(pair, watch):
    for number in (signal.SIGTERM, signal.SIGHUP):
        seen = watch(pair[1])
        seen.see("^gsm0 +ready")
        seen.process.send_signal(number)
        text, code = seen.end()
        assert code == -number and text.endswith(END)


def test_a_stop_and_its_end(pair, watch):
    seen = watch(pair[1])
    seen.see("^gsm0 +ready")
    seen.process.send_signal(signal.SIGTSTP)
    gate.wait_until(lambda: END in seen.read(), why="the screen is not left")
    seen.process.send_signal(signal.SIGCONT)
    gate.wait_until(lambda: seen.read().count(BEGIN) == 2, why="the screen is not entered again")
    seen.see("^gsm0 +ready")
    seen.process.send_signal(signal.SIGINT)
    assert seen.end()[1] == -signal.SIGINT


def test_a_pipe_gets_each_picture_as_json(pair):
    program = [os.path.join(gate.BUILD, "simgate"), "--socket", pair[1].socket, "--json", "status",
               "--watch"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as watcher:
        def picture():
            text = ""
            for line in watcher.stdout:
                text += line
                if line == "}\n":
                    return json.loads(text)
            raise AssertionError(text)
        before = picture()["messages"]["sent"]
        pair[1].wait_message(pair[1].send(TO, "hello"), "sent")
        while picture()["messages"]["sent"] == before:
            pass
        watcher.terminate()
