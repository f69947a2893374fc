"""Durable events as a list, a long poll and a stream; and what must stand nowhere."""
import concurrent.futures
import glob
import itertools
import json
import os
import re
import socket
import time

import pytest

import gate

TO = "+79123456789"
TWO_SITES = """
sites = ( { name = "alpha"; region = "RU"; text = { allowed = true; }; },
          { name = "beta"; region = "RU"; text = { allowed = true; }; } );
"""


class Stream:
    """An open event stream; iterating gives (id, event, data)."""

    def __init__(self, gateway, path="/v1/events", limit=gate.LIMIT, **headers):
        self.connection = gate.UnixConnection(gateway.socket, limit)
        headers["Accept"] = "text/event-stream"
        self.connection.request("GET", path, headers=headers)
        self.response = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.response.close()
        self.connection.close()

    def __iter__(self):
        fields = {}
        for line in self.response:
            line = line.decode().rstrip("\n")
            if line == "" and fields:
                yield int(fields.get("id", 0)), fields["event"], json.loads(fields["data"])
                fields = {}
            elif line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value

    def take(self, n):
        return list(itertools.islice(self, n))


@pytest.fixture(scope="module")
def pair(shared):
    return shared.pair("--send-time", 5)


def last(gateway):
    return gateway.get("/v1/status")["last_event"]


def sent(gateway, text="hello"):
    """The id of a message that is sent."""
    message = gateway.send(TO, text)
    gateway.wait_message(message, "sent")
    return message


# ---- lists and polls ----

def test_every_move_is_an_event(pair):
    gateway = pair[1]
    place = last(gateway)
    message = sent(gateway)
    answer = gateway.get(f"/v1/events?after={place}&types=message.")
    mine = [e for e in answer["items"] if e["subject"] == message]
    assert [e["type"] for e in mine] == ["message.queued", "message.sending", "message.sent"]
    for event in mine:
        assert set(event) == {"seq", "at", "type", "subject", "data"}
        assert event["data"]["site"] == "shop"
        assert event["data"]["state"] == event["type"].split(".")[1]
    assert mine[-1]["data"]["modem"] == "gsm0"
    history = gateway.message(message)["history"]
    assert [(h["state"], h["at"]) for h in history] == [(e["data"]["state"], e["at"]) for e in mine]


def test_pages_follow_each_other(pair):
    gateway = pair[1]
    sent(gateway)
    every = gateway.get("/v1/events?limit=200")
    seqs = [e["seq"] for e in every["items"]]
    assert seqs == sorted(set(seqs))
    place, seen = 0, []
    while True:
        page = gateway.get(f"/v1/events?after={place}&limit=2")
        if not page["items"]:
            break
        assert len(page["items"]) <= 2 and page["next"] > place
        seen += [e["seq"] for e in page["items"]]
        place = page["next"]
    assert seen[:len(seqs)] == seqs
    assert gateway.get(f"/v1/events?after={place}")["next"] == place


def test_types_choose(pair):
    gateway = pair[1]
    place = last(gateway)
    message = sent(gateway)
    gateway.post("/v1/verifications", {"account": "types", "phone": "+79161230000"})

    def types(query):
        found = gateway.get(f"/v1/events?after={place}&limit=200&types={query}")["items"]
        return {e["type"] for e in found}
    assert types("message.sent") == {"message.sent"}
    assert types("verification.created") == {"verification.created"}
    assert types("message.queued,verification.") == {"message.queued", "verification.created"}
    assert types("nothing.") == set()
    first = gateway.get(f"/v1/events?after={place}&types=message.sent")["items"][0]
    assert first["subject"] == message


