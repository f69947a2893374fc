"""A disk that is slow delays the Ctrl-Z of the next message and nothing else; one that is full or
broken refuses and keeps nothing by half; what was acknowledged is on it."""
import concurrent.futures
import errno
import os
import re
import sqlite3
import statistics
import subprocess
import threading
import time

import pytest

import gate
import trouble

SYNC_S = 0.3
LONG_S = 5
TO = "+79123456789"


class Disk:
    """A modem that is given time, and a gateway on a disk that can be troubled."""

    def __init__(self, field):
        disk = trouble.Trouble(field)
        self.trouble = disk.set
        self.simulator = field.simulator("--send-time", 5)
        modem = gate.modem("gsm0", self.simulator.pty).replace('result = "5s"', 'result = "180s"')
        self.gateway = field.gateway(modem, env=disk.env)
        self.gateway.wait_modem()


@pytest.fixture
def disk(field):
    return Disk(field)


@pytest.fixture(scope="module")
def slow(shared):
    disk = Disk(shared)
    disk.trouble(int(SYNC_S * 1000))
    return disk.simulator, disk.gateway


@pytest.fixture
def small(field):
    """A modem and a gateway whose database is on a disk of 8 MiB."""
    folder = os.path.join(field.folder, "disk")
    os.mkdir(folder)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "simgate-test", folder],
                           capture_output=True, text=True)
    if mount.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mount.stderr.strip()}")
    try:
        simulator = field.simulator("--send-time", 20)
        gateway = field.gateway(gate.modem("gsm0", simulator.pty),
                                database=os.path.join(folder, "simgate.db"))
        gateway.wait_modem()
        yield simulator, gateway, folder
        gateway.stop()
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def dialogue(simulator):
    """(seconds, direction, text) of each line that the simulator saw; its clock is monotonic."""
    with open(simulator.dialogue_path, encoding="utf-8", errors="replace") as file:
        return [(float(at), way, text) for at, way, text in
                re.findall(r"^(\d+\.\d+) \S+ ([<>*]) (.*)$", file.read(), re.M)]


def texts(simulator, word):
    """The texts with that word which reached a phone."""
    return [m["text"] for m in simulator.handset() if word in m["text"]]


