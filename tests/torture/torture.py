#!/usr/bin/env python3
"""Kills simgated again and again while clients submit and modems fail, then balances the ledger.

A cycle starts the daemon and ends it: at a named point (killpoint.c), with or without the writes
that were not synced, at a random moment, by SIGTERM; between, it may be stopped and continued,
the clock jumps, modems misbehave. At the end modems are well, the queue empties, and every
accepted request is accounted for (ledger.py)."""
import argparse
import collections
import os
import random
import shutil
import signal
import struct
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

import clients  # noqa: E402
import gate  # noqa: E402
import ledger  # noqa: E402

QUOTA, QUOTA_S = 40, 10
JUMP_MAX_S = 300  # far below the windows that the ledger looks at
MANY = 300  # cycles in which every way to die is met
POINTS = {"cmgs-before": 6, "cmgs-after": 6, "prompt": 6, "claim-before": 6, "claim-after": 6,
          "payload": 6, "ctrlz": 6, "reply": 6, "commit-before": 60, "commit-after": 60}
# No late-reply: across a restart nobody can tell whose answer it is.
FAULTS = ("cms once 500", "cms once 41", "cms once 1", "no-prompt once", "prompt-error once 302",
          "silent once on AT+CMGS", "accept-then-silence once", "ok-without-ref once", "ref-without-ok once", "drop-before-prompt once",
          "drop-after-prompt once", "drop-after-submit once", "reboot-mid-send once",
          "reboot-mid-send once 1", "garbage-in-reply once", "double-ok once on AT+CMGS",
          "hang once 1500 on AT+CMGS", "urc-between once", "byte-by-byte once on AT+CMGS")
SITES = "sites = ( {keep}, {again} );"
SITE = """{{ name = "{name}"; title = "Shop"; origin = "shop.example"; region = "RU"; locale = "ru";
  text = {{ allowed = true; }};
  verification = {{ resend_after = [ "1s" ]; limits = {{ per_prefix = [ "1000/1h" ]; }}; }};
  contact = {{ per_sender = [ "1/3h" ]; per_recipient = [ "1000/1h" ]; }};
  on_uncertain = {{ text = "{policy}"; }}; }}"""


