"""Limits of every kind, the breaker, refusals as events, and that only what left the modem counts."""
import os
import sqlite3

import gate

TO = "+7913{:03d}{:04d}"  # prefix and number


def phone(prefix, n=0):
    return TO.format(prefix, n)


def limited(limits="", more="", **sites):
    """The site with limits of its own, all others off."""
    off = {name: "[ ]" for name in ("per_account_number", "per_number", "per_prefix")}
    given = "".join(f"{name} = {value}; " for name, value in off.items() if name not in limits)
    return gate.one_site(verification=f'resend_after = [ "1s" ]; limits = {{ {given} {limits} }}; '
                                      + more, **sites)


def ask(gateway, account, number):
    return gateway.post("/v1/verifications", {"account": account, "phone": number})


def send(simulator, gateway, account, number):
    """A code that has left the modem."""
    answer = ask(gateway, account, number)
    assert answer.status == 202, answer
    gateway.wait_message(answer["message"], "sent", "delivered")
    return answer


def refusals(gateway):
    items = gateway.get("/v1/events?after=0&limit=200&types=verification.refused")["items"]
    return [e["data"]["reason"] for e in items]


def shift(gateway, column, table, seconds):
    """Time passes while the daemon is stopped: as if this had been so many seconds earlier."""
    assert gateway.stop() == 0
    database = os.path.join(gateway.folder, "simgate.db")
    with sqlite3.connect(database) as db:
        db.execute(f"UPDATE {table} SET {column} = {column} - ?", (seconds * 1000,))
    db.close()
    gateway.start()
    gateway.wait_modem()


# ---- limits: each kind holds where the others leave room ----

def test_limits_of_a_number_hold_over_accounts(field):
    simulator, gateway = field.pair("--send-time", 5, sites=limited('per_number = [ "2/1h" ];'))
    for account in ("a", "b"):
        send(simulator, gateway, account, phone(1))
    refused = gate.refused(ask(gateway, "c", phone(1)), 429, "limit_reached")
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    send(simulator, gateway, "c", phone(1, 1))
    assert refusals(gateway) == ["limit_reached"]


def test_limits_of_a_prefix_hold_over_numbers(field):
    simulator, gateway = field.pair("--send-time", 5, sites=limited('per_prefix = [ "3/1h" ];'))
    for n in range(3):
        send(simulator, gateway, f"a{n}", phone(1, n))
    gate.refused(ask(gateway, "b", phone(1, 9)), 429, "limit_reached")
    send(simulator, gateway, "b", phone(2))


def test_limits_of_an_account_hold_over_numbers(field):
    simulator, gateway = field.pair("--send-time", 5, sites=limited('per_account = [ "2/1h" ];'))
    for n in range(2):
        send(simulator, gateway, "a", phone(n))
    gate.refused(ask(gateway, "a", phone(7)), 429, "limit_reached")
    send(simulator, gateway, "b", phone(7))


def test_limits_of_a_site_and_of_the_gateway(field):
    sites = limited('per_site = [ "2/1h" ];').replace(
        "} );", '}, { name = "beta"; region = "RU"; } );')
    simulator, gateway = field.pair("--send-time", 5, sites=sites,
                                    more='limits = { global = [ "3/1h" ]; };')

    def at(site, number):
        return gateway.post(f"/v1/verifications?site={site}", {"account": "a", "phone": number})
    for n in range(2):
        assert at("shop", phone(n)).status == 202
    simulator.wait_handset(2)
    gate.refused(at("shop", phone(5)), 429, "limit_reached")
    assert at("beta", phone(5)).status == 202
    simulator.wait_handset(3)
    gate.refused(at("beta", phone(6)), 429, "limit_reached")


# ---- what is counted is what left the modem ----

def test_a_canceled_code_frees_its_place(field):
    simulator, gateway = field.pair("--send-time", 5, sites=limited('per_number = [ "1/1h" ];'))
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    for account in ("a", "b", "c"):  # each waits, holds the place, and gives it back
        waiting = ask(gateway, account, phone(1))
        assert waiting.status == 202, waiting
        gate.refused(ask(gateway, "x", phone(1)), 429, "limit_reached")
        assert gateway.post(f"/v1/verifications/{waiting['id']}/cancel").status == 200
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    gateway.wait_modem()
    send(simulator, gateway, "d", phone(1))
    gate.refused(ask(gateway, "x", phone(1)), 429, "limit_reached")
    assert len(simulator.handset()) == 1


