"""What is left of the field: SIM safety, stored things, USSD, the ladder's bounds, the log that a
technician reads, and sixty-four modems at once."""
import os
import time

import pytest

import gate
import matrix

PHONE = "+79123456789"


def commands(simulator, prefix):
    """How often the modem was sent such a command."""
    with open(simulator.dialogue_path, encoding="utf-8", errors="replace") as file:
        return sum(f" < {prefix}" in line for line in file)


# ---- the SIM ----

def test_the_last_attempt_is_a_persons(field):
    """Two wrong PINs were given to the modem by hand: even the right one is not tried now."""
    pin = f"{field.folder}/pin"
    row = matrix.Row(field, "--pin", "1234", start=False, more=f'pin_file = "{pin}";')
    row.gateway.wait_modem("sim_pin")
    gate.wait_until(lambda: "pin_file does not exist" in row.status()["why"])
    for _ in range(2):
        row.gateway.post("/v1/modems/gsm0/at", {"command": 'AT+CPIN="0000"'})
    with open(pin, "w", encoding="ascii") as file:
        file.write("1234\n")
    row.gateway.reload()
    gate.wait_until(lambda: "too few PIN tries left" in row.status()["why"])
    row.gateway.post("/v1/modems/gsm0/actions", {"action": "reopen"})
    gate.wait_until(lambda: commands(row.simulator, "AT+CPINR") >= 3)
    row.gateway.wait_modem("sim_pin")
    assert commands(row.simulator, 'AT+CPIN="1234"') == 0
    assert row.simulator.violations() == 0


# ---- what is stored ----

def test_stored_reports_are_read(field):
    """Where reports cannot come directly they are announced (+CDSI), or found after a restart."""
    simulator = field.simulator("--send-time", 5, "--cnmi", "(0-2),(0-3),(0,2),(0,2),(0,1)",
                                "--reports", "delivered", "--report-time", 20)
    gateway = field.gateway(gate.modem("gsm0", simulator.pty))
    gateway.wait_modem()
    gateway.wait_message(gateway.send(PHONE, "announced", report=True), "delivered")
    with open(simulator.dialogue_path, encoding="utf-8") as file:
        assert "+CDSI:" in file.read()
    simulator.control("reports none")
    late = gateway.send(PHONE, "found later", report=True)
    gateway.wait_message(late, "sent")
    gateway.stop()
    simulator.control("report 00")
    gateway.start()
    gateway.wait_message(late, "delivered")
    assert simulator.violations() == 0


def test_every_storage_is_swept(field):
    """SIM and modem memory are both read and emptied, whatever is announced."""
    simulator = field.simulator("--send-time", 5)
    simulator.control("sms +79120001122 class=2 on the card")
    simulator.control("sms +79120001133 class=1 in the modem")
    gateway = field.gateway(gate.modem("gsm0", simulator.pty))
    gateway.wait_modem()
    items = gate.wait_until(lambda: (lambda i: i if len(i) == 2 else None)(
        gateway.get("/v1/inbox")["items"]))
    assert {i["text"] for i in items} == {"on the card", "in the modem"}
    gate.wait_until(lambda: "sm=0 me=0" in simulator.control("stats"))
    simulator.control("sms +79120001144 class=0 shown and not stored")
    gate.wait_until(lambda: len(gateway.get("/v1/inbox")["items"]) == 3)
    assert simulator.violations() == 0


def test_a_memory_that_fills_up_while_nothing_is_announced(field):
    """Four places, twenty messages: the others wait in the network until the sweep made room."""
    row = matrix.Row(field, "--cnmi", NOTICES["none"], "--memory-me", 4, "--memory-sm", 4)
    for i in range(20):
        row.simulator.control(f"sms +791200011{i:02d} number {i}")
    row.send()
    items = gate.wait_until(lambda: (lambda i: i if len(i) == 20 else None)(
        row.gateway.get("/v1/inbox?limit=200")["items"]))
    assert {i["text"] for i in items} == {f"number {i}" for i in range(20)}
    row.account()


NOTICES = {"mode-1": "(0,1),(0,1),(0),(0,1),(0,1)", "no-reports": "(0,1),(0,1),(0),(0),(0,1)",
           "none": "(0),(0),(0),(0),(0,1)"}


@pytest.mark.parametrize("offered", NOTICES.values(), ids=NOTICES)
def test_notices_by_what_the_modem_takes(field, offered):
    row = matrix.Row(field, "--cnmi", offered)
    row.simulator.control("sms +79120001122 heard of")
    gate.wait_until(lambda: row.gateway.get("/v1/inbox")["items"])
    row.account()


