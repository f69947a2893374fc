"""The command line as a person sees it: in a terminal of 80 columns."""
import re

import pytest

import gate
from terminal import COLOUR, Terminal, cells, fits, plain, show, width

PHONE, WRONG = "+79123456789", "+79990000000"
LONG = "one who has a very long name in a site that thinks nothing of it, and more"


@pytest.fixture(scope="module")
def pair(shared):
    """A modem that sends, one with a long name that is not there, messages of all kinds."""
    simulator = shared.simulator("--send-time", 5)
    simulator.control("refuse +7999 1")
    gateway = shared.gateway(
        gate.modem("gsm0", simulator.pty, 'limits = [ "10/1m", "100/3h" ];'),
        gate.modem("roof-antenna-2", "/dev/serial/by-id/usb-HUAWEI_Mobile-if01-port0"))
    gateway.wait_modem()
    gateway.wait_message(gateway.send(PHONE, "hello"), "sent")
    gateway.wait_message(gateway.send(WRONG, "hello"), "failed")
    gateway.send(PHONE, "later", send_at="2099-01-01T00:00:00Z")
    return simulator, gateway


@pytest.fixture(scope="module")
def verification(pair):
    started = pair[1].post("/v1/verifications", {"account": LONG, "phone": "+79161230001",
                                                 "locale": "en"})
    gate.wait_until(lambda: pair[1].get(f"/v1/verifications/{started['id']}")["delivery"]["state"]
                    == "sent", why="the code is not sent")
    return started["id"]


def test_status(pair):
    text, code = show(pair[1], "status")
    fits(text)
    assert code == 1  # one modem of two
    upper, table = plain(text).split("\n\n")
    assert upper.split("\n")[:3] == ["health  warn", "  modems: 1 of 2 modems are ready",
                                     "simgated  0.1.0, started TIME ago"]
    assert re.fullmatch(r"queue  \d waiting", upper.split("\n")[3])
    assert re.fullmatch(r"messages  scheduled 1, sent \d, failed 1", upper.split("\n")[4])
    assert table.split("\n")[-3:] == [
        "  roof-antenna-2: /dev/serial/by-id/usb-HUAWEI_Mobile-if01-port0 does not exist:",
        "  is the modem plugged in?", ""]
    ready, absent = cells(text, "NAME STATE FOR OPERATOR RAT SIGNAL")
    assert ready[:2] + ready[3:] == ["gsm0", "ready", "Simulated", "LTE", "|||. -73 dBm"]
    assert absent[:2] + absent[3:] == ["roof-antenna-2", "absent", "", "", "-"]


def test_modem_list(pair):
    text, code = show(pair[1], "modem", "list")
    fits(text)
    assert code == 0
    assert [row[:2] for row in cells(text, "NAME STATE FOR OPERATOR RAT SIGNAL")] == [
        ["gsm0", "ready"], ["roof-antenna-2", "absent"]]


def test_modem_show(pair):
    text, code = show(pair[1], "modem", "show", "gsm0")
    fits(text)
    assert code == 0
    assert plain(text).startswith("""\
name  gsm0
state  ready
why  registered
since  TIME ago
device  DIR/gsm0.pty
network  Simulated, home, LTE
signal  |||. -73 dBm
modem  Simulated, GSM-1, GSM1R0.1.0
profile  generic
imei  356938035643809
imsi  250011234567890
iccid  89701012345678901234
number  +79120000000
sms centre  +79168999100
limits  """)
    assert re.search(r"^limits +\d of 10 parts in 1 minute\n +\d of 100 parts in 3 hours$", text,
                     re.M)
    assert re.search(r"^last error +sending: the number does not exist, \d+ s ago$", text, re.M)
    assert len({line.index(re.split("  +", line)[1]) for line in text.split("\n")
                if re.match(r"\w+  ", line)}) == 1  # one column of values


def test_verify_show(pair, verification):
    text, code = show(pair[1], "verify", "show", verification)
    fits(text)
    assert code == 0
    fields, story, history = plain(text).split("\n\n")
    assert fields == """\
id  ver_ID
state  pending
account  one who has a very long name in a site that thinks nothing of it,
  and more
phone  +79161230001
purpose  register
channel  sms
entries left 5
created  TIME ago
expires  in TIME
resend  in TIME
delivery  sent"""
    assert " ".join(story.split()) == (
        "Reason: sent_no_report. The network took it TIME ago; no delivery report has come so far. "
        'For the user: "Sent. If nothing came, ask again in a minute." Next step: ask for another '
        "code. Other ways: inbound_sms or missed_call.")
    assert history == """\
UTC  AGO  WHAT  MODEM  REASON
CLOCK  TIME  message.queued
CLOCK  TIME  verification.created
CLOCK  TIME  message.sending  gsm0
CLOCK  TIME  message.sent  gsm0
"""
    assert cells(text, "UTC AGO WHAT MODEM REASON")[3][2:] == ["message.sent", "gsm0", ""]


def test_doctor(pair):
    text, code = show(pair[1], "doctor")
    fits(text)
    assert code == 2
    lines = text.rstrip("\n").split("\n")
    for line in lines:
        assert re.match(r"(pass|warn|fail)  \S+ {1,12}\S| {19}(-> |   )?\S", line), line
    assert plain(text).endswith("""\
fail  modem  roof-antenna-2: absent:
  /dev/serial/by-id/usb-HUAWEI_Mobile-if01-port0 does not
  exist: is the modem plugged in?
  -> plug it in; simgate detect shows what is there
""")