class World:
    """Two modems, one daemon that dies and comes back, and the clients that do not care."""

    def __init__(self, folder, seed, pause=0.3):
        self.folder, self.rng, self.pause = folder, random.Random(seed), pause
        self.stop, self.told = threading.Event(), clients.Told()
        self.ends, self.jumps, self.offset, self.life = collections.Counter(), [], 0, 0
        self.clock = os.path.join(folder, "calendar")
        self.set_clock(0)
        self.modems = [gate.Simulator(folder, "--send-time", 15, name=f"gsm{i}") for i in range(2)]
        limits = "", f'limits = [ "{QUOTA}/{QUOTA_S}s" ];'
        sites = SITES.format(keep=SITE.format(name="keep", policy="keep"),
                             again=SITE.format(name="again", policy="resend"))
        self.gateway = gate.Gateway(folder, *(gate.modem(m.name, m.pty, more)
                                              for m, more in zip(self.modems, limits)),
                                    sites=sites, start=False)
        self.socket = self.gateway.socket

    def set_clock(self, seconds):
        with open(self.clock, "r+b" if os.path.exists(self.clock) else "wb") as file:
            file.write(struct.pack("=q", seconds))
        if seconds > self.offset:
            self.jumps.append(time.monotonic())
        self.offset = seconds

    def handset(self):
        return [message for modem in self.modems for message in modem.handset()]

    # ---- one life of the daemon ----

    def spawn(self, point=None, nth=1, cut=None):
        """Starts it; whether it gets ready is for the caller to see."""
        libraries = [os.path.join(gate.BUILD, name) for name in ("latertime.so", "killpoint.so")]
        env = {"LD_PRELOAD": ":".join(libraries), "LATERTIME": self.clock,
               "ASAN_OPTIONS": "verify_asan_link_order=0"}
        if point is not None:
            env["KILLPOINT"] = f"{point} {nth}"
        if cut is not None:
            env["KILLPOINT_CUT"] = str(cut)
        self.life += 1
        gate.Process.__init__(self.gateway, [os.path.join(gate.BUILD, "simgated"), "-c",
                                             self.gateway.config],
                              os.path.join(self.folder, "simgated.log"), env)

    def wait_end(self, limit):
        """True: it ended by itself."""
        end = time.monotonic() + limit
        while self.gateway.alive() and time.monotonic() < end:
            time.sleep(0.01)
        return not self.gateway.alive()

    def upset_modems(self):
        for modem in self.modems:
            if self.rng.random() < 0.4:
                modem.control(f"fault {self.rng.choice(FAULTS)}")

    def cycle(self):
        rng, kind = self.rng, self.rng.random()
        if rng.random() < 0.08:
            self.set_clock(rng.randrange(-JUMP_MAX_S, JUMP_MAX_S))
            self.ends["clock jumps"] += 1
        self.upset_modems()
        if kind < 0.65:
            self.die_at_a_point()
            return
        self.spawn()
        if rng.random() < 0.15:
            self.freeze()
        self.wait_end(rng.random() * (0.3 if rng.random() < 0.2 else 1.5))
        if kind < 0.9:
            self.end_by_kill("kill -9 at random")
        else:
            self.end_by_term()

    def die_at_a_point(self):
        point = self.rng.choice(sorted(POINTS))
        cut = self.rng.choice((None, 0, 0, self.rng.randrange(20)))
        self.spawn(point, self.rng.randrange(POINTS[point]) + 1, cut)
        if self.wait_end(3):
            code = self.gateway.popen.returncode
            if code != -signal.SIGKILL:
                self.told.faults.append(f"ended with {code} before {point}: "
                                        f"{self.gateway.output()[-3000:]}")
            self.ends[point] += 1
            self.ends["with a power cut"] += cut is not None
        else:
            self.end_by_kill("point not reached")

    def freeze(self):
        time.sleep(self.rng.random() / 2)
        self.gateway.signal(signal.SIGSTOP)
        time.sleep(self.rng.random() * 1.5)
        self.gateway.signal(signal.SIGCONT)
        self.ends["stopped and continued"] += 1

    def end_by_kill(self, name):
        if not self.gateway.alive():
            self.told.faults.append(f"it ended by itself: {self.gateway.output()[-3000:]}")
        self.gateway.kill()
        self.ends[name] += 1

    def end_by_term(self):
        gate.wait_until(self.gateway.answers, why="the daemon did not answer")
        code = self.gateway.stop()
        if code != 0:
            self.told.faults.append(f"SIGTERM ended it with {code}: {self.gateway.output()[-3000:]}")
        self.ends["SIGTERM"] += 1

    # ---- all of it ----

    def run(self, cycles, progress):
        kinds = (("keep-1", clients.Texts), ("keep-2", clients.Texts), ("again-1", clients.Texts),
                 ("guesser", clients.Guesser), ("honest", clients.Honest), ("watcher", clients.Watcher))
        crowd = [kind(self, name, self.rng.random()) for name, kind in kinds]
        for client in crowd:
            client.start()
        for n in range(cycles):
            self.cycle()
            progress(n + 1, self)
        for modem in self.modems:
            modem.control("fault clear")
        self.spawn()
        gate.wait_until(self.gateway.answers, why="the daemon did not answer")
        self.gateway.wait_modem()
        self.stop.set()
        for client in crowd:
            client.join(60)

    def waiting(self):
        counts = self.gateway.get("/v1/status")["messages"]
        return sum(counts.get(state, 0) for state in ledger.LIVE)

    def settle(self):
        """Until nothing waits any more; it may take long, but it goes on."""
        left = self.waiting()
        while left > 0:
            gate.wait_until(lambda: self.waiting() < left, why=f"of {left} waiting messages none went on")
            left = self.waiting()

    def balance(self):
        """The ledger: (figures, what is wrong)."""
        told, handset, wrong = self.told, self.handset(), list(self.told.faults)
        messages = {**ledger.listed(self.gateway, "keep"), **ledger.listed(self.gateway, "again")}
        for message_id in told.texts.values():  # lists have no history
            if message_id[1] in messages:
                messages[message_id[1]] = self.gateway.get(
                    f"/v1/messages/{message_id[1]}", headers={"Simgate-Site": message_id[0]}).body
        figures = {"accepted texts": len(told.texts)}
        figures.update((f"  {state}", n) for state, n in
                       sorted(ledger.texts(told, messages, handset, wrong).items()))
        figures["codes sent"] = ledger.verifications(told, self.gateway, handset, wrong)
        figures["accounts proved"] = len(told.approved)
        figures["accounts locked"], figures["numbers limited"] = len(told.locked), len(told.limited)
        figures.update((f"{what} that a later life held", n) for what, n in sorted(told.held.items()))
        figures["contact requests sent"] = ledger.contacts(told, messages, handset, wrong)
        figures["events"] = ledger.events(told, self.gateway, wrong)
        figures[f"most parts in {QUOTA_S} s of {QUOTA}"] = ledger.quota(
            QUOTA, QUOTA_S - 0.5, self.modems[1].handset(), self.jumps, wrong)
        figures["requests, of them broken off"] = f"{told.requests}, {told.broken}"
        violations = sum(modem.violations() for modem in self.modems)
        if violations:
            wrong.append(f"{violations} violations of the modems' rules")
        return figures, wrong

    def close(self):
        self.stop.set()
        if hasattr(self.gateway, "popen"):
            self.gateway.kill()
        for modem in self.modems:
            modem.stop()


def torture(cycles, seed, pause=0.3, progress=lambda n, world: None, keep=None):
    """Returns (ends, figures, what is wrong). keep: the folder to leave if something is."""
    folder = tempfile.mkdtemp(prefix="sg")
    world, wrong = World(folder, seed, pause), ["it did not end"]
    try:
        world.run(cycles, progress)
        world.settle()
        figures, wrong = world.balance()
        if cycles >= MANY:
            wrong += [f"nobody died at {point}" for point in POINTS if not world.ends[point]]
        return world.ends, figures, wrong
    finally:
        world.close()
        if keep and wrong:
            shutil.copytree(folder, keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.pty", "*.sock", "*.control"))
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", default=os.path.join(gate.BUILD, "torture"))
    args = parser.parse_args()
    began = time.monotonic()

    def progress(n, world):
        if n % 25 == 0:
            print(f"{n} cycles, {len(world.told.texts)} texts accepted, {len(world.handset())} at phones, "
                  f"{len(world.told.faults)} faults, {time.monotonic() - began:.0f} s", flush=True)

    print(f"seed {args.seed}", flush=True)
    ends, figures, wrong = torture(args.cycles, args.seed, progress=progress, keep=args.keep)
    for title, rows in (("cycles ended by", dict(sorted(ends.items()))), ("ledger", figures)):
        print(f"\n{title}")
        for name, value in rows.items():
            print(f"  {name:<34}{value:>14}")
    for line in wrong:
        print(f"WRONG: {line}")
    print(f"\n{args.cycles} cycles in {time.monotonic() - began:.0f} s, seed {args.seed}: "
          + (f"{len(wrong)} wrong; see {args.keep}" if wrong else "every accepted request is accounted for"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
