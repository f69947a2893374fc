"""Every route of the API on the real daemon, with what was asked and answered."""
import os

import gate
from gate import code_for, wait_until

PHONE = "+79123456789"


class Walk:
    """Calls and keeps them: (method, pattern, status, answer, body that was sent)."""

    def __init__(self, gateway):
        self.gateway, self.calls = gateway, []

    def __call__(self, method, pattern, *values, body=None, query="", status=None, headers=None):
        path = pattern
        for value in values:
            path = path.replace("{}", value.replace("+", "%2B"), 1)
        answer = self.gateway.call(method, path + query, body, headers)
        self.calls.append((method, pattern, answer.status, answer, body))
        assert status in (None, answer.status), answer
        return answer


def messages(walk, simulator):
    sent = walk("POST", "/v1/messages", status=202, headers={"Idempotency-Key": "k1"}, body={
        "to": PHONE, "text": "hello", "priority": "high", "ttl": 600, "report": True,
        "encoding": "auto", "transliterate": "never", "reference": "order-1"})
    walk.gateway.wait_message(sent["id"], "delivered")
    later = walk("POST", "/v1/messages", status=202, body={
        "to": PHONE, "text": "later", "send_at": "2099-01-01T00:00:00Z"})
    walk("GET", "/v1/messages/{}", sent["id"], status=200)
    walk("GET", "/v1/messages/{}", "msg_none", status=404)
    walk("GET", "/v1/messages", query="?state=delivered&kind=text&limit=1", status=200)
    walk("GET", "/v1/messages", query="?color=red", status=422)
    walk("DELETE", "/v1/messages/{}", later["id"], status=200)
    walk("DELETE", "/v1/messages/{}", sent["id"], status=409)
    walk("DELETE", "/v1/messages/{}", "msg_none", status=404)
    walk("POST", "/v1/messages", status=422, body={"to": "12", "text": ""})
    walk("POST", "/v1/messages", status=400, body=b"{")
    simulator.control("fault cms once 1")
    bad = walk("POST", "/v1/messages", status=202, body={"to": PHONE, "text": "refused"})
    walk.gateway.wait_message(bad["id"], "failed")
    walk("POST", "/v1/messages/{}/retry", bad["id"], status=202)
    walk("POST", "/v1/messages/{}/retry", sent["id"], status=409)
    walk("POST", "/v1/messages/{}/retry", "msg_none", status=404)


def previews(walk):
    walk("POST", "/v1/preview", body={"text": "Привет"}, status=200)
    walk("POST", "/v1/preview", body={"template": "verification", "locale": "ru"}, status=200)
    walk("POST", "/v1/preview", body={"text": 1}, status=422)
    walk("GET", "/v1/templates", status=200)


def verifications(walk, simulator):
    one = walk("POST", "/v1/verifications", status=202,
               body={"account": "u1", "phone": PHONE, "channel": "sms", "locale": "ru",
                     "purpose": "register"})
    code = code_for(simulator, PHONE)
    walk("GET", "/v1/verifications/{}", one["id"], status=200)
    walk("GET", "/v1/verifications/{}", "ver_none", status=404)
    walk("POST", "/v1/verifications", status=429, body={"account": "u1", "phone": PHONE})
    walk("POST", "/v1/verifications", status=422, body={"account": "u1", "phone": "+7495"})
    wrong = str((int(code) + 1) % 1000000).zfill(6)
    walk("POST", "/v1/verifications/{}/check", one["id"], body={"code": wrong}, status=200)
    walk("POST", "/v1/verifications/{}/check", one["id"], body={"code": "x"}, status=422)
    walk("POST", "/v1/verifications/{}/check", one["id"], body={"code": code}, status=200)
    walk("POST", "/v1/verifications/{}/check", "ver_none", body={"code": code}, status=404)
    walk("POST", "/v1/verifications/{}/cancel", one["id"], status=409)
    reverse = walk("POST", "/v1/verifications", status=202,
                   body={"account": "u9", "phone": "+79123456700", "channel": "inbound_sms"})
    walk("GET", "/v1/verifications/{}", reverse["id"], status=200)
    walk("POST", "/v1/verifications/{}/cancel", reverse["id"], status=200)
    walk("POST", "/v1/verifications/{}/check", reverse["id"], body={"code": code}, status=422)
    walk("POST", "/v1/verifications/{}/cancel", "ver_none", status=404)


def contacts(walk, simulator):
    gate.verify(simulator, walk.gateway, "u2", "+79123456780")
    asked = {"from_account": "u1", "to_account": "u2", "from_name": "Пётр", "to_name": "Иван",
             "order": "12345", "locale": "ru"}
    one = walk("POST", "/v1/contact-requests", body=asked, status=202)
    walk("GET", "/v1/contact-requests/{}", one["id"], status=200)
    walk("GET", "/v1/contact-requests/{}", "ctr_none", status=404)
    walk("POST", "/v1/contact-requests", body=asked, status=429)
    walk("POST", "/v1/contact-requests", body=dict(asked, from_account="u2", to_account="nobody"),
         status=409)
    walk("POST", "/v1/contact-requests", body={"order": 5}, status=422)


def accounts(walk):
    walk("GET", "/v1/accounts/{}", "u1", status=200)
    walk("GET", "/v1/accounts/{}/export", "u1", status=200)
    walk("POST", "/v1/accounts/{}/contact", "u1", body={"allowed": False})
    walk("GET", "/v1/numbers/{}", PHONE, status=200)
    walk("GET", "/v1/numbers/{}", "12", status=422)
    walk("POST", "/v1/numbers/{}/unlock", PHONE)
    walk("DELETE", "/v1/accounts/{}/phones/{}", "u1", PHONE)
    walk("DELETE", "/v1/accounts/{}", "u1")
    walk("DELETE", "/v1/numbers/{}", "+79123456780")


def gateway_itself(walk, simulator):
    simulator.control("sms +79120001122 hello")
    wait_until(lambda: walk.gateway.get("/v1/inbox")["items"])
    walk("GET", "/v1/inbox", query="?limit=5", status=200)
    walk("GET", "/v1/events", query="?limit=200", status=200)
    walk("GET", "/v1/modems", status=200)
    walk("GET", "/v1/modems/{}", "gsm0", status=200)
    walk("GET", "/v1/modems/{}", "none", status=404)
    walk("POST", "/v1/modems/{}/at", "gsm0", body={"command": "AT+CSQ"}, status=200)
    walk("POST", "/v1/modems/{}/ussd", "gsm0", body={"code": "*100#"})
    for action, status in (("drain", 202), ("resume", 202), ("dance", 422)):
        walk("POST", "/v1/modems/{}/actions", "gsm0", body={"action": action}, status=status)
    walk("GET", "/v1/ports", status=200)
    walk("GET", "/v1/doctor", status=200)
    path = os.path.join(walk.gateway.folder, "copy.db")
    walk("POST", "/v1/backup", body={"path": path}, status=200)
    walk("POST", "/v1/backup", body={"path": path}, status=409)
    walk("GET", "/v1/status", status=200)
    walk("GET", "/healthz")
    walk("GET", "/metrics", status=200)


def walk_everywhere(field):
    simulator = field.simulator("--reports", "delivered", "--report-time", 0)
    gateway = field.gateway(gate.modem("gsm0", simulator.pty, 'limits = [ "500/1h" ];'))
    gateway.wait_modem()
    walk = Walk(gateway)
    messages(walk, simulator)
    previews(walk)
    verifications(walk, simulator)
    contacts(walk, simulator)
    accounts(walk)
    gateway_itself(walk, simulator)
    return walk.calls
