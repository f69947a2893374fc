"""config/examples/cloudzone.conf: every sentence of how this site describes itself."""
import concurrent.futures

import pytest

import gate
from example_site import HOUR, Site, wrong

PHONE = "+84912345678"
MINUTE = 60


@pytest.fixture
def site(field):
    return Site(field, "cloudzone")


# "(vi)"

def test_it_speaks_vietnamese_and_reads_vietnamese_numbers(site):
    started = site.started("an", "0912 345 678")
    assert started["phone"] == PHONE
    code = site.code(PHONE)
    assert site.sms(PHONE) == [
        f"Ma xac thuc Cloudzone cua ban la {code}. Het han sau 5 phut. Khong chia se ma.\n"
        f"@cloudzone.vn #{code}"]
    assert site.modem.handset()[0]["parts"] == 1
    old = gate.refused(site.start("an", "0162 123 4567"), 422, "number_old_form", "phone")
    assert old["errors"][0]["hint"] == "+84321234567"  # asked, not silently changed
    code, _, told = gate.cli(site.gateway, "verify", "start", "an", "0162 123 4567")
    assert code == 1 and "Perhaps: +84321234567 (number_old_form)" in told
    gate.refused(site.start("an", "024 3812 3456"), 422, "not_a_mobile", "phone")
    gate.refused(site.start("an", "+79161234567"), 422, "country_not_allowed", "phone")


def test_a_request_may_name_another_language(site):
    site.started("anne", PHONE, locale="en-GB")
    assert site.wait_sms(PHONE).startswith("Your Cloudzone code is ")


# "code valid 5 minutes by SMS"

def test_a_code_is_valid_for_five_minutes(site):
    started = site.started("an", PHONE)
    code = site.code(PHONE)
    site.gateway.wait_message(started["message"], "sent", "delivered")
    shown = site.show(started)
    sent_at = gate.seconds(site.gateway.message(started["message"])["sent_at"])
    assert abs(gate.seconds(shown["expires_at"]) - sent_at - 5 * MINUTE) < 20
    site.later(5 * MINUTE - 30)
    assert site.check(started, wrong(code))["result"] == "wrong_code"
    site.later(30)
    gate.refused(site.check(started, code), 410, "code_expired")
    assert site.show(started)["state"] == "expired"


def test_within_five_minutes_it_is_taken(site):
    started = site.started("an", PHONE)
    code = site.code(PHONE)
    site.later(5 * MINUTE - 30)
    assert site.check(started, code)["result"] == "approved"


# "(2 minutes for a second channel)"

def test_the_second_channel_waits_two_minutes(site):
    started = site.started("an", PHONE, channel="inbound_sms")
    assert gate.seconds(started["expires_at"]) - gate.seconds(started["created_at"]) == 2 * MINUTE
    token = started["instructions"]["token"]
    site.later(2 * MINUTE)
    site.modem.control(f"sms {PHONE} {token}")
    gate.wait_until(lambda: site.events("sms.received"), why="the SMS did not come")
    assert site.show(started)["state"] == "expired"
    gate.refused(site.account("an"), 404, "not_found")


def test_within_two_minutes_it_is_taken(site):
    started = site.started("an", PHONE, channel="inbound_sms")
    assert started["instructions"]["numbers"] == ["+84912000000"]
    site.later(2 * MINUTE - 30)
    site.modem.control(f"sms {PHONE} {started['instructions']['token']}")
    assert site.wait_shown(started, lambda v: v["state"] == "approved")["assurance"] == "code"
    assert site.account("an")["phone"] == PHONE


# "locked after more than 5 wrong entries"

def test_five_wrong_entries_are_judged_and_the_sixth_is_locked(site):
    started = site.started("an", PHONE)
    code = site.code(PHONE)
    for left in (4, 3, 2, 1, 0):
        answer = site.check(started, wrong(code))
        assert (answer["result"], answer["attempts_left"]) == ("wrong_code", left)
    locked = gate.refused(site.check(started, code), 423, "locked")  # right, and too late
    assert HOUR - 60 < int(locked.headers["Retry-After"]) <= HOUR
    gate.refused(site.start("an", PHONE), 423, "locked")
    site.later(HOUR)
    site.verify("an", PHONE)


def test_the_fifth_entry_may_be_right(site):
    started = site.started("an", PHONE)
    code = site.code(PHONE)
    for _ in range(4):
        site.check(started, wrong(code))
    assert site.check(started, code)["result"] == "approved"


def test_no_entry_is_free_when_many_come_at_once(site):
    started = site.started("an", PHONE)
    code = site.code(PHONE)
    entries = [f"{n:06d}" for n in range(101) if f"{n:06d}" != code][:100]
    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda entry: site.check(started, entry), entries))
    assert len([a for a in answers if a.status == 200]) == 5
    assert {a.reason for a in answers if a.status != 200} == {"locked"}


# "one number for one account only"

def test_a_number_is_for_one_account_only(site):
    site.verify("an", PHONE)
    before = len(site.sms(PHONE))
    gate.refused(site.start("binh", PHONE), 409, "number_bound_elsewhere")
    gate.refused(site.start("binh", "84 0912 345 678"), 409, "number_bound_elsewhere")
    assert len(site.sms(PHONE)) == before  # and no code is spent on it
    assert site.account("an")["phone"] == PHONE


def test_of_two_accounts_at_once_one_gets_the_number(site):
    first = site.started("an", PHONE)
    one = site.code(PHONE)
    second = site.started("binh", PHONE)
    two = site.code(PHONE, 2)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda c: site.check(*c), [(first, one), (second, two)]))
    assert sorted(a.status for a in answers) == [200, 409], answers


# "an account verified by SMS may be verified by another channel too and both are reported"

def test_both_proofs_of_an_account_are_reported(site):
    site.verify("an", PHONE)
    second = site.started("an", PHONE, channel="inbound_sms")
    site.modem.control(f"sms {PHONE} {second['instructions']['token']}")
    site.wait_shown(second, lambda v: v["state"] == "approved")
    account = site.account("an")
    assert account["phone"] == PHONE
    proofs = {p["channel"]: p for p in account["proofs"]}
    assert set(proofs) == {"sms", "inbound_sms"}
    assert all(p["phone"] == PHONE and p["verified_at"] and p["assurance"] == "code"
               for p in proofs.values())
    code, out, _ = gate.cli(site.gateway, "account", "show", "an")
    assert code == 0 and "sms" in out and "inbound_sms" in out