def test_an_expired_request_frees_its_place(field):
    simulator, gateway = field.pair(
        "--send-time", 5, sites=gate.one_site(contact='max_age = "1s"; per_recipient = [ ];'))
    gate.verify(simulator, gateway, "to", phone(1))
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    body = {"from_account": "from", "to_account": "to", "from_name": "A", "to_name": "B",
            "order": "1"}
    first = gateway.post("/v1/contact-requests", body)
    assert first.status == 202, first
    gateway.wait_message(first["message"], "expired")
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    gateway.wait_modem()
    again = gateway.post("/v1/contact-requests", dict(body, order="2"))
    assert again.status == 202, again
    gateway.wait_message(again["message"], "sent")
    gate.refused(gateway.post("/v1/contact-requests", dict(body, order="3")), 429, "limit_reached")
    told = gateway.get("/v1/events?after=0&types=contact_request.refused")["items"]
    assert [e["data"]["reason"] for e in told] == ["limit_reached"]
    assert [e["data"]["site"] for e in told] == ["shop"]


def test_a_code_that_the_network_refused_left_nothing(field):
    simulator, gateway = field.pair("--send-time", 5, sites=limited('per_number = [ "1/1h" ];'))
    simulator.control("fault cms once 1")
    bad = ask(gateway, "a", phone(1))
    gateway.wait_message(bad["message"], "failed")
    send(simulator, gateway, "b", phone(1))


# ---- countries ----

def test_only_allowed_countries_get_codes(field):
    simulator, gateway = field.pair("--send-time", 5)
    answer = ask(gateway, "a", "+4915112345678")
    assert (answer.status, answer.reason) == (422, "country_not_allowed"), answer
    answer = ask(gateway, "a", "+74951234567")
    assert (answer.status, answer.reason) == (422, "not_a_mobile"), answer
    assert refusals(gateway) == ["country_not_allowed", "not_a_mobile"]
    assert simulator.handset() == []
    # what the client got wrong by itself is no sign of abuse, but is told as well
    assert gateway.post("/v1/verifications", {"account": "a"}).status == 422
    assert len(refusals(gateway)) == 3


# ---- the breaker ----

def test_a_prefix_without_entries_is_suspended(field):
    simulator, gateway = field.pair("--send-time", 5, sites=limited())
    for n in range(20):
        answer = ask(gateway, f"bot {n}", phone(1, n))
        assert answer.status == 202, answer
    simulator.wait_handset(20)
    suspended = gate.refused(ask(gateway, "bot", phone(1, 99)), 429, "prefix_suspended")
    assert 21500 < int(suspended.headers["Retry-After"]) <= 21600
    assert suspended["next_step"] == "support" and set(suspended["advice"]) == {"ru", "vi", "en"}
    # the way out costs the gateway nothing
    assert suspended["alternatives"] == ["inbound_sms", "missed_call"]
    reverse = gateway.post("/v1/verifications", {"account": "person", "phone": phone(1, 99),
                                                 "channel": "inbound_sms"})
    assert reverse.status == 202, reverse
    send(simulator, gateway, "other", phone(2))
    events = gateway.get("/v1/events?after=0&limit=200&types=prefix.,verification.refused")["items"]
    assert [(e["type"], e["data"]["reason"]) for e in events] == [
        ("prefix.suspended", "few_codes_entered"), ("verification.refused", "prefix_suspended")]
    # for six hours, also over a restart and when its sends are long ago
    shift(gateway, "at", "place", 7 * 3600)
    gate.refused(ask(gateway, "bot", phone(1, 98)), 429, "prefix_suspended")
    shift(gateway, "until", "lock", 6 * 3600)
    send(simulator, gateway, "person", phone(1, 97))


