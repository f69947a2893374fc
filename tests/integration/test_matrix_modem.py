"""The fault matrix, second half: ports that go, SIMs, networks, memories, what comes in, several
modems. Each row asserts the recovery that was seen and accounts for every message."""
import os
import re
import socket
import threading
import time

import pytest

import gate
import matrix


@pytest.fixture
def row(field):
    return matrix.Row(field)


# ---- the port ----

PORT = [
    ("idle", None, {"sent": 4}), ("before-the-prompt", "drop-before-prompt once 300", {"sent": 4}),
    ("after-the-prompt", "drop-after-prompt once 300", {}),
    ("after-ctrl-z", "drop-after-submit once 300", {"uncertain": 1, "sent": 3}),
]


@pytest.mark.parametrize("fault,ends", [p[1:] for p in PORT], ids=[p[0] for p in PORT])
def test_port_gone(row, fault, ends):
    if fault is None:
        row.simulator.control("unplug")
        row.saw("modem.lost", "modem.recovering")
        row.send(3)
        row.simulator.control("plug")
    else:
        row.fault(fault)
        row.send(3)
        row.saw("modem.lost", "modem.recovering")
    row.account(**ends)
    assert row.status()["reopenings"] >= 1


def test_port_returns_under_another_name(row):
    before = row.status()["recoveries"]
    link = row.simulator.pty
    row.simulator.control("unplug")
    row.saw("modem.lost")
    row.send(2)
    moved = f"{row.field.folder}/elsewhere.pty"
    row.simulator.control(f"plug {moved}")
    time.sleep(0.3)
    assert row.status()["state"] == "absent"
    os.symlink(os.readlink(moved), link)  # as udev does with its names
    row.account(sent=3)
    assert row.status()["recoveries"] == before  # a new port: counted from zero


def test_port_returns_as_another_modem(row):
    row.simulator.control("unplug")
    row.saw("modem.lost")
    row.send(2)
    other = row.field.simulator("--send-time", 5, "--imei", "356938035643817",
                                "--iccid", "8970199000000000017", name="other")
    os.symlink(os.readlink(other.pty), row.simulator.pty)
    row.saw("modem.failed another modem")
    assert row.gateway.get("/v1/status")["queue"]["waiting"] == 2
    os.unlink(row.simulator.pty)
    other.stop()
    row.gateway.post("/v1/modems/gsm0/actions", {"action": "reopen"})
    row.simulator.control("plug")
    row.account(sent=3)


@pytest.mark.parametrize("fault,ends", [("reboot once on AT+CMGS", {"sent": 4}),
                                        ("reboot-mid-send once", {"sent": 3, "uncertain": 1}),
                                        ("reboot once on AT+CSQ", {"sent": 4})],
                         ids=["before-the-prompt", "after-ctrl-z", "idle"])
def test_reboot_in_the_middle(row, fault, ends):
    row.simulator.control("set boot-time 300")
    row.fault(fault)
    row.send(3)
    gate.wait_until(lambda: "setting the modem up again" in row.gateway.output()
                    or any("recovering" in e for e in row.events()))
    row.account(**ends)
    # Everything was set again: it still receives and never answers in text mode.
    row.simulator.control("sms +79120001122 still there")
    gate.wait_until(lambda: row.gateway.get("/v1/inbox")["items"])


def test_a_reset_that_renumbers_the_port(row):
    row.simulator.control("set vanish 1")
    row.simulator.control("set boot-time 200")
    row.gateway.post("/v1/modems/gsm0/actions", {"action": "reset"})
    row.saw("modem.recovering reset")
    row.send(2)
    row.account(sent=3)
    assert row.status()["recoveries"]["reset"] == 1
    assert not any(e.startswith("modem.lost") for e in row.events()), row.events()


def test_all_modems_gone_for_longer_than_every_back_off(field):
    row = matrix.Row(field)
    second = field.simulator("--send-time", 5, "--imei", "356938035643817",
                             "--iccid", "8970199000000000017", name="gsm1")
    row.gateway.stop()
    row.gateway = field.gateway(matrix.modem("gsm0", row.simulator.pty),
                                matrix.modem("gsm1", second.pty))
    row.simulators.append(second)
    for name in ("gsm0", "gsm1"):
        row.gateway.wait_modem(name=name)
    for simulator in row.simulators:
        simulator.control("unplug")
    row.saw("modem.lost")
    row.send(10)
    time.sleep(4)  # openings are tried again after 1 s at most here
    assert all(m["state"] == "queued" and len(m["history"]) == 1
               for m in map(row.gateway.message, row.texts))  # it costs no attempts
    for simulator in row.simulators:
        simulator.control("plug")
    row.account(sent=11)


