"""Verifications by hand: what more than one file of tests asks for."""
import itertools
import re

import pytest

import gate

QUICK = 'resend_after = [ "1s" ];'
OPEN = ('limits = { per_account_number = [ ]; per_number = [ ]; per_prefix = [ ]; };')
TEST_NUMBER = 'test_numbers = ( { phone = "+79000000001"; code = "000000"; } );'
REPORTS = "+7918:00,+7919:46,+7920:41"

numbers = (f"+7916{n:03d}0000" for n in itertools.count(1))  # each with a prefix of its own


@pytest.fixture(scope="module")
def pair(shared):
    """A modem and a gateway with the shortest wait between codes; a number serves one test."""
    return shared.pair("--send-time", 5, "--reports", REPORTS, "--report-time", 5,
                       sites=gate.one_site(QUICK, site=TEST_NUMBER))


def start(gateway, account, phone, **more):
    answer = gateway.post("/v1/verifications", dict({"account": account, "phone": phone}, **more))
    assert answer.status == 202, answer
    return answer


def start_in_time(gateway, account, phone, **more):
    """Another code as soon as the wait is over."""
    def once():
        answer = gateway.post("/v1/verifications",
                              dict({"account": account, "phone": phone}, **more))
        return None if answer.reason == "too_soon" else answer
    answer = gate.wait_until(once, why="the wait for another code did not end")
    assert answer.status == 202, answer
    return answer


def codes(simulator, phone, n=1):
    """The first n codes that the phone got."""
    def enough():
        found = [m["text"] for m in simulator.handset() if m["to"] == phone]
        return found if len(found) >= n else None
    texts = gate.wait_until(enough, why=f"{n} codes did not reach {phone}")
    return [re.search(r"@shop\.example #(\d{6})$", text).group(1) for text in texts]


def check(gateway, verification, code, **more):
    return gateway.post(f"/v1/verifications/{verification}/check", dict({"code": code}, **more))


def other(*known):
    """A code that is none of these."""
    return next(c for c in (f"{n:06d}" for n in range(10)) if c not in known)


def approved(pair, account, phone, **more):
    """An approved verification's id."""
    simulator, gateway = pair
    before = len([m for m in simulator.handset() if m["to"] == phone])
    started = start(gateway, account, phone, **more)
    answer = check(gateway, started["id"], codes(simulator, phone, before + 1)[-1])
    assert (answer.status, answer["result"]) == (200, "approved"), answer
    return started["id"]


def lock(gateway, verification, right):
    """Five wrong entries."""
    wrong = other(right)
    for left in (4, 3, 2, 1, 0):
        answer = check(gateway, verification, wrong)
        assert (answer.status, answer["result"]) == (200, "wrong_code"), answer
        assert answer["attempts_left"] == left
