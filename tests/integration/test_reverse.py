"""Users who text or ring our SIMs: inbound_sms and missed_call, from the API to the modem."""
import gate
import other_pdu

PHONE = "+79123456789"
NUMBERS = {"gsm0": "+79120000000", "gsm1": "+79120000001"}


def start(gateway, channel, account, phone=None, **more):
    body = dict({"account": account, "channel": channel}, **more)
    if phone is not None:
        body["phone"] = phone
    return gateway.post("/v1/verifications", body)


def started(gateway, channel, account, phone=None, **more):
    answer = start(gateway, channel, account, phone, **more)
    assert answer.status == 202, answer
    return answer.body


def show(gateway, verification):
    return gateway.get(f"/v1/verifications/{verification['id']}").body


def wait_for(gateway, verification, what):
    def there():
        found = show(gateway, verification)
        return found if what(found) else None
    return gate.wait_until(there, why=f"{show(gateway, verification)}")


def wait_approved(gateway, verification):
    return wait_for(gateway, verification, lambda v: v["state"] == "approved")


def wait_refused(gateway, verification, reason):
    found = wait_for(gateway, verification, lambda v: v["refused"] == reason)
    assert found["state"] == "pending" and found["assurance"] is None
    return found


def events(gateway, *types):
    items = gateway.get("/v1/events?after=0&limit=200").body["items"]
    return [e for e in items if e["type"] in types]


def test_the_token_from_the_claimed_number_approves(field):
    simulator, gateway = field.pair()
    first = started(gateway, "inbound_sms", "u1", "8 912 345-67-89")
    todo = first["instructions"]
    assert (first["state"], first["channel"], first["phone"]) == ("pending", "inbound_sms", PHONE)
    assert todo["action"] == "send_sms" and todo["numbers"] == [NUMBERS["gsm0"]]
    assert len(todo["token"]) == 8 and all(todo["advice"][k] for k in ("ru", "vi", "en"))
    assert first["delivery"] is None and first["message"] is None
    # asked for again, it is the same one
    assert started(gateway, "inbound_sms", "u1", PHONE)["instructions"] == todo
    assert show(gateway, first)["instructions"] == todo

    simulator.control(f"sms {PHONE} {todo['token'].lower()}")
    done = wait_approved(gateway, first)
    assert (done["assurance"], done["instructions"]) == ("code", None)
    assert done["service_centre"].startswith("+")
    account = gateway.get("/v1/accounts/u1").body
    assert account["phone"] == PHONE
    assert [(p["channel"], p["assurance"]) for p in account["proofs"]] == [("inbound_sms", "code")]
    told = events(gateway, "verification.created", "verification.approved", "sms.received")
    assert [e["type"] for e in told] == ["verification.created", "sms.received",
                                         "verification.approved"]
    assert told[2]["subject"] == first["id"] and told[2]["data"]["channel"] == "inbound_sms"
    # used once: the same text is an SMS like any other
    simulator.control(f"sms +79123456780 {todo['token']}")
    gate.wait_until(lambda: len(gateway.get("/v1/inbox").body["items"]) == 2)
    assert len(events(gateway, "verification.refused")) == 0
    assert simulator.handset() == []
    assert todo["token"] not in gateway.output()


def test_a_wrong_sender_is_refused_and_counted(field):
    simulator, gateway = field.pair()
    first = started(gateway, "inbound_sms", "u1", PHONE)
    token = first["instructions"]["token"]
    simulator.control(f"sms +79123456780 {token}")
    found = wait_refused(gateway, first, "wrong_sender")
    assert found["attempts_left"] == first["attempts_left"] - 1
    refused = events(gateway, "verification.refused")
    assert [(e["subject"], e["data"]["reason"]) for e in refused] == [(first["id"], "wrong_sender")]
    simulator.control(f"sms {PHONE} {token[:4]} {token[4:]}")
    assert wait_approved(gateway, first)["refused"] is None


def test_a_name_of_digits_is_nobodys_number(field):
    """Aggregators let their customers choose a name: eleven digits are one."""
    simulator, gateway = field.pair()
    first = started(gateway, "inbound_sms", "u1", PHONE)
    token = first["instructions"]["token"]
    long_text = f"{token} " + "and more words " * 12
    for n, text in enumerate((token, "STOP", long_text), 1):
        for length, pdu in other_pdu.deliver(PHONE[1:], text, address=other_pdu.name_octets):
            simulator.control(f"pdu {pdu} {length}")
        gate.wait_until(lambda n=n: len(events(gateway, "sms.received")) == n)
    assert [e["data"]["reason"] for e in events(gateway, "verification.refused")] == 2 * [
        "not_a_number"]
    assert show(gateway, first)["state"] == "pending"
    assert {sms["from"] for sms in gateway.get("/v1/inbox")["items"]} == {f'"{PHONE[1:]}"'}
    assert events(gateway, "number.opted_out") == []
    simulator.control(f"sms {PHONE[1:]} {token}")  # a number without its plus is one
    assert wait_approved(gateway, first)["phone"] == PHONE


