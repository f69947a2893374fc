"""kill -9 at any moment: nothing lost, nothing doubled, at most the one on the air in doubt."""
import datetime
import random

import gate
import trouble

TEXTS = 50


def settle(gateway, ids):
    """Waits until nothing waits any more; returns the states by id."""
    def settled():
        states = {m: gateway.message(m)["state"] for m in ids}
        return states if not set(states.values()) & {"queued", "sending", "scheduled"} else None
    return gate.wait_until(settled, 120, "the queue did not empty")


def test_kill_at_twenty_random_moments(field):
    rng = random.Random(20261121)
    simulator, gateway = field.pair("--send-time", 10)
    for turn in range(20):
        before = len(simulator.handset())
        ids = [gateway.send("+79123456789", f"turn {turn} text {i}") for i in range(TEXTS)]
        simulator.wait_handset(before + 1 + rng.randrange(TEXTS * 3 // 4))
        gate.time.sleep(rng.random() * 0.02)  # anywhere within a message, that is the point
        gateway.kill()
        gateway.start()
        states = settle(gateway, ids)
        received = [m["text"] for m in simulator.handset()[before:]]
        uncertain = [m for m in ids if states[m] == "uncertain"]
        assert len(uncertain) <= 1, states
        assert len(received) == len(set(received)), "sent twice"
        for i, message in enumerate(ids):
            text = f"turn {turn} text {i}"
            if states[message] == "sent":
                assert text in received, f"{text} is lost"
            else:
                assert states[message] == "uncertain", (text, states[message])
    assert simulator.violations() == 0


def test_an_orderly_stop_finishes_the_message_on_the_air(field):
    simulator, gateway = field.pair("--send-time", 500)
    ids = [gateway.send("+79123456789", f"text {i}") for i in range(3)]
    gateway.wait_message(ids[0], "sending")
    assert gateway.stop() == 0
    assert len(simulator.handset()) == 1
    gateway.start()
    states = settle(gateway, ids)
    assert set(states.values()) == {"sent"}
    assert len(simulator.handset()) == 3


def test_a_modem_that_ends_before_another_takes_nothing_with_it(field):
    """The outcome of the first is on its way to a slow disk while the second still sends."""
    disk = trouble.Trouble(field)
    disk.set(sync_ms=300)
    modems = [field.simulator("--send-time", ms, name=name)
              for name, ms in (("gsm0", 1500), ("gsm1", 4000))]
    gateway = field.gateway(*(gate.modem(m.name, m.pty) for m in modems), env=disk.env)
    for modem in modems:
        gateway.wait_modem(name=modem.name)
    ids = [gateway.send("+79123456789", f"text {i}") for i in range(2)]
    for message in ids:
        gateway.wait_message(message, "sending", "sent")
    assert gateway.stop() == 0
    gateway.start()
    assert set(settle(gateway, ids).values()) == {"sent"}


def test_a_back_off_goes_on_after_a_restart(field):
    """Another thing that time brings comes first, and does not let it be forgotten."""
    simulator, gateway = field.pair("--send-time", 5)
    simulator.control("fault cms once 500")
    waiting = gateway.send("+79123456789", "refused once")
    gate.wait_until(lambda: "queued" in [h["state"] for h in gateway.message(waiting)["history"]][1:])
    gateway.kill()
    gateway.start()
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    first = gateway.send("+79123456780", "at its time", send_at=soon.isoformat().replace("+00:00", "Z"))
    gateway.wait_message(first, "sent")
    assert gateway.message(waiting)["state"] == "queued", "the back-off was over too soon for this test"
    gateway.wait_message(waiting, "sent")
