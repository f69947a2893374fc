"""/metrics: the format, every figure that an operator is promised, and who may ask for them."""
import http.client
import os
import re
import shutil
import socket
import subprocess

import pytest

import gate
from gate import code_for, refused, verify, wait_until

DOCS = os.path.join(gate.ROOT, "docs", "monitoring")
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')


class Metrics:
    """What a strict reader of the text format makes of it."""

    def __init__(self, text):
        self.types, self.values = {}, {}
        family, closed = None, set()
        assert text.endswith("\n")
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                assert family not in closed
                closed.add(family)
                family = line.split(" ")[2]
                assert family not in closed, f"{family} stands in two places"
                assert len(line.split(" ", 3)[3]) > 10
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name == family and kind in ("counter", "gauge", "histogram")
                assert (kind == "counter") == name.endswith("_total"), name
                self.types[name] = kind
            else:
                self.sample(line, family)
        self.check_histograms()

    def sample(self, line, family):
        name, labels, value = re.fullmatch(rf"({NAME})(?:\{{(.*)\}})? (\S+)", line).groups()
        pairs = LABEL.findall(labels or "")
        assert ",".join(f'{k}="{v}"' for k, v in pairs) == (labels or ""), line
        bare = re.sub("_(bucket|sum|count)$", "", name) if self.types[family] == "histogram" else name
        assert bare == family, line
        key = (name, tuple(sorted(pairs)))
        assert key not in self.values, f"twice: {line}"
        self.values[key] = float(value)

    def check_histograms(self):
        for name in (n for n, kind in self.types.items() if kind == "histogram"):
            rows = {}
            for (sample, labels), value in self.values.items():
                if sample == f"{name}_bucket":
                    labels = dict(labels)
                    bound = float(labels.pop("le"))
                    rows.setdefault(tuple(sorted(labels.items())), []).append((bound, value))
            for labels, buckets in rows.items():
                buckets.sort()
                assert buckets[-1][0] == float("inf")
                counts = [n for _, n in buckets]
                assert counts == sorted(counts)
                assert counts[-1] == self.values[(f"{name}_count", labels)]

    def get(self, name, **labels):
        return self.values.get((name, tuple(sorted(labels.items()))))

    def names(self):
        return set(self.types)


def metrics(gateway):
    answer = gateway.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Metrics(answer.raw.decode())


def over_tcp(port, path="/metrics", method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=gate.LIMIT)
    try:
        connection.request(method, path)
        return gate.Answer(connection.getresponse())
    finally:
        connection.close()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_every_family_is_there_from_the_start_and_rightly_formed(field):
    gateway = field.gateway()
    found = metrics(gateway)
    assert found.names() >= {
        "simgate_build_info", "simgate_messages", "simgate_queue_messages",
        "simgate_queue_oldest_seconds", "simgate_modem_state", "simgate_modem_signal_dbm",
        "simgate_modem_registered", "simgate_modem_errors_total", "simgate_modem_recoveries_total",
        "simgate_modem_limit", "simgate_modem_limit_used", "simgate_message_queue_seconds",
        "simgate_message_network_seconds", "simgate_message_report_seconds",
        "simgate_events_total", "simgate_messages_total", "simgate_store_commit_seconds",
        "simgate_store_batch_transactions", "simgate_http_responses_total"}
    for lane in ("verification", "contact_request", "text"):
        assert found.get("simgate_queue_messages", lane=lane) == 0
        assert found.get("simgate_messages", kind=lane, state="queued") == 0


