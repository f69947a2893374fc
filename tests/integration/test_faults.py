"""What modems do to messages: each row ends with every accepted message accounted for."""
import pytest

import gate

# fault, where the message ends, how often the phone got it, what its history must show
ROWS = [
    ("no-prompt once", "sent", 1, "queued"),
    ("prompt-no-blank always", "sent", 1, None),
    ("prompt-error once 302", "sent", 1, "queued"),
    ("ok-without-ref once", "sent", 1, None),
    ("ref-without-ok once", "sent", 1, None),
    ("double-ok once on AT+CMGS", "sent", 1, None),
    ("cms once 41", "sent", 1, "queued"),
    ("cms once 1", "failed", 0, None),
    ("cms once 500", "sent", 1, "queued"),
    ("accept-then-silence once", "uncertain", 1, None),
    ("drop-before-prompt once", "sent", 1, None),
    ("drop-after-prompt once", "sent uncertain", None, None),
    ("drop-after-submit once", "uncertain", 1, None),
    ("reboot-mid-send once", "uncertain", None, None),
    ("urc-between always", "sent", 1, None),
    ("byte-by-byte always", "sent", 1, None),
    ("garbage-in-reply once", "sent", 1, None),
    ("echo-stays always", "sent", 1, None),
]


@pytest.mark.parametrize("fault,ends,copies,through", ROWS, ids=[r[0].replace(" ", "-") for r in ROWS])
def test_fault(field, fault, ends, copies, through):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control(f"fault {fault}")
    message = gateway.send("+79123456789", "with a fault")
    ended = gateway.wait_message(message, *ends.split())
    simulator.control("fault clear")
    states = [h["state"] for h in ended["history"]]
    if through:
        assert through in states[1:], states
    # Whatever happened, the next message goes out.
    after = gateway.send("+79123456780", "afterwards")
    gateway.wait_message(after, "sent")
    if copies is not None:
        texts = [m["text"] for m in simulator.handset()]
        assert texts.count("with a fault") == copies, texts


def test_a_late_reply_resolves_the_doubt(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("fault late-reply once 6000")
    message = gateway.send("+79123456789", "slow network")
    gateway.wait_message(message, "uncertain")
    ended = gateway.wait_message(message, "sent")
    assert [h["state"] for h in ended["history"]] == ["queued", "sending", "uncertain", "sent"]
    assert len(simulator.handset()) == 1


def test_a_report_resolves_the_doubt(field):
    simulator, gateway = field.pair("--send-time", 5, "--reports", "delivered", "--report-time",
                                    "6500")
    simulator.control("fault late-reply once 6000")
    message = gateway.send("+79123456789", "slow network", report=True)
    gateway.wait_message(message, "uncertain")
    gateway.wait_message(message, "delivered")


def test_a_modem_that_comes_back_goes_on(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("unplug")
    gateway.wait_modem("absent", "opening", "recovering")
    message = gateway.send("+79123456789", "waits for the modem")
    simulator.control("plug")
    gateway.wait_message(message, "sent")
    assert gateway.message(message)["history"][-1]["state"] == "sent"
    assert len(simulator.handset()) == 1


def test_lost_registration_pauses_without_costing_attempts(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("registration 2")
    gateway.wait_modem("searching")
    message = gateway.send("+79123456789", "waits for the network")
    simulator.control("registration 1")
    gateway.wait_message(message, "sent")
    states = [h["state"] for h in gateway.message(message)["history"]]
    assert states == ["queued", "sending", "sent"]


def test_a_pin_is_entered_once(field):
    simulator = field.simulator("--pin", "1234")
    pin = f"{field.folder}/pin"
    with open(pin, "w", encoding="ascii") as file:
        file.write("9999\n")
    gateway = field.gateway(gate.modem("gsm0", simulator.pty, f'pin_file = "{pin}";'))
    gateway.wait_modem("sim_pin")
    # Neither a reopening nor a restart may try the wrong PIN again.
    gateway.post("/v1/modems/gsm0/actions", {"action": "reopen"})
    gateway.wait_modem("sim_pin")
    gateway.stop()
    gateway.start()
    gateway.wait_modem("sim_pin")
    with open(pin, "w", encoding="ascii") as file:
        file.write("1234\n")
    gateway.post("/v1/modems/gsm0/actions", {"action": "reopen"})
    gateway.wait_modem("ready")
    log = gateway.output()
    assert "9999" not in log and "1234" not in log


def test_two_modems_share_the_work(field):
    first = field.simulator("--send-time", 100, name="gsm0")
    second = field.simulator("--send-time", 100, "--imei", "356938035643817",
                             "--iccid", "8970199000000000017", name="gsm1")
    gateway = field.gateway(gate.modem("gsm0", first.pty), gate.modem("gsm1", second.pty))
    gateway.wait_modem(name="gsm0")
    gateway.wait_modem(name="gsm1")
    ids = [gateway.send(f"+7912345{i:04d}", f"text {i}") for i in range(20)]
    for message in ids:
        gateway.wait_message(message, "sent")
    shares = len(first.handset()), len(second.handset())
    assert sum(shares) == 20 and min(shares) >= 5, shares


def test_garbage_is_resynchronised(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("garbage 4000")
    message = gateway.send("+79123456789", "through the noise")
    gateway.wait_message(message, "sent")
    assert len(simulator.handset()) == 1


def test_an_sms_comes_in_and_leaves_the_modem(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("sms +79120001122 Привет, это ответ")
    items = gate.wait_until(lambda: gateway.get("/v1/inbox")["items"])
    assert items[0]["text"] == "Привет, это ответ"
    assert items[0]["from"] == "+79120001122"


def test_a_refused_part_is_not_forgotten_beside_another_long_text(field):
    simulator, gateway = field.pair("--send-time", 50)
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    simulator.control("fault cms once 41")
    ids = [gateway.send(f"+7912000000{i}", text)
           for i, text in enumerate(("a" * 300, "b" * 500, "last"))]
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    for message in ids:
        gateway.wait_message(message, "sent", limit=30)
    assert sorted(len(m["text"]) for m in simulator.handset()) == [4, 300, 500]
    assert simulator.violations() == 0


def test_a_part_whose_time_comes_while_another_is_on_the_air(field):
    simulator, gateway = field.pair("--send-time", 5)
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    simulator.control("fault cms once 41")
    simulator.control("set send-time 2500")  # longer than the wait before a part is tried again
    ids = [gateway.send("+79120000000", "a" * 300), gateway.send("+79120000001", "b")]
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    gateway.wait_message(ids[1], "sent")
    simulator.control("set send-time 5")
    gateway.wait_message(ids[0], "sent")
    assert sorted(len(m["text"]) for m in simulator.handset()) == [1, 300]


def test_a_modem_that_is_reopened_says_for_what(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("fault cms once 310")
    gateway.wait_message(gateway.send("+79123456789", "no SIM for a moment"), "sent")
    whys = [e["data"]["reason"] for e in gateway.get("/v1/events?types=modem.")["items"]]
    assert "it refused a message: the SIM or the modem is not well" in whys, whys
    assert "reopened by an operator" not in gateway.output()