def test_two_modems_of_which_one_fails_always(field):
    row = matrix.Row(field)
    second = field.simulator("--send-time", 5, "--imei", "356938035643817",
                             "--iccid", "8970199000000000017", name="gsm1")
    row.gateway.stop()
    row.gateway = field.gateway(matrix.modem("gsm0", row.simulator.pty),
                                matrix.modem("gsm1", second.pty))
    row.simulators.append(second)
    for name in ("gsm0", "gsm1"):
        row.gateway.wait_modem(name=name)
    row.fault("cms always 300")
    row.send(20)
    row.saw("modem.recovering resync")
    ended = row.settled()
    assert all(m["state"] == "sent" and m["modem"] == "gsm1" for m in ended.values())
    row.account(sent=21)


# ---- the SIM ----

def test_sim_removed_and_put_back(row):
    row.simulator.control("sim remove")
    row.saw("modem.sim_missing")
    row.send(2)
    row.simulator.control("sim insert")
    row.account(sent=3)


SIMS = [
    ("pin-required", ["--pin", "1234"], None, "sim_pin", "no pin_file"),
    ("wrong-pin", ["--pin", "1234"], "9999", "sim_pin", "refused the PIN"),
    ("puk", ["--pin", "1234", "--puk", "12345678"], "blocked", "sim_puk", "PUK"),
]


@pytest.mark.parametrize("options,pin,state,why", [s[1:] for s in SIMS], ids=[s[0] for s in SIMS])
def test_sim_locked(field, options, pin, state, why):
    path = f"{field.folder}/pin"
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{pin if pin and pin.isdigit() else '0000'}\n")
    row = matrix.Row(field, *options, start=False,
                     more=f'pin_file = "{path}";' if pin and pin != "blocked" else "")
    if pin == "blocked":
        row.gateway.wait_modem("sim_pin")
        for _ in range(3):
            row.gateway.post("/v1/modems/gsm0/at", {"command": 'AT+CPIN="0000"'})
        row.gateway.post("/v1/modems/gsm0/actions", {"action": "reopen"})
    row.gateway.wait_modem(state)
    gate.wait_until(lambda: why in row.status()["why"], why=str(row.status()))
    row.saw(f"modem.{state}")
    message = row.send()
    if pin is not None and pin.isdigit():
        time.sleep(2)
        row.gateway.stop()  # neither time nor a restart costs another try
        row.gateway.start()
        row.gateway.wait_modem(state)
        tries = [line for line in open(row.simulator.dialogue_path, encoding="utf-8")
                 if "< AT+CPIN=" in line]
        assert len(tries) == 1, tries
        with open(path, "w", encoding="ascii") as file:
            file.write("1234\n")
        row.gateway.reload()
        row.gateway.wait_message(message, "sent")
        row.account(sent=2)
    else:
        assert row.gateway.message(message)["state"] == "queued"
    log = row.gateway.output()
    assert "9999" not in log and "1234\n" not in log


# ---- the network ----

@pytest.mark.parametrize("stat,state", [(0, "searching"), (2, "searching"), (3, "denied"),
                                        (4, "searching"), (8, "denied")])
def test_not_registered(row, stat, state):
    row.simulator.control(f"registration {stat}")
    row.gateway.wait_modem(state)
    row.saw(f"modem.{state}")
    message = row.send()
    time.sleep(0.5)
    assert row.gateway.message(message)["state"] == "queued"
    row.simulator.control("registration 1")
    ended = row.account(sent=2)
    assert [h["state"] for h in ended[message]["history"]] == ["queued", "sending", "sent"]


@pytest.mark.parametrize("stat", [5, 6, 7, 9, 10])
def test_registered_in_some_way(row, stat):
    row.simulator.control(f"registration {stat}")
    gate.wait_until(lambda: row.status()["registration"] != "home" or stat == 9)
    row.send(2)
    row.account(sent=3)


