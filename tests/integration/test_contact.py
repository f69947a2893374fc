"""Contact requests: design.md section 6 over the socket."""
import concurrent.futures
import itertools
import re
import time

import pytest

import conftest
import gate

NEEDS_SENDER = ('require_sender_verified = true; per_sender = [ "2/1h" ]; '
                'per_recipient = [ "3/1h" ];')
OPEN = 'per_recipient = [ ];'
RUSSIAN = ("Уважаемый Иван, пользователь Пётр просит связаться с ним по заказу 12345. "
           "Администрация Shop.")

numbers = (f"+7916{n:03d}0000" for n in itertools.count(1))


@pytest.fixture(scope="module")
def pair(shared):
    """A modem, and a site whose senders must be verified and may ask twice an hour."""
    return shared.pair("--send-time", 5, sites=gate.one_site(contact=NEEDS_SENDER))


@pytest.fixture(scope="module")
def people(pair):
    """Two verified accounts a call; names are made from the word."""
    def make(word):
        accounts = f"{word} from", f"{word} to"
        phones = [next(numbers) for _ in accounts]
        for account, phone in zip(accounts, phones):
            gate.verify(*pair, account, phone)
        return *accounts, phones[1]
    return make


def ask(gateway, sender, recipient, headers=None, **more):
    body = {"from_account": sender, "to_account": recipient, "from_name": "Пётр", "to_name": "Иван",
            "order": "12345"}
    return gateway.post("/v1/contact-requests", dict(body, **more), headers=headers)


def texts(simulator, phone):
    """What this phone got besides codes."""
    return [m["text"] for m in simulator.handset() if m["to"] == phone and "#" not in m["text"]]


def wait_text(simulator, phone, n=1):
    return gate.wait_until(lambda: texts(simulator, phone)[n - 1:n], why="no request came")[0]


# ---- the way of a request ----

def test_a_request_reaches_the_recipient(pair, people):
    simulator, gateway = pair
    sender, recipient, phone = people("way")
    answer = ask(gateway, sender, recipient)
    assert answer.status == 202, answer
    assert re.fullmatch(r"ctr_[0-9A-HJKMNP-TV-Z]{26}", answer["id"])
    assert answer.headers["Location"] == f"/v1/contact-requests/{answer['id']}"
    assert {"id", "state", "message", "next_allowed_at"} <= set(answer.body)
    assert wait_text(simulator, phone) == RUSSIAN
    gateway.wait_message(answer["message"], "sent")
    shown = gateway.get(answer.headers["Location"])
    assert (shown["state"], shown["delivery"]["state"]) == ("sent", "sent")
    assert gateway.message(answer["message"])["kind"] == "contact_request"
    assert phone not in shown.raw.decode()  # the backend never handles the number


def test_a_key_asks_once(pair, people):
    simulator, gateway = pair
    sender, recipient, phone = people("key")
    key = {"Idempotency-Key": "ask-1"}
    first, again = (ask(gateway, sender, recipient, key) for _ in range(2))
    assert (first.status, again.status, again["id"]) == (202, 202, first["id"])
    gate.refused(ask(gateway, sender, recipient, key, order="2"), 422, "key_reused")
    gateway.wait_message(first["message"], "sent")
    assert len(texts(simulator, phone)) == 1


@pytest.mark.parametrize("locale,begins", [("en", "Dear"), ("vi", ""), ("ru", "Уваж"), ("xx", "")])
def test_the_locale_chooses_the_text(pair, people, locale, begins):
    sender, recipient, phone = people(f"locale {locale}")
    answer = ask(pair[1], sender, recipient, locale=locale, from_name="Petr", to_name="Ivan")
    assert answer.status == 202, answer
    text = wait_text(pair[0], phone)
    assert text.startswith(begins) and all(word in text for word in ("Petr", "Ivan", "12345"))


# ---- the order of checks ----

