"""config/examples/studentu24.conf: every sentence of how this site describes itself."""
import concurrent.futures

import pytest

import gate
from example_site import HOUR, Site, wrong

CUSTOMER, PERFORMER = "+79161110001", "+79162220002"


@pytest.fixture
def site(field):
    return Site(field, "studentu24")


@pytest.fixture
def people(site):
    """A customer and a performer who have proved their numbers."""
    site.verify("customer", CUSTOMER)
    site.verify("performer", PERFORMER)
    return site


def contact_text(to_name, from_name, order):
    return (f"Уважаемый {to_name}, пользователь {from_name}, просит связаться с ним по заказу "
            f"{order}. Администрация Studentu24.ru.")


# "profile number confirmed by a code"

def test_the_number_of_a_profile_is_confirmed_by_a_code(site):
    started = site.started("customer", "8 (916) 111-00-01")
    assert started["phone"] == CUSTOMER  # as it was understood, for the user to see
    code = site.code(CUSTOMER)
    assert len(code) == 6
    assert site.sms(CUSTOMER) == [f"Код {code}. Никому его не сообщайте.\n@studentu24.ru #{code}"]
    gate.refused(site.account("customer"), 404, "not_found")
    assert site.check(started, wrong(code))["result"] == "wrong_code"
    assert site.check(started, code)["result"] == "approved"
    account = site.account("customer")
    assert account["phone"] == CUSTOMER
    assert [(p["channel"], p["assurance"]) for p in account["proofs"]] == [("sms", "code")]


@pytest.mark.parametrize("typed,phone", [
    ("8 701 123 45 67", "+77011234567"), ("+375 29 123-45-67", "+375291234567"),
    ("８９１６１１１０００１", CUSTOMER), ("\u202a+7 916 111\u201100\u201101\u202c", CUSTOMER),
])
def test_numbers_are_read_as_people_write_them(site, typed, phone):
    started = site.started("customer", typed)
    assert started["phone"] == phone
    assert site.check(started, site.code(phone))["result"] == "approved"


def test_the_gateways_own_number_is_nobodys(site):
    for channel in ("sms", "inbound_sms", "missed_call"):
        answer = site.start("customer", "8 912 000-00-00", channel=channel)
        gate.refused(answer, 422, "gateway_number", "phone")


# "urgent-contact SMS ... both ways between customer and performer"

def test_the_customer_asks_the_performer(people):
    asked = people.ask("customer", "performer", "Пётр", "Иван")
    assert asked.status == 202, asked
    assert people.wait_sms(PERFORMER, 2) == contact_text("Иван", "Пётр", "12345")
    assert len(people.sms(CUSTOMER)) == 1


def test_the_performer_asks_the_customer(people):
    asked = people.ask("performer", "customer", "Иван", "Пётр", order="A-77")
    assert asked.status == 202, asked
    assert people.wait_sms(CUSTOMER, 2) == contact_text("Пётр", "Иван", "A-77")
    people.gateway.wait_message(asked["message"], "sent")
    assert people.gateway.get(f"/v1/contact-requests/{asked['id']}")["state"] == "sent"


def test_however_long_the_names_are_nothing_is_cut(people):
    long_name, other, order = "Александра-Виктория Перо", "Константин Аристархович", "A" * 20
    asked = people.ask("customer", "performer", other, long_name, order=order)
    assert people.wait_sms(PERFORMER, 2) == contact_text(long_name, other, order)
    assert people.gateway.message(asked["message"])["parts"]["total"] == 3


def test_it_is_urgent_at_any_hour(people):
    """No quiet hours: whatever the hour is, it leaves at once."""
    for hour in range(4):
        people.later(6 * HOUR)
        asked = people.ask("customer", "performer", "Пётр", "Иван", order=str(hour))
        if hour < 3:
            assert people.wait_sms(PERFORMER, 2 + hour).endswith(
                f"по заказу {hour}. Администрация Studentu24.ru.")
            people.gateway.wait_message(asked["message"], "sent")  # from then the hours count
        else:  # nobody gets more than three a day
            gate.refused(asked, 429, "limit_reached")


def test_neither_needs_to_know_the_others_number(people):
    asked = people.ask("customer", "performer", "Пётр", "Иван")
    people.wait_sms(PERFORMER, 2)
    assert PERFORMER not in asked.raw.decode() and PERFORMER not in people.sms(PERFORMER)[1]
    assert CUSTOMER not in people.sms(PERFORMER)[1]


def test_both_must_have_proved_their_numbers(site):
    site.verify("customer", CUSTOMER)
    gate.refused(site.ask("customer", "performer", "Пётр", "Иван"), 409, "recipient_not_verified")
    gate.refused(site.ask("performer", "customer", "Иван", "Пётр"), 409, "sender_not_verified")


