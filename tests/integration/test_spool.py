"""A folder of files in smstools' format: each becomes one message, whatever lies there."""
import json
import os
import pwd
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

import gate
from gate import wait_until

PHONE = "+79121234501"
SITES = """
sites = ( { name = "shop"; region = "RU"; },
          { name = "texts"; region = "RU"; text = { allowed = true; limits = [ %s ]; }; } );
"""


class Spool:
    def __init__(self, folder, simulator, gateway):
        self.folder, self.simulator, self.gateway = folder, simulator, gateway
        self.beside = folder + ".beside"
        os.makedirs(self.beside, exist_ok=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def move_in(self, name, content, sub=""):
        """As smstools' scripts do."""
        if isinstance(content, str):
            content = content.encode()
        written = os.path.join(self.beside, name)
        with open(written, "wb") as file:
            file.write(content)
        os.rename(written, self.path(sub, name))

    def waits(self):
        """The files that wait, sorted."""
        found = [os.path.join(sub, name) for sub in ("", "outgoing") if os.path.isdir(self.path(sub))
                 for name in os.listdir(self.path(sub))]
        return sorted(name for name in found if name not in ("failed", "outgoing"))

    def wait_empty(self):
        wait_until(lambda: not self.waits(), why="the spool was not emptied")

    def failed(self, name):
        """The content of a file that was refused."""
        wait_until(lambda: os.path.lexists(self.path("failed", name)), why=f"{name} was not refused")
        with open(self.path("failed", name), "rb") as file:
            return file.read()

    def texts(self):
        return [m["text"] for m in self.simulator.handset()]

    def messages(self, name):
        return self.gateway.get(f"/v1/messages?reference={name}&site=texts")["items"]


@pytest.fixture
def opened(field):
    def start(*options, limits="", more="", start=True, group=False):
        folder = os.path.join(field.folder, "spool")
        if not os.path.exists(folder):
            os.mkdir(folder)
        simulator = field.simulator("--send-time", 1, *options)
        spool = f'{{ path = "{folder}"; site = "texts"; }}' if group else f'"{folder}"'
        gateway = field.gateway(gate.modem("gsm0", simulator.pty), sites=SITES % limits,
                                more=f"spool = {spool};\n{more}", start=start)
        if start:
            gateway.wait_modem()
        return Spool(folder, simulator, gateway)
    return start


def file_to(number, text, *headers):
    return "".join(f"{line}\n" for line in (f"To: {number}", *headers, "", text)).encode()


# ---- taken ----

def test_a_file_becomes_a_message_of_the_site(opened):
    spool = opened(group=True)
    os.mkdir(spool.path("outgoing"))
    spool.move_in("send_x7", "To: 7 912 1234501\nAlphabet: UTF-8\nReport: yes\nPriority: HIGH\n"
                             "Queue: any\n\nПривет\nвторая\n")
    spool.move_in("latin", b"To: 79121234502\nAlphabet: ISO-8859-15\n\ncaf\xe9 \xa4", "outgoing")
    spool.move_in("ucs", b"To: 79121234503\nAlphabet: UCS2\n\n" + "двойной".encode("utf-16-be"))
    spool.simulator.wait_handset(3)
    spool.wait_empty()
    assert sorted(spool.texts()) == ["café €", "Привет\nвторая", "двойной"]
    [message] = spool.messages("send_x7")
    assert (message["to"], message["site"], message["kind"]) == (PHONE, "texts", "text")
    assert message["priority"] == "high"
    code, out, _ = gate.cli(spool.gateway, "--site", "texts", "list", "--reference", "latin", "--json")
    assert code == 0 and len(json.loads(out)["items"]) == 1
    assert not os.path.exists(spool.path("failed"))


def test_a_file_that_is_written_in_place_is_taken_when_it_is_closed(opened):
    spool = opened()
    with open(spool.path("slow"), "w", encoding="utf-8") as file:
        for part in ("To: 79121234501\n", "\nfirst half, "):
            file.write(part)
            file.flush()
            spool.move_in("other", file_to(79121234502, "meanwhile"))  # a sweep sees the half
            wait_until(lambda: spool.waits() == ["slow"])
        time.sleep(0.2)
        file.write("second half\n")
    spool.wait_empty()
    spool.simulator.wait_handset(3)
    assert sorted(spool.texts()) == ["first half, second half", "meanwhile", "meanwhile"]
    with open(os.path.join(spool.beside, "linked"), "wb") as whole:
        whole.write(file_to(79121234503, "linked"))
    os.link(whole.name, spool.path("linked"))
    spool.simulator.wait_handset(4)
    assert spool.texts()[3] == "linked"


def test_what_was_being_written_at_the_start_is_not_taken_half(opened):
    spool = opened(start=False)
    with open(spool.path("half"), "w", encoding="utf-8") as file:
        file.write("To: 79121234501\n\nhalf, ")
        file.flush()
        spool.gateway.start()
        spool.move_in("whole", file_to(79121234502, "whole"))
        spool.simulator.wait_handset(1)
        file.write("whole")
    spool.simulator.wait_handset(2)
    assert sorted(spool.texts()) == ["half, whole", "whole"]


def test_two_hundred_at_once_each_once_and_in_order(opened):
    spool = opened(start=False)
    for i in range(100):
        spool.move_in(f"before{i:03}", file_to(79121234501, f"b{i:03}"))
        os.utime(spool.path(f"before{i:03}"), (1000 + i, 1000 + i))
    spool.gateway.start()
    for i in range(100):
        spool.move_in(f"after{i:03}", file_to(79121234502, f"a{i:03}"))
    spool.simulator.wait_handset(200)
    spool.wait_empty()
    texts = spool.texts()
    assert len(texts) == 200 and len(set(texts)) == 200
    assert [t for t in texts if t[0] == "b"] == [f"b{i:03}" for i in range(100)]


# ---- crashes ----

@pytest.mark.parametrize("point", ["unlink-before 1", "unlink-after 1", "commit-after 4",
                                   "unlink-before 3", "commit-before 4"])
def test_a_crash_neither_loses_nor_doubles(opened, point):
    spool = opened(start=False)
    texts = [f"text {i}" for i in range(5)]
    for text in texts:
        spool.move_in(text.replace(" ", ""), file_to(79121234501, text))
        os.utime(spool.path(text.replace(" ", "")), (1000, 1000))
    spool.gateway.env = {"LD_PRELOAD": os.path.join(gate.BUILD, "killpoint.so"), "KILLPOINT": point,
                         "ASAN_OPTIONS": "verify_asan_link_order=0"}
    gate.Process.__init__(spool.gateway, [os.path.join(gate.BUILD, "simgated"), "-c",
                                          spool.gateway.config],
                          os.path.join(spool.gateway.folder, "simgated.log"), spool.gateway.env)
    assert spool.gateway.popen.wait(gate.LIMIT) == -signal.SIGKILL
    spool.gateway.env = None
    spool.gateway.start()
    spool.wait_empty()
    listed = wait_until(lambda: sum((spool.messages(f"text{i}") for i in range(5)), []))
    assert sorted(m["reference"] for m in listed) == [f"text{i}" for i in range(5)]
    wait_until(lambda: set(spool.texts()) == set(texts))
    spool.gateway.stop()
    with sqlite3.connect(spool.gateway.database) as base:  # keys go with their files, but for a crash
        assert base.execute("SELECT count(*) FROM idempotency").fetchone()[0] <= 5
    spool.gateway.start()


@pytest.fixture
def as_nobody(field):
    """A daemon that is not root, and a folder of another's."""
    if os.geteuid() != 0:
        pytest.skip("wants to be two users")
    folder = os.path.join(field.folder, "spool")
    os.mkdir(folder)
    nobody = pwd.getpwnam("nobody").pw_uid
    gateway = field.gateway(sites=SITES % "", more=f'spool = "{folder}";', start=False,
                            wrapper=["setpriv", f"--reuid={nobody}", "--clear-groups"])
    for path in (field.folder, folder, gateway.config):
        os.chown(path, nobody, -1)
    gateway.start()
    return Spool(folder, None, gateway)


def test_what_cannot_be_removed_is_taken_once(as_nobody):
    spool = as_nobody
    os.chown(spool.folder, 0, -1)
    os.chmod(spool.folder, 0o1777)
    spool.move_in("kept", file_to(79121234501, "once"))
    for n in range(2):
        wait_until(lambda: spool.gateway.output().count("spool: kept stays in the folder: ") > n)
        other = f"other{n}"
        spool.move_in(other, file_to(79121234501, other))  # another sweep
        wait_until(lambda: spool.messages(other))  # pylint: disable=cell-var-from-loop
        assert len(spool.messages("kept")) == 1
        spool.gateway.stop()
        spool.gateway.start()
    assert len(spool.messages("kept")) == 1 and "Operation not permitted" in spool.gateway.output()


def test_what_may_not_be_read_is_put_aside(as_nobody):
    spool = as_nobody
    with open(os.path.join(spool.beside, "secret"), "wb") as file:
        file.write(file_to(79121234501, "unread"))
    os.chmod(file.name, 0o600)
    os.rename(file.name, spool.path("secret"))
    wait_until(lambda: os.path.exists(spool.path("failed", "secret")))
    wait_until(lambda: "secret is refused and lies in failed: simgated may not read it"
               in spool.gateway.output())
    assert spool.messages("secret") == []
    os.chmod(spool.folder, 0o555)
    os.chown(spool.folder, 0, -1)
    spool.move_in("late", file_to(79121234501, "late"))
    wait_until(lambda: "cannot be used: Permission denied" in spool.gateway.output())
    [found] = [f for f in spool.gateway.get("/v1/doctor")["checks"] if f["check"] == "spool"]
    assert found["status"] == "fail" and "this user may not" in found["detail"]


# ---- refused ----

REFUSED = {
    "nobody": (b"From: me\n\nlost\n", "it has no To: header"),
    "flash": (b"To: 79121234501\nFlash: yes\n\nx", "it is no plain text"),
    "binary": (b"To: 79121234501\nAlphabet: binary\n\n\x00\x01", "alphabet"),
    "include": (b"To: 79121234501\nInclude: /etc/passwd\n\nx", "Include"),
    "wrong": (b"To: 79121234501\nAlphabet: UTF-8\n\n\xff", "alphabet"),
    "nul": (b"To: 79121234501\n\na\0b", "alphabet"),
    "headers": (b"\0\1\2\3\n\n", "no text"),
    "endless": (b"x" * 60000, "it has no To: header"),
    "number": (b"To: 7912\n\nshort", "number"),
    "empty": (b"To: 79121234501\n\n", "empty"),
    "long": (b"To: 79121234501\n\n" + b"long " * 400, "parts"),
}


def test_what_is_refused_lies_in_failed_with_the_reason(opened):
    spool = opened()
    for name, (content, _) in REFUSED.items():
        spool.move_in(name, content)
    for name, (content, why) in REFUSED.items():
        kept = spool.failed(name)
        first, rest = kept.split(b"\n", 1)
        assert first.startswith(b"Fail_reason: ") and why.encode() in first, first
        assert rest == content
    spool.wait_empty()
    wait_until(lambda: "+7912•••••01" in spool.gateway.output())  # told when it lies there
    log = spool.gateway.output()
    assert "79121234501" not in log and "lost" not in log
    assert oct(os.stat(spool.path("failed", "flash")).st_mode & 0o777) == "0o640" \
        or os.stat(spool.path("failed", "flash")).st_mode & 0o007 == 0
    spool.move_in("flash", REFUSED["flash"][0])  # the same name again takes nobody's place
    wait_until(lambda: len([n for n in os.listdir(spool.path("failed")) if n.startswith("flash")]) == 2)


def test_hostile_things_are_refused_or_left(opened):
    spool = opened()
    os.mkdir(spool.path("folder"))
    os.mkfifo(spool.path("fifo"))
    os.symlink("/etc/passwd", spool.path("link"))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(spool.path("socket"))
    with open(os.path.join(spool.beside, "huge"), "wb") as file:
        file.truncate(10 << 20)
    os.rename(os.path.join(spool.beside, "huge"), spool.path("huge"))
    for name in (".hidden", "smsd.LOCK", "half.tmp"):
        spool.move_in(name, file_to(79121234501, "no message"))
    name = b"\xff\n \x1b[31m" + b"n" * 200
    written = os.path.join(spool.beside.encode(), b"name")
    with open(written, "wb") as file:
        file.write(file_to(79121234501, "odd name"))
    os.rename(written, os.path.join(spool.folder.encode(), name))
    spool.simulator.wait_handset(1)
    for name in ("fifo", "link", "socket", "huge"):
        wait_until(lambda n=name: os.path.lexists(spool.path("failed", n)), why=name)
    assert os.readlink(spool.path("failed", "link")) == "/etc/passwd"
    assert os.path.getsize(spool.path("failed", "huge")) == 10 << 20
    wait_until(lambda: spool.waits() == [".hidden", "folder", "half.tmp", "smsd.LOCK"],
               why=str(spool.waits()))
    assert spool.texts() == ["odd name"]
    assert spool.gateway.answers() and "\x1b" not in spool.gateway.output()


def test_links_within_the_spool_are_not_followed(opened):
    spool = opened()
    os.makedirs(os.path.join(spool.beside, "else"))
    for name in ("outgoing", "failed"):
        os.symlink(os.path.join(spool.beside, "else"), spool.path(name))
    with open(os.path.join(spool.beside, "else", "a"), "wb") as file:
        file.write(file_to(79121234501, "not ours"))
    spool.move_in("bad", b"no headers\n\n")
    wait_until(lambda: "spool: bad stays in the folder" in spool.gateway.output())
    assert os.listdir(os.path.join(spool.beside, "else")) == ["a"] and spool.texts() == []


# ---- later ----

def test_what_is_limited_waits_in_the_folder(opened):
    spool = opened(limits='"1/3s"')
    for i in range(3):
        spool.move_in(f"limited{i}", file_to(79121234501, f"limited {i}"))
    spool.simulator.wait_handset(1)
    assert spool.waits() != [] and "files wait in the folder: The limit for texts of this site is 1 in 3 seconds" in spool.gateway.output()
    spool.simulator.wait_handset(3)
    spool.wait_empty()
    assert len(spool.texts()) == 3 and not os.path.exists(spool.path("failed"))


def test_a_folder_that_cannot_be_used_stops_nothing(opened):
    spool = opened()
    os.rename(spool.folder, spool.folder + ".away")
    wait_until(lambda: "cannot be used: No such file or directory" in spool.gateway.output())
    [found] = [f for f in spool.gateway.get("/v1/doctor")["checks"] if f["check"] == "spool"]
    assert found["status"] == "fail" and "mkdir" in found["remedy"]
    assert spool.gateway.answers()
    os.rename(spool.folder + ".away", spool.folder)
    spool.move_in("back", file_to(79121234501, "back"))
    spool.simulator.wait_handset(1)
    [found] = [f for f in spool.gateway.get("/v1/doctor")["checks"] if f["check"] == "spool"]
    assert found["status"] == "pass"


# ---- configuration ----

def test_reload_moves_removes_and_adds_it(opened):
    spool = opened()
    other = spool.folder + ".other"
    os.mkdir(other)
    with open(spool.gateway.config, encoding="utf-8") as file:
        text = file.read()

    def reload(line):
        with open(spool.gateway.config, "w", encoding="utf-8") as file:
            file.write(text.replace(f'spool = "{spool.folder}";', line))
        seen = spool.gateway.output().count("configuration read again")
        spool.gateway.reload()
        wait_until(lambda: spool.gateway.output().count("configuration read again") > seen,
                   why=spool.gateway.output()[-2000:])

    reload(f'spool = {{ path = "{other}"; site = "texts"; }};')
    spool.move_in("old", file_to(79121234501, "in the old one"))
    moved = Spool(other, spool.simulator, spool.gateway)
    moved.move_in("new", file_to(79121234501, "in the new one"))
    spool.simulator.wait_handset(1)
    moved.wait_empty()
    assert spool.waits() == ["old"]
    reload("")
    moved.move_in("nobody", file_to(79121234501, "nobody looks"))
    reload(f'spool = "{spool.folder}";')
    spool.simulator.wait_handset(2)
    assert spool.texts() == ["in the new one", "in the old one"] and moved.waits() == ["nobody"]


def test_a_site_that_allows_no_text_is_told_by_the_check(tmp_path):
    def check(config):
        path = tmp_path / "simgate.conf"
        path.write_text(config)
        done = subprocess.run([os.path.join(gate.BUILD, "simgated"), "--check-config", "-c", path],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stderr
    code, err = check('spool = "/var/spool/simgate";')
    assert code == 2 and ":1: spool: needs a site that may send texts" in err
    code, err = check(SITES % "" + 'spool = { path = "/x"; site = "shop"; };')
    assert code == 2 and 'spool.site: "shop" may not send texts' in err
    assert check(SITES % "" + 'spool = "/x";') == (0, "")
