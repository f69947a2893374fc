"""A database that cannot be used: one clear line, exit 1, and not a byte of it changed."""
import hashlib
import os
import sqlite3
import subprocess

import pytest

import gate


def start(gateway):
    """(exit code, what it said)"""
    ended = subprocess.run([os.path.join(gate.BUILD, "simgated"), "-c", gateway.config], text=True,
                           capture_output=True, timeout=gate.LIMIT, check=False)
    return ended.returncode, ended.stderr


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


@pytest.fixture
def stopped(field):
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"))
    for i in range(40):
        gateway.send(f"+7912345{i:04d}", "waits")
    gateway.stop()
    return gateway


def newer(path):
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA user_version = 99")
    base.close()


def cut(path):
    os.truncate(path, os.path.getsize(path) // 2)


def schema_gone(path):
    with open(path, "r+b") as file:
        file.seek(100)
        file.write(b"\0" * 3900)


def header_gone(path):
    with open(path, "r+b") as file:
        file.write(b"\0" * 100)


def other_program(path):
    os.unlink(path)
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE recipes (name)")
    base.close()
    os.chmod(path, 0o600)


@pytest.mark.parametrize("harm, told", [
    (newer, "install the newer simgate"), (cut, "restore a backup"),
    (schema_gone, "restore a backup"), (header_gone, "restore a backup"),
    (other_program, "belongs to another program"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_it_is_told_and_left_alone(stopped, harm, told):
    harm(stopped.database)
    before = digest(stopped.database)
    code, said = start(stopped)
    assert code == 1 and told in said and stopped.database in said, said
    assert digest(stopped.database) == before
    assert not os.path.exists(stopped.socket)


def harm_a_page(path, table):
    """Overwrites the first page of a table's rows."""
    with sqlite3.connect(path) as base:
        page, = base.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        size, = base.execute("PRAGMA page_size").fetchone()
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()
    with open(path, "r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def finding(gateway, check):
    return next(c for c in gateway.get("/v1/doctor")["checks"] if c["check"] == check)


def test_damage_in_the_middle_is_found_by_the_doctor_and_where_it_hurts(stopped):
    stopped.start()
    assert finding(stopped, "pages")["status"] == "pass"
    stopped.stop()
    harm_a_page(stopped.database, "contact")
    stopped.start()  # at once: it does not read everything
    assert stopped.get("/healthz")["checks"]["store"]["status"] == "pass"
    found = finding(stopped, "pages")
    assert found["status"] == "fail" and "restore a backup" in found["remedy"], found
    code, out, _ = gate.cli(stopped, "doctor")
    assert code == 2 and "the database is damaged" in out
    assert stopped.get("/v1/contact-requests/ctr_01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 503
    health = stopped.get("/healthz")
    assert health.status == 503 and health["checks"]["store"]["status"] == "fail", health
    assert "the database is damaged" in stopped.output()
    assert stopped.output().count("restore a backup, see man simgated") <= 2  # a thread each
    assert stopped.send("+79123456789", "the rest goes on")


@pytest.mark.skipif(os.getuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("options, told", [
    ("ro", "read-only"), ("full", "the disk is full"),
])
def test_a_disk_that_takes_nothing(stopped, field, tmp_path, options, told):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk],
                      check=False, capture_output=True).returncode != 0:
        pytest.skip("no mounts here")
    try:
        with open(stopped.database, "rb") as old, open(disk / "simgate.db", "wb") as new:
            new.write(old.read())
        os.chmod(disk / "simgate.db", 0o600)
        with open(stopped.config, encoding="utf-8") as file:
            text = file.read()
        with open(stopped.config, "w", encoding="utf-8") as file:
            file.write(text.replace(stopped.database, str(disk / "simgate.db")))
        if options == "ro":
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        else:
            gate.fill_disk(disk)
        before = digest(disk / "simgate.db")
        code, said = start(stopped)
        assert code == 1 and told in said, said
        assert digest(disk / "simgate.db") == before
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
