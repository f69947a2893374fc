#!/usr/bin/env python3
"""Runs every test and ends with one line: N passed, N failed.

Unit tests are cmocka programs (one a file, told to print TAP); integration tests are pytest
against the real daemon. A test program that dies counts as one failure."""
import argparse
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as tree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run_unit(binary):
    """Returns (passed, failed) of one cmocka program."""
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
    if failed or passed == 0:
        print(output)
    if passed == 0 and failed == 0:
        print(f"{binary}: ran no test")
        failed = 1
    return passed, failed


def unit_programs(build):
    found = []
    for folder, _, names in sorted(os.walk(os.path.join(ROOT, build, "unit"))):
        found += [os.path.join(folder, name) for name in sorted(names) if name.startswith("test_")]
    return found


def pytest(build, report, extra):
    """One run of pytest: (exit code, total, bad, skipped)."""
    env = dict(os.environ, SIMGATE_BUILD=os.path.join(ROOT, build))
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={ROOT}/{build}/pytest",
               f"--junit-xml={report}", os.path.join(ROOT, "tests", "integration")] + extra
    code = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL).returncode
    try:
        suite = tree.parse(report).getroot().find("testsuite")
        return (code, int(suite.get("tests")),
                int(suite.get("failures")) + int(suite.get("errors")), int(suite.get("skipped")))
    except (OSError, tree.ParseError, AttributeError):
        return code or 1, 0, 1, 0


def run_integration(build, extra):
    """Returns (passed, failed, skipped). What failed runs once more alone: a shared machine that
    stood still for seconds is told apart from a fault, and told."""
    report = os.path.join(ROOT, build, "integration.xml")
    code, total, bad, skipped = pytest(build, report, extra)
    if 0 < bad <= 20 and total > 0:
        print(f"{bad} failed; once more, alone:", flush=True)
        code, _, again, _ = pytest(build, report, extra + ["--last-failed"])
        print(f"{bad - again} of them passed when they ran alone")
        bad = again
    if code != 0 and bad == 0:
        bad = 1
    return total - bad - skipped, bad, skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--thread-build")
    parser.add_argument("extra", nargs="*", help="passed on to pytest")
    args = parser.parse_args()
    passed = failed = 0
    programs = unit_programs(args.build)
    if args.thread_build:
        programs += unit_programs(args.thread_build)
    for program in programs:
        good, bad = run_unit(program)
        print(f"{os.path.relpath(program, ROOT)}: {good} passed, {bad} failed", flush=True)
        passed, failed = passed + good, failed + bad
    good, bad, skipped = run_integration(args.build, args.extra)
    passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
