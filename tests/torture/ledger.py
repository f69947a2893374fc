"""At the end: what clients were told, what the daemon says, what reached a phone."""
import collections
import re

LIVE = ("scheduled", "queued", "sending")
CODES_PER_HOUR = 5
WRONG_CODES = 5


def listed(gateway, site):
    """Every message of a site, by id."""
    found, after = {}, ""
    while after is not None:
        page = gateway.get("/v1/messages?limit=200" + (f"&after={after}" if after else ""),
                           headers={"Simgate-Site": site})
        found.update((message["id"], message) for message in page["items"])
        after = page["next"]
    return found


def texts(told, messages, handset, wrong):
    """Every accepted text: none lost, twice only where the policy says so."""
    copies, states = collections.Counter(m["text"] for m in handset), collections.Counter()
    ids = collections.Counter(message["reference"] for message in messages.values())
    for key, (site, message_id, text) in told.texts.items():
        message, n = messages.get(message_id), copies[text]
        if message is None or ids[key] != 1:
            wrong.append(f"{key}: {ids[key]} messages of this key")
            continue
        state = message["state"]
        states[state] += 1
        went = [h["state"] for h in message.get("history", [])]
        if state in ("sent", "delivered") and n == 0:
            wrong.append(f"{key} is {state} and reached nobody")
        if state in ("canceled", "failed", "expired") and n > 0 and "uncertain" not in went:
            wrong.append(f"{key} is {state} and reached a phone")
        if message_id in told.canceled and state != "canceled":
            wrong.append(f"{key} was canceled and is {state}")
        if n > 1 and site == "keep":
            wrong.append(f"{key} was sent {n} times: {went}")
        if n > 1 and n > 1 + went.count("uncertain"):
            wrong.append(f"{key} was sent {n} times without a doubt before: {went}")
        states["twice"] += n > 1
    return states


def verifications(told, gateway, handset, wrong):
    """Limits, locks and proofs are never weaker than before."""
    codes = collections.defaultdict(set)
    for message in handset:
        if code := re.search(r"#(\d+)$", message["text"]):
            codes[message["to"]].add(code.group(1))
    for phone, sent in codes.items():
        if len(sent) > CODES_PER_HOUR:
            wrong.append(f"{phone} got {len(sent)} codes")
    for phone, n in told.wrong.items():
        if n > WRONG_CODES:
            wrong.append(f"{phone}: {n} wrong entries were judged")
    for account, phone in told.approved.items():
        shown = gateway.get(f"/v1/accounts/{account.replace(' ', '%20')}",
                            headers={"Simgate-Site": "keep"})
        if shown.status != 200 or shown["phone"] != phone:
            wrong.append(f"{account} had proved {phone}: {shown!r}")
    return sum(map(len, codes.values()))


def contacts(told, messages, handset, wrong):
    """One message per sender and window, however often the daemon died."""
    sent = collections.Counter()
    for message in handset:
        if order := re.search(r"N(\d+)-\d", message["text"]):
            sent[order.group(1)] += 1
    for sender, n in sent.items():
        if n > 1:
            wrong.append(f"the contact requests of sender {sender} were sent {n} times")
    for order, (_, message_id) in told.contacts.items():
        if message_id not in messages:
            wrong.append(f"contact request {order} has no message")
    return sum(sent.values())


def events(told, gateway, wrong):
    """What was read as an event is an event for ever, and numbers only grow."""
    after, n = 0, 0
    while True:
        page = gateway.get(f"/v1/events?after={after}&limit=200", headers={"Simgate-Site": "keep"})
        for event in page["items"]:
            n += 1
            after = event["seq"]
            seen = told.events.pop(after, None)
            if seen is not None and seen != (event["type"], event["subject"]):
                wrong.append(f"event {after} was {seen} and is {event['type']}")
        if not page["items"]:
            break
    if told.events:
        wrong.append(f"{len(told.events)} events are gone: {sorted(told.events)[:5]}")
    return n


def quota(limit, window_s, handset, jumps, wrong):
    """No window of the modem's own limit holds more; the calendar may begin a new one early."""
    times = sorted(m["at_us"] / 1e6 for m in handset for _ in range(m["parts"]))
    worst = 0
    for i, start in enumerate(times):
        inside = [t for t in times[i:i + limit + 20] if t < start + window_s]
        if not any(start - window_s <= jump <= inside[-1] for jump in jumps):
            worst = max(worst, len(inside))
    if worst > limit:
        wrong.append(f"a modem limited to {limit} parts in {window_s} s sent {worst}")
    return worst
