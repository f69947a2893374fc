"""The fault matrix, first half: what a modem says, says wrongly or does not say at all. Each row
asserts the recovery that was seen and accounts for every message."""
import os

import pytest

import gate
import matrix


@pytest.fixture
def row(field):
    return matrix.Row(field)


# id, faults, how the message ends, a sign of recovery ("" where the line alone copes)
SENDING = [
    ("no-prompt", ["no-prompt once"], "sent", "modem.recovering resync"),
    ("prompt-without-blank", ["prompt-no-blank always"], "sent", ""),
    ("error-instead-of-prompt", ["prompt-error once 302"], "sent", ""),
    ("urc-between-prompt-and-payload", ["urc-between always"], "sent", ""),
    ("ok-without-reference", ["ok-without-ref once"], "sent", ""),
    ("reference-without-ok", ["ref-without-ok once"], "sent", "modem.recovering resync"),
    ("doubled-ok", ["double-ok always on AT+CMGS", "double-ok always on payload"], "sent", ""),
    ("accepted-then-silence", ["accept-then-silence once"], "uncertain",
     "modem.recovering resync"),
    ("reply-after-the-deadline", ["late-reply once 3000"], "sent", "modem.recovering resync"),
    ("prompt-after-the-deadline", ["late once 2000 on AT+CMGS"], "sent",
     "modem.recovering resync"),
    ("garbage-before-and-in-replies", ["garbage-in-reply always"], "sent", ""),
    ("partial-line-for-a-moment", ["partial-line always 300 on *"], "sent", ""),
    ("partial-line-then-silence", ["partial-line once 6000 on AT+CMGS"], "sent",
     "modem.recovering"),
    ("partial-reply-to-a-payload", ["partial-line once 6000 on payload"], "sent uncertain",
     "modem.recovering"),
    ("echo-stays", ["echo-stays always"], "sent", ""),
    ("byte-by-byte", ["byte-by-byte always 1 on *", "byte-by-byte always 1 on payload"], "sent",
     ""),
    ("silent-once", ["silent once on AT+CMGS"], "sent", "modem.recovering resync"),
]


@pytest.mark.parametrize("faults,ends,sign", [r[1:] for r in SENDING], ids=[r[0] for r in SENDING])
def test_sending(row, faults, ends, sign):
    row.fault(*faults)
    message = row.send()
    row.gateway.wait_message(message, *ends.split())
    if sign:
        row.saw(sign)
    row.account()


# The error's class decides (modem-facts 7): code, state, the reason's class while it waits.
CLASSES = [
    (17, "sent", "retry_soon"), (500, "sent", "ambiguous"), (300, "sent", "recover"),
    (42, "queued", "retry_later"), (50, "queued", "sim"), (1, "failed", "recipient"),
    (96, "failed", "message"), (197, "sent", ""), (332, "sent", "ambiguous"),
    (321, "sent", "ignore"), (304, "failed", "message"),
]


@pytest.mark.parametrize("code,ends,kind", CLASSES, ids=[str(c[0]) for c in CLASSES])
def test_cms_error_of_every_class(row, code, ends, kind):
    row.fault(f"cms {'always' if ends in ('failed', 'queued') else 'once'} {code}")
    message = row.send()

    def through():
        return any(f"cms_{code}" in (h["reason"] or "") for h in row.gateway.message(message)["history"])
    if code != 197:
        gate.wait_until(through, why=f"{code} was not told: {row.gateway.message(message)}")
    ended = row.gateway.wait_message(message, ends)
    if ends != "sent":
        assert ended["reason"]["class"] == kind, ended
    if code == 197:  # "the centre already has it": here it has not
        del row.texts[message]
    if ends == "queued":
        assert row.gateway.call("DELETE", f"/v1/messages/{message}").status == 200
        if kind == "sim":  # this SIM rests; that is another row's matter
            return
    row.account()


def test_no_reply_at_all(field):
    row = matrix.Row(field, start=False)
    row.fault("silent always on *")
    row.saw("modem.recovering reopen", "modem.recovering reset")
    row.send(3)
    row.account(sent=4)


def test_a_modem_that_falls_silent(row):
    row.fault("silent always on *")
    row.send(3)
    row.saw("modem.recovering resync")
    row.saw("modem.recovering reopen")
    row.saw("modem.recovering reset")
    row.account(sent=4)
    recoveries = row.status()["recoveries"]
    assert recoveries["resync"] >= 1 and recoveries["reopen"] >= 1, recoveries