def test_a_poll_ends_with_the_next_event(pair):
    gateway = pair[1]
    place = last(gateway)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        began = time.monotonic()
        polls = [pool.submit(gateway.get, f"/v1/events?after={place}&wait=30&types=message.{state}")
                 for state in ("scheduled", "expired", "canceled")]
        message = gateway.send(TO, "x", send_at="2099-01-01T00:00:00Z")
        assert [e["subject"] for e in polls[0].result()["items"]] == [message]
        assert not polls[1].done() and not polls[2].done()
        gateway.call("DELETE", f"/v1/messages/{message}")
        assert [e["subject"] for e in polls[2].result()["items"]] == [message]
        gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
        gateway.wait_modem("drained")
        brief = gateway.send(TO, "x", ttl=1)
        assert [e["subject"] for e in polls[1].result()["items"]] == [brief]
        assert time.monotonic() - began < 25, "they did not end early"
        gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})


def test_a_poll_for_nothing_ends_in_time(pair):
    gateway = pair[1]
    place = last(gateway)
    began = time.monotonic()
    answer = gateway.get(f"/v1/events?after={place}&wait=1&types=nothing.")
    assert time.monotonic() - began >= 0.99
    assert (answer.status, answer["items"]) == (200, [])
    assert answer["next"] >= place


@pytest.mark.parametrize("query,status,reason", [
    ("wait=31", 422, "out_of_range"), ("wait=-1", 422, "out_of_range"),
    ("wait=x", 422, "out_of_range"),
    ("after=-1", 422, "out_of_range"), ("after=x", 422, "out_of_range"),
    ("limit=0", 422, "out_of_range"),
    ("after=99999999999999999999", 422, "out_of_range"), ("colour=red", 422, "unknown_member"),
])
def test_a_wrong_place_is_named(pair, query, status, reason):
    gate.refused(pair[1].get(f"/v1/events?{query}"), status, reason)


def test_a_page_has_200_at_most(pair):
    gateway = pair[1]
    for i in range(205):
        gateway.send(TO, f"page {i}", send_at="2099-01-01T00:00:00Z")
    for path in ("/v1/events?after=0&limit=", "/v1/messages?limit="):
        pages = [gateway.get(f"{path}{limit}") for limit in (200, 201, 10 ** 6)]
        assert [len(page["items"]) for page in pages] == [200] * 3
        assert len({page["next"] for page in pages}) == 1
        after = pages[0]["next"]
        assert gateway.get(f"{path.replace('after=0&', '')}1000&after={after}").status == 200


def test_a_place_in_the_future_waits(pair):
    answer = pair[1].get(f"/v1/events?after={2 ** 62}")
    assert answer.status == 200 and answer["items"] == []


def test_events_that_are_gone_are_told(field):
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"),
                            more='retention = { events = "1s"; };')
    message = gateway.send(TO, "old")
    born = gateway.message(message)["history"][0]["at"]
    later = gateway.send(TO, "later")
    gate.wait_until(lambda: time.time() - gate.seconds(born) > 1.2)
    gateway.stop()
    gateway.start()
    gate.wait_until(lambda: gateway.get("/v1/events?after=0").status == 410)
    gate.refused(gateway.get("/v1/events?after=0"), 410, "events_gone")
    assert gateway.get("/v1/events").status == 200  # from the oldest that is kept
    assert gateway.message(later)["state"] == "queued"


# ---- streams ----

def test_a_stream_tells_as_it_happens(pair):
    gateway = pair[1]
    with Stream(gateway) as stream:
        assert stream.response.status == 200
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        message = sent(gateway)
        events = stream.take(3)
    assert [e[1] for e in events] == ["message.queued", "message.sending", "message.sent"]
    for seq, kind, data in events:
        assert (data["seq"], data["type"], data["subject"]) == (seq, kind, message)


