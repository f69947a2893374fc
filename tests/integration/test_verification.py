"""Verifications from the first code to the lock: design.md section 5 over the socket."""
import concurrent.futures
import re
from urllib.parse import quote

import pytest

import gate
from verification_calls import (OPEN, QUICK, TEST_NUMBER, approved, check, codes, lock,
                                numbers, other, pair, start, start_in_time)  # noqa: F401 - pair is a fixture


# ---- the first code ----

def test_a_verification_shows_every_field(pair):
    simulator, gateway = pair
    phone = next(numbers)
    started = start(gateway, "user 1", f"8 ({phone[2:5]}) {phone[5:8]}-{phone[8:10]}-{phone[10:]}")
    assert started.headers["Location"] == f"/v1/verifications/{started['id']}"
    assert re.fullmatch(r"ver_[0-9A-HJKMNP-TV-Z]{26}", started["id"])
    assert (started["state"], started["account"], started["phone"]) == ("pending", "user 1", phone)
    assert (started["purpose"], started["channel"], started["locale"]) == ("register", "sms", "ru")
    assert (started["attempts_left"], started["sends"], started["approved_at"]) == (5, 1, None)
    assert round(gate.seconds(started["expires_at"]) - gate.seconds(started["created_at"])) == 600
    assert round(gate.seconds(started["resend_at"]) - gate.seconds(started["created_at"])) == 1
    assert set(started["delivery"]) == {"state", "reason", "advice", "next_step"}
    assert set(started["delivery"]["advice"]) == {"ru", "vi", "en"}
    codes(simulator, phone)
    gateway.wait_message(started["message"], "sent", "delivered")
    shown = gateway.get(started.headers["Location"])
    assert shown.status == 200 and set(shown.body) == set(started.body)
    # from its submit a code lives five minutes
    assert 290 < gate.seconds(shown["expires_at"]) - gate.seconds(shown["created_at"]) < 360


@pytest.mark.parametrize("more,reason,field", [
    ({"account": None}, "missing", "account"), ({"account": ""}, "empty", "account"),
    ({"account": "x" * 129}, "too_long", "account"), ({"account": 1}, "wrong_type", "account"),
    ({"account": "a\u0000b"}, "nul_character", "account"), ({"phone": None}, "required", "phone"),
    ({"phone": ""}, "required", "phone"), ({"phone": 79123456789}, "wrong_type", "phone"),
    ({"phone": "+7 495 123 45 67"}, "not_a_mobile", "phone"),
    ({"phone": "+1 201 555 0123"}, "country_not_allowed", "phone"),
    ({"phone": "+79I23456789"}, "number_has_letters", "phone"),
    ({"phone": "+8 912 345 67 89"}, "number_invalid", "phone"),
    ({"phone": "+84 162 345 6789"}, "number_old_form", "phone"),
    ({"phone": "900"}, "number_too_short", "phone"),
    ({"channel": "pigeon"}, "unknown", "channel"), ({"purpose": "fun"}, "unknown", "purpose"),
    ({"locale": "r u"}, "not_a_locale", "locale"), ({"locale": "x" * 17}, "not_a_locale", "locale"),
    ({"app_hash": "short"}, "not_a_hash", "app_hash"), ({"code": "1"}, "unknown_member", "code"),
])
def test_a_wrong_field_is_named(pair, more, reason, field):
    body = dict({"account": "wrong", "phone": "+79123456789"}, **more)
    gate.refused(pair[1].post("/v1/verifications", body), 422, reason, field)


def test_a_hint_helps_the_user(pair):
    for typed, meant in (("+79I23456789", "+79123456789"), ("+8 912 345 67 89", "+79123456789"),
                         ("+84 162 345 6789", "+84323456789")):
        answer = pair[1].post("/v1/verifications", {"account": "hint", "phone": typed})
        assert answer["errors"][0]["hint"] == meant


def test_later_channels_are_told_apart(pair):
    for channel in ("zalo", "email"):
        answer = pair[1].post("/v1/verifications", {"account": "a", "phone": "+79123456789",
                                                    "channel": channel})
        gate.refused(answer, 422, "channel_not_available", "channel")


