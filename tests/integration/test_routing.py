"""Who sends what: prefixes, limits, the least loaded modem, failover, pauses, the balance.

Every test with several modems ends by counting: each message reached a phone once."""
import time

import pytest

import gate
import trouble

FIRST = {"name": "gsm0", "imei": "356938035643809", "iccid": "8970199000000000009"}
SECOND = {"name": "gsm1", "imei": "356938035643817", "iccid": "8970199000000000017"}
THIRD = {"name": "gsm2", "imei": "356938035643825", "iccid": "8970199000000000025"}


def simulator(field, who, *options):
    return field.simulator("--imei", who["imei"], "--iccid", who["iccid"], *options,
                           name=who["name"])


def control(sim, line):
    """The simulator's socket may exist a moment before it listens."""
    def told():
        try:
            sim.control(line)
            return True
        except ConnectionRefusedError:
            return False
    gate.wait_until(told)


def fleet(field, *modems, options=("--send-time", 20), **more):
    """Simulators and a daemon on them; modems are settings, in order."""
    simulators = [simulator(field, who, *options)
                  for who, _ in zip((FIRST, SECOND, THIRD), modems)]
    gateway = field.gateway(*[gate.modem(s.name, s.pty, settings)
                              for s, settings in zip(simulators, modems)], **more)
    for s in simulators:
        gateway.wait_modem(name=s.name)
    return simulators, gateway


def sent_once(simulators, texts):
    """Each text reached a phone once, whichever modem it took; returns who sent what."""
    received = {s.name: [m["text"] for m in s.handset()] for s in simulators}
    assert sorted(t for texts_ in received.values() for t in texts_) == sorted(texts)
    return received


def events(gateway, kind):
    return [e for e in gateway.get(f"/v1/events?limit=200&types={kind}")["items"]]


def wait_event(gateway, kind, n=1):
    return gate.wait_until(lambda: (lambda found: found if len(found) >= n else None)(
        events(gateway, kind)), why=f"no {kind}")


def modem(gateway, name="gsm0"):
    return gateway.get(f"/v1/modems/{name}").body


# ---- prefixes ----

def test_prefixes_choose_the_modem(field):
    """The longest prefix sends; what no modem may send waits and says so."""
    sims, gateway = fleet(field, 'prefixes = [ "+7" ];', 'prefixes = [ "+7912", "+84" ];')
    near, far, vn = "+79123456789", "+79993456789", "+84912345678"
    ids = {gateway.send(to, f"{to} {i}"): to for i in range(4) for to in (near, far, vn)}
    lost = gateway.send("+12025550123", "no modem for me")
    for message in ids:
        gateway.wait_message(message, "sent")
    assert {m["to"] for m in sims[0].handset()} == {far}
    assert {m["to"] for m in sims[1].handset()} == {near, vn}
    sent_once(sims, [f"{to} {i}" for i in range(4) for to in (near, far, vn)])
    waiting = gateway.message(lost)
    assert waiting["state"] == "queued" and waiting["reason"]["code"] == "no_modem", waiting
    listed = gateway.get("/v1/messages?state=queued")["items"]
    assert [m["reason"]["code"] for m in listed] == ["no_modem"]


def test_a_thousand_for_one_modem_hold_up_none_for_another(field):
    """A modem that is away has a long queue; the other one's messages do not stand behind it."""
    sims, gateway = fleet(field, 'prefixes = [ "+7" ];', 'prefixes = [ "+84" ];',
                          options=("--send-time", 1))
    sims[0].control("unplug")
    gateway.wait_modem("absent", "opening", "recovering", name="gsm0")
    for i in range(2500):  # more than a window holds
        gateway.send(f"+7912{i:07d}", "waits")
    message = gateway.send("+84912345678", "goes at once")
    gateway.wait_message(message, "sent", limit=10)
    assert len(sims[1].handset()) == 1
    sims[0].control("plug")
    gateway.wait_modem(name="gsm0")
    late = gateway.send("+84912345679", "goes, too")
    gateway.wait_message(late, "sent", limit=10)


