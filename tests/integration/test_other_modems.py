"""Modems of other makers: the same five messages, an SMS and a report through each of them."""
import re
import time

import pytest

import gate
import other_pdu
from other_modem import ESSENTIAL, OtherModem, Personality, Pty, Tcp

PHONE = "+79123456789"
TEXTS = ("Hello, world @ £5_", "Уважаемый Иван Петрович, просим связаться с нами по заказу 12345. Спасибо!",
         "€{}[]" * 40, "Done \U0001F600")
IDENTITY = {"AT": [], "ATV1": [], "ATQ0": [], "ATS0=0": [], "AT+CFUN?": ["+CFUN: 1"],
            "AT+CPIN?": ["+CPIN: READY"], "AT+CIMI": ["250011234567890"],
            "AT+CSCA?": ['+CSCA: "+79168999100",145'], "AT+CSQ": ["+CSQ: 20,99"],
            "AT+COPS?": ['+COPS: 0,0,"MegaFon",2'], "AT+COPS=3,0": [], "AT+CLIP=1": [],
            'AT+CSCS="GSM"': []}


def made(**more):
    return dict(IDENTITY, **more)


def huawei():
    return Personality(
        answers=made(**{
            "AT+CGMI": ["huawei"], "AT+CGMM": ["E173"], "AT+CGMR": ["11.126.29.00.00"],
            "AT+CGSN": ["356938035643809"], "AT^CURC=0": [], "AT+CMMS=2": [],
            "AT^ICCID?": ["^ICCID: 98791001000012345671"], "AT+CGREG=2": [],
            "AT+CGREG?": ['+CGREG: 2,1,"00A1","0B2C"']}),
        unknown="COMMAND NOT SUPPORT", memories=("SM",), memory_args=(1, 2, 3),
        notices=[[1, 1, 0, 1, 0], [1, 1, 0, 2, 0], [1, 1, 0, 0, 0]],
        boot=[(0, "^BOOT:25261212,0,0,0,6")], flood_s=0.01,
        flood=("^RSSI:21", "^BOOT:25261212,0,0,0,6", "^MODE:5,4", "^DSFLOWRPT:00000001,0,0,0,0,0,0"),
        urc_before_cmgs=("^RSSI:20",))


def quectel():
    return Personality(
        answers=made(**{
            "AT+CGMI": ["Quectel"], "AT+CGMM": ["EC25"], "AT+CGMR": ["EC25EFAR06A06M4G"],
            "AT+CGSN": ["861107030000001"], "AT+QCCID": ["+QCCID: 89701010050640000001F"],
            'AT+QINDCFG="smsfull",1': [], "AT+QSCLK=0": [], "AT+CMMS=2": [],
            "AT+CEREG=2": [], "AT+CEREG?": ['+CEREG: 2,1,"00A1","0B2C0D01",7'],
            "AT+CGREG=2": [], "AT+CGREG?": ["+CGREG: 2,0"], "AT+COPS?": ['+COPS: 0,0,"MegaFon",7']}),
        unknown=None, creg="+CREG: 0,6", memories=("ME", "SM", "MT"),
        notices=[[2, 1, 0, 2, 0]],
        boot=[(0.0, "RDY"), (0.02, "+CFUN: 1"), (0.04, "+CPIN: READY"), (0.3, "+QUSIM: 1"),
              (0.5, "+QIND: SMS DONE"), (0.9, "+QIND: PB DONE")])


def sim800():
    return Personality(
        answers=made(**{
            "AT+CGMI": ["SIMCOM_Ltd"], "AT+CGMM": ["SIMCOM_SIM800L"],
            "AT+CGMR": ["Revision:1418B05SIM800L24"], "AT+CGSN": ["865067020000002"],
            "AT+CCID": ["8970199991234567890f"], "AT+CSCLK=0": [], "ATE0": [], "AT+CMMS=2": []}),
        knows=tuple(name for name in ESSENTIAL if name != "ATE0"),
        unknown=None, reply_s=0.02, send_s=0.05, swallow=3, first_index=1, memories=("SM", "ME"),
        boot=[(0.2, "Call Ready"), (0.4, "SMS Ready")])


