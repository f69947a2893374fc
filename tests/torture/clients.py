"""Clients that never stop: each submits, asks again with the same key until it is answered, and
keeps what it was told. ledger.py compares that with what is there at the end."""
import collections
import http.client
import itertools
import random
import re
import threading
import time

import gate

WORDS = "слово за слово "  # two parts and more, in Cyrillic
POOL = 4                   # numbers whose limits are worn out at a time
LIFE_S = 900               # of such numbers: windows are an hour, the clock jumps by minutes


def phone_of(code, n):
    """The n-th number from the block +7CODE on, in a prefix of its own."""
    return f"+7{code + n // 1000}{n % 1000:03d}0000"


class Told:
    """What clients were told; lists and dictionaries that one thread each writes."""

    def __init__(self):
        self.texts = {}       # key -> (site, id, text)
        self.canceled = set() # ids
        self.wrong = {}       # phone -> wrong entries that were judged
        self.locked = {}      # (account, phone) -> (until when it must be, in which life it was told)
        self.limited = {}     # phone -> the same: no code may be sent
        self.held = collections.Counter()  # refusals that a later life of the daemon repeated
        self.approved = {}    # account -> phone
        self.contacts = {}    # order -> (id, message)
        self.events = {}      # seq -> (type, subject)
        self.faults = []      # what must never be
        self.requests = self.broken = 0


class Client(threading.Thread):
    def __init__(self, world, name, seed):
        super().__init__(name=name, daemon=True)
        self.world, self.told, self.rng = world, world.told, random.Random(seed)

    def run(self):
        try:
            while not self.world.stop.is_set():
                self.turn()
        except Stopped:
            pass
        except Exception as fault:  # a client that dies is a failure of the run
            self.told.faults.append(f"{self.name}: {fault!r}")

    def ask(self, method, path, body=None, site="keep", key=None):
        """Asks until there is an answer, whatever happens to the daemon meanwhile."""
        headers = {"Simgate-Site": site}
        if key is not None:
            headers["Idempotency-Key"] = key
        while not self.world.stop.is_set():
            self.told.requests += 1
            try:
                answer = gate.request(self.world.socket, method, path, body, headers, timeout=20)
            except (OSError, http.client.HTTPException, ValueError):
                self.told.broken += 1
                time.sleep(0.02)
                continue
            if answer.reason == "key_in_use" or answer.status == 503:
                time.sleep(0.05)
                continue
            if answer.status >= 500:
                self.told.faults.append(f"{method} {path}: {answer!r}")
            return answer
        raise Stopped


class Stopped(Exception):
    """The run is over."""


class Texts(Client):
    """Texts to one site, some long, some canceled again."""
    numbers = itertools.count(1)

    def turn(self):
        key = f"{self.name}-{next(self.numbers)}"
        site = self.name.split("-")[0]
        text = key + (" " + WORDS * 8 if self.rng.random() < 0.1 else "")
        phone = f"+7912{self.rng.randrange(10 ** 7):07d}"
        answer = self.ask("POST", "/v1/messages", {"to": phone, "text": text, "reference": key},
                          site, key)
        if answer.status != 202:
            self.told.faults.append(f"{key}: {answer!r}")
            return
        self.told.texts[key] = (site, answer["id"], text)
        if self.rng.random() < 0.05:
            canceled = self.ask("DELETE", f"/v1/messages/{answer['id']}", site=site)
            if canceled.status == 200:
                self.told.canceled.add(answer["id"])
        time.sleep(self.rng.random() * self.world.pause)


