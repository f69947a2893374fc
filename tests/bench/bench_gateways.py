#!/usr/bin/env python3
"""The whole path on simulated modems, beside the gateways that Debian packages: printed, never asserted.

Each row is a figure: the goal of the design, what this machine allows at best (measured now), what
each gateway reaches, and how many times better simgate is than the best of the others."""
import argparse
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

import wire  # noqa: E402


def round_trip_ms(gate, folder, pause_s=0.0):
    """AT and its OK over a pty of the simulator: the floor of an answer."""
    simulator, taken = gate.Simulator(folder), []
    line = os.open(simulator.pty, os.O_RDWR | os.O_NOCTTY)
    for _ in range(wire.PACED if pause_s else wire.MEASURED):
        time.sleep(pause_s)
        began = time.perf_counter()
        os.write(line, b"AT\r")
        heard = b""
        while b"OK\r\n" not in heard:
            heard += os.read(line, 256)
        taken.append((time.perf_counter() - began) * 1000)
    os.close(line)
    simulator.stop()
    return wire.Spread.of(taken)


def rows(floors, paced):
    """(key, what, goal, bound, less is better). Spreads are median / 99th of a hundred, in ms."""
    (commit, line), (late_commit, late_line) = floors, paced
    ms = wire.number
    return (
        ("slow_command", "OK to next AT+CMGS, 100 ms a text", "0.2 / 1", ms(late_line / 2), True),
        ("slow_payload", "OK to next payload, 100 ms a text", f"{ms(late_commit + 0.2)} / 3",
         ms(late_commit + late_line), True),
        ("command", "OK to next AT+CMGS, answers at once", "0.2 / 1", ms(line / 2), True),
        ("payload", "OK to next payload, answers at once", f"{ms(commit + 0.2)} / 3", ms(commit + line), True),
        ("idle", "accepted to AT+CMGS, idle modem", ms(late_commit + 1), ms(late_commit + late_line / 2), True),
        ("rate", "texts/s, modem answers at once", "1,500", ms(1000 / (commit + 2 * line)), False),
        ("accepts", "accepts/s, 64 connections", "20,000", "", False),
        ("many", "64 modems: % of their own limit", "98", "100", False),
        ("many_core", "64 modems: % of a core", "25", "", None),
        ("cpu_ms", "CPU ms a text, modem at once", "", "", True),
        ("memory", "idle: private MB", "8", "", True),
        ("wakes", "idle: wake-ups/s", "2", "", True),
    )


def best(value):
    return value.median if isinstance(value, wire.Spread) else value


def ratio(ours, others, less):
    """How many times better ours is than the best of theirs."""
    values = [best(value) for value in others if value is not None]
    ours = best(ours) if ours is not None else None
    if less is None or not values or not ours or not min(values):
        return ""
    return wire.number(min(values) / ours if less else ours / max(values)) + " x"


def show(value):
    if value is None:
        return "-"
    return str(value) if isinstance(value, wire.Spread) else wire.number(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("only", nargs="*", help="names of gateways")
    args = parser.parse_args()
    os.environ["SIMGATE_BUILD"] = os.path.abspath(args.build)
    import gate  # after its build is known
    import gateways
    import peers
    import works
    began, folder, figures = time.monotonic(), tempfile.mkdtemp(prefix="sg"), {}
    try:
        floors = wire.sync_ms(folder), round_trip_ms(gate, folder)
        pause_s = works.SLOW_MS / 1000
        paced = wire.sync_ms(folder, pause_s), round_trip_ms(gate, folder, pause_s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("median / p99 in ms, at once and after 100 ms of nothing: one fdatasync "
          f"{floors[0]} and {paced[0]}; AT and OK over a pty {floors[1]} and {paced[1]}", flush=True)
    bounds = [[spread.median for spread in each] for each in (floors, paced)]
    for kind in (gateways.Simgate, *peers.PEERS):
        if args.only and kind.title not in args.only:
            continue
        if kind.missing():
            print(f"{kind.title} is not installed here: no {kind.missing()}")
            continue
        figures[kind.title] = works.everything(kind)
        print(f"{kind.title}: {time.monotonic() - began:.0f} s{'; ' + kind.note if kind.note else ''}", flush=True)
    print(f"\n{'':<36}{'goal':>13}{'bound':>8}" + "".join(f"{title:>16}" for title in figures) + f"{'ratio':>10}")
    for key, what, goal, bound, less in rows(*bounds):
        values = [each[key] for each in figures.values()]
        print(f"{what:<36}{goal:>13}{bound:>8}" + "".join(f"{show(value):>16}" for value in values)
              + f"{ratio(values[0], values[1:], less):>10}")


if __name__ == "__main__":
    main()