# ---- USSD ----

ANSWERS = [
    ("text", "", "*100#", '0,"Balance 42",15', "Balance 42"),
    ("lines", "", "*100#", "Balance:\\n12.50", "Balance:\n12.50"),
    ("ucs2", "", "*100#", '0,"04110430043B0430043D0441",72', "Баланс"),
    ("menu", "", "*100#", '1,"1 Yes 2 No",15', "1 Yes 2 No"),
    ("packed", "huawei", "AA180C3602", '0,"C2303BEC1E9775A098CC5503",15', "Balance: 12.5"),
]


@pytest.mark.parametrize("maker,code,spec,expected", [a[1:] for a in ANSWERS],
                         ids=[a[0] for a in ANSWERS])
def test_ussd_answers(field, maker, code, spec, expected):
    options = ("--manufacturer", "huawei", "--model", "E173") if maker else ()
    row = matrix.Row(field, *options)
    row.simulator.control(f"ussd {code} {spec}")
    answer = row.gateway.post("/v1/modems/gsm0/ussd", {"code": "*100#"})
    assert answer.status == 200, answer
    assert answer["answer"] == expected, answer
    if spec.startswith("1,"):  # a menu is closed after its first words
        gate.wait_until(lambda: commands(row.simulator, "AT+CUSD=2") == 1)
    row.account(sent=1)


@pytest.mark.parametrize("end", [2, 4, 5])
def test_ussd_that_ends_without_an_answer(field, end):
    row = matrix.Row(field)
    row.simulator.control(f'ussd *100# {end},"",15')
    answer = row.gateway.post("/v1/modems/gsm0/ussd", {"code": "*100#"})
    assert answer.status != 200 and answer.body["detail"], answer
    row.account(sent=1)


# ---- the ladder ----

def test_resets_are_bounded_and_told(field):
    """One an hour here: after it the modem is left alone, and says so."""
    row = matrix.Row(field, start=False)
    row.gateway.stop()
    row.gateway = field.gateway(matrix.modem("gsm0", row.simulator.pty).replace(
        "per_hour = 12", "per_hour = 1"))
    row.gateway.wait_modem()
    row.fault("silent always on *")
    shown = gate.wait_until(lambda: (lambda s: s if s["recovery_step"] == "reset" else None)(
        row.status()))
    assert shown["state"] == "recovering" and shown["why"].startswith("reset: "), shown
    assert shown["recovery_reason"] and shown["recoveries"]["reset"] == 1
    gate.wait_until(lambda: row.status()["reopenings"] >= shown["reopenings"] + 1)
    assert row.status()["recoveries"]["reset"] == 1
    row.send()
    row.account(sent=2)
    assert row.status()["recovery_step"] in (None, "")


def test_noise_inside_replies(field):
    path = f"{field.folder}/noise"
    with open(path, "wb") as file:
        file.write(b"< AT+CSQ\n> \x80\xff{~ +CSQ: 99\n> +CSQ: 12,0\n> \x1f\x7f\xfe\n> OK\n"
                   b"< AT+CREG?\n> \xffERROR\xff\n> +CREG: 2,1\n> OK OK?\n> OK\n")
    row = matrix.Row(field, "--dialogue", path)
    row.send(3)
    gate.wait_until(lambda: row.status()["dbm"] == -89)
    row.account(sent=4)


# ---- what a technician reads ----

def test_the_log_of_a_modem(field):
    """A line for each change, with the modem's name and the cause, and a summary."""
    row = matrix.Row(field, start=False, more='limits = [ "3/1h" ];')
    row.gateway.stop()
    with open(row.gateway.config, encoding="utf-8") as file:
        text = file.read().replace('level = "debug";', 'level = "info"; summary = "1s";')
    with open(row.gateway.config, "w", encoding="utf-8") as file:
        file.write(text)
    seen = len(row.gateway.output())
    row.gateway.start()
    row.gateway.wait_modem()

    def tells(*words):
        def told():
            lines = [line for line in row.gateway.output()[seen:].splitlines()
                     if "modem=gsm0" in line and all(word in line for word in words)]
            return lines
        return gate.wait_until(told, why=f"the log never told {words}")
    tells("signal: good (-73 dBm)")
    row.simulator.control("signal 2")
    tells("signal: poor (-109 dBm), was: good")
    row.simulator.control("registration 5")
    tells("registration: registered, roaming, was: registered")
    row.simulator.control("registration 2")
    tells("ready -> searching: searching for a network")
    row.simulator.control("registration 1")
    tells("searching -> ready: registered")
    row.simulator.control("sim remove")
    tells("-> sim_missing: ")
    row.simulator.control("sim insert 8970199000000000017")
    tells("another SIM: ICCID ")
    row.gateway.wait_modem()
    row.send(3)
    row.settled()
    tells("the limit of 3/1h is reached")
    row.fault("silent once on AT+CSQ")
    tells("a command had no answer; recovery step: resync")
    tells("recovery step resync helped")
    tells("summary: ready for", "registered, Simulated", "since the last summary")
    log = row.gateway.output()
    assert "8970199000000000017" not in log and "7912345" not in log