def test_without_the_best_modem_another_one_sends(field):
    sims, gateway = fleet(field, 'prefixes = [ "+7912" ];', "")
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained", name="gsm0")
    message = gateway.send("+79123456789", "by the second")
    assert gateway.wait_message(message, "sent")["modem"] == "gsm1"
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    gateway.wait_modem("ready", name="gsm0")
    message = gateway.send("+79123456789", "by the first")
    assert gateway.wait_message(message, "sent")["modem"] == "gsm0"
    sent_once(sims, ["by the first", "by the second"])


def test_waiting_messages_follow_new_prefixes(field):
    sims, gateway = fleet(field, 'prefixes = [ "+7" ];')
    message = gateway.send("+84912345678", "waits for a prefix")
    assert gateway.message(message)["reason"]["code"] == "no_modem"
    gateway.stop()
    with open(gateway.config, encoding="utf-8") as file:
        text = file.read()
    with open(gateway.config, "w", encoding="utf-8") as file:
        file.write(text.replace('prefixes = [ "+7" ]', 'prefixes = [ "+7", "+84" ]'))
    gateway.start()
    gateway.wait_message(message, "sent")
    with open(gateway.config, "w", encoding="utf-8") as file:  # and at a reload
        file.write(text.replace('prefixes = [ "+7" ]', 'prefixes = [ "+1" ]'))
    gateway.reload()
    other = gate.wait_until(lambda: (lambda m: m if gateway.message(m)["reason"] else None)(
        gateway.send("+84912345678", "waits again")))
    american = gateway.send("+12025550123", "goes now")
    gateway.wait_message(american, "sent")
    assert gateway.message(other)["state"] == "queued"


# ---- limits ----

def test_a_limit_holds_and_opens_again(field):
    """Of 5 parts in 3 seconds 4 are for texts, the fifth for codes."""
    sims, gateway = fleet(field, 'limits = [ "5/3s", "100/1h" ];', options=("--send-time", 5))
    ids = [gateway.send(f"+7912345{i:04d}", f"text {i}") for i in range(12)]
    wait_event(gateway, "modem.limit_reached")
    gateway.post("/v1/verifications", {"account": "a", "phone": "+79129999999"})
    for message in ids:
        gateway.wait_message(message, "sent")
    seen = sims[0].wait_handset(13)
    texts = [m["at_us"] / 1e6 for m in seen if m["to"] != "+79129999999"]
    for i in range(len(texts) - 4):  # never a fifth text within the span; it counts from
        # the begin, and on a busy machine what was begun is accepted a while later
        assert texts[i + 4] - texts[i] > 2, texts
    code = [m["to"] for m in seen].index("+79129999999")
    assert code <= 6, code  # it took the reserve
    quotas = modem(gateway)["quotas"]
    assert quotas[1]["used"] == 13 and quotas[1]["window"] == 3600
    assert quotas[0]["of"] == "parts" and quotas[0]["count"] == 5
    # Told once while messages wait, however often it opens and closes meanwhile, and once more
    # if the last of them uses it up again.
    gate.wait_until(lambda: len(events(gateway, "modem.limit_free")) ==
                    len(events(gateway, "modem.limit_reached")))
    assert 1 <= len(events(gateway, "modem.limit_reached")) <= 2
    log = gateway.output()
    assert log.count("the limit of 5/3s is reached") == log.count("the limit holds nothing up")
    sent_once(sims, [f"text {i}" for i in range(12)] + [seen[code]["text"]])


def rests_by(gateway, limit):
    """Waits until gsm0 says that this limit is used up."""
    status = gate.wait_until(lambda: (lambda m: m if m["resting"] else None)(modem(gateway)))
    assert limit in status["why"] and not status["resting"]["paused"], status
    return status