def test_a_number_left_out_is_learnt(field):
    simulator, gateway = field.pair()
    first = started(gateway, "inbound_sms", "u1")
    assert first["phone"] is None
    simulator.control(f"sms Bank {first['instructions']['token']}")
    wait_refused(gateway, first, "not_a_number")
    simulator.control(f"sms {PHONE} My word: {first['instructions']['token']}")
    assert wait_approved(gateway, first)["phone"] == PHONE
    assert gateway.get("/v1/accounts/u1")["phone"] == PHONE


def test_a_call_approves_and_is_rejected(field):
    simulator, gateway = field.pair()
    first = started(gateway, "missed_call", "u1", PHONE)
    assert first["instructions"]["action"] == "call"
    assert first["instructions"]["token"] is None
    assert first["instructions"]["numbers"] == [NUMBERS["gsm0"]]
    assert simulator.control("call withheld").startswith("rejected")
    gate.wait_until(lambda: [e for e in events(gateway, "call.rejected")
                             if e["data"]["reason"] == "withheld"])
    assert show(gateway, first)["state"] == "pending"
    assert simulator.control("call +79123456780").startswith("rejected")
    assert simulator.control(f"call {PHONE}").startswith("rejected")
    done = wait_approved(gateway, first)
    assert done["assurance"] == "caller_id"
    assert gateway.get("/v1/accounts/u1")["proofs"][0]["assurance"] == "caller_id"
    assert len(events(gateway, "call.rejected")) == 3
    assert PHONE not in gateway.output()


def test_a_number_of_another_account_is_told_after_proof(field):
    simulator, gateway = field.pair()
    owner = started(gateway, "inbound_sms", "owner", PHONE)
    simulator.control(f"sms {PHONE} {owner['instructions']['token']}")
    wait_approved(gateway, owner)
    other = started(gateway, "inbound_sms", "other", PHONE)
    simulator.control(f"sms {PHONE} {other['instructions']['token']}")
    wait_refused(gateway, other, "number_bound_elsewhere")
    caller = started(gateway, "missed_call", "other", PHONE)
    simulator.control(f"call {PHONE}")
    wait_refused(gateway, caller, "number_bound_elsewhere")
    assert gateway.get("/v1/accounts/owner")["phone"] == PHONE
    assert gateway.get("/v1/accounts/other").status == 404


def test_windows_end_by_themselves(field):
    simulator, gateway = field.pair(
        sites=gate.one_site(verification='inbound_ttl = "1s"; call_ttl = "1s";'))
    first = started(gateway, "inbound_sms", "u1", PHONE)
    second = started(gateway, "missed_call", "u1", PHONE)
    gate.wait_until(lambda: len(events(gateway, "verification.expired")) == 2)
    assert show(gateway, first)["state"] == show(gateway, second)["state"] == "expired"
    simulator.control(f"sms {PHONE} {first['instructions']['token']}")
    simulator.control(f"call {PHONE}")
    gate.wait_until(lambda: len(events(gateway, "sms.received", "call.rejected")) == 2)
    assert show(gateway, first)["state"] == show(gateway, second)["state"] == "expired"
    assert gateway.get("/v1/accounts/u1").status == 404


def test_one_call_at_a_time_and_three_a_day(field):
    _, gateway = field.pair(sites=gate.one_site(verification='call_ttl = "1s";'))
    for i in range(3):
        started(gateway, "missed_call", f"u{i}", PHONE)
        gate.refused(start(gateway, "missed_call", "rival", PHONE), 429, "call_pending")
        gate.wait_until(lambda n=i: len(events(gateway, "verification.expired")) == n + 1)
    answer = gate.refused(start(gateway, "missed_call", "u9", PHONE), 429, "limit_reached")
    assert 86000 < int(answer.headers["Retry-After"]) <= 86400
    refused = events(gateway, "verification.refused")
    assert [e["data"]["reason"] for e in refused] == 3 * ["call_pending"] + ["limit_reached"]
    started(gateway, "inbound_sms", "u9", PHONE)


def two_modems(field, mute=None):
    """mute: the one that will not say who rings."""
    simulators = {name: field.simulator("--imei", imei, "--imsi", imei, name=name)
                  for name, imei in (("gsm0", "356938035643809"), ("gsm1", "356938035643817"))}
    if mute is not None:
        simulators[mute].control("fault error always on AT+CLIP=1")
    devices = [f'{{ name = "{name}"; device = "{simulators[name].pty}"; '
               f'number = "{number}"; timeouts = {{ command = "2s"; }}; }}'
               for name, number in NUMBERS.items()]
    gateway = field.gateway(*devices)
    for name in NUMBERS:
        gateway.wait_modem(name=name)
    return simulators, gateway


