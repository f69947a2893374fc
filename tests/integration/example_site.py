"""The sites of config/examples as they are shipped, end to end: only paths are replaced, and the
calendar can be turned on."""
import os
import re
import struct

import gate

EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "config", "examples")
LATER = os.path.join(gate.BUILD, "latertime.so")
HOUR = 3600


class Calendar:
    """How much later it is for the daemon than for us."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "later")
        self.seconds = 0
        self.write()
        self.env = {"LD_PRELOAD": LATER, "LATERTIME": self.path,
                    "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def write(self):
        with open(self.path, "wb") as file:
            file.write(struct.pack("=q", self.seconds))

    def later(self, seconds):
        self.seconds += int(seconds)
        # In place: the daemon has the file mapped.
        with open(self.path, "r+b") as file:
            file.write(struct.pack("=q", self.seconds))


def with_paths(text, folder, devices):
    """The configuration with other paths. Everything else stays, to the byte."""
    def once(pattern, new, text):
        text, n = re.subn(pattern, lambda _: new, text, flags=re.M)
        assert n == 1, pattern
        return text
    text = once(r"^socket = .*$", f'socket = {{ path = "{folder}/api.sock"; mode = "0666"; }};', text)
    text = once(r"^database = .*$", f'database = "{folder}/simgate.db";', text)
    text = once(r"^key_file = .*$", f'key_file = "{folder}/key";', text)
    for name, device in devices.items():
        text = once(rf'name = "{name}"; device = "[^"]*"', f'name = "{name}"; device = "{device}"',
                    text)
    return text


class Site:
    """A running example. Phones are told apart by their numbers, codes by the auto-fill line."""

    def __init__(self, field, name, *options, modems=("gsm0",)):
        with open(os.path.join(EXAMPLES, f"{name}.conf"), encoding="utf-8") as file:
            text = file.read()
        self.folder = field.folder
        self.modems = {m: field.simulator("--send-time", 5, *options, name=m) for m in modems}
        self.calendar = Calendar(field.folder)
        self.gateway = gate.Gateway(field.folder, start=False, env=self.calendar.env)
        with open(self.gateway.config, "w", encoding="utf-8") as file:
            file.write(with_paths(text, field.folder,
                                  {m: s.pty for m, s in self.modems.items()}))
        self.gateway.start()
        field.gateways.append(self.gateway)
        for modem in modems:
            self.gateway.wait_modem(name=modem)

    @property
    def modem(self):
        return next(iter(self.modems.values()))

    def later(self, seconds):
        self.calendar.later(seconds)
        # One that changes nothing goes through the writer of the store: when it is answered, no
        # group of transactions is left that began before.
        nothing = self.gateway.call("DELETE", "/v1/messages/msg_00000000000000000000000000")
        assert nothing.status == 404, nothing

    def network(self, line):
        """The network is the same behind every modem."""
        for simulator in self.modems.values():
            simulator.control(line)

    def sms(self, phone):
        """Every text that the phone got, oldest first."""
        found = [m for s in self.modems.values() for m in s.handset() if m["to"] == phone]
        return [m["text"] for m in sorted(found, key=lambda m: m["at_us"])]

    def wait_sms(self, phone, n=1):
        """The n-th text."""
        return gate.wait_until(lambda: self.sms(phone)[n - 1:n], why=f"{phone} got no SMS {n}")[0]

    def code(self, phone, n=1):
        """Of the n-th text, which is a code's."""
        return re.search(r"\n@\S+ #(\d+)$", self.wait_sms(phone, n)).group(1)

    def post(self, path, **body):
        return self.gateway.post(path, body)

    def start(self, account, phone=None, **more):
        body = dict(more, account=account)
        if phone is not None:
            body["phone"] = phone
        return self.gateway.post("/v1/verifications", body)

    def started(self, account, phone=None, **more):
        answer = self.start(account, phone, **more)
        assert answer.status == 202, answer
        return answer

    def show(self, verification):
        return self.gateway.get(f"/v1/verifications/{verification['id']}")

    def wait_shown(self, verification, what):
        def there():
            shown = self.show(verification)
            return shown if what(shown) else None
        try:
            return gate.wait_until(there)
        except AssertionError as late:
            raise AssertionError(self.show(verification)) from late

    def check(self, verification, code, **more):
        return self.post(f"/v1/verifications/{verification['id']}/check", code=code, **more)

    def verify(self, account, phone, **more):
        """The account's number, proved by SMS."""
        before = len(self.sms(phone))
        started = self.started(account, phone, **more)
        answer = self.check(started, self.code(phone, before + 1))
        assert (answer.status, answer["result"]) == (200, "approved"), answer
        return started

    def account(self, name):
        return self.gateway.get(f"/v1/accounts/{name}")

    def ask(self, sender, recipient, from_name, to_name, order="12345", **more):
        return self.post("/v1/contact-requests", from_account=sender, to_account=recipient,
                         from_name=from_name, to_name=to_name, order=order, **more)

    def events(self, *types):
        answer = self.gateway.get("/v1/events?after=0&limit=200")
        assert answer.status == 200, answer
        items = answer["items"]
        assert len(items) < 200  # all there are
        return [e for e in items if e["type"] in types]


def wrong(code):
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"