def ancient():
    return Personality(
        answers={"AT": [], "AT+CPIN?": ["+CPIN: READY"]}, knows=("AT+CMGF", "AT+CREG"),
        head=b"", tail=b"\n", prompt=b"\n>", creg="+CREG: 0,1", reports=False)


def a6():
    return Personality(
        answers=made(**{"AT+CGMI": ["Ai Thinker Co.LTD"], "AT+CGMM": ["A6"], "AT+CGMR": ["V03.03"],
                        "AT+CGSN": ["865067020000010"], "AT+CCID": ["+SCID: SIM Card ID: 89701012345678901234"]}),
        unknown=None, cmgs=None, reports=False, memories=("SM", "ME"),
        flood=("+CTZV:26/11/21,19:30:05,+12", "+CIEV: service,1"))


def wavecom():
    return Personality(
        answers=made(**{
            "AT+CGMI": ["WAVECOM MODEM"], "AT+CGMM": ["900P"], "AT+CGSN": ["356000000000003"],
            "AT+CPIN?": (["+CPIN: READY"], None), "AT+CCID": ['+CCID: "89701012345678901234"']}),
        unknown=None, memory_args=(1,), memories=("SM", "BM", "SR"), first_index=1,
        creg='+CREG: {n},1', creg_after_ok='+CREG: 1,"00A1","0B2C"',
        boot=[(0, "+WIND: 1"), (0.1, "+WIND: 4")])


KINDS = [
    # personality, wire, does it receive, does it report
    (huawei, Pty, True, True), (quectel, Tcp, True, True), (sim800, Pty, True, True),
    (ancient, Pty, False, False), (wavecom, Tcp, True, True),
]


@pytest.fixture
def modems():
    made_here = []

    def make(personality, wire=Pty):
        made_here.append(OtherModem(personality, wire()))
        return made_here[-1]
    yield make
    for modem in made_here:
        modem.close()


def texts_at(modem, phone=PHONE):
    return [text for to, text in modem.phones() if to == phone]


def code_at(modem, phone):
    def there():
        found = [re.search(r"@shop\.example #(\d{6})$", text) for text in texts_at(modem, phone)]
        return found[-1].group(1) if found and found[-1] else None
    return gate.wait_until(there, why="no code reached the phone")


def received(gateway):
    """Events of SMS that came in."""
    return gateway.get("/v1/events?types=sms.received")["items"]


@pytest.mark.parametrize("personality, wire, receives, reports", KINDS,
                         ids=[kind[0].__name__ for kind in KINDS])
def test_messages_through(field, modems, personality, wire, receives, reports):
    modem = modems(personality(), wire)
    gateway = field.gateway(gate.modem("gsm0", modem.device))
    gateway.wait_modem()
    final = ("delivered",) if reports else ("sent",)
    ids = [gateway.send(PHONE, text, report=True) for text in TEXTS]
    started = gateway.post("/v1/verifications", {"account": "a", "phone": "+79123456700"})
    assert started.status == 202, started
    code = code_at(modem, "+79123456700")
    checked = gateway.post(f"/v1/verifications/{started['id']}/check", {"code": code})
    assert checked["result"] == "approved", checked
    for message in ids:
        gateway.wait_message(message, *final, limit=20)
    if wire is Tcp:
        modem.drop()
        last = gateway.send(PHONE, "after the line came back", report=True)
        gateway.wait_message(last, *final, limit=30)
        assert texts_at(modem) == list(TEXTS) + ["after the line came back"]
    else:
        assert texts_at(modem) == list(TEXTS)
    if receives:
        gateway.wait_modem()
        modem.incoming("+79990001122", "Спасибо, получил €")
        gate.wait_until(lambda: len(received(gateway)) == 1, 20, "the SMS was not received")
        gate.wait_until(lambda: not any(modem.store.values()), 20, "it was not deleted")
    assert modem.complaints == []


def test_sms_over_lte_alone_is_registered(field, modems):
    modem = modems(quectel())
    gateway = field.gateway(gate.modem("gsm0", modem.device))
    gateway.wait_modem()
    gate.wait_until(lambda: gateway.get("/v1/modems/gsm0")["rat"] == "LTE", why="no LTE")
    shown = gateway.get("/v1/modems/gsm0").body
    assert shown["registration"] == "home_sms_only"
    assert shown["iccid"] == "89701010050640000001"
    assert (shown["imei"], shown["imsi"]) == ("861107030000001", "250011234567890")


