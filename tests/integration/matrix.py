"""What the rows of the fault matrix share: short times, and an account of every message."""
import collections

import gate

TIMES = ('timeouts = { prompt = "1s"; result = "2s"; command = "1s"; idle = "1s"; search = "2s"; '
         'restart = "3s"; reopen = "1s"; alarm = "1d"; };')
FINAL = ("sent", "delivered", "failed", "uncertain", "expired", "canceled")


def modem(name, device, more="", recovery=""):
    return (f'{{ name = "{name}"; device = "{device}"; {TIMES} '
            f'recovery = {{ cool_down = "1s"; per_hour = 12; {recovery} }}; {more} }}')


class Row:
    """A daemon on simulators, what it accepted, and what came of it."""

    def __init__(self, field, *options, more="", recovery="", start=True, **gateway):
        self.field = field
        self.simulator = field.simulator("--send-time", 5, *options)
        self.simulators = [self.simulator]
        self.texts = {}
        self.gateway = field.gateway(modem("gsm0", self.simulator.pty, more, recovery), **gateway)
        if start:
            self.gateway.wait_modem()

    def fault(self, *faults):
        for fault in faults:
            self.simulator.control(f"fault {fault}")

    def send(self, n=1, **more):
        """Accepted messages with texts that no other has; the last one's id."""
        for _ in range(n):
            text = f"row {len(self.texts)}"
            number = f"+7912345{len(self.texts):04d}"
            message = self.gateway.send(number, text, **more)
            self.texts[message] = text
        return message

    def events(self):
        """What modems told, as 'modem.recovering resync: why'."""
        items = self.gateway.get("/v1/events?after=0&types=modem.&limit=200")["items"]
        return [f'{e["type"]} {e["data"]["reason"]}' for e in items]

    def saw(self, *starts):
        """Waits for an event that begins with one of these."""
        def told():
            return any(e.startswith(s) for e in self.events() for s in starts)
        try:
            gate.wait_until(told)
        except AssertionError as never:
            raise AssertionError(f"never {starts}: {self.events()}") from never

    def status(self, name="gsm0"):
        return self.gateway.get(f"/v1/modems/{name}").body

    def settled(self, limit=gate.LIMIT):
        """Waits until all that was accepted has ended; the messages by id."""
        def ended():
            found = {m: self.gateway.message(m) for m in self.texts}
            return found if all(f["state"] in FINAL for f in found.values()) else None
        try:
            return gate.wait_until(ended, limit)
        except AssertionError as late:
            raise AssertionError([(m["state"], m["reason"]) for m in map(
                self.gateway.message, self.texts)]) from late

    def account(self, **expected):
        """Accepted = sent once + failed with a reason + uncertain; nothing else was sent, and no
        rule of the modem was broken. expected: how many ended how, where that is certain."""
        self.simulator.control("fault clear")
        self.gateway.wait_modem()
        self.send()
        ended = self.settled()
        phones = collections.Counter(m["text"] for s in self.simulators for m in s.handset())
        for message, found in ended.items():
            copies = phones.pop(self.texts[message], 0)
            if found["state"] in ("sent", "delivered"):
                assert copies == 1, (found, copies)
            elif found["state"] == "uncertain":
                assert copies <= 1, (found, copies)
            else:
                assert copies == 0 and found["reason"]["code"], (found, copies)
        assert not phones, phones
        states = collections.Counter(m["state"] for m in ended.values())
        for state, n in expected.items():
            assert states[state] == n, states
        assert sum(states.values()) == len(self.texts)
        for simulator in self.simulators:
            assert simulator.violations() == 0, simulator.control("violations")
        return ended