def test_a_limit_tells_when_the_next_message_goes(field):
    _, gateway = fleet(field, 'limits = [ "5/1h" ];', options=("--send-time", 5))
    for n in range(4):
        gateway.send(f"+7912345000{n}", "the fifth is kept for codes")
    wait_event(gateway, "modem.limit_reached")
    waits = gateway.message(gateway.send("+79123450005", "waits"))
    assert 3500 < gate.seconds(waits["estimated_send_at"]) - gate.seconds(waits["created_at"]) <= 3600
    assert waits["diagnosis"]["explanation"].endswith("gsm0: the limit of 5/1h is used up but for codes.")
    posted = gateway.post("/v1/messages", {"to": "+79123450003", "text": "waits, too"})
    listed = gateway.get("/v1/messages?limit=1")["items"][0]
    assert posted["estimated_send_at"] == listed["estimated_send_at"] == waits["estimated_send_at"]
    code, late = (gateway.post("/v1/verifications", {"account": n, "phone": f"+791299999{n}"})["message"]
                  for n in ("11", "22"))
    gateway.wait_message(code, "sent")
    gate.wait_until(lambda: gateway.message(late)["estimated_send_at"])


def test_counts_survive_a_restart_and_follow_the_sim(field):
    sims, gateway = fleet(field, 'limits = [ "4/1h" ];')
    for i in range(4):
        gateway.wait_message(gateway.send(f"+7912345{i:04d}", f"text {i}"), "sent")
    gateway.stop()
    gateway.start()
    gateway.wait_modem()
    held = gateway.send("+79123456789", "held up")
    status = rests_by(gateway, "4/1h")
    assert status["quotas"][0]["used"] == 4 and status["quotas"][0]["next_at"]
    assert gateway.message(held)["state"] == "queued"
    # Another card in the same modem, changed while it runs, has sent nothing.
    sims[0].control("sim remove")
    gateway.wait_modem("sim_missing")
    sims[0].control(f"sim insert {SECOND['iccid']}")
    gateway.wait_message(held, "sent")
    assert modem(gateway)["quotas"][0]["used"] == 1
    # The first card has, and still has in another modem after a restart.
    gateway.stop()
    sims[0].stop()
    other = field.simulator("--imei", SECOND["imei"], "--iccid", FIRST["iccid"], name="gsm0")
    gateway.start()
    gateway.wait_modem()
    held = gateway.send("+79123456788", "held up again")
    assert rests_by(gateway, "4/1h")["quotas"][0]["used"] == 4
    assert gateway.message(held)["state"] == "queued"
    other.control("sim remove")
    gateway.wait_modem("sim_missing")
    other.control(f"sim insert {THIRD['iccid']}")
    gateway.wait_message(held, "sent")
    assert [m["text"] for m in other.handset()][4:] == ["held up", "held up again"]  # one file


def test_a_sim_moves_to_another_modem_of_the_configuration(field):
    """Its limit goes with it, and so does what the first modem may send again."""
    sims, gateway = fleet(field, 'limits = [ "3/1h" ];', 'limits = [ "3/1h" ];')
    gateway.post("/v1/modems/gsm1/actions", {"action": "drain"})
    gateway.wait_modem("drained", name="gsm1")
    for i in range(3):
        gateway.wait_message(gateway.send(f"+7912345{i:04d}", f"text {i}"), "sent")
    for sim in sims:
        sim.control("sim remove")
    gateway.wait_modem("sim_missing", name="gsm0")
    held = [gateway.send(f"+7912000{i:04d}", f"held {i}") for i in range(3)]
    sims[0].control(f"sim insert {SECOND['iccid']}")
    sims[1].control(f"sim insert {FIRST['iccid']}")
    gateway.post("/v1/modems/gsm1/actions", {"action": "resume"})
    for message in held:
        assert gateway.wait_message(message, "sent")["modem"] == "gsm0"
    gateway.wait_modem(name="gsm1")
    gate.wait_until(lambda: modem(gateway, "gsm1")["quotas"][0]["used"] == 3)
    assert sims[1].handset() == []


