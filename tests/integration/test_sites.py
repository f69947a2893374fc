"""Two sites on one gateway, with clients of different real uids."""
import json
import os
import pwd
import subprocess

import pytest

import gate

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="other uids need root")

SITES = """
sites = ( { name = "alpha"; region = "RU"; locale = "ru"; text = { allowed = true; }; },
          { name = "beta"; region = "RU"; locale = "ru"; text = { allowed = true; }; } );
clients = ( { user = "daemon"; role = "submit"; sites = [ "alpha" ]; },
            { user = "games"; role = "submit"; sites = [ "beta" ]; },
            { user = "mail"; role = "viewer"; sites = [ "alpha", "beta" ]; },
            { user = "news"; role = "viewer"; sites = [ "alpha" ]; },
            { group = "news"; role = "operator"; sites = [ "beta" ]; },
            { group = "bin"; role = "operator"; } );
"""

CALLER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import gate
method, path, body, headers = json.loads(sys.argv[3])
answer = gate.request(sys.argv[2], method, path, body, headers)
print(json.dumps([answer.status, answer.body]))
"""


def call_as(gateway, user, method, path, body=None, headers=None):
    """The call as it comes from another user: (status, body)."""
    entry = pwd.getpwnam(user)
    done = subprocess.run(["/usr/bin/python3", "-c", CALLER, os.path.dirname(__file__),
                           gateway.socket, json.dumps([method, path, body, headers])],
                          user=entry.pw_uid, group=entry.pw_gid, extra_groups=[],
                          capture_output=True, text=True, timeout=gate.LIMIT, check=True)
    status, answer = json.loads(done.stdout)
    return status, answer


@pytest.fixture
def two(field):
    os.chmod(field.folder, 0o755)
    simulator, gateway = field.pair("--send-time", 5, sites=SITES)
    return simulator, gateway


def test_neither_sees_nor_touches_the_other(two):
    _, gateway = two
    body = {"to": "+79123456789", "text": "of alpha", "send_at": "2099-01-01T00:00:00Z"}
    status, message = call_as(gateway, "daemon", "POST", "/v1/messages", body)
    assert (status, message["site"]) == (202, "alpha")
    path = f"/v1/messages/{message['id']}"
    assert call_as(gateway, "daemon", "GET", path)[0] == 200
    assert call_as(gateway, "games", "GET", path)[0] == 404
    assert call_as(gateway, "games", "DELETE", path)[0] == 404
    assert call_as(gateway, "games", "GET", "/v1/messages")[1]["items"] == []
    assert call_as(gateway, "games", "POST", "/v1/messages?site=alpha", body)[0] == 404
    assert call_as(gateway, "games", "POST", "/v1/messages", body,
                   {"Simgate-Site": "alpha"})[0] == 404
    events = call_as(gateway, "games", "GET", "/v1/events?after=0")[1]["items"]
    assert all(e["subject"] != message["id"] for e in events)
    assert call_as(gateway, "daemon", "GET", path)[1]["state"] == "scheduled"


def test_a_verification_belongs_to_its_site(two):
    simulator, gateway = two
    status, started = call_as(gateway, "daemon", "POST", "/v1/verifications",
                              {"account": "u", "phone": "+79123456789"})
    assert status == 202
    simulator.wait_handset(1)
    path = f"/v1/verifications/{started['id']}"
    assert call_as(gateway, "games", "GET", path)[0] == 404
    status, answer = call_as(gateway, "games", "POST", path + "/check", {"code": "000000"})
    assert status == 404, answer
    assert call_as(gateway, "games", "GET", "/v1/accounts/u")[0] == 404


def test_roles(two):
    _, gateway = two
    body = {"to": "+79123456789", "text": "hello"}
    # a viewer of two sites looks at both, and may not submit
    assert call_as(gateway, "mail", "GET", "/v1/messages")[0] == 200
    status, refused = call_as(gateway, "mail", "POST", "/v1/messages?site=alpha", body)
    assert (status, refused["reason"]) == (403, "role_too_low")
    # who is not listed is no client
    status, refused = call_as(gateway, "nobody", "GET", "/v1/status")
    assert (status, refused["reason"]) == (403, "not_a_client")
    # a group may be meant, too
    assert call_as(gateway, "bin", "POST", "/v1/modems/gsm0/actions", {"action": "reopen"})[0] == 202
    status, refused = call_as(gateway, "daemon", "POST", "/v1/modems/gsm0/actions",
                              {"action": "reopen"})
    assert (status, refused["reason"]) == (403, "role_too_low")


def test_who_may_look_at_modems_sees_their_events(two):
    _, gateway = two
    for user in ("daemon", "mail", "bin"):
        _, told = call_as(gateway, user, "GET", "/v1/events?after=0&types=modem.")
        assert any(e["type"] == "modem.ready" for e in told["items"]), user
    _, told = call_as(gateway, "daemon", "GET", "/v1/events?after=0&types=modem.&site=alpha")
    assert told["items"] == []


def test_one_key_of_two_clients_makes_two_messages(two):
    _, gateway = two
    body = {"to": "+79123456789", "text": "hello"}
    key = {"Idempotency-Key": "1"}
    first = call_as(gateway, "daemon", "POST", "/v1/messages", body, key)[1]
    second = call_as(gateway, "games", "POST", "/v1/messages", body, key)[1]
    assert first["id"] != second["id"]


def test_each_entry_speaks_for_its_own_sites(two):
    """news looks at alpha and operates beta: that makes it no operator of alpha."""
    _, gateway = two
    body = {"to": "+79123456789", "text": "hello", "send_at": "2099-01-01T00:00:00Z"}
    status, message = call_as(gateway, "daemon", "POST", "/v1/messages", body)
    assert status == 202
    path = f"/v1/messages/{message['id']}"
    assert call_as(gateway, "news", "GET", path)[0] == 200
    assert [m["id"] for m in call_as(gateway, "news", "GET", "/v1/messages")[1]["items"]] == [message["id"]]
    assert call_as(gateway, "news", "DELETE", path)[0] == 404
    assert call_as(gateway, "news", "POST", "/v1/messages?site=alpha", body)[0] == 404
    assert call_as(gateway, "news", "DELETE", "/v1/numbers/+79123456789?site=alpha")[0] == 404
    status, own = call_as(gateway, "news", "POST", "/v1/messages", body)
    assert (status, own["site"]) == (202, "beta")
    assert call_as(gateway, "daemon", "GET", path)[1]["state"] == "scheduled"
