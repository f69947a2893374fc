"""A second GSM modem, on a pty or a TCP port, with the manners of real ones as data.

It was written from the field notes alone: what tests/simulator and the daemon agree upon by
mistake, this one does not. A personality says what it answers, how lines end, what it floods and
which of the SMS commands it takes in which form. It keeps what a network saw (`phones`) and what
no modem should be sent (`complaints`).
"""
import collections
import heapq
import itertools
import os
import re
import select
import socket
import threading
import time
import tty

import other_pdu

ESC, CTRL_Z = 0x1b, 0x1a
ESSENTIAL = ("ATE0", "ATE1", "AT+CMEE", "AT+CMGF", "AT+CNMI", "AT+CPMS", "AT+CMGL", "AT+CMGR",
             "AT+CMGD", "AT+CREG", "AT+CSMS")


class Personality:
    """One kind of modem."""

    def __init__(self, **data):
        self.answers = {}            # command -> lines before its OK, or (lines, final or None)
        self.knows = ESSENTIAL       # which commands with a state of their own it has
        self.unknown = "ERROR"       # final result of all others; None: +CME ERROR: 4 after CMEE
        self.head = self.tail = b"\r\n"
        self.prompt = b"\r\n> "
        self.echo = True             # at power on
        self.reply_s = 0.0           # before every answer
        self.send_s = 0.02           # from Ctrl-Z to the answer
        self.swallow = 0             # characters lost before the speed is known
        self.boot = ()               # (seconds, line)
        self.flood = ()              # lines, for ever
        self.flood_s = 0.05
        self.notices = None          # rows that AT+CNMI= takes; None: any
        self.notices_offered = "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)"
        self.memories = ("ME", "SM")
        self.memory_args = (1, 2, 3)
        self.first_index = 0
        self.creg = '+CREG: {n},1,"00A1","0B2C"'
        self.creg_after_ok = None    # a URC that follows the OK of AT+CREG=2
        self.cmgs = "+CMGS: {mr}"    # None: only OK
        self.first_reference = 250   # wraps soon
        self.reports = True
        self.urc_before_cmgs = ()    # between Ctrl-Z and the reply
        for key, value in data.items():
            assert hasattr(self, key), key
            setattr(self, key, value)


class Pty:
    def __init__(self):
        self.fd, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.device = os.ttyname(self.slave)

    def fds(self):
        return [self.fd]

    def read(self):
        return os.read(self.fd, 4096), False

    def write(self, data):
        os.write(self.fd, data)

    def close(self):
        os.close(self.fd)
        os.close(self.slave)


