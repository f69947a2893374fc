"""What the documents for people name is there: verbs, states, settings, reasons."""
import os
import re
import subprocess

import pytest

import gate

DOCS = ("README.md", "docs/troubleshooting.md", "docs/upgrade-from-smstools-gammu.md",
        "docs/monitoring/alerts.yml")


def read(name):
    with open(os.path.join(gate.ROOT, name), encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("name", DOCS)
def test_every_verb_is_one(name):
    listed = subprocess.run([os.path.join(gate.BUILD, "simgate"), "--list-verbs"], text=True,
                            capture_output=True, check=True).stdout
    verbs = {tuple(line.split()[:2]) for line in listed.splitlines()}
    named = re.findall(r"(?:^|[`\";] *|; )simgate(?: --site NAME)? ([a-z]+)(?: ([a-z]+))?",
                       read(name), re.M)
    assert named
    for verb, sub in named:
        assert (verb, "-") in verbs or (verb, sub) in verbs or \
            (sub == "" and verb in {v for v, _ in verbs}), (verb, sub)


def test_troubleshooting_knows_the_states_and_reasons():
    text = read("docs/troubleshooting.md")
    states = re.findall(r'= "(\w+)"', read("modem/session_state.c"))
    for state in set(re.findall(r"^\| `(\w+)`(?:, stays)? \|", text, re.M)):
        assert state in states or state == "not_submitted" or \
            state.startswith("cms_"), state
    for code in re.findall(r"`cms_(\d+)`", text):
        assert re.search(rf"ONE\({code},", read("modem/errors.c")), code
    for reason in ("not_a_client", "role_too_low", "kind_not_allowed", "queue_full", "disk_full",
                   "prefix_suspended", "number_locked"):
        assert reason in text and f"`{reason}`" in text
        assert f'"{reason}"' in read("service/rule.c") + read("api/problem.c") + read("api/reply.c")


@pytest.mark.parametrize("name", DOCS[1:3])
def test_settings_are_settings(name):
    settings = read("config/simgate.conf")
    for word in re.findall(r"`(\w+) = ", read(name)) + [
            "pin_file", "prefixes", "smsc", "reports", "queue_max", "on_uncertain", "quiet_hours"]:
        assert re.search(rf"\b{word}\b", settings), word
