#!/usr/bin/env python3
"""Runs unit and integration tests on a build with --coverage; prints lines and branches by room.

With names of rooms after --build it lists the functions there that no test enters."""
import argparse
import collections
import json
import os
import subprocess
import sys

import run

ROOMS = ("base", "config", "modem", "queue", "service", "api", "daemon", "cli")


def gcov(build, source):
    """What gcov knows of a source file; nothing if no test linked it."""
    name = os.path.splitext(source)[0]
    notes = os.path.join(run.ROOT, build, "obj", f"{name}.gcda")
    if not os.path.exists(notes):
        return None
    done = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", notes],
                          cwd=run.ROOT, capture_output=True, check=False)
    for line in done.stdout.splitlines():
        for file in json.loads(line)["files"]:
            if file["file"] == source:
                return file
    return None


class Room:
    def __init__(self):
        self.lines = self.hit = self.branches = self.taken = 0
        self.unentered = []

    def add(self, source, file):
        for line in file["lines"]:
            self.lines += 1
            self.hit += line["count"] > 0
            for branch in line["branches"]:
                if not branch["throw"]:
                    self.branches += 1
                    self.taken += branch["count"] > 0
        self.unentered += [f"{source}:{f['start_line']} {f['name']}" for f in file["functions"]
                           if f["execution_count"] == 0]


def share(part, whole):
    return f"{part:>7}{whole:>8}{100 * part / whole if whole else 0:>7.1f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--unit", action="store_true", help="unit tests alone")
    parser.add_argument("--again", action="store_true", help="prints what earlier runs left; runs nothing")
    parser.add_argument("rooms", nargs="*", help="whose functions that nobody entered are listed")
    args = parser.parse_args()
    if not args.again:
        for binary in run.unit_programs(args.build):
            told, _, failed = run.run_unit(binary)
            if failed:
                print(told)
        if not args.unit:
            run.run_integration(args.build)
    rooms = collections.OrderedDict((name, Room()) for name in ROOMS)
    for name, room in rooms.items():
        for source in sorted(os.listdir(os.path.join(run.ROOT, name))):
            path = f"{name}/{source}"
            file = gcov(args.build, path) if source.endswith((".c", ".cc")) else None
            if file is not None:
                room.add(path, file)
    print(f"{'room':<10}{'lines':>7}{'of':>8}{'':>9}{'branches':>11}{'of':>8}")
    for name, room in rooms.items():
        print(f"{name:<10}{share(room.hit, room.lines)}  {share(room.taken, room.branches)}")
    for name in args.rooms:
        print(f"\n{name}: functions that no test enters")
        print("\n".join(rooms[name].unentered) or "none")
    return 0


if __name__ == "__main__":
    sys.exit(main())