def test_errors_of_a_modem_that_echoes(field, modems):
    """A bare ERROR, a number of the network's, and a command that is swallowed: tried again."""
    modem = modems(ancient())
    gateway = field.gateway(gate.modem("gsm0", modem.device))
    gateway.wait_modem()
    modem.refuse_next = ["ERROR"]
    refused = gateway.send(PHONE, "refused once")
    gateway.wait_message(refused, "sent", limit=20)
    modem.mute_next = 1
    gateway.wait_message(gateway.send(PHONE, "swallowed once"), "sent", limit=20)
    modem.refuse_next = ["+CMS ERROR: 195"]
    assert gateway.wait_message(gateway.send(PHONE, "no such number"), "failed")["reason"] == {
        "class": "recipient", "code": "cms_195", "text": "the recipient's number is not valid"}
    assert texts_at(modem) == ["refused once", "swallowed once"]


def test_an_ok_without_a_reference_from_a_clone_proves_nothing(field, modems):
    modem = modems(a6())
    gateway = field.gateway(gate.modem("gsm0", modem.device))
    gateway.wait_modem()
    gateway.wait_message(gateway.send("+79123456789", "perhaps"), "uncertain")


# ---- single oddities, on the modem that is otherwise well-behaved ----

class LatePrompt(OtherModem):
    """'>' and, when everybody stopped listening, the blank; unsolicited lines on both sides."""

    def open_prompt(self):
        self.payload = bytearray()
        self.wire.write(b'\r\n+CMTI: "ME",77\r\n\r\n>')
        self.after(0.1, self.wire.write, b" \r\n+CREG: 6\r\n")


class EarlyReport(OtherModem):
    """The report overtakes the +CMGS that it belongs to."""

    def submit(self, line):
        self.p.reports = False
        part = other_pdu.Submit(line, self.length)
        part.mr = (self.reference + 1) % 256
        self.urc(f"+CDS: {other_pdu.status_report(part.mr, part.to, 0)[0]}",
                 other_pdu.status_report(part.mr, part.to, 0)[1])
        super().submit(line)


class NationalReport(OtherModem):
    """+CDS with an empty first field, an empty line, small hex digits, a national number."""

    def report(self, part, status=0):
        length, pdu = other_pdu.status_report(part.mr, "8" + part.to[2:], status)
        self.wire.write(f"\r\n+CDS: ,{length}\r\n\r\n{pdu.lower()}\r\n".encode())


class BrownOut(OtherModem):
    """After the first message every setting is lost, and nobody is told."""

    def submit(self, line):
        super().submit(line)
        if len(self.parts) == 1:
            self.mode, self.echo, self.cmee, self.notice = 1, True, 0, [0, 0, 0, 0, 0]

    def start_send(self, rest):
        if self.mode == 0:
            super().start_send(rest)
        else:
            self.error(304, "CMS")


class OkFirst(OtherModem):
    """OK, and a moment later the +CMGS: that it speaks of."""

    def answer(self, lines, final="OK"):
        if not lines or not lines[0].startswith("+CMGS"):
            return super().answer(lines, final)
        super().answer([], final)
        return self.after(0.02, self.urc, *lines)


class Noisy(OtherModem):
    """Says everything that is no restart while the network answers, and NULs between lines."""

    def submit(self, line):
        for noise in ("+PACSP0", "RING", "NO CARRIER", "BUSY", "+CSSI: 1", "^BOOT:1,0", "+CBM: 3",
                      "+CREG: 1", "UNDER-VOLTAGE WARNNING", "\0\0", "+CMGL: 1", "+CPIN: READY"):
            self.urc(noise)
        super().submit(line)

    def urc(self, *lines):
        super().urc(*lines)
        self.wire.write(b"\0")

    def report(self, part, status=0):
        length, pdu = other_pdu.status_report(part.mr, part.to, status)
        self.urc(f"+CDS: {length}", "+CREG: 1", pdu)


