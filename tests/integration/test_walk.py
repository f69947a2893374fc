"""The thinnest path through all rooms: socket -> rule -> disk -> modem -> handset."""


def test_a_text_reaches_the_handset(field):
    simulator, gateway = field.pair("--send-time", 20)
    message = gateway.send("+79123456789", "Hello from the shop")
    gateway.wait_message(message, "sent", "delivered")
    (received,) = simulator.wait_handset(1)
    assert received["text"] == "Hello from the shop"
    assert received["to"] == "+79123456789"
    assert simulator.violations() == 0


def test_a_code_is_sent_and_judged(field):
    simulator, gateway = field.pair("--send-time", 20)
    started = gateway.post("/v1/verifications", {"account": "u1", "phone": "8 912 345-67-89"})
    assert started.status == 202, started
    (received,) = simulator.wait_handset(1)
    code = received["text"].rsplit("#", 1)[1]
    path = f"/v1/verifications/{started['id']}/check"
    wrong = gateway.post(path, {"code": "000000" if code != "000000" else "111111"})
    assert (wrong.status, wrong["result"]) == (200, "wrong_code")
    right = gateway.post(path, {"code": code})
    assert (right.status, right["result"], right["phone"]) == (200, "approved", "+79123456789")