def test_list(pair, verification):
    text, code = show(pair[1], "list")
    fits(text)
    assert code == 0
    rows = cells(text, "ID STATE TO AGE MODEM REASON")
    assert all(len(row[0]) == 30 for row in rows)  # never cut
    assert [row[1:3] + row[4:] for row in rows] == [
        ["sent", "+79161230001", "gsm0", ""], ["scheduled", PHONE, "", ""],
        ["failed", WRONG, "gsm0", "cms_1"], ["sent", PHONE, "gsm0", ""]]
    wide, _ = show(pair[1], "list", columns=120)
    assert [row[2] for row in cells(wide, "ID STATE KIND TO AGE MODEM REASON")] == [
        "verification", "text", "text", "text"]
    text, _ = show(pair[1], "list", "--limit", "1")
    assert re.search(r"^more: --after msg_\w{26}$", text, re.M)


def test_events(pair, verification):
    text, code = show(pair[1], "events")
    fits(text)
    assert code == 0
    assert re.match(r"\d{4}-\d\d-\d\d UTC\n\d\d:\d\d:\d\d  1 ", text)
    assert """\
CLOCK  1  modem.lost  roof-antenna-2
  /dev/serial/by-id/usb-HUAWEI_Mobile-if01-port0 does not exist:
  is the modem plugged in?
""" in plain(text)
    assert re.search(r"\d+ +message\.failed +msg_\w{26}  gsm0  cms_1$", text, re.M)


def test_inbox_breaks_lines_by_width(pair):
    words = "доброе утро 早上好 " * 6 + "https://example.com/" + "a" * 90 + " 你好世界" * 12
    pair[0].control(f"sms +79161234567 {words}")
    gate.wait_until(lambda: pair[1].get("/v1/inbox")["items"], why="no SMS came")
    text, code = show(pair[1], "inbox")
    fits(text)
    assert code == 0
    head, *lines = text.rstrip("\n").split("\n")
    assert re.fullmatch(r"sms_\w{26}  \d+ s ago  from \+79161234567 on gsm0", head)
    assert all(line.startswith("  ") for line in lines)
    assert "".join("".join(lines).split()) == "".join(words.split())
    assert max(map(width, lines)) > 70


def test_what_an_sms_says_is_not_obeyed(pair):
    pair[0].control("sms +79161234568 red \033[31m bell \a end")
    gate.wait_until(lambda: len(pair[1].get("/v1/inbox")["items"]) > 1, why="no SMS came")
    text, _ = Terminal(pair[1], "inbox").end()
    assert "red ?[31m bell ? end" in text and "\033" not in text


# ---- colours, widths ----

def test_colours_are_for_terminals(pair):
    text, _ = Terminal(pair[1], "status").end()
    assert "\033[33mwarn\033[0m" in text and "\033[32mready\033[0m" in text
    assert "\033[31mabsent\033[0m" in text
    cells(COLOUR.sub("", text), "NAME STATE FOR OPERATOR RAT SIGNAL")
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\033" not in Terminal(pair[1], "status", env=env).end()[0]
    assert "\033[32m" in Terminal(pair[1], "status", env={"NO_COLOR": ""}).end()[0]


@pytest.mark.parametrize("columns", (40, 60, 66, 100, 200))
def test_other_widths(pair, verification, columns):
    for words in (("status",), ("modem", "list"), ("modem", "show", "gsm0"), ("doctor",),
                  ("verify", "show", verification), ("inbox",)):
        text, _ = show(pair[1], *words, columns=columns)
        if columns >= 60:
            fits(text, columns)
        else:  # an id is whole
            fits("\n".join(line for line in text.split("\n") if "_" not in line), columns + 20)
    listed, _ = show(pair[1], "list", columns=columns)
    assert len(re.findall(r"^msg_\w{26}  ", listed, re.M)) == 4


def test_a_pipe_has_room_for_everything(pair, verification):
    code, out, _ = gate.cli(pair[1], "list")
    assert code == 0 and out.split("\n")[0].split() == [
        "ID", "STATE", "KIND", "TO", "AGE", "MODEM", "REASON"]
    long = gate.cli(pair[1], "doctor")[1]
    assert "roof-antenna-2: absent: /dev/serial/by-id/usb-HUAWEI_Mobile-if01-port0 does not " \
        "exist: is the modem plugged in?\n" in long


@pytest.mark.parametrize("words, code, hint", [
    (("show", "msg_01KAMQ3V6S5Y2N8T4R7W9X0ZBC"), 4, "simgate list"),
    (("verify", "show", "none"), 4, "simgate list"),
    (("modem", "show", "none"), 4, "simgate modem list"),
    (("account", "show", "none"), 4, "simgate verify start"),
    (("frobnicate",), 2, "simgate --help"),
    (("verify",), 2, "one of start, check, show, cancel; try: simgate verify --help"),
    (("modem", "explode"), 2, "trace; try: simgate modem --help"),
    (("send",), 2, "usage: simgate send NUMBER [TEXT]"),
    (("--socket", "/none", "status"), 3, "systemctl status simgated"),
    (("send", "--ttl", "soon", PHONE, "x"), 2, "90s, 5m, 3h or 1d"),
    (("cancel", "LAST"), 1, "simgate show ID"),
])
def test_an_error_names_the_next_command(pair, words, code, hint):
    sent = pair[1].get("/v1/messages?state=sent&limit=1")["items"][0]["id"]
    text, ended = show(pair[1], *(sent if word == "LAST" else word for word in words))
    assert ended == code and hint in text, text
