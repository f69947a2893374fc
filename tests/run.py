#!/usr/bin/env python3
"""Runs every test and ends with one line: N passed, N failed.

Unit tests are cmocka programs (one a file, told to print TAP); integration tests are pytest
against the real daemon. A test program that dies counts as one failure."""
import argparse
import concurrent.futures as futures
import glob
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as tree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORES = os.cpu_count() or 2


def run_unit(binary):
    """Runs one cmocka program: (what to print, passed, failed)."""
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    try:
        done = subprocess.run([binary], cwd=ROOT, env=env, timeout=600, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        output, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output, code = f"{late.stdout!r}\nno end after {late.timeout} s", -1
    passed = len(re.findall(r"^ok \d+", output, re.M))
    failed = len(re.findall(r"^not ok \d+", output, re.M))
    if code != 0 and failed == 0:
        failed = 1
    if passed == 0 and failed == 0:
        output, failed = output + "ran no test", 1
    told = f"{os.path.relpath(binary, ROOT)}: {passed} passed, {failed} failed"
    return (f"{output}\n{told}" if failed else told), passed, failed


def unit_programs(build):
    found = []
    for folder, _, names in sorted(os.walk(os.path.join(ROOT, build, "unit"))):
        found += [os.path.join(folder, name) for name in sorted(names) if name.startswith("test_")]
    return found


def pytest(build, name, what):
    """One run of pytest over what: (output, failed tests, total, skipped)."""
    report = os.path.join(ROOT, build, f"{name}.xml")
    env = dict(os.environ, SIMGATE_BUILD=os.path.join(ROOT, build))
    if os.path.exists(report):
        os.unlink(report)
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                           "-o", "junit_family=xunit1", f"--junit-xml={report}"] + what,
                          cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")
    try:
        cases = list(tree.parse(report).getroot().iter("testcase"))
    except (OSError, tree.ParseError):
        cases = []
    bad = [f"{case.get('file')}::{case.get('name')}" for case in cases
           if case.find("failure") is not None or case.find("error") is not None]
    if done.returncode != 0 and not bad:
        bad = what
    return (done.stdout, bad, max(len(cases), len(bad)),
            sum(case.find("skipped") is not None for case in cases))


def run_integration(build):
    """Returns (passed, failed, skipped). The files run beside each other: they wait more than they
    work. What failed runs once more alone: a shared machine that stood still for seconds is told
    apart from a fault, and told."""
    files = sorted(glob.glob(os.path.join(ROOT, "tests", "integration", "test_*.py")),
                   key=os.path.getsize, reverse=True)
    bad, total, skipped = [], 0, 0

    def one(path):
        name = os.path.splitext(os.path.basename(path))[0]
        return name, time.monotonic(), pytest(build, name, [path]), time.monotonic()

    with futures.ThreadPoolExecutor(2 * CORES) as pool:
        for done in futures.as_completed([pool.submit(one, path) for path in files]):
            name, start, (output, wrong, count, left_out), end = done.result()
            print(f"{name}: {count - len(wrong) - left_out} passed, {len(wrong)} failed, "
                  f"{end - start:.0f} s", flush=True)
            if wrong:
                print(output, flush=True)
            bad, total, skipped = bad + wrong, total + count, skipped + left_out
    if 0 < len(bad) <= 20:
        print(f"{len(bad)} failed; once more, alone:", flush=True)
        output, again, _, _ = pytest(build, "again", bad)
        print(output)
        print(f"{len(bad) - len(again)} of them passed when they ran alone")
        bad = again
    return total - len(bad) - skipped, len(bad), skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--thread-build")
    args = parser.parse_args()
    passed = failed = 0
    programs = unit_programs(args.build)
    if args.thread_build:
        programs += unit_programs(args.thread_build)
    with futures.ThreadPoolExecutor(2 * CORES) as pool:
        for told, good, bad in pool.map(run_unit, programs):
            print(told, flush=True)
            passed, failed = passed + good, failed + bad
    good, bad, skipped = run_integration(args.build)
    passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
