#!/usr/bin/env python3
"""Floods the socket; prints what another client's requests took meanwhile, and the memory.

Each row is one kind of them; ROWS says how many."""
import argparse
import os
import resource
import select
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

import conftest  # noqa: E402
import gate  # noqa: E402

def post(body):
    return b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body


POST = post(b'{"to": "+79123456789", "text": "whole"}')
STREAM = b"GET /v1/events?after=0 HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n"
POLL = b"GET /v1/events?after=999999999&wait=30 HTTP/1.1\r\nHost: a\r\n\r\n"
GET = b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n"
HUGE = b"GET /v1/status HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 200000 + b"\r\n\r\n"
HALF = post(b"x" * 60000)[:-30000]
DEEP = post(b'{"to":' + b"[" * 60000)
BAD_UTF8 = post(b'{"text":"' + b"\xff\xc0" * 30000 + b'"}')
CONNECTIONS_MAX = 1000  # api_private.h
WATCHED_S = 1  # after all have come
MEMORY_MAX_KIB = 64 * 1024  # 32 KiB a connection, and what it sends


class Honest:
    """One client on one connection, as a site's backend holds it: a request every 5 ms, from a
    process of its own, so that only the daemon can make it wait."""

    def __init__(self, gateway):
        self.popen = subprocess.Popen([sys.executable, __file__, "--honest", gateway.socket],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.popen.stdout.readline()  # it has been answered once

    def end(self):
        told, _ = self.popen.communicate("", gate.LIMIT)
        if self.popen.returncode != 0:
            raise AssertionError("another client was harmed")
        return [float(each) for each in told.split()]


def honest(path):
    """What that process does until its stdin ends; prints seconds."""
    connection, times = gate.UnixConnection(path), []
    while True:
        began = time.monotonic()
        connection.request("GET", "/v1/modems")
        assert gate.Answer(connection.getresponse()).status == 200
        times.append(time.monotonic() - began)
        if len(times) == 1:
            print(flush=True)
        if select.select([sys.stdin], [], [], 0.005)[0]:
            break
    print(*times[1:])


def memory_kib(gateway):
    """Private memory of the daemon."""
    with open(f"/proc/{gateway.popen.pid}/smaps_rollup", encoding="ascii") as file:
        return gate.private_kib(file.read())


def files(gateway):
    return len(os.listdir(f"/proc/{gateway.popen.pid}/fd"))


def connect(gateway, wait=True):
    """wait: as long as there is no room."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(None if wait else 0.05)
    sock.connect(gateway.socket)
    sock.settimeout(gate.LIMIT if wait else 0.05)
    return sock


def send(sock, raw):
    try:
        sock.sendall(raw)
    except OSError:
        pass  # it was thrown out: that is its right


# ---- what hostile clients do: each returns what it holds open ----

def nothing(_gateway, _n):
    return []


def connections(gateway, n):
    """Far more than there is room for; those that get no room are let go."""
    held = []
    for _ in range(n):
        try:
            held.append(connect(gateway, False))
        except OSError:
            continue
        if len(held) > CONNECTIONS_MAX + 200:
            held.pop(0).close()
    return held


def streams(gateway, n):
    held = []
    for _ in range(n):
        try:
            sock = connect(gateway, False)
        except OSError:
            continue
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        send(sock, STREAM)
        held.append(sock)
        if len(held) > CONNECTIONS_MAX - 100:
            held.pop(0).close()
    for _ in range(200):  # something to tell them
        gateway.post("/v1/messages", {"to": "+79123456789", "text": "told to all"})
    return held


def halves(gateway, n):
    for i in range(n):
        with connect(gateway) as sock:
            send(sock, POST[:i % len(POST)])
    return []


def pipelines(gateway, n):
    """They ask and never read the answers."""
    held = [connect(gateway, False) for _ in range(20)]
    for sock in held:
        send(sock, GET * (n // 20))
    return held


def repeated(raw):
    """A client that sends it again and again, on a new connection each time, and hears why not."""
    def attack(gateway, n):
        for _ in range(n):
            with connect(gateway) as sock:
                send(sock, raw)
                try:
                    sock.recv(4096)
                except OSError:
                    pass
        return []
    return attack


def held_open(raw):
    """Clients that all say it and then nothing more."""
    def attack(gateway, n):
        held = [connect(gateway) for _ in range(n)]
        for sock in held:
            send(sock, raw)
        return held
    return attack


def slow_headers(gateway, n):
    held = [connect(gateway) for _ in range(n)]
    for byte in GET[:20]:
        for sock in held:
            send(sock, bytes([byte]))
    return held


ROWS = (("nobody", nothing, 1), ("connections", connections, 10000), ("silent streams", streams, 1000),
        ("long polls", held_open(POLL), 800), ("slow headers", slow_headers, 500),
        ("half bodies", held_open(HALF), 500), ("cut at each byte", halves, 5000),
        ("unread pipelines", pipelines, 20000), ("huge headers", repeated(HUGE), 1000),
        ("deep documents", repeated(DEEP), 1000), ("bad UTF-8", repeated(BAD_UTF8), 1000))


def row(gateway, attack, n, before):
    """(latencies, memory, files) of one row; then nothing of it is left (long polls last 30 s,
    whether their clients are there or not)."""
    other = Honest(gateway)
    held = attack(gateway, n)
    time.sleep(WATCHED_S)
    times, memory, opened = other.end(), memory_kib(gateway), files(gateway)
    for sock in held:
        sock.close()
    gate.wait_until(gateway.answers, why="it does not answer after the flood")
    gate.wait_until(lambda: files(gateway) <= before + 1, why="connections were not closed")
    return times, memory, opened


def hostile(scale, tell, memory_max=None):
    """Runs every row; returns what is wrong."""
    wrong = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, max(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    with conftest.opened() as field:
        gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"))
        before = files(gateway)
        for name, attack, n in ROWS:
            n = max(n // scale, 1)
            times, memory, opened = row(gateway, attack, n, before)
            p99 = statistics.quantiles(times, n=100)[98] if len(times) > 1 else times[0]
            tell(name, n, len(times), statistics.median(times) * 1000, p99 * 1000, memory, opened)
            if statistics.median(times) > 1:
                wrong.append(f"{name}: another client waited {statistics.median(times):.1f} s")
            if memory_max is not None and memory > memory_max:
                wrong.append(f"{name}: {memory} KiB of memory")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=1, help="10: a tenth of everything")
    parser.add_argument("--honest", metavar="SOCKET", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.honest:
        honest(args.honest)
        return 0
    print(f"{'hostile':<18}{'how many':>9}{'requests':>10}{'median ms':>11}{'p99 ms':>9}"
          f"{'private KiB':>13}{'files':>7}", flush=True)

    def tell(name, n, requests, median, p99, memory, opened):
        print(f"{name:<18}{n:>9}{requests:>10}{median:>11.2f}{p99:>9.2f}{memory:>13}{opened:>7}", flush=True)

    wrong = hostile(args.scale, tell, MEMORY_MAX_KIB)
    for line in wrong:
        print(f"WRONG: {line}")
    print("others were served, memory and files are bounded" if not wrong else f"{len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
