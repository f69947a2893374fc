"""Personal data: what is shown, kept and forgotten; bytes after erasure."""
import glob
import json
import os
import sqlite3
import threading
import urllib.parse

import gate
import other_pdu

ACCOUNT = "Иванов-account-7f3a"
NAME = "Константин"
PHONE, OTHER = "+79123456789", "+79137654321"


def every_byte(gateway):
    """Name and content of each file that the database has at this moment."""
    found = {}
    for path in glob.glob(os.path.join(gateway.folder, "simgate.db*")):
        with open(path, "rb") as file:
            found[os.path.basename(path)] = file.read()
    return found


def number_forms(number):
    """As text, as UTF-16, as swapped half-octets in binary and hex, as octets of GSM 7 bit."""
    digits = number.lstrip("+")
    swapped = other_pdu.address_octets(number)[-6:]
    packed = other_pdu.pack(other_pdu.septets_of(digits))
    return [digits.encode(), digits[1:].encode(), digits.encode("utf-16-le"),
            digits.encode("utf-16-be"), swapped, swapped.hex().encode(),
            swapped.hex().upper().encode(), packed[:8], packed.hex().encode(),
            packed.hex().upper().encode()]


def text_forms(text):
    forms = [text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"),
             text.encode("utf-16-be").hex().upper().encode()]
    septets = other_pdu.septets_of(text)
    if septets is not None:
        packed = other_pdu.pack(septets)
        forms += [packed, packed.hex().encode(), packed.hex().upper().encode()]
    return forms


def at_rest(gateway, table, *columns):
    """What the key opens: sealed values and keyed hashes of the table, as they stand there."""
    with sqlite3.connect(f"file:{gateway.folder}/simgate.db?mode=ro", uri=True) as db:
        rows = db.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    db.close()
    return [bytes(value) for row in rows for value in row if value is not None]


def assert_nowhere(gateway, secrets):
    for name, content in every_byte(gateway).items():
        for secret in secrets:
            assert secret not in content, f"{secret!r} in {name}"


def path_of(account):
    return f"/v1/accounts/{urllib.parse.quote(account, safe='')}"


def fill(simulator, gateway, account, phone):
    """Everything that may be held about a person; returns what the key opens of it."""
    gate.verify(simulator, gateway, account, phone)
    asked = gateway.post("/v1/contact-requests", {
        "from_account": "asker", "to_account": account, "from_name": "Пётр", "to_name": NAME,
        "order": "A-17"})
    assert asked.status == 202, asked
    gateway.wait_message(asked["message"], "sent")
    gateway.wait_message(gateway.send(phone, "a reminder", reference=account), "sent", "delivered")
    later = gateway.send(phone, "a text that waits", send_at="2099-01-01T00:00:00Z")
    simulator.control(f"sms {phone} an answer from the person")
    gate.wait_until(lambda: gateway.get("/v1/inbox")["items"])
    login = gateway.post("/v1/verifications", {"account": account, "phone": phone,
                                               "purpose": "login"})
    assert login.status == 202, login
    gateway.wait_message(login["message"], "sent", "delivered")
    return later


def sealed(gateway, keep=()):
    kept = (at_rest(gateway, "number", "hash", "sealed") + at_rest(gateway, "message", "text") +
            at_rest(gateway, "inbox", "text") + at_rest(gateway, "code", "hash"))
    return [value for value in kept if value not in keep]


# ---- erasure ----

def test_an_erased_account_leaves_no_byte(field):
    simulator, gateway = field.pair("--send-time", 5)
    gate.verify(simulator, gateway, "asker", OTHER)
    others = sealed(gateway)
    later = fill(simulator, gateway, ACCOUNT, PHONE)
    secrets = sealed(gateway, others)
    assert len(secrets) >= 5
    before = every_byte(gateway)
    assert any(ACCOUNT.encode() in content for content in before.values())
    assert any(secrets[0] in content for content in before.values())
    assert gateway.call("DELETE", path_of(ACCOUNT)).status == 204
    # while the daemon runs, and when it has ended: with the key (what it opens) and without
    plain = text_forms(ACCOUNT) + number_forms(PHONE) + text_forms(NAME)
    assert_nowhere(gateway, secrets + plain)
    assert os.path.getsize(os.path.join(gateway.folder, "simgate.db-wal")) == 0
    assert gateway.get(path_of(ACCOUNT)).status == 404
    assert gateway.get(f"/v1/messages/{later}").status == 404
    assert gateway.get("/v1/inbox")["items"] == []
    assert gateway.call("DELETE", path_of(ACCOUNT)).status == 404
    assert gateway.stop() == 0
    assert_nowhere(gateway, secrets + plain)
    gateway.start()
    gateway.wait_modem()
    assert gateway.get(path_of("asker"))["phone"] == OTHER  # who is not meant stays


