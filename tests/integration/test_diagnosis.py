"""Why a code does not come: each reason from a network that behaves so, with advice and next step."""
import itertools
import os
import re
import sqlite3

import pytest

import gate

# What the network does to a number that begins so, and what must be told: reports in hex, refusals
# of the submit by their number.
REPORTED = {
    "+79131": ("00", "delivered", "delivered_not_entered", "wait"),
    "+79132": ("41", "failed", "number_maybe_mistyped", "edit"),
    "+79133": ("42", "failed", "blocked_by_recipient_operator", "other_channel"),
    "+79134": ("43", "failed", "number_maybe_mistyped", "edit"),
    "+79135": ("45", "failed", "blocked_by_recipient_operator", "other_channel"),
    "+79136": ("46", "failed", "phone_unreachable", "resend"),
    "+79137": ("48", "failed", "blocked_by_recipient_operator", "other_channel"),
    "+79138": ("62", "failed", "phone_unreachable", "resend"),
    "+79139": ("65", "failed", "phone_memory_full", "resend"),
    "+79141": ("40", "failed", "gateway_trouble", "other_channel"),
    "+79142": ("21", "sent", "phone_unreachable", "resend"),
    "+79143": ("25", "sent", "phone_memory_full", "resend"),
}
REFUSED = {
    "+79151": (1, "failed", "number_maybe_mistyped", "edit"),
    "+79152": (195, "failed", "number_maybe_mistyped", "edit"),
    "+79153": (27, "queued", "phone_unreachable", "resend"),
    "+79154": (21, "queued", "blocked_by_recipient_operator", "other_channel"),
}
accounts = (f"user {n}" for n in itertools.count(1))


@pytest.fixture(scope="module")
def pair(shared):
    """A modem on a network that treats each prefix in its own way."""
    reports = ",".join(f"{prefix}:{st}" for prefix, (st, *_) in REPORTED.items())
    simulator, gateway = shared.pair("--send-time", 5, "--report-time", 5, "--reports", reports)
    for prefix, (code, *_) in REFUSED.items():
        simulator.control(f"refuse {prefix} {code}")
    return simulator, gateway


def start(gateway, phone, account=None):
    answer = gateway.post("/v1/verifications", {"account": account or next(accounts),
                                                "phone": phone})
    assert answer.status == 202, answer
    return answer


def wait_reason(gateway, verification, state, reason):
    def there():
        delivery = gateway.get(f"/v1/verifications/{verification['id']}")["delivery"]
        return delivery if (delivery["state"], delivery["reason"]) == (state, reason) else None
    return gate.wait_until(there, why=f"{state} {reason} was not told: "
                           f"{gateway.get('/v1/verifications/' + verification['id'])['delivery']}")


def advised(diagnosis, next_step):
    """Words in three languages, and one next step."""
    assert set(diagnosis["advice"]) == {"ru", "vi", "en"}
    assert all(words and "{" not in words for words in diagnosis["advice"].values())
    assert diagnosis["next_step"] == next_step


@pytest.mark.parametrize("prefix", REPORTED)
def test_a_report_is_explained(pair, prefix):
    _, gateway = pair
    _, state, reason, next_step = REPORTED[prefix]
    started = start(gateway, prefix + "000001")
    delivery = wait_reason(gateway, started, state, reason)
    advised(delivery, next_step)
    assert gateway.get(f"/v1/verifications/{started['id']}")["explanation"]
    # the message says the same
    message = gateway.message(started["message"])
    assert message["diagnosis"]["reason"] == reason
    assert message["diagnosis"]["advice"] == delivery["advice"]


@pytest.mark.parametrize("prefix", REFUSED)
def test_a_refusal_of_the_network_is_explained(pair, prefix):
    simulator, gateway = pair
    gate.verify(simulator, gateway, next(accounts), "+79165000" + prefix[3:])  # others pass
    code, state, reason, next_step = REFUSED[prefix]
    started = start(gateway, prefix + "000001")
    advised(wait_reason(gateway, started, state, reason), next_step)
    shown = gateway.get(f"/v1/verifications/{started['id']}")
    assert f"cms_{code}" in shown["explanation"]