def test_locale_and_app_hash_shape_the_text(pair):
    simulator, gateway = pair
    phone = next(numbers)
    start(gateway, "en", phone, locale="en", app_hash="FA+9qCX9VSu")
    code = codes(simulator, phone)[0]
    lines = simulator.handset()[-1]["text"].split("\n")
    assert lines[-2:] == ["FA+9qCX9VSu", f"@shop.example #{code}"]
    assert code in lines[0] and "code" in lines[0].lower()


def test_accounts_are_opaque(pair):
    simulator, gateway = pair
    for account in ("я" * 64, "a/b c%d+e?f#g", "\U0001F600", "'; DROP TABLE owner; --"):
        phone = next(numbers)
        approved(pair, account, phone)
        assert gateway.get(f"/v1/accounts/{quote(account, safe='')}")["phone"] == phone


# ---- judging ----

def test_the_right_code_approves_once(pair):
    simulator, gateway = pair
    phone = next(numbers)
    started = start(gateway, "once", phone)
    code = codes(simulator, phone)[0]
    gate.refused(check(gateway, started["id"], code, account="somebody"), 404, "not_found")
    wrong = check(gateway, started["id"], other(code), account="once")
    assert (wrong["result"], wrong["state"], wrong["attempts_left"]) == ("wrong_code", "pending", 4)
    right = check(gateway, started["id"], code, account="once")
    assert right.status == 200
    assert {name: right[name] for name in ("result", "state", "account", "phone")} == {
        "result": "approved", "state": "approved", "account": "once", "phone": phone}
    assert {"attempts_left", "expires_at"} <= set(right.body)
    gate.refused(check(gateway, started["id"], code), 409, "already_approved")
    gate.refused(gateway.post(f"/v1/verifications/{started['id']}/cancel"), 409, "already_approved")
    account = gateway.get("/v1/accounts/once")
    assert account["phone"] == phone
    (proof,) = account["proofs"]
    assert (proof["channel"], proof["phone"], proof["assurance"]) == ("sms", phone, "code")


def test_how_a_code_may_be_typed(pair):
    simulator, gateway = pair
    for typed in (lambda c: f" {c[:3]} {c[3:]} ", lambda c: f"{c[:3]}-{c[3:]}",
                  lambda c: "".join(chr(0xff10 + int(d)) for d in c),
                  lambda c: "".join(chr(0x660 + int(d)) for d in c)):
        phone = next(numbers)
        started = start(gateway, f"typed {phone}", phone)
        answer = check(gateway, started["id"], typed(codes(simulator, phone)[0]))
        assert answer["result"] == "approved", answer


def test_a_malformed_entry_does_not_count(pair):
    simulator, gateway = pair
    phone = next(numbers)
    started = start(gateway, "malformed", phone)
    code = codes(simulator, phone)[0]
    for entry in ("12345", "1234567", "abcdef", "12345x", code + "0", "-", "x" * 65):
        answer = check(gateway, started["id"], entry)
        assert answer.status == 422 and answer["errors"][0]["field"] == "code", answer
        assert code not in answer.raw.decode()
    for body in ({}, {"code": int(code)}, {"code": None}, {"code": ""}, {"code": code, "extra": 1},
                 {"code": code + "\u0000"}, {"code": code, "account": ""}):
        answer = gateway.post(f"/v1/verifications/{started['id']}/check", body)
        assert answer.status == 422, answer
    assert gateway.get(f"/v1/verifications/{started['id']}")["attempts_left"] == 5
    assert check(gateway, started["id"], code)["result"] == "approved"


