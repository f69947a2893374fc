"""simgate, the command line, verb by verb against the daemon: design.md section 9."""
import json
import os
import pwd
import re
import select
import subprocess
import time

import pytest

import gate

DONE, FAILED, USAGE, UNREACHABLE, NOT_FOUND, TEMPORARY, TIMED_OUT, UNCERTAIN, NOT_ALLOWED = range(9)
TO = "+79123456789"
NOTHING = {"msg": "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV", "ver": "ver_01ARZ3NDEKTSV4RRFFQ69G5FAV",
           "ctr": "ctr_01ARZ3NDEKTSV4RRFFQ69G5FAV"}


@pytest.fixture(scope="module")
def pair(shared):
    return shared.pair("--send-time", 5)


@pytest.fixture(scope="module")
def run(pair):
    """Calls simgate with these words: (exit code, standard output, standard error)."""
    def call(*words, stdin="", env=None):
        return gate.cli(pair[1], *words, stdin=stdin, env=env)
    return call


def done(answer):
    """The standard output of what ended well."""
    code, out, told = answer
    assert (code, told) == (DONE, ""), answer
    return out


def refused(answer, code, *words):
    """One line that says what and why (and lines of fields), nothing on standard output."""
    ended, out, told = answer
    assert ended == code, answer
    assert told.startswith("simgate: ") and told.endswith("\n"), answer
    assert all(word in told for word in words), answer
    assert out == "", answer
    return told


def sent(run, text="hello"):
    return json.loads(done(run("--json", "send", "--wait", TO, text)))["id"]


# ---- messages ----

def test_send_prints_the_id_and_the_state(run):
    assert re.fullmatch(r"msg_[0-9A-Z]{26} queued\n", done(run("send", TO, "hello")))


def test_words_and_standard_input_are_the_text(pair, run):
    for words, stdin, expected in ((("two", "words"), "", "two words"),
                                   (("one word",), "", "one word"),
                                   ((), "from a pipe\n", "from a pipe"), ((), "a\nb\n\n", "a\nb\n"),
                                   (("Привет €",), "", "Привет €")):
        message = done(run("send", TO, *words, stdin=stdin)).split()[0]
        pair[1].wait_message(message, "sent")
        assert pair[0].handset()[-1]["text"] == expected


def test_options_of_send(run):
    made = json.loads(done(run("--json", "send", "--priority", "high", "--reference", "r 1",
                               "--ttl", "600", "--report", "--encoding", "ucs2",
                               "--send-at", "2099-01-01T00:00:00Z", TO, "later")))
    assert (made["priority"], made["reference"], made["encoding"], made["state"]) == (
        "high", "r 1", "ucs2", "scheduled")
    key = [run("send", "--idempotency-key", "cli-1", TO, "once") for _ in range(2)]
    assert done(key[0]).split()[0] == done(key[1]).split()[0]
    latin = json.loads(done(run("--json", "send", "--transliterate", "always", TO, "Привет")))
    assert latin["encoding"] == "gsm7"
    # options may stand after the words, too
    assert json.loads(done(run("send", TO, "hello", "--json")))["to"] == TO


def test_send_can_wait(run):
    assert re.fullmatch(r"msg_\w{26} sent\n", done(run("send", "--wait", TO, "hello")))


def test_what_send_refuses(run):
    refused(run("send", "12", "x"), FAILED, "number_too_short", "to:")
    refused(run("send", TO, stdin=""), FAILED, "empty")
    refused(run("send", "--ttl", "soon", TO, "x"), USAGE, "--ttl", "90s, 5m, 3h or 1d")
    refused(run("send", "--ttl", "900d", TO, "x"), FAILED, "ttl")
    refused(run("send", "--priority", "urgent", TO, "x"), FAILED, "high, normal, low")
    refused(run("send", TO, stdin="x" * 70000), USAGE, "longer")


def test_bytes_that_are_no_utf8_are_told(pair):
    program = [os.path.join(gate.BUILD, "simgate"), "--socket", pair[1].socket, "send", TO]
    ended = subprocess.run(program, input=b"\xff\xfe", capture_output=True, timeout=gate.LIMIT)
    assert ended.returncode == USAGE and b"UTF-8" in ended.stderr
    ended = subprocess.run(program + [b"\xff"], capture_output=True, timeout=gate.LIMIT)
    assert ended.returncode == USAGE and b"UTF-8" in ended.stderr


