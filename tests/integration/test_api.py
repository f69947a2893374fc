"""What the API takes, and how it refuses: design.md section 7, messages and previews first."""
import json
import re

import pytest

import conftest
import gate

TO = "+79123456789"
FIELDS = {"id", "kind", "site", "to", "state", "reason", "encoding", "parts", "priority", "modem",
          "reference", "retry_of", "created_at", "deadline", "sent_at", "delivered_at",
          "estimated_send_at"}
UNKNOWN = {"msg": "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV", "ver": "ver_01ARZ3NDEKTSV4RRFFQ69G5FAV",
           "ctr": "ctr_01ARZ3NDEKTSV4RRFFQ69G5FAV"}

SMALL_QUEUE = "queue_max = 3;"
TWO_SITES = """
sites = ( { name = "alpha"; region = "RU"; text = { allowed = true; }; },
          { name = "beta"; region = "RU"; text = { allowed = true; }; },
          { name = "mute"; region = "RU"; } );
"""


@pytest.fixture(scope="module")
def idle(shared):
    """A gateway whose modem is not there: what is accepted waits."""
    return shared.gateway(gate.modem("gsm0", f"{shared.folder}/no-such-modem"))


@pytest.fixture(scope="module")
def several():
    """A gateway of three sites and no modem."""
    with conftest.opened() as built:
        yield built.gateway(gate.modem("gsm0", f"{built.folder}/no-such-modem"), sites=TWO_SITES)


def seconds(text):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text), text
    return gate.seconds(text)


def body(**more):
    made = dict({"to": TO, "text": "hello"}, **more)
    return {name: value for name, value in made.items() if value is not Ellipsis}


def count(gateway):
    status = gateway.get("/v1/status")
    return sum(status["messages"].values())


# ---- what is taken ----

def test_a_message_shows_every_field(idle):
    answer = idle.post("/v1/messages", body(to="8 (912) 345-67-89", reference="order-1",
                                            priority="high", report=True))
    assert answer.status == 202
    assert answer.headers["Location"] == f"/v1/messages/{answer['id']}"
    assert answer.headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"msg_[0-9A-HJKMNP-TV-Z]{26}", answer["id"])
    for shown in (answer.body, idle.get(answer.headers["Location"]).body):
        assert FIELDS | {"history"} <= set(shown)
        assert (shown["kind"], shown["site"], shown["to"]) == ("text", "shop", TO)
        assert (shown["state"], shown["reason"], shown["priority"]) == ("queued", None, "high")
        assert (shown["encoding"], shown["parts"]) == ("gsm7", {"total": 1, "sent": 0})
        assert (shown["reference"], shown["retry_of"], shown["modem"]) == ("order-1", None, None)
        assert shown["sent_at"] is None and shown["delivered_at"] is None
        assert [h["state"] for h in shown["history"]] == ["queued"]
        assert set(shown["history"][0]) == {"state", "at", "modem", "reason"}
        assert seconds(shown["deadline"]) - seconds(shown["created_at"]) == 86400
    listed = idle.get("/v1/messages?reference=order-1")["items"][0]
    assert FIELDS <= set(listed)


@pytest.mark.parametrize("more,expected", [
    ({"text": "я"}, {"encoding": "ucs2"}),
    ({"text": "x" * 161}, {"parts": {"total": 2, "sent": 0}}),
    ({"text": "x" * 1530}, {"parts": {"total": 10, "sent": 0}}),
    ({"text": "x" * 160, "encoding": "ucs2"}, {"parts": {"total": 3, "sent": 0}}),
    ({"text": "€" * 81}, {"parts": {"total": 2, "sent": 0}}),
    ({"text": "Привет", "transliterate": True}, {"encoding": "gsm7"}),
    ({"text": "Привет", "transliterate": "always"}, {"encoding": "gsm7"}),
    ({"text": "Привет", "transliterate": False}, {"encoding": "ucs2"}),
    ({"text": "Привет", "transliterate": "save_parts"}, {"encoding": "ucs2"}),
    ({"text": "я" * 71, "transliterate": "save_parts"}, {"encoding": "gsm7"}),
    ({"priority": None, "ttl": None, "reference": None}, {"priority": "normal"}),
    ({"send_at": "2001-01-01T00:00:00Z"}, {"state": "queued"}),
    ({"send_at": "2099-01-01T00:00:00+03:00"}, {"state": "scheduled"}),
    ({"reference": "я" * 64}, {"reference": "я" * 64}),
    ({"to": "900"}, {"to": "900"}),
    ({"to": "tel:+7-912-345-67-89"}, {"to": TO}),
    ({"to": "+84 0912 345 678"}, {"to": "+84912345678"}),
])
def test_what_is_taken(idle, more, expected):
    answer = idle.post("/v1/messages", body(**more))
    assert answer.status == 202, answer
    assert {name: answer[name] for name in expected} == expected


