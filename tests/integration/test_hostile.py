"""Clients that send anything at all: the others are answered meanwhile, and nothing is left."""
import json
import os
import random
import re
import socket
import time

import pytest

import gate

TO = "+79123456789"
BODY = json.dumps({"to": TO, "text": "whole"}).encode()
POST = (b"POST /v1/messages HTTP/1.1\r\nHost: simgate\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(BODY)) + BODY
GET = b"GET /v1/status HTTP/1.1\r\nHost: simgate\r\n\r\n"
LAST = b"GET /v1/status HTTP/1.1\r\nHost: simgate\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def gateway(shared):
    """A gateway whose modem is not there: what is accepted stays in the list."""
    return shared.gateway(gate.modem("gsm0", f"{shared.folder}/no-such-modem"))


@pytest.fixture(autouse=True)
def nothing_is_left(gateway):
    """Others are answered after whatever a test did, and no file stays open."""
    assert gateway.get("/v1/status").status == 200
    before = files(gateway)
    yield
    gate.wait_until(lambda: files(gateway) <= before, why="connections were not closed")
    assert gateway.alive()
    assert gateway.get("/v1/status").status == 200


def files(gateway):
    return len(os.listdir(f"/proc/{gateway.popen.pid}/fd"))


def stored(gateway):
    return sum(gateway.get("/v1/status")["messages"].values())


def connect(gateway):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(gate.LIMIT)
    sock.connect(gateway.socket)
    return sock


def read_all(sock):
    """Everything until the other side closes."""
    data = b""
    try:
        while chunk := sock.recv(65536):
            data += chunk
    except ConnectionError:
        pass
    return data


def talk(gateway, raw):
    """Sends raw; returns the beginning of the answer that must come."""
    with connect(gateway) as sock:
        sock.sendall(raw)
        return sock.recv(65536)


def talk_past(gateway, many):
    """Sends each of many on a connection of its own; returns what had come back when later
    requests, that went through the database too, were answered."""
    socks = [connect(gateway) for _ in many]
    answers = []
    for sock, raw in zip(socks, many):
        try:
            sock.sendall(raw)
        except (BrokenPipeError, ConnectionError):
            pass  # it was thrown out in the middle
    for _ in range(3):
        assert gateway.post("/v1/verifications", {"account": "a"}).status == 422
        assert gateway.call("DELETE", "/v1/accounts/nobody").status == 404
    for sock in socks:
        sock.setblocking(False)
        try:
            answers.append(sock.recv(65536))
        except (BlockingIOError, ConnectionError):
            answers.append(b"")
        sock.close()
    return answers


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


def statuses(answers):
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


# ---- halves ----

def test_half_a_request_stores_nothing(gateway):
    before = stored(gateway)
    for n in list(range(1, len(POST) - 1, 7)) + [len(POST) - 1]:
        with connect(gateway) as sock:
            sock.sendall(POST[:n])
    assert stored(gateway) == before


def test_a_hurried_client_stores_one_or_nothing(gateway):
    before = stored(gateway)
    for _ in range(50):
        with connect(gateway) as sock:
            sock.sendall(POST)  # and is gone before the answer
    assert 0 <= stored(gateway) - before <= 50


def test_a_client_that_resets_harms_nobody(gateway):
    rng = random.Random(1)
    for _ in range(100):
        sock = connect(gateway)
        sent = (GET * 20 + POST)[:rng.randrange(1, 1200)]
        sock.sendall(sent)
        if len(sent) >= len(GET) and rng.random() < 0.5:
            sock.recv(rng.randrange(1, 400))
        sock.close()  # with unread bytes: a reset


def test_slow_clients_hold_up_nobody(gateway):
    slow = [connect(gateway) for _ in range(50)]
    for i, sock in enumerate(slow):
        sock.sendall(POST[:1 + i])
    times = []
    for step in range(20):
        for i, sock in enumerate(slow):
            sock.sendall(POST[1 + i + step:2 + i + step])
        began = time.monotonic()
        assert gateway.get("/v1/modems").status == 200
        times.append(time.monotonic() - began)
    assert sorted(times)[10] < 1, times
    before = stored(gateway)
    for i, sock in enumerate(slow):
        sock.sendall(POST[21 + i:])
        assert status(sock.recv(65536)) == 202
        sock.close()
    assert stored(gateway) == before + 50


def test_a_request_byte_by_byte_is_a_request(gateway):
    with connect(gateway) as sock:
        for byte in POST:
            sock.sendall(bytes([byte]))
        assert status(sock.recv(65536)) == 202


def test_two_hundred_idle_connections_disturb_nobody(gateway):
    idle = [connect(gateway) for _ in range(200)]
    for sock in idle[::2]:
        sock.sendall(GET)
        assert status(sock.recv(65536)) == 200  # then kept alive
    began = time.monotonic()
    for _ in range(20):
        assert gateway.get("/v1/modems").status == 200
    assert time.monotonic() - began < 20
    for sock in idle:
        sock.close()


def test_more_connections_than_there_is_room_for(gateway):
    many = []
    try:
        for _ in range(1100):
            try:
                sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                sock.connect(gateway.socket)
            except OSError:  # its backlog is full, or nobody may have more files
                break
            many.append(sock)
        assert len(many) >= 900
    finally:
        for sock in many:
            sock.close()
    gate.wait_until(gateway.answers, why="it does not answer after a flood of connections")


# ---- nonsense ----

@pytest.mark.parametrize("raw,expected", [
    (b"\r\n\r\n", {None, 400}), (b"\x00" * 100, {None, 400}), (b"\xff\xfe\r\n\r\n", {None, 400}),
    (b"GET\r\n\r\n", {None, 400}), (b"GET /v1/status\r\n\r\n", {None, 400, 505}),
    (b"GET /v1/status HTTP/9.9\r\n\r\n", {None, 400, 505}),
    (b"GET  /v1/status  HTTP/1.1\r\n\r\n", {None, 400, 404}),
    (b"GET /v1/status HTTP/1.1\r\n\r\n", {200, 400}),  # no Host
    (b"GET /v1/status HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n", {None, 200, 400}),
    (b"GET /v1/status HTTP/1.1\r\nHost: a\r\n : x\r\n\r\n", {None, 200, 400}),
    (b"GET /v1/status HTTP/1.0\r\n\r\n", {200}),
    (b"GET http://simgate/v1/status HTTP/1.1\r\nHost: simgate\r\n\r\n", {200}),
    (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404}),
    (b"CONNECT simgate:80 HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404, 405}),
    (b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", {None, 400, 413}),
    (b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
     {None, 400, 413}),
    (b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", {None, 400}),
    (b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     {None, 400}),
    (b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70000,
     {413}),
    (b"GET /v1/status HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"y" * 40000 + b"\r\n\r\n",
     {None, 413, 431}),
    (b"GET /v1/status HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5000 + b"\r\n", {None, 413, 431}),
    (b"GET /" + b"x" * 40000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", {None, 414, 431}),
    (b"GET /v1/accounts/" + b"x" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", {None, 414, 431}),
    (b"A" * 100000, {None, 400, 413, 414, 431}),
])
def test_nonsense_is_refused(gateway, raw, expected):
    before = stored(gateway)
    answer = talk_past(gateway, [raw])[0] if None in expected else talk(gateway, raw)
    assert status(answer) in expected, answer
    assert stored(gateway) == before


def test_random_bytes_are_refused(gateway):
    rng = random.Random(20261121)
    before = stored(gateway)
    beginnings = (b"", b"GET /v1/", b"POST /v1/messages HTTP/1.1\r\n")
    talk_past(gateway, [rng.choice(beginnings) + rng.randbytes(rng.randrange(1, 2000))
                        for _ in range(150)])
    assert stored(gateway) == before


def test_a_request_with_bytes_changed_never_kills(gateway):
    rng = random.Random(20261122)
    changed = []
    for _ in range(200):
        raw = bytearray(POST)
        for _ in range(rng.randrange(1, 6)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        changed.append(bytes(raw))
    for raw, answer in zip(changed, talk_past(gateway, changed)):
        assert status(answer) != 500, (raw, answer)


def test_a_wrong_chunk_stores_nothing(gateway):
    before = stored(gateway)
    head = (b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n")
    size = b"%x\r\n" % len(BODY)
    tails = (size + BODY, size + BODY + b"\r\n", size + BODY + b"XX0\r\n\r\n", size + BODY[:9],
             b"ffffffffffffffff\r\n" + BODY)
    for answer in talk_past(gateway, [head + tail for tail in tails]):
        assert status(answer) != 202
    assert stored(gateway) == before
    assert status(talk(gateway, head + size + BODY + b"\r\n0\r\n\r\n")) == 202
    endless = head + (b"1000\r\n" + b" " * 4096 + b"\r\n") * 400
    assert status(talk_past(gateway, [endless])[0]) in (413, None)


def test_two_lengths_smuggle_nothing(gateway):
    before = stored(gateway)
    raw = (b"POST /v1/preview HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
           b"Content-Length: 5\r\nContent-Length: 50\r\n\r\n{}   ") + POST
    both = (b"POST /v1/preview HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n") + GET
    talk_past(gateway, [raw, both])
    assert stored(gateway) <= before + 1  # at most the one that was sent whole


# ---- pipelines ----

def test_pipelined_requests_are_answered_in_order(gateway):
    n = 30
    with connect(gateway) as sock:
        for i in range(n - 1):
            word = b"status" if i % 3 else b"nothing"
            sock.sendall(b"GET /v1/%s HTTP/1.1\r\nHost: a\r\n\r\n" % word)
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = read_all(sock)
    assert statuses(answer) == [200 if i % 3 else 404 for i in range(n - 1)] + [503]


def test_a_pipeline_behind_a_refused_body(gateway):
    large = b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n"
    with connect(gateway) as sock:
        sock.sendall(large + b"x" * 70000 + LAST)
        answer = read_all(sock)
    assert statuses(answer) == [413, 200]


def test_a_pipeline_of_posts_keeps_each(gateway):
    before = stored(gateway)
    with connect(gateway) as sock:
        sock.sendall(POST * 20)
        seen = b""
        while seen.count(b"HTTP/1.1 202") < 20:
            chunk = sock.recv(65536)
            assert chunk, seen[-300:]
            seen += chunk
    assert stored(gateway) == before + 20


# ---- paths ----

@pytest.mark.parametrize("path,expected,reason", [
    ("/v1/messages%2F", 404, "not_found"), ("/v1%2Fstatus", 404, "not_found"),
    ("/v1/status%00", 400, "bad_path"), ("/v1/status%00/../modems", 400, "bad_path"),
    ("/v1/../v1/status", 404, "not_found"), ("/v1/./status", 404, "not_found"),
    ("/v1/%73tatus", 200, None), ("/v1/status?", 200, None),
    ("/v1/status?x=1", 422, "unknown_member"),
    ("/v1/status?site=shop&site=shop", 400, "bad_query"), ("/v1/status#x", 404, "not_found"),
    ("/v1/accounts/a+b", 404, "not_found"), ("/v1/modems/gsm0%00", 400, "bad_path"),
    ("/v1/modems/../../etc/passwd", 404, "not_found"), ("/v1/modems/%2e%2e", 404, "not_found"),
    ("/v1/messages?reference=a%2Bb+c", 200, None), ("/v1/status?%00=1", 400, "bad_query"),
])
def test_paths_are_taken_as_they_are(gateway, path, expected, reason):
    with connect(gateway) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = read_all(sock)
    assert status(answer) == expected, answer
    if reason is not None:
        assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["reason"] == reason


def test_a_plus_is_a_plus(gateway):
    message = gateway.send(TO, "x", reference="a+b c")
    for written in ("a+b%20c", "a%2Bb%20c"):
        (found,) = gateway.get(f"/v1/messages?reference={written}")["items"]
        assert found["id"] == message
    assert gateway.get("/v1/messages?reference=a%20b+c")["items"] == []


def test_a_slash_in_an_account_is_a_part_of_it(field):
    sites = gate.one_site(site='test_numbers = ( { phone = "+79000000001"; code = "000000"; } );')
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"), sites=sites)
    started = gateway.post("/v1/verifications", {"account": "a/b", "phone": "+79000000001"})
    gateway.post(f"/v1/verifications/{started['id']}/check", {"code": "000000"})
    assert gateway.get("/v1/accounts/a%2Fb")["phone"] == "+79000000001"
    gate.refused(gateway.get("/v1/accounts/a/b"), 404, "not_found")


# ---- documents ----

def test_deep_and_wide_documents_are_refused(gateway):
    before = stored(gateway)
    for raw in (b'{"to":' * 9000, b'{"to":' + b"[" * 30000 + b"]" * 30000 + b"}",
                b"{" + b",".join(b'"k%d":1' % i for i in range(6000)) + b"}",
                b'{"text": "' + b"\\u0000" * 10000 + b'"}', b'{"' + b"k" * 60000 + b'": 1}',
                b'{"to": ' + b"9" * 60000 + b"}", b'{"to": 1e99999}'):
        answer = gateway.post("/v1/messages", raw)
        assert answer.status in (400, 422), answer
        assert len(answer.raw) < 20000
    assert stored(gateway) == before


def test_headers_say_nothing_of_the_machine(gateway):
    answer = gateway.get("/v1/status")
    assert {name.lower() for name in answer.headers} <= {
        "content-type", "content-length", "date", "connection", "cache-control"}, answer.headers