def test_another_code_supersedes_the_first(pair):
    simulator, gateway = pair
    phone = next(numbers)
    first = start(gateway, "again", phone)
    old = codes(simulator, phone)[0]
    soon = gateway.post("/v1/verifications", {"account": "again", "phone": phone})
    if soon.status != 202:
        gate.refused(soon, 429, "too_soon")
        assert soon.headers["Retry-After"] == "1"
    second = start_in_time(gateway, "again", phone)
    assert (second["id"], second["sends"], second["state"]) == (first["id"], 2, "pending")
    new = codes(simulator, phone, 2)[1]
    if new != old:
        late = check(gateway, first["id"], old)
        assert (late.status, late["result"], late["attempts_left"]) == (200, "superseded_code", 4)
    assert check(gateway, first["id"], new)["result"] == "approved"


def test_waits_between_codes_grow(field):
    simulator, gateway = field.pair("--send-time", 5)
    phone = next(numbers)
    start(gateway, "wait", phone)
    codes(simulator, phone)
    answer = gate.refused(gateway.post("/v1/verifications", {"account": "wait", "phone": phone}),
                          429, "too_soon")
    assert 55 <= int(answer.headers["Retry-After"]) <= 60
    # another account, or another number, does not wait
    start(gateway, "wait 2", phone)
    start(gateway, "wait", next(numbers))


def test_a_code_not_yet_sent_is_canceled_by_the_next(pair):
    simulator, gateway = pair
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    phone = next(numbers)
    first = start(gateway, "drained", phone)
    second = start_in_time(gateway, "drained", phone)
    assert gateway.message(first["message"])["state"] == "canceled"
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    gateway.wait_message(second["message"], "sent", "delivered")
    assert len(codes(simulator, phone)) == 1


# ---- locks ----

def test_the_sixth_entry_is_locked_even_if_right(pair):
    simulator, gateway = pair
    phone = next(numbers)
    started = start(gateway, "guesser", phone)
    code = codes(simulator, phone)[0]
    lock(gateway, started["id"], code)
    for entry in (code, other(code), code):
        answer = gate.refused(check(gateway, started["id"], entry), 423, "locked")
        assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    gate.refused(gateway.post("/v1/verifications", {"account": "guesser", "phone": phone}), 423,
                 "locked")
    assert gateway.get(f"/v1/verifications/{started['id']}")["attempts_left"] == 0
    # neither another account nor another number is locked
    assert start(gateway, "honest", phone)["attempts_left"] == 5
    start(gateway, "guesser", next(numbers))


def test_five_wrong_entries_lock_the_next_code_too(pair):
    simulator, gateway = pair
    phone = next(numbers)
    started = start(gateway, "five", phone)
    lock(gateway, started["id"], codes(simulator, phone)[0])
    gate.wait_until(lambda: gateway.post("/v1/verifications", {
        "account": "five", "phone": phone}).reason == "locked", why="it is too soon all the time")
    gateway.post(f"/v1/verifications/{started['id']}/cancel")
    gate.refused(gateway.post("/v1/verifications", {"account": "five", "phone": phone}), 423,
                 "locked")


def test_entries_count_across_codes_until_success(pair):
    simulator, gateway = pair
    phone = next(numbers)
    started = start(gateway, "across", phone)
    for _ in range(3):
        check(gateway, started["id"], other(*codes(simulator, phone)))
    again = start_in_time(gateway, "across", phone)
    assert again["attempts_left"] == 2
    code = codes(simulator, phone, 2)[1]
    answer = check(gateway, again["id"], other(*codes(simulator, phone)))
    assert answer["attempts_left"] == 1
    assert check(gateway, again["id"], code)["result"] == "approved"
    assert start(gateway, "across", phone, purpose="login")["attempts_left"] == 5


def test_a_lock_ends(field):
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site(QUICK + 'lock = "2s";'))
    phone = next(numbers)
    started = start(gateway, "patient", phone)
    code = codes(simulator, phone)[0]
    lock(gateway, started["id"], code)
    answer = gate.refused(check(gateway, started["id"], code), 423, "locked")
    assert 1 <= int(answer.headers["Retry-After"]) <= 2
    right = gate.wait_until(lambda: (lambda a: a if a.status != 423 else None)(
        check(gateway, started["id"], code)), why="the lock did not end")
    assert right["result"] == "approved"


