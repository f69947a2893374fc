#!/usr/bin/env python3
"""Runs the fuzzers beside each other and prints what each did; fails if one found a crash.

Each begins with its seeds and former crashes (tests/fuzz/corpus/NAME) and what earlier runs grew
(BUILD/corpus/NAME). What makes it crash is kept in BUILD/crashes/NAME: repair the fault and put the
file into the corpus, where every later run tries it first."""
import argparse
import concurrent.futures as futures
import glob
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
OPTIONS = ["-print_final_stats=1", "-timeout=20", "-rss_limit_mb=2048", "-use_value_profile=1"]


def number(pattern, text):
    """The last number that pattern finds, or 0."""
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def run(build, name, seconds):
    """Returns (name, executions, edges, all edges, seconds, what went wrong)."""
    seeds = os.path.join(HERE, "corpus", name)
    grown = os.path.join(build, "corpus", name)
    crashes = os.path.join(build, "crashes", name)
    for folder in (grown, crashes):
        os.makedirs(folder, exist_ok=True)
    command = [os.path.join(build, "fuzz", f"fuzz_{name}"), *OPTIONS, f"-max_total_time={seconds}",
               f"-artifact_prefix={crashes}/"]
    words = os.path.join(HERE, f"{name}.dict")
    if os.path.exists(words):
        command.append(f"-dict={words}")
    before, began = set(os.listdir(crashes)), time.monotonic()
    done = subprocess.run(command + [grown, seeds], stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                          env=dict(os.environ, LSAN_OPTIONS="print_suppressions=0"), stdout=subprocess.PIPE,
                          text=True, errors="replace", check=False)
    took = time.monotonic() - began
    new = sorted(set(os.listdir(crashes)) - before)
    wrong = "" if done.returncode == 0 else f"{done.stdout[-6000:]}\nkept: {', '.join(new) or 'nothing'}"
    return (name, number(r"number_of_executed_units: (\d+)", done.stdout),
            number(r"cov: (\d+)", done.stdout), number(r"\((\d+) inline 8-bit", done.stdout), took, wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("names", nargs="*", help="some of them, without fuzz_")
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    names = args.names or sorted(os.path.basename(path)[5:-2] for path in glob.glob(f"{HERE}/fuzz_*.c"))
    failed, began = [], time.monotonic()
    print(f"{'target':<10}{'executions':>12}{'a second':>10}{'edges':>8}{'of':>8}  result", flush=True)
    with futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for name, units, edges, every, took, wrong in pool.map(
                lambda name: run(build, name, args.seconds), names):
            print(f"{name:<10}{units:>12}{units / took:>10.0f}{edges:>8}{every:>8}  "
                  f"{'CRASH' if wrong else 'clean'}", flush=True)
            if wrong:
                failed.append((name, wrong))
    for name, wrong in failed:
        print(f"\n== {name}: {build}/crashes/{name}\n{wrong}")
    print(f"{len(names)} targets, {args.seconds} s each, {time.monotonic() - began:.0f} s in all: "
          f"{len(failed)} with crashes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
