"""What an older gateway has not sent yet is taken over, once."""
import datetime
import os
import sqlite3
import subprocess

import pytest

import gate

SHOWN = ("to", "text")


@pytest.fixture(scope="module")
def pair(shared):
    return shared.pair("--send-time", 5)


@pytest.fixture
def run(pair):
    def call(*words):
        ended = subprocess.run([os.path.join(gate.BUILD, "simgate"), "--socket", pair[1].socket,
                                "import", *map(str, words)], capture_output=True, text=True,
                               timeout=gate.LIMIT)
        return ended.returncode, ended.stdout, ended.stderr
    return call


def arrived(pair, before, n):
    return sorted(m["text"] for m in pair[0].wait_handset(before + n)[before:])


def test_smstools(pair, run, tmp_path):
    before = len(pair[0].handset())
    files = {
        "a": b"To: 79121234501\n\nplain\n",
        "b": b"From: me\r\nTo: 7 912 1234502\r\nAlphabet: UTF-8\r\nReport: no\r\n\r\n"
             + "Привет\r\n".encode(),
        "c": b"To: 79121234503\nAlphabet: ISO\n\ncaf\xe9 \xa4",
        "d": b"To: 79121234504\nAlphabet: UCS\n\n" + "двойной".encode("utf-16-be"),
        "e": b"To: 79121234505\nPriority: HIGH\nX-Unknown: 1\n\ntwo\nlines",
        "flash": b"To: 79121234506\nFlash: yes\n\nflash",
        "binary": b"To: 79121234506\nAlphabet: binary\n\n\x00\x01",
        "nobody": b"From: me\n\nlost",
        "wrong": b"To: 79121234506\nAlphabet: UTF-8\n\n\xff",
        "number": b"To: 7912\n\nshort",
        "being_written.LOCK": b"",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    code, out, err = run("smstools", tmp_path)
    assert code == 1 and out.startswith("5 taken over, 5 refused."), (out, err)
    assert arrived(pair, before, 5) == sorted(["plain", "Привет", "café €", "двойной", "two\nlines"])
    assert sorted(os.listdir(tmp_path / "simgate-imported")) == ["a", "b", "c", "d", "e"]
    stayed = set(files) - set("abcde")
    assert set(os.listdir(tmp_path)) == stayed | {"simgate-imported"}
    for name in stayed - {"being_written.LOCK"}:
        assert f"{name} stays: " in err
    assert "no To: header" in err and "no plain text" in err and "alphabet" in err
    code, out, _ = run("smstools", tmp_path)  # again: nothing is sent twice
    assert code == 1 and out.startswith("0 taken over, 5 refused.")


def test_an_interrupted_run_is_repeated(pair, run, tmp_path):
    before = len(pair[0].handset())
    (tmp_path / "one").write_text("To: 79121234507\n\nonce\n")
    assert run("smstools", tmp_path)[0] == 0
    os.rename(tmp_path / "simgate-imported/one", tmp_path / "one")  # it ended before it moved it
    code, out, _ = run("smstools", tmp_path)
    assert code == 0 and out.startswith("1 taken over, 0 refused.")
    (tmp_path / "two").write_text("To: 79121234507\n\nafterwards\n")
    assert run("smstools", tmp_path)[0] == 0
    assert arrived(pair, before, 2) == ["afterwards", "once"]


def backup(number, *parts):
    """As gammu-smsd-inject leaves it."""
    text = "; This file format was designed for Gammu\n\n"
    for n, part in enumerate(parts):
        hexed = part.encode("utf-16-be").hex().upper()
        text += (f"[SMSBackup{n:03}]\n; {part}\nPDU = Submit\nState = UnSent\nNumber = \"{number}\"\r\n"
                 f"NumberUnicode = {number.encode('utf-16-be').hex().upper()}\r\n"
                 f"Name = \"\"\r\nNameUnicode = \r\nText00 = {hexed[:16]}\r\nText01 = {hexed[16:]}\r\n"
                 f"Coding = Unicode_No_Compression\nFolder = 0\nLength = {len(part)}\nClass = -1\n"
                 f"ReplySMSC = False\nUDH = 050003A7{len(parts):02X}{n + 1:02X}\n\n")
    return text.encode()


def test_gammus_outbox(pair, run, tmp_path):
    before = len(pair[0].handset())
    files = {
        "OUT+79121234511.txt": b"short name",
        "OUTA_+79121234512_00.txtd": "с BOM".encode("utf-16"),
        "OUTC20261121_193005_00_+79121234513_a_note_.txt": b"\xef\xbb\xbflong name",
        "OUT+79121234514.txtf": b"flash",
        "OUT+79121234515.smsbackup": b"[SMSBackup001]",
        "OUTC20261121_193006_00_+79121234516_sms0.smsbackup": backup("+79121234516", "долгий ", "текст"),
        "OUTC20261121_193007_00_+79121234517_sms0.smsbackup":
            backup("+79121234517", "flash").replace(b"Class = -1", b"Class = 0"),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    code, out, err = run("gammu", tmp_path)
    assert code == 1 and out.startswith("4 taken over, 3 refused."), (out, err)
    assert arrived(pair, before, 4) == ["long name", "short name", "долгий текст", "с BOM"]
    assert "515.smsbackup stays: it has no number or no text" in err
    assert "517_sms0.smsbackup stays: it is no plain text (flash)" in err
    assert "514.txtf stays: it is no plain text (flash" in err


def test_gammus_database(pair, run, tmp_path):
    before = len(pair[0].handset())
    path = tmp_path / "smsd.db"
    with sqlite3.connect(path) as base:
        base.executescript("""
            CREATE TABLE outbox (ID INTEGER PRIMARY KEY, DestinationNumber TEXT, TextDecoded TEXT,
                DeliveryReport TEXT, Class INTEGER DEFAULT -1, Coding TEXT DEFAULT 'Default_No_Compression',
                SendingDateTime TEXT DEFAULT '2020-01-01 00:00:00');
            CREATE TABLE outbox_multipart (ID INTEGER, SequencePosition INTEGER, TextDecoded TEXT);
            INSERT INTO outbox (ID, DestinationNumber, TextDecoded, DeliveryReport) VALUES
                (1, '+79121234521', 'one', 'default'), (2, '+79121234522', 'first, ', 'yes');
            INSERT INTO outbox_multipart VALUES (2, 3, 'third'), (2, 2, 'second, ');
            INSERT INTO outbox (ID, DestinationNumber, TextDecoded, Class) VALUES (3, '+79121234523', 'f', 0);
            INSERT INTO outbox (ID, DestinationNumber, TextDecoded, SendingDateTime)
                VALUES (4, '+79121234524', 'later', '2099-01-01 00:00:00');
        """)
    content = path.read_bytes()
    code, out, err = run("gammu", path)
    assert code == 1 and out.startswith("3 taken over, 1 refused."), (out, err)
    assert arrived(pair, before, 2) == ["first, second, third", "one"]
    assert "3 stays: it is no plain text" in err and path.read_bytes() == content
    [later] = pair[1].get("/v1/messages?state=scheduled")["items"]
    assert later["to"] == "+79121234524"
    local = datetime.datetime(2099, 1, 1).astimezone().timestamp()
    assert gate.seconds(later["deadline"]) == local + 24 * 3600
    assert run("gammu", path)[1].startswith("3 taken over")  # the same two: no others arrive
    assert pair[1].get("/v1/status")["messages"]["queued"] == 0


def test_what_goes_wrong_is_told(pair, run, tmp_path):
    code, _, err = run("smstools", tmp_path / "none")
    assert code == 1 and "No such file" in err
    (tmp_path / "text.db").write_text("this is no database")
    code, _, err = run("gammu", tmp_path / "text.db")
    assert code == 1 and "no SQLite database" in err
    for name in "ab":
        (tmp_path / name).write_text("To: 79121234507\n\nonce\n")
    os.unlink(tmp_path / "text.db")
    ended = subprocess.run([os.path.join(gate.BUILD, "simgate"), "--socket", "/none", "import",
                            "smstools", str(tmp_path)], capture_output=True, text=True, check=False)
    assert ended.returncode == 3 and sorted(os.listdir(tmp_path)) == ["a", "b"]
    assert "a stays" in ended.stderr and "b stays" not in ended.stderr  # it ends at the first
