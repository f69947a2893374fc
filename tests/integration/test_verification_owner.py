"""Whose number it is, and what is held of an account: design.md section 5 over the socket."""
import concurrent.futures

import gate
from verification_calls import (approved, check, codes, lock, numbers, other, pair, start)  # noqa: F401 - pair is a fixture


# ---- whose number ----

def test_a_number_has_one_account(pair):
    simulator, gateway = pair
    phone = next(numbers)
    approved(pair, "owner", phone)
    started = start(gateway, "thief", phone)  # the code is sent, and nothing is told
    code = codes(simulator, phone, 2)[1]
    assert check(gateway, started["id"], other(code))["result"] == "wrong_code"
    gate.refused(check(gateway, started["id"], code), 409, "number_bound_elsewhere")
    gate.refused(gateway.get("/v1/accounts/thief"), 404, "not_found")
    assert gateway.get("/v1/accounts/owner")["phone"] == phone


def test_a_site_may_tell_at_once(field):
    pair = field.pair("--send-time", 5, sites=gate.one_site('reveal_bound = "at_once";'))
    phone = next(numbers)
    approved(pair, "owner", phone)
    answer = pair[1].post("/v1/verifications", {"account": "thief", "phone": phone})
    gate.refused(answer, 409, "number_bound_elsewhere")
    assert len(pair[0].handset()) == 1


def test_of_two_at_once_one_gets_the_number(pair):
    simulator, gateway = pair
    for turn in range(3):
        phone = next(numbers)
        first = start(gateway, f"left {turn}", phone)
        one = codes(simulator, phone)[0]
        second = start(gateway, f"right {turn}", phone)
        two = codes(simulator, phone, 2)[1]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda c: check(gateway, *c), [(first["id"], one),
                                                                   (second["id"], two)]))
        assert sorted(a.status for a in answers) == [200, 409], answers
        assert {a.reason for a in answers if a.status == 409} == {"number_bound_elsewhere"}


def test_a_change_replaces_the_number(pair):
    simulator, gateway = pair
    old, new = next(numbers), next(numbers)
    approved(pair, "mover", old)
    answer = gateway.post("/v1/verifications", {"account": "mover", "phone": new})
    gate.refused(answer, 422, "use_change", "purpose")
    approved(pair, "mover", new, purpose="change")
    assert gateway.get("/v1/accounts/mover")["phone"] == new
    approved(pair, "next tenant", old)
    assert gateway.get("/v1/accounts/next%20tenant")["phone"] == old


def test_a_login_never_binds(pair):
    gateway = pair[1]
    phone = next(numbers)
    approved(pair, "visitor", phone, purpose="login")
    gate.refused(gateway.get("/v1/accounts/visitor"), 404, "not_found")
    approved(pair, "resident", phone)


def test_the_own_number_again_refreshes_its_proof(pair):
    gateway = pair[1]
    phone = next(numbers)
    approved(pair, "loyal", phone)
    first = gateway.get("/v1/accounts/loyal")["proofs"][0]["verified_at"]
    approved(pair, "loyal", phone)
    (proof,) = gateway.get("/v1/accounts/loyal")["proofs"]
    assert proof["verified_at"] > first


# ---- accounts ----

def test_an_account_is_erased_and_its_number_free(pair):
    simulator, gateway = pair
    phone = next(numbers)
    verification = approved(pair, "leaver", phone)
    exported = gateway.get("/v1/accounts/leaver/export")
    assert exported["phone"] == phone and exported["site"] == "shop"
    assert [m["to"] for m in exported["messages"]] == [phone]
    message = exported["messages"][0]["id"]
    gone = gateway.call("DELETE", "/v1/accounts/leaver")
    assert (gone.status, gone.raw) == (204, b"")
    gate.refused(gateway.get("/v1/accounts/leaver"), 404, "not_found")
    gate.refused(gateway.call("DELETE", "/v1/accounts/leaver"), 404, "not_found")
    gate.refused(gateway.get(f"/v1/verifications/{verification}"), 404, "not_found")
    gate.refused(gateway.get(f"/v1/messages/{message}"), 404, "not_found")
    assert gateway.get(f"/v1/messages?to=%2B{phone[1:]}")["items"] == []
    approved(pair, "heir", phone)


def test_an_erased_account_stays_locked(pair):
    simulator, gateway = pair
    phone = next(numbers)
    started = start(gateway, "evader", phone)
    lock(gateway, started["id"], codes(simulator, phone)[0])
    assert gateway.call("DELETE", "/v1/accounts/evader").status == 204
    gate.refused(gateway.post("/v1/verifications", {"account": "evader", "phone": phone}), 423,
                 "locked")


def test_a_number_is_unbound(pair):
    gateway = pair[1]
    phone, foreign = next(numbers), next(numbers)
    approved(pair, "freed", phone)
    approved(pair, "neighbour", foreign)
    path = "/v1/accounts/freed/phones/"
    gate.refused(gateway.call("DELETE", path + foreign), 404, "not_found")
    gate.refused(gateway.call("DELETE", path + "12"), 422, "number_too_short", "phone")
    assert gateway.call("DELETE", path + f"8{phone[2:]}").status == 204
    gate.refused(gateway.call("DELETE", path + phone), 404, "not_found")
    assert gateway.get("/v1/accounts/neighbour")["phone"] == foreign
    approved(pair, "taker", phone)