class Deregistered(OtherModem):
    """Another program left it with AT+COPS=2."""

    def power_on(self):
        super().power_on()
        self.p.creg, self.p.answers["AT+COPS?"] = "+CREG: {n},0", ["+COPS: 2"]

    def command(self, text):
        if text == "AT+COPS=0":
            self.p.creg, self.p.answers["AT+COPS?"] = "+CREG: {n},1", ['+COPS: 0,0,"MegaFon",2']
            self.p.answers[text] = []
        super().command(text)


class NoValidity(OtherModem):
    """Its message centre takes no validity period."""

    def submit(self, line):
        first = int(line[2 * int(line[:2], 16) + 2:][:2], 16)
        if first & 0x18:
            self.answer([], "+CMS ERROR: 199")
        else:
            super().submit(line)


class InData(OtherModem):
    """A data call is open: only +++ with a second of silence before and after is understood."""

    def power_on(self):
        super().power_on()
        self.heard, self.plus, self.data = time.monotonic(), 0, True

    def take(self, octet):
        silence, self.heard = time.monotonic() - self.heard, time.monotonic()
        if not self.data:
            super().take(octet)
            return
        self.plus = self.plus + 1 if octet == ord("+") and (self.plus or silence >= 1) else 0
        self.wire.write(b"~\xff}#\xc0!")
        if self.plus == 3:
            self.after(1, self.escaped)

    def escaped(self):
        if self.plus == 3:
            self.data, self.p.answers["ATH"] = False, []
            self.urc("OK")


class InNumbers(OtherModem):
    """ATV0 was saved in it, years ago."""

    def power_on(self):
        super().power_on()
        self.words = False

    def command(self, text):
        self.words = self.words or text == "ATV1"
        super().command(text)

    def answer(self, lines, final="OK"):
        if self.words:
            return super().answer(lines, final)
        self.busy = False
        number = {"OK": "0", "ERROR": "4"}.get(final, final)
        return self.wire.write("".join(f"{line}\r\n" for line in lines).encode() + f"{number}\r".encode())


def odd(**changes):
    personality = quectel()
    for name, value in changes.items():
        setattr(personality, name, value)
    return personality


@pytest.mark.parametrize("kind, personality", [
    (OtherModem, odd(head=b"\r\r\n", tail=b"\r\r\n", prompt=b"\r\r\n> ")),
    (OtherModem, odd(head=b"\n", tail=b"\n", prompt=b"\n>")),
    (OtherModem, odd(cmgs="+CMGS:{mr}")),
    (LatePrompt, odd()),
    (EarlyReport, odd(notices=[[2, 1, 0, 1, 0]])),
    (NationalReport, odd(notices=[[2, 1, 0, 1, 0]])),
    (BrownOut, odd(reports=False)),
    (InNumbers, odd(boot=())),
    (OkFirst, odd(notices=[[2, 1, 0, 1, 0]])),
    (Noisy, odd(notices=[[2, 1, 0, 1, 0]])),
    (Deregistered, odd()),
    (NoValidity, odd()),
    (InData, odd(boot=())),
], ids=("cr-cr-lf", "lf", "no-blank", "late-prompt", "early-report", "national-report", "brown-out",
        "in-numbers", "ok-first", "noisy", "deregistered", "no-validity", "in-data"))
def test_oddity(field, kind, personality):
    modem = kind(personality, Pty())
    gateway = field.gateway(gate.modem("gsm0", modem.device))
    gateway.wait_modem()
    final = "sent" if kind is BrownOut else "delivered"
    for i, text in enumerate(TEXTS):
        gateway.wait_message(gateway.send(PHONE, text, report=True), final, limit=20)
        assert texts_at(modem) == list(TEXTS[:i + 1])
    assert modem.complaints == []
    gateway.stop()
    modem.close()


def test_a_restart_in_sending_leaves_one_in_doubt(field, modems):
    modem = modems(quectel())
    gateway = field.gateway(gate.modem("gsm0", modem.device))
    gateway.wait_modem()
    usual = modem.submit

    def restart(_):
        modem.submit = usual
        modem.power_on()
    modem.submit = restart
    lost = gateway.send(PHONE, "in doubt")
    gateway.wait_message(lost, "uncertain", limit=20)
    gateway.wait_message(gateway.send(PHONE, "next", report=True), "delivered", limit=30)
    assert texts_at(modem) == ["next"] and gateway.message(lost)["state"] == "uncertain"
