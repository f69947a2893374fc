"""What a technician reads: fields in the journal, logfmt elsewhere, nothing again and again."""
import os
import re
import socket
import struct

import pytest

import gate

MANUAL = os.path.join(gate.ROOT, "docs/man/simgated.8")


class Journal:
    """The end of the journal's socket that systemd holds."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "journal")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.bind(self.path)
        self.sock.setblocking(False)
        self.seen = []

    def read(self):
        try:
            while True:
                self.seen.append(entry(self.sock.recv(1 << 16)))
        except BlockingIOError:
            return self.seen

    def wait(self, **fields):
        """The first entry with these fields."""
        def there():
            return next((e for e in self.read()
                         if all(e.get(k) == v for k, v in fields.items())), None)
        return gate.wait_until(there, why=f"no entry with {fields}: {self.seen}")


def entry(raw):
    """NAME=value lines; a value with line ends: NAME, its length in 8 bytes, the value."""
    fields = {}
    while raw:
        line, raw = raw.split(b"\n", 1)
        if b"=" in line:
            name, value = line.split(b"=", 1)
        else:
            length = struct.unpack("<Q", raw[:8])[0]
            name, value, raw = line, raw[8:8 + length], raw[9 + length:]
        fields[name.decode()] = value.decode()
    return fields


def journalled(field, journal, *modems):
    """Its stderr is the journal's, as far as it can see."""
    log = os.path.join(field.folder, "simgated.log")
    with open(log, "ab") as file:
        stat = os.fstat(file.fileno())
    return field.gateway(*modems, env={
        "JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}", "JOURNALSOCK": journal.path,
        "LD_PRELOAD": os.path.join(gate.BUILD, "journalsock.so"),
        "ASAN_OPTIONS": "verify_asan_link_order=0"})


@pytest.fixture
def journal(field):
    found = Journal(field.folder)
    yield found
    found.sock.close()


def message_ids():
    """Kind and number, as the manual lists them."""
    with open(MANUAL, encoding="utf-8") as file:
        return {kind: number for number, kind in re.findall(r"^([0-9a-f]{32})  (\w+)$",
                                                            file.read(), re.M)}


def test_the_journal_has_fields(field, journal):
    ids = message_ids()
    assert len(ids) == 10 and len(set(ids.values())) == 10
    sim = field.simulator("--send-time", 5)
    gateway = journalled(field, journal, gate.modem("gsm0", sim.pty))
    gateway.wait_modem()
    ready = journal.wait(MODEM="gsm0", REASON="ready")
    assert ready["MESSAGE_ID"] == ids["state"] and ready["PRIORITY"] == "6"
    assert journal.wait(MESSAGE_ID=ids["life"])["MESSAGE"].startswith("simgated ")
    assert journal.wait(MESSAGE_ID=ids["network"])["MODEM"] == "gsm0"
    sim.control("refuse +7912 1")
    message = gateway.send("+79123456789", "a secret text")
    gateway.wait_message(message, "failed")
    told = journal.wait(SIMGATE_ID=message)
    assert (told["MODEM"], told["REASON"], told["PRIORITY"]) == ("gsm0", "cms_1", "4")
    assert told["MESSAGE_ID"] == ids["send"] and told["MESSAGE"].startswith("refused: ")
    with open(gateway.config, "a", encoding="utf-8") as file:
        file.write("colour = 1;\n")
    gateway.reload()
    assert journal.wait(MESSAGE_ID=ids["config"], REASON="colour")["PRIORITY"] == "3"
    gateway.stop()
    everything = str(journal.read())
    assert "9123456789" not in everything and "secret" not in everything
    assert all("CODE_FILE" not in e for e in journal.seen)
    assert gateway.output() == ""  # not told twice


def test_elsewhere_the_same_is_logfmt(field):
    sim = field.simulator("--send-time", 5)
    gateway = field.gateway(gate.modem("gsm0", sim.pty))
    gateway.wait_modem()
    sim.control("refuse +7912 1")
    message = gateway.send("+79123456789", "a secret text")
    gateway.wait_message(message, "failed")
    gate.wait_until(lambda: f"id={message}" in gateway.output())
    assert re.search(rf'level=warn kind=send modem=gsm0 id={message} reason=cms_1 msg="refused',
                     gateway.output())
    assert re.search(r'level=info kind=state modem=gsm0 reason=ready msg="', gateway.output())


def test_a_repeat_is_held_back_and_counted(field):
    gateway = field.gateway()
    with open(gateway.config, encoding="utf-8") as file:
        text = re.sub('level = "debug"', 'level = "info"', file.read())
    for allowed in ("false", "true", "false"):
        with open(gateway.config, "w", encoding="utf-8") as file:
            file.write(text.replace("text = { allowed = true", f"text = {{ allowed = {allowed}"))
        gateway.reload()
        status = 202 if allowed == "true" else 403
        gate.wait_until(lambda: gateway.post("/v1/messages", {"to": "+79123456789", "text": "x"})
                        .status == status)
    gateway.stop()
    lines = [line for line in gateway.output().splitlines() if "configuration read again" in line]
    assert len(lines) == 2, "\n".join(lines)
    assert re.search(r"\(2 times more in \d+ s\)", lines[1])
