"""Modems are who they are, not what their port is called: matches, moves, second ports."""
import os

import pytest

import gate
from usb_world import World, match

STICK, QUECTEL, UNKNOWN = "12d1:1436", "2c7c:0125", "1a86:7523"


@pytest.fixture
def world(field):
    return World(field)


class DeadPort:
    """A port where nobody answers; it counts what it was asked."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        self.path = os.ttyname(self.slave)
        os.set_blocking(self.master, False)

    def asked(self):
        try:
            return os.read(self.master, 4096)
        except BlockingIOError:
            return b""

    def close(self):
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def dead():
    port = DeadPort()
    yield port
    port.close()


def simulator(field, i):
    return field.simulator("--imei", f"35693803564380{i}", "--iccid", f"897019900000000000{i}",
                           "--imsi", f"25001123456789{i}", "--send-time", 5, name=f"s{i}")


def reaches(gateway, names):
    """Each of these modems sends a text of its own, by its prefix."""
    for i, name in enumerate(names):
        message = gateway.send(f"+7900{i}123456", f"by {name}")
        ended = gateway.wait_message(message, "sent")
        assert ended["modem"] == name, ended


def test_by_what_they_are_and_wherever_they_are_plugged_in(field, world, dead):
    sims = [simulator(field, i) for i in range(6)]
    matches = ('imei = "356938035643800";', 'iccid = "8970199000000000001";',
               'imsi = "250011234567892";', 'usb_serial = "S3";', 'usb_path = "1-5";',
               'usb_id = "1a86:7523"; interface = 1;')
    names = [f"m{i}" for i in range(6)]

    def devices(order):
        """Sim order[i] stands at the i-th place; the last two are named by place and kind."""
        for i, who in enumerate(order):
            usb_id = UNKNOWN if who == 5 else STICK
            ports = [(1, f"ttyUSB{2 * i}", sims[who].pty if who == 5 else dead.path),
                     (4, f"ttyUSB{2 * i + 1}", dead.path if who == 5 else sims[who].pty)]
            yield f"1-{i + 1}", usb_id, ports, f"S{who}"

    def plug(order):
        for path, usb_id, ports, serial in devices(order):
            world.plug(path, usb_id, ports, serial)

    plug(range(6))
    gateway = world.gateway([match(name, text, f'prefixes = [ "+7900{i}" ];')
                             for i, (name, text) in enumerate(zip(names, matches))])
    for name in names:
        gateway.wait_modem(name=name)
    reaches(gateway, names)
    assert [[m["text"] for m in s.handset()] for s in sims] == [[f"by {n}"] for n in names]
    # All of them at other places and under others' names; no restart.
    for path, _, ports, _ in list(devices(range(6))):
        world.unplug(path, ports)
    for sim in sims:
        sim.control("unplug")
    for name in names:
        gateway.wait_modem("absent", name=name)
    for sim in sims:
        sim.control("plug")
    plug((3, 0, 1, 2, 4, 5))
    for name in names:
        gateway.wait_modem(name=name)
    reaches(gateway, names)
    assert [[m["text"] for m in s.handset()] for s in sims] == [[f"by {n}"] * 2 for n in names]
    assert gateway.get("/v1/modems/m3")["device"] == "/dev/ttyUSB1"
    assert dead.asked() == b"" and [s.violations() for s in sims] == [0] * 6


def test_without_modems_in_the_configuration(field, world, dead):
    """Known ones are used, named after their place, at their AT interface; nothing is deleted."""
    known, strange = simulator(field, 1), simulator(field, 2)
    known.control("sms +79120001122 keep me")
    gateway = world.gateway([])
    assert gateway.get("/v1/modems")["items"] == []
    world.plug("1-1.4", QUECTEL, [(0, "ttyUSB0", dead.path), (2, "ttyUSB1", known.pty)])
    world.plug("1-1.5", UNKNOWN, [(0, "ttyUSB2", strange.pty)])
    gate.wait_until(lambda: gateway.get("/v1/modems")["items"])
    gateway.wait_modem(name="usb-1-1.4")
    gateway.wait_message(gateway.send("+79123456789", "by the known one"), "sent")
    assert [m["name"] for m in gateway.get("/v1/modems")["items"]] == ["usb-1-1.4"]
    gate.wait_until(lambda: gateway.get("/v1/inbox")["items"])
    known.control("sms +79120001122 and me")
    gate.wait_until(lambda: len(gateway.get("/v1/inbox")["items"]) == 2)
    gateway.stop()
    gateway.start()
    gateway.wait_modem(name="usb-1-1.4")
    gateway.wait_message(gateway.send("+79123456789", "again"), "sent")
    assert len(gateway.get("/v1/inbox")["items"]) == 2
    with open(known.dialogue_path, encoding="utf-8") as file:
        assert "AT+CMGD" not in file.read()
    assert dead.asked() == b"" and not os.path.getsize(strange.dialogue_path)


def test_two_ports_of_one_modem(field, world, dead):
    sim = simulator(field, 1)
    world.plug("1-1", QUECTEL, [(2, "ttyUSB0", sim.pty), (3, "ttyUSB1", dead.path)])
    gateway = world.gateway([gate.modem("a", "/dev/ttyUSB0"), gate.modem("b", "/dev/ttyUSB1")])
    gateway.wait_modem(name="a")
    gate.wait_until(lambda: "another port of the modem that is in use as a" in
                    gateway.get("/v1/modems/b")["why"])
    gateway.wait_message(gateway.send("+79123456789", "once"), "sent")
    assert len(sim.handset()) == 1 and sim.violations() == 0 and dead.asked() == b""


def test_a_port_that_has_to_be_asked_for(field, world, dead):
    """Its table row knows no interface: the port that answers AT is found."""
    sim = simulator(field, 1)
    world.plug("1-1", "1546:1141", [(0, "ttyACM0", sim.pty), (2, "ttyACM1", dead.path)])
    gateway = world.gateway([match("a", 'usb_path = "1-1";')])
    gateway.wait_modem(name="a")
    assert gateway.get("/v1/modems/a")["device"] == "/dev/ttyACM0"
    assert dead.asked() != b""
