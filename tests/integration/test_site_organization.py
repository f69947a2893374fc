"""config/examples/organization.conf: every sentence of how this site describes itself."""
import glob
import os

import pytest

import gate
from example_site import HOUR, Site, wrong

PHONE, NEXT = "+79161234567", "+79167654321"


@pytest.fixture
def site(field):
    return Site(field, "organization")


# "(account of a legal entity): registration, login and change of number as separate purposes"

def test_registration_binds_the_number(site):
    site.verify("inn-7701234567", PHONE, purpose="register")
    assert site.sms(PHONE)[0].startswith("Код регистрации: ")
    assert site.account("inn-7701234567")["phone"] == PHONE


def test_a_login_needs_the_account_alone(site):
    site.verify("org", PHONE, purpose="register")
    started = site.started("org", purpose="login")  # the backend need not know the number
    assert started["phone"] == PHONE
    code = site.code(PHONE, 2)
    assert site.sms(PHONE)[1].startswith("Код входа: ")
    assert site.check(started, code, account="org")["result"] == "approved"
    assert site.show(started)["purpose"] == "login"


def test_a_login_is_with_the_accounts_own_number(site):
    site.verify("org", PHONE, purpose="register")
    answer = site.start("org", NEXT, purpose="login")
    gate.refused(answer, 422, "not_the_accounts_number", "phone")
    assert site.sms(NEXT) == []


def test_a_login_never_binds(site):
    site.verify("org", PHONE, purpose="login")
    gate.refused(site.account("org"), 404, "not_found")


def test_a_change_replaces_the_number_once_the_new_one_is_proved(site):
    site.verify("org", PHONE, purpose="register")
    gate.refused(site.start("org", NEXT, purpose="register"), 422, "use_change", "purpose")
    started = site.started("org", NEXT, purpose="change")
    code = site.code(NEXT)
    assert site.sms(NEXT) == [f"Код смены номера: {code}. Не вы? Звоните нам.\n"
                              f"@org.example #{code}"]
    assert site.account("org")["phone"] == PHONE  # so far
    assert site.check(started, code)["result"] == "approved"
    account = site.account("org")
    assert account["phone"] == NEXT
    assert [p["phone"] for p in account["proofs"]] == [NEXT]


def test_the_code_of_one_purpose_is_of_no_use_for_another(site):
    site.verify("org", PHONE, purpose="register")
    login = site.started("org", purpose="login")
    change = site.started("org", NEXT, purpose="change")
    code = site.code(PHONE, 2)
    if code != site.code(NEXT):
        assert site.check(change, code)["result"] == "wrong_code"
    assert site.account("org")["phone"] == PHONE
    assert site.check(login, code)["result"] == "approved"


def test_numbers_of_the_country_alone_are_taken(site):
    # +7 is of Kazakhstan, too
    for typed in ("+7 701 123 45 67", "8 701 123 45 67", "+375 29 123-45-67"):
        answer = gate.refused(site.start("org", typed), 422, "country_not_allowed", "phone")
        assert answer["errors"][0]["hint"] == "+7 9xx xxx-xx-xx"
    assert site.started("org", "8-916-123-45-67")["phone"] == PHONE


def test_a_call_is_not_enough_here(site):
    gate.refused(site.start("org", PHONE, channel="missed_call"), 422, "channel_not_available")


# "personal data protected"

def all_bytes(folder):
    """Of every file of the gateway but its configuration and what the simulator wrote."""
    found = {}
    for path in glob.glob(os.path.join(folder, "simgate*")):
        if path.endswith(".conf"):
            continue
        with open(path, "rb") as file:
            found[path] = file.read()
    assert any(path.endswith("simgate.db") for path in found)
    return found


def forms_of(phone):
    digits = phone[1:]
    swapped = "".join(b + a for a, b in zip((digits + "F")[::2], (digits + "F")[1::2]))
    return [digits.encode(), digits[1:].encode(), swapped.encode()]


def test_no_code_text_or_number_stands_in_the_files_or_the_log(site):
    site.verify("org", PHONE)
    code = site.code(PHONE)
    text = site.sms(PHONE)[0]
    held = site.started("org", purpose="login")  # one that is not over
    pending = site.code(PHONE, 2)
    site.check(held, wrong(pending))
    for path, content in all_bytes(site.folder).items():
        for form in forms_of(PHONE):
            assert form not in content, path
        assert text.encode() not in content and text.encode("utf-16-be") not in content, path
        if path.endswith(".log"):
            assert code.encode() not in content and pending.encode() not in content, path


def test_files_are_for_the_service_alone(site):
    site.verify("org", PHONE)
    for name in ("simgate.db", "key"):
        assert os.stat(os.path.join(site.folder, name)).st_mode & 0o077 == 0


def test_events_name_no_number(site):
    started = site.verify("org", PHONE)
    site.gateway.wait_message(started["message"], "sent", "delivered")
    told = site.events("verification.created", "message.sent", "verification.approved")
    assert len(told) == 3
    for event in told:
        assert PHONE not in str(event) and site.code(PHONE) not in str(event)


# "and erasable"

def test_an_account_is_erased_without_a_trace(site):
    site.verify("org-to-erase", PHONE)
    site.started("org-to-erase", purpose="login")
    site.code(PHONE, 2)
    exported = site.gateway.get("/v1/accounts/org-to-erase/export")
    assert exported.status == 200 and exported["phone"] == PHONE
    assert site.gateway.call("DELETE", "/v1/accounts/org-to-erase").status == 204
    gate.refused(site.account("org-to-erase"), 404, "not_found")
    gate.refused(site.gateway.get("/v1/accounts/org-to-erase/export"), 404, "not_found")
    assert site.gateway.get(f"/v1/messages?to=%2B{PHONE[1:]}")["items"] == []
    assert site.gateway.stop() == 0  # what is on disk is all there is
    for path, content in all_bytes(site.folder).items():
        if not path.endswith(".log"):
            assert b"org-to-erase" not in content, path
    site.gateway.start()
    site.gateway.wait_modem()
    site.later(HOUR)
    site.verify("another", PHONE)  # the number is free


def test_an_erasure_does_not_open_a_lock(site):
    started = site.started("org", PHONE)
    code = site.code(PHONE)
    for _ in range(5):
        site.check(started, wrong(code))
    gate.refused(site.check(started, code), 423, "locked")
    assert site.gateway.call("DELETE", "/v1/accounts/org").status == 204
    gate.refused(site.start("org", PHONE), 423, "locked")


def test_a_number_is_erased_by_an_operator(site):
    site.verify("org", PHONE)
    path = f"/v1/numbers/%2B{PHONE[1:]}"
    assert site.gateway.get(path).status == 200
    assert site.gateway.call("DELETE", path).status == 204
    gate.refused(site.account("org"), 404, "not_found")
    assert site.gateway.get(f"/v1/messages?to=%2B{PHONE[1:]}")["items"] == []