def test_an_erased_number_leaves_no_byte(field):
    simulator, gateway = field.pair("--send-time", 5)
    gate.verify(simulator, gateway, "asker", OTHER)
    others = sealed(gateway)
    fill(simulator, gateway, ACCOUNT, PHONE)
    secrets = sealed(gateway, others)
    simulator.control(f"sms {PHONE} STOP")
    number = f"/v1/numbers/{urllib.parse.quote(PHONE)}"
    gate.wait_until(lambda: gateway.get(number)["opted_out_at"])
    assert gateway.call("DELETE", number).status == 204
    plain = text_forms(ACCOUNT) + number_forms(PHONE)
    assert_nowhere(gateway, secrets + plain)
    # what must outlive it does, as keyed hashes: opt-outs, counters
    shown = gateway.get(number)
    assert shown["opted_out_at"] and shown["sites"][0]["sends_hour"] >= 1, shown
    assert shown["sites"][0]["accounts"] == []
    gate.verify(simulator, gateway, "next owner", OTHER[:-1] + "9")
    assert gateway.stop() == 0
    assert_nowhere(gateway, secrets + plain)


def test_limits_and_locks_outlive_an_erasure(field):
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site(
        verification='limits = { per_number = [ "2/1h" ]; };'))
    started = gateway.post("/v1/verifications", {"account": ACCOUNT, "phone": PHONE})
    gateway.wait_message(started["message"], "sent")
    for _ in range(6):
        gateway.post(f"/v1/verifications/{started['id']}/check", {"code": "000000"})
    assert gateway.call("DELETE", path_of(ACCOUNT)).status == 204
    again = {"account": ACCOUNT, "phone": PHONE}
    gate.refused(gateway.post("/v1/verifications", again), 423, "locked")
    other = gateway.post("/v1/verifications", dict(again, account="b"))
    gateway.wait_message(other["message"], "sent")
    gate.refused(gateway.post("/v1/verifications", dict(again, account="c")), 429, "limit_reached")
    assert simulator.violations() == 0


def test_what_is_on_the_air_goes_after_its_end(field):
    simulator, gateway = field.pair("--send-time", 1500)
    started = gateway.post("/v1/verifications", {"account": ACCOUNT, "phone": PHONE})
    gateway.wait_message(started["message"], "sending")
    secrets = at_rest(gateway, "number", "hash", "sealed")
    assert gateway.call("DELETE", path_of(ACCOUNT)).status == 204
    simulator.wait_handset(1)
    gate.wait_until(lambda: gateway.get(f"/v1/messages/{started['message']}")["state"] == "sent")
    assert gateway.stop() == 0
    gateway.start()  # the minute's round begins with the start
    gate.wait_until(lambda: gateway.get(f"/v1/messages/{started['message']}").status == 404)
    assert_nowhere(gateway, secrets + number_forms(PHONE) + text_forms(ACCOUNT))


def test_a_reader_does_not_keep_the_log(field):
    """An export that is being read while another account is erased."""
    simulator, gateway = field.pair("--send-time", 5)
    gate.verify(simulator, gateway, "reader", OTHER)
    gate.verify(simulator, gateway, ACCOUNT, PHONE)
    ended = threading.Event()

    def read():
        while not ended.is_set():
            gateway.get("/v1/accounts/reader/export")
    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    assert gateway.call("DELETE", path_of(ACCOUNT)).status == 204
    ended.set()
    for reader in readers:
        reader.join()
    wal = os.path.join(gateway.folder, "simgate.db-wal")
    gate.wait_until(lambda: os.path.getsize(wal) == 0, why="the log was not truncated")
    assert_nowhere(gateway, text_forms(ACCOUNT) + number_forms(PHONE))