def test_entries_tell_that_it_arrived(pair):
    simulator, gateway = pair
    account, phone = next(accounts), "+79131000009"
    started = start(gateway, phone, account)
    path = f"/v1/verifications/{started['id']}"
    wait_reason(gateway, started, "delivered", "delivered_not_entered")
    gateway.post(path + "/check", {"code": "000000"})
    assert gateway.get(path)["delivery"]["reason"] is None
    for _ in range(4):
        gateway.post(path + "/check", {"code": "000000"})
    advised(wait_reason(gateway, started, "delivered", "locked"), "wait")
    assert gateway.call("DELETE", f"/v1/accounts/{account.replace(' ', '%20')}").status == 204
    assert simulator.violations() == 0


def test_another_accounts_number_is_told_after_proof(pair):
    simulator, gateway = pair
    owner, other, phone = next(accounts), next(accounts), "+79162000001"
    gate.verify(simulator, gateway, owner, phone)
    started = start(gateway, phone, other)
    path = f"/v1/verifications/{started['id']}"
    assert gateway.get(path)["delivery"]["reason"] != "number_bound_elsewhere"
    answer = gateway.post(path + "/check", {"code": gate.code_for(simulator, phone, 2)})
    gate.refused(answer, 409, "number_bound_elsewhere")
    advised(answer.body, "other_number")
    delivery = gateway.get(path)["delivery"]
    assert delivery["reason"] == "number_bound_elsewhere"
    advised(delivery, "other_number")


@pytest.mark.parametrize("phone, reason, next_step", [
    ("12", "number_too_short", "edit"),
    ("+7 912 345 67 8x", "number_has_letters", "edit"),
    ("+74951234567", "not_a_mobile", "other_number"),
    ("+4915112345678", "country_not_allowed", "other_channel"),
    ("+84 1623456789", "number_old_form", "edit"),
    ("+79912345678901", "number_too_long", "edit"),
])
def test_a_number_that_cannot_be_is_explained(pair, phone, reason, next_step):
    _, gateway = pair
    answer = gateway.post("/v1/verifications", {"account": next(accounts), "phone": phone})
    assert answer.status == 422 and answer.reason == reason, answer
    advised(answer.body, next_step)


def test_a_code_on_its_way_and_the_one_before_it(field):
    simulator, gateway = field.pair("--send-time", 1000, sites=gate.one_site(
        verification='resend_after = [ "1s" ]; limits = { per_number = [ "2/1h" ]; };'))
    account, phone = next(accounts), "+79131000033"
    started = start(gateway, phone, account)
    path = f"/v1/verifications/{started['id']}"
    assert started["delivery"]["reason"] == "queued"
    advised(started["delivery"], "wait")
    first = gate.code_for(simulator, phone)
    advised(wait_reason(gateway, started, "sent", "sent_no_report"), "resend")
    gate.wait_until(lambda: gateway.post("/v1/verifications", {
        "account": account, "phone": phone}).status == 202)
    gate.code_for(simulator, phone, 2)
    answer = gateway.post(path + "/check", {"code": first})
    assert answer["result"] == "superseded_code"
    advised(wait_reason(gateway, started, "sent", "superseded_code"), "retype")
    # the limit is told as well
    limited = gate.refused(gateway.post("/v1/verifications", {
        "account": next(accounts), "phone": phone}), 429, "limit_reached")
    advised(limited.body, "wait")


def test_a_code_that_ended_may_be_asked_for_again(field):
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site(
        verification='sms_ttl = "2s";'))
    started = start(gateway, "+79131000034")
    simulator.wait_handset(1)
    advised(wait_reason(gateway, started, "sent", "expired"), "resend")


@pytest.mark.parametrize("reported, reason", [(10, "phone_unreachable"), (8, "sent_no_report")])
def test_silence_tells_something_where_reports_come(field, reported, reason):
    simulator, gateway = field.pair("--send-time", 5, "--report-time", 5, "--reports",
                                    "+7929:00")
    for n in range(reported):
        gateway.wait_message(start(gateway, f"+7929{n:03d}0001")["message"], "delivered")
    started = start(gateway, "+79141000001")
    gateway.wait_message(started["message"], "sent")
    assert gateway.stop() == 0
    with sqlite3.connect(os.path.join(gateway.folder, "simgate.db")) as db:  # it is long ago
        db.execute("UPDATE message SET sent_at = sent_at - 70000")
    db.close()
    gateway.start()
    advised(wait_reason(gateway, started, "sent", reason), "resend")