def test_roaming_refused(field):
    row = matrix.Row(field, more='roaming = "refuse";')
    row.simulator.control("registration 5")
    row.gateway.wait_modem("denied")
    message = row.send()
    time.sleep(0.3)
    assert row.gateway.message(message)["state"] == "queued"
    row.simulator.control("registration 1")
    row.account(sent=2)


def test_lte_alone_gets_its_chance(row):
    """After two thirds of timeouts.search: SMS over IMS may work."""
    row.simulator.control("registration 2 CREG")
    row.gateway.wait_modem("searching")
    row.simulator.control("registration 1 CEREG")
    row.gateway.wait_modem("ready")


def test_a_long_search_switches_the_radio_and_raises_an_alarm(field):
    row = matrix.Row(field)
    text = open(row.gateway.config, encoding="utf-8").read()
    with open(row.gateway.config, "w", encoding="utf-8") as file:
        file.write(text.replace('alarm = "1d"', 'alarm = "3s"'))
    row.gateway.reload()
    row.simulator.control("registration 2")
    row.gateway.wait_modem("searching")
    row.send(1)
    row.saw("modem.recovering radio: no network")
    row.saw("modem.alarm without a network")
    row.simulator.control("registration 1")
    row.account(sent=2)
    row.saw("modem.alarm_over")


# ---- memories, and what comes in ----

def receive(row, n):
    return gate.wait_until(lambda: (lambda items: items if len(items) >= n else None)(
        row.gateway.get("/v1/inbox?limit=200")["items"]))


def test_sim_memory_full(field):
    row = matrix.Row(field, "--memory-me", "3", "--memory-sm", "3")
    row.gateway.stop()
    for i in range(8):
        row.simulator.control(f"sms +7912000000{i} waiting {i}")
    row.gateway.start()
    row.gateway.wait_modem()
    assert len(receive(row, 8)) == 8
    row.send(3)
    row.account(sent=4)


def test_storage_index_errors(row):
    row.fault("error once 321 on AT+CMGR", "error once 321 on AT+CMGD", "error once on AT+CPMS")
    for i in range(3):
        row.simulator.control(f"sms +7912000000{i} number {i}")
    assert sorted(i["text"] for i in receive(row, 3)) == [f"number {i}" for i in range(3)]
    row.account(sent=1)


def test_an_inbound_flood(row):
    senders = threading.Thread(target=lambda: [
        row.simulator.control(f"sms +79120{i:06d} flood {i}") for i in range(500)])
    senders.start()
    row.send(20)
    senders.join()

    def count():
        items, after = [], ""
        while True:
            page = row.gateway.get(f"/v1/inbox?limit=200{after}").body
            items += page["items"]
            if page["next"] is None:
                return items
            after = f"&after={page['next']}"
    texts = gate.wait_until(lambda: (lambda i: i if len(i) >= 500 else None)(count()), 120)
    assert sorted(i["text"] for i in texts) == sorted(f"flood {i}" for i in range(500))
    row.account(sent=21)


def reported(row, spec, n=1, **settings):
    row.simulator.control(f"reports {spec}")
    for name, value in settings.items():
        row.simulator.control(f"set {name.replace('_', '-')} {value}")
    return [row.send(report=True) for _ in range(n)]


def test_report_before_the_reply(row):
    message, = reported(row, "delivered", report_time=50)
    first, = [message]
    row.gateway.wait_message(first, "delivered")
    row.fault("report-first once")
    second, = reported(row, "delivered")
    row.gateway.wait_message(second, "delivered")
    row.account(delivered=2, sent=1)


def test_doubled_and_unknown_reports(row):
    message, = reported(row, "*:30/00/00", report_time=30)
    row.gateway.wait_message(message, "delivered")
    row.simulator.control("report 00")
    row.simulator.control("pdu 0006FE0B919721436587F9112111910350401121119103904000 25")
    row.account(delivered=1, sent=1)
    states = [h["state"] for h in row.gateway.message(message)["history"]]
    assert states == ["queued", "sending", "sent", "delivered"], states


def test_reports_after_the_reference_wrapped(row):
    messages = reported(row, "delivered", 4, report_time=300, mr=254)
    for message in messages:
        row.gateway.wait_message(message, "delivered")
    row.account(delivered=4, sent=1)


