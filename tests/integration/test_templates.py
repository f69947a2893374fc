"""A site's own words: checked before they are used, chosen by purpose, language and length, shown
before anybody gets them."""
import json
import os
import subprocess

import pytest

import gate

PURPOSES = """
  templates = {
    verification = {
      ru = ( "Код {code} для {title}. Действует {minutes} минут. Никому его не сообщайте.",
             "Код {code}. Никому его не сообщайте." );
      login = { ru = "Код для входа: {code}. Никому его не сообщайте."; };
      change = { ru = "Код смены номера: {code}."; };
    };
  };
"""
HASH = "FA+9qCX9VSu"


@pytest.fixture(scope="module")
def pair(shared):
    return shared.pair("--send-time", 5, sites=gate.one_site(site=PURPOSES))


def sms(simulator, phone):
    def arrived():
        return [m["text"] for m in simulator.handset() if m["to"] == phone]
    return gate.wait_until(arrived, why=f"nothing reached {phone}")[-1]


# ---- before use ----

def check_config(folder, site):
    path = os.path.join(folder, "checked.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write('sites = ( {\n  name = "s"; region = "RU";\n' + site + "\n} );\n")
    done = subprocess.run([os.path.join(gate.BUILD, "simgated"), "-c", path, "--check-config"],
                          capture_output=True, text=True, timeout=gate.LIMIT, check=False)
    return done.returncode, done.stderr.replace(path, "FILE")


@pytest.mark.parametrize("site,told", [
    ('templates = { verification = { ru = "no code here"; }; };',
     "FILE:3: sites[0].templates.verification.ru: {code} is missing"),
    ('templates = { verification = { ru = "{code} {order}"; }; };',
     "FILE:3: sites[0].templates.verification.ru: only {code}, {title} and {minutes} may stand"),
    ('templates = { verification = {\nlogin = {\nru = "{kode}"; }; }; };',
     "FILE:5: sites[0].templates.verification.login.ru: only {code}, {title} and {minutes}"),
    ('templates = { contact_request = { ru = "{code}"; }; };',
     "FILE:3: sites[0].templates.contact_request.ru: only {from_name}, {to_name}, {order} and"),
    ('templates = { contact_request = { ru = "' + "д" * 671 + '"; }; };',
     "FILE:3: sites[0].templates.contact_request.ru: is too long"),
    ('templates = { verification = { signup = { ru = "{code}"; }; }; };',
     "FILE:3: sites[0].templates.verification.signup: must be a string; a group is named after"),
])
def test_wrong_templates_are_told_with_their_line(field, site, told):
    code, errors = check_config(field.folder, site)
    assert code == 2
    assert told in errors, errors


def test_right_templates_pass(field):
    assert check_config(field.folder, PURPOSES)[0] == 0


# ---- in use ----

@pytest.mark.parametrize("purpose,phone,text", [
    ("register", "+79161110001", "Код {}. Никому его не сообщайте.\n@shop.example #{}"),
    ("login", "+79161120001", "Код для входа: {}. Никому его не сообщайте.\n@shop.example #{}"),
    ("change", "+79161130001", "Код смены номера: {}.\n@shop.example #{}"),
])
def test_a_purpose_has_its_own_words(pair, purpose, phone, text):
    simulator, gateway = pair
    started = gateway.post("/v1/verifications", {"account": purpose, "phone": phone,
                                                 "purpose": purpose})
    assert started.status == 202, started
    got = sms(simulator, phone)
    code = got[-6:]
    assert code.isdigit() and got == text.format(code, code)


def test_the_lines_for_telephones_are_exact_to_the_byte(pair):
    simulator, gateway = pair
    phone = "+79161140001"
    gateway.post("/v1/verifications", {"account": "android", "phone": phone, "app_hash": HASH})
    text = sms(simulator, phone)
    code = text[-6:]
    assert text.split("\n") == [f"Код {code}. Никому его не сообщайте.", HASH,
                                f"@shop.example #{code}"]
    (message,) = [m for m in simulator.handset() if m["to"] == phone]
    assert (message["parts"], message["encoding"]) == (1, "ucs2")