class Guesser(Client):
    """Wears out the limits of a few numbers and enters wrong codes, again and again."""
    serial, people = itertools.count(1), itertools.count(1)

    def __init__(self, *rest):
        super().__init__(*rest)
        self.pool = []

    def choose(self):
        self.pool = [each for each in self.pool if time.monotonic() < each["end"]]
        while len(self.pool) < POOL:
            n = next(self.people)
            self.pool.append({"account": f"guesser {n}", "phone": phone_of(916, n), "id": None,
                              "codes": n % 2 == 0, "end": time.monotonic() + LIFE_S})
        return self.rng.choice(self.pool)

    def turn(self):
        each = self.choose()
        self.begin(each)
        if each["id"] is not None and not each["codes"]:
            self.guess(each)
        time.sleep(0.2 + self.rng.random() * 0.3)

    def refused(self, what, table, key, each):
        """It must stay refused while the number is used, whoever dies meanwhile."""
        life = table.setdefault(key, (each["end"], self.world.life))[1]
        self.told.held[what] += life != self.world.life

    def begin(self, each):
        key = f"start-{next(self.serial)}-{self.name}"
        pair = each["account"], each["phone"]
        answer = self.ask("POST", "/v1/verifications", {"account": pair[0], "phone": pair[1]}, key=key)
        if answer.status == 202:
            each["id"] = answer["id"]
            for what, held in (("locked", self.told.locked.get(pair)),
                               ("limit_reached", self.told.limited.get(pair[1]))):
                if held and time.monotonic() < held[0]:
                    self.told.faults.append(f"{pair}: {what} was forgotten")
        elif answer.reason == "limit_reached":
            self.refused("limits", self.told.limited, pair[1], each)
        elif answer.reason == "locked":
            self.refused("locks", self.told.locked, pair, each)
        elif answer.reason not in ("too_soon", "number_locked"):
            self.told.faults.append(f"start: {answer!r}")

    def guess(self, each):
        pair = each["account"], each["phone"]
        answer = self.ask("POST", f"/v1/verifications/{each['id']}/check", {"code": "999999"})
        if answer.status == 200 and answer["result"] in ("wrong_code", "superseded_code"):
            self.told.wrong[pair[1]] = self.told.wrong.get(pair[1], 0) + 1
            if pair in self.told.locked:
                self.told.faults.append(f"{pair}: a wrong entry was judged while locked")
        elif answer.reason == "locked":
            self.refused("locks", self.told.locked, pair, each)


class Honest(Client):
    """People who verify their numbers and then ask each other to get in touch."""
    serial = itertools.count(1)

    def turn(self):
        n = next(self.serial)
        account, phone = f"honest {n}", phone_of(921, n)
        answer = self.ask("POST", "/v1/verifications", {"account": account, "phone": phone},
                          key=f"honest-{n}")
        if answer.status == 202 and self.enter(answer["id"], account, phone) and n > 1:
            self.contact(account, n)
        time.sleep(0.3 + self.rng.random())

    def enter(self, verification, account, phone):
        """Waits for the code, enters it; True: it was taken."""
        end = time.monotonic() + 20
        while time.monotonic() < end and not self.world.stop.is_set():
            codes = [re.search(r"#(\d+)$", m["text"]) for m in self.world.handset() if m["to"] == phone]
            if codes:
                answer = self.ask("POST", f"/v1/verifications/{verification}/check",
                                  {"code": codes[-1].group(1)})
                # After a crash nobody knows whether it was judged: already_approved says it was.
                if answer.reason == "already_approved" or (answer.status == 200
                                                           and answer["result"] == "approved"):
                    self.told.approved[account] = phone
                    return True
                return False
            time.sleep(0.1)
        return False

    def contact(self, account, n):
        others = [a for a in self.told.approved if a != account]
        if not others:
            return
        for turn in range(2):  # the second within the window is refused
            order = f"N{n}-{turn}"
            answer = self.ask("POST", "/v1/contact-requests",
                              {"from_account": account, "to_account": self.rng.choice(others),
                               "from_name": "Anna", "to_name": "Bert", "order": order},
                              key=f"contact-{order}")
            if answer.status == 202:
                self.told.contacts[order] = answer["id"], answer["message"]
            elif answer.reason != "limit_reached":
                self.told.faults.append(f"contact {order}: {answer!r}")


class Watcher(Client):
    """Reads every event once; what it read may never change."""

    def __init__(self, *rest):
        super().__init__(*rest)
        self.after = 0

    def turn(self):
        page = self.ask("GET", f"/v1/events?after={self.after}&limit=200")
        if page.status != 200:
            self.told.faults.append(f"events: {page!r}")
            return
        for event in page["items"]:
            self.told.events[event["seq"]] = event["type"], event["subject"]
            self.after = event["seq"]
        time.sleep(0.1)