def test_a_long_message_needs_room_for_all_its_parts(field):
    sims, gateway = fleet(field, 'limits = [ "5/4s" ];', options=("--send-time", 5, "--parts"))
    gateway.wait_message(gateway.send("+79120000001", "a" * 300), "sent")  # 2 parts
    begun = time.monotonic()
    long = gateway.send("+79120000002", "b" * 400)  # 3 parts: 4 are for texts
    gateway.wait_message(long, "sent")
    assert time.monotonic() - begun > 3
    whole = [m for m in sims[0].handset() if m.get("event") != "part"]
    assert [m["text"] for m in whole] == ["a" * 300, "b" * 400]


def test_different_recipients_are_limited(field):
    sims, gateway = fleet(field, 'recipients = [ "2/1h" ];', "")
    gateway.post("/v1/modems/gsm1/actions", {"action": "drain"})
    gateway.wait_modem("drained", name="gsm1")
    for i in (1, 2, 1):
        message = gateway.send(f"+7912000000{i}", f"to {i}")
        if i == 2:
            gateway.wait_message(message, "sent")
            break
        gateway.wait_message(message, "sent")
    held = gateway.send("+79120000003", "to 3")
    gate.wait_until(lambda: modem(gateway)["resting"])
    quota = modem(gateway)["quotas"][0]
    assert (quota["of"], quota["used"], quota["count"]) == ("recipients", 2, 2)
    assert gateway.message(held)["state"] == "queued"
    gateway.post("/v1/modems/gsm1/actions", {"action": "resume"})
    assert gateway.wait_message(held, "sent")["modem"] == "gsm1"
    sent_once(sims, ["to 1", "to 2", "to 3"])


# ---- load and failover ----

def test_the_idle_modem_takes_what_waits_behind_a_slow_one(field):
    slow = simulator(field, FIRST, "--send-time", 20)
    quick = simulator(field, SECOND, "--send-time", 20)
    gateway = field.gateway(gate.modem("gsm0", slow.pty), gate.modem("gsm1", quick.pty))
    for name in ("gsm0", "gsm1"):
        gateway.wait_modem(name=name)
    slow.control("set send-time 4000")
    ids = [gateway.send(f"+7912345{i:04d}", f"text {i}") for i in range(20)]
    for message in ids:
        gateway.wait_message(message, "sent")
    received = sent_once([slow, quick], [f"text {i}" for i in range(20)])
    assert len(received["gsm0"]) <= 2, received


def test_a_modem_that_fails_always_loses_nothing(field):
    """Refusals that speak of the SIM: the other modem sends, the first rests and says why."""
    sims, gateway = fleet(field, "", "")
    sims[0].control("refuse * 50")
    ids = [gateway.send(f"+7912345{i:04d}", f"text {i}") for i in range(20)]
    for message in ids:
        assert gateway.wait_message(message, "sent", limit=20)["modem"] == "gsm1"
    sent_once(sims, [f"text {i}" for i in range(20)])
    paused = wait_event(gateway, "modem.paused")[0]
    assert paused["subject"] == "gsm0" and "tariff" in paused["data"]["reason"]
    status = modem(gateway)
    assert status["state"] == "ready" and "rests" in status["why"], status
    assert status["resting"]["paused"] and status["resting"]["until"]
    # An operator who has topped up the SIM ends the pause.
    sims[0].control("refuse * off")
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    wait_event(gateway, "modem.resumed")
    assert modem(gateway)["resting"] is None
    sims[1].control("unplug")
    gateway.wait_modem("absent", "opening", "recovering", name="gsm1")
    message = gateway.send("+79123456789", "by the first again")
    assert gateway.wait_message(message, "sent")["modem"] == "gsm0"


