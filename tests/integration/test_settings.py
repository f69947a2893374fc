"""The configuration at the command line and at run time: problems, files, sockets, SIGHUP."""
import os
import re
import socket
import stat
import subprocess

import pytest

import gate

MANY = '''sokcet = { path = "/tmp/x"; };
database = 5;
log = { level = "lots"; };
sites = ( {
  name = "shop"; region = "XX";
  verification = { sms_tll = "5m"; limits = { per_number = [ "x/1h" ]; }; };
  templates = { verification = { ru = "no such place {cod}"; }; };
} );
modems = ( { name = "a"; device = "ttyUSB0"; },
           { name = "a"; match = { imei = "12"; }; } );
clients = ( { user = "root"; role = "boss"; sites = [ "nowhere" ]; } );
'''


def daemon(folder, text, *words):
    """Runs simgated to its end with this configuration."""
    path = os.path.join(folder, "other.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run([os.path.join(gate.BUILD, "simgated"), "-c", path, *words], text=True,
                          capture_output=True, timeout=gate.LIMIT, check=False)
    return done.returncode, done.stdout + done.stderr, path


def test_check_config_tells_every_problem(field):
    code, output, path = daemon(field.folder, MANY, "--check-config")
    assert code == 2
    told = [re.fullmatch(re.escape(path) + r":(\d+): ([^:]+): (.+)", line) for line in output.splitlines()]
    assert all(told), output
    assert [(int(m[1]), m[2]) for m in told] == [
        (1, "sokcet"), (2, "database"), (3, "log.level"), (5, "sites[0].region"),
        (6, "sites[0].verification.sms_tll"), (6, "sites[0].verification.limits.per_number[0]"),
        (7, "sites[0].templates.verification.ru"), (9, "modems[0].device"),
        (10, "modems[1].match.imei"), (10, "modems[1].name"), (11, "clients[0].role"),
        (11, "clients[0].sites[0]")]
    assert '"socket"' in told[0][3] and '"sms_ttl"' in told[4][3]


def test_check_config_of_nothing_wrong(field):
    assert daemon(field.folder, "", "--check-config")[0] == 0
    code, output, path = daemon(field.folder, 'log = { level = "info" \n', "--check-config")
    assert code == 2 and re.match(re.escape(path) + r":\d+: ", output)


def test_a_daemon_does_not_start_on_a_bad_file(field):
    code, output, _ = daemon(field.folder, MANY)
    assert code == 2 and output.count("\n") == 12


@pytest.fixture
def gateway(field):
    return field.pair()[1]


def mode(folder, name):
    return stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)


def test_files_are_the_daemons_own(field, gateway):
    for name in ("simgate.db", "simgate.db-wal", "simgate.db-shm", "key"):
        assert mode(field.folder, name) == 0o600, name
    assert mode(field.folder, "api.sock") == 0o666  # the harness asks for it


def test_a_stale_socket_is_replaced_a_live_one_is_not(field, gateway):
    with open(gateway.config, encoding="utf-8") as file:
        text = file.read()
    other = text.replace("simgate.db", "other.db")
    code, output, _ = daemon(field.folder, other)
    assert code == 1 and "in use" in output
    code, output, _ = daemon(field.folder, text.replace("api.sock", "other.sock"))
    assert code == 1 and "another simgated" in output
    assert gateway.get("/healthz").status == 200
    gateway.kill()
    assert os.path.exists(gateway.socket)
    gateway.start()
    gateway.stop()
    assert not os.path.exists(gateway.socket)
    with open(gateway.socket, "w", encoding="utf-8") as file:
        file.write("not a socket")
    code, output, _ = daemon(field.folder, text)
    assert code == 1 and gateway.socket in output
    os.unlink(gateway.socket)


def test_a_group_that_is_named_must_exist(field):
    text = f'socket = {{ path = "{field.folder}/s"; group = "no-such-group"; }};' \
           f'database = "{field.folder}/db"; key_file = "{field.folder}/k";'
    code, output, _ = daemon(field.folder, text)
    assert code == 1 and "no-such-group" in output


def rewrite(gateway, old, new):
    with open(gateway.config, encoding="utf-8") as file:
        text = file.read()
    assert old in text
    with open(gateway.config, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def test_sighup_reads_again(field, gateway):
    body = {"to": "+79123456789", "text": "x"}
    assert gateway.post("/v1/messages", body).status == 202
    rewrite(gateway, "allowed = true", "allowed = flase")
    gateway.reload()
    gate.wait_until(lambda: "stays as it was" in gateway.output(), why="the bad file was not told")
    assert gateway.post("/v1/messages", body).status == 202
    rewrite(gateway, "allowed = flase", "allowed = false")
    gateway.reload()
    gate.wait_until(lambda: gateway.post("/v1/messages", body).reason == "kind_not_allowed",
                    why="the file was not read again")


def test_a_half_request_leaves_nothing(gateway):
    """Clients that hang up in the middle of a line, a header or a body."""
    whole = b'POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 38\r\n\r\n{"to": "+79123456789", "text": "gone"}'
    for cut in (5, 30, 50, 70, 80, len(whole) - 1):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
            wire.connect(gateway.socket)
            wire.sendall(whole[:cut])
    assert gateway.get("/v1/messages")["items"] == []


def test_sighup_changes_modems(field):
    first, second = field.simulator(name="one"), field.simulator(name="two")
    gateway = field.gateway(gate.modem("gsm0", first.pty))
    gateway.wait_modem()
    with open(gateway.config, encoding="utf-8") as file:
        before = file.read()

    def reload(*modems):
        with open(gateway.config, "w", encoding="utf-8") as file:
            file.write(re.sub(r"modems = \( .* \);", f"modems = ( {', '.join(modems)} );", before))
        gateway.reload()

    def shown():
        return [m["name"] for m in gateway.get("/v1/modems")["items"]]

    # another one comes, and the old one sends on
    message = gateway.send("+79123456789", "before")
    reload(gate.modem("gsm0", first.pty), gate.modem("gsm1", second.pty))
    gateway.wait_modem(name="gsm1")
    gateway.wait_message(message, "sent")
    assert shown() == ["gsm0", "gsm1"]
    assert gateway.get("/v1/modems/gsm0")["reopenings"] == 0
    # the first goes
    reload(gate.modem("gsm1", second.pty))
    gate.wait_until(lambda: shown() == ["gsm1"], why="gsm0 is still there")
    assert gateway.get("/v1/modems/gsm0").status == 404
    for i in range(3):
        gateway.wait_message(gateway.send("+79123456789", f"to the second {i}"), "sent")
    assert len(second.wait_handset(3)) == 3 and len(first.handset()) == 1
    # it comes back under another name, and the device of gsm1 changes
    reload(gate.modem("gsm1", os.path.join(field.folder, "nothing")), gate.modem("back", first.pty))
    gateway.wait_modem(name="back")
    gateway.wait_modem("absent", name="gsm1")
    gateway.wait_message(gateway.send("+79123456789", "through the first"), "sent")
    assert first.wait_handset(2)[-1]["text"] == "through the first"
    assert first.violations() == second.violations() == 0