def took(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began


# ---- slow ----

def test_clients_are_answered_while_the_disk_is_slow(slow):
    simulator, gateway = slow
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        posts = [pool.submit(gateway.send, TO, f"slow {i}") for i in range(8)]
        times = []
        while len(texts(simulator, "slow")) < 8:
            times.append(took(lambda: gateway.get("/v1/modems")))
        ids = [post.result() for post in posts]
    for message in ids:
        gateway.wait_message(message, "sent")
    assert sorted(texts(simulator, "slow")) == [f"slow {i}" for i in range(8)]
    assert len(times) > 20
    assert statistics.median(times) < SYNC_S / 6, statistics.median(times)
    assert statistics.quantiles(times, n=20)[-1] < SYNC_S / 2, sorted(times)[-5:]
    assert simulator.violations() == 0


def test_unsolicited_lines_are_handled_while_the_disk_is_slow(slow):
    simulator, gateway = slow
    stop = threading.Event()

    def load():
        while not stop.is_set():
            gateway.wait_message(gateway.send(TO, "load"), "sent")

    def turn(stat, roaming):
        simulator.control(f"registration {stat}")
        gate.wait_until(lambda: gateway.get("/v1/modems/gsm0")["roaming"] is roaming)
    loader = threading.Thread(target=load)
    loader.start()
    try:
        times = [took(lambda s=stat, r=roaming: turn(s, r))
                 for stat, roaming in ((5, True), (1, False)) * 5]
        simulator.control("sms +79161234567 while you were busy")
        gate.wait_until(lambda: gateway.get("/v1/inbox")["items"])
    finally:
        stop.set()
        loader.join()
    assert statistics.median(times) < SYNC_S / 2, times
    assert [m["text"] for m in gateway.get("/v1/inbox")["items"]] == ["while you were busy"]


def test_only_ctrl_z_waits_for_the_disk(slow):
    simulator, gateway = slow
    asked = time.monotonic()
    message = gateway.send(TO, "waits")
    accepted = time.monotonic()
    gateway.wait_message(message, "sent")
    assert accepted - asked >= SYNC_S, "it was acknowledged before it was on disk"
    lines = dialogue(simulator)
    sent = [(at, text) for at, way, text in lines if way == "<" and at > asked]
    (command,) = [at for at, text in sent if text.startswith("AT+CMGS=")]
    (payload,) = [at for at, text in sent if text.endswith("<SUB>")]
    assert command >= asked + SYNC_S, "AT+CMGS went out for a message that was not on disk"
    assert payload >= asked + 2 * SYNC_S, "the payload went out before its attempt was on disk"
    assert payload - command > SYNC_S / 2, "AT+CMGS waited for the disk, too"


def test_an_outcome_on_its_way_to_disk_survives_the_stop(slow):
    simulator, gateway = slow
    for turn in range(2):
        message = gateway.send(TO, f"turn {turn}")
        gate.wait_until(lambda n=turn: len(texts(simulator, "turn")) > n)
        assert gateway.stop() == 0
        gateway.start()
        assert gateway.message(message)["state"] == "sent"
    assert len(texts(simulator, "turn")) == 2


def test_a_key_in_use_is_refused(slow):
    gateway = slow[1]
    body, key = {"to": TO, "text": "once"}, {"Idempotency-Key": "busy"}
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: gateway.post("/v1/messages", body, headers=key),
                                range(6)))
    taken = [a for a in answers if a.status == 202]
    assert len({a["id"] for a in taken}) == 1
    for answer in answers:
        if answer.status != 202:
            gate.refused(answer, 409, "request_in_progress")
    assert len(taken) < 6, "none of them came while the first was running"
    assert gateway.post("/v1/messages", body, headers=key)["id"] == taken[0]["id"]


def test_five_seconds_a_sync_delay_and_harm_nothing(disk):
    simulator, gateway = disk.simulator, disk.gateway
    disk.trouble(LONG_S * 1000)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        posts = [pool.submit(took, lambda i=i: gateway.send(TO, f"late {i}")) for i in range(4)]
        times = []
        while not all(post.done() for post in posts):
            times.append(took(lambda: gateway.get("/v1/modems")))
            time.sleep(0.05)
        assert min(post.result() for post in posts) >= LONG_S - 0.1
    assert statistics.median(times) < 0.5, times
    gate.wait_until(lambda: len(texts(simulator, "late")) == 4)
    disk.trouble()
    for message in gateway.get("/v1/messages")["items"]:
        gateway.wait_message(message["id"], "sent")
    assert sorted(texts(simulator, "late")) == [f"late {i}" for i in range(4)]
    assert simulator.violations() == 0


# ---- broken ----

@pytest.mark.parametrize("trouble, status, reason", [
    ({"write_errno": errno.EIO}, 503, "store_unavailable"),
    ({"sync_errno": errno.EIO}, 503, "store_unavailable"),
    ({"write_errno": errno.ENOSPC}, 507, "disk_full"),
    ({"write_errno": errno.EROFS}, 503, "store_unavailable"),
], ids=["EIO of a write", "EIO of a sync", "ENOSPC", "read-only"])
def test_trouble_comes_and_goes(disk, trouble, status, reason):
    simulator, gateway = disk.simulator, disk.gateway

    def post(i):
        return gateway.post("/v1/messages", {"to": TO, "text": f"text {i}"}, headers={"Idempotency-Key": f"k{i}"})
    taken = [post(i)["id"] for i in range(5)]
    gateway.wait_message(taken[-1], "sent")
    disk.trouble(**trouble)
    for i in range(5, 10):
        gate.refused(post(i), status, reason)
    assert gateway.get("/v1/modems").status == 200
    assert gateway.get("/v1/status")["messages"]["queued"] == 0
    health = gateway.get("/healthz")
    assert (health.status, health["checks"]["store"]["status"]) == (503, "fail"), health
    assert len(simulator.handset()) == 5, "what was refused was sent"
    disk.trouble()
    gate.wait_until(lambda: gateway.get("/healthz").status == 200, why="nobody saw that the disk is well again")
    taken += [post(i)["id"] for i in range(5, 10)]
    gateway.wait_message(taken[-1], "sent")
    gateway.kill()
    gateway.start()
    assert [gateway.message(each)["state"] for each in taken] == ["sent"] * 10
    assert sorted(m["text"] for m in simulator.handset()) == [f"text {i}" for i in range(10)]