def test_one_of_several_numbers_is_drawn(field):
    simulators, gateway = two_modems(field)
    by_number = {number: name for name, number in NUMBERS.items()}
    drawn = {}
    for i in range(40):  # all the same: once in 10 to the 12
        phone = f"+791234567{i:02}"
        first = started(gateway, "missed_call", f"u{i}", phone)
        drawn.setdefault(first["instructions"]["numbers"][0], (first, phone))
    assert set(drawn) == set(by_number)
    both = started(gateway, "inbound_sms", "u1")["instructions"]
    assert sorted(both["numbers"]) == sorted(by_number)
    for number, (first, phone) in drawn.items():
        other = next(name for n, name in by_number.items() if n != number)
        simulators[other].control(f"call {phone}")
        wait_refused(gateway, first, "other_gateway")
        simulators[by_number[number]].control(f"call {phone}")
        wait_approved(gateway, first)


def test_only_ready_modems_are_named(field):
    simulators, gateway = two_modems(field)
    simulators["gsm0"].control("unplug")
    gateway.wait_modem("absent", "opening", "recovering", name="gsm0")
    for i in range(10):
        todo = started(gateway, "missed_call", f"u{i}", f"+7912345678{i}")["instructions"]
        assert todo["numbers"] == [NUMBERS["gsm1"]]
    simulators["gsm1"].control("unplug")
    gateway.wait_modem("absent", "opening", "recovering", name="gsm1")
    gate.refused(start(gateway, "inbound_sms", "u1", PHONE), 503, "gateway_not_ready")


def test_a_modem_that_cannot_be_rung_is_not_named(field):
    simulators, gateway = two_modems(field, mute="gsm0")
    for i in range(10):
        todo = started(gateway, "missed_call", f"u{i}", f"+7912345678{i}")["instructions"]
        assert todo["numbers"] == [NUMBERS["gsm1"]]
    both = started(gateway, "inbound_sms", "u")["instructions"]
    assert sorted(both["numbers"]) == sorted(NUMBERS.values())
    simulators["gsm1"].control("registration 6")  # for SMS only
    gate.wait_until(lambda: start(gateway, "missed_call", "u", PHONE).reason == "gateway_not_ready")
    started(gateway, "inbound_sms", "u1", PHONE)


def test_a_channel_that_is_not_offered(field):
    gateway = field.gateway(sites=gate.one_site(verification='channels = [ "sms" ];'))
    gate.refused(start(gateway, "inbound_sms", "u1"), 422, "channel_not_available")
    gate.refused(start(gateway, "zalo", "u1", PHONE), 422, "channel_not_available")
    gate.refused(start(gateway, "smoke", "u1", PHONE), 422, "unknown", "channel")


def test_where_codes_stop_the_way_out_is_named(field):
    limits = 'limits = { per_account_number = [ "1/1h" ]; }; resend_after = [ "1s" ];'
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site(verification=limits))
    first = gateway.post("/v1/verifications", {"account": "u1", "phone": PHONE})
    assert first["alternatives"] == ["inbound_sms", "missed_call"]
    simulator.wait_handset(1)
    answer = gate.wait_until(lambda: (lambda a: a if a.reason == "limit_reached" else None)(
        gateway.post("/v1/verifications", {"account": "u1", "phone": PHONE})))
    gate.refused(answer, 429, "limit_reached")
    assert answer["alternatives"] == ["inbound_sms", "missed_call"]
    code, _, err = gate.cli(gateway, "verify", "start", "u1", PHONE)
    assert code == 5 and "--channel inbound_sms or missed_call" in err

    code, out, _ = gate.cli(gateway, "verify", "start", "--channel", "inbound_sms", "u1", PHONE)
    assert code == 0
    line = next(line for line in out.splitlines() if line.startswith("to do"))
    token = line.split()[8]
    assert line.endswith(f"send an SMS with the text {token} to {NUMBERS['gsm0']}")
    simulator.control(f"sms {PHONE} {token}")
    gate.wait_until(lambda: gateway.get("/v1/accounts/u1").status == 200)
    code, out, _ = gate.cli(gateway, "verify", "start", "--channel", "missed_call", "u1", PHONE)
    assert code == 0 and f"ring {NUMBERS['gsm0']}" in out


def test_a_restart_in_between_loses_nothing(field):
    simulator, gateway = field.pair()
    first = started(gateway, "inbound_sms", "u1", PHONE)
    assert gateway.stop() == 0
    simulator.control(f"sms {PHONE} {first['instructions']['token']}")
    gateway.start()
    wait_approved(gateway, first)


def test_a_test_number_needs_no_modem(field):
    site = 'test_numbers = ( { phone = "+79000000001"; code = "000000"; } );'
    gateway = field.gateway(sites=gate.one_site(site=site))
    for channel in ("sms", "inbound_sms", "missed_call"):
        first = started(gateway, channel, "u1", "+79000000001")
        answer = gateway.post(f"/v1/verifications/{first['id']}/check", {"code": "000000"})
        assert (answer.status, answer["result"]) == (200, "approved"), answer
    proofs = gateway.get("/v1/accounts/u1")["proofs"]
    assert sorted(p["channel"] for p in proofs) == ["inbound_sms", "missed_call", "sms"]