def test_erasure_by_the_command_line(field):
    simulator, gateway = field.pair("--send-time", 5)
    gate.verify(simulator, gateway, "a", PHONE)
    gate.verify(simulator, gateway, "b", OTHER)
    assert gate.cli(gateway, "account", "erase", "a")[0] == 0
    assert gate.cli(gateway, "account", "show", "a")[0] == 4
    assert gate.cli(gateway, "number", "erase", OTHER)[0] == 0
    assert gate.cli(gateway, "account", "show", "b")[0] == 4
    assert gate.cli(gateway, "number", "erase", OTHER)[0] == 4


# ---- export ----

def test_an_export_tells_all_that_is_held(field):
    simulator, gateway = field.pair("--send-time", 5)
    gate.verify(simulator, gateway, "asker", OTHER)
    later = fill(simulator, gateway, ACCOUNT, PHONE)
    code, printed, _ = gate.cli(gateway, "account", "export", ACCOUNT)
    assert code == 0
    held = json.loads(printed)
    assert (held["account"], held["phone"], held["complete"]) == (ACCOUNT, PHONE, True)
    assert [(p["phone"], p["channel"], p["assurance"]) for p in held["proofs"]] == [
        (PHONE, "sms", "code")]
    assert sorted(v["purpose"] for v in held["verifications"]) == ["login", "register"]
    assert [(c["from_account"], c["order"]) for c in held["contact_requests"]] == [
        ("asker", "A-17")]
    assert later in [m["id"] for m in held["messages"]] and len(held["messages"]) == 5
    assert {m["kind"] for m in held["messages"]} == {"verification", "contact_request", "text"}
    assert [s["text"] for s in held["inbox"]] == ["an answer from the person"]
    kinds = {e["type"].split(".")[0] for e in held["events"]}
    assert kinds == {"verification", "contact_request", "message", "sms"}
    seqs = [e["seq"] for e in held["events"]]
    assert seqs == sorted(seqs) and len(set(seqs)) == len(seqs)
    # no text that was sent, no code, and nothing of the other one but the account's name
    for word in ("a reminder", "a text that waits", "Никому", OTHER, NAME):
        assert word not in printed, word
    # who asked has it in his own export, without the recipient's number
    asker = gateway.get("/v1/accounts/asker/export")
    assert [c["to_account"] for c in asker["contact_requests"]] == [ACCOUNT]
    assert PHONE not in asker.raw.decode()


def test_of_a_number_that_was_only_tried_little_is_told(field):
    """A typing error must not open somebody else's messages."""
    simulator, gateway = field.pair("--send-time", 5)
    gate.verify(simulator, gateway, "owner", PHONE)
    gateway.wait_message(gateway.send(PHONE, "for the owner"), "sent")
    tried = gateway.post("/v1/verifications", {"account": "typist", "phone": PHONE})
    gateway.wait_message(tried["message"], "sent")
    held = gateway.get("/v1/accounts/typist/export")
    assert [v["id"] for v in held["verifications"]] == [tried["id"]]
    assert [m["id"] for m in held["messages"]] == [tried["message"]]
    assert held["inbox"] == [] and held["proofs"] == [] and held["phone"] is None
    assert gateway.get("/v1/accounts/nobody/export").status == 404


# ---- operators ----

def test_an_operator_sees_and_unlocks_a_number(field):
    _, gateway = field.pair("--send-time", 5)
    started = gateway.post("/v1/verifications", {"account": "a", "phone": PHONE})
    for _ in range(6):
        gateway.post(f"/v1/verifications/{started['id']}/check", {"code": "000000"})
    shown = gateway.get("/v1/numbers/8%20912%20345-67-89")  # as people write it
    assert shown["phone"] == PHONE
    site = shown["sites"][0]
    assert (site["site"], site["wrong_entries"]) == ("shop", 5)
    assert [(a["account"], a["owner"]) for a in site["accounts"]] == [("a", False)]
    assert site["accounts"][0]["locked_until"]
    unlocked = gateway.post(f"/v1/numbers/{PHONE}/unlock")
    assert unlocked.status == 204, unlocked
    site = gateway.get(f"/v1/numbers/{PHONE}")["sites"][0]
    assert site["wrong_entries"] == 0 and site["accounts"][0]["locked_until"] is None
    gate.refused(gateway.get("/v1/numbers/+79999999999"), 404, "not_found")
    assert gateway.get("/v1/numbers/nonsense").status == 422


# ---- opt-outs ----

