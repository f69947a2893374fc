"""Every verb and every exit code of design.md section 9, each through a terminal."""
import os
import pwd
import re
import signal
import subprocess

import pytest

import gate
from terminal import Terminal, show

DONE, FAILED, USAGE, UNREACHABLE, NOT_FOUND, TEMPORARY, TIMED_OUT, UNCERTAIN, NOT_ALLOWED = range(9)
TO = "+79123456789"
NO_MESSAGE, NO_VERIFICATION = "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV", "ver_01ARZ3NDEKTSV4RRFFQ69G5FAV"
LATER = ("--send-at", "2099-01-01T00:00:00Z")
NAMES = ("--from-name", "P", "--to-name", "A", "--order", "1")

# What is called (in capitals: made by `made` below), how it ends, and what is seen.
CALLS = (
    (("status",), 0, r"^health +pass\n"),
    (("doctor",), (0, 1), r"^(pass|warn)  daemon +simgated .* runs"),
    (("doctor", "PTY"), (0, 1, 2), r"PTY|pty"),
    (("detect",), DONE, r"in use as gsm0.*# for simgate.conf:\nmodems = \("),
    (("detect", "PTY"), DONE, r"held by simgated"),
    (("detect", "/dev/none"), FAILED, r"/dev/none"),
    (("send", TO, "hello"), DONE, r"^msg_\w{26} queued\n$"),
    (("send", "--wait", TO, "hello"), DONE, r"^msg_\w{26} sent\n$"),
    (("send", "--ttl", "3h", *LATER, TO, "x"), DONE, r"scheduled"),
    (("send", "12", "x"), FAILED, r"^simgate: to: .*number_too_short"),
    (("send", "--ttl", "3w", TO, "x"), USAGE, r"90s, 5m, 3h or 1d"),
    (("send", "--wait", "+79990000000", "x"), FAILED, r"state +failed\n"),
    (("send", "--wait", "--timeout", "1s", *LATER, TO, "x"), TIMED_OUT, r"state +scheduled\n"),
    (("preview", "hello"), DONE, r"^gsm7, 1 part, 5 units, 155 left"),
    (("preview", "--template"), DONE, r"\*  verification +ru"),
    (("preview", "--template", "nonsense"), FAILED, r"^simgate: template: "),
    (("show", "SENT"), DONE, r"state +sent\n"),
    (("show", "VERIFICATION"), DONE, r"state +pending\n"),
    (("show", NO_MESSAGE), NOT_FOUND, r"try: simgate list"),
    (("list",), DONE, r"^ID +STATE +TO"),
    (("list", "--state", "none"), FAILED, r"no such state"),
    (("list", "stray"), USAGE, r"usage: simgate list"),
    (("cancel", "WAITING"), DONE, r"canceled\n$"),
    (("cancel", "SENT"), FAILED, r"already_final.*simgate show ID"),
    (("retry", "FAILED"), DONE, r"^msg_\w{26} queued\n$"),
    (("retry", "SENT"), FAILED, r"not_retryable"),
    (("wait", "SENT"), DONE, r"sent\n$"),
    (("wait", "FAILED"), FAILED, r"state +failed\n"),
    (("wait", "WAITING", "--timeout", "1s"), TIMED_OUT, r"state +scheduled\n"),
    (("inbox",), DONE, r"^sms_\w{26} .* from \+79161234567 on gsm0\n  good morning\n"),
    (("events",), DONE, r"modem\.ready +gsm0"),
    (("events", "--after", "0", "--types", "nonsense"), DONE, r"^$"),
    (("events", "-f", "--timeout", "1"), TIMED_OUT, r""),
    (("verify", "start", "new", "+79160000010"), DONE, r"state +pending\n"),
    (("verify", "start", "new", "+79160000010"), TEMPORARY, r"too_soon.*try again in \d+ s"),
    (("verify", "start", "from", "12"), FAILED, r"number_too_short"),
    (("verify", "check", "VERIFICATION", "WRONG"), FAILED, r"^wrong_code, \d entries left\n$"),
    (("verify", "check", "VERIFICATION", "CODE"), DONE, r"^approved\n$"),
    (("verify", "check", NO_VERIFICATION, "123456"), NOT_FOUND, r"not_found"),
    (("verify", "show", "VERIFICATION"), DONE, r"^id +ver_"),
    (("verify", "cancel", "VERIFICATION"), DONE, r"state +canceled\n"),
    (("verify",), USAGE, r"^simgate: verify what\? one of start, check, .*simgate verify --help"),
    (("contact", "from", "ACCOUNT", *NAMES), DONE, r"^id +ctr_\w{26}\n"),
    (("contact", "from", "ACCOUNT", *NAMES), TEMPORARY, r"limit_reached"),
    (("contact", "other", "nobody", *NAMES), FAILED, r"recipient_not_verified"),
    (("account", "show", "ACCOUNT"), DONE, r"\n\+7916\d{7} +sms"),
    (("account", "show", "nobody"), NOT_FOUND, r"not_found"),
    (("account", "export", "ACCOUNT"), DONE, r'^{\n.*"account": "'),
    (("account", "contact", "ACCOUNT", "off"), DONE, r"^account +\+"),
    (("account", "contact", "x", "perhaps"), USAGE, r"on or off"),
    (("account", "unbind", "ACCOUNT", "PHONE"), DONE, r"^unbound\n$"),
    (("account", "erase", "ACCOUNT"), DONE, r"^erased\n$"),
    (("account", "erase", "nobody"), NOT_FOUND, r"not_found"),
    (("number", "show", "BOUND"), DONE, r"SITE +OWNER +WRONG +LOCKED +ACCOUNT\nshop +yes"),
    (("number", "unlock", "BOUND"), DONE, r"^unlocked\n$"),
    (("number", "erase", "BOUND"), DONE, r"^erased\n$"),
    (("modem", "list"), DONE, r"^NAME +STATE"),
    (("modem", "show", "gsm0"), DONE, r"imei +\d{15}\n"),
    (("modem", "drain", "gsm0"), DONE, r"^gsm0 drain(ed|ing): "),
    (("modem", "resume", "gsm0"), DONE, r"^gsm0 \w+: "),
    (("modem", "reopen", "gsm0"), DONE, r"^gsm0 \w+: "),
    (("modem", "reset", "gsm0"), DONE, r"^gsm0 \w+: "),
    (("modem", "reset", "none"), NOT_FOUND, r"simgate modem list"),
    (("modem", "at", "gsm0", "AT+CSQ"), DONE, r"\+CSQ: \d+,\d+\nOK\n$"),
    (("modem", "at", "gsm0", "AT+NONE"), FAILED, r"ERROR"),
    (("modem", "trace", "gsm0", "--timeout", "1"), TIMED_OUT, r""),
    (("ussd", "gsm0", "*100#"), DONE, r"^Balance 42\n$"),
    (("ussd", "none", "*100#"), NOT_FOUND, r"simgate modem list"),
    (("backup", "FILE"), DONE, r"\d+ bytes\. The key"),
    (("backup", "/none/x"), FAILED, r"cannot make"),
    (("import", "smstools", "SPOOL"), DONE, r"^0 taken over, 0 refused"),
    (("import", "gammu", "/none"), FAILED, r"name the folder"),
    (("nonsense",), USAGE, r"simgate --help"),
    ((), USAGE, r"simgate --help"),
)