def test_a_trace_is_live_and_masked(field):
    row = matrix.Row(field)
    path = f"{field.folder}/trace"
    trace = gate.Process([os.path.join(gate.BUILD, "simgate"), "--socket", row.gateway.socket,
                          "modem", "trace", "gsm0"], path)
    gate.wait_until(lambda: "AT+" in trace.output(), why="nothing is traced")
    row.send()
    row.settled()
    gate.wait_until(lambda: "+CMGS: " in trace.output())
    trace.kill()
    assert "AT+CMGS=" in trace.output() and "<pdu>" in trace.output()
    assert "row 0" not in trace.output() and "9721436" not in trace.output()


def test_the_alarm_counts_over_restarts(field):
    """Without a network since before the restart."""
    row = matrix.Row(field, start=False)
    row.gateway.stop()
    row.simulator.control("registration 2")
    row.gateway = field.gateway(matrix.modem("gsm0", row.simulator.pty).replace(
        'alarm = "1d"', 'alarm = "12s"'))
    begun = time.monotonic()
    row.gateway.wait_modem("searching")
    gate.wait_until(lambda: time.monotonic() - begun > 6)
    row.gateway.stop()
    row.gateway.start()
    again = time.monotonic()
    row.saw("modem.alarm without a network")
    assert time.monotonic() - again < 12


# ---- sixty-four modems ----

N = 64


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_sixty_four_modems(field, capsys):
    """One process, 100 ms a message: every modem works, each message is sent once."""
    options = []
    for i in range(N):
        options += ["--modem", f"m{i}", "--pty", f"{field.folder}/m{i}.pty"]
    simulator = field.simulator(*options, name="m", common=("--send-time", 100))
    gateway = field.gateway(*[gate.modem(f"m{i}", f"{field.folder}/m{i}.pty") for i in range(N)])
    began = time.monotonic()
    for i in range(N):
        gateway.wait_modem(name=f"m{i}")
    up = time.monotonic() - began
    ids = [gateway.send(f"+7912{i:07d}", f"text {i}") for i in range(N)]
    for message in ids:  # the first of each modem: nothing is new to it any more
        gateway.wait_message(message, "sent")
    for i in range(N):
        gateway.post(f"/v1/modems/m{i}/actions", {"action": "drain"})
    n = N * 20
    for i in range(N, n + N):
        gateway.send(f"+7912{i:07d}", f"text {i}")
    for i in range(N):
        gateway.wait_modem("drained", name=f"m{i}")
    busy, began = cpu_seconds(gateway.popen.pid), time.monotonic()
    for i in range(N):
        gateway.post(f"/v1/modems/m{i}/actions", {"action": "resume"})
    gate.wait_until(lambda: gateway.get("/v1/status")["messages"]["sent"] == n + N)
    took = time.monotonic() - began
    busy = cpu_seconds(gateway.popen.pid) - busy
    received = simulator.wait_handset(n + N)
    assert sorted(m["text"] for m in received) == sorted(f"text {i}" for i in range(n + N))
    times = [[m["at_us"] / 1e6 for m in received if m["modem"] == f"m{i}"][2:] for i in range(N)]
    assert min(map(len, times)) > 1, list(map(len, times))
    gaps = [(t[-1] - t[0]) / (len(t) - 1) for t in times]
    assert simulator.violations() == 0
    with capsys.disabled():
        print(f"\n{N} modems: up in {up:.1f} s; {n} messages of 100 ms in {took:.1f} s "
              f"({n / took:.0f}/s), a modem's one after {sum(gaps) / N * 1000:.1f} ms, "
              f"{busy / took * 100:.0f} % of a core, {memory_mb(gateway.popen.pid):.0f} MB")
