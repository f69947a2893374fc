"""Delivery reports: matched by SIM, reference and number, early, doubled, late, for nothing."""
import gate

DATE = "62112122000000"


def semi_octets(digits):
    digits += "F" * (len(digits) % 2)
    return "".join(digits[i + 1] + digits[i] for i in range(0, len(digits), 2))


def report_pdu(reference, to, status):
    """An SMS-STATUS-REPORT as a modem shows it; to: +digits (international) or digits."""
    digits = to.lstrip("+")
    kind = "91" if to.startswith("+") else "81"
    return (f"0006{reference:02X}{len(digits):02X}{kind}{semi_octets(digits)}"
            f"{DATE}{DATE}{status:02X}")


def tell(simulator, reference, to, status=0):
    pdu = report_pdu(reference, to, status)
    simulator.control(f"pdu {pdu} {len(pdu) // 2 - 1}")


def reference_of(simulator, n=-1):
    return simulator.handset()[n]["mr"]


def states(message):
    return [h["state"] for h in message["history"]]


def test_a_report_that_comes_first(field):
    simulator, gateway = field.pair("--send-time", 5, "--reports", "delivered", "--report-time", 0)
    simulator.control("fault report-first always")
    ids = [gateway.send(f"+7912345{i:04d}", f"text {i}", report=True) for i in range(20)]
    for message in ids:
        ended = gateway.wait_message(message, "delivered")
        assert states(ended) == ["queued", "sending", "sent", "delivered"], ended
    assert len(simulator.handset()) == 20
    assert "fits nothing" not in gateway.output()


def test_several_reports_for_one_message(field):
    simulator, gateway = field.pair("--send-time", 5, "--reports", "*:20/30/00", "--report-time",
                                    300)
    message = gateway.send("+79123456789", "pending at first", report=True)
    gateway.wait_message(message, "sent")
    ended = gateway.wait_message(message, "delivered")
    assert states(ended) == ["queued", "sending", "sent", "delivered"]
    # After the last word nothing changes any more.
    tell(simulator, reference_of(simulator), "+79123456789", 0x46)
    after = gateway.send("+79123456780", "afterwards", report=True)
    gateway.wait_message(after, "delivered")
    assert gateway.message(message)["state"] == "delivered"


def test_a_failed_report_fails_the_message(field):
    simulator, gateway = field.pair("--send-time", 5, "--reports", "+7912:46,*:00",
                                    "--report-time", 20)
    bad = gateway.send("+79123456789", "expires there", report=True)
    good = gateway.send("+79993456789", "arrives", report=True)
    failed = gateway.wait_message(bad, "failed")
    assert failed["reason"]["code"] == "st_46" and states(failed)[-2:] == ["sent", "failed"]
    gateway.wait_message(good, "delivered")


def test_the_network_writes_the_number_otherwise(field):
    simulator, gateway = field.pair("--send-time", 5)
    first = gateway.send("+79123456789", "first", report=True)
    second = gateway.send("+79123456780", "second", report=True)
    for message in (first, second):
        gateway.wait_message(message, "sent")
    tell(simulator, reference_of(simulator, 0), "89123456789")
    gateway.wait_message(first, "delivered")
    assert gateway.message(second)["state"] == "sent"


def test_a_report_counts_for_its_sim_alone(field):
    """The same reference and number, told by another SIM: not ours."""
    sims = [field.simulator("--imei", f"35693803564380{i}", "--iccid", f"897019900000000000{i}",
                            "--send-time", 5, name=f"gsm{i}") for i in range(2)]
    gateway = field.gateway(gate.modem("gsm0", sims[0].pty), gate.modem("gsm1", sims[1].pty))
    for i in range(2):
        gateway.wait_modem(name=f"gsm{i}")
    gateway.post("/v1/modems/gsm1/actions", {"action": "drain"})
    message = gateway.send("+79123456789", "by the first SIM", report=True)
    gateway.wait_message(message, "sent")
    tell(sims[1], reference_of(sims[0]), "+79123456789")
    gate.wait_until(lambda: "fits nothing that was sent" in gateway.output())
    assert gateway.message(message)["state"] == "sent"
    tell(sims[0], reference_of(sims[0]), "+79123456789")
    gateway.wait_message(message, "delivered")