# "one SMS per 3 hours"

def test_one_sms_in_three_hours(people):
    first = people.ask("customer", "performer", "Пётр", "Иван")
    people.gateway.wait_message(first["message"], "sent")
    sent_at = gate.seconds(people.gateway.message(first["message"])["sent_at"])
    shown = people.gateway.get(f"/v1/contact-requests/{first['id']}")
    assert gate.seconds(shown["next_allowed_at"]) - sent_at == 3 * HOUR
    again = gate.refused(people.ask("customer", "performer", "Пётр", "Иван"), 429, "limit_reached")
    assert 3 * HOUR - 60 < int(again.headers["Retry-After"]) <= 3 * HOUR
    # whoever it goes to; the performer may still ask back
    people.verify("other", "+79163330003")
    gate.refused(people.ask("customer", "other", "Пётр", "Ольга"), 429, "limit_reached")
    assert people.ask("performer", "customer", "Иван", "Пётр").status == 202

    people.later(3 * HOUR - 60)
    late = gate.refused(people.ask("customer", "performer", "Пётр", "Иван"), 429, "limit_reached")
    people.later(int(late.headers["Retry-After"]))
    assert people.ask("customer", "performer", "Пётр", "Иван", order="2").status == 202
    assert people.wait_sms(PERFORMER, 3) == contact_text("Иван", "Пётр", "2")


def test_many_clicks_at_once_send_one(people):
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(
            lambda _: people.ask("customer", "performer", "Пётр", "Иван"), range(10)))
    assert sorted(a.status for a in answers) == [202] + 9 * [429]
    people.wait_sms(PERFORMER, 2)
    assert len(people.sms(PERFORMER)) == 2


def test_a_restart_does_not_forget_the_three_hours(people):
    asked = people.ask("customer", "performer", "Пётр", "Иван")
    people.gateway.wait_message(asked["message"], "sent")
    assert people.gateway.stop() == 0
    people.gateway.start()
    gate.refused(people.ask("customer", "performer", "Пётр", "Иван"), 429, "limit_reached")


# "no advertising ever"

def test_there_is_no_way_to_send_a_text_of_ones_own(people):
    answer = people.post("/v1/messages", to=PERFORMER, text="Скидки! -50 %")
    gate.refused(answer, 403, "kind_not_allowed")
    assert len(people.sms(PERFORMER)) == 1


@pytest.mark.parametrize("name,shown", [
    ("Пётр http://spam.example", "Пётр"),
    ("Пётр www.spam.example", "Пётр"),
    ("Купи на spam.ru", "Купи на"),
    ("Пётр\n@studentu24.ru #123456", "Пётр"),
    ("Пётр 89161234567", "Пётр"),
    ("Код 123456", "Код"),
])
def test_names_carry_no_links_codes_or_numbers(people, name, shown):
    assert people.ask("customer", "performer", name, "Иван").status == 202
    assert people.wait_sms(PERFORMER, 2) == contact_text("Иван", shown, "12345")


def test_an_order_is_a_number_and_no_words(people):
    for order in ("скидка", "1 2", "1\n2", "#1", "http://x", "1" * 21):
        answer = people.ask("customer", "performer", "Пётр", "Иван", order=order)
        gate.refused(answer, 422, answer.reason, "order")
    assert len(people.sms(PERFORMER)) == 1


def test_who_wants_no_requests_gets_none(people):
    people.modem.control(f"sms {PERFORMER} СТОП")
    gate.wait_until(lambda: people.events("sms.received"), why="the reply did not come")
    gate.refused(people.ask("customer", "performer", "Пётр", "Иван"), 409, "recipient_opted_out")
    # codes are asked for by the user himself: they come
    assert people.started("performer", PERFORMER, purpose="login").status == 202


# "one account per number"

def test_a_number_has_one_account(people):
    thief = people.started("thief", CUSTOMER)
    code = people.code(CUSTOMER, 2)
    gate.refused(people.check(thief, code), 409, "number_bound_elsewhere")
    gate.refused(people.account("thief"), 404, "not_found")
    assert people.account("customer")["phone"] == CUSTOMER
    gate.refused(people.ask("thief", "performer", "Вор", "Иван"), 409, "sender_not_verified")


def test_a_number_that_was_given_up_may_have_another(people):
    people.verify("customer", "+79164440004", purpose="change")
    people.verify("heir", CUSTOMER)
    assert people.account("heir")["phone"] == CUSTOMER
    assert people.account("customer")["phone"] == "+79164440004"
