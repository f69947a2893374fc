"""An audit: the codes and texts of a whole run are in no log, trace, event, answer, file or core."""
import glob
import itertools
import json
import os
import re
import signal

import core
import gate
import other_pdu
import pytest
from test_events import Stream
from test_privacy import every_byte, number_forms, path_of

ACCOUNT, THIEF = "Иванов-account-7f3a", "thief"
PHONE, OTHER, BLOCKED, ENGLISH = "+79123456789", "+79137654321", "+79991234567", "+79157654321"
NAMES = ["Константин", "Аркадий"]
TEXTS = ["Пароль от сейфа: белый медведь", "the secret is under the oak",
         "zebras quilted " + "plenty of wool " * 20]
WINDOW = 12  # characters of a text by which it is known


def windows(text):
    """Pieces of a text, from its beginning to its end."""
    last = max(0, len(text) - WINDOW)
    return {text[at:at + WINDOW] for at in (0, last // 2, last)}


def forms(piece):
    """A piece of a text as memory, files and modems have it, at any bit of an octet."""
    wide = piece.encode("utf-16-be")
    found = [piece.encode(), wide, piece.encode("utf-16-le"), wide.hex().encode(),
             wide.hex().upper().encode(), json.dumps(piece)[1:-1].encode()]
    septets = other_pdu.septets_of(piece)
    for skip in range(7 if septets is not None else 0):
        packed = other_pdu.pack(septets, skip)[1:-1]  # other characters are in the outer ones
        found += [packed, packed.hex().upper().encode()]
    return found


def around(text, code):
    """The pieces of a text in which its code is."""
    at = [match.start() for match in re.finditer(code, text)]
    return {text[max(0, i - 6):i + 12] for i in at}


class Run:
    """A gateway, and all that it says while it runs."""

    def __init__(self, field):
        self.simulator, self.gateway = field.pair(
            "--send-time", 5, "--report-time", 5, "--reports", "+79991:48,*:00",
            sites=gate.one_site(verification='resend_after = [ "1s" ];'))
        self.folder = field.folder
        self.answers, self.codes, self.texts = [], [], [*NAMES, *TEXTS]
        self.before = core.dump(self.gateway.popen.pid, self.folder)

    def call(self, method, path, body=None, **more):
        answer = self.gateway.call(method, path, body, **more)
        self.answers.append(f"{method} {path} {answer.raw.decode()}")
        return answer

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def cli(self, *words):
        code, told, wrong = gate.cli(self.gateway, *words)
        self.answers.append(f"simgate {words[0]} {told} {wrong}")
        assert code in (0, 1), wrong
        return told

    def code(self, account, phone, n=1, **more):
        """A code that has come: (path of the verification, the code)."""
        started = self.post("/v1/verifications", dict(account=account, phone=phone, **more))
        assert started.status == 202, started
        self.codes.append(gate.code_for(self.simulator, phone, n))
        self.gateway.wait_message(started["message"], "sent", "delivered", "failed")
        return f"/v1/verifications/{started['id']}", self.codes[-1]

    def enter(self, path, code):
        self.codes.append(code)
        return self.post(path + "/check", {"code": code})

    def text(self, text, *states, to=PHONE, headers=None, **more):
        self.texts.append(text)
        sent = self.post("/v1/messages", dict(to=to, text=text, **more), headers=headers)
        assert sent.status == 202, sent
        self.gateway.wait_message(sent["id"], *states)
        self.call("GET", f"/v1/messages/{sent['id']}")
        return sent["id"]

    def receive(self, text):
        self.texts.append(text)
        known = len(self.gateway.get("/v1/inbox")["items"])
        self.simulator.control(f"sms {PHONE} {text}")
        gate.wait_until(lambda: len(self.gateway.get("/v1/inbox")["items"]) > known)

    # ---- what is searched for ----

    def pieces(self):
        """Of every text, and of what the phones got: where the codes stand and what users wrote."""
        found = set().union(*map(windows, self.texts))
        for message in self.simulator.handset():
            for word in [*self.codes, *NAMES]:
                found |= around(message["text"], word)
        return found

    def entered(self):
        return [re.compile(rb"(?<!\d)" + code.encode() + rb"(?!\d)") for code in set(self.codes)]

    def assert_silent(self, name, content, more=(), before=b""):
        """What stood there before anything happened is the programs' own."""
        for secret in {*more, *itertools.chain(*map(forms, self.pieces()))}:
            assert secret not in content or secret in before, f"{secret!r} in {name}"
        for alone in self.entered():
            assert not alone.search(content) or alone.search(before), f"{alone} in {name}"

    def assert_silent_core(self, dumped):
        self.assert_silent("a core dump", core.changes(dumped, self.before), before=self.before)


def verifications(run):
    """Wrong, superseded, right, once more, bound elsewhere, refused, changed, in other words."""
    path, first = run.code(ACCOUNT, PHONE)
    run.enter(path, "135791")
    run.enter(path, "12 345")  # malformed
    gate.wait_until(lambda: run.post("/v1/verifications", {
        "account": ACCOUNT, "phone": PHONE}).status == 202, why="no second code")
    run.codes.append(gate.code_for(run.simulator, PHONE, 2))
    assert run.enter(path, first)["result"] == "superseded_code"
    run.call("GET", path)
    assert run.enter(path, run.codes[-2])["result"] == "approved"
    run.enter(path, run.codes[-1])
    path, code = run.code(THIEF, PHONE, 3)
    assert run.enter(path, code).reason == "number_bound_elsewhere"
    path, code = run.code(THIEF, ENGLISH, locale="en")
    assert run.enter(path, code)["result"] == "approved"
    path, code = run.code(THIEF, OTHER, purpose="change", locale="vi")
    assert run.enter(path, code)["result"] == "approved"
    path, _ = run.code("far", BLOCKED)
    run.call("GET", path)
    run.cli("verify", "show", path.rsplit("/", 1)[1])
    path, code = run.code("unsure", "+79991234568")
    for n in range(7):
        run.enter(path, f"{(int(code) + 1 + n) % 1000000:06d}")
    run.post(path + "/cancel")


def messages(run):
    """Sent, long, waiting, canceled, refused, tried again, asked for twice, previewed, wrong."""
    for text in TEXTS:
        run.text(text, "delivered", report=True)
    run.text("Москва слезам не верит", "sent", transliterate="always",
             headers={"Idempotency-Key": '"k1"'})
    run.text("Москва слезам не верит", "sent", transliterate="always",
             headers={"Idempotency-Key": '"k1"'})
    run.text("waits under the floorboards", "scheduled", send_at="2099-01-01T00:00:00Z")
    run.call("DELETE", "/v1/messages/" + run.text(
        "drowned before the harvest", "scheduled", send_at="2099-01-01T00:00:00Z"))
    run.simulator.control("refuse * 1")
    failed = run.text("unwelcome porcelain owls", "failed")
    run.simulator.control("refuse * off")
    again = run.post(f"/v1/messages/{failed}/retry")
    run.gateway.wait_message(again["id"], "sent", "delivered")
    run.cli("show", failed)
    run.cli("list")
    run.texts += ["merely a glimpse of plums", "towards a lost lighthouse", "a torn letter about geese"]
    run.gateway.post("/v1/preview", {"text": "merely a glimpse of plums"})  # shows it: it is asked to
    run.post("/v1/messages", {"to": PHONE, "text": "towards a lost lighthouse\x00"})
    run.post("/v1/messages", b'{"to": "+7", "text": "a torn letter about geese')
    run.post("/v1/messages", {"to": "nonsense", "text": TEXTS[0]})


def requests(run):
    asked = run.post("/v1/contact-requests", {
        "from_account": THIEF, "to_account": ACCOUNT, "from_name": NAMES[1],
        "to_name": NAMES[0], "order": "B-99"})
    run.gateway.wait_message(asked["message"], "sent", "delivered")
    run.call("GET", f"/v1/contact-requests/{asked['id']}")
    run.receive("yes bring the violin")
    run.receive("whispering " + "of chestnuts by the river " * 10)
    run.gateway.get(path_of(ACCOUNT) + "/export")  # shows what was received: it is asked to


def look_around(run):
    for path in ("/v1/messages", "/v1/status", "/v1/modems", "/metrics", "/healthz",
                 path_of(ACCOUNT), f"/v1/numbers/{PHONE}"):
        run.call("GET", path)
    for words in (("status",), ("modem", "list"), ("number", "show", PHONE),
                  ("account", "show", ACCOUNT)):
        run.cli(*words)


def traced(stream, until):
    lines = itertools.takewhile(lambda e: until not in json.dumps(e[2]), stream)
    return json.dumps([data for _, _, data in lines], ensure_ascii=False)


@pytest.fixture(name="run")
def whole_run(field):
    return Run(field)


def test_an_audit_of_a_whole_run(run):
    gateway, told = run.gateway, {}
    with Stream(gateway, "/v1/modems/gsm0/trace") as trace, Stream(gateway) as events:
        verifications(run)
        messages(run)
        requests(run)
        look_around(run)
        gateway.signal(signal.SIGHUP)  # a reload tells nothing either
        last = gateway.get("/v1/status")["last_event"]
        told["event stream"] = json.dumps(list(itertools.takewhile(
            lambda e: e[0] < last, events)), ensure_ascii=False)
        gateway.post("/v1/modems/gsm0/at", {"command": "AT+CGMM=?"})
        told["trace"] = traced(trace, "AT+CGMM=?")
    gate.wait_until(lambda: gateway.get("/v1/status").status == 200)
    told["events"] = json.dumps(list_of_events(gateway), ensure_ascii=False)
    dumped = core.dump(gateway.popen.pid, run.folder)
    running = every_byte(gateway)
    gateway.kill()  # what a crash leaves
    crashed = every_byte(gateway)
    gateway.start()
    gateway.wait_modem()
    assert gateway.stop() == 0
    told["log"] = gateway.output()
    for path in glob.glob(os.path.join(run.folder, "transcripts", "*")):
        with open(path, encoding="utf-8", errors="replace") as file:
            told[os.path.basename(path)] = file.read()
    numbers = [form for phone in (PHONE, OTHER) for form in number_forms(phone)]
    for name, content in told.items():
        run.assert_silent(name, content.encode(), numbers)
    stopped = every_byte(gateway)
    for when, files in (("running", running), ("crashed", crashed), ("stopped", stopped)):
        for name, content in files.items():
            run.assert_silent(f"{name}, {when}", content, numbers)
    run.assert_silent_core(dumped)
    # answers show numbers to the site that has them, and never a code or a text
    run.assert_silent("an answer", "\n".join(run.answers).encode())
    assert len(run.codes) >= 18 and "+CMGS" in told["trace"]
    assert "simgate.db-wal" in running and running["simgate.db-wal"]


def list_of_events(gateway):
    after, items = 0, []
    while True:
        more = gateway.get(f"/v1/events?after={after}&limit=200")["items"]
        if not more:
            return items
        items, after = items + more, more[-1]["seq"]


def test_the_audit_finds_what_is_there(run):
    """It would be worth nothing if it found nothing."""
    run.texts.append("a needle in the haystack")
    run.codes.append("864209")
    septets = other_pdu.septets_of("So a needle in the haystack it is")
    for hidden in (b"a needle in the haystack", "a needle in the haystack".encode("utf-16-le"),
                   other_pdu.pack(septets), other_pdu.pack(septets, 3).hex().upper().encode(),
                   b"x 864209 y"):
        with pytest.raises(AssertionError):
            run.assert_silent("the haystack", b"..." + hidden + b"...")
    run.assert_silent("the haystack", b"18642091, and nothing else")
    # the memory that is read is the one that is written
    gateway = run.gateway
    waiting = "a long poll " + "and its words " * 5
    with Stream(gateway, f"/v1/events?types={waiting.replace(' ', '_')}"):
        assert waiting.replace(" ", "_").encode() in core.dump(gateway.popen.pid, run.folder)
        assert waiting.replace(" ", "_").encode() in core.written_memory(gateway.popen.pid)


def test_no_core_is_left_by_a_crash(run):
    with open(f"/proc/{run.gateway.popen.pid}/limits", encoding="utf-8") as limits:
        assert re.search(r"Max core file size +0 +0 ", limits.read())
