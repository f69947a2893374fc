"""The simulator itself, driven by hand over its pty: what it must accept, refuse and note."""

import json
import os
import socket
import time

import pytest

from simulator_port import EMOJI, HELLO, LIMIT, TAIL, Port, bring_up, wait_until
from simulator_port import port, sim, start  # noqa: F401 - fixtures


def test_bring_up(sim):
    assert sim.ready == ["ready", "modem0", sim.pty]
    port = Port(sim.pty)
    port.write("AT\r")
    assert port.until("OK\r\n") == "AT\r\r\nOK\r\n"
    assert port.at("ATE0") == ["ATE0"]
    for command in ("ATV1Q0S0=0", "AT+CMEE=1", "AT&D0", "AT&C0", 'AT+CSCS="GSM"', "AT+CREG=2",
                    "AT+CGREG=2", "AT+CEREG=2", "AT+CMGF=0", "AT+CNMI=2,1,0,1,0", "AT+CLIP=1",
                    "AT+CRC=0", "AT+COPS=3,0"):
        assert port.at(command) == [], command
    assert port.at("AT+CGSN") == ["356938035643809"]
    assert port.at("AT+CPIN?") == ["+CPIN: READY"]
    assert port.at("AT+CREG?") == ['+CREG: 2,1,"1A2B","01C3D4E5",7']
    assert port.at("AT+COPS?") == ['+COPS: 0,0,"Simulated",7']
    assert port.at("AT+CSQ;+CFUN?") == ["+CSQ: 20,0", "+CFUN: 1"]
    assert port.at('AT+CPMS="ME","ME","ME"') == ["+CPMS: 0,100,0,100,0,100"]
    assert port.at("AT+CNMI=?") == ["+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)"]
    assert port.at("AT+CNMI?") == ["+CNMI: 2,1,0,1,0"]
    assert port.at("AT+CNUM") == ['+CNUM: "","+79120000000",145']
    assert port.at("AT+CSCA?") == ['+CSCA: "+79168999100",145']
    assert port.at("AT+CMGL=4") == []
    port.at("AT+UNHEARD", "\r\nERROR\r\n")
    assert sim.violations() == 0
    port.close()


def test_settings_outlive_a_close_but_not_a_reboot(sim, port):
    other = Port(sim.pty)
    assert other.at("AT+CMGF?") == ["+CMGF: 0"]
    other.close()
    sim.ok("reboot")
    assert port.at("AT+CMGF?") == ["AT+CMGF?", "+CMGF: 1"]


def test_send_and_report(sim, port):
    assert port.send(*HELLO) == "\r\n+CMGS: 0\r\n\r\nOK\r\n"
    text, = sim.texts()
    assert (text["to"], text["text"], text["parts"]) == ("+46708251358", "hello", 1)
    assert (text["encoding"], text["validity_minutes"], text["srr"]) == ("gsm7", None, False)
    assert "+CMGS: 1" in port.send(*EMOJI)
    assert sim.texts()[1]["text"] == "é\U0001F600"
    assert sim.texts()[1]["validity_minutes"] == 1440
    report = port.until("\r\n+CDS: 25\r\n") + port.until("\r\n")
    pdu = bytes.fromhex(report.split()[-1])[1 + 7:]  # less the SMSC, eleven digits
    assert pdu[:10] == bytes.fromhex("06010C91947110325476")
    assert pdu[-1] == 0 and len(pdu) == 25
    assert sim.violations() == 0


def concatenated(text, part, total, reference=0x2A):
    """A SUBMIT in UCS2, by hand."""
    body = text.encode("utf-16-be").hex().upper()
    user = f"050003{reference:02X}{total:02X}{part:02X}{body}"
    pdu = f"0041000C919471103254760008{len(user) // 2:02X}{user}"
    return pdu, len(pdu) // 2 - 1


def test_parts_join(sim, port):
    port.send(*TAIL)
    assert sim.stat("incomplete") == 1 and sim.texts() == []
    first = concatenated("one ", 1, 2, 0x2B)
    port.send(*concatenated("two", 2, 2, 0x2B))
    port.send(*first)
    text, = sim.texts()
    assert (text["text"], text["parts"], text["encoding"]) == ("one two", 2, "ucs2")
    assert text["mrs"] == [2, 1]
    assert sim.violations() == 0


