#!/usr/bin/env python3
"""Figures of the whole path on the simulated modem: printed, never asserted.

Beside each stands what bounds it: a durable commit (one fdatasync of this disk)."""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))


def sync_ms(folder):
    """The median of an 4 KiB append with fdatasync: the floor of a durable commit."""
    taken = []
    with open(os.path.join(folder, "sync"), "wb", buffering=0) as file:
        for _ in range(200):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def spread(values):
    ordered = sorted(values)
    return (f"median {statistics.median(ordered):.2f} ms, p90 {ordered[len(ordered) * 9 // 10]:.2f} ms, "
            f"p99 {ordered[len(ordered) * 99 // 100]:.2f} ms of {len(ordered)}")


def dialogue(simulator):
    with open(simulator.dialogue_path, encoding="utf-8", errors="replace") as file:
        return [(float(at), way, text)
                for at, way, text in re.findall(r"^(\d+\.\d+) \S+ ([<>]) (.*)$", file.read(), re.M)]


def gaps(lines):
    """From each final OK after +CMGS: to the next AT+CMGS, and to the next payload, in ms."""
    to_command, to_payload, ok = [], [], None
    for at, way, text in lines:
        if way == ">" and "+CMGS:" in text and "OK" in text:
            ok = at
        elif way == "<" and ok is not None and text.startswith("AT+CMGS="):
            to_command.append((at - ok) * 1000)
        elif way == "<" and ok is not None and text.endswith("<SUB>"):
            to_payload.append((at - ok) * 1000)
            ok = None
    return to_command, to_payload


def burst(gate, folder, send_time, n):
    simulator = gate.Simulator(folder, "--send-time", send_time)
    gateway = gate.Gateway(folder, gate.modem("gsm0", simulator.pty))
    gateway.wait_modem()
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    for i in range(n):
        gateway.send(f"+7912345{i:04d}", f"text {i}")
    began = time.monotonic()
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    simulator.wait_handset(n)
    rate = n / (time.monotonic() - began)
    gateway.stop()
    simulator.stop()
    return rate, gaps(dialogue(simulator))


def idle_to_wire(gate, folder):
    """From the request to the first byte of AT+CMGS, on an idle modem."""
    simulator = gate.Simulator(folder, "--send-time", 0)
    gateway = gate.Gateway(folder, gate.modem("gsm0", simulator.pty))
    gateway.wait_modem()
    asked, taken = [], []
    for i in range(50):
        asked.append(time.clock_gettime(time.CLOCK_MONOTONIC))
        gateway.wait_message(gateway.send("+79123456789", f"text {i}"), "sent")
    gateway.stop()
    simulator.stop()
    starts = [at for at, way, text in dialogue(simulator) if way == "<" and text.startswith("AT+CMGS=")]
    for request, start in zip(asked, starts):
        taken.append((start - request) * 1000)
    return taken


def accepts(gate, folder, build):
    gateway = gate.Gateway(folder, gate.modem("gsm0", "/tmp/simgate-no-such-modem"))
    done = subprocess.run([os.path.join(build, "bench", "load_accepts"), gateway.socket, "64",
                           "40000"], capture_output=True, text=True, check=True)
    gateway.stop()
    return done.stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    build = os.path.abspath(parser.parse_args().build)
    os.environ["SIMGATE_BUILD"] = build
    import gate  # after its build is known

    def fresh():
        folders.append(tempfile.mkdtemp(prefix="sg"))
        return folders[-1]

    folders = []
    try:
        print(f"one fdatasync here: {sync_ms(fresh()):.2f} ms (median)")
        _, (to_command, to_payload) = burst(gate, fresh(), 20, 200)
        print(f"OK to the next AT+CMGS:      {spread(to_command)}")
        print(f"OK to the next payload:      {spread(to_payload)}  (bound: one commit)")
        print(f"request to AT+CMGS, idle:    {spread(idle_to_wire(gate, fresh()))}  (bound: one commit)")
        rate, _ = burst(gate, fresh(), 0, 1000)
        print(f"a modem that answers at once: {rate:.0f} messages/s  (bound: one commit a message)")
        print(accepts(gate, fresh(), build))
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