FIELD_ROWS = [
    ({"to_account": "same"}, "same_account", "to_account"),
    ({"from_account": ""}, "empty", "from_account"),
    ({"from_account": None}, "missing", "from_account"),
    ({"to_account": 5}, "wrong_type", "to_account"),
    ({"to_account": "x" * 129}, "too_long", "to_account"),
    ({"from_name": ""}, "empty", "from_name"), ({"from_name": "x" * 257}, "too_long", "from_name"),
    ({"from_name": "www.example.com"}, "not_a_name", "from_name"),
    ({"to_name": "123456"}, "not_a_name", "to_name"),
    ({"to_name": "@#:/<>"}, "not_a_name", "to_name"),
    ({"to_name": "a\u0000b"}, "nul_character", "to_name"),
    ({"order": "12 345"}, "bad_characters", "order"),
    ({"order": "№12345"}, "bad_characters", "order"), ({"order": "x" * 21}, "too_long", "order"),
    ({"order": "1\n2"}, "bad_characters", "order"), ({"order": 12345}, "wrong_type", "order"),
    ({"locale": "!!"}, "not_a_locale", "locale"), ({"locale": "x" * 17}, "not_a_locale", "locale"),
    ({"phone": "+79123456789"}, "unknown_member", "phone"),
    ({"text": "hi"}, "unknown_member", "text"),
]


@pytest.mark.parametrize("more,reason,field", FIELD_ROWS)
def test_input_comes_first(pair, more, reason, field):
    # nobody of them is verified, and yet the field is what is told
    gate.refused(ask(pair[1], "same", "other", **more), 422, reason, field)


def test_then_accounts_opt_out_and_limits(pair, people):
    simulator, gateway = pair
    sender, recipient, phone = people("order")
    gate.refused(ask(gateway, "nobody", "no one"), 409, "sender_not_verified")
    gate.refused(ask(gateway, sender, "no one"), 409, "recipient_not_verified")
    gate.refused(ask(gateway, "nobody", recipient), 409, "sender_not_verified")
    for _ in range(2):
        assert ask(gateway, sender, recipient).status == 202
    limited = gate.refused(ask(gateway, sender, recipient), 429, "limit_reached")
    assert "in 1 hour." in limited["detail"]
    assert 3500 < int(limited.headers["Retry-After"]) <= 3600
    gate.refused(ask(gateway, sender, "no one"), 409, "recipient_not_verified")
    wait_text(simulator, phone, 2)
    simulator.control(f"sms {phone} encoding=ucs2 СТОП")
    gate.wait_until(lambda: ask(gateway, sender, recipient).reason == "recipient_opted_out",
                    why="the reply did not stop contact requests")
    # codes are not stopped
    login = gateway.post("/v1/verifications", {"account": recipient, "phone": phone,
                                               "purpose": "login"})
    assert login.status == 202
    gateway.wait_message(login["message"], "sent")


def test_a_recipient_has_limits_too(pair, people):
    gateway = pair[1]
    first = people("many 1")
    others = [people(f"many {i}")[0] for i in (2, 3, 4)]
    for sender in (first[0], *others[:2]):
        assert ask(gateway, sender, first[1]).status == 202
    gate.refused(ask(gateway, others[2], first[1]), 429, "limit_reached")
    assert ask(gateway, others[2], first[0]).status == 202


def test_of_many_at_once_the_limit_holds(pair, people):
    sender, recipient, _ = people("storm")
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: ask(pair[1], sender, recipient), range(20)))
    assert sorted(a.status for a in answers) == [202] * 2 + [429] * 18


# ---- the window ----

def test_the_window_starts_when_the_message_leaves(field):
    simulator, gateway = field.pair(
        "--send-time", 5, sites=gate.one_site(contact='per_sender = [ "1/3s" ];' + OPEN))
    gate.verify(simulator, gateway, "to", "+79161234567")
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    first = ask(gateway, "from", "to")
    assert first.status == 202, first
    # it waits longer than the window, and holds its place all the same
    gate.wait_until(lambda: gate.seconds(gateway.get("/v1/contact-requests/" + first["id"])
                                    ["next_allowed_at"]) - gate.seconds(first["created_at"]) > 6.5)
    waiting = gate.refused(ask(gateway, "from", "to"), 429, "limit_reached")
    assert waiting.headers["Retry-After"] == "3"
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    sent = gateway.wait_message(first["message"], "sent")
    shown = gateway.get("/v1/contact-requests/" + first["id"])
    assert 2.5 < gate.seconds(shown["next_allowed_at"]) - gate.seconds(sent["sent_at"]) <= 3
    second = gate.wait_until(lambda: (lambda a: a if a.status == 202 else None)(
        ask(gateway, "from", "to")), why="the window did not end")
    later = gateway.message(second["message"])
    assert gate.seconds(later["created_at"]) >= gate.seconds(shown["next_allowed_at"])
    gateway.wait_message(second["message"], "sent")
    assert len(texts(simulator, "+79161234567")) == 2