def test_references_wrap_around(field):
    """300 messages: each reference that is used twice is answered for the right number."""
    simulator, gateway = field.pair("--send-time", 1)
    numbers = [f"+7912345{i:04d}" for i in range(300)]
    ids = [gateway.send(to, f"text {i}", report=True) for i, to in enumerate(numbers)]
    for message in ids:
        gateway.wait_message(message, "sent")
    used = {m["to"]: m["mr"] for m in simulator.handset()}
    assert used[numbers[0]] == used[numbers[256]]
    tell(simulator, used[numbers[0]], numbers[0])
    gateway.wait_message(ids[0], "delivered")
    assert gateway.message(ids[256])["state"] == "sent"
    tell(simulator, used[numbers[256]], numbers[256])
    gateway.wait_message(ids[256], "delivered")
    assert gateway.get("/v1/status")["messages"]["delivered"] == 2


def test_an_unknown_reference_is_kept_and_told_once(field):
    simulator, gateway = field.pair("--send-time", 5)
    for _ in range(3):
        tell(simulator, 77, "+79995554433")
    message = gateway.send("+79123456789", "goes on", report=True)
    gateway.wait_message(message, "sent")
    tell(simulator, reference_of(simulator), "+79123456789")
    gateway.wait_message(message, "delivered")
    gate.wait_until(lambda: "fits nothing that was sent" in gateway.output())
    assert gateway.output().count("fits nothing that was sent") == 1


def test_a_report_proves_an_uncertain_message(field):
    """No reference is known: SIM and number tell. It is not sent again."""
    simulator, gateway = field.pair(
        "--send-time", 5, sites=gate.one_site(site='on_uncertain = { text = "keep"; };'))
    simulator.control("fault accept-then-silence once")
    message = gateway.send("+79123456789", "silence", report=True)
    gateway.wait_message(message, "uncertain")
    gateway.wait_modem()
    tell(simulator, reference_of(simulator), "+79123456789")
    ended = gateway.wait_message(message, "delivered")
    assert states(ended)[-3:] == ["uncertain", "sent", "delivered"]
    assert len(simulator.handset()) == 1


def test_a_report_during_the_silence_spares_the_resend(field):
    """The code would be sent again when the time limit ends, but its report came before."""
    simulator, gateway = field.pair("--send-time", 5, "--reports", "delivered", "--report-time",
                                    1000)
    simulator.control("fault accept-then-silence once")
    started = gateway.post("/v1/verifications", {"account": "a", "phone": "+79129999999"})
    listed = gate.wait_until(lambda: gateway.get("/v1/messages?kind=verification")["items"])
    ended = gateway.wait_message(listed[0]["id"], "delivered")
    assert states(ended) == ["queued", "sending", "uncertain", "sent", "delivered"], ended
    assert len(simulator.handset()) == 1 and started.status == 202


def test_reports_survive_a_restart(field):
    simulator, gateway = field.pair("--send-time", 5)
    message = gateway.send("+79123456789", "reported later", report=True)
    gateway.wait_message(message, "sent")
    gateway.stop()
    tell(simulator, reference_of(simulator), "+79123456789")
    gateway.start()
    gateway.wait_message(message, "delivered")


def test_long_messages_are_delivered_when_all_parts_are(field):
    simulator, gateway = field.pair("--send-time", 5)
    message = gateway.send("+79123456789", "x" * 400, report=True)
    gateway.wait_message(message, "sent")
    parts = simulator.handset()[0]["mrs"]
    assert len(parts) == 3
    for reference in parts[:2]:
        tell(simulator, reference, "+79123456789")
    after = gateway.send("+79123456780", "afterwards", report=True)
    gateway.wait_message(after, "sent")
    assert gateway.message(message)["state"] == "sent"
    tell(simulator, parts[2], "+79123456789")
    gateway.wait_message(message, "delivered")


def test_when_reports_are_asked_for(field):
    """auto: for codes and where a request says so; always; never."""
    numbers = ("+7912345678", "+7701234567", "+8491234567")
    sims = [field.simulator("--imei", f"35693803564380{i}", "--iccid", f"897019900000000000{i}",
                            "--send-time", 5, name=f"gsm{i}") for i in range(3)]
    gateway = field.gateway(*[
        gate.modem(f"gsm{i}", sims[i].pty, f'reports = "{how}"; prefixes = [ "{to[:3]}" ];')
        for i, (how, to) in enumerate(zip(("auto", "always", "never"), numbers))])
    for i in range(3):
        gateway.wait_modem(name=f"gsm{i}")
    asked = {}
    for i in range(3):
        for wanted in (False, True):
            message = gateway.send(f"{numbers[i]}{int(wanted)}", "x", report=wanted)
            gateway.wait_message(message, "sent")
            asked[i, wanted] = sims[i].handset()[-1]["srr"]
    assert asked == {(0, False): False, (0, True): True, (1, False): True, (1, True): True,
                     (2, False): False, (2, True): False}