@pytest.mark.parametrize("where", ["AT+CSQ", "AT+CMGS", "payload"])
def test_hangs_for_30_seconds(row, where):
    row.fault(f"hang once 6000 on {where}")  # as all times here: a fifth
    row.send()
    row.saw("modem.recovering resync")
    row.saw("modem.recovering reopen")
    row.account()


@pytest.mark.parametrize("where,ends", [("AT+CMGS", {"sent": 2}),
                                        ("payload", {"uncertain": 1, "sent": 1})])
def test_hangs_for_ever(field, where, ends):
    power = f"{field.folder}/power"
    row = matrix.Row(field, recovery=f'power_command = [ "{power}", "cycle" ];')
    # What only power brings back, as a relay would: the simulator is unplugged and plugged.
    with open(power, "w", encoding="ascii") as file:
        file.write("#!/usr/bin/python3\nimport socket\n"
                   "for line in (b'unplug\\n', b'plug\\n'):\n"
                   "    s = socket.socket(socket.AF_UNIX)\n"
                   f"    s.connect('{row.simulator.control_path}')\n"
                   "    s.sendall(line)\n    s.recv(100)\n")
    os.chmod(power, 0o755)
    row.fault(f"hang once forever on {where}")
    row.send()
    row.saw("modem.recovering power")
    row.account(**ends)
    assert row.status()["recoveries"]["power"] >= 1 or row.status()["reopenings"] > 1


FLOODS = ["^RSSI: 15", "^BOOT: 20080826,0,0,0,75", "RING", "+CREG: 1", "NO CARRIER",
          "+CMGS: 9"]


@pytest.mark.parametrize("line", FLOODS, ids=["rssi", "boot", "ring", "creg", "no-carrier",
                                              "late-reference"])
def test_floods_of_urcs(row, line):
    row.send(5)
    row.simulator.control(f"flood {line} 2000")
    row.send(5)
    row.simulator.control(f"flood {line} 2000")
    ended = row.account()
    assert sum(m["state"] == "failed" for m in ended.values()) == 0


@pytest.mark.parametrize("lie", ["ERROR", "OK", "> ", "+CMS ERROR: 500", "RDY", "+CPIN: SIM PIN"])
def test_lies_cost_no_more_than_a_step(row, lie):
    """What looks like an answer cannot be told from one: a text may come twice, none is lost."""
    row.send(5)
    row.simulator.control(f"flood {lie} 500")
    row.send(5)
    row.gateway.wait_modem()
    row.send()
    ended = row.settled()
    phones = {m["text"] for m in row.simulator.handset()}
    for message, found in ended.items():
        assert found["state"] in ("sent", "uncertain"), found
        assert found["state"] == "uncertain" or row.texts[message] in phones, found


def test_garbage_at_any_time(row):
    for n in (1, 3000, 4096):
        row.simulator.control(f"garbage {n}")
        row.send(2)
    row.account()


def test_missing_prompts_slow_it_down(row):
    row.fault("no-prompt 3")
    row.send(3)
    gate.wait_until(lambda: row.status()["recoveries"]["resync"] >= 3)
    row.account(sent=4)
    pacing = row.status()["pacing"]
    assert pacing["step"] == 3 and pacing["prompt_gap_ms"] > 0, pacing


def test_errors_in_a_row_climb_the_ladder(row):
    row.fault("cms always 300")
    row.send(12)
    for step in ("resync", "route", "init"):
        row.saw(f"modem.recovering {step}")
    row.account(sent=13)


def test_a_failure_leaves_a_transcript_that_replays(row):
    row.fault("cms always 300")
    row.send(3)
    folder = f"{row.field.folder}/transcripts"
    row.saw("modem.recovering resync")
    gate.wait_until(lambda: os.path.isdir(folder) and os.listdir(folder))
    path = os.path.join(folder, os.listdir(folder)[0])
    gate.wait_until(lambda: "< payload" in open(path, encoding="utf-8").read())
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert "> +CMS ERROR: 300" in text and "row " not in text and "7912345" not in text, text
    assert os.stat(path).st_mode & 0o777 == 0o600
    row.account(sent=4)
    # Another simulator plays it: the same errors come back.
    second = row.field.simulator("--send-time", 5, "--dialogue", path, name="gsm9")
    other = f"{row.field.folder}/other"
    os.mkdir(other)
    gateway = gate.Gateway(other, matrix.modem("gsm9", second.pty))
    row.field.gateways.append(gateway)
    gateway.wait_modem(name="gsm9")
    message = gateway.send("+79123450000", "again")
    gate.wait_until(lambda: any("cms_300" in (h["reason"] or "")
                                for h in gateway.message(message)["history"]))