def test_a_message_is_counted_on_its_way(field):
    simulator = field.simulator("--reports", "delivered", "--report-time", 0)
    gateway = field.gateway(gate.modem("gsm0", simulator.pty, 'limits = [ "50/1h" ];'))
    gateway.wait_modem()
    sent = gateway.send("+79123456789", "hello", report=True)
    gateway.wait_message(sent, "delivered")
    found = metrics(gateway)
    for state in ("queued", "sending", "sent", "delivered"):
        assert found.get("simgate_messages_total", kind="text", state=state) == 1, state
    assert found.get("simgate_messages", kind="text", state="delivered") == 1
    for stage in ("queue", "network", "report"):
        assert found.get(f"simgate_message_{stage}_seconds_count", kind="text") == 1, stage
    assert found.get("simgate_modem_state", modem="gsm0", state="ready") == 1
    assert found.get("simgate_modem_state", modem="gsm0", state="failed") == 0
    assert found.get("simgate_modem_registered", modem="gsm0") == 1
    assert -113 <= found.get("simgate_modem_signal_dbm", modem="gsm0") < 0
    assert found.get("simgate_modem_parts_total", modem="gsm0", result="sent") == 1
    assert found.get("simgate_modem_limit", modem="gsm0", limit="50/3600s", of="parts") == 50
    assert found.get("simgate_modem_limit_used", modem="gsm0", limit="50/3600s", of="parts") == 1
    assert found.get("simgate_events_total", type="message.sent", channel="") == 1
    assert found.get("simgate_store_commit_seconds_count") >= 3
    assert found.get("simgate_store_batch_transactions_sum") >= 3
    assert found.get("simgate_http_responses_total", method="POST", route="/v1/messages",
                     status="2xx") == 1


def test_the_funnel_of_verifications(field):
    simulator, gateway = field.pair()
    verify(simulator, gateway, "u1", "+79123456789")
    started = gateway.post("/v1/verifications", {"account": "u2", "phone": "+79123456780"})
    right = code_for(simulator, "+79123456780")
    wrong = str((int(right) + 1) % 1000000).zfill(6)
    gateway.post(f"/v1/verifications/{started['id']}/check", {"code": wrong})
    found = metrics(gateway)
    assert found.get("simgate_events_total", type="verification.approved", channel="sms") == 1
    assert found.get("simgate_events_total", type="verification.wrong_code", channel="sms") == 1
    assert found.get("simgate_messages_total", kind="verification", state="queued") == 2


def test_a_lane_that_waits_has_a_depth_and_an_age(field):
    gateway = field.gateway()
    gateway.send("+79123456789", "hello")
    gateway.send("+79123456789", "later", send_at="2099-01-01T00:00:00Z")
    wait_until(lambda: metrics(gateway).get("simgate_queue_oldest_seconds", lane="text") > 0.2)
    found = metrics(gateway)
    assert found.get("simgate_queue_messages", lane="text") == 2
    assert found.get("simgate_queue_messages", lane="verification") == 0
    assert found.get("simgate_queue_oldest_seconds", lane="verification") == 0


def test_refusals_are_counted_by_class(field):
    simulator, gateway = field.pair()
    simulator.control("fault cms once 21")
    sent = gateway.send("+79123456789", "no")
    gateway.wait_message(sent, "failed", "sent", "queued")
    wait_until(lambda: metrics(gateway).get("simgate_modem_parts_total", modem="gsm0",
                                            result="refused") == 1)
    # counted with the COMMIT, a moment after the modem's own count
    classes = wait_until(lambda: [labels for (name, labels) in metrics(gateway).values
                                  if name == "simgate_modem_errors_total"])
    assert len(classes) == 1 and dict(classes[0])["modem"] == "gsm0", classes
    assert dict(classes[0])["class"] != ""


def test_what_clients_make_up_makes_no_labels(field):
    gateway = field.gateway()
    before = len(metrics(gateway).values)
    for n in range(50):
        gateway.get(f"/v1/made/up/{n}")
        gateway.get(f"/v1/messages/msg_{n:026}")
        gateway.call("BREW", f"/v1/x{n}")
    found = metrics(gateway)
    assert len(found.values) <= before + 3
    assert found.get("simgate_http_responses_total", method="other", route="other",
                     status="4xx") == 100
    assert found.get("simgate_http_responses_total", method="GET", route="/v1/messages/{}",
                     status="4xx") == 50


def test_nothing_personal_is_in_it(field):
    simulator, gateway = field.pair()
    verify(simulator, gateway, "account-xyz", "+79123456789")
    text = gateway.get("/metrics").raw.decode()
    for secret in ("9123456789", "account-xyz", "shop", "ver_", "msg_"):
        assert secret not in text


# ---- over TCP ----