class Tcp:
    """One caller at a time, as ser2net does it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.peer = None
        self.device = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"

    def fds(self):
        return [self.peer.fileno() if self.peer else self.listener.fileno()]

    def read(self):
        """Bytes, and whether a caller just came."""
        if self.peer is None:
            self.peer = self.listener.accept()[0]
            return b"", True
        try:
            data = self.peer.recv(4096)
        except ConnectionError:
            data = b""
        if not data:
            self.drop()
        return data, False

    def write(self, data):
        try:
            if self.peer:
                self.peer.sendall(data)
        except ConnectionError:
            self.drop()

    def drop(self):
        if self.peer:
            self.peer.close()
        self.peer = None

    def close(self):
        self.drop()
        self.listener.close()


class OtherModem:
    def __init__(self, personality, wire):
        self.p, self.wire = personality, wire
        self.device = wire.device
        self.lock = threading.RLock()
        self.due, self.order = [], itertools.count()
        self.parts = []         # every part that the network took
        self.complaints = []
        self.commands = []      # what was asked, in order
        self.wake_read, self.wake_write = os.pipe()
        self.power_on()
        self.store = {name: {} for name in self.p.memories}
        self.reference = self.p.first_reference
        self.refuse_next = []   # finals in place of the next acceptances
        self.mute_next = 0      # so many commands get no answer at all
        self.running = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    # ---- Time ----

    def after(self, seconds, what, *args):
        with self.lock:
            heapq.heappush(self.due, (time.monotonic() + seconds, next(self.order), what, args))
        os.write(self.wake_write, b".")

    def run(self):
        while self.running:
            with self.lock:
                wait = max(0, self.due[0][0] - time.monotonic()) if self.due else None
                fds = self.wire.fds()
            ready, _, _ = select.select([self.wake_read] + fds, [], [], wait)
            with self.lock:
                if self.wake_read in ready:
                    os.read(self.wake_read, 4096)
                if fds[0] in ready and self.running and fds == self.wire.fds():
                    self.hear()
                while self.due and self.due[0][0] <= time.monotonic():
                    _, _, what, args = heapq.heappop(self.due)
                    what(*args)

    def close(self):
        self.running = False
        os.write(self.wake_write, b".")
        self.thread.join()
        self.wire.close()

    # ---- The line ----

    def power_on(self):
        self.echo, self.cmee, self.mode, self.notice = self.p.echo, 0, 1, [0, 0, 0, 0, 0]
        self.creg_n = 0
        self.memory = [self.p.memories[0]] * 3
        self.line, self.payload, self.length = bytearray(), None, 0
        self.busy = False
        self.swallow = self.p.swallow
        self.due.clear()
        for seconds, line in self.p.boot:
            self.after(seconds, self.urc, line)
        if self.p.flood:
            self.after(self.p.flood_s, self.flood, itertools.cycle(self.p.flood))

    def flood(self, lines):
        self.urc(next(lines))
        self.after(self.p.flood_s, self.flood, lines)

    def urc(self, *lines):
        self.wire.write(b"".join(self.p.head + line.encode() + self.p.tail for line in lines))

    def hear(self):
        data, came = self.wire.read()
        if came:
            self.power_on()
        for octet in data:
            self.take(octet)

    def take(self, octet):
        if self.swallow > 0:
            self.swallow -= 1
            return
        if self.payload is not None:
            self.take_payload(octet)
        elif octet == 13:
            self.command(self.line.decode("latin-1"))
            self.line = bytearray()
        elif octet == ESC:
            self.line = bytearray()
        elif octet == 10:
            self.complaints.append("a line feed in a command")
        elif octet == CTRL_Z:
            self.complaints.append("Ctrl-Z without a prompt")
        else:
            self.line.append(octet)
        if self.echo and self.payload is None and octet not in (ESC, CTRL_Z):
            self.wire.write(bytes([octet]))

    def answer(self, lines, final="OK"):
        self.busy = False
        if final is not None:
            lines = list(lines) + [final]
        self.wire.write(b"".join(self.p.head + line.encode() + self.p.tail for line in lines))

    def reply(self, lines, final="OK", wait=None):
        self.after(self.p.reply_s if wait is None else wait, self.answer, lines, final)

    def error(self, code, kind="CME"):
        if self.p.unknown is not None and kind == "CME":
            return self.reply([], self.p.unknown)
        return self.reply([], f"+{kind} ERROR: {code}" if self.cmee else "ERROR")

    # ---- Commands ----

    def command(self, text):
        text = text.strip().upper() if '"' not in text else text.strip()
        if not text:
            return
        self.commands.append(text)
        if self.busy:
            self.complaints.append(f"{text} before the answer to {self.commands[-2]}")
        if self.mute_next > 0:
            self.mute_next -= 1
            return
        self.busy = True
        if text in self.p.answers:
            found = self.p.answers[text]
            lines, final = found if isinstance(found, tuple) else (found, "OK")
            self.reply(lines, final)
            return
        name, _, rest = re.match(r"([^=?]*)(=?)(.*)", text).groups()
        ask = "?" if rest == "?" and "=?" not in text and "=" not in text else None
        if name == "AT+CMGS":
            self.start_send(rest)
        elif name in self.p.knows:
            handler = getattr(self, "do_" + re.sub("[^a-z0-9]", "", name[2:].lower()))
            handler("?" if ask else "=?" if text.endswith("=?") else rest)
        else:
            self.error(4)

    def do_e0(self, _):
        self.echo = False
        self.reply([])

    def do_e1(self, _):
        self.echo = True
        self.reply([])

    def do_cmee(self, rest):
        self.cmee = int(rest)
        self.reply([])

    def do_csms(self, _):
        self.reply(["+CSMS: 1,1,1"])

    def do_cmgf(self, rest):
        if rest == "?":
            return self.reply([f"+CMGF: {self.mode}"])
        self.mode = int(rest)
        return self.reply([])

    def do_creg(self, rest):
        if rest == "?":
            return self.reply([self.p.creg.format(n=self.creg_n)])
        self.creg_n = int(rest)
        self.reply([])
        if self.p.creg_after_ok and rest == "2":
            self.after(self.p.reply_s + 0.005, self.urc, self.p.creg_after_ok)
        return None

    def do_cnmi(self, rest):
        if rest == "=?":
            return self.reply([self.p.notices_offered])
        if rest == "?":
            return self.reply(["+CNMI: " + ",".join(map(str, self.notice))])
        row = [int(n) for n in rest.split(",")]
        if self.p.notices is not None and row not in self.p.notices:
            return self.error(303, "CMS")
        self.notice = row + [0] * (5 - len(row))
        return self.reply([])

    def do_cpms(self, rest):
        counts = ",".join(f"{len(self.store[name])},20" for name in self.memory)
        if rest == "=?":
            group = "(" + ",".join(f'"{name}"' for name in self.p.memories) + ")"
            return self.reply(["+CPMS: " + ",".join([group] * max(self.p.memory_args))])
        if rest == "?":
            return self.reply(["+CPMS: " + ",".join(
                f'"{name}",{len(self.store[name])},20' for name in self.memory)])
        names = [name.strip('"') for name in rest.split(",")]
        if len(names) not in self.p.memory_args or not set(names) <= set(self.p.memories):
            return self.error(302, "CMS")
        self.memory = (names * 3 if len(names) == 1 else names + [self.memory[2]])[:3]
        return self.reply(["+CPMS: " + counts])

    def do_cmgl(self, rest):
        if rest != "4" or self.mode != 0:
            return self.error(302, "CMS")
        lines = []
        for index, (length, pdu) in sorted(self.store[self.memory[0]].items()):
            lines += [f"+CMGL: {index},0,,{length}", pdu]
        return self.reply(lines)

    def do_cmgr(self, rest):
        found = self.store[self.memory[0]].get(int(rest))
        if found is None:
            return self.error(321, "CMS")
        return self.reply([f"+CMGR: 0,,{found[0]}", found[1]])

    def do_cmgd(self, rest):
        if "," in rest:
            self.complaints.append(f"AT+CMGD={rest} deletes what nobody read")
        if self.store[self.memory[0]].pop(int(rest.split(",")[0]), None) is None:
            return self.error(321, "CMS")
        return self.reply([])

    # ---- Sending ----

    def start_send(self, rest):
        if self.mode != 0:
            self.complaints.append("AT+CMGS in text mode")
        self.length = int(rest)
        self.after(self.p.reply_s, self.open_prompt)

    def open_prompt(self):
        self.payload = bytearray()
        self.wire.write(self.p.prompt)

    def take_payload(self, octet):
        if octet == ESC:
            self.payload = None
            self.answer([])
        elif octet == CTRL_Z:
            line, self.payload = self.payload.decode("latin-1"), None
            if self.echo:
                self.wire.write(line.encode() + b"\x1a")
            for urc in self.p.urc_before_cmgs:
                self.urc(urc)
            self.after(self.p.send_s, self.submit, line)
        else:
            self.payload.append(octet)

    def submit(self, line):
        try:
            part = other_pdu.Submit(line, self.length)
        except other_pdu.Malformed as wrong:
            self.complaints.append(f"{wrong}: {line}")
            self.busy = False
            self.error(304, "CMS")
            return
        if self.refuse_next:
            self.answer([], self.refuse_next.pop(0))
            return
        self.reference = (self.reference + 1) % 256
        part.mr = self.reference
        self.parts.append(part)
        self.answer([self.p.cmgs.format(mr=part.mr)] if self.p.cmgs else [])
        if part.report and self.p.reports:
            self.after(0.03, self.report, part)

    def report(self, part, status=0):
        length, pdu = other_pdu.status_report(part.mr, part.to, status)
        if self.notice[3] == 1:
            self.urc(f"+CDS: {length}", pdu)
        elif self.notice[3] == 2:
            self.keep(length, pdu, "+CDSI")

    def keep(self, length, pdu, urc):
        name = self.memory[2]
        index = next(i for i in itertools.count(self.p.first_index) if i not in self.store[name])
        self.store[name][index] = (length, pdu)
        self.urc(f'{urc}: "{name}",{index}')

    # ---- What a test does ----

    def incoming(self, sender, text):
        with self.lock:
            for length, pdu in other_pdu.deliver(sender, text):
                if self.notice[1] == 1:
                    self.after(0, self.keep, length, pdu, "+CMTI")
                else:
                    self.complaints.append("nobody asked for notices of messages")

    def drop(self):
        """The TCP connection ends; the next caller finds a modem that has just started."""
        with self.lock:
            self.wire.drop()
        os.write(self.wake_write, b".")

    def phones(self):
        """(number, text) of every message that is complete, oldest first."""
        with self.lock:
            sets, found = collections.OrderedDict(), []
            for part in self.parts:
                if part.total == 1:
                    found.append((part.to, part.text))
                    continue
                key = (part.to, part.reference, part.total)
                sets.setdefault(key, {})[part.part] = part.text
                if len(sets[key]) == part.total:
                    texts = sets.pop(key)
                    found.append((part.to, "".join(texts[n] for n in sorted(texts))))
            return found