def test_a_text_is_not_cut_at_a_nul(pair):
    program = [os.path.join(gate.BUILD, "simgate"), "--socket", pair[1].socket]
    for words in (["send", TO], ["preview"]):
        ended = subprocess.run(program + words, input=b"code\0more", capture_output=True,
                               timeout=gate.LIMIT)
        assert (ended.returncode, ended.stdout) == (USAGE, b"")
        assert ended.stderr == b"simgate: byte 5 of the text is a NUL: take it out\n"


def test_show_and_list(run):
    message = sent(run, "to be shown")
    shown = done(run("show", message))
    assert message in shown and "sent" in shown and TO in shown
    assert "to be shown" not in shown
    assert json.loads(done(run("--json", "show", message)))["id"] == message
    listed = done(run("list", "--limit", "1"))
    assert listed.split("\n")[0].split()[:2] == ["ID", "STATE"]
    assert message in listed and "more: --after" in listed
    items = json.loads(done(run("--json", "list", "--state", "sent", "--to", TO, "--kind", "text")))
    assert items["items"][0]["id"] == message
    assert done(run("list", "--reference", "none of that")).count("\n") <= 1


def test_cancel(run):
    message = done(run("send", "--send-at", "2099-01-01T00:00:00Z", TO, "x")).split()[0]
    assert done(run("cancel", message)) == f"{message} canceled\n"
    refused(run("cancel", message), FAILED, "already_final")


def test_retry(pair, run):
    pair[0].control("refuse +7999 1")
    code, out, _ = run("--json", "send", "--wait", "+79990000000", "x")
    failed = json.loads(out)
    assert (code, failed["state"]) == (FAILED, "failed")
    assert re.fullmatch(r"msg_\w{26} queued\n", done(run("retry", failed["id"])))
    refused(run("retry", sent(run)), FAILED, "not_retryable")


def test_wait_tells_the_end_by_its_exit(pair, run):
    assert run("wait", sent(run))[0] == DONE
    later = done(run("send", "--send-at", "2099-01-01T00:00:00Z", TO, "x")).split()[0]
    began = time.monotonic()
    assert run("--timeout", "1", "wait", later)[0] == TIMED_OUT
    assert 1 <= time.monotonic() - began < 20
    done(run("cancel", later))
    assert run("wait", later)[0] == FAILED
    refused(run("wait", NOTHING["msg"]), NOT_FOUND, "not_found")


def test_wait_ends_with_the_message(pair, run):
    pair[0].control("set send-time 700")
    try:
        message = done(run("send", TO, "slow")).split()[0]
        assert done(run("wait", message)) == f"{message} sent\n"
    finally:
        pair[0].control("set send-time 5")


