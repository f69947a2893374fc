"""Somebody sets the clock: what waits for a time goes by the new one."""
import gate
from example_site import Calendar

TO = "+79123456789"
HOUR = 3600


def pair_with_calendar(field):
    calendar = Calendar(field.folder)
    simulator, gateway = field.pair("--send-time", 5, env=calendar.env)
    return simulator, gateway, calendar


def in_hours(gateway, hours):
    now = gate.seconds(gateway.message(gateway.send(TO, "now"))["created_at"])
    return gate.datetime.datetime.fromtimestamp(now + hours * HOUR,
                                                gate.datetime.timezone.utc).isoformat()


def test_a_scheduled_message_goes_when_its_time_is_set(field):
    simulator, gateway, calendar = pair_with_calendar(field)
    message = gateway.send(TO, "later", send_at=in_hours(gateway, 2))
    simulator.wait_handset(1)
    calendar.later(3 * HOUR)
    gateway.wait_message(message, "sent")


def test_what_is_late_by_the_new_clock_expires(field):
    simulator, gateway, calendar = pair_with_calendar(field)
    started = gateway.post("/v1/verifications", {"account": "a", "phone": TO})
    gate.code_for(simulator, TO)
    gateway.post("/v1/modems/gsm0/actions", {"action": "drain"})
    message = gateway.send(TO, "late", ttl=HOUR)
    calendar.later(2 * HOUR)
    gateway.wait_message(message, "expired")
    gate.wait_until(lambda: gateway.get("/v1/events?after=0&types=verification.expired")["items"],
                    why="the verification's end is no event")
    assert gateway.get(f"/v1/verifications/{started['id']}")["state"] == "expired"
