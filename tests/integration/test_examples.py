"""The client examples of docs/examples, each against the real daemon."""
import os
import shutil
import subprocess

import pytest

import gate
from gate import code_for

FOLDER = os.path.join(gate.ROOT, "docs", "examples")
EXAMPLES = {
    "sh": ["sh", "verify.sh"],
    "python": ["/usr/bin/python3", "verify.py"],
    "php": ["php", "verify.php"],
    "node": ["node", "verify.mjs"],
    "go": ["go", "run", "verify.go"],
}


@pytest.fixture(scope="module")
def pair(shared):
    return shared.pair()


def needs(language):
    for program in {"sh": ("curl", "jq")}.get(language, (EXAMPLES[language][0],)):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here")
    if language == "php":
        modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout
        if "curl" not in modules.split():
            pytest.skip("php-curl is not here")


def start(pair, language, account, phone):
    needs(language)
    folder = pair[1].folder
    env = dict(os.environ, SIMGATE_SOCKET=pair[1].socket, HOME=folder, GOFLAGS="-mod=mod",
               GOCACHE=os.path.join(folder, "go"), GO111MODULE="off")
    return subprocess.Popen(EXAMPLES[language] + [account, phone], cwd=FOLDER, env=env, text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("language", EXAMPLES)
def test_a_number_is_verified(pair, language):
    simulator, gateway = pair
    phone = f"+7912345670{list(EXAMPLES).index(language)}"
    example = start(pair, language, f"user-{language}", phone)
    try:
        out, err = example.communicate(code_for(simulator, phone) + "\n", timeout=5 * gate.LIMIT)
    finally:
        example.kill()
    assert (example.returncode, out.strip()) == (0, "approved"), err
    assert gateway.get(f"/v1/accounts/user-{language}")["phone"] == phone


@pytest.mark.parametrize("language", EXAMPLES)
def test_a_refusal_is_told(pair, language):
    example = start(pair, language, "it's \"me\"", "12")
    out, err = example.communicate("", timeout=5 * gate.LIMIT)
    assert example.returncode == 1 and out == ""
    assert err.split(":")[0].strip() and "\n" == err[-1]
