"""Backup while the daemon works, and back again."""
import json
import os
import shutil
import sqlite3
import stat
import threading

import gate
from gate import cli, refused, verify


def whole(path):
    """The copy stands by itself and has no fault."""
    link = sqlite3.connect(path)
    try:
        return link.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    finally:
        link.close()


def test_a_backup_is_whole_private_and_can_be_restored(field):
    simulator, gateway = field.pair()
    verify(simulator, gateway, "u1", "+79123456789")
    sent = gateway.send("+79123456789", "hello")
    gateway.wait_message(sent, "sent")
    waits = gateway.send("+79123456789", "later", send_at="2099-01-01T00:00:00Z", ttl=86400)
    path = os.path.join(field.folder, "copy.db")
    code, out, err = cli(gateway, "backup", path)
    assert (code, err) == (0, "") and str(os.path.getsize(path)) in out
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert whole(path)
    later = gateway.send("+79123456789", "after the backup")
    gateway.wait_message(later, "sent")
    gateway.stop()
    for end in ("", "-wal", "-shm"):
        if os.path.exists(gateway.database + end):
            os.unlink(gateway.database + end)
    shutil.copy(path, gateway.database)
    os.chmod(gateway.database, 0o600)
    gateway.start()
    assert gateway.message(sent)["state"] == "sent"
    assert gateway.message(waits)["state"] == "scheduled"
    assert gateway.get(f"/v1/messages/{later}").status == 404
    assert gateway.get("/v1/accounts/u1")["phone"] == "+79123456789"


def test_a_backup_under_load_is_consistent(field):
    gateway = field.gateway()
    stop, accepted = threading.Event(), []

    def load():
        while not stop.is_set():
            accepted.append(gateway.send("+79123456789", "x" * 60))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for n in range(3):
            path = os.path.join(field.folder, f"copy{n}.db")
            before = set(accepted)
            assert cli(gateway, "backup", path)[0] == 0
            assert whole(path)
            link = sqlite3.connect(path)
            there = {row[0] for row in link.execute("SELECT id FROM message")}
            counted = link.execute("SELECT sum(n) FROM tally").fetchone()[0]
            link.close()
            assert before <= there and counted == len(there)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_the_daemon_writes_a_file_too_and_leaves_nothing_else(field):
    gateway = field.gateway()
    path = os.path.join(field.folder, "by-daemon.db")
    answer = gateway.post("/v1/backup", {"path": path})
    assert (answer.status, answer.body) == (200, {"path": path, "bytes": os.path.getsize(path)})
    assert whole(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    before = os.stat(path).st_mtime_ns
    refused(gateway.post("/v1/backup", {"path": path}), 409, "backup_failed")
    assert os.stat(path).st_mtime_ns == before
    refused(gateway.post("/v1/backup", {"path": "relative.db"}), 409, "backup_failed")
    refused(gateway.post("/v1/backup", {"path": "/nowhere/x.db"}), 409, "backup_failed")
    streamed = gateway.post("/v1/backup")
    assert streamed.headers["Content-Type"] == "application/vnd.sqlite3"
    assert streamed.raw.startswith(b"SQLite format 3\0")
    assert not [n for n in os.listdir(field.folder) if ".backup-" in n or n.endswith("db-journal")]


def test_a_backup_shows_nothing_without_the_key(field):
    simulator, gateway = field.pair()
    verify(simulator, gateway, "u1", "+79123456789")
    raw = gateway.post("/v1/backup").raw
    assert b"9123456789" not in raw


def test_what_goes_wrong_is_told_and_leaves_no_file(field):
    gateway = field.gateway()
    there = os.path.join(field.folder, "there")
    with open(there, "w", encoding="utf-8") as file:
        file.write("mine")
    code, _, err = cli(gateway, "backup", there)
    assert code == 1 and "not there yet" in err
    assert open(there, encoding="utf-8").read() == "mine"
    gateway.stop()
    path = os.path.join(field.folder, "copy.db")
    assert cli(gateway, "backup", path)[0] == 3
    assert not os.path.exists(path)


def test_json(field):
    gateway = field.gateway()
    path = os.path.join(field.folder, "copy.db")
    code, out, _ = cli(gateway, "--json", "backup", path)
    assert code == 0
    assert json.loads(out) == {"file": path, "bytes": os.path.getsize(path)}
