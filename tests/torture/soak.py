#!/usr/bin/env python3
"""Sends and reopens for a while; prints descriptors and private memory as they go, ends the daemon
by SIGTERM and looks at what valgrind or ThreadSanitizer say of it, where they watch.

Growth is what is left after the first third: caches and the allocator fill before."""
import argparse
import itertools
import json
import os
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
CLIENTS = 4
MEMORY_KIB, FILES = 3072, 4  # how much more at the end is no growth


class Submitter(threading.Thread):
    """Texts, lists and verifications on one connection."""
    serial = itertools.count(1)

    def __init__(self, gateway, stop, pause):
        super().__init__(daemon=True)
        self.connection, self.stop, self.pause = gate.UnixConnection(gateway.socket), stop, pause
        self.sent, self.fault = 0, None

    def ask(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body).encode() if body else None)
        return gate.Answer(self.connection.getresponse())

    def run(self):
        try:
            while not self.stop.is_set():
                n = next(self.serial)
                answer = self.ask("POST", "/v1/messages", {"to": f"+7912{n % 10 ** 7:07d}", "text": "soak"})
                assert answer.status == 202, answer
                self.sent += 1
                if n % 20 == 0:
                    self.verify(n)
                if n % 50 == 0:
                    assert self.ask("GET", "/v1/messages?state=sent&limit=20").status == 200
                time.sleep(self.pause)
        except Exception as fault:
            self.fault = fault

    def verify(self, n):
        started = self.ask("POST", "/v1/verifications", {"account": f"a{n}", "phone": f"+7916{n % 10 ** 7:07d}"})
        if started.reason == "prefix_suspended":  # nobody ever enters their codes
            return
        assert started.status == 202, started
        answer = self.ask("POST", f"/v1/verifications/{started['id']}/check", {"code": "000000"})
        assert answer.status in (200, 423), answer


def soak(gateway, seconds, pause, tell):
    """Runs it; returns (messages, reopenings, samples of (memory, files, messages), faults)."""
    stop, samples, reopened = threading.Event(), [], 0
    crowd = [Submitter(gateway, stop, pause) for _ in range(CLIENTS)]
    for client in crowd:
        client.start()
    began = time.monotonic()
    for step in range(1, 13):
        while time.monotonic() < began + seconds * step / 12:
            answer = gateway.post("/v1/modems/gsm1/actions", {"action": "reopen"})
            reopened += answer.status == 202
            time.sleep(0.1)
        sent = sum(client.sent for client in crowd)
        samples.append((hostile.memory_kib(gateway), hostile.files(gateway), sent))
        tell(time.monotonic() - began, sent, reopened, *samples[-1][:2])
    stop.set()
    for client in crowd:
        client.join(gate.LIMIT)
        client.connection.close()
    return reopened, samples, [repr(client.fault) for client in crowd if client.fault]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--valgrind", action="store_true")
    args = parser.parse_args()
    thread = "build-thread" in gate.BUILD
    slow = args.valgrind or thread
    print(f"{'seconds':>8}{'messages':>10}{'reopened':>10}{'private KiB':>13}{'files':>7}", flush=True)

    def tell(at, sent, reopened, memory, opened):
        print(f"{at:>8.0f}{sent:>10}{reopened:>10}{memory:>13}{opened:>7}", flush=True)

    with conftest.opened() as field:
        modems = [field.simulator("--send-time", 1, name=name) for name in ("gsm0", "gsm1")]
        gateway = field.gateway(*(gate.modem(m.name, m.pty) for m in modems), sites=SITES,
                                env={"TSAN_OPTIONS": "exitcode=66 report_thread_leaks=1"},
                                wrapper=VALGRIND if args.valgrind else ())
        gateway.wait_modem()
        reopened, samples, wrong = soak(gateway, args.seconds, 0.05 if slow else 0.002, tell)
        code = gateway.stop()
        if code != 0:
            wrong.append(f"it ended with {code}: {gateway.output()[-6000:]}")
        if "something was left on the loop" in gateway.output() or "WARNING: ThreadSanitizer" in gateway.output():
            wrong.append(gateway.output()[-6000:])
    early, late = samples[3], samples[-1]
    if not slow and late[0] - early[0] > MEMORY_KIB:
        wrong.append(f"private memory grew from {early[0]} to {late[0]} KiB")
    if late[1] - early[1] > FILES:
        wrong.append(f"open files grew from {early[1]} to {late[1]}")
    for line in wrong:
        print(f"WRONG: {line}")
    watched = " under valgrind" if args.valgrind else " under ThreadSanitizer" if thread else ""
    print(f"{late[2]} messages, {reopened} reopenings{watched}: "
          + (f"{len(wrong)} wrong" if wrong else "no growth, a clean end"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
