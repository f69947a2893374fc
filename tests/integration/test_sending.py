"""What was accepted arrives once, intact, in order, and without idle time between messages."""
import re
import statistics

import gate

RUSSIAN = ("Уважаемый Иван Петрович, пользователь Пётр просит связаться с ним по заказу номер "
           "12345. Администрация сайта Studentu24.")
BRACKETS = ("€{}[]" * 40)
EMOJI = "Done \U0001F600 and \U0001F469‍\U0001F467 too"


def gaps_ms(dialogue):
    """Milliseconds from each final OK after a +CMGS to the end of the next payload."""
    found, accepted_at = [], None
    for at, direction, text in re.findall(r"^(\d+\.\d+) \S+ ([<>]) (.*)$", dialogue, re.M):
        if direction == ">" and "+CMGS:" in text and "OK" in text:
            accepted_at = float(at)
        elif direction == "<" and text.endswith("<SUB>") and accepted_at is not None:
            found.append((float(at) - accepted_at) * 1000)
            accepted_at = None
    return found


def test_texts_arrive_intact(field):
    simulator, gateway = field.pair("--send-time", 5)
    assert len(RUSSIAN) == 120 and len(BRACKETS) == 200
    for text in (RUSSIAN, BRACKETS, EMOJI, "@", "x" * 160, "x" * 161, "я" * 70, "я" * 71):
        message = gateway.send("+79123456789", text)
        gateway.wait_message(message, "sent", "delivered")
        assert simulator.wait_handset(1)[-1]["text"] == text
    assert [m["text"] for m in simulator.handset()][:3] == [RUSSIAN, BRACKETS, EMOJI]
    assert simulator.violations() == 0


def test_a_hundred_arrive_once_in_lane_order(field):
    simulator = field.simulator("--send-time", 100)
    gateway = field.gateway(gate.modem("gsm0", simulator.pty))
    gateway.wait_modem()
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    ids = []
    for i in range(100):
        priority = ("low", "normal", "high")[i % 3]
        ids.append((("high", "normal", "low").index(priority), i,
                    gateway.send(f"+7912345{i:04d}", f"{priority} {i}", priority=priority)))
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    received = simulator.wait_handset(100)
    for _, _, message in ids:
        gateway.wait_message(message, "sent", "delivered")
    expected = [f"{('high', 'normal', 'low')[rank]} {i}" for rank, i, _ in sorted(ids)]
    assert [m["text"] for m in received] == expected
    assert len(simulator.handset()) == 100
    assert simulator.violations() == 0


def test_a_code_overtakes_texts(field):
    simulator, gateway = field.pair("--send-time", 5)
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    for i in range(10):
        gateway.send(f"+7912345{i:04d}", f"text {i}")
    gateway.post("/v1/verifications", {"account": "a", "phone": "+79129999999"})
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    assert simulator.wait_handset(11)[0]["to"] == "+79129999999"


def test_a_repeated_key_makes_one_message(field):
    simulator, gateway = field.pair("--send-time", 5)
    body = {"to": "+79123456789", "text": "once"}
    key = {"Idempotency-Key": '"order-1"'}
    first = gateway.post("/v1/messages", body, headers=key)
    again = gateway.post("/v1/messages", body, headers=key)
    assert (first.status, again.status) == (202, 202)
    assert first["id"] == again["id"]
    other = gateway.post("/v1/messages", dict(body, text="twice"), headers=key)
    assert (other.status, other.reason) == (422, "key_reused")
    gateway.wait_message(first["id"], "sent", "delivered")
    assert len(simulator.handset()) == 1


def test_a_waiting_message_can_be_canceled(field):
    simulator, gateway = field.pair("--send-time", 5)
    later = gateway.send("+79123456789", "later", send_at="2099-01-01T00:00:00Z")
    assert gateway.message(later)["state"] == "scheduled"
    canceled = gateway.call("DELETE", f"/v1/messages/{later}")
    assert (canceled.status, canceled["state"]) == (200, "canceled")
    again = gateway.call("DELETE", f"/v1/messages/{later}")
    assert (again.status, again.reason) == (409, "already_final")
    assert simulator.handset() == []


def test_a_message_expires_when_no_modem_can_send_it(field):
    gateway = field.gateway(gate.modem("gsm0", "/tmp/simgate-no-such-modem"))
    message = gateway.send("+79123456789", "too late", ttl=1)
    expired = gateway.wait_message(message, "expired")
    assert [h["state"] for h in expired["history"]] == ["queued", "expired"]


def test_a_permanent_refusal_fails_and_the_next_goes_on(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("fault cms once 1")
    bad = gateway.send("+79120000001", "to nobody")
    good = gateway.send("+79120000002", "to somebody")
    failed = gateway.wait_message(bad, "failed")
    assert failed["reason"]["code"] == "cms_1"
    gateway.wait_message(good, "sent", "delivered")
    retried = gateway.post(f"/v1/messages/{bad}/retry")
    assert retried.status == 202 and retried["retry_of"] == bad
    gateway.wait_message(retried["id"], "sent", "delivered")
    assert [m["text"] for m in simulator.handset()] == ["to somebody", "to nobody"]


def test_a_report_makes_it_delivered(field):
    simulator, gateway = field.pair("--send-time", 5, "--reports", "delivered", "--report-time", 5)
    message = gateway.send("+79123456789", "x" * 300, report=True)
    delivered = gateway.wait_message(message, "delivered")
    assert delivered["parts"] == {"total": 2, "sent": 2}
    assert delivered["delivered_at"] is not None
    assert simulator.violations() == 0


def test_the_modem_waits_a_millisecond(field, capsys):
    """Printed, not asserted against the figure: these machines are noisy."""
    simulator, gateway = field.pair("--send-time", 20)
    ids = [gateway.send(f"+7912345{i:04d}", f"text {i}") for i in range(50)]
    for message in ids:
        gateway.wait_message(message, "sent")
    with open(simulator.dialogue_path, encoding="utf-8", errors="replace") as file:
        gaps = gaps_ms(file.read())
    assert len(gaps) >= 40, "the dialogue's gaps could not be read"
    with capsys.disabled():
        print(f"\n  OK to next complete payload: median {statistics.median(gaps):.2f} ms, "
              f"worst {max(gaps):.2f} ms of {len(gaps)}")