def test_an_operator_lifts_a_suspension(field):
    simulator, gateway = field.pair("--send-time", 5, sites=limited())
    for n in range(20):
        assert ask(gateway, f"a {n}", phone(1, n)).status == 202
    simulator.wait_handset(20)
    gate.refused(ask(gateway, "person", phone(1, 99)), 429, "prefix_suspended")
    code, shown, _ = gate.cli(gateway, "number", "show", phone(1, 1))
    assert code == 0 and "SUSPENDED" in shown and "in 5 h" in shown or "in 6 h" in shown, shown
    assert gate.cli(gateway, "number", "unlock", phone(1, 99))[0] == 0
    send(simulator, gateway, "person", phone(1, 99))


def test_a_prefix_whose_codes_are_entered_stays(field):
    simulator, gateway = field.pair("--send-time", 5, sites=limited())
    for n in range(7):
        gate.verify(simulator, gateway, f"person {n}", phone(1, n))
    for n in range(7, 20):
        assert ask(gateway, f"lazy {n}", phone(1, n)).status == 202
    simulator.wait_handset(20)
    send(simulator, gateway, "person", phone(1, 99))


# ---- every refusal is an event with its reason ----

def test_refused_entries_are_events_of_their_verification(field):
    simulator, gateway = field.pair("--send-time", 5)
    started = ask(gateway, "a", phone(1))
    path = f"/v1/verifications/{started['id']}"
    for _ in range(5):
        assert gateway.post(path + "/check", {"code": "000000"})["result"] == "wrong_code"
    for code in ("000000", gate.code_for(simulator, phone(1))):  # right or wrong
        gate.refused(gateway.post(path + "/check", {"code": code}), 423, "locked")
    gate.refused(ask(gateway, "a", phone(1)), 423, "locked")
    told = [(h["event"], h["reason"]) for h in gateway.get(path)["history"]
            if h["event"] in ("verification.locked", "verification.refused")]
    assert told[0] == ("verification.locked", "too_many_wrong_codes")
    assert ("verification.refused", "locked") in told[1:]
    # an id that is nobody's is no event
    before = len(refusals(gateway))
    gone = gateway.post("/v1/verifications/ver_00000000000000000000000000/check", {"code": "000000"})
    assert gone.status == 404 and len(refusals(gateway)) == before


class Refusals:
    """Each refusal is a problem with its reason, says when to come again, and is an event."""

    def __init__(self, gateway):
        self.gateway = gateway

    def told(self, status, reason, answer, kind="verification.refused"):
        gate.refused(answer, status, reason)
        if status in (423, 429, 503):
            assert abs(answer["retry_after"] - int(answer.headers["Retry-After"])) <= 1
        events = self.gateway.get("/v1/events?after=0&limit=200&types=verification.,contact_"
                                  "request.")["items"]
        assert (events[-1]["type"], events[-1]["data"]["reason"]) == (kind, reason), events[-1]

    def code(self, status, reason, account, number, site="shop", **more):
        self.told(status, reason, self.gateway.post(
            f"/v1/verifications?site={site}", dict(account=account, phone=number, **more)))

    def entry(self, status, reason, verification, code):
        self.told(status, reason, self.gateway.post(
            f"/v1/verifications/{verification['id']}/check", {"code": code}))

    def contact(self, status, reason, from_account, to_account, site="shop"):
        self.told(status, reason, self.gateway.post(
            f"/v1/contact-requests?site={site}", {
                "from_account": from_account, "to_account": to_account, "from_name": "A",
                "to_name": "B", "order": "1"}), "contact_request.refused")


def wrong(code):
    return f"{(int(code) + 1) % 1000000:06d}"


BETA = """}, { name = "beta"; region = "RU"; locale = "ru"; origin = "beta.example";
  contact = { require_sender_verified = true; };
  verification = { sms_ttl = "1s"; reveal_bound = "at_once"; channels = [ "sms" ]; };
} );"""


