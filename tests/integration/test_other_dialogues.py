"""Dialogues of modems of other makers that are right in their way, and odd."""
import gate
from other_modem import OtherModem, Pty
from test_other_modems import PHONE, odd, received, texts_at


def opened(field, kind, personality, more=""):
    """The modem, and the daemon on it when it can send."""
    modem = kind(personality, Pty())
    gateway = field.gateway(gate.modem("gsm0", modem.device, more))
    gateway.wait_modem()
    return modem, gateway


class CountsAll(OtherModem):
    """Lengths with the message centre's octets, as some have them in listings."""

    def answer(self, lines, final="OK"):
        head = [line.startswith(("+CMGR:", "+CMGL:")) for line in lines]
        longer = [",".join(line.split(",")[:-1] + [str(len(lines[i + 1]) // 2)]) if head[i] else line
                  for i, line in enumerate(lines)]
        super().answer(longer, final)


def test_a_length_that_counts_the_centre(field):
    modem, gateway = opened(field, CountsAll, odd())
    modem.incoming("+79990001122", "Спасибо")
    gate.wait_until(lambda: received(gateway), why="the SMS was not received")
    found = gateway.get("/v1/inbox")["items"]
    assert [(sms["from"], sms["text"]) for sms in found] == [("+79990001122", "Спасибо")]
    gateway.stop()
    modem.close()


class Reserved(OtherModem):
    """Has a memory for reports that cannot be listed."""

    def do_cmgl(self, rest):
        if self.memory[0] == "SR":
            return self.error(302, "CMS")
        return super().do_cmgl(rest)


def test_a_memory_that_cannot_be_listed_is_no_restart(field):
    modem, gateway = opened(field, Reserved, odd(memories=("ME", "SM", "SR")))

    def listed(times):
        return lambda: modem.commands.count("AT+CMGL=4") == times
    gate.wait_until(listed(3), why="not every memory was listed")
    with modem.lock:
        modem.urc("+QIND: SMS DONE")
    gate.wait_until(listed(6), why="they were not listed again")
    gateway.wait_message(gateway.send(PHONE, "here"), "sent")
    assert modem.commands.count("AT+CGMI") == 1
    assert texts_at(modem) == ["here"]
    gateway.stop()
    modem.close()


class Forgetful(OtherModem):
    """Has no answer to its first message, serves the next ones, and remembers then."""

    owed = None

    def submit(self, line):
        usual, self.answer = self.answer, self.forget
        if self.parts:
            self.answer = usual
        super().submit(line)
        self.answer = usual

    def forget(self, lines, final="OK"):
        self.busy = False
        self.owed = list(lines) + [final]


def test_a_reply_that_others_overtook(field):
    modem, gateway = opened(field, Forgetful, odd(reports=False))
    late = gateway.send(PHONE, "first")
    gateway.wait_message(late, "uncertain")
    gateway.wait_message(gateway.send(PHONE, "second"), "sent")
    with modem.lock:
        modem.urc(*modem.owed)
    gateway.wait_message(late, "sent")
    assert texts_at(modem) == ["first", "second"]
    gateway.stop()
    modem.close()