def test_times_of_a_message(idle):
    later = idle.post("/v1/messages", body(send_at="2099-01-01T00:00:00Z", ttl=90))
    assert seconds(later["deadline"]) - 90 == seconds("2099-01-01T00:00:00Z")
    assert seconds(later["estimated_send_at"]) == seconds("2099-01-01T00:00:00Z")
    soon = idle.post("/v1/messages", body(ttl=5))
    assert round(seconds(soon["deadline"]) - seconds(soon["created_at"]), 3) == 5


# ---- what is refused ----

FIELD_ROWS = [
    ({"to": ...}, "missing", "to"), ({"to": None}, "missing", "to"),
    ({"to": 7}, "wrong_type", "to"),
    ({"to": ""}, "empty", "to"), ({"to": "+7912O456789"}, "number_has_letters", "to"),
    ({"to": "+7912345678"}, "number_too_short", "to"),
    ({"to": "+791234567890"}, "number_too_long", "to"),
    ({"to": "++79123456789"}, "number_invalid", "to"),
    ({"to": "12"}, "number_too_short", "to"), ({"to": "+0123456789"}, "number_invalid", "to"),
    ({"to": "9" * 65}, "too_long", "to"), ({"to": "+7912345\u00006789"}, "nul_character", "to"),
    ({"text": ...}, "missing", "text"), ({"text": ["a"]}, "wrong_type", "text"),
    ({"text": ""}, "empty", "text"), ({"text": "a\u0000b"}, "nul_character", "text"),
    ({"text": "x" * 1531}, "too_long", "text"), ({"text": "я" * 671}, "too_long", "text"),
    ({"text": "x" * 10000}, "too_long", "text"),
    ({"text": "Привет", "encoding": "gsm7"}, "not_gsm7", "text"),
    ({"priority": "urgent"}, "unknown_word", "priority"),
    ({"priority": 1}, "wrong_type", "priority"),
    ({"ttl": "60"}, "wrong_type", "ttl"), ({"ttl": 1.5}, "wrong_type", "ttl"),
    ({"ttl": 0}, "out_of_range", "ttl"), ({"ttl": -1}, "out_of_range", "ttl"),
    ({"ttl": 2 ** 62}, "out_of_range", "ttl"), ({"ttl": True}, "wrong_type", "ttl"),
    ({"report": "yes"}, "wrong_type", "report"), ({"report": 1}, "wrong_type", "report"),
    ({"encoding": "utf8"}, "unknown_word", "encoding"),
    ({"encoding": {}}, "wrong_type", "encoding"),
    ({"transliterate": "maybe"}, "unknown_word", "transliterate"),
    ({"transliterate": 1}, "wrong_type", "transliterate"),
    ({"send_at": "tomorrow"}, "not_a_time", "send_at"), ({"send_at": 5}, "wrong_type", "send_at"),
    ({"send_at": "2030-01-01T00:00:00"}, "not_a_time", "send_at"),
    ({"send_at": "2030-02-30T00:00:00Z"}, "not_a_time", "send_at"),
    ({"reference": "x" * 129}, "too_long", "reference"),
    ({"reference": 5}, "wrong_type", "reference"),
    ({"reference": "a\u0000"}, "nul_character", "reference"),
    ({"colour": "red"}, "unknown_member", "colour"), ({"kind": "text"}, "unknown_member", "kind"),
    ({"To": TO}, "unknown_member", "To"),
]


@pytest.mark.parametrize("more,reason,field", FIELD_ROWS)
def test_a_wrong_field_is_named(idle, more, reason, field):
    before = count(idle)
    gate.refused(idle.post("/v1/messages", body(**more)), 422, reason, field)
    assert count(idle) == before


