"""The words of the example sites: every template is shown before anybody gets it, what is shown is
what arrives, and nothing costs a part that need not be."""
import json
import re

import pytest

import gate
from example_site import Site

MODEMS = {"marketplace": ("gsm-ru", "gsm-world")}
PHONES = {"studentu24": "+79161234567", "cloudzone": "+84912345678",
          "marketplace": "+79161234567", "organization": "+79161234567"}
HASH = "FA+9qCX9VSu"


@pytest.fixture(params=sorted(PHONES))
def site(request, field):
    running = Site(field, request.param, modems=MODEMS.get(request.param, ("gsm0",)))
    running.name = request.param
    return running


def shown(site, *words):
    code, out, errors = gate.cli(site.gateway, "--json", "preview", "--template", *words)
    assert code == 0, errors
    return json.loads(out)


def test_every_template_is_shown(site):
    listed = shown(site)["items"]
    own = [form for form in listed if form["source"] == "site"]
    assert own and {form["locale"] for form in listed if form["source"] == "built_in"} == {
        "ru", "vi", "en"}
    for form in own:
        one = shown(site, "--locale", form["locale"], form["template"])
        same = [f for f in own if (f["template"], f["locale"]) == (form["template"], form["locale"])]
        (chosen,) = [f for f in same if f["chosen"]]
        assert one == chosen
        assert one["parts"] == min(f["parts"] for f in same)
        if form["template"].startswith("verification"):
            assert one["parts"] == 1, one


@pytest.mark.parametrize("hash_line", [None, HASH])
def test_what_is_shown_is_what_arrives(site, hash_line):
    phone = PHONES[site.name]
    more = {} if hash_line is None else {"app_hash": hash_line}
    body = dict(more, template="verification.register")
    promised = site.gateway.post("/v1/preview", body)
    assert promised.status == 200, promised
    site.started("u", phone, **more)
    text, code = site.wait_sms(phone), site.code(phone)
    assert text == promised["text"].replace("123456", code)
    (message,) = [m for s in site.modems.values() for m in s.handset()]
    assert (message["parts"], message["encoding"]) == (promised["parts"], promised["encoding"])
    assert message["parts"] == 1  # 140 bytes: no telephone reads a code out of more
    origin = re.search(r"\n(@\S+) #", text).group(1)
    ends = [f"{origin} #{code}"] if hash_line is None else [HASH, f"{origin} #{code}"]
    assert text.split("\n")[1:] == ends