def test_ten_wrong_entries_lock_the_number_for_sms(pair):
    simulator, gateway = pair
    phone = next(numbers)
    for n, account in enumerate(("crowd 1", "crowd 2"), 1):
        started = start(gateway, account, phone)
        codes(simulator, phone, n)
        lock(gateway, started["id"], codes(simulator, phone, n)[-1])
    answer = gateway.post("/v1/verifications", {"account": "crowd 3", "phone": phone})
    gate.refused(answer, 423, "number_locked")
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600


def test_a_hundred_guesses_at_once_judge_five(pair):
    simulator, gateway = pair
    phone = next(numbers)
    started = start(gateway, "storm", phone)
    code = codes(simulator, phone)[0]
    guesses = [f"{n:06d}" for n in range(101) if f"{n:06d}" != code][:100]
    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda guess: check(gateway, started["id"], guess), guesses))
    judged = [a for a in answers if a.status == 200]
    assert len(judged) == 5
    assert sorted(a["attempts_left"] for a in judged) == [0, 1, 2, 3, 4]
    assert {a.reason for a in answers if a.status != 200} == {"locked"}
    gate.refused(check(gateway, started["id"], code), 423, "locked")


def test_many_requests_at_once_make_one_code(pair):
    simulator, gateway = pair
    phone = next(numbers)
    body = {"account": "impatient", "phone": phone}
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: gateway.post("/v1/verifications", body), range(10)))
    taken = [a for a in answers if a.status == 202]
    assert len({a["id"] for a in taken}) == 1
    assert {a.reason for a in answers if a.status != 202} <= {"too_soon"}
    codes(simulator, phone, len(taken))


# ---- how many codes ----

def refused_after(gateway, n, account, phone, purpose="login"):
    """The refusal of the code after n: account and phone are functions of the turn."""
    for i in range(n):
        start(gateway, account(i), phone(i), purpose=purpose)
    answer = gateway.post("/v1/verifications", {"account": account(n), "phone": phone(n),
                                                "purpose": purpose})
    return gate.refused(answer, 429, answer.reason)


def test_five_codes_an_hour_for_account_and_number(pair):
    phone = next(numbers)
    for _ in range(5):
        approved(pair, "limited", phone, purpose="login")
    answer = pair[1].post("/v1/verifications", {"account": "limited", "phone": phone})
    gate.refused(answer, 429, "limit_reached")
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600


def test_six_codes_an_hour_for_a_number(pair):
    phone = next(numbers)
    answer = refused_after(pair[1], 6, lambda i: f"victim {i}", lambda i: phone)
    assert answer.reason == "limit_reached"


def test_twenty_codes_an_hour_for_a_prefix(pair):
    prefix = next(numbers)[:-4]
    answer = refused_after(pair[1], 20, lambda i: f"pump {i}", lambda i: f"{prefix}{i:04d}")
    assert answer.reason == "limit_reached"
    start(pair[1], "elsewhere", next(numbers))


def test_codes_that_nobody_enters_suspend_the_prefix(field):
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site(QUICK + OPEN))
    prefix = next(numbers)[:-4]
    for i in range(20):
        pumped = start(gateway, f"pump {i}", f"{prefix}{i:04d}", purpose="login")
    gateway.wait_message(pumped["message"], "sent")  # what has not left is not held against anybody
    answer = gateway.post("/v1/verifications", {"account": "pump 20", "phone": f"{prefix}0020", "purpose": "login"})
    gate.refused(answer, 429, "prefix_suspended")
    for i in range(20):
        approved((simulator, gateway), f"user {i}", f"+79170000{i:03d}", purpose="login")
    start(gateway, "user 20", "+79170000020", purpose="login")


# ---- the end ----

def test_a_canceled_verification_judges_nothing(pair):
    simulator, gateway = pair
    phone = next(numbers)
    started = start(gateway, "quitter", phone)
    code = codes(simulator, phone)[0]
    path = f"/v1/verifications/{started['id']}"
    canceled = gateway.post(path + "/cancel")
    assert (canceled.status, canceled["state"]) == (200, "canceled")
    assert gateway.post(path + "/cancel")["state"] == "canceled"
    gate.refused(check(gateway, started["id"], code), 409, "canceled")
    again = start(gateway, "quitter", phone)
    assert again["id"] != started["id"]


