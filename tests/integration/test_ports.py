"""Ports: who is there, who holds them, whose modem it is; detect and doctor. Pseudo terminals have
no USB facts, so they are named: what the kernel says of USB is tested on trees of devices
(tests/unit/modem)."""
import fcntl
import json
import os
import stat
import subprocess

import gate

SIM = ("--iccid", "89701012345678901234", "--imei", "356938035643809")
OTHER_IMEI = "356938035649999"


def daemon_tool(*words):
    """Runs simgated's own tools; returns (exit code, stdout, stderr)."""
    done = subprocess.run([os.path.join(gate.BUILD, "simgated"), *words], text=True,
                          capture_output=True, timeout=gate.LIMIT)
    return done.returncode, done.stdout, done.stderr


def doctor_of(*words):
    code, out, err = daemon_tool("--doctor", "--json", *words)
    assert "Sanitizer" not in err, err
    doctor = json.loads(out)
    assert code == ["pass", "warn", "fail"].index(doctor["status"])
    return doctor


def check(doctor, name, subject=None):
    """The status, detail and remedy of one check."""
    found = [c for c in doctor["checks"]
             if c["check"] == name and (subject is None or c["subject"] == subject)]
    assert len(found) == 1, doctor["checks"]
    return found[0]


# ---- detect ----