def test_out_and_in_by_account_and_operator(field):
    simulator, gateway = field.pair("--send-time", 5)
    gate.verify(simulator, gateway, "to", PHONE)
    body = {"from_account": "from", "to_account": "to", "from_name": "A", "to_name": "B",
            "order": "1"}

    def asked():
        return gateway.post("/v1/contact-requests", body)
    off = gateway.post("/v1/accounts/to/contact", {"allowed": False})
    assert off.status == 200 and off["opted_out_at"], off
    gate.refused(asked(), 409, "recipient_opted_out")
    assert gateway.post("/v1/accounts/to/contact", {"allowed": True})["opted_out_at"] is None
    assert gate.cli(gateway, "account", "contact", "to", "off")[0] == 0
    gate.refused(asked(), 409, "recipient_opted_out")
    assert gate.cli(gateway, "number", "unlock", PHONE)[0] == 0  # no lock of ours
    gate.refused(asked(), 409, "recipient_opted_out")
    assert gate.cli(gateway, "number", "unlock", PHONE, "--opt-in")[0] == 0
    assert asked().status == 202
    assert gateway.post("/v1/accounts/nobody/contact", {"allowed": True}).status == 404


def test_one_answer_to_a_stop_where_the_site_wants_it(field):
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site(
        contact="confirm_opt_out = true;"))
    gate.verify(simulator, gateway, "to", PHONE)
    for word in ("СТОП", "stop", "START", "Stop!"):
        known = len(gateway.get("/v1/inbox")["items"])
        simulator.control(f"sms {PHONE} {word}")
        gate.wait_until(lambda: len(gateway.get("/v1/inbox")["items"]) > known)
        if word == "СТОП":
            simulator.wait_handset(2)
    events = gateway.get("/v1/events?after=0&types=number.")["items"]
    assert [(e["type"], e["data"]["reason"]) for e in events] == [
        ("number.opted_out", "стоп"), ("number.opted_in", "start"), ("number.opted_out", "stop")]
    answers = [m for m in simulator.handset() if "START" in m["text"]]
    assert len(answers) == 1 and answers[0]["parts"] == 1 and answers[0]["to"] == PHONE


# ---- retention ----

def test_each_kind_goes_in_its_time(field):
    simulator, gateway = field.pair("--send-time", 5)
    later = fill(simulator, gateway, ACCOUNT, PHONE)
    assert gateway.stop() == 0
    with open(gateway.config, "a", encoding="utf-8") as config:
        config.write('retention = { inbox = "1s"; events = "1s"; messages = "1s"; '
                     'failed_texts = "1s"; };\n')
    database = os.path.join(gateway.folder, "simgate.db")
    with sqlite3.connect(database) as db:  # all of it is two seconds older
        for table, column in (("message", "created_at"), ("event", "at"), ("inbox", "received_at"),
                              ("verification", "created_at")):
            db.execute(f"UPDATE {table} SET {column} = {column} - 2000")
    db.close()
    gateway.start()
    gate.wait_until(lambda: gateway.get("/v1/inbox")["items"] == [])
    gate.wait_until(lambda: [m["id"] for m in gateway.get("/v1/messages")["items"]] == [later])
    assert gateway.get("/v1/events?after=0").status == 410
    # who is verified stays, with the proof
    assert gateway.get(path_of(ACCOUNT))["phone"] == PHONE
    held = gateway.get(path_of(ACCOUNT) + "/export")
    assert held["verifications"] == [] and held["contact_requests"] == []


def test_what_is_kept_for_seconds_goes_while_the_daemon_runs(field):
    simulator = field.simulator("--send-time", 5)
    simulator.control("refuse +7999 1")
    gateway = field.gateway(gate.modem("gsm0", simulator.pty), more='retention = { failed_texts = '
                            '"1s"; events = "1s"; inbox = "1s"; messages = "1d"; };')
    gateway.wait_modem()
    failed = gateway.send("+79991234567", "text of a failed message")
    gateway.wait_message(failed, "failed")
    simulator.control(f"sms {PHONE} hello")
    gate.wait_until(lambda: gateway.get("/v1/inbox")["items"])
    gate.wait_until(lambda: gateway.get("/v1/inbox")["items"] == [])
    gate.wait_until(lambda: gateway.get("/v1/events?after=0").status == 410)
    gate.wait_until(lambda: gateway.post(f"/v1/messages/{failed}/retry").status == 409)
    gate.refused(gateway.post(f"/v1/messages/{failed}/retry"), 409, "text_erased")