@pytest.fixture(scope="module")
def pair(shared):
    simulator, gateway = shared.pair("--send-time", 5)
    simulator.control("refuse +7999 1")
    simulator.control('ussd *100# 0,"Balance 42"')
    simulator.control("sms +79161234567 good morning")
    gate.wait_until(lambda: gateway.get("/v1/inbox")["items"], why="no SMS came")
    return simulator, gateway


@pytest.fixture(scope="module")
def made(pair, shared):
    """What a word in capitals stands for, made when it is needed."""
    simulator, gateway = pair
    numbers = iter(range(100, 1000))
    last = {}

    def verification():
        last["phone"] = phone = f"+7916{next(numbers)}0001"  # each with a prefix of its own
        return gateway.post("/v1/verifications", {"account": phone, "phone": phone})["id"]

    def account():
        last["phone"] = phone = f"+7916{next(numbers)}0001"
        gate.verify(simulator, gateway, phone, phone)
        return phone

    makers = {
        "SENT": lambda: gateway.wait_message(gateway.send(TO, "x"), "sent")["id"],
        "WAITING": lambda: gateway.send(TO, "x", send_at="2099-01-01T00:00:00Z"),
        "FAILED": lambda: gateway.wait_message(gateway.send("+79990000000", "x"), "failed")["id"],
        "VERIFICATION": verification, "ACCOUNT": account, "BOUND": account,
        "PHONE": lambda: last["phone"], "PTY": lambda: simulator.pty,
        "CODE": lambda: gate.code_for(simulator, last["phone"]),
        "FILE": lambda: f"{shared.folder}/copy-{next(numbers)}",
        "SPOOL": lambda: os.makedirs(f"{shared.folder}/spool", exist_ok=True)
        or f"{shared.folder}/spool",
    }
    makers["WRONG"] = lambda: "000000" if makers["CODE"]() != "000000" else "111111"
    return lambda words: [makers[word]() if word in makers else word for word in words]


