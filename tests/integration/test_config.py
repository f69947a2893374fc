"""The configuration as the operator meets it: checked, refused, read again."""
import os
import pathlib
import socket
import stat
import subprocess

import pytest

import gate

# a line of configuration, and how what must be told of it begins
MISTAKES = [
    ('socket = { path = "relative.sock"; mode = "0999"; };', "socket.path", "socket.mode"),
    ('databse = "/var/lib/simgate/simgate.db";',
     'databse: unknown setting; did you mean "database"?'),
    ("key_file = 5;", "key_file: must be a string"),
    ("queue_max = 0;", "queue_max: must be from 1"),
    ('clients = ( { user = "www-data"; group = "adm"; role = "boss"; },',
     "clients[0]: must name either", 'clients[0].role: "boss"'),
    ('            { role = "viewer"; sites = [ "nowhere" ]; } );',
     "clients[1]: must name", "clients[1].sites[0]: there is no site"),
    ("sites = ( {",),
    ('  name = "shop"; region = "RUS"; locale = "Russian";', "sites[0].region", "sites[0].locale"),
    ('  verification = { code_lenght = 6; sms_ttl = "5";',
     'sites[0].verification.code_lenght: unknown setting; did you mean "code_length"?',
     'sites[0].verification.sms_ttl: "5" is no duration'),
    ('    max_wrong_codes = 0; resend_after = [ "60s", "soon" ];',
     "sites[0].verification.max_wrong_codes", 'sites[0].verification.resend_after[1]: "soon"'),
    ('    reveal_bound = "never"; limits = { per_number = [ "6 per hour" ]; }; };',
     "sites[0].verification.reveal_bound", "sites[0].verification.limits.per_number[0]"),
    ('  contact = { per_sender = [ "1/3 h" ]; quiet_hours = "9-21"; };',
     "sites[0].contact.per_sender[0]", "sites[0].contact.quiet_hours"),
    ('  text = { allowed = "yes"; };', "sites[0].text.allowed: must be true or false"),
    ('  on_uncertain = { verification = "retry"; };',
     'sites[0].on_uncertain.verification: "retry"'),
    ('  templates = { verification = { ru = "Ваш код";',
     "sites[0].templates.verification.ru: {code} is missing"),
    ('                                 de = 5;', "sites[0].templates.verification.de: must be a"),
    ('                                 en = "{cod} {code}"; };',
     "sites[0].templates.verification.en: only"),
    ('                contact_request = { ru = "{code}"; }; };',
     "sites[0].templates.contact_request.ru: only"),
    ('  test_numbers = ( { phone = "89000000001"; code = "12"; } );',
     "sites[0].test_numbers[0].phone", "sites[0].test_numbers[0].code"),
    ('}, { name = "shop"; },', 'sites[1].name: "shop" is already'),
    ('   { title = "nameless"; } );', "sites[2].name: is missing"),
    ('modems = ( { name = "gsm0"; device = "ttyUSB0"; baud = 1;',
     "modems[0].device", "modems[0].baud"),
    ('             timeouts = { prompt = "fast"; }; },', "modems[0].timeouts.prompt"),
    ('           { name = "gsm0"; },', "modems[1]: must say", 'modems[1].name: "gsm0" is already'),
    ('           { name = "a/b"; match = { interface = 2; }; } );',
     "modems[2].name", "modems[2].match"),
    ('retention = { events = "forever"; };', "retention.events"),
    ('metrics = { listen = "everywhere"; };', "metrics.listen"),
    ('log = { level = "loud"; numbers = "hidden"; };', 'log.level: "loud"', "log.numbers"),
]