def test_refusals_in_a_row_pause_the_modem(field):
    """21 is the recipient's network at first; three in a row are the SIM's credit."""
    sims, gateway = fleet(field, "", "")
    gateway.post("/v1/modems/gsm1/actions", {"action": "drain"})
    gateway.wait_modem("drained", name="gsm1")
    sims[0].control("refuse * 21")
    ids = [gateway.send(f"+7912345{i:04d}", f"text {i}") for i in range(3)]
    wait_event(gateway, "modem.paused")
    gateway.post("/v1/modems/gsm1/actions", {"action": "resume"})
    # The third one goes at once; the other two when their back-off ends.
    done = gate.wait_until(lambda: [m for m in ids if gateway.message(m)["state"] == "sent"])
    assert len(done) == 1
    assert len(sims[1].handset()) == 1


@pytest.mark.parametrize("fault", ["cms always 500", "prompt-error always 302", "error always"
                                   " 3 on AT+CMGS"], ids=["500", "302", "cme-3"])
def test_back_off_is_the_failing_modems_alone(field, fault):
    """The other one is full for a moment: what the first failed at waits for it, not a minute."""
    sims, gateway = fleet(field, "", 'limits = [ "5/3s" ];', options=("--send-time", 5))
    sims[0].control(f"fault {fault}")
    ids = [gateway.send(f"+7912345{i:04d}", f"text {i}") for i in range(8)]
    for message in ids:
        assert gateway.wait_message(message, "sent", limit=40)["modem"] == "gsm1"
    sent_once(sims, [f"text {i}" for i in range(8)])


def test_a_modem_without_prompt_hands_over(field):
    sims, gateway = fleet(field, "", "")
    gateway.post("/v1/modems/gsm1/actions", {"action": "drain"})
    gateway.wait_modem("drained", name="gsm1")
    sims[0].control("fault no-prompt always")
    message = gateway.send("+79123456789", "handed over")
    gate.wait_until(lambda: gateway.message(message)["state"] == "sending")
    gateway.post("/v1/modems/gsm1/actions", {"action": "resume"})
    ended = gateway.wait_message(message, "sent")
    assert ended["modem"] == "gsm1"
    sent_once(sims, ["handed over"])


def test_an_uncertain_code_goes_by_another_modem(field):
    sims, gateway = fleet(field, "", "")
    sims[0].control("fault accept-then-silence always")
    sims[1].control("fault accept-then-silence always")
    started = gateway.post("/v1/verifications", {"account": "a", "phone": "+79129999999"})
    assert started.status == 202
    first = gate.wait_until(lambda: [s for s in sims if s.handset()])[0]
    other = sims[1] if first is sims[0] else sims[0]
    other.control("fault clear")
    gate.wait_until(other.handset)
    time.sleep(0.5)
    assert len(first.handset()) == 1 and len(other.handset()) == 1


def test_three_modems_and_one_thousand_messages(field):
    """One fails now and then in every way, one is limited: each message is sent once."""
    sims, gateway = fleet(field, "", 'limits = [ "50/2s" ];', "", options=("--send-time", 5))
    sims[0].control("fault cms always 20% 500")
    sims[0].control("fault prompt-error always 10% 302")
    sims[2].control("refuse +79123451 50")
    ids = [gateway.send(f"+7912345{i:04d}", f"text {i}") for i in range(1000)]
    for message in ids:
        gateway.wait_message(message, "sent", limit=120)
    received = sent_once(sims, [f"text {i}" for i in range(1000)])
    assert min(len(texts) for texts in received.values()) > 0, received
    assert [s.violations() for s in sims] == [0, 0, 0]


# ---- the balance ----

