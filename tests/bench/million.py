#!/usr/bin/env python3
"""What 1,000,000 queued texts change: latencies, start-up and memory, beside those of an empty queue.

They wait for a modem that is not there, so another one is idle meanwhile; then it comes. The few are
measured before and after the many: a machine has quick and slow minutes, as its disk's row tells."""
import argparse
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

import wire  # noqa: E402

PROBES, BURST = 100, 2000
GONE, HERE_PREFIX = "+7912", "+7921"  # load_accepts writes to the first


class World:
    def __init__(self, gate, folder):
        self.gate, self.folder, self.sent = gate, folder, 0
        self.here = gate.Simulator(folder, "--send-time", 0, name="here")
        self.gone = os.path.join(folder, "gone.pty")
        self.gateway = gate.Gateway(folder, gate.modem("gone", self.gone, f'prefixes = [ "{GONE}" ];'),
                                    gate.modem("here", self.here.pty, f'prefixes = [ "{HERE_PREFIX}" ];'),
                                    more="queue_max = 2000000;", level="info")

    def restart(self):
        """Seconds until it answers."""
        self.gateway.stop()
        began = time.monotonic()
        self.gateway.start()
        return time.monotonic() - began

    def idle_to_wire(self):
        """From the request to AT+CMGS on the modem that is here and idle."""
        self.gateway.wait_modem("ready", name="here")
        taken = []
        for _ in range(PROBES):
            asked = time.monotonic()
            self.gateway.send(f"{HERE_PREFIX}{self.sent:07d}", "probe")
            self.sent += 1
            self.here.wait_handset(self.sent)
            taken.append(asked)
        starts = wire.commands(wire.transcript(self.here))[-PROBES:]
        return wire.Spread.of([(start - asked) * 1000 for asked, start in zip(taken, starts)])

    def burst(self):
        """Gaps of the modem that was gone, when it comes back to its texts."""
        modem = self.gate.Simulator(self.folder, "--send-time", 0, name="gone")
        modem.wait_handset(BURST)
        lines = wire.transcript(modem)
        modem.kill()
        for path in (self.gone, modem.handset_path, modem.dialogue_path):
            os.unlink(path)
        gaps = wire.Gaps(lines)
        return wire.Spread.of(gaps.to_command), wire.Spread.of(gaps.to_payload)

    def measure(self, queued, gateways):
        """Figures by name with so many texts in the queue."""
        told = gateways.load(self.gateway.socket, queued)
        os.sync()  # what the kernel still has to write would slow every sync that follows
        start = self.restart()
        idle = self.idle_to_wire()
        time.sleep(1)
        command, payload = self.burst()
        return {"accepts/s while they came": told, "start-up, s": start, "accepted to AT+CMGS, ms": idle,
                "OK to next AT+CMGS, ms": command, "OK to next payload, ms": payload,
                "private MB": gateways.private_kib([self.gateway.popen.pid]) / 1024}


def measured(gate, gateways, queued):
    """The figures of a gateway of its own, and the disk's as it was then."""
    folder = tempfile.mkdtemp(prefix="sg")
    world = World(gate, folder)
    try:
        return {**world.measure(queued, gateways), "one fdatasync, ms": wire.sync_ms(folder)}
    finally:
        world.gateway.kill()
        world.here.stop()
        shutil.rmtree(folder, ignore_errors=True)


def best(value):
    return getattr(value, "median", value)


def change(few, many):
    """In percent, of medians, from the mean of what was before and after."""
    before = sum(best(value) for value in few) / len(few)
    return f"{100 * best(many) / before - 100:+.0f} %"


def show(value):
    return str(value) if isinstance(value, wire.Spread) else wire.number(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--queued", type=int, default=1000000)
    args = parser.parse_args()
    os.environ["SIMGATE_BUILD"] = os.path.abspath(args.build)
    import gate  # after its build is known
    import gateways
    few, many, again = [measured(gate, gateways, queued) for queued in (2 * BURST, args.queued, 2 * BURST)]
    goals = {"start-up, s": "1", "private MB": "24", "accepts/s while they came": "20,000", "one fdatasync, ms": ""}
    heads = f"{2 * BURST:,} queued", f"{args.queued:,} queued", f"{2 * BURST:,} again"
    print(f"{'':<28}{'goal':>10}" + "".join(f"{head:>18}" for head in heads) + f"{'change':>10}")
    for name, value in many.items():
        row = "".join(f"{show(each[name]):>18}" for each in (few, many, again))
        print(f"{name:<28}{goals.get(name, '+10 %'):>10}{row}{change((few[name], again[name]), value):>10}")


if __name__ == "__main__":
    main()