def simgated(*words):
    """Exit code, standard output, standard error of a short call."""
    done = subprocess.run([os.path.join(gate.BUILD, "simgated"), *words], capture_output=True,
                          text=True, timeout=gate.LIMIT)
    return done.returncode, done.stdout, done.stderr


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_every_mistake_is_named_with_its_line(tmp_path):
    path = write(tmp_path / "bad.conf", "\n".join(row[0] for row in MISTAKES))
    expected = [f"{path}:{n}: {what}" for n, row in enumerate(MISTAKES, 1) for what in row[1:]]
    for words in (("--check-config",), ()):  # checked, and not started with
        code, out, told = simgated("-c", path, *words)
        assert (code, out) == (2, "")
        told = told.strip("\n").split("\n")
        for line in expected:
            assert any(t.startswith(line) for t in told), f"{line} is not told"
        assert len(told) == len(expected), [t for t in told
                                            if not any(t.startswith(e) for e in expected)]


def test_a_mistake_in_an_included_file_is_told_there(tmp_path):
    write(tmp_path / "sites.conf", 'sites = (\n  { name = "shop"; color = "red"; } );\n')
    path = write(tmp_path / "main.conf", '@include "sites.conf"\nqueue_max = 0;\n')
    code, _, told = simgated("-c", path, "--check-config")
    assert code == 2
    assert "sites.conf:2: sites[0].color: unknown setting" in told
    assert f"{path}:2: queue_max" in told


@pytest.mark.parametrize("text,line", [("sites = (", 1), ("\n\nlog = { level = };", 3),
                                       ('a = "b\n', None), ("\x01", 1)])
def test_a_syntax_error_has_its_line(tmp_path, text, line):
    path = write(tmp_path / "bad.conf", text)
    code, _, told = simgated("-c", path, "--check-config")
    assert code == 2 and told.startswith(f"{path}:{'' if line is None else line}"), told


def test_a_file_that_is_not_there_is_told():
    code, _, told = simgated("-c", "/nowhere/simgate.conf", "--check-config")
    assert code == 2 and "/nowhere/simgate.conf" in told and "No such file" in told


@pytest.mark.parametrize("name", ["simgate.conf"] + [
    f"examples/{site}.conf" for site in ("studentu24", "cloudzone", "marketplace", "organization")])
def test_what_is_shipped_passes(name):
    path = os.path.join(gate.ROOT, "config", name)
    code, out, told = simgated("-c", path, "--check-config")
    assert (code, told) == (0, ""), told
    assert out