def test_a_stream_goes_on_where_it_was(pair):
    gateway = pair[1]
    with Stream(gateway, "/v1/events?types=message.queued") as stream:
        sent(gateway)
        (seq, _, _), = stream.take(1)
    missed = [sent(gateway, f"missed {i}") for i in range(3)]
    place = {"Last-Event-ID": str(seq)}
    with Stream(gateway, "/v1/events?types=message.queued", **place) as stream:
        assert [data["subject"] for _, _, data in stream.take(3)] == missed
        live = sent(gateway)
        assert stream.take(1)[0][2]["subject"] == live
    with Stream(gateway, f"/v1/events?after={seq}&types=message.queued") as stream:
        assert [data["subject"] for _, _, data in stream.take(4)] == missed + [live]
    # What connects again by itself sends the after= of the first time as well.
    with Stream(gateway, "/v1/events?after=0&types=message.queued", **place) as stream:
        assert [data["subject"] for _, _, data in stream.take(4)] == missed + [live]


def test_a_stream_from_the_beginning_tells_all(pair):
    gateway = pair[1]
    for i in range(60):  # more than one batch
        gateway.call("DELETE", "/v1/messages/" +
                     gateway.send(TO, "x", send_at="2099-01-01T00:00:00Z"))
    end = last(gateway)
    with Stream(gateway, "/v1/events?after=0") as stream:
        seqs = [seq for seq, _, _ in itertools.takewhile(lambda e: e[0] < end, stream)]
    assert seqs == list(range(1, end))


@pytest.mark.parametrize("accept, kind", [
    ("text/event-stream", "text/event-stream"),
    ("Text/Event-Stream; charset=utf-8", "text/event-stream"),
    ("application/json, text/event-stream;q=0.1", "application/json"),
    ("text/event-stream; q=0.5, application/json;q=0.4", "text/event-stream"),
    ("text/event-stream, application/json", "text/event-stream"),
    ("text/event-stream;q=0", "application/json"),
    ("*/*", "application/json"),
])
def test_what_a_client_would_rather_have(pair, accept, kind):
    connection = gate.UnixConnection(pair[1].socket)
    connection.request("GET", "/v1/events", headers={"Accept": accept})
    response = connection.getresponse()
    assert (response.status, response.headers["Content-Type"]) == (200, kind)
    response.close()
    connection.close()


def test_a_bad_last_event_id_is_refused(pair):
    for bad in ("x", "-1", "1x", "99999999999999999999"):
        answer = pair[1].get("/v1/events", headers={"Accept": "text/event-stream",
                                                    "Last-Event-ID": bad})
        gate.refused(answer, 400, "bad_header")