def test_a_cancel_stops_the_sms(pair):
    gateway = pair[1]
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    started = start(gateway, "stopped", next(numbers))
    gateway.post(f"/v1/verifications/{started['id']}/cancel")
    assert gateway.message(started["message"])["state"] == "canceled"
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    gateway.wait_modem()


def test_a_code_ends(field):
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site('sms_ttl = "2s";'))
    phone = next(numbers)
    started = start(gateway, "late", phone)
    code = codes(simulator, phone)[0]
    path = f"/v1/verifications/{started['id']}"
    gate.wait_until(lambda: gateway.get(path)["state"] == "expired", why="the code did not end")
    events = "/v1/events?types=verification.expired"
    told = gate.wait_until(lambda: gateway.get(events)["items"], why="its end was not told")
    assert [e["subject"] for e in told] == [started["id"]]
    assert gate.seconds(told[0]["at"]) >= gate.seconds(gateway.get(path)["expires_at"])
    gate.refused(check(gateway, started["id"], code), 410, "code_expired")
    gate.refused(check(gateway, started["id"], other(code)), 410, "code_expired")
    assert gateway.get(path)["attempts_left"] == 5
    assert start(gateway, "late", phone)["id"] != started["id"]


def test_a_test_number_needs_no_modem(field):
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"),
                            sites=gate.one_site(site=TEST_NUMBER))
    started = start(gateway, "tester", "8 900 000-00-01")
    assert (started["phone"], started["delivery"]) == ("+79000000001", None)
    assert check(gateway, started["id"], "111111")["result"] == "wrong_code"
    assert check(gateway, started["id"], "000000")["result"] == "approved"
    assert gateway.get("/v1/messages")["items"] == []
    assert gateway.get("/v1/accounts/tester")["phone"] == "+79000000001"


# ---- why a code has not come ----

@pytest.mark.parametrize("prefix,code,state,reason,step", [
    ("+7931", 1, "failed", "number_maybe_mistyped", "edit"),
    ("+7932", 21, "queued", "blocked_by_recipient_operator", "other_channel"),
    ("+7933", 27, "queued", "phone_unreachable", "resend"),
    ("+7918", None, "delivered", "delivered_not_entered", "wait"),
    ("+7919", None, "failed", "phone_unreachable", "resend"),
    ("+7920", None, "failed", "number_maybe_mistyped", "edit"),
    ("+7921", None, "sent", "sent_no_report", "resend"),
])
def test_delivery_is_explained(pair, prefix, code, state, reason, step):
    simulator, gateway = pair
    if code is not None:
        simulator.control(f"refuse {prefix} {code}")
    started = start(gateway, f"why {prefix}", f"{prefix}0000000")
    path = f"/v1/verifications/{started['id']}"

    def told():
        delivery = gateway.get(path)["delivery"]
        return delivery if (delivery["state"], delivery["reason"]) == (state, reason) else None
    try:
        delivery = gate.wait_until(told)
    except AssertionError as late:
        raise AssertionError(f"not {state}, {reason}: {gateway.get(path)}") from late
    assert delivery["next_step"] == step
    assert all(delivery["advice"][language] for language in ("ru", "vi", "en"))
    assert gateway.get(path)["state"] == "pending"
    gateway.post(path + "/cancel")


def test_nothing_of_a_code_is_ever_shown(pair):
    """No route shows a code: not the message, not the lists, not the events."""
    simulator, gateway = pair
    phone = next(numbers)
    started = start(gateway, "secretive", phone)
    code = codes(simulator, phone)[0]
    for path in (f"/v1/verifications/{started['id']}", f"/v1/messages/{started['message']}",
                 f"/v1/messages?to=%2B{phone[1:]}"):
        answer = gateway.get(path)
        assert answer.status == 200 and code not in answer.raw.decode().replace(phone, "")