def test_long_inbound_with_a_missing_and_a_doubled_part(row):
    text = "a long text " * 30
    for part in (3, 1, 1):
        row.simulator.control(f"sms +79120001122 ref=7 part={part} {text}")
    row.simulator.control(f"sms +79120001122 ref=7 part=2 {text}")
    texts = [i["text"] for i in receive(row, 1)]
    assert "".join(texts).count(text.strip()[:40]) >= 1
    row.account(sent=1)


def test_a_withheld_call_is_one_event(row):
    row.simulator.control("set ring-time 200")
    assert row.simulator.control("call withheld 8").startswith("rejected")
    assert row.simulator.control("call +79120001122 8").startswith("rejected")
    time.sleep(0.5)
    items = row.gateway.get("/v1/events?after=0&types=call.&limit=200")["items"]
    assert len(items) == 2, items
    log = row.gateway.output()
    assert "withheld" in log and not re.search(r"\+79120001122", log)


# ---- TCP, and lines at another speed ----

def shut(*links):
    for link in links:
        try:
            link.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Relay:
    """A TCP server before a simulator's own, which can stall, cut, or pass single bytes."""

    def __init__(self, port):
        self.target, self.stalled, self.slow = port, False, False
        self.links = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                link, _ = self.server.accept()
                other = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.links += [link, other]
            for a, b in ((link, other), (other, link)):
                threading.Thread(target=self.pass_on, args=(a, b), daemon=True).start()

    def pass_on(self, a, b):
        try:
            while True:
                data = a.recv(4096)
                while self.stalled:
                    time.sleep(0.02)
                if not data:
                    break
                for piece in ([bytes([c]) for c in data] if self.slow else [data]):
                    b.sendall(piece)
                    if self.slow:
                        time.sleep(0.0005)
        except OSError:
            pass
        shut(a, b)

    def cut(self):
        links, self.links = self.links, []
        shut(*links)


@pytest.fixture
def tcp(field):
    row = matrix.Row(field, "--tcp", "127.0.0.1:0", start=False)
    row.gateway.stop()
    port = int(re.search(r"127\.0\.0\.1:(\d+)", row.simulator.output()).group(1))
    row.relay = Relay(port)
    row.gateway = field.gateway(matrix.modem("gsm0", f"tcp://127.0.0.1:{row.relay.port}"))
    row.gateway.wait_modem()
    yield row
    row.relay.server.close()
    row.relay.cut()


def test_tcp_that_closes(tcp):
    for _ in range(2):
        tcp.send(2)
        tcp.relay.cut()
        tcp.saw("modem.recovering")
    tcp.account()


def test_tcp_that_stalls(tcp):
    tcp.relay.stalled = True
    tcp.send(2)
    tcp.saw("modem.recovering resync")
    tcp.saw("modem.recovering reopen: ")
    tcp.relay.stalled = False
    tcp.simulator.control("fault clear")
    tcp.gateway.wait_modem()
    tcp.send(2)
    ended = tcp.settled()
    assert all(m["state"] in ("sent", "uncertain") for m in ended.values())


def test_tcp_byte_by_byte(tcp):
    tcp.relay.slow = True
    tcp.send(10)
    tcp.account(sent=11)


def test_baud_mismatch(tcp):
    """What arrives at another speed is noise in both directions; put right, it goes on."""
    wrong = socket.create_server(("127.0.0.1", 0))
    noise = os.urandom(64)

    def talk():
        while True:
            try:
                link, _ = wrong.accept()
                while link.recv(100):
                    link.sendall(noise)
            except OSError:
                return
    threading.Thread(target=talk, daemon=True).start()
    config = open(tcp.gateway.config, encoding="utf-8").read()
    right = f":{tcp.relay.port}"
    with open(tcp.gateway.config, "w", encoding="utf-8") as file:
        file.write(config.replace(right, f":{wrong.getsockname()[1]}"))
    tcp.gateway.reload()
    tcp.send(2)
    tcp.saw("modem.recovering reopen: ")
    with open(tcp.gateway.config, "w", encoding="utf-8") as file:
        file.write(config)
    tcp.gateway.reload()
    tcp.account(sent=3)
    wrong.close()
