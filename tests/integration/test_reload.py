"""Every kind of setting but socket and database is in force after SIGHUP."""
import re
import socket

import gate

PHONE = "+79123456789"


def test_each_kind_of_setting(field):
    simulator = field.simulator("--send-time", 5)
    gateway = field.gateway(gate.modem("gsm0", simulator.pty))
    gateway.wait_modem()
    with open(gateway.config, encoding="utf-8") as file:
        text = file.read()

    def write(old, new):
        nonlocal text
        changed = re.sub(old, new, text, count=1)
        assert changed != text, old
        text = changed
        with open(gateway.config, "w", encoding="utf-8") as file:
            file.write(text)

    def change(old, new):
        write(old, new)
        seen = gateway.output().count("configuration read again")
        gateway.reload()
        gate.wait_until(lambda: gateway.output().count("configuration read again") > seen,
                        why=gateway.output()[-2000:])

    # clients: an unlisted one cannot be told from root here, so a bad name is told in the log
    change(r"\Z", 'clients = ( { user = "nobody-of-this-name"; role = "viewer"; } );\n')
    gate.wait_until(lambda: 'nobody-of-this-name' in gateway.output())
    # sites: templates, limits
    change(r"text = \{ allowed = true;",
           'templates = { verification = { ru = "Ваш код: {code}"; }; };'
           ' text = { allowed = true; limits = [ "1/1h" ];')
    gateway.post("/v1/verifications", {"account": "a", "phone": PHONE})
    assert simulator.wait_handset(1)[0]["text"].startswith("Ваш код: ")
    gateway.send(PHONE, "the only one")
    gate.refused(gateway.post("/v1/messages", {"to": PHONE, "text": "too many"}), 429,
                 "limit_reached")
    # limits of the gateway, what is kept how long
    change(r"\Z", 'limits = { global = [ "1/1h" ]; };\nretention = { inbox = "10d"; };\n')
    gateway.post("/v1/verifications", {"account": "c", "phone": "+79123456701"})
    gate.refused(gateway.post("/v1/verifications", {"account": "b", "phone": "+79123456700"}), 429,
                 "limit_reached")
    # a modem's settings, without opening it anew
    change(r'name = "gsm0";', 'name = "gsm0"; limits = [ "5/1h" ];')
    shown = gateway.get("/v1/modems/gsm0")
    assert [(q["count"], q["window"]) for q in shown["quotas"]] == [(5, 3600)]
    assert shown["reopenings"] == 0
    # metrics over TCP come, and go
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    change(r"\Z", f'metrics = {{ listen = "127.0.0.1:{port}"; }};\n')
    gate.wait_until(lambda: reachable(port))
    change(r"metrics = .*\n", 'metrics = { listen = ""; };\n')
    gate.wait_until(lambda: not reachable(port))
    # the log: below its level nothing is told any more, not even this reload
    write(r'level = "debug"', 'level = "error"')
    write(r'metrics = .*\n', f'metrics = {{ listen = "127.0.0.1:{port}"; }};\n')
    gateway.reload()
    gate.wait_until(lambda: reachable(port))
    seen = len(gateway.output())
    simulator.control("registration 2")
    gateway.wait_modem("searching")
    assert "searching" not in gateway.output()[seen:]


def reachable(port):
    with socket.socket() as wire:
        return wire.connect_ex(("127.0.0.1", port)) == 0