def test_what_was_commented_out_passes_too(tmp_path):
    """The shipped file shows every setting with its default, and examples, as comments."""
    with open(os.path.join(gate.ROOT, "config", "simgate.conf"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    shown = [line[1:] if line[:1] == "#" and line[1:2] not in ("", " ") else "" for line in lines]
    code, _, told = simgated("-c", write(tmp_path / "defaults.conf", "\n".join(shown)),
                             "--check-config")
    assert (code, told) == (0, ""), told


def test_an_empty_file_passes(tmp_path):
    assert simgated("-c", write(tmp_path / "empty.conf", ""), "--check-config")[0] == 0


@pytest.mark.parametrize("words", [("--nonsense",), ("-c",), ("stray",),
                                   ("--check-config", "stray")])
def test_a_wrong_call_ends_with_2(words):
    code, _, told = simgated(*words)
    assert code == 2 and told


def test_the_version_is_told():
    code, out, _ = simgated("--version")
    with open(os.path.join(gate.ROOT, "VERSION"), encoding="utf-8") as file:
        assert (code, out) == (0, f"simgated {file.read().strip()}\n")


# ---- read again ----

def rewrite(gateway, old, new):
    with open(gateway.config, encoding="utf-8") as file:
        text = file.read()
    assert old in text
    write(pathlib.Path(gateway.config), text.replace(old, new))


def lines_of(gateway, text):
    return gateway.output().count(text)


@pytest.fixture
def gateway(field):
    return field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"))


TEXT = {"to": "+79123456789", "text": "x"}


def test_a_good_file_is_in_force_at_once(gateway):
    assert gateway.post("/v1/messages", TEXT).status == 202
    rewrite(gateway, "text = { allowed = true; };", "text = { allowed = false; };")
    gateway.reload()
    gate.wait_until(lambda: gateway.post("/v1/messages", TEXT).reason == "kind_not_allowed",
                    why="the new configuration is not in force")
    rewrite(gateway, 'name = "shop";', 'name = "store";')
    gateway.reload()
    gate.wait_until(lambda: gateway.get("/v1/messages?site=store").status == 200)
    gate.refused(gateway.get("/v1/messages?site=shop"), 404, "not_found")


def test_a_bad_file_changes_nothing(gateway):
    rewrite(gateway, "text = { allowed = true; };", "text = { allowed = false; };")
    rewrite(gateway, 'locale = "ru";', 'locale = "ru"; colour = "red";')
    gateway.reload()
    gate.wait_until(lambda: "the configuration stays as it was" in gateway.output())
    assert f"{gateway.config}:" in gateway.output() and "sites[0].colour" in gateway.output()
    assert gateway.post("/v1/messages", TEXT).status == 202
    rewrite(gateway, 'colour = "red";', "")
    gateway.reload()
    gate.wait_until(lambda: gateway.post("/v1/messages", TEXT).reason == "kind_not_allowed")


def test_a_bad_template_changes_nothing(gateway):
    templates = 'templates = { verification = { ru = "no code"; }; };'
    rewrite(gateway, 'locale = "ru";', f'locale = "ru"; {templates}')
    gateway.reload()
    gate.wait_until(lambda: "{code} is missing" in gateway.output())
    assert gateway.get("/v1/messages?site=shop").status == 200


def test_reloads_while_clients_call(gateway):
    for _ in range(30):
        gateway.reload()
        assert gateway.post("/v1/messages", TEXT).status == 202
    gate.wait_until(lambda: lines_of(gateway, "configuration read again") > 0)


# ---- what a start leaves on disk ----

def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_files_are_private(gateway):
    gateway.post("/v1/messages", TEXT)
    assert mode(gateway.socket) == 0o666  # as the configuration says
    assert mode(os.path.join(gateway.folder, "key")) == 0o600
    for suffix in ("", "-wal", "-shm"):
        assert mode(gateway.database + suffix) == 0o600


def test_a_stale_socket_is_replaced(gateway):
    gateway.kill()
    assert os.path.exists(gateway.socket)
    gateway.start()
    assert gateway.stop() == 0
    assert not os.path.exists(gateway.socket)


def test_a_file_in_the_sockets_place_is_an_error(gateway):
    gateway.stop()
    with open(gateway.socket, "w", encoding="utf-8") as file:
        file.write("precious")
    code, _, told = simgated("-c", gateway.config)
    assert code == 1 and "is not a socket" in told
    with open(gateway.socket, encoding="utf-8") as file:
        assert file.read() == "precious"


def second(gateway, old, new):
    """What a second simgated says whose configuration differs so."""
    with open(gateway.config, encoding="utf-8") as file:
        text = file.read()
    path = os.path.join(gateway.folder, "second.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))
    return simgated("-c", path)


def test_a_second_simgated_ends(gateway):
    code, _, told = second(gateway, "api.sock", "other.sock")
    assert code == 1 and "another simgated uses the database" in told
    code, _, told = second(gateway, "simgate.db", "other.db")
    assert code == 1 and "is in use: another simgated runs" in told
    assert gateway.get("/v1/status").status == 200
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.connect(gateway.socket)


def test_another_key_is_refused(gateway):
    gateway.stop()
    code, _, told = second(gateway, '/key"', '/other-key"')
    assert code == 1 and "another key" in told


def test_a_database_that_is_none_is_refused(gateway):
    gateway.stop()
    with open(os.path.join(gateway.folder, "text.db"), "w", encoding="utf-8") as file:
        file.write("this is no database " * 100)
    code, _, told = second(gateway, "simgate.db", "text.db")
    assert code == 1 and "not a database" in told
    code, _, told = second(gateway, "simgate.db", "none/simgate.db")
    assert code == 1 and "folder does not exist" in told
