"""What a simulator's transcript says about time: who was quick on the wire."""
import collections
import os
import re
import statistics
import time

MEASURED = 300  # syncs and round trips, one after the other
PACED = 50      # the same with a pause before each: processor and disk have gone to sleep meanwhile
LINE = re.compile(r"^(\d+\.\d+) (\S+) ([<>]) (.*)$", re.M)


def transcript(simulator):
    """(seconds, modem, direction, bytes) of each line, without the modem's echo of what it hears."""
    with open(simulator.dialogue_path, encoding="utf-8", errors="replace") as file:
        found = LINE.findall(file.read())
    return [(float(at), modem, way, text) for at, modem, way, text in found
            if way == "<" or text.startswith("\\r\\n")]


def commands(lines):
    """When each AT+CMGS went out."""
    return [at for at, _, way, text in lines if way == "<" and text.startswith("AT+CMGS=")]


def answers(lines):
    """When each message was accepted."""
    return [at for at, _, way, text in lines if way == ">" and "+CMGS:" in text]


def own_ms(lines):
    """What a modem itself takes for a text, from Ctrl-Z to its answer: timers are a little late."""
    ended, taken = {}, []
    for at, modem, way, text in lines:
        if way == "<" and text.endswith("<SUB>"):
            ended[modem] = at
        elif way == ">" and "+CMGS:" in text and modem in ended:
            taken.append((at - ended.pop(modem)) * 1000)
    return statistics.median(taken)


class Gaps:
    """From each final OK after +CMGS: to the next AT+CMGS and to the end of the next payload, in ms."""

    def __init__(self, lines):
        self.to_command, self.to_payload = [], []
        ok = {}
        for at, modem, way, text in lines:
            if way == ">" and "+CMGS:" in text:
                ok[modem] = at
            elif way == "<" and modem in ok and text.startswith("AT+CMGS="):
                self.to_command.append((at - ok[modem]) * 1000)
            elif way == "<" and modem in ok and text.endswith("<SUB>"):
                self.to_payload.append((at - ok.pop(modem)) * 1000)


class Spread(collections.namedtuple("Spread", "median p99 n")):
    """Of times in ms; prints as median / p99."""

    @classmethod
    def of(cls, values):
        ordered = sorted(values)
        if not ordered:
            return None
        return cls(statistics.median(ordered), ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], len(ordered))

    def __str__(self):
        return f"{number(self.median)} / {number(self.p99)}"


def number(value):
    """Three digits are enough."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.1 else f"{value:.2f}" if value >= 0.01 or value == 0 else f"{value:.3f}"


def sync_ms(folder, pause_s=0.0):
    """A 4 KiB append with fdatasync: the floor of a durable commit."""
    taken = []
    with open(os.path.join(folder, "sync"), "wb", buffering=0) as file:
        for _ in range(PACED if pause_s else MEASURED):
            time.sleep(pause_s)
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return Spread.of(taken)
