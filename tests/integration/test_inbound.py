"""What comes in: long messages joined, repetitions dropped, floods taken, nothing lost."""
import gate

LONG = "Привет, это длинное сообщение. " * 8 + "Конец."


def inbox(gateway, limit=200):
    return gateway.get(f"/v1/inbox?limit={limit}")["items"]


def wait_inbox(gateway, n):
    return gate.wait_until(lambda: (lambda items: items if len(items) >= n else None)(
        inbox(gateway)), why=f"{n} messages did not come in")


def received(gateway):
    found, after = 0, 0
    while True:
        page = gateway.get(f"/v1/events?limit=200&types=sms.received&after={after}")
        found += len(page["items"])
        if not page["items"]:
            return found
        after = page["items"][-1]["seq"]


def test_a_long_message_is_one(field):
    simulator, gateway = field.pair("--send-time", 5)
    parts = int(simulator.control(f"sms +79120001122 {LONG}"))
    assert parts > 2
    item = wait_inbox(gateway, 1)[0]
    assert (item["from"], item["text"], item["incomplete"]) == ("+79120001122", LONG, False)
    assert len(inbox(gateway)) == 1 and received(gateway) == 1


def test_parts_come_backwards_and_between_others(field):
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control(f"sms +79120001122 backwards ref=7 {LONG}")
    simulator.control(f"sms +79120001133 ref=7 {LONG}")
    simulator.control("sms +79120001144 short")
    items = wait_inbox(gateway, 3)
    texts = {item["from"]: item["text"] for item in items}
    assert texts == {"+79120001122": LONG, "+79120001133": LONG,
                     "+79120001144": "short"}
    assert received(gateway) == 3


def test_a_missing_part_waits_and_survives_a_restart(field):
    simulator, gateway = field.pair("--send-time", 5)
    parts = int(simulator.control(f"sms +79120001122 ref16 ref=777 part=1 {LONG}"))
    for part in range(3, parts + 1):
        simulator.control(f"sms +79120001122 ref16 ref=777 part={part} {LONG}")
    simulator.control("sms +79120001144 after it")
    wait_inbox(gateway, 1)
    assert [item["text"] for item in inbox(gateway)] == ["after it"]
    gateway.kill()
    gateway.start()
    gateway.wait_modem()
    simulator.control(f"sms +79120001122 ref16 ref=777 part=3 {LONG}")  # again
    simulator.control(f"sms +79120001122 ref16 ref=777 part=2 {LONG}")
    items = wait_inbox(gateway, 2)
    assert items[0]["text"] == LONG
    assert len(inbox(gateway)) == 2 and received(gateway) == 2


def test_a_flood_of_five_hundred(field):
    simulator, gateway = field.pair("--send-time", 5)
    for i in range(500):
        simulator.control(f"sms +7912{i:07d} flood {i}")
    message = gateway.send("+79123456789", "meanwhile")
    gateway.wait_message(message, "sent")
    gate.wait_until(lambda: gateway.get("/v1/inbox?limit=200")["next"] and received(gateway) == 500,
                    limit=180, why="500 messages did not come in")
    seen, after = [], ""
    while True:
        page = gateway.get(f"/v1/inbox?limit=200{after}")
        seen += [item["text"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert sorted(seen) == sorted(f"flood {i}" for i in range(500))
    # Each has left the modem, after it was on disk.
    gate.wait_until(lambda: "sm=0 me=0" in simulator.control("stats"))
    assert simulator.violations() == 0


def test_the_same_pdu_is_dropped(field):
    """A modem that shows its store again after a reset tells nothing new."""
    simulator, gateway = field.pair("--send-time", 5)
    pdu = "00040B919721436587F900006211212200000005E8329BFD06"
    for _ in range(3):
        simulator.control(f"pdu {pdu}")
    wait_inbox(gateway, 1)
    simulator.control("sms +79120001144 after it")
    items = wait_inbox(gateway, 2)
    assert [item["text"] for item in items] == ["after it", "hello"]