def test_every_refusal_has_a_reason_a_wait_and_an_event(field):
    sites = limited('per_account = [ "3/1h" ];').replace('[ "1s" ]', '[ "60s" ]')
    simulator, gateway = field.pair("--send-time", 5, sites=sites.replace("} );", BETA))
    no = Refusals(gateway)

    def at(site, account, number):
        answer = gateway.post(f"/v1/verifications?site={site}",
                              {"account": account, "phone": number})
        assert answer.status == 202, answer
        return answer
    # what cannot be asked for
    no.code(422, "number_too_short", "a", "12")
    no.code(422, "number_has_letters", "a", "+7 912 345 67 8x")
    no.code(422, "not_a_mobile", "a", "+74951234567")
    no.code(422, "country_not_allowed", "a", "+4915112345678")
    no.code(422, "channel_not_available", "a", phone(1), channel="zalo")
    no.code(422, "channel_not_available", "a", phone(1), "beta", channel="missed_call")
    # entries, and their locks
    first = at("shop", "a", phone(1))
    no.code(429, "too_soon", "a", phone(1))
    code = gate.code_for(simulator, phone(1))
    no.entry(422, "malformed", first, "12")
    for _ in range(5):
        gateway.post(f"/v1/verifications/{first['id']}/check", {"code": wrong(code)})
    locked = gateway.post(f"/v1/verifications/{first['id']}/check", {"code": code})
    gate.refused(locked, 423, "locked")  # its event is verification.locked
    no.entry(423, "locked", first, code)
    no.code(423, "locked", "a", phone(1))
    second = at("shop", "b", phone(1))
    for _ in range(5):
        gateway.post(f"/v1/verifications/{second['id']}/check", {"code": wrong(
            gate.code_for(simulator, phone(1), 2))})
    no.code(423, "number_locked", "c", phone(1))
    # limits
    for n in range(3):
        at("shop", "d", phone(2, n))
    no.code(429, "limit_reached", "d", phone(2, 3))
    # whose number it is
    owned = at("shop", "e", phone(3))
    code = gate.code_for(simulator, phone(3))
    assert gateway.post(f"/v1/verifications/{owned['id']}/check", {"code": code}).status == 200
    no.entry(409, "already_approved", owned, code)
    no.code(422, "use_change", "e", phone(4))
    no.code(422, "not_the_accounts_number", "e", phone(4), purpose="login")
    other = at("shop", "f", phone(3))
    no.entry(409, "number_bound_elsewhere", other, gate.code_for(simulator, phone(3), 2))
    gateway.post(f"/v1/verifications/{other['id']}/cancel")
    no.entry(409, "canceled", other, code)
    # a code that ended; a number that is told at once
    short = at("beta", "a", phone(5))
    code = gate.code_for(simulator, phone(5))
    gate.wait_until(lambda: gateway.get(f"/v1/verifications/{short['id']}")["state"] == "expired")
    no.entry(410, "code_expired", short, code)
    # calls
    call = {"account": "g", "phone": phone(6), "channel": "missed_call"}
    assert gateway.post("/v1/verifications?site=shop", call).status == 202
    no.code(429, "call_pending", "h", phone(6), channel="missed_call")
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    no.code(503, "gateway_not_ready", "h", phone(7), channel="missed_call")
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    gateway.wait_modem()
    # contact requests
    no.contact(422, "same_account", "e", "e")
    no.contact(409, "recipient_not_verified", "x", "nobody")
    no.contact(409, "sender_not_verified", "x", "e", "beta")
    assert gateway.post("/v1/contact-requests?site=shop", {
        "from_account": "x", "to_account": "e", "from_name": "A", "to_name": "B",
        "order": "1"}).status == 202
    no.contact(429, "limit_reached", "x", "e")
    simulator.control(f"sms {phone(3)} СТОП")
    gate.wait_until(lambda: gateway.get("/v1/events?after=0&types=number.")["items"])
    no.contact(409, "recipient_opted_out", "y", "e")
    assert simulator.violations() == 0


def test_refused_requests_leave_nothing_but_their_event(field):
    _, gateway = field.pair("--send-time", 5)
    gate.refused(gateway.post("/v1/contact-requests", {
        "from_account": "a", "to_account": "b", "from_name": "A", "to_name": "B", "order": "1"}),
        409, "recipient_not_verified")
    ask(gateway, "a", "+4915112345678")
    assert gateway.stop() == 0
    with sqlite3.connect(os.path.join(gateway.folder, "simgate.db")) as db:
        for table in ("number", "verification", "code", "message", "contact", "place", "idempotency"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
        told = db.execute("SELECT type FROM event WHERE type NOT LIKE 'modem.%' ORDER BY seq")
        assert told.fetchall() == [("contact_request.refused",), ("verification.refused",)]
    db.close()