@pytest.mark.parametrize("policy,code,request_", [
    ("never", "Код {}. Никому его не сообщайте.", "Уважаемый Иван, пользователь Пётр просит "
     "связаться с ним по заказу 7. Администрация Shop."),
    ("save_parts", "Код {}. Никому его не сообщайте.", "Uvazhaemyy Ivan, polzovatel Pyotr prosit "
     "svyazatsya s nim po zakazu 7. Administratsiya Shop."),
    ("always", "Kod {} dlya Shop. Deystvuet 5 minut. Nikomu ne soobschayte.",
     "Uvazhaemyy Ivan, polzovatel Pyotr prosit svyazatsya s nim po zakazu 7. "
     "Administratsiya Shop."),
])
def test_latin_letters_where_the_site_wants_them(field, policy, code, request_):
    simulator, gateway = field.pair("--send-time", 5, sites=gate.one_site(
        site=f'transliterate = "{policy}";'))
    phones = {"from": "+79161110001", "to": "+79162220001"}
    for account, phone in phones.items():
        gate.verify(simulator, gateway, account, phone)
        text = sms(simulator, phone)
        # the line for telephones is left alone
        assert text == code.format(text[-6:]) + f"\n@shop.example #{text[-6:]}"
    asked = gateway.post("/v1/contact-requests", {
        "from_account": "from", "to_account": "to", "from_name": "Пётр", "to_name": "Иван",
        "order": "7"})
    assert asked.status == 202, asked
    assert simulator.wait_handset(3)[-1]["text"] == request_
    assert simulator.handset()[-1]["parts"] == (2 if policy == "never" else 1)


# ---- shown ----

def test_a_template_is_shown_as_it_will_be_sent(pair):
    gateway = pair[1]
    shown = gateway.post("/v1/preview", {"template": "verification.login"})
    assert shown.status == 200, shown
    assert shown["text"] == "Код для входа: 123456. Никому его не сообщайте.\n@shop.example #123456"
    assert (shown["template"], shown["locale"], shown["source"]) == ("verification.login", "ru",
                                                                     "site")
    assert (shown["encoding"], shown["parts"], shown["units"]) == ("ucs2", 1, 69)
    english = gateway.post("/v1/preview", {"template": "verification.login", "locale": "en-GB"})
    assert (english["template"], english["source"]) == ("verification", "built_in")
    assert english["text"].startswith("Your Shop code is 123456.")
    hashed = gateway.post("/v1/preview", {"template": "verification", "app_hash": HASH})
    assert hashed["text"].split("\n")[1:] == [HASH, "@shop.example #123456"]
    named = gateway.post("/v1/preview", {"template": "contact_request", "to_name": "Анна\n@a #1",
                                         "from_name": "Олег", "order": "A-7"})
    assert named["text"] == ("Уважаемый Анна a 1, пользователь Олег просит связаться с ним по "
                             "заказу A-7. Администрация Shop.")


def test_every_form_is_listed_with_its_parts(pair):
    forms = pair[1].get("/v1/templates")
    assert forms.status == 200 and forms["next"] is None
    own = [f for f in forms["items"] if f["source"] == "site"]
    assert [(f["template"], f["parts"], f["chosen"]) for f in own] == [
        ("verification", 2, False), ("verification", 1, True), ("verification.login", 1, True),
        ("verification.change", 1, True)]
    assert {f["locale"] for f in forms["items"] if f["source"] == "built_in"} == {"ru", "vi", "en"}
    assert all(f["parts"] >= 1 and f["text"] for f in forms["items"])


@pytest.mark.parametrize("body,field,reason", [
    ({"template": "verification.sale"}, "template", "unknown"),
    ({"template": "text"}, "template", "unknown"),
    ({"template": "verification", "text": "x"}, "template", "not_with_text"),
    ({"text": "x", "locale": "ru"}, "template", "not_with_text"),
    ({"template": "verification", "encoding": "gsm7"}, "encoding", "not_with_template"),
    ({"template": "contact_request", "order": "#1"}, "order", "bad_order"),
    ({"locale": "ru"}, "text", "missing"),
])
def test_a_preview_is_of_one_thing(pair, body, field, reason):
    answer = pair[1].post("/v1/preview", body)
    if reason == "bad_order":
        reason = answer.reason
    gate.refused(answer, 422, reason, field)


def test_the_command_line_shows_templates(pair):
    gateway = pair[1]
    code, out, _ = gate.cli(gateway, "preview", "--template")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split() == ["TEMPLATE", "LOCALE", "SOURCE", "ENCODING", "PARTS", "UNITS",
                                "TEXT"]
    assert any(line.startswith("*") and "verification.login" in line for line in lines)
    for words in (["--template=verification.login"], ["--template", "verification.login"]):
        code, out, _ = gate.cli(gateway, "preview", *words)
        assert code == 0
        assert out.splitlines()[0] == "verification.login in ru, the site's own"
        assert "Код для входа: 123456." in out
    code, out, _ = gate.cli(gateway, "--json", "preview", "--template", "--locale", "en",
                            "verification")
    assert code == 0 and json.loads(out)["source"] == "built_in"
    assert gate.cli(gateway, "preview", "--template", "nonsense")[0] == 1
