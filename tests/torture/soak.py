#!/usr/bin/env python3
"""Sends and reopens for a while, or until both have been done so often; prints descriptors and
private memory as it goes, ends the daemon by SIGTERM and looks at what valgrind or ThreadSanitizer
say of it, where they watch.

Growth is what is left after the first third: caches and the allocator fill before."""
import argparse
import itertools
import json
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

import conftest  # noqa: E402
import gate  # noqa: E402
import hostile  # noqa: E402

VALGRIND = ("valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--track-fds=yes",
            "--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect")
SITES = """sites = ( { name = "shop"; title = "Shop"; origin = "shop.example"; region = "RU"; locale = "ru";
  text = { allowed = true; }; verification = { limits = { per_prefix = [ ]; }; }; } );"""
RETENTION = 'retention = { events = "1m"; messages = "1m"; };'  # as in a year, rows come and go
CLIENTS, STEPS = 4, 12
QUEUED = 5000  # below this the crowd submits as many again
MEMORY_KIB, FILES = 3072, 4  # how much more at the end is no growth


class Worker(threading.Thread):
    """Turns until it is told to stop."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.fault = world, None
        self.connection = gate.UnixConnection(world.gateway.socket)

    def ask(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body).encode() if body else None)
        return gate.Answer(self.connection.getresponse())

    def run(self):
        try:
            while not self.world.stop.is_set():
                self.turn()
        except Exception as fault:  # told at the end
            self.fault = fault
        self.connection.close()


class Submitter(Worker):
    """Texts, lists and verifications on one connection."""
    serial = itertools.count(1)

    def turn(self):
        n = next(self.serial)
        answer = self.ask("POST", "/v1/messages", {"to": f"+7912{n % 10 ** 7:07d}", "text": "soak"})
        assert answer.status == 202, answer
        if n % 20 == 0:
            self.verify(n)
        if n % 50 == 0:
            assert self.ask("GET", "/v1/messages?state=sent&limit=20").status == 200
        time.sleep(self.world.pause)

    def verify(self, n):
        started = self.ask("POST", "/v1/verifications", {"account": f"a{n}", "phone": f"+7916{n % 10 ** 7:07d}"})
        if started.reason == "prefix_suspended":  # nobody ever enters their codes
            return
        assert started.status == 202, started
        answer = self.ask("POST", f"/v1/verifications/{started['id']}/check", {"code": "000000"})
        assert answer.status in (200, 423), answer


class Crowd(Worker):
    """As many texts as the modems take, over connections that come and go."""

    def turn(self):
        counts = self.ask("GET", "/v1/status")["messages"]
        if counts.get("queued", 0) > QUEUED:
            time.sleep(0.2)
            return
        told = subprocess.run([os.path.join(gate.BUILD, "bench", "load_accepts"), self.world.gateway.socket,
                               "16", str(QUEUED)], capture_output=True, text=True, check=True).stdout
        assert told.rstrip().endswith(" 0 not 202"), told


class Reopener(Worker):
    """Reopens one modem again and again, whatever it is doing; at most so often, if told."""

    def __init__(self, world, name, most):
        super().__init__(world)
        self.name, self.most, self.reopened = name, most, 0

    def turn(self):
        if self.most and self.reopened >= self.most:
            time.sleep(0.2)
            return
        answer = self.ask("POST", f"/v1/modems/{self.name}/actions", {"action": "reopen"})
        if answer.reason == "modem_busy":  # a message is on its way
            time.sleep(0.02)
            return
        assert answer.status == 202, answer
        gate.wait_until(self.is_back, why=f"{self.name} did not come back")

    def is_back(self):
        time.sleep(0.05)
        modem = self.ask("GET", f"/v1/modems/{self.name}")
        back = modem["reopenings"] > self.reopened and modem["state"] in ("ready", "sending")
        self.reopened = modem["reopenings"] if back else self.reopened
        return back


class World:
    """The daemon, its modems and those who work it: how far they are."""

    def __init__(self, gateway, modems, pause):
        self.gateway, self.modems, self.pause = gateway, modems, pause
        self.stop, self.samples, self.began = threading.Event(), [], time.monotonic()
        self.reopeners, self.workers = [], []

    def add(self, worker):
        self.workers.append(worker)
        worker.start()
        return worker

    def sent(self):
        """Messages that reached a phone."""
        stats = [dict(word.split("=") for word in m.control("stats").split()) for m in self.modems]
        return sum(int(each["handset"]) for each in stats)

    def reopened(self):
        return sum(each.reopened for each in self.reopeners)

    def sample(self):
        """(seconds, messages, reopenings, memory, files) now."""
        self.samples.append((time.monotonic() - self.began, self.sent(), self.reopened(),
                             hostile.memory_kib(self.gateway), hostile.files(self.gateway)))
        return self.samples[-1]

    def end(self):
        self.stop.set()
        for worker in self.workers:
            worker.join(gate.LIMIT)
        return [repr(worker.fault) for worker in self.workers if worker.fault]


def part_done(world, args):
    """How much of what was asked for is done."""
    if args.messages:
        return min(world.sent() / args.messages, world.reopened() / args.reopenings)
    return (time.monotonic() - world.began) / args.seconds


def soak(world, args, tell):
    """Runs it; returns the workers' faults."""
    most = -(-args.reopenings // args.reopened) if args.messages else None
    world.reopeners = [world.add(Reopener(world, modem.name, most)) for modem in world.modems[-args.reopened:]]
    for _ in range(CLIENTS):
        world.add(Submitter(world))
    if args.messages:
        world.add(Crowd(world))
    for step in range(1, STEPS + 1):
        while part_done(world, args) < step / STEPS and not any(each.fault for each in world.workers):
            time.sleep(0.2)
        tell(*world.sample())
    return world.end()


def simulator(field, name, quiet):
    """quiet: nobody reads what was said a million times."""
    if quiet:
        for kind in ("dialogue", "handset"):
            os.symlink(os.devnull, os.path.join(field.folder, f"{name}.{kind}"))
    return field.simulator("--send-time", 1, name=name)


def growth(early, late, slow):
    """What is wrong between two samples."""
    wrong = []
    if not slow and late[3] - early[3] > MEMORY_KIB:
        wrong.append(f"private memory grew from {early[3]} to {late[3]} KiB")
    if late[4] - early[4] > FILES:
        wrong.append(f"open files grew from {early[4]} to {late[4]}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--messages", type=int, help="until so many have been sent ...")
    parser.add_argument("--reopenings", type=int, default=1, help="... and modems reopened so often")
    parser.add_argument("--modems", type=int, default=2)
    parser.add_argument("--reopened", type=int, default=1, help="how many of them")
    parser.add_argument("--valgrind", action="store_true")
    args = parser.parse_args()
    thread = "build-thread" in gate.BUILD
    slow = args.valgrind or thread
    print(f"{'seconds':>8}{'messages':>10}{'reopened':>10}{'private KiB':>13}{'files':>7}", flush=True)

    def tell(at, sent, reopened, memory, opened):
        print(f"{at:>8.0f}{sent:>10}{reopened:>10}{memory:>13}{opened:>7}", flush=True)

    with conftest.opened() as field:
        modems = [simulator(field, f"gsm{i}", args.messages) for i in range(args.modems)]
        gateway = field.gateway(*(gate.modem(m.name, m.pty) for m in modems), sites=SITES, more=RETENTION,
                                env={"TSAN_OPTIONS": "exitcode=66 report_thread_leaks=1"},
                                wrapper=VALGRIND if args.valgrind else (), level="info")
        for modem in modems:
            gateway.wait_modem(name=modem.name)
        world = World(gateway, modems, 0.05 if slow or args.messages else 0.002)
        wrong = soak(world, args, tell)
        code = gateway.stop()
        if code != 0:
            wrong.append(f"it ended with {code}: {gateway.output()[-6000:]}")
        if "something was left on the loop" in gateway.output() or "WARNING: ThreadSanitizer" in gateway.output():
            wrong.append(gateway.output()[-6000:])
    late = world.samples[-1]
    wrong += growth(world.samples[STEPS // 3 - 1], late, slow)
    for line in wrong:
        print(f"WRONG: {line}")
    watched = " under valgrind" if args.valgrind else " under ThreadSanitizer" if thread else ""
    print(f"{late[1]} messages, {late[2]} reopenings{watched}: "
          + (f"{len(wrong)} wrong" if wrong else "no growth, a clean end"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