@pytest.mark.parametrize("pdu, length, code", [
    (HELLO[0], 17, 304),                                        # the length counts otherwise
    (HELLO[0][:-2], 17, 304),                                   # UDL says more
    (HELLO[0] + "00", 19, 304),                                 # UDL says less
    (HELLO[0][:-1] + "G", 18, 304),                             # not hex
    (HELLO[0] + "0", 18, 304),                                  # an odd number of digits
    ("0000000B916407281553F8000005E8329BFD06", 18, 304),        # MTI of a DELIVER
    ("0001000C916407281553F8000005E8329BFD06", 18, 304),        # F counted as a digit
    ("0001000B916407281553F8000005E8329BFD86", 18, 304),        # fill bits
    ("0001000B916407281553F8080005E8329BFD06", 18, 143),        # PID
    ("0001000B916407281553F8000C05E8329BFD06", 18, 144),        # reserved alphabet
    ("0001000B916407281553F8008005E8329BFD06", 18, 159),        # reserved DCS group
    ("0001000B916407281553F8000802D83D", 15, 304),              # half a surrogate pair
    ("0001000B916407281553F8000803004100", 16, 304),            # half a UCS2 unit
    ("0041000C91947110325476000806050003010203", 19, 304),   # part 3 of 2
    ("0001000B916407281553D000040141", 14, 304),                # digits that are none
])
def test_wrong_pdu(sim, port, pdu, length, code):
    port.send(pdu, length, f"\r\n+CMS ERROR: {code}\r\n")
    assert sim.texts() == [] and sim.violations() == 1
    assert port.at("AT") == []


