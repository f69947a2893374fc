"""config/examples/marketplace.conf: every sentence of how this site describes itself."""
import pytest

import gate
from example_site import Site, wrong

RU, VN, DE = "+79161234567", "+84912345678", "+4915112345678"
MODEMS = ("gsm-ru", "gsm-world")
REPORTS = "+7918:00,+7919:46,+7920:48"


@pytest.fixture
def site(field):
    return Site(field, "marketplace", "--reports", REPORTS, "--report-time", 5, modems=MODEMS)


# "(many countries)"

@pytest.mark.parametrize("typed,phone,locale,begins", [
    ("8 916 123-45-67", RU, "ru", "Код "),
    ("+84 0912 345 678", VN, "vi", "Mã: "),
    ("+49 (0)151 12345678", DE, "de-DE", "Ihr Marketplace-Code: "),
    ("+380671234567", "+380671234567", "uk", "Код "),
    ("+7 701 123 45 67", "+77011234567", "kk", "Код: "),
    ("+12025550123", "+12025550123", "en-US", "Your Marketplace code is "),
    ("+66812345678", "+66812345678", "th", "Your Marketplace code is "),
])
def test_each_country_gets_its_code_in_its_language(site, typed, phone, locale, begins):
    started = site.started("u", typed, locale=locale)
    assert started["phone"] == phone
    assert site.wait_sms(phone).startswith(begins)
    assert site.check(started, site.code(phone))["result"] == "approved"


# "users whose code does not come: number checked and explained"

@pytest.mark.parametrize("typed,reason,hint", [
    ("+7916123456", "number_too_short", None),
    ("+791612345678", "number_too_long", None),
    ("+79l61234567", "number_has_letters", RU),
    ("+8 916 123 45 67", "number_invalid", RU),
    ("+7 495 123-45-67", "not_a_mobile", "+7 9xx xxx-xx-xx"),
    ("+7 809 555-35-35", "not_a_mobile", "+7 9xx xxx-xx-xx"),
    ("+84 1621234567", "number_old_form", "+84321234567"),
    ("+881612345678", "not_a_mobile", "+7 9xx xxx-xx-xx"),
    ("+8613812345678", "country_not_allowed", "+7 9xx xxx-xx-xx"),
    ("hello", "number_has_letters", None),
])
def test_a_number_is_checked_and_explained(site, typed, reason, hint):
    answer = gate.refused(site.start("u", typed), 422, reason, "phone")
    assert answer["errors"][0].get("hint") == hint
    assert all(not s.handset() for s in site.modems.values())


def test_a_number_that_the_network_does_not_know_is_explained(site):
    site.network("refuse +7916 1")
    started = site.started("u", RU)
    told = site.wait_shown(started, lambda v: v["delivery"]["state"] == "failed")["delivery"]
    assert (told["reason"], told["next_step"]) == ("number_maybe_mistyped", "edit")
    assert told["advice"]["ru"] == "Похоже, в номере ошибка. Проверьте цифры."
    assert told["advice"]["en"] and told["advice"]["vi"]


# "resend"

def test_a_fresh_code_is_sent_and_the_old_one_recognised(site):
    first = site.started("u", RU)
    old = site.code(RU)
    soon = gate.refused(site.start("u", RU), 429, "too_soon")
    assert int(soon.headers["Retry-After"]) <= 60
    site.later(60)
    again = site.started("u", RU)
    assert (again["id"], again["sends"]) == (first["id"], 2)
    new = site.code(RU, 2)
    soon = gate.refused(site.start("u", RU), 429, "too_soon")
    assert 60 < int(soon.headers["Retry-After"]) <= 120  # the wait grows
    if old != new:
        late = site.check(first, old)
        assert (late["result"], late["attempts_left"]) == ("superseded_code", 4)
    assert site.check(first, new)["result"] == "approved"


# "other account holding the number"

def test_the_other_account_that_holds_the_number_is_told_after_proof(site):
    site.verify("first", RU)
    started = site.started("second", RU)  # nothing is told to whom has proved nothing
    code = site.code(RU, 2)
    assert site.check(started, wrong(code))["result"] == "wrong_code"
    answer = gate.refused(site.check(started, code), 409, "number_bound_elsewhere")
    assert "first" not in answer.raw.decode()
    # support may see whose it is
    held = site.gateway.get(f"/v1/numbers/%2B{RU[1:]}")
    assert held.status == 200, held
    (shown,) = held["sites"]
    owners = [a["account"] for a in shown["accounts"] if a.get("owner")]
    assert owners == ["first"]


# "carrier or own trouble told apart"

def test_the_carriers_refusal_is_told_as_such(site):
    site.verify("before", "+79150000001")  # others get through by the same modems
    site.started("lucky", "+4915112345670")
    site.wait_sms("+4915112345670")
    for simulator in site.modems.values():
        simulator.control("refuse +7916 21")
    started = site.started("u", RU)
    told = site.wait_shown(started, lambda v: v["delivery"]["reason"] ==
                           "blocked_by_recipient_operator")["delivery"]
    assert told["next_step"] == "other_channel"


def test_a_filter_in_the_carriers_centre_is_told_as_such(site):
    phone = "+79201234567"  # reports 48: deleted by the centre
    started = site.started("u", phone)
    told = site.wait_shown(started, lambda v: v["delivery"]["state"] == "failed")["delivery"]
    assert told["reason"] == "blocked_by_recipient_operator"