def test_a_scraper_gets_metrics_and_nothing_else(field):
    port = free_port()
    gateway = field.gateway(more=f'metrics = {{ listen = "127.0.0.1:{port}"; }};')
    found = over_tcp(port)
    assert found.status == 200
    Metrics(found.raw.decode())
    assert over_tcp(port, method="HEAD").status == 200
    for method, path in (("GET", "/v1/status"), ("GET", "/healthz"), ("POST", "/v1/messages"),
                         ("GET", "/v1/modems"), ("GET", "/"), ("DELETE", "/v1/accounts/x")):
        refused(over_tcp(port, path, method), 404, "not_found")
    refused(over_tcp(port, method="POST"), 405, "method_not_allowed")
    # idle connections do not hold the daemon up
    with socket.create_connection(("127.0.0.1", port)):
        assert gateway.stop() == 0


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_a_scraper_may_come_by_ipv6(field):
    port = free_port()
    field.gateway(more=f'metrics = {{ listen = "[::1]:{port}"; }};')
    connection = http.client.HTTPConnection("::1", port, timeout=gate.LIMIT)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    assert answer.status == 200 and b"simgate_" in answer.read()
    connection.close()


def test_the_listener_follows_a_reload(field):
    first, second = free_port(), free_port()
    gateway = field.gateway(more=f'metrics = {{ listen = "127.0.0.1:{first}"; }};')
    assert over_tcp(first).status == 200

    def listen(at):
        with open(gateway.config, encoding="utf-8") as file:
            text = re.sub(r'listen = "[^"]*"', f'listen = "{at}"', file.read())
        with open(gateway.config, "w", encoding="utf-8") as file:
            file.write(text)
        gateway.reload()

    def answers(port):
        try:
            return over_tcp(port).status == 200
        except OSError:
            return False

    idle = socket.create_connection(("127.0.0.1", first))
    listen(f"127.0.0.1:{second}")
    wait_until(lambda: answers(second))
    assert not answers(first)
    idle.close()
    listen("")
    wait_until(lambda: not answers(second))
    assert gateway.answers()


def test_a_port_in_use_does_not_stop_the_gateway(field):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        gateway = field.gateway(more=f'metrics = {{ listen = "127.0.0.1:{port}"; }};')
        assert "metrics: cannot listen on" in gateway.output()
        assert metrics(gateway)


# ---- Prometheus itself ----

promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="prometheus is not here")


@promtool
def test_promtool_has_no_complaint(field):
    simulator, gateway = field.pair()
    verify(simulator, gateway, "u1", "+79123456789")
    done = subprocess.run(["promtool", "check", "metrics"], input=gateway.get("/metrics").raw,
                          capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b""), done


@promtool
def test_the_alert_rules_pass_and_name_metrics_that_there_are(field):
    path = os.path.join(DOCS, "alerts.yml")
    done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    known = metrics(field.gateway()).names()
    for file in ("alerts.yml", "grafana.json"):
        with open(os.path.join(DOCS, file), encoding="utf-8") as text:
            used = set(re.findall(r"\bsimgate_[a-z_]+", text.read()))
        used = {re.sub("_(bucket|sum|count)$", "", name) for name in used}
        assert used and used <= known, used - known


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not here")
def test_a_real_prometheus_scrapes_it(field):
    port, web = free_port(), free_port()
    field.gateway(more=f'metrics = {{ listen = "127.0.0.1:{port}"; }};')
    config = os.path.join(field.folder, "prometheus.yml")
    with open(config, "w", encoding="utf-8") as file:
        file.write("global: { scrape_interval: 1s }\nrule_files: [ "
                   f"{os.path.join(DOCS, 'alerts.yml')} ]\nscrape_configs:\n"
                   "  - job_name: simgate\n    static_configs:\n"
                   f"      - targets: [ '127.0.0.1:{port}' ]\n")
    server = gate.Process(["prometheus", f"--config.file={config}",
                           f"--storage.tsdb.path={field.folder}/tsdb",
                           f"--web.listen-address=127.0.0.1:{web}"],
                          os.path.join(field.folder, "prometheus.log"))

    def value():
        try:
            answer = over_tcp(web, "/api/v1/query?query=simgate_build_info")
        except OSError:
            return None
        result = answer.body["data"]["result"] if answer.status == 200 else []
        return result and result[0]["value"][1]

    try:
        assert wait_until(value) == "1"
        assert over_tcp(web, "/api/v1/query?query=up").body["data"]["result"][0]["value"][1] == "1"
    finally:
        server.stop()