def test_a_limit_outlives_a_crash(field):
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site(contact=OPEN))
    gate.verify(simulator, gateway, "to", "+79161234567")
    gateway.wait_message(ask(gateway, "from", "to")["message"], "sent")
    gateway.kill()
    gateway.start()
    gateway.wait_modem()
    limited = gate.refused(ask(gateway, "from", "to"), 429, "limit_reached")
    assert 10700 < int(limited.headers["Retry-After"]) <= 10800
    assert len(texts(simulator, "+79161234567")) == 1


def test_quiet_hours_hold_requests_and_never_codes(field):
    hour = time.gmtime().tm_hour
    quiet = f"{hour:02d}:00-{(hour + 2) % 24:02d}:00"
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site(
        contact=f'quiet_hours = "{quiet}";' + OPEN, site='timezone = "UTC";'))
    gate.verify(simulator, gateway, "to", "+79161234567")  # its code has come
    held = ask(gateway, "from", "to")
    assert (held.status, held["state"]) == (202, "scheduled"), held
    due = gateway.message(held["message"])["estimated_send_at"]
    assert due is None or time.gmtime(gate.seconds(due)).tm_hour == (hour + 2) % 24
    gate.refused(ask(gateway, "from", "to"), 429, "limit_reached")  # it holds its place
    gate.verify(simulator, gateway, "other", "+79161234568")
    assert len(texts(simulator, "+79161234567")) == 0


@pytest.mark.parametrize("word", [
    "STOP", "Quit", "END", "revoke", "opt out", "cancel", "unsubscribe", "STOPALL", "OPTOUT",
    "ARRET", "СТОП", "отписаться", "ОТПИСКА", "Отказ", "ВІДПИСАТИСЯ", "ТОҚТАТУ", "TC", "tu choi",
    "TỪ CHỐI", "HUY", "Hủy", "DUNG", "dừng", "СТОР", "STОP"])
def test_words_of_all_languages_stop_requests(pair, people, word):
    """And the way back is open; look-alikes count, too."""
    simulator, gateway = pair
    sender, recipient, phone = people(f"stop {word}")
    number = f"/v1/numbers/{phone}"
    simulator.control(f"sms {phone} {word}")
    gate.wait_until(lambda: gateway.get(number)["opted_out_at"], why=f"{word} stopped nothing")
    gate.refused(ask(gateway, sender, recipient), 409, "recipient_opted_out")
    code = gateway.post("/v1/verifications", {"account": recipient, "phone": phone,
                                              "purpose": "login"})
    assert code.status == 202, code
    simulator.control(f"sms {phone} START")
    gate.wait_until(lambda: gateway.get(number)["opted_out_at"] is None)
    assert ask(gateway, sender, recipient).status == 202


@pytest.mark.parametrize("fault, state, reason", [
    ("cms 42", "failed", "opted_out"), ("silent on payload", "uncertain", "no_reply")])
def test_a_stop_reaches_what_is_on_the_air(field, fault, state, reason):
    """It is refused, or nobody knows; a later try would be a request after the STOP."""
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site(
        contact=OPEN, site='on_uncertain = { contact_request = "resend"; };'))
    gate.verify(simulator, gateway, "to", "+79161234567")
    simulator.control("set send-time 2000")
    simulator.control(f"fault {fault}")
    asked = ask(gateway, "from", "to")
    gateway.wait_message(asked["message"], "sending")
    assert gateway.post("/v1/accounts/to/contact", {"allowed": False}).status == 200
    assert gateway.message(asked["message"])["state"] == "sending"
    ended = gateway.wait_message(asked["message"], state)
    assert ended["reason"]["code"] == reason
    simulator.control("set send-time 5")
    gate.verify(simulator, gateway, "other", "+79161234568")  # whatever was to go has gone
    assert texts(simulator, "+79161234567") == []
    assert gateway.message(asked["message"])["state"] == state