# ---- full ----

def held(database):
    """What the database holds, and that it is sound."""
    with sqlite3.connect(database) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("message", "idempotency", "number")}


def test_a_full_disk_refuses_and_keeps_nothing(small):
    simulator, gateway, folder = small
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    filler = gate.fill_disk(folder)
    taken, refused = [], None
    for i in range(1000):
        answer = gateway.post("/v1/messages", {"to": f"+7912{i:07d}", "text": "x" * 1500},
                              headers={"Idempotency-Key": f"key-{i}"})
        if answer.status != 202:
            refused = gate.refused(answer, 507, "disk_full")
            break
        taken.append(answer["id"])
    assert refused is not None, "the disk did not fill"
    gate.refused(gateway.post("/v1/verifications", {"account": "a", "phone": TO}), 507, "disk_full")
    # what is there can be read meanwhile
    assert gateway.get("/v1/status")["messages"]["queued"] == len(taken)
    assert gateway.get("/v1/modems").status == 200
    health = gateway.get("/healthz")
    assert (health.status, health["checks"]["disk"]["status"]) == (503, "fail")
    os.unlink(filler)
    again = gateway.post("/v1/messages", {"to": TO, "text": "afterwards"},
                         headers={"Idempotency-Key": f"key-{len(taken)}"})
    assert again.status == 202, again
    gate.refused(gateway.get("/v1/accounts/a"), 404, "not_found")
    rows = held(gateway.database)
    assert rows["message"] == rows["idempotency"] == rows["number"] == len(taken) + 1
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    gateway.wait_message(again["id"], "sent")
    assert len(simulator.handset()) == len(taken) + 1


def fill_while_sending(simulator, gateway, folder):
    """Ids of thirty messages, and the file that keeps the disk full since some were sent."""
    ids = [gateway.send(TO, f"text {i}") for i in range(30)]
    simulator.wait_handset(5)
    simulator.control("set send-time 2000")  # none of them is through before the disk is full
    filler = gate.fill_disk(folder)
    simulator.control("set send-time 5")
    gate.wait_until(lambda: "cannot record" in gateway.output(), why="the full disk was not felt")
    return ids, filler


def test_a_disk_that_fills_while_sending_doubles_nothing(small):
    simulator, gateway, folder = small
    ids, filler = fill_while_sending(simulator, gateway, folder)
    os.unlink(filler)
    for message in ids:
        gateway.wait_message(message, "sent")
    assert sorted(m["text"] for m in simulator.handset()) == sorted(f"text {i}" for i in range(30))
    assert simulator.violations() == 0
    assert gateway.output().count("cannot record") <= 2, "it is told again and again"


def test_a_stop_on_a_full_disk_leaves_one_in_doubt(small):
    simulator, gateway, folder = small
    ids, filler = fill_while_sending(simulator, gateway, folder)
    assert gateway.stop() == 0
    os.unlink(filler)
    gateway.start()
    states = [gateway.wait_message(m, "sent", "uncertain")["state"] for m in ids]
    assert states.count("uncertain") <= 1, states
    assert sorted(m["text"] for m in simulator.handset()) == sorted(f"text {i}" for i in range(30))
