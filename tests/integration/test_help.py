"""What the command line tells of itself: help, completion and the man page say the same."""
import os
import re
import subprocess

import pytest

import gate
from terminal import fits, show

SIMGATE = os.path.join(gate.BUILD, "simgate")


def said(*words):
    return subprocess.run([SIMGATE, *words], text=True, capture_output=True, check=True).stdout


def table():
    """[(verb, sub or "", [options])]"""
    rows = [line.split() for line in said("--list-verbs").splitlines()]
    return [(row[0], row[1].strip("-"), row[2:]) for row in rows]


GLOBAL = ["--help", "--json", "--site", "--socket", "--timeout", "--version"]
NAMES = {(verb, sub) for verb, sub, _ in table()}


@pytest.mark.parametrize("verb, sub, options", table())
def test_help_of_a_verb(verb, sub, options):
    words = [verb, *([sub] if sub else [])]
    text, code = show(None, *words, "--help")
    fits(text)
    assert code == 0 and text.startswith(f"usage: simgate {' '.join(words)}")
    assert re.findall(r"^  (--[a-z-]+)", text, re.M) == options + GLOBAL, text


def test_help_of_all():
    text, code = show(None, "--help")
    fits(text)
    assert code == 0
    named = re.findall(r"^  ([a-z]+)(?: ([a-z]+))?\b", text, re.M)
    assert {(v, s) if (v, s) in NAMES else (v, "") for v, s in named} == NAMES
    assert re.findall(r"^  (--[a-z-]+)", text, re.M) == GLOBAL
    for n in range(9):
        assert re.search(rf"\b{n} \w", text.split("Exit:")[1])
    for verb in ("verify", "account", "number", "modem", "import"):
        text, code = show(None, verb, "--help")
        subs = re.findall(rf"simgate {verb} (\w+)", text)
        assert code == 0 and subs == [s for v, s, _ in table() if v == verb]


# ---- completion ----

def complete(*words, more=()):
    script = (f'PATH={gate.BUILD}:$PATH; . {gate.ROOT}/docs/completion/simgate.bash;'
              'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _simgate; echo "${COMPREPLY[*]}"')
    return subprocess.run(["bash", "-c", script, "bash", "simgate", *more, *words], text=True,
                          capture_output=True, check=True).stdout.split()


def test_completion_knows_every_verb():
    assert set(complete("")) == {verb for verb, _, _ in table()}
    for verb in {verb for verb, sub, _ in table() if sub}:
        assert set(complete(verb, "")) == {s for v, s, _ in table() if v == verb}


@pytest.mark.parametrize("verb, sub, options", table())
def test_completion_knows_every_option(verb, sub, options):
    words = [verb, *([sub] if sub else [])]
    assert set(complete(*words, "--")) == {*options, *GLOBAL}


@pytest.mark.parametrize("words, expected", [
    (("list", "--state", "s"), {"scheduled", "sending", "sent"}),
    (("list", "--kind", ""), {"verification", "contact_request", "text"}),
    (("send", "--priority", "h"), {"high"}),
    (("send", "--encoding", ""), {"auto", "gsm7", "ucs2"}),
    (("send", "--transliterate", ""), {"never", "save_parts", "always"}),
    (("verify", "start", "--channel", ""), {"sms", "inbound_sms", "missed_call"}),
    (("verify", "start", "--purpose", ""), {"register", "login", "change"}),
    (("verify", "start", "--locale", ""), {"ru", "vi", "en"}),
    (("account", "contact", "x", "o"), {"on", "off"}),
])
def test_completion_knows_the_words_of_options(words, expected):
    assert set(complete(*words)) == expected


def test_completion_asks_the_daemon(field):
    gateway = field.pair()[1]
    more = ("--socket", gateway.socket)
    message = gateway.send("+79123456789", "x", send_at="2099-01-01T00:00:00Z")
    assert complete("modem", "show", "", more=more) == ["gsm0"]
    assert complete("ussd", "g", more=more) == ["gsm0"]
    assert complete("show", "msg", more=more) == [message]
    assert complete("cancel", "", more=more) == [message]


# ---- the man page ----

@pytest.fixture(scope="module")
def entries():
    """{head: text} of the man page, without its fonts."""
    with open(os.path.join(gate.ROOT, "docs/man/simgate.1"), encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"\\f.|\"", "", text).replace("\\-", "-")
    text = re.sub(r"^\.(B|I|BI|BR|RB|IR|RI) ", "", text, flags=re.M)
    return dict(entry.split("\n", 1) for part in text.split("\n.SH ") if "\n.TP\n" in part
                for entry in part.split("\n.TP\n")[1:])


@pytest.mark.parametrize("verb, sub, options", table())
def test_the_man_page_tells_of_a_verb(entries, verb, sub, options):
    usage = re.match("usage: simgate (.*)", said(*f"{verb} {sub}".split(), "--help")).group(1)
    text = entries[usage]
    for option in options:
        assert re.search(rf"{option}(?![a-z-])", text), (usage, option)


def test_the_man_page_names_nothing_else(entries):
    known = {option for _, _, options in table() for option in options} | set(GLOBAL)
    named = set(re.findall(r"(?<![\w-])--[a-z-]+", " ".join([*entries, *entries.values()])))
    assert named == known
    heads = {head.split()[0] for head in entries if head.startswith("--")}
    assert heads == set(GLOBAL)
    verbs = {" ".join(head.split()[:2]) for head in entries if re.match("[a-z]", head)}
    assert len(verbs) == len(NAMES)