def test_every_wrong_field_is_named(idle):
    answer = idle.post("/v1/messages", {"to": 1, "ttl": "x", "colour": 0, "taste": 0})
    gate.refused(answer, 422, "wrong_type")
    assert {(e["field"], e["reason"]) for e in answer["errors"]} == {
        ("to", "wrong_type"), ("text", "missing"), ("ttl", "wrong_type"),
        ("colour", "unknown_member"), ("taste", "unknown_member")}


@pytest.mark.parametrize("raw,line", [
    (b"{", 1), (b'{"to": }', 1), (b'{\n "to": "x",\n "text" "secret"}', 3), (b"[]", 1),
    (b'"secret"', 1), (b"null", 1), (b"17", 1), (b'{"to": "x"} {', 1),
    (b'{"to": "x",\n"to": "y"}', 2),
    (b'{"to": "secret\\ud800"}', 1), (b'{"to": 01}', 1), (b'{"to": "x\nsecret"}', 1),
    (b"{\n'secret': 'x'}", 2), (b"[" * 60000, 1), (b'{"ttl": 1' + b"0" * 400 + b"}", 1),
    (b"\x00", 1),
    (b'{"text": "secret\\q"}', 1), (b'{"text": secret}', 1),
])
def test_what_is_not_json_is_placed(idle, raw, line):
    answer = gate.refused(idle.post("/v1/messages", raw), 400, "not_json")
    assert re.search(rf"line {line}, column \d+", answer["detail"]), answer
    assert b"secret" not in answer.raw


def test_an_empty_body_is_not_json(idle):
    gate.refused(idle.post("/v1/messages", b""), 400, "not_json")


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80",
                                 b"\xe2\x82"])
def test_bad_utf8_is_told(idle, bad):
    raw = b'{"to": "+79123456789", "text": "' + bad + b'"}'
    gate.refused(idle.post("/v1/messages", raw), 400, "bad_utf8")


def test_a_body_has_64_kib(idle):
    spaces = json.dumps(body()).encode().ljust(64 * 1024)
    assert idle.post("/v1/messages", spaces).status == 202
    gate.refused(idle.post("/v1/messages", spaces + b" "), 413, "body_too_large")
    gate.refused(idle.post("/v1/messages", spaces * 8), 413, "body_too_large")
    # many clients read no answer before all of their body is gone
    gate.refused(idle.post("/v1/messages", spaces * 100), 413, "body_too_large")


def test_a_body_is_json_whatever_its_type_says(idle):
    raw = json.dumps(body()).encode()
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        assert idle.post("/v1/messages", raw, headers={"Content-Type": kind}).status == 202