def test_head_of_a_stream_is_a_header_and_no_more(pair):
    for path in ("/v1/events", "/v1/modems/gsm0/trace"):
        with gate.socket.socket(gate.socket.AF_UNIX) as sock:
            sock.settimeout(gate.LIMIT)
            sock.connect(pair[1].socket)
            sock.sendall(f"HEAD {path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n".encode())
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        head, rest = answer.split(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ") and b"text/event-stream" in head and rest == b""


def test_blanks_after_a_last_event_id_are_no_part_of_it(pair):
    end = last(pair[1])
    answer = pair[1].get("/v1/events", headers={"Last-Event-ID": f"{end} \t"})
    assert (answer.status, answer["items"], answer["next"]) == (200, [], end)


def test_streams_are_counted(field):
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"))
    streams = [Stream(gateway) for _ in range(32)]
    assert {s.response.status for s in streams} == {200}
    answer = gateway.get("/v1/events", headers={"Accept": "text/event-stream"})
    gate.refused(answer, 503, "too_many_streams")
    for stream in streams:
        stream.close()

    def free():
        gateway.send(TO, "x")  # what is written to them shows that nobody reads
        with Stream(gateway) as stream:
            return stream.response.status == 200
    gate.wait_until(free, why="closed streams were not given back")


def test_a_reader_that_does_not_read_harms_nobody(pair):
    gateway = pair[1]
    lazy = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.connect(gateway.socket)
    lazy.sendall(b"GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
    with Stream(gateway) as stream:
        message = sent(gateway)
        assert stream.take(1)[0][2]["subject"] == message
    lazy.close()


def test_a_site_sees_its_own_events(field):
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"), sites=TWO_SITES)
    made = {}
    with Stream(gateway, "/v1/events?site=beta") as stream:
        for site in ("alpha", "beta"):
            answer = gateway.post(f"/v1/messages?site={site}", {"to": TO, "text": "x"})
            made[site] = answer["id"]
        assert stream.take(1)[0][2]["subject"] == made["beta"]
    for site in made:
        events = gateway.get(f"/v1/events?after=0&site={site}&types=message.")["items"]
        assert [e["subject"] for e in events] == [made[site]]
    every = gateway.get("/v1/events?after=0&types=message.")["items"]
    assert [e["subject"] for e in every] == list(made.values())


def test_open_streams_and_polls_do_not_hold_up_the_stop(field):
    _, gateway = field.pair()
    place = gate.wait_until(lambda: last(gateway))  # the modem was told to be ready
    with concurrent.futures.ThreadPoolExecutor(1) as pool, Stream(gateway) as stream:
        files = f"/proc/{gateway.popen.pid}/fd"
        before = len(os.listdir(files))
        poll = pool.submit(gateway.get, f"/v1/events?after={place}&wait=30&types=nothing.")
        gate.wait_until(lambda: len(os.listdir(files)) > before)  # it is connected
        began = time.monotonic()
        assert gateway.stop() == 0
        assert time.monotonic() - began < 10
        assert list(stream) == []
        try:
            assert poll.result().status in (200, 503)
        except (ConnectionError, gate.http.client.HTTPException):
            pass  # its request was not in yet


# ---- what must never be seen ----

def test_no_secret_is_seen_anywhere(field):
    """Codes, texts and numbers: not in the log, the events, the trace, the database."""
    simulator, gateway = field.pair("--send-time", 5, "--reports", "delivered", "--report-time", 5)
    texts = ["Пароль от сейфа семнадцать", "the secret is in the garden", "another " + "x" * 200]
    with Stream(gateway, "/v1/modems/gsm0/trace") as trace:
        ids = [gateway.send(TO, text, report=True) for text in texts]
        gateway.post("/v1/verifications", {"account": "secret holder", "phone": TO})
        code = gate.code_for(simulator, TO)
        for message in ids:
            gateway.wait_message(message, "delivered")
        held = gateway.send(TO, "waits in the database", send_at="2099-01-01T00:00:00Z")
        simulator.control("sms +79161234567 a private answer")
        gate.wait_until(lambda: gateway.get("/v1/inbox")["items"])
        simulator.control("refuse * 1")
        failed = gateway.send(TO, "a failed secret")
        gateway.wait_message(failed, "failed")
        lines = itertools.takewhile(lambda e: "+CMS ERROR" not in e[2].get("line", ""), trace)
        traced = json.dumps([data for _, _, data in lines], ensure_ascii=False)
    events = json.dumps(gateway.get("/v1/events?after=0&limit=200").body, ensure_ascii=False)
    payloads = re.findall(r"< ([0-9A-F]{20,})<SUB>", open(simulator.dialogue_path).read())
    assert len(payloads) >= 4 and "+CMGS" in traced

    files = {}

    def collect(moment):
        for path in glob.glob(gateway.database + "*"):
            with open(path, "rb") as file:
                files[f"{path} {moment}"] = file.read()
    collect("running")
    assert gateway.stop() == 0
    collect("stopped")
    files["log"], files["events"], files["trace"] = (
        gateway.output().encode(), events.encode(), traced.encode())
    words = texts + ["waits in the database", "a private answer", "a failed secret"]
    secrets = [w.encode() for w in words]
    secrets += [w.encode("utf-16-be").hex().upper().encode() for w in words]
    secrets += [p.encode() for p in payloads] + [b"79123456789", b"79161234567", b"9721436587F9"]
    for name, content in files.items():
        for secret in secrets:
            assert secret not in content, f"{secret!r} in {name}"
        alone = rb"(?<!\d)" + code.encode() + rb"(?!\d)"
        assert not re.search(alone, content), f"the code in {name}"
    assert held in events
