"""The work that every gateway gets, and what is measured of it: each function starts one, works it on
simulated modems, and returns figures by name. A gateway that needs longer than its turn is measured
on what it did."""
import contextlib
import os
import random
import shutil
import tempfile
import time

import gate
import wire

TURN_S = 6       # for one work
READY_S = 45     # until the first text is out
HELD_MS = 3000   # how long the first answer takes, while the others are submitted
PROBES, PROBES_PEER = 60, 6  # of the latency on an idle modem: a peer takes a second for each
SLOW_MS = 100    # a real modem's time for a message, roughly


class Field:
    """One gateway on modems of one simulator, in a folder of its own."""

    def __init__(self, kind, modems=1, send_ms=0):
        self.folder = tempfile.mkdtemp(prefix="sg")
        names = [f"gsm{i}" for i in range(modems)]
        ports = {name: os.path.join(self.folder, f"{name}.pty") for name in names}
        more = [word for name in names[1:] for word in ("--modem", name, "--pty", ports[name])]
        self.simulator = gate.Simulator(self.folder, *more, common=("--send-time", send_ms))
        self.gateway = kind(self.folder, list(ports.items()))
        self.submitted = self.counted = self.read = 0

    def start(self):
        """Until it has sent a text through every modem; the transcript begins then."""
        self.gateway.start()
        self.submit()
        self.wait(1, READY_S)

    def submit(self, n=1):
        if n == 1:
            self.gateway.submit(f"+7912345{self.submitted % 10000:04d}", f"text {self.submitted}")
        else:
            self.gateway.submit_many(n)
        self.submitted += n

    def phones(self):
        """How many texts have reached a phone."""
        with open(self.simulator.handset_path, "rb") as file:
            file.seek(self.read)
            new = file.read()
        self.read += len(new)
        self.counted += new.count(b"\n")
        return self.counted

    def wait(self, n, limit=TURN_S):
        """Until n texts have reached a phone; False: it takes longer."""
        end = time.monotonic() + limit
        while self.phones() < n and time.monotonic() < end:
            time.sleep(0.002)
        return self.counted >= n

    def slow(self, send_ms):
        self.simulator.control(f"set send-time {send_ms}")

    def lines(self, since=0.0):
        return [line for line in wire.transcript(self.simulator) if line[0] >= since]

    def end(self):
        self.gateway.stop()
        self.simulator.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def worked(kind, **more):
    field = Field(kind, **more)
    try:
        yield field
    finally:
        field.end()


def burst(kind, send_ms, n):
    """n texts wait while the modem is held by the first; then it goes on at its pace."""
    with worked(kind) as field:
        field.start()
        field.slow(HELD_MS)
        field.submit()
        time.sleep(0.2)
        field.submit(n)
        field.slow(send_ms)
        field.wait(2, READY_S)
        cpu, began = field.gateway.cpu_seconds(), time.monotonic()
        field.wait(n + 2)
        cpu = field.gateway.cpu_seconds() - cpu
        lines = field.lines(began)
        done = wire.answers(lines)
    gaps = wire.Gaps(lines)
    rate = (len(done) - 1) / (done[-1] - done[0]) if len(done) > 1 else None
    return {"command": wire.Spread.of(gaps.to_command), "payload": wire.Spread.of(gaps.to_payload),
            "rate": rate, "cpu_ms": cpu * 1000 / len(done) if done else None}


def idle(kind):
    """Memory and wake-ups of a gateway with nothing to do, then the way of single texts through it."""
    rng, taken, quick = random.Random(1), [], not kind.programs
    with worked(kind) as field:
        field.start()
        time.sleep(2)
        wakes = field.gateway.wake_ups()
        time.sleep(4)
        figures = {"wakes": (field.gateway.wake_ups() - wakes) / 4,
                   "memory": field.gateway.private_kib() / 1024}
        for _ in range(PROBES if quick else PROBES_PEER):
            asked = time.monotonic()
            field.submit()
            if not field.wait(field.submitted):
                break
            taken += [at - asked for at in wire.commands(field.lines(asked))[:1]]
            time.sleep(rng.random() * (0.05 if quick else 1))
    figures["idle"] = wire.Spread.of([each * 1000 for each in taken])
    return figures


def accepts(kind):
    """Texts that it takes in a second; its modem is busy with the first."""
    with worked(kind, send_ms=60000) as field:
        field.gateway.start()
        return {"accepts": field.gateway.accepts()}


def many(kind, modems=64, each=40):
    """What many modems reach of their own limit, and of a core."""
    with worked(kind, modems=modems, send_ms=SLOW_MS) as field:
        field.start()
        field.submit(modems * each)
        field.wait(field.submitted // 10)
        cpu, began = field.gateway.cpu_seconds(), time.monotonic()
        before = field.phones()
        field.wait(field.submitted * 9 // 10)
        took = time.monotonic() - began
        cpu = field.gateway.cpu_seconds() - cpu
        rate = (field.phones() - before) / took
        own = wire.own_ms(field.lines(began))
    return {"many": 100 * rate * own / 1000 / modems, "many_core": 100 * cpu / took}


def everything(kind):
    """All figures of a gateway by name."""
    slow = {f"slow_{name}": figure for name, figure in burst(kind, SLOW_MS, 100).items()}
    return {**idle(kind), **accepts(kind), **burst(kind, 0, 1000), **slow, **many(kind)}