@pytest.mark.parametrize("method,path,allow", [
    ("PUT", "/v1/messages", {"POST", "GET", "HEAD"}),
    ("POST", f"/v1/messages/{UNKNOWN['msg']}", {"GET", "HEAD", "DELETE"}),
    ("GET", f"/v1/messages/{UNKNOWN['msg']}/retry", {"POST"}),
    ("GET", "/v1/preview", {"POST"}),
    ("GET", "/v1/verifications", {"POST"}),
    ("DELETE", f"/v1/verifications/{UNKNOWN['ver']}", {"GET", "HEAD"}),
    ("GET", f"/v1/verifications/{UNKNOWN['ver']}/check", {"POST"}),
    ("PATCH", f"/v1/verifications/{UNKNOWN['ver']}/cancel", {"POST"}),
    ("POST", "/v1/accounts/a", {"GET", "HEAD", "DELETE"}),
    ("GET", "/v1/accounts/a/phones/+79123456789", {"DELETE"}),
    ("GET", "/v1/contact-requests", {"POST"}),
    ("POST", f"/v1/contact-requests/{UNKNOWN['ctr']}", {"GET", "HEAD"}),
    ("POST", "/v1/inbox", {"GET", "HEAD"}), ("POST", "/v1/events", {"GET", "HEAD"}),
    ("POST", "/v1/modems", {"GET", "HEAD"}), ("DELETE", "/v1/modems/gsm0", {"GET", "HEAD"}),
    ("GET", "/v1/modems/gsm0/actions", {"POST"}), ("POST", "/v1/status", {"GET", "HEAD"}),
    ("DELETE", "/healthz", {"GET", "HEAD"}), ("OPTIONS", "/v1/messages", {"POST", "GET", "HEAD"}),
    ("BREW", "/v1/messages", {"POST", "GET", "HEAD"}),
])
def test_a_wrong_method_learns_the_right_ones(idle, method, path, allow):
    answer = gate.refused(idle.call(method, path), 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allow


@pytest.mark.parametrize("method,path", [
    ("GET", "/"), ("GET", "/v1"), ("GET", "/v1/"), ("GET", "/v2/messages"), ("GET", "/v1/Messages"),
    ("GET", "/v1/messages/"), ("GET", "//v1/messages"), ("GET", "/v1//messages"),
    ("GET", f"/v1/messages/{UNKNOWN['msg']}/"), ("GET", "/v1/messages/x/y/z/a/b/c/d/e/f/g/h"),
    ("GET", f"/v1/messages/{UNKNOWN['msg']}"), ("DELETE", f"/v1/messages/{UNKNOWN['msg']}"),
    ("POST", f"/v1/messages/{UNKNOWN['msg']}/retry"), ("GET", f"/v1/messages/{UNKNOWN['ver']}"),
    ("GET", "/v1/messages/msg_"), ("GET", "/v1/messages/1"), ("GET", "/v1/messages/%C3%BF"),
    ("GET", "/v1/messages/msg_01arz3ndektsv4rrffq69g5fav"), ("GET", "/v1/messages/" + "x" * 1000),
    ("GET", f"/v1/verifications/{UNKNOWN['ver']}"), ("GET", f"/v1/verifications/{UNKNOWN['msg']}"),
    ("POST", f"/v1/verifications/{UNKNOWN['ver']}/cancel"),
    ("GET", f"/v1/contact-requests/{UNKNOWN['ctr']}"), ("GET", "/v1/contact-requests/x"),
    ("GET", "/v1/accounts/nobody"), ("DELETE", "/v1/accounts/nobody"),
    ("GET", "/v1/accounts/nobody/export"), ("GET", "/v1/accounts/" + "x" * 129),
    ("DELETE", "/v1/accounts/nobody/phones/+79123456789"), ("GET", "/v1/modems/none"),
    ("GET", "/v1/messages?site=none"),
])
def test_what_is_not_there_is_404(idle, method, path):
    gate.refused(idle.call(method, path), 404, "not_found")


def test_a_check_of_nothing_is_404(idle):
    path = f"/v1/verifications/{UNKNOWN['ver']}/check"
    gate.refused(idle.post(path, {"code": "123456"}), 404, "not_found")


def test_head_has_no_body(idle):
    answer = idle.call("HEAD", "/v1/status")
    assert answer.status == 200 and answer.raw == b""
    assert int(answer.headers["Content-Length"]) > 0
    assert idle.call("HEAD", "/v1/nothing").status == 404


# ---- lists ----

def test_a_list_is_filtered_and_paged(field):
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"))
    ids = [gateway.send(TO if i % 2 else "+79120000000", f"n {i}", reference=f"r{i % 3}",
                        **({"send_at": "2099-01-01T00:00:00Z"} if i < 4 else {})) for i in range(9)]
    gateway.call("DELETE", f"/v1/messages/{ids[8]}")

    def listed(query):
        answer = gateway.get(f"/v1/messages?{query}")
        assert answer.status == 200 and set(answer.body) == {"items", "next"}, answer
        return [m["id"] for m in answer["items"]], answer["next"]

    newest_first = ids[::-1]
    assert listed("") == (newest_first, None)
    seen, after = [], ""
    for _ in range(5):
        page, following = listed(f"limit=2{after}")
        seen += page
        after = f"&after={following}"
        if following is None:
            break
    assert seen == newest_first and following is None
    assert listed("limit=9") == (newest_first, None)
    assert listed("state=scheduled")[0] == ids[3::-1]
    assert listed("state=canceled")[0] == [ids[8]]
    assert listed("state=sent")[0] == []
    assert listed("kind=text&reference=r1")[0] == [ids[7], ids[4], ids[1]]
    assert listed("kind=verification")[0] == []
    # a plus in a query is a plus, and escaped it is one, too
    for written in ("+79120000000", "%2B79120000000", "89120000000"):
        assert listed(f"to={written}")[0] == ids[8::-2]
    assert listed("to=%2B79120000009")[0] == []
    assert listed(f"state=queued&to=%2B79123456789&reference=r1")[0] == [ids[7]]


@pytest.mark.parametrize("query,reason,field", [
    ("limit=0", "out_of_range", "limit"),
    ("limit=ten", "out_of_range", "limit"), ("limit=-1", "out_of_range", "limit"),
    ("limit=", "out_of_range", "limit"), ("limit=1x", "out_of_range", "limit"),
    ("limit=99999999999999999999", "out_of_range", "limit"),
    ("state=gone", "unknown_word", "state"), ("state=", "unknown_word", "state"),
    ("kind=sms", "unknown_word", "kind"), ("after=5", "unknown_word", "after"),
    (f"after={UNKNOWN['ver']}", "unknown_word", "after"),
    ("colour=red", "unknown_member", "colour"),
    ("to=abc", "number_has_letters", "to"), ("to=", "required", "to"),
])
def test_a_wrong_filter_is_named(idle, query, reason, field):
    gate.refused(idle.get(f"/v1/messages?{query}"), 422, reason, field)


def test_a_query_is_decoded_strictly(idle):
    for query in ("to=%", "to=%2", "to=%zz", "to=%00", "to=%ff", "to=1&to=2"):
        gate.refused(idle.get(f"/v1/messages?{query}"), 400, "bad_query")
    for path in ("/v1/messages/%", "/v1/messages/%00", "/v1/accounts/a%00b", "/v1/accounts/%ff"):
        gate.refused(idle.get(path), 400, "bad_path")
    gate.refused(idle.get("/v1/messages?reference=" + "x" * 3000), 414, "target_too_long")


def test_an_operator_of_several_sites_lists_them_all(several):
    made = {site: several.post("/v1/messages", body(), headers={"Simgate-Site": site})["id"]
            for site in ("alpha", "beta")}
    everything = {m["id"] for m in several.get("/v1/messages")["items"]}
    assert set(made.values()) <= everything
    for site, message in made.items():
        assert [m["id"] for m in several.get(f"/v1/messages?site={site}")["items"]] == [message]
        assert several.get(f"/v1/messages/{message}")["site"] == site
    named = several.get(f"/v1/messages?to=%2B79123456789")
    assert {m["id"] for m in named["items"]} == set(made.values())


def twice(gateway, method, path, name, *values):
    """The status of a request that has a header more than once."""
    connection = gate.UnixConnection(gateway.socket)
    connection.putrequest(method, path)
    for value in values:
        connection.putheader(name, value)
    connection.endheaders()
    answer = gate.Answer(connection.getresponse())
    connection.close()
    return answer


def test_a_header_that_decides_comes_once(several):
    for names in (("alpha", "beta"), ("alpha", "alpha")):
        gate.refused(twice(several, "GET", "/v1/messages", "Simgate-Site", *names), 400, "bad_header")
    path = "/v1/messages?site=alpha"
    gate.refused(twice(several, "POST", path, "Idempotency-Key", "a", "b"), 400, "bad_header")
    answer = twice(several, "POST", path, "Content-Length", "2", "3")
    gate.refused(answer, 400, "bad_header")
    assert answer.headers["Connection"] == "close"


def test_blanks_after_a_header_are_no_part_of_it(several):
    for name in ("alpha ", "alpha \t "):
        assert several.get("/v1/messages", headers={"Simgate-Site": name}).status == 200
    key = [several.post("/v1/messages?site=alpha", {"to": TO, "text": "blanks"},
                        headers={"Idempotency-Key": key})["id"] for key in ("k", "k ", '"k" ')]
    assert len(set(key)) == 1


def test_a_site_must_be_named_where_one_is_needed(several):
    gate.refused(several.post("/v1/messages", body()), 400, "site_required")
    gate.refused(several.get("/v1/accounts/a"), 400, "site_required")
    assert several.post("/v1/messages?site=alpha", body()).status == 202
    answer = several.post("/v1/messages?site=alpha", body(), headers={"Simgate-Site": "beta"})
    gate.refused(answer, 400, "bad_header")
    gate.refused(several.post("/v1/messages?site=gamma", body()), 404, "not_found")


def test_texts_may_not_be_allowed(several):
    mute = {"Simgate-Site": "mute"}
    gate.refused(several.post("/v1/messages", body(), headers=mute), 403, "kind_not_allowed")
    assert several.get("/v1/messages?site=mute")["items"] == []


# ---- canceling, trying again ----

def test_cancel_and_retry_by_state(field):
    simulator, gateway = field.pair("--send-time", 400)
    first = gateway.send(TO, "on the air")
    gateway.wait_message(first, "sending")
    gate.refused(gateway.call("DELETE", f"/v1/messages/{first}"), 409, "already_sending")
    gateway.wait_message(first, "sent")
    gate.refused(gateway.call("DELETE", f"/v1/messages/{first}"), 409, "already_final")
    gate.refused(gateway.post(f"/v1/messages/{first}/retry"), 409, "not_retryable")
    simulator.control("set send-time 5")
    simulator.control("refuse * 1")
    failed = gateway.send(TO, "refused")
    gateway.wait_message(failed, "failed")
    waiting = gateway.send(TO, "later", send_at="2099-01-01T00:00:00Z")
    gate.refused(gateway.post(f"/v1/messages/{waiting}/retry"), 409, "not_retryable")
    gate.refused(gateway.post(f"/v1/messages/{failed}/retry", {"to": TO}), 422, "unknown_member",
                 "to")
    code = gateway.post("/v1/verifications", {"account": "a", "phone": TO})["message"]
    gateway.wait_message(code, "failed")
    gate.refused(gateway.post(f"/v1/messages/{code}/retry"), 409, "use_resend")
    simulator.control("refuse * off")
    retried = gateway.post(f"/v1/messages/{failed}/retry")
    assert (retried.status, retried["retry_of"], retried["to"]) == (202, failed, TO)
    assert retried.headers["Location"] == f"/v1/messages/{retried['id']}"
    gateway.wait_message(retried["id"], "sent")
    assert simulator.handset()[-1]["text"] == "refused"


def test_the_text_of_an_expired_message_is_erased(field):
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"))
    message = gateway.send(TO, "too late", ttl=1)
    gateway.wait_message(message, "expired")
    gate.refused(gateway.post(f"/v1/messages/{message}/retry"), 409, "text_erased")


# ---- once and only once ----

def keyed(gateway, key, made=None, path="/v1/messages", **headers):
    return gateway.post(path, made or body(), headers=dict({"Idempotency-Key": key}, **headers))


def test_a_key_counts_per_route_site_and_body(several):
    one = keyed(several, "k1", **{"Simgate-Site": "alpha"})
    again = keyed(several, '"k1"', **{"Simgate-Site": "alpha"})
    assert (one.status, again.status, again["id"]) == (202, 202, one["id"])
    assert again.headers["Location"] == one.headers["Location"]
    other_site = keyed(several, "k1", **{"Simgate-Site": "beta"})
    assert other_site["id"] != one["id"] and other_site["site"] == "beta"
    other_route = keyed(several, "k1", {"account": "k", "phone": TO}, "/v1/verifications",
                        **{"Simgate-Site": "alpha"})
    assert other_route.status == 202 and other_route["id"].startswith("ver_")
    changed = keyed(several, "k1", body(text="other"), **{"Simgate-Site": "alpha"})
    gate.refused(changed, 422, "key_reused")


def test_a_first_answer_is_rendered_anew(idle):
    first = keyed(idle, "fresh", body(send_at="2099-01-01T00:00:00Z"))
    idle.call("DELETE", f"/v1/messages/{first['id']}")
    again = keyed(idle, "fresh", body(send_at="2099-01-01T00:00:00Z"))
    assert (again.status, again["id"], again["state"]) == (202, first["id"], "canceled")


def test_a_refusal_keeps_no_key(idle):
    gate.refused(keyed(idle, "again", body(to="12")), 422, "number_too_short", "to")
    assert keyed(idle, "again").status == 202


@pytest.mark.parametrize("key", ['""', '"', 'a b', "x" * 256, "a\tb", '"a'])
def test_a_bad_key_is_refused(idle, key):
    gate.refused(keyed(idle, key), 400, "bad_idempotency_key")


def test_a_long_key_is_taken(idle):
    assert keyed(idle, "x" * 255).status == 202


def test_a_full_queue_says_when_to_come_back(field):
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/no-such-modem"), more=SMALL_QUEUE)
    ids = [gateway.send(TO, f"n {i}") for i in range(3)]
    answer = gate.refused(keyed(gateway, "full"), 503, "queue_full")
    assert int(answer.headers["Retry-After"]) <= 3600
    started = gateway.post("/v1/verifications", {"account": "a", "phone": TO})
    gate.refused(started, 503, "queue_full")
    gate.refused(gateway.get("/v1/accounts/a"), 404, "not_found")
    gateway.call("DELETE", f"/v1/messages/{ids[0]}")
    assert keyed(gateway, "full").status == 202
    gate.refused(gateway.post("/v1/messages", body()), 503, "queue_full")


# ---- previews, status ----

@pytest.mark.parametrize("asked,expected", [
    ({"text": "hello"}, {"encoding": "gsm7", "parts": 1, "units": 5, "units_left": 155,
                         "offending": [], "text": "hello"}),
    ({"text": "€"}, {"encoding": "gsm7", "units": 2, "units_left": 158}),
    ({"text": "x" * 161}, {"parts": 2, "units": 161, "units_left": 145}),
    ({"text": "aяb"}, {"encoding": "ucs2", "units": 3, "units_left": 67,
                       "offending": [{"char": "я", "at": 1}]}),
    ({"text": "\U0001F600"}, {"encoding": "ucs2", "units": 2}),
    ({"text": "Привет", "transliterate": True}, {"encoding": "gsm7", "text": "Privet"}),
    ({"text": "hello", "encoding": "ucs2"}, {"encoding": "ucs2", "units_left": 65}),
])
def test_a_preview_tells_what_a_text_costs(idle, asked, expected):
    answer = idle.post("/v1/preview", asked)
    assert answer.status == 200, answer
    assert set(answer.body) == {"encoding", "parts", "units", "units_left", "offending", "text"}
    assert {name: answer[name] for name in expected} == expected


def test_a_preview_refuses_like_a_message(idle):
    gate.refused(idle.post("/v1/preview", {"text": "x" * 1531}), 422, "too_long", "text")
    gate.refused(idle.post("/v1/preview", {"text": "a\u0000"}), 422, "nul_character", "text")
    gate.refused(idle.post("/v1/preview", {"text": "a", "to": TO}), 422, "unknown_member", "to")
    gate.refused(idle.post("/v1/preview", {}), 422, "missing", "text")


def test_health_follows_the_modem(field):
    simulator, gateway = field.pair()
    healthy = gateway.get("/healthz")
    assert (healthy.status, healthy["status"]) in ((200, "pass"), (200, "warn")), healthy
    simulator.control("unplug")
    gateway.wait_modem("absent", "opening")
    sick = gateway.get("/healthz")
    assert (sick.status, sick["status"]) == (503, "fail")
    assert int(sick.headers["Retry-After"]) >= 1
    assert sick["checks"]["modems"]["status"] == "fail"


def test_a_modem_shows_every_field(field):
    _, gateway = field.pair()
    gate.wait_until(lambda: gateway.get("/v1/modems/gsm0")["operator"], why="no operator is told")
    shown = gateway.get("/v1/modems/gsm0")
    assert {"name", "state", "why", "since", "operator", "registration", "rat", "dbm", "imei",
            "imsi", "iccid", "number", "quotas", "counters", "pacing", "last_error",
            "recovery_step"} <= set(shown.body)
    assert shown["imei"] and shown["imsi"] and shown["iccid"]
    assert shown["registration"] in ("home", "roaming") and shown["dbm"] < 0
    listed = gateway.get("/v1/modems")
    assert [m["name"] for m in listed["items"]] == ["gsm0"] and listed["next"] is None
    gate.refused(gateway.post("/v1/modems/gsm0/actions", {"action": "explode"}), 422,
                 "unknown_word", "action")
    gate.refused(gateway.post("/v1/modems/none/actions", {"action": "drain"}), 404, "not_found")
    gate.refused(gateway.post("/v1/modems/gsm0/at", {"command": "AT\rAT"}), 422,
                 "control_character", "command")