def test_a_channel_that_is_not_there_is_explained(pair):
    _, gateway = pair
    answer = gateway.post("/v1/verifications", {"account": next(accounts),
                                                "phone": "+79131000001", "channel": "zalo"})
    gate.refused(answer, 422, "channel_not_available")
    advised(answer.body, "other_channel")


def test_waiting_is_told_in_words(pair):
    _, gateway = pair
    account, phone = next(accounts), "+79131000077"
    start(gateway, phone, account)
    answer = gateway.post("/v1/verifications", {"account": account, "phone": phone})
    gate.refused(answer, 429, "too_soon")
    advised(answer.body, "wait")
    assert re.search(r"Wait \d+ s\.", answer["advice"]["en"]), answer


def test_what_is_the_clients_own_fault_has_no_advice(pair):
    _, gateway = pair
    answer = gateway.post("/v1/verifications", {"account": "a", "phone": "+79131000001",
                                                "purpose": "nothing"})
    assert answer.status == 422 and "advice" not in answer.body


def test_the_gateways_trouble_is_told_at_once(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("registration 0")
    gateway.wait_modem("searching")
    started = start(gateway, "+79131000001")
    assert started["delivery"]["reason"] == "gateway_trouble"
    shown = gateway.get(f"/v1/verifications/{started['id']}")
    advised(shown["delivery"], "other_channel")
    assert "none of 1 modems is ready: gsm0" in shown["explanation"]
    assert gateway.message(started["message"])["diagnosis"]["reason"] == "gateway_trouble"
    # and when it is over, the code is on its way
    simulator.control("registration 1")
    gateway.wait_modem()
    simulator.wait_handset(1)
    assert wait_reason(gateway, started, "sent", "sent_no_report")["next_step"] == "resend"


def test_a_text_is_explained_without_speaking_of_codes(pair):
    _, gateway = pair
    message = gateway.send("+79136000099", "hello", report=True)
    failed = gateway.wait_message(message, "failed")
    assert failed["diagnosis"]["reason"] == "phone_unreachable"
    assert "code" not in failed["diagnosis"]["advice"]["en"]
    assert "код" not in failed["diagnosis"]["advice"]["ru"]
    sent = gateway.wait_message(gateway.send("+79131000098", "hello"), "sent")
    assert sent["diagnosis"]["reason"] is None and sent["diagnosis"]["next_step"] is None


# ---- for people ----

def wide(text):
    return [line for line in text.split("\n") if len(line) > 80]


def test_the_command_line_tells_it_in_a_paragraph(pair):
    _, gateway = pair
    started = start(gateway, "+79136000055")
    wait_reason(gateway, started, "failed", "phone_unreachable")
    code, shown, _ = gate.cli(gateway, "verify", "show", started["id"])
    assert code == 0 and wide(shown) == []
    paragraph = " ".join(shown.split("\n"))
    assert "Reason: phone_unreachable." in paragraph
    assert "(st_46)" in paragraph and "Phone off or out of coverage" in paragraph
    assert "Next step: ask for another code." in paragraph
    timeline = re.findall(r"^\d\d:\d\d:\d\d .*?([a-z]+\.[a-z]+)", shown, re.M)
    assert timeline == ["message.queued", "verification.created", "message.sending",
                        "message.sent", "message.failed"]
    code, shown, _ = gate.cli(gateway, "show", started["message"])
    assert code == 0 and wide(shown) == []
    assert "Reason: phone_unreachable." in shown
    assert re.findall(r"^\d\d:\d\d:\d\d .*? (queued|sending|sent|failed)\b", shown, re.M) == [
        "queued", "sending", "sent", "failed"]


def test_the_history_is_in_order_and_says_why(pair):
    simulator, gateway = pair
    phone = "+79131000056"
    started = start(gateway, phone)
    path = f"/v1/verifications/{started['id']}"
    wait_reason(gateway, started, "delivered", "delivered_not_entered")
    gateway.post(path + "/check", {"code": "000000"})
    gateway.post(path + "/check", {"code": gate.code_for(simulator, phone)})
    history = gateway.get(path)["history"]
    assert [h["event"] for h in history] == [
        "message.queued", "verification.created", "message.sending", "message.sent",
        "message.delivered", "verification.wrong_code", "verification.approved"]
    assert history[5]["reason"] == "wrong_code"
    assert [h["at"] for h in history] == sorted(h["at"] for h in history)
