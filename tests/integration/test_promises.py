"""What was answered with 202 is on disk: kill -9 while many clients submit with keys."""
import http.client
import json
import random
import threading
import time

import gate

ROUNDS, CLIENTS = 4, 8


def submit(gateway, client, accepted, stop):
    """Posts message after message on one connection until the daemon is gone."""
    connection = gate.UnixConnection(gateway.socket, 10)
    n = 0
    try:
        while not stop.is_set():
            n += 1
            key = f"{client}-{n}"
            body = json.dumps({"to": f"+7912{client:02d}{n:05d}", "text": key, "reference": key})
            connection.request("POST", "/v1/messages", body, {"Idempotency-Key": key})
            answer = gate.Answer(connection.getresponse())
            assert answer.status == 202, answer
            accepted[key] = (answer["id"], body)
    except (OSError, http.client.HTTPException, ValueError):
        pass  # it was killed
    finally:
        connection.close()


def one_round(gateway, number):
    accepted, stop = {}, threading.Event()
    clients = [threading.Thread(target=submit, args=(gateway, number * CLIENTS + i, accepted, stop))
               for i in range(CLIENTS)]
    for client in clients:
        client.start()
    gate.wait_until(lambda: len(accepted) > 20, why="nothing was accepted")
    time.sleep(random.random() / 4)
    gateway.kill()
    stop.set()
    for client in clients:
        client.join()
    return accepted


def listed(gateway):
    """Ids by reference, of every message there is."""
    found, after = {}, ""
    while after is not None:
        page = gateway.get("/v1/messages?limit=200" + (f"&after={after}" if after else ""))
        for message in page["items"]:
            found.setdefault(message["reference"], []).append(message["id"])
        after = page["next"]
    return found


def test_what_was_accepted_is_there_once(field):
    simulator, gateway = field.pair("--send-time", 20)
    accepted = {}
    for number in range(ROUNDS):
        accepted.update(one_round(gateway, number))
        gateway.start()
    found = listed(gateway)
    assert all(len(ids) == 1 for ids in found.values())
    for key, (message, _) in accepted.items():
        assert found[key] == [message]
    # Answered or not: the same key and body makes no second one.
    keys = random.sample(sorted(accepted), 20)
    for key in keys:
        message, body = accepted[key]
        again = gateway.post("/v1/messages", body.encode(), headers={"Idempotency-Key": key})
        assert (again.status, again["id"]) == (202, message), again
    unanswered = sorted(set(found) - set(accepted))
    for key in unanswered:
        client, n = map(int, key.split("-"))
        body = json.dumps({"to": f"+7912{client:02d}{n:05d}", "text": key, "reference": key})
        again = gateway.post("/v1/messages", body.encode(), headers={"Idempotency-Key": key})
        assert again["id"] == found[key][0]
    assert len(listed(gateway)) == len(found)
    assert simulator.violations() == 0