@pytest.mark.parametrize("pdu, text, validity, klass", [
    ("0001000B916407281553F8001005E8329BFD06", "hello", None, 0),
    ("0011000B916407281553F80000AD05E8329BFD06", "hello", 10080, None),
    ("0011000B916407281553F80000FF05E8329BFD06", "hello", 635040, None),
    ("0019000B916407281553F800006211129103500005E8329BFD06", "hello", None, None),
    ("0001000B916407281553F8000004E8329B0D", "hell", None, None),
    ("07919761989901F00100038109F0000000", "", None, None),         # SMSC, short code, no text
    ("0001000B916407281553F80004024142", "4142", None, None),
    ("0001000b916407281553f8000005e8329bfd06", "hello", None, None),
])
def test_right_pdu(sim, port, pdu, text, validity, klass):
    smsc = int(pdu[:2], 16)
    port.send(pdu, len(pdu) // 2 - 1 - smsc)
    shown, = sim.texts()
    assert (shown["text"], shown["validity_minutes"], shown["class"]) == (text, validity, klass)
    assert sim.violations() == 0


def test_prompt_escape_and_control_z(sim, port):
    port.write("AT+CMGS=18\r")
    assert port.until("> ") == "\r\n> "
    port.write(HELLO[0][:10] + "\x1b")
    assert port.until("OK\r\n") == "\r\nOK\r\n"
    assert sim.texts() == [] and sim.stat("escaped") == 1
    assert sim.violations() == 0
    port.write("\x1a")
    assert port.at("AT") == []
    assert "Ctrl-Z" in sim.ok("violations")


def test_states_that_refuse_to_send(sim, port):
    sim.ok("registration 3")
    port.at("AT+CMGS=18", "\r\n+CMS ERROR: 331\r\n")
    sim.ok("registration 1")
    sim.ok("sim remove")
    port.until("+CPIN: NOT INSERTED\r\n")
    port.at("AT+CMGS=18", "\r\n+CMS ERROR: 310\r\n")
    sim.ok("sim insert")
    port.until("+CPIN: READY\r\n")
    port.at("AT+CFUN=4")
    port.at("AT+CMGS=18", "\r\n+CMS ERROR: 302\r\n")
    port.at("AT+CFUN=1")
    sim.ok("refuse +4670 28")
    port.send(*HELLO, "\r\n+CMS ERROR: 28\r\n")
    port.at("AT+CMGF=1")
    port.at("AT+CMGS=18", "\r\n+CMS ERROR: 304\r\n")


def test_protocol_violations(sim, port):
    def violated(data, why, final):
        sim.ok("violations clear")
        port.write(data)
        port.until(final)
        assert why in sim.ok("violations"), data

    violated("AT\r\n", "LF after the CR", "OK\r\n")
    violated("AT\rAT+CSQ\r", "before the final result", "OK\r\n")
    violated("ABC\rAT\r", "not a command", "OK\r\n")
    violated("AT+CMGS=18\r" + HELLO[0] + "\x1a", "payload before the prompt", "> ")
    violated("\x1b", "", "OK\r\n")
    violated("AT+CMGS=18\r\n", "", "> ")  # the LF is in the prompt now
    violated(HELLO[0] + "\x1a", "not hex", "+CMS ERROR: 304\r\n")
    sim.ok("set send-time 200")
    port.write("AT+CMGS=18\r")
    port.until("> ")
    port.write(HELLO[0] + "\x1a")
    violated("AT+CSQ\r", "before the final result", "+CMGS: 0\r\n\r\nOK\r\n")
    violated("AT+COPS=?\r", "0", "")
    violated("AT\r", "before the final result of AT+COPS=?", "\r\nERROR\r\n")


def test_pin(start):
    sim = start("--pin", "1234")
    port = bring_up(sim)
    assert port.at("AT+CPIN?") == ["+CPIN: SIM PIN"]
    assert port.at("AT+CREG?") == ["+CREG: 0,0"]
    port.at("AT+CMGS=18", "\r\n+CMS ERROR: 311\r\n")
    port.at('AT+CPIN="1111"', "\r\n+CME ERROR: 16\r\n")
    assert port.at("AT+CPINR") == ["+CPINR: SIM PIN,2,3", "+CPINR: SIM PUK,10,10"]
    port.at('AT+CPIN="1234"')
    assert port.at("AT+CREG?") == ["+CREG: 0,1"]
    sim.ok("reboot")
    port.at("ATE0")
    port.at("AT+CMEE=2")
    for final in ("incorrect password", "incorrect password", "SIM PUK required"):
        port.at('AT+CPIN="1111"', f"\r\n+CME ERROR: {final}\r\n")
    assert port.at("AT+CPIN?") == ["+CPIN: SIM PUK"]
    port.at('AT+CPIN="12345678","4321"')
    assert port.at("AT+CPIN?") == ["+CPIN: READY"]
    port.close()


def read_text(port, index):
    header, pdu = port.at(f"AT+CMGR={index}")
    return header, bytes.fromhex(pdu)


def test_incoming_is_stored(sim, port):
    port.at('AT+CPMS="ME","ME","ME"')
    sim.ok("sms Bank24 Hi")
    assert port.until("+CMTI: ") and port.until("\r\n") == '"ME",1\r\n'
    header, pdu = read_text(port, 1)
    assert header == "+CMGR: 0,,21"
    assert pdu[8:].hex().upper().startswith("040BD0C2B07B2DA3010000")
    assert pdu.hex().upper().endswith("02C834")
    assert read_text(port, 1)[0] == "+CMGR: 1,,21"
    assert len(port.at("AT+CMGL=4")) == 2
    port.at("AT+CMGD=1")
    port.at("AT+CMGD=1", "\r\n+CMS ERROR: 321\r\n")
    assert sim.ok("sms +79161234567 ref16 " + "ж" * 140) == "3"
    assert sim.stat("me") == 3


def test_full_memory_holds_messages_back(start):
    sim = start("--memory-me", "1")
    port = bring_up(sim)
    port.at('AT+CPMS="ME","ME","ME"')
    sim.ok("sms +79161234567 one")
    sim.ok("sms +79161234567 two")
    port.until('+CMTI: "ME",1\r\n')
    assert sim.stat("me") == 1
    port.at("AT+CMGD=1")
    port.until('+CMTI: "ME",1\r\n')
    port.close()


def test_direct_delivery_wants_an_acknowledgement(sim, port):
    port.at("AT+CSMS=1")
    port.at("AT+CNMI=2,2,0,1,0")
    sim.ok("sms +79161234567 one")
    sim.ok("sms +79161234567 two")
    port.until("\r\n+CMT: ,")
    assert "+CMT" not in port.quiet(0.1)
    port.at("AT+CNMA")
    port.until("\r\n+CMT: ,")
    sim.ok("set ack-time 1")
    port.at("AT+CNMA")
    port.at("AT+CNMA", "\r\n+CMS ERROR: 340\r\n")
    sim.ok("sms +79161234567 three")
    port.until("\r\n+CMT: ,")
    wait_until(lambda: sim.stat("unacknowledged") == 1)
    assert port.at("AT+CNMI?")[-1] == "+CNMI: 2,0,0,0,0"


def test_calls(sim, port):
    port.at("AT+CLIP=1")
    sim.ok("set ring-time 50")
    sim.socket.sendall(b"call +79161234567\n")
    port.until('\r\nRING\r\n\r\n+CLIP: "+79161234567",145,,,,0\r\n')
    port.at("AT+CHUP")
    assert sim.lines.readline().startswith("ok rejected")
    assert sim.ask("call withheld 2") == "ok missed 2"
    assert '+CLIP: "",128,,,,1' in port.until("NO CARRIER\r\n")


def test_ussd(sim, port):
    sim.ok("ussd *100# Balance:\\n12.50")
    port.at('AT+CUSD=1,"*100#",15')
    port.until('\r\n+CUSD: 0,"Balance:\n12.50",15\r\n')
    port.at('AT+CUSD=1,"*1#",15')
    port.until("\r\n+CUSD: 4\r\n")


def test_signal_registration_and_urcs(sim, port):
    port.at("AT+CREG=1")
    sim.ok("registration 2")
    port.until("\r\n+CREG: 2\r\n")
    sim.ok("signal 7")
    assert port.at("AT+CSQ") == ["+CSQ: 7,0"]
    sim.ok("urc +CIEV: 1,2")
    port.until("\r\n+CIEV: 1,2\r\n")
    sim.ok("flood ^RSSI:9 500")
    for _ in range(500):
        port.until("\r\n^RSSI:9\r\n")
    sim.ok("garbage 64")
    assert port.quiet(0.1) != ""
    assert sim.ask("dance").startswith("error")


def test_unplug_and_plug(sim, port, tmp_path):
    sim.ok("unplug")
    assert not os.path.lexists(sim.pty)
    with pytest.raises(OSError):
        port.until("never")
    other = str(tmp_path / "other")
    sim.ok(f"plug {other}")
    again = Port(other)
    assert again.at("ATE0") == ["ATE0"]
    again.close()
    sim.ok("unplug")
    sim.ok(f"plug {sim.pty}")


def test_dialogue_file(start, tmp_path):
    (tmp_path / "huawei").write_text(
        "# as a stick would\n< AT+CGMI\n> huawei\n> OK\n< AT+CPMS=?\n> @built-in\n"
        "< AT+CPMS=*\n> COMMAND NOT SUPPORT\n< AT+CGMR\n")
    sim = start("--dialogue", str(tmp_path / "huawei"))
    port = bring_up(sim)
    assert port.at("AT+CGMI") == ["huawei"]
    assert port.at("AT+CPMS=?")[0].startswith("+CPMS: (")
    port.at('AT+CPMS="ME"', "\r\nCOMMAND NOT SUPPORT\r\n")
    port.write("AT+CGMR\r")
    assert port.quiet(0.1) == ""
    assert port.at("AT") == []
    port.close()


def test_tcp_and_several_modems(start, tmp_path):
    sim = start("--tcp", "127.0.0.1:0", "--modem", "a", "--imei", "111111111111111",
                "--modem", "b", "--pty", str(tmp_path / "b"), "--imei", "222222222222222")
    ready = [sim.ready] + [sim.process.stdout.readline().split() for _ in range(3)]
    assert [line[1] for line in ready] == ["a", "a", "b", "b"]
    host, port = ready[3][2][len("tcp://"):].split(":")
    with socket.create_connection((host, int(port)), LIMIT) as line:
        line.sendall(b"AT+CGSN\r")
        seen = b""
        while b"OK" not in seen:
            seen += line.recv(4096)
        assert b"222222222222222" in seen
        with socket.create_connection((host, int(port)), LIMIT) as second:
            assert second.recv(1) == b""
    assert sim.ok("modems") == "a b"
    assert "commands=1 " in sim.ok("@b stats") + " "
    assert "commands=0 " in sim.ok("@a stats") + " "
    assert sim.ask("@c stats") == "error no such modem"


def test_log_shows_both_directions(sim, port):
    port.send(*HELLO)
    sim.stat("commands")
    with open(sim.log, encoding="utf-8") as lines:
        log = [line.split(" ", 3) for line in lines]
    assert ["<", f"{HELLO[0]}<SUB>\n"] in [line[2:] for line in log]
    assert [">", "\\r\\n> \n"] in [line[2:] for line in log]
    times = [float(line[0]) for line in log]
    assert times == sorted(times)


def test_the_handset_is_listed(sim, port):
    port.send(*HELLO)
    listed, = json.loads(sim.ok("handset"))
    assert listed == sim.texts()[0]


def test_any_bytes_leave_it_alive(sim, port):
    noise = bytes((i * 89 + i // 7) % 256 for i in range(20000))
    for i in range(0, len(noise), 500):
        port.write(noise[i:i + 500])
        port.quiet(0.001)
    port.write("\x1b\r")
    port.quiet(0.1)
    port.write("ATE0V1Q0\r")
    port.until("OK\r\n")
    assert port.at("AT") == []