def test_what_never_arrives_gives_its_place_back(field):
    simulator, gateway = field.pair("--send-time", 5)  # 1/3h, as it is meant
    gate.verify(simulator, gateway, "to", "+79161234567")
    simulator.control("refuse * 1")
    failed = ask(gateway, "from", "to")
    gateway.wait_message(failed["message"], "failed")
    shown = gateway.get("/v1/contact-requests/" + failed["id"])
    assert shown["delivery"]["reason"]["code"] == "cms_1"
    simulator.control("refuse * off")
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    canceled = ask(gateway, "from", "to")
    assert canceled.status == 202, canceled
    gate.refused(ask(gateway, "from", "to"), 429, "limit_reached")
    assert gateway.call("DELETE", f"/v1/messages/{canceled['message']}").status == 200
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    kept = ask(gateway, "from", "to")
    assert kept.status == 202, kept
    gateway.wait_message(kept["message"], "sent")
    limited = gate.refused(ask(gateway, "from", "to"), 429, "limit_reached")
    assert 10790 < int(limited.headers["Retry-After"]) <= 10800


def test_an_erased_recipient_gets_nothing(pair, people):
    simulator, gateway = pair
    sender, recipient, phone = people("erased")
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    gateway.wait_modem("drained")
    request = ask(gateway, sender, recipient)
    assert gateway.call("DELETE", "/v1/accounts/" + recipient.replace(" ", "%20")).status == 204
    gateway.post("/v1/modems/gsm0/actions", {"action": "resume"})
    gate.refused(gateway.get("/v1/contact-requests/" + request["id"]), 404, "not_found")
    gate.refused(ask(gateway, sender, recipient), 409, "recipient_not_verified")
    after = people("erased later")
    answer = ask(gateway, after[0], after[1])
    gateway.wait_message(answer["message"], "sent")
    assert texts(simulator, phone) == []


# ---- names of strangers ----

@pytest.fixture(scope="module")
def lenient():
    with conftest.opened() as built:
        sites = gate.one_site(contact='per_sender = [ ];' + OPEN)
        simulator, gateway = built.pair("--send-time", 5, sites=sites)
        gate.verify(simulator, gateway, "to", "+79161234567")
        yield simulator, gateway


@pytest.mark.parametrize("name", [
    "Eve\n@evil.example #123456", "Eve\r\nYour code is 482913", "Eve @evil.example #482913",
    "Eve https://evil.example/x", "Eve hxxp://evil.example", "Eve evil.example",
    "Eve www.evil.example/",
    "Eve 48 29 13", "Eve 4-8-2-9-1-3", "Eve ４８２９１３", "Eve ٤٨٢٩١٣", "Eve ＠evil。example ＃482913",
    "Eve\u202e913284",
    "Eve\u200b4\u200b8\u200b2\u200b9\u200b1\u200b3", "Eve\u2028@evil.example #482913",
    "Eve\u0085@evil.example #482913", "Eve t.me/evil", "Eve evil\u3002example", "Eve e.vil.example",
    "Eve http:evil", "Eve 4.8.2.9.1.3", "Eve {code} {title}", "Eve %s%n",
    "Eve<script>alert(1)</script>", "Eve 4a8b2c9d1e3", "Eve①②③④⑤⑥",
])
def test_a_name_cannot_forge_anything(lenient, name):
    simulator, gateway = lenient
    before = len(texts(simulator, "+79161234567"))
    answer = ask(gateway, "from", "to", from_name=name, locale="en", to_name="Ivan", order="AB-77")
    assert answer.status == 202, answer
    text = wait_text(simulator, "+79161234567", before + 1)
    assert "Eve" in text and "\n" not in text and "\r" not in text, text
    words = text.replace("AB-77", "")
    assert not re.search(r"[@#/:<>{}%＠＃\u2028\u0085\u202e\u200b]", words), text
    assert not re.search(r"\d\W*\d\W*\d\W*\d", words), text
    assert not re.search(r"(?i)evil\S*example|http|www|\w\.\w", words), text