def test_detect_finds_a_modem_and_writes_its_configuration(field):
    simulator = field.simulator()
    code, out, err = daemon_tool("--detect", simulator.pty)
    assert code == 0, err
    assert "Simulated GSM-1, IMEI 356938035643809, SIM READY" in out
    config = os.path.join(field.folder, "made.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(out[out.index("# for simgate.conf"):])
    assert daemon_tool("--check-config", "-c", config)[0] == 0
    assert simulator.violations() == 0


def test_detect_tells_why_nobody_answers(field):
    master, slave = os.openpty()
    missing = os.path.join(field.folder, "missing")
    file = os.path.join(field.folder, "file")
    with open(file, "w", encoding="utf-8") as made:
        made.write("not a port")
    code, out, _ = daemon_tool("--detect", os.ttyname(slave), missing, file)
    assert code == 1
    lines = out.splitlines()
    assert "nobody answers AT" in lines[0]
    assert "no such device" in lines[1]
    assert "not a serial line" in lines[2]
    os.close(master)
    os.close(slave)


def test_detect_knows_the_state_of_the_sim(field):
    states = {"a": (("--pin", "1234"), "SIM PIN"), "b": ((), "READY")}
    for name, (options, word) in states.items():
        simulator = field.simulator(*options, name=name)
        code, out, _ = daemon_tool("--detect", "--json", simulator.pty)
        port = json.loads(out)["items"][0]
        assert (code, port["answer"], port["sim"]) == (0, "answers", word)
        assert simulator.violations() == 0


def test_detect_leaves_alone_what_the_daemon_holds(field):
    simulator, gateway = field.pair()
    before = simulator.control("stats")
    code, out, _ = daemon_tool("--detect", simulator.pty)
    assert code == 0
    assert f"held by simgated ({gateway.popen.pid})" in out
    assert gateway.get("/v1/modems/gsm0")["state"] == "ready"
    assert simulator.violations() == 0
    assert before


def test_another_holder_is_named(field):
    simulator = field.simulator()
    fd = os.open(simulator.pty, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    code, out, _ = daemon_tool("--detect", simulator.pty)
    assert code == 1
    assert f"({os.getpid()})" in out and "held by" in out
    gateway = field.gateway(gate.modem("gsm0", simulator.pty))
    shown = gate.wait_until(lambda: "held" in (gateway.get("/v1/modems/gsm0")["why"] or "")
                            and gateway.get("/v1/modems/gsm0"))
    assert "ModemManager" in shown["why"] and "simgate doctor" in shown["why"]
    held = check(gateway.get("/v1/doctor").body, "holder")
    assert held["status"] == "fail" and f"({os.getpid()})" in held["detail"]
    os.close(fd)
    gateway.wait_modem()


# ---- the daemon's list ----

def test_ports_of_the_daemon(field):
    simulator, gateway = field.pair()
    answer = gateway.get("/v1/ports")
    assert answer.status == 200 and answer["next"] is None
    port = [p for p in answer["items"] if p["device"] == simulator.pty][0]
    assert (port["answer"], port["modem"], port["state"]) == ("ours", "gsm0", "ready")
    assert (port["imei"], port["sim"]) == ("356938035643809", "READY")
    assert port["storage_total"] > 0
    assert 'name = "gsm0"' in answer["config"]
    code, out, _ = gate.cli(gateway, "detect")
    assert code == 0 and "in use as gsm0, ready" in out
    assert simulator.violations() == 0


def test_ports_are_for_operators(field):
    uid = os.stat(field.folder).st_uid
    gateway = field.gateway(more=f'clients = ( {{ user = "#{uid}"; role = "viewer"; }} );'
                            if uid != 0 else "")
    status = gateway.get("/v1/ports").status
    assert status == (200 if uid == 0 else 403)


# ---- doctor ----

def test_doctor_of_a_sound_modem(field):
    simulator, gateway = field.pair()
    doctor = gateway.get("/v1/doctor").body
    for name in ("daemon", "config", "disk", "database", "store", "modem", "sim", "registration",
                 "signal", "smsc", "storage"):
        assert check(doctor, name)["status"] == "pass", doctor
    code, out, _ = gate.cli(gateway, "doctor")
    assert code == ["pass", "warn", "fail"].index(doctor["status"])
    assert "registered, Simulated" in out
    assert simulator.violations() == 0


def test_doctor_says_what_is_wrong_with_a_modem(field):
    cases = (
        (("--pin", "1234"), "", "sim", "warn", "PIN"),
        (("--smsc", ""), "", "smsc", "warn", "message centre"),
        ((), "registration 3", "registration", "fail", "denies"),
        ((), "registration 2", "registration", "warn", "searching"),
        ((), "sim remove", "sim", "fail", "SIM"),
        ((), "signal 1", "signal", "warn", "dBm"),
    )
    for i, (options, command, name, status, word) in enumerate(cases):
        simulator = field.simulator(*options, name=f"m{i}")
        if command:
            simulator.control(command)
        found = check(doctor_of(simulator.pty), name)
        assert found["status"] == status and word in found["detail"], (command, found)
        assert found["remedy"]
        assert simulator.violations() == 0


def test_doctor_without_a_daemon(field):
    simulator = field.simulator()
    gateway = field.gateway(gate.modem("gsm0", simulator.pty), start=False)
    doctor = doctor_of("-c", gateway.config)
    assert check(doctor, "config")["status"] == "pass"
    assert check(doctor, "daemon")["status"] == "warn"
    assert check(doctor, "modem", "gsm0")["status"] == "pass"
    field.gateways.clear()
    # The command line does the same when nobody answers on the socket.
    env = {"SIMGATE_CONFIG": gateway.config}
    code, out, err = gate.cli(gateway, "doctor", env=env)
    assert "does not answer" in err and "gsm0" in out and code in (0, 1, 2)
    code, out, err = gate.cli(gateway, "detect", simulator.pty, env=env)
    assert code == 0 and "IMEI 356938035643809" in out


def test_doctor_of_what_is_missing(field):
    gateway = field.gateway(gate.modem("gsm0", os.path.join(field.folder, "nothing")), start=False)
    field.gateways.clear()
    doctor = doctor_of("-c", gateway.config)
    assert check(doctor, "port", "gsm0")["status"] == "fail"
    assert doctor["status"] == "fail"
    wrong = os.path.join(field.folder, "wrong.conf")
    with open(wrong, "w", encoding="utf-8") as file:
        file.write('modems = ( { name = "gsm0"; } );\nnonsense = 1;\n')
    doctor = doctor_of("-c", wrong)
    problems = [c["detail"] for c in doctor["checks"] if c["check"] == "config"]
    assert len(problems) == 2 and "line 1" in problems[0] and "line 2" in problems[1]


def test_doctor_looks_for_modems_by_match(field):
    simulator = field.simulator(*SIM)
    imei = SIM[SIM.index("--imei") + 1]
    for wanted, status in ((imei, None), (OTHER_IMEI, "fail")):
        gateway = field.gateway(gate.modem("gsm0", simulator.pty),
                                f'{{ name = "gsm1"; match = {{ imei = "{wanted}"; }}; }}',
                                start=False)
        found = [c for c in doctor_of("-c", gateway.config)["checks"]
                 if c["subject"] == "gsm1" and c["check"] == "modem"]
        assert [c["status"] for c in found] == ([status] if status else ["pass"])
        if status:
            assert "no port leads to this modem" in found[0]["detail"]
    field.gateways.clear()


def test_a_key_that_others_may_read(field):
    simulator, gateway = field.pair()
    key = os.path.join(field.folder, "key")
    assert check(gateway.get("/v1/doctor").body, "key")["status"] == "warn"  # beside the database
    os.chmod(key, 0o644)
    found = check(gateway.get("/v1/doctor").body, "key")
    assert found["status"] == "fail" and "0600" in found["remedy"]
    assert simulator.alive()


def test_bundle_holds_no_number(field):
    simulator, gateway = field.pair()
    message = gateway.send("+79123456789", "a text that stays here")
    gateway.wait_message(message, "sent", "delivered")
    path = os.path.join(field.folder, "bundle.json")
    code, _, err = gate.cli(gateway, "doctor", "--bundle", path)
    assert code in (0, 1) and path in err
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, encoding="utf-8") as file:
        text = file.read()
    bundle = json.loads(text)
    assert bundle["modems"]["items"][0]["name"] == "gsm0"
    assert bundle["status"]["messages"]["sent"] == 1
    assert bundle["doctor"]["checks"] and isinstance(bundle["log"], list) and bundle["made_at"]
    for secret in ("356938035643809", "250011234567890", "89701012345678901234", "79120000000",
                   "79123456789", "a text that stays here"):
        assert secret not in text
    assert simulator.violations() == 0


# ---- identity ----

def test_another_modem_on_the_same_path_is_not_used(field):
    first = field.simulator()
    gateway = field.gateway(gate.modem("gsm0", first.pty))
    gateway.wait_modem()
    first.stop()
    gateway.wait_modem("absent", "recovering")
    second = field.simulator("--imei", OTHER_IMEI)
    gateway.wait_modem("failed")
    shown = gateway.get("/v1/modems/gsm0")
    assert "another modem (IMEI)" in shown["why"] and "reopen" in shown["why"]
    waiting = gateway.send("+79123456789", "not by a stranger")
    assert second.handset() == []
    # The operator says that it was replaced.
    assert gateway.post("/v1/modems/gsm0/actions", {"action": "reopen"}).status == 202
    gateway.wait_message(waiting, "sent")
    assert second.violations() == 0


def test_a_modem_that_is_gone_has_no_network(field):
    simulator, gateway = field.pair()
    network = ("operator", "registration", "rat", "dbm")
    gate.wait_until(lambda: all(gateway.get("/v1/modems/gsm0")[m] for m in network))
    simulator.control("unplug")
    gateway.wait_modem("absent")
    shown = gateway.get("/v1/modems/gsm0")
    assert [shown[m] for m in network] == [None] * 4 and shown["imei"] == "356938035643809"
    assert 'simgate_modem_registered{modem="gsm0"} 0' in gateway.get("/metrics").raw.decode()
    simulator.control("plug")
    gateway.wait_modem()
    gate.wait_until(lambda: all(gateway.get("/v1/modems/gsm0")[m] for m in network))


def test_the_right_modem_comes_back(field):
    first = field.simulator()
    gateway = field.gateway(gate.modem("gsm0", first.pty))
    gateway.wait_modem()
    first.stop()
    gateway.wait_modem("absent", "recovering")
    again = field.simulator()
    gateway.wait_modem()
    gateway.wait_message(gateway.send("+79123456789", "as before"), "sent")
    assert again.violations() == 0


def test_match_is_checked_before_the_pin(field):
    simulator = field.simulator("--pin", "1234", *SIM)
    pin = os.path.join(field.folder, "pin")
    with open(pin, "w", encoding="utf-8") as file:
        file.write("1234\n")
    gateway = field.gateway(gate.modem(
        "gsm0", simulator.pty,
        f'pin_file = "{pin}"; match = {{ iccid = "89701012345678900000"; }};'))
    gateway.wait_modem("failed")
    assert "another SIM (ICCID)" in gateway.get("/v1/modems/gsm0")["why"]
    with open(simulator.dialogue_path, encoding="utf-8") as file:
        assert "AT+CPIN=" not in file.read()