def test_an_uncertain_end_is_7(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("fault accept-then-silence once")
    code, out, _ = gate.cli(gateway, "--json", "send", "--wait", TO, "x")
    assert (code, json.loads(out)["state"]) == (UNCERTAIN, "uncertain")


def test_preview(run):
    shown = done(run("preview", "aяb"))
    assert "ucs2, 1 part, 3 units" in shown and "'я'" in shown
    assert json.loads(done(run("--json", "preview", stdin="hello")))["units_left"] == 155
    refused(run("preview", "x" * 1531), FAILED, "too_long")


def test_inbox(pair, run):
    pair[0].control("sms +79161234567 good morning")
    gate.wait_until(lambda: "good morning" in done(run("inbox")), why="the SMS is not shown")
    (sms,) = json.loads(done(run("--json", "inbox", "--limit", "1")))["items"]
    assert (sms["from"], sms["text"]) == ("+79161234567", "good morning")


# ---- verifications, contact requests, accounts ----

def test_a_verification_by_hand(pair, run):
    started = json.loads(done(run("--json", "verify", "start", "cli", "8 916 000-00-01",
                                  "--locale", "en")))
    assert "cli" in done(run("verify", "show", started["id"]))
    code = gate.code_for(pair[0], "+79160000001")
    wrong = "000000" if code != "000000" else "111111"
    answer = run("verify", "check", started["id"], wrong)
    assert answer[:2] == (FAILED, "wrong_code, 4 entries left\n")
    refused(run("verify", "check", started["id"], code, "--account", "other"), NOT_FOUND)
    assert done(run("verify", "check", started["id"], code)) == "approved\n"
    refused(run("verify", "check", started["id"], code), FAILED, "already_approved")
    shown = done(run("account", "show", "cli"))
    assert "+79160000001" in shown and "sms" in shown
    assert json.loads(done(run("--json", "account", "export", "cli")))["messages"]
    refused(run("verify", "start", "cli", "+79160000002"), FAILED, "use_change")


def test_limits_are_5(pair, run):
    started = json.loads(done(run("--json", "verify", "start", "soon", "+79160010001")))
    told = refused(run("verify", "start", "soon", "+79160010001"), TEMPORARY, "too_soon")
    assert re.search(r"try again in \d+ s", told)
    assert "canceled" in done(run("verify", "cancel", started["id"]))


def test_a_contact_request_by_hand(pair, run):
    gate.verify(*pair, "to", "+79160020001")
    words = ("contact", "from", "to", "--from-name", "Peter", "--to-name", "Anna", "--order", "12")
    made = json.loads(done(run("--json", *words)))
    pair[1].wait_message(made["message"], "sent")
    assert "sent" in done(run("show", made["id"]))
    refused(run(*words), TEMPORARY, "limit_reached")
    refused(run("contact", "from", "to"), FAILED, "missing", "from_name", "to_name", "order")
    refused(run("contact", "from", "nobody", *words[3:]), FAILED, "recipient_not_verified")


def test_accounts_by_hand(pair, run):
    gate.verify(*pair, "a/b c", "+79160030001")
    refused(run("account", "unbind", "a/b c", "+79160030002"), NOT_FOUND)
    done(run("account", "unbind", "a/b c", "+79160030001"))
    done(run("account", "erase", "a/b c"))
    refused(run("account", "erase", "a/b c"), NOT_FOUND)


# ---- modems, status, events ----

def test_modems_by_hand(pair, run):
    table = done(run("modem", "list"))
    assert re.search(r"^gsm0 +(ready|sending)", table, re.M)
    shown = done(run("modem", "show", "gsm0"))
    assert "imei" in shown and "ready" in shown
    assert json.loads(done(run("--json", "modem", "show", "gsm0")))["name"] == "gsm0"
    assert done(run("modem", "at", "gsm0", "AT+CSQ")).split("\n")[-2] == "OK"
    pair[0].control("ussd *100# 0,\"Balance 42\"")
    assert "Balance 42" in done(run("ussd", "gsm0", "*100#"))
    done(run("modem", "drain", "gsm0"))
    pair[1].wait_modem("drained")
    done(run("modem", "resume", "gsm0"))
    done(run("modem", "reopen", "gsm0"))
    pair[1].wait_modem()
    refused(run("modem", "show", "none"), NOT_FOUND)
    refused(run("modem", "at", "gsm0", "AT\rAT"), FAILED, "control_character")
    code, out, _ = run("modem", "at", "gsm0", "AT+NONE")
    assert code == FAILED and "ERROR" in out


def test_status_is_0_1_or_2(pair, run):
    code, out, _ = run("status")
    assert code in (0, 1) and "gsm0" in out and "messages" in out
    whole = json.loads(run("--json", "status")[1])
    assert whole["health"]["status"] in ("pass", "warn") and whole["version"]
    pair[0].control("unplug")
    pair[1].wait_modem("absent", "opening")
    assert run("status")[0] == 2
    assert json.loads(run("status", "--json")[1])["health"]["status"] == "fail"
    pair[0].control("plug")
    pair[1].wait_modem()


def test_events(pair, run):
    place = json.loads(run("--json", "status")[1])["last_event"]
    message = sent(run)
    out = done(run("events", "--after", str(place), "--types", "message."))
    assert [line.split()[2] for line in out.splitlines() if message in line] == [
        "message.queued", "message.sending", "message.sent"]
    assert json.loads(done(run("events", "--json", "--limit", "1")))["items"]


def test_events_are_followed(pair, run):
    program = [os.path.join(gate.BUILD, "simgate"), "--socket", pair[1].socket, "events", "-f",
               "--types", "message.sent", "--json"]
    place = json.loads(run("--json", "status")[1])["last_event"]
    with subprocess.Popen(program + ["--after", str(place)], stdout=subprocess.PIPE,
                          text=True) as follower:
        messages = [sent(run) for _ in range(2)]
        seen = [json.loads(follower.stdout.readline())["subject"] for _ in messages]
        follower.terminate()
    assert seen == messages
    assert run("--timeout", "1", "events", "-f")[0] == TIMED_OUT


@pytest.mark.parametrize("words, last", [
    (("events", "-f", "--after", "0", "--types", "message."), "message.sent"),
    (("modem", "trace", "gsm0"), "+CMGS: "),
])
def test_a_follower_ends_with_the_daemon(field, words, last):
    _, gateway = field.pair()
    program = [os.path.join(gate.BUILD, "simgate"), "--socket", gateway.socket, *words]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as follower:
        if words[0] == "modem":  # a trace tells nothing of what was before it
            gate.wait_until(lambda: gateway.post("/v1/modems/gsm0/at", {"command": "AT"}).status == 200 and
                            select.select([follower.stdout], [], [], 0.1)[0])
        gateway.wait_message(gateway.send(TO, "followed"), "sent")
        gate.wait_until(lambda: select.select([follower.stdout], [], [], 0.1)[0], why="it does not follow")
        assert gateway.stop() == 0
        told, why = follower.communicate(timeout=gate.LIMIT)
    assert last in told and "followed" not in told
    assert follower.returncode == UNREACHABLE and "ended the stream" in why


# ---- exits ----

@pytest.mark.parametrize("words", [
    (), ("explode",), ("send",), ("show",), ("show", "a", "b"), ("verify",), ("verify", "x"),
    ("verify", "check", "a"), ("modem",), ("modem", "explode"), ("list", "stray"),
    ("list", "--order", "1"), ("--nonsense", "list"), ("--timeout", "soon", "list"),
    ("list", "--to"),
])
def test_wrong_usage_is_2(run, words):
    code, out, told = run(*words)
    assert (code, out) == (USAGE, "") and told, told


@pytest.mark.parametrize("words", [
    ("status",), ("list",), ("send", TO, "x"), ("events", "-f"), ("wait", NOTHING["msg"]),
    ("verify", "start", "a", TO), ("modem", "list"), ("preview", "x"), ("modem", "trace", "gsm0"),
])
def test_an_unreachable_daemon_is_3(run, words):
    told = refused(run("--socket", "/nowhere/api.sock", *words), UNREACHABLE, "/nowhere/api.sock")
    assert "simgated" in told  # and what to do


@pytest.mark.parametrize("words", [
    ("show", NOTHING["msg"]), ("show", NOTHING["ver"]), ("show", NOTHING["ctr"]),
    ("show", "x/y z?"),
    ("cancel", NOTHING["msg"]), ("retry", NOTHING["msg"]), ("wait", NOTHING["msg"]),
    ("verify", "show", NOTHING["ver"]), ("verify", "check", NOTHING["ver"], "123456"),
    ("account", "show", "nobody"), ("account", "export", "nobody"), ("modem", "drain", "none"),
    ("--site", "none", "list"), ("modem", "trace", "none"),
])
def test_what_is_not_there_is_4(run, words):
    refused(run(*words), NOT_FOUND, "not_found")


@pytest.mark.skipif(os.getuid() != 0, reason="other uids need root")
def test_what_is_not_allowed_is_8(field):
    os.chmod(field.folder, 0o755)
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"),
                            more='clients = ( { user = "mail"; role = "viewer"; } );')

    def run_as(user, *words):
        entry = pwd.getpwnam(user)
        ended = subprocess.run([os.path.join(gate.BUILD, "simgate"), "--socket", gateway.socket,
                                *words], user=entry.pw_uid, group=entry.pw_gid, extra_groups=[],
                               capture_output=True, text=True, timeout=gate.LIMIT)
        return ended.returncode, ended.stdout, ended.stderr
    refused(run_as("nobody", "list"), NOT_ALLOWED, "not_a_client")
    refused(run_as("mail", "send", TO, "x"), NOT_ALLOWED, "role_too_low")
    done(run_as("mail", "list"))
    os.chmod(gateway.socket, 0o600)
    assert "may not open" in refused(run_as("mail", "list"), UNREACHABLE)


def test_a_daemon_that_does_not_answer_is_6(pair, run):
    pair[1].signal(19)  # SIGSTOP
    try:
        refused(run("--timeout", "1", "list"), TIMED_OUT, "no answer")
    finally:
        pair[1].signal(18)  # SIGCONT
    done(run("list"))


def test_the_socket_may_come_from_the_environment(pair):
    program = [os.path.join(gate.BUILD, "simgate"), "modem", "list"]
    ended = subprocess.run(program, env=dict(os.environ, SIMGATE_SOCKET=pair[1].socket), text=True,
                           capture_output=True, timeout=gate.LIMIT)
    assert ended.returncode == DONE and "gsm0" in ended.stdout


def test_help_and_version(run):
    assert "usage:" in done(run("--help"))
    assert re.fullmatch(r"simgate \d+\.\d+\.\d+\n", done(run("--version")))


def test_nothing_is_coloured_in_a_pipe(run):
    sent(run)
    for words in (("list",), ("status",), ("modem", "list"), ("events",)):
        assert "\x1b" not in run(*words)[1]