def test_the_balance_is_asked_for_and_watched(field):
    settings = ('ussd_balance = "*100#"; '
                'balance = { every = "2s"; pattern = "Balance: ([0-9.]+)"; low = 50; };')
    sim = simulator(field, FIRST, "--send-time", 5)
    control(sim, "ussd *100# Balance: 120.50 r. Call *111#")
    gateway = field.gateway(gate.modem("gsm0", sim.pty, settings))
    gateway.wait_modem()
    balance = gate.wait_until(lambda: modem(gateway)["balance"])
    assert balance["amount"] == "120.50" and balance["low"] is False and balance["at"]
    assert events(gateway, "modem.balance_low") == []
    sim.control("ussd *100# Balance: 12.3 r.")
    low = wait_event(gateway, "modem.balance_low")[0]
    assert low["subject"] == "gsm0" and low["data"]["reason"] == "12.30"
    assert modem(gateway)["balance"]["low"] is True
    gate.wait_until(lambda: gateway.output().count("the balance is 12.30") >= 3)
    assert len(events(gateway, "modem.balance_low")) == 1  # once, not every time
    ids = [gateway.send(f"+7912345{i:04d}", f"text {i}") for i in range(30)]
    for message in ids:
        gateway.wait_message(message, "sent")
    sent_once([sim], [f"text {i}" for i in range(30)])
    assert sim.violations() == 0


def test_a_balance_that_is_not_told(field):
    sim = simulator(field, FIRST, "--send-time", 5)
    control(sim, "ussd *100# Ask in our shops")
    gateway = field.gateway(gate.modem("gsm0", sim.pty, 'ussd_balance = "*100#";'))
    for answer, why in (("Ask in our shops", "balance.pattern finds nothing in the answer"),
                        ('4,"",15', "not supported by the network")):
        sim.control(f"ussd *100# {answer}")
        gateway.wait_modem()
        gate.wait_until(lambda words=why: f"the balance is not known: {words}" in gateway.output())
        assert modem(gateway)["balance"] is None
        gateway.stop()
        gateway.start()
    gateway.wait_modem()
    gateway.wait_message(gateway.send("+79123456789", "all the same"), "sent")


def test_amounts_as_operators_write_them(field):
    sim = simulator(field, FIRST, "--send-time", 5)
    control(sim, "ussd *100# 7.50")
    gateway = field.gateway(gate.modem("gsm0", sim.pty, 'ussd_balance = "*100#"; balance = { every = "1s"; };'))
    for told, amount in (("Balance: 120.5 RUB", "120.50"), ("-3,07 rub", "-3.07"), ("TK goc: 12.345d", "12345.00"),
                         ("1.234.567d", "1234567.00"), ("USD 1,234.56 left", "1234.56"), ("0.125", "0.12"),
                         ("1.234,567", "1234.56"), ("15 min", "15.00")):
        sim.control(f"ussd *100# {told}")
        gate.wait_until(lambda amount=amount: (modem(gateway)["balance"] or {}).get("amount") == amount, why=told)


def test_the_balance_is_remembered(field):
    sim = simulator(field, FIRST, "--send-time", 5)
    control(sim, "ussd *100# Rest 7,5 EUR")
    gateway = field.gateway(gate.modem("gsm0", sim.pty, 'ussd_balance = "*100#";'))
    gate.wait_until(lambda: modem(gateway)["balance"])
    gateway.stop()
    asked = sim.control("stats")
    gateway.start()
    gateway.wait_modem()
    balance = gate.wait_until(lambda: modem(gateway)["balance"])
    assert balance["amount"] == "7.50" and balance["low"] is False
    assert gateway.output().count("the balance is 7.50") == 1, asked


def test_a_modem_whose_limits_are_being_read_is_busy_not_unable(field):
    """The better modem is ready first, but a slow disk has not yet told how much it has sent."""
    disk = trouble.Trouble(field)
    better = simulator(field, FIRST)
    other = simulator(field, SECOND)
    for sim in (better, other):
        control(sim, "unplug")
    gateway = field.gateway(
        gate.modem("gsm0", better.pty, 'prefixes = [ "+7" ]; limits = [ "100/1h" ];'),
        gate.modem("gsm1", other.pty), env=disk.env)
    message = gateway.send("+79123456789", "for the better one")
    disk.set(sync_ms=3000)
    control(better, "plug")
    gateway.wait_modem(name="gsm0")
    control(other, "plug")
    gateway.wait_modem(name="gsm1")
    disk.set()
    assert gateway.wait_message(message, "sent")["modem"] == "gsm0"
    assert sent_once([better, other], ["for the better one"])[FIRST["name"]]
