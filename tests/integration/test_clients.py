"""Clients of other makes: what PHP streams, curl and hand-written sockets put on the wire."""
import json
import socket
import subprocess
import time
import urllib.parse

import pytest

import gate

ACCOUNT = "аккаунт 1/ю+?%"
HEAD = b"Host: simgate\r\n"


@pytest.fixture(scope="module")
def pair(shared):
    return shared.pair("--send-time", 5)


@pytest.fixture(scope="module")
def gateway(pair):
    return pair[1]


class Wire:
    """A connection on which a test writes bytes as it likes."""

    def __init__(self, gateway):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(gateway.socket)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()

    def send(self, *pieces):
        for piece in pieces:
            self.socket.sendall(piece)
            if len(pieces) > 1:
                time.sleep(0.005)

    def head(self):
        """(status, headers by lower-case name) of the next answer."""
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline().strip()) != b"":
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        return status, headers

    def answer(self):
        status, headers = self.head()
        return status, headers, json.loads(self.file.read(int(headers["content-length"])))

    def closed(self):
        return self.file.read(1) == b""


def text(n):
    return json.dumps({"to": "+79123456789", "text": "x" * n}).encode()


def test_http_1_0_ends_with_its_answer(gateway):
    with Wire(gateway) as wire:
        wire.send(b"GET /v1/status HTTP/1.0\r\n\r\n")
        assert wire.answer()[0] == 200 and wire.closed()


def test_http_1_0_may_stay(gateway):
    with Wire(gateway) as wire:
        for _ in range(2):
            wire.send(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            status, headers, _ = wire.answer()
            assert status == 200 and headers["connection"].lower() == "keep-alive"


def test_connection_close_is_kept(gateway):
    with Wire(gateway) as wire:
        body = text(3)
        wire.send(b"POST /v1/messages HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n"
                  + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert wire.answer()[0] == 202 and wire.closed()


def test_a_chunked_body_in_odd_case(gateway):
    body = text(300)
    with Wire(gateway) as wire:
        wire.send(b"POST /v1/messages HTTP/1.1\r\nhOST: simgate\r\nTRANSFER-encoding: Chunked\r\n"
                  b"content-TYPE: application/json\r\n\r\n",
                  b"%x\r\n" % 7 + body[:7] + b"\r\n",
                  b"%X;name=value\r\n" % len(body[7:]) + body[7:], b"\r\n0\r\nTrailer: x\r\n\r\n")
        assert wire.answer()[0] == 202
        wire.send(b"GET /healthz HTTP/1.1\r\n" + HEAD + b"\r\n")
        assert wire.answer()[0] == 200


def test_a_body_waits_for_continue(gateway):
    body = text(1100)
    with Wire(gateway) as wire:
        wire.send(b"POST /v1/messages HTTP/1.1\r\n" + HEAD + b"Expect: 100-continue\r\n"
                  b"Content-Length: %d\r\n\r\n" % len(body))
        assert wire.head()[0] == 100
        wire.send(body)
        status, _, answer = wire.answer()
        assert status == 202 and answer["parts"]["total"] == 8


def test_a_request_byte_by_byte(gateway):
    request = b"GET /v1/modems/gsm0 HTTP/1.1\r\n" + HEAD + b"\r\n"
    with Wire(gateway) as wire:
        wire.send(*(request[i:i + 1] for i in range(len(request))))
        assert wire.answer()[2]["name"] == "gsm0"


def test_pipelined_requests_are_answered_in_order(gateway):
    preview = json.dumps({"text": "я"}).encode()
    with Wire(gateway) as wire:
        wire.send(b"GET /v1/status HTTP/1.1\r\n" + HEAD + b"\r\n"
                  b"POST /v1/preview HTTP/1.1\r\n" + HEAD
                  + b"Content-Length: %d\r\n\r\n" % len(preview) + preview
                  + b"DELETE /v1/modems HTTP/1.1\r\n" + HEAD + b"\r\n"
                  b"GET /healthz HTTP/1.1\r\n" + HEAD + b"\r\n")
        answers = [wire.answer() for _ in range(4)]
    assert [status for status, _, _ in answers] == [200, 200, 405, 200]
    assert answers[1][2]["encoding"] == "ucs2" and answers[2][1]["allow"] == "GET, HEAD"


def test_an_account_may_be_any_text(pair):
    simulator, gateway = pair
    gate.verify(simulator, gateway, ACCOUNT, "+79123450001")
    path = "/v1/accounts/" + urllib.parse.quote(ACCOUNT, safe="")
    assert "%2F" in path
    for spelling in (path, path.replace("%D", "%d"), path.replace("%2B", "+")):
        shown = gateway.get(spelling)
        assert (shown.status, shown["account"]) == (200, ACCOUNT), shown
    gate.refused(gateway.get("/v1/accounts/" + urllib.parse.quote(ACCOUNT, safe="/")), 404, "not_found")
    assert gateway.get(path + "/export")["account"] == ACCOUNT
    unbound = gateway.call("DELETE", path + "/phones/%2B79123450001")
    assert unbound.status in (200, 204), unbound
    gate.refused(gateway.call("DELETE", path + "/phones/+79123450001"), 404, "not_found")


def curl(gateway, path, *words):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", "--unix-socket", gateway.socket,
                           "-w", "\n%{http_code}", *words, "http://simgate" + path],
                          capture_output=True, text=True, check=True)
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), body


@pytest.mark.parametrize("words, status", [
    (("-d", '{"to": "89123456789", "text": "curl"}'), 202),
    (("--http1.0", "-d", '{"to": "89123456789", "text": "curl"}'), 202),
    (("-H", "Transfer-Encoding: chunked", "-d", '{"to": "89123456789", "text": "curl"}'), 202),
    (("-H", "Expect: 100-continue", "-d", '{"to": "89123456789", "text": "curl"}'), 202),
    (("--compressed", "--json", '{"to": "89123456789", "text": "curl"}'), 202),
    (("-F", "to=89123456789"), 400),
    (("--data-urlencode", "to=89123456789"), 400),
    (("-d", "x" * 70000), 413),
    (("-X", "PUT", "-d", "{}"), 405),
], ids=lambda value: " ".join(value)[:30] if isinstance(value, tuple) else str(value))
def test_curl(gateway, words, status):
    assert curl(gateway, "/v1/messages", *words)[0] == status


def test_curl_encodes_a_query(gateway):
    status, body = curl(gateway, "/v1/messages", "-G", "--data-urlencode", "to=+79123456789", "-d", "limit=2")
    assert status == 200 and {m["to"] for m in json.loads(body)["items"]} == {"+79123456789"}