@pytest.fixture(autouse=True)
def ready(pair):
    yield
    pair[1].post("/v1/modems/gsm0/actions", {"action": "resume"})
    pair[1].wait_modem()


@pytest.mark.parametrize("words, code, seen", CALLS, ids=lambda v: " ".join(v)[:60]
                         if isinstance(v, tuple) and v and isinstance(v[0], str) else "")
def test_a_call(pair, made, words, code, seen):
    text, ended = show(pair[1], *made(words))
    assert ended in (code if isinstance(code, tuple) else (code,)), text
    assert re.search(seen, text, re.S), text


@pytest.mark.parametrize("words, said", [
    ((), "what shall be done?; try: simgate --help"),
    (("nonsense",), "unknown verb nonsense; try: simgate --help"),
    (("send",), "something is missing after send; usage: simgate send NUMBER [TEXT]"),
    (("status", "stray"), "too many words from stray; usage: simgate status [--watch]"),
    (("list", "--wait"), "this verb takes no option --wait; usage: simgate list"),
    (("ussd",), "something is missing after ussd; usage: simgate ussd NAME CODE"),
    (("number",), "number what? one of show, unlock, erase; try: simgate number --help"),
    (("number", "x"), 'number knows no "x"; one of show, unlock, erase; '
                      "try: simgate number --help"),
    (("status", "--bogus"), "there is no such option: --bogus; try: simgate --help"),
    (("status", "-fx"), "there is no such option: -x; try: simgate --help"),
    (("status", "--json=1"), "there is no such option: --json=1; try: simgate --help"),
    (("status", "--timeout"), "a value is missing after --timeout; try: simgate --help"),
])
def test_wrong_usage_is_told_in_one_line(words, said):
    ended = subprocess.run([os.path.join(gate.BUILD, "simgate"), *words], text=True,
                           capture_output=True, timeout=gate.LIMIT)
    assert (ended.returncode, ended.stdout, ended.stderr) == (USAGE, "", f"simgate: {said}\n")


def test_every_verb_is_called():
    listed = subprocess.run([os.path.join(gate.BUILD, "simgate"), "--list-verbs"], text=True,
                            capture_output=True, check=True).stdout
    for line in listed.splitlines():
        verb = [word for word in line.split()[:2] if word != "-"]
        assert any(list(words[:len(verb)]) == verb for words, _, _ in CALLS), verb


@pytest.mark.parametrize("verb", ("status", "list", "modem list", "events -f", "verify show x"))
def test_an_unreachable_daemon_is_3(verb):
    text, code = show(None, "--socket", "/nowhere/api.sock", *verb.split())
    assert code == UNREACHABLE and "systemctl status simgated" in text


def test_an_uncertain_message_is_7(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("fault accept-then-silence once")
    text, code = show(gateway, "send", "--wait", TO, "x")
    assert code == UNCERTAIN and re.search(r"state +uncertain\n", text)


@pytest.mark.skipif(os.getuid() != 0, reason="other uids need root")
def test_who_may_not_is_8(field):
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/none"),
                            more='clients = ( { user = "mail"; role = "viewer"; } );')
    os.chmod(field.folder, 0o755)
    for user, words, reason in (("nobody", ("list",), "not_a_client"),
                                ("mail", ("send", TO, "x"), "role_too_low")):
        terminal = Terminal(gateway, *words, user=pwd.getpwnam(user).pw_uid)
        text, code = terminal.end()
        assert code == NOT_ALLOWED and reason in text


def test_a_daemon_that_hangs_is_6(pair):
    pair[1].signal(signal.SIGSTOP)
    try:
        text, code = show(pair[1], "--timeout", "1s", "list")
    finally:
        pair[1].signal(signal.SIGCONT)
    assert code == TIMED_OUT and "no answer" in text


def test_status_and_doctor_fail_with_2(field):
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/none"))
    for verb in ("status", "doctor"):
        text, code = show(gateway, verb)
        assert code == 2 and "fail" in text


def test_the_text_may_be_typed(pair):
    text, code = show(pair[1], "send", TO, stdin="typed by hand\n\x04")
    assert code == DONE and "end it with Ctrl-D" in text
    message = re.search(r"msg_\w{26}", text).group(0)
    pair[1].wait_message(message, "sent")
    assert pair[0].handset()[-1]["text"] == "typed by hand"


@pytest.mark.parametrize("words", (("account", "erase", "ACCOUNT"), ("number", "unlock", "BOUND")))
def test_json_of_nothing_is_an_empty_object(pair, made, words):
    code, out, _ = gate.cli(pair[1], "--json", *made(words))
    assert (code, out) == (DONE, "{}\n")
