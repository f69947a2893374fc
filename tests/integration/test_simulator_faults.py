"""The faults that the simulator can be told to have, over its pty."""

import os
import time

import pytest

from simulator_port import EMOJI, HELLO, Port, bring_up, wait_until
from simulator_port import port, sim, start  # noqa: F401 - fixtures


SENT = "\r\n+CMGS: 0\r\n\r\nOK\r\n"


@pytest.mark.parametrize("fault, prompt, final", [
    ("prompt-no-blank", "\r\n>", SENT),
    ("urc-between", "\r\n> \r\n^RSSI: 18\r\n", SENT),
    ("cms 42", "\r\n> ", "\r\n+CMS ERROR: 42\r\n"),
    ("ok-without-ref", "\r\n> ", "\r\nOK\r\n"),
    ("double-ok on payload", "\r\n> ", SENT + "\r\nOK\r\n"),
    ("late-reply 50", "\r\n> ", SENT),
    ("late 50 on payload", "\r\n> ", SENT),
    ("late 50 on AT+CMGS", "\r\n> ", SENT),
    ("byte-by-byte on payload", "\r\n> ", SENT),
    ("partial-line 50 on payload", "\r\n> ", SENT),
    ("garbage-in-reply on payload", "\r\n> ", SENT),
])
def test_fault_in_sending(sim, port, fault, prompt, final):
    sim.ok("fault " + fault)
    assert port.send(*HELLO, final, prompt).endswith(final)
    assert sim.ok("faults") == "" and sim.stat("faults") == 1
    assert sim.violations() == 0
    assert len(sim.texts()) == (0 if "cms" in fault else 1)


def test_fault_report_first(sim, port):
    sim.ok("fault report-first")
    port.write(f"AT+CMGS={EMOJI[1]}\r")
    port.until("> ")
    port.write(EMOJI[0] + "\x1a")
    assert "+CDS: 25" in port.until("+CMGS: 0")


@pytest.mark.parametrize("fault, taken", [
    ("accept-then-silence", 1), ("ref-without-ok", 1), ("silent on payload", 0)])
def test_fault_silence_after_payload(sim, port, fault, taken):
    sim.ok("fault " + fault)
    port.write("AT+CMGS=18\r")
    port.until("> ")
    port.write(HELLO[0] + "\x1a")
    assert "OK" not in port.quiet(0.1)
    assert port.at("AT") == []
    assert len(sim.texts()) == taken and sim.violations() == 0


@pytest.mark.parametrize("fault, taken", [
    ("drop-before-prompt 1", 0), ("drop-after-prompt 1", 0), ("drop-after-submit 1", 1)])
def test_fault_port_vanishes(sim, port, fault, taken):
    sim.ok("fault " + fault)
    with pytest.raises(OSError):
        port.send(*HELLO)
    wait_until(lambda: os.path.lexists(sim.pty))
    again = bring_up(sim)
    assert again.send(*HELLO).endswith("OK\r\n")
    again.close()
    assert len(sim.texts()) == taken + 1


def test_fault_on_commands(sim, port):
    sim.ok("fault silent 2 on AT+CSQ")
    assert port.at("AT") == []
    port.write("AT+CSQ\r")
    assert port.quiet(0.1) == ""
    port.write("AT+CSQ\r")
    assert port.quiet(0.1) == ""
    assert port.at("AT+CSQ") == ["+CSQ: 20,0"]
    sim.ok("fault prompt-error 500 on AT+CMGS")
    port.at("AT+CMGS=18", "\r\n+CMS ERROR: 500\r\n")
    sim.ok("fault error 14 on AT+CPIN")
    port.at("AT+CPIN?", "\r\n+CME ERROR: 14\r\n")
    sim.ok("fault hang 100")
    port.write("AT\r")
    assert port.quiet(0.3) == ""
    assert port.at("AT") == []
    sim.ok("fault no-prompt")
    port.write("AT+CMGS=18\r")
    assert port.quiet(0.1) == ""
    port.write("\x1b")
    assert port.until("OK\r\n") == "\r\nOK\r\n"
    sim.ok("fault late 200")
    port.write("AT+CGMM\r")
    port.write("AT\r")
    assert port.until("OK\r\n") == "\r\nGSM-1\r\n\r\nOK\r\n"
    assert sim.violations() == 0 and sim.stat("excused") == 1
    sim.ok("fault garbage-in-reply always 50%")
    for _ in range(50):
        port.at("AT")
    assert 10 < sim.stat("faults") - 7 < 45
    assert sim.ask("fault dance").startswith("error")
    sim.ok("fault clear")
    sim.ok("fault echo-stays")
    port.at("ATE1")
    assert port.at("ATE0") == ["ATE0"]
    assert port.at("AT") == ["AT"]


def test_fault_reboot_in_sending(start):
    sim = start("--boot-time", "50")
    port = Port(sim.pty)
    port.until("+CPIN: READY\r\n")
    for command in ("ATE0", "AT+CMGF=0"):
        port.at(command)
    sim.ok("fault reboot-mid-send 1")
    port.write("AT+CMGS=18\r")
    port.until("> ")
    port.write(HELLO[0] + "\x1a")
    assert port.until("+CPIN: READY\r\n") == "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n"
    assert len(sim.texts()) == 1
    port.at("AT+CFUN=1,1")
    port.until("+CPIN: READY\r\n")
    assert sim.stat("boots") == 3
    port.close()