def test_our_own_trouble_is_told_as_such(site):
    for name, simulator in site.modems.items():
        simulator.control("unplug")
        site.gateway.wait_modem("absent", "opening", name=name)
    started = site.started("u", RU)
    told = site.wait_shown(started, lambda v: v["delivery"]["reason"] == "gateway_trouble")
    assert told["delivery"]["advice"]["en"] == "Temporary fault on our side. Retry in 10 min."
    assert site.gateway.get("/healthz")["status"] == "fail"


def test_a_phone_that_is_off_is_told_as_such(site):
    phone = "+79191234567"  # reports 46: its time ran out
    started = site.started("u", phone)
    told = site.wait_shown(started, lambda v: v["delivery"]["state"] == "failed")["delivery"]
    assert (told["reason"], told["next_step"]) == ("phone_unreachable", "resend")


def test_a_code_that_arrived_is_looked_for_in_the_phone(site):
    phone = "+79181234567"  # reports 00
    started = site.started("u", phone)
    told = site.wait_shown(started, lambda v: v["delivery"]["state"] == "delivered")["delivery"]
    assert told["reason"] == "delivered_not_entered"
    assert told["advice"]["en"] == "Delivered. Look in the spam folder."


# "another way offered"

def test_another_way_is_offered_with_the_code(site):
    started = site.started("u", RU)
    assert started["alternatives"] == ["inbound_sms", "missed_call"]


def test_another_way_is_offered_where_no_code_may_be_sent(site):
    started = site.started("u", RU)
    code = site.code(RU)
    for _ in range(5):
        site.check(started, wrong(code))
    site.later(60)
    answer = gate.refused(site.start("u", RU), 423, "locked")
    assert answer["alternatives"] == ["inbound_sms", "missed_call"]


def test_the_users_own_sms_is_a_way(site):
    site.network("refuse +7916 21")
    site.modems["gsm-world"].control("refuse +7916 21")
    site.started("u", RU)
    way = site.started("u", RU, channel="inbound_sms")
    todo = way["instructions"]
    assert todo["action"] == "send_sms" and "+79120000000" in todo["numbers"]
    site.modem.control(f"sms {RU} {todo['token']}")
    assert site.wait_shown(way, lambda v: v["state"] == "approved")["assurance"] == "code"
    assert site.account("u")["phone"] == RU


def test_the_users_own_call_is_a_way(site):
    for simulator in site.modems.values():
        simulator.control("refuse +7916 21")
    assert "missed_call" in site.started("u", RU)["alternatives"]
    way = site.started("u", RU, channel="missed_call")
    assert way["instructions"]["numbers"] == ["+79120000000"]  # of his own country
    assert site.modem.control(f"call {RU}").startswith("rejected")
    assert site.wait_shown(way, lambda v: v["state"] == "approved")["assurance"] == "caller_id"


def test_the_other_ways_end_and_that_is_told(site):
    text = site.started("u", RU, channel="inbound_sms")
    call = site.started("u", RU, channel="missed_call")
    lives = [gate.seconds(v["expires_at"]) - gate.seconds(v["created_at"]) for v in (text, call)]
    assert lives == [300, 120]
    site.later(120)
    assert site.modem.control(f"call {RU}").startswith("rejected")
    assert site.show(call)["state"] == "expired"
    site.later(180)
    gate.wait_until(lambda: len(site.events("verification.expired")) == 2)
    ended = {e["subject"]: e["data"]["channel"] for e in site.events("verification.expired")}
    assert ended == {text["id"]: "inbound_sms", call["id"]: "missed_call"}
    gate.refused(site.account("u"), 404, "not_found")


# "support informed"

def test_support_follows_what_happens(site):
    site.network("refuse +7916 1")
    started = site.started("u", RU)
    site.wait_shown(started, lambda v: v["delivery"]["state"] == "failed")
    gate.refused(site.start("u", RU), 429, "too_soon")
    created = site.events("verification.created")
    assert [e["subject"] for e in created] == [started["id"]]
    failed = site.events("message.failed")
    assert [e["subject"] for e in failed] == [started["message"]]
    assert failed[0]["data"]["reason"] == "cms_1"
    refused = site.events("verification.refused")
    assert [e["data"]["reason"] for e in refused] == ["too_soon"]


def test_support_reads_the_whole_story(site):
    site.network("refuse +7916 1")
    started = site.started("u", RU)
    site.wait_shown(started, lambda v: v["delivery"]["state"] == "failed")
    code, out, _ = gate.cli(site.gateway, "verify", "show", started["id"])
    assert code == 0
    assert "number_maybe_mistyped" in out and "The number looks wrong." in out
    code, out, _ = gate.cli(site.gateway, "show", started["message"])
    assert code == 0 and "failed" in out


def test_a_modem_that_goes_is_told(site):
    site.modem.control("unplug")
    site.gateway.wait_modem("absent", "opening", name="gsm-ru")
    gate.wait_until(lambda: site.events("modem.lost"), why="nobody was told")
    # the other one stands in
    started = site.started("u", RU)
    assert site.check(started, site.code(RU))["result"] == "approved"


def test_reviewers_have_a_number_without_sms(site):
    started = site.started("reviewer", "+79000000001")
    assert started["delivery"] is None
    assert site.check(started, "135790")["result"] == "approved"
    assert all(not s.handset() for s in site.modems.values())
