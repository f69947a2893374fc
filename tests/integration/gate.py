"""The real daemon and the modem simulator as Python objects, over their real sockets."""
import datetime
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SIMGATE_BUILD", os.path.join(ROOT, "build"))
checker = None  # of SIMGATE_OPENAPI
LIMIT = 60  # seconds: generous, these machines are slow and shared


def wait_until(what, limit=LIMIT, why="it did not happen"):
    """Returns what() as soon as it is true."""
    end = time.monotonic() + limit
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{why} within {limit} s")
        time.sleep(0.01)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=LIMIT):
        super().__init__("simgate", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.raw = response.read()
        kind = response.headers.get("Content-Type", "")
        self.body = json.loads(self.raw) if "json" in kind and self.raw else None

    def __getitem__(self, key):
        return self.body[key]

    @property
    def reason(self):
        return self.body.get("reason") if isinstance(self.body, dict) else None

    def __repr__(self):
        return f"<{self.status} {self.raw[:400]!r}>"


def request(path_of_socket, method, path, body=None, headers=None, timeout=LIMIT):
    """One call. body: bytes as they are, anything else as JSON."""
    connection = UnixConnection(path_of_socket, timeout)
    sent = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, body, sent)
        answer = Answer(connection.getresponse())
    finally:
        connection.close()
    if os.environ.get("SIMGATE_OPENAPI"):
        documented(method, path, answer)
    return answer


def documented(method, path, answer):
    """It is as docs/openapi.yaml says."""
    global checker
    if checker is None:
        import openapi_check
        checker = openapi_check.Checker()
    if method in ("GET", "POST", "DELETE") and answer.status not in (405, 414, 431):
        checker(method, path, answer)


def refused(answer, status, reason, field=None):
    """The answer is a problem of this kind, told as every problem is; returns it."""
    assert (answer.status, answer.reason) == (status, reason), answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer["status"] == status
    assert answer["type"] and answer["title"] and answer["detail"]
    if status in (423, 429, 503):
        assert int(answer.headers["Retry-After"]) >= 1
    if field is not None:
        first = answer["errors"][0]
        assert (first["field"], first["reason"]) == (field, reason), answer
        assert first["detail"]
    return answer


def private_kib(smaps_rollup):
    """Memory that only this process could have written: pages of libraries that nobody else happens to
    have mapped now are the kernel's to drop."""
    return sum(int(line.split()[1]) for line in smaps_rollup.splitlines() if line.startswith("Private_Dirty"))


class Process:
    def __init__(self, command, log, env=None):
        self.log = log
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          env=dict(os.environ, **(env or {})))

    def alive(self):
        return self.popen.poll() is None

    def output(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def signal(self, number):
        self.popen.send_signal(number)

    def kill(self):
        if self.alive():
            self.popen.kill()
        self.popen.wait(LIMIT)

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.alive():
            self.popen.terminate()
        return self.popen.wait(LIMIT)


class Simulator(Process):
    """One GSM modem on a pty with a handset's view and a control socket."""

    def __init__(self, folder, *options, name="gsm0", common=()):
        """common: options of every modem, where options names more of them."""
        self.folder, self.name = folder, name
        self.pty = os.path.join(folder, f"{name}.pty")
        self.control_path = os.path.join(folder, f"{name}.control")
        self.handset_path = os.path.join(folder, f"{name}.handset")
        self.dialogue_path = os.path.join(folder, f"{name}.dialogue")
        command = [os.path.join(BUILD, "gsm-simulator"), *map(str, common),
                   "--handset", self.handset_path, "--log", self.dialogue_path,
                   "--modem", name, "--pty", self.pty, "--control", self.control_path,
                   *map(str, options)]
        super().__init__(command, os.path.join(folder, f"{name}.simulator.log"))
        wait_until(lambda: os.path.islink(self.pty) and os.path.exists(self.control_path)
                   or not self.alive(), why="the simulator did not get ready")
        assert self.alive(), self.output()
        wait_until(self.listens, why="the control socket is not listened to")

    def listens(self):
        """The socket's name is there a moment before anyone listens."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            return sock.connect_ex(self.control_path) == 0

    def control(self, line):
        """One control command; returns the answer after its 'ok'."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(LIMIT)
            sock.connect(self.control_path)
            sock.sendall(line.encode() + b"\n")
            answer = sock.makefile(encoding="utf-8").readline().strip()
        assert answer.startswith("ok"), f"{line}: {answer}"
        return answer[2:].strip()

    def handset(self):
        """Every message that reached a phone, oldest first."""
        try:
            with open(self.handset_path, encoding="utf-8") as file:
                lines = file.read().split("\n")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines[:-1] if line]

    def wait_handset(self, n, limit=LIMIT):
        def enough():
            seen = self.handset()
            return seen if len(seen) >= n else None
        return wait_until(enough, limit, f"{n} messages did not reach the handset")

    def violations(self):
        """How often simgate broke the rules of a modem."""
        return int(self.control("violations").split()[0])


DEFAULTS = """
socket = {{ path = "{folder}/api.sock"; mode = "0666"; }};
database = "{database}";
key_file = "{folder}/key";
log = {{ level = "{level}"; transcripts = "{folder}/transcripts"; }};
"""

SITE = """
sites = ( {{
  name = "shop"; title = "Shop"; origin = "shop.example"; region = "RU"; locale = "ru";
  text = {{ allowed = true; }};
  verification = {{ countries = [ "RU", "KZ", "VN" ]; {verification} }};
  contact = {{ {contact} }};
  {site}
}} );
"""


def modem(name, device, more=""):
    return (f'{{ name = "{name}"; device = "{device}"; number = "+79120000000"; '
            f'timeouts = {{ prompt = "3s"; result = "5s"; command = "2s"; }}; {more} }}')


def one_site(verification="", contact="", site=""):
    return SITE.format(verification=verification, contact=contact, site=site)


class Gateway(Process):
    """simgated with a configuration of its own in folder."""

    def __init__(self, folder, *modems, sites=None, more="", env=None, start=True, wrapper=(),
                 database=None, level="debug"):
        self.folder, self.env, self.wrapper = folder, env, list(wrapper)
        self.socket = os.path.join(folder, "api.sock")
        self.config = os.path.join(folder, "simgate.conf")
        self.database = database or os.path.join(folder, "simgate.db")
        text = DEFAULTS.format(folder=folder, database=self.database, level=level)
        text += one_site() if sites is None else sites
        text += f"modems = ( {', '.join(modems)} );\n{more}\n"
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)
        if start:
            self.start()

    def start(self):
        command = self.wrapper + [os.path.join(BUILD, "simgated"), "-c", self.config]
        Process.__init__(self, command, os.path.join(self.folder, "simgated.log"), self.env)
        wait_until(lambda: self.answers() or not self.alive(), why="the daemon did not answer")
        assert self.alive(), self.output()

    def answers(self):
        try:
            return request(self.socket, "GET", "/v1/status").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def call(self, method, path, body=None, headers=None, timeout=LIMIT):
        return request(self.socket, method, path, body, headers, timeout)

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def wait_modem(self, *states, name="gsm0", limit=LIMIT):
        states = states or ("ready", "sending")
        return wait_until(lambda: self.get(f"/v1/modems/{name}")["state"] in states, limit,
                          f"modem {name} did not become {states}: "
                          f"{self.get(f'/v1/modems/{name}')!r}")

    def send(self, to, text, **more):
        """The id of a message that was accepted."""
        answer = self.post("/v1/messages", dict({"to": to, "text": text}, **more))
        assert answer.status == 202, answer
        return answer["id"]

    def message(self, message_id):
        answer = self.get(f"/v1/messages/{message_id}")
        assert answer.status == 200, answer
        return answer.body

    def wait_message(self, message_id, *states, limit=LIMIT):
        def there():
            found = self.message(message_id)
            return found if found["state"] in states else None
        try:
            return wait_until(there, limit)
        except AssertionError as late:
            raise AssertionError(f"not {states}: {self.message(message_id)}") from late

    def reload(self):
        self.signal(signal.SIGHUP)


def seconds(text):
    """An RFC 3339 time as seconds."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def code_for(simulator, phone, n=1):
    """The n-th code that this phone got."""
    def there():
        found = [re.search(r"#(\d+)$", m["text"]) for m in simulator.handset() if m["to"] == phone]
        found = [match.group(1) for match in found if match]
        return found[n - 1] if len(found) >= n else None
    return wait_until(there, why=f"code {n} did not reach {phone}")


def verify(simulator, gateway, account, phone):
    """Makes phone the account's."""
    started = gateway.post("/v1/verifications", {"account": account, "phone": phone})
    assert started.status == 202, started
    answer = gateway.post(f"/v1/verifications/{started['id']}/check",
                          {"code": code_for(simulator, phone)})
    assert (answer.status, answer["result"]) == (200, "approved"), answer


def fill_disk(folder):
    """Leaves no byte free where folder is; removing the file it returns ends that."""
    path = os.path.join(folder, "filler")
    with open(path, "wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    return path


def cli(gateway, *words, stdin=None, env=None):
    """Runs simgate; returns (exit code, stdout, stderr)."""
    done = subprocess.run([os.path.join(BUILD, "simgate"), "--socket", gateway.socket, *words],
                          input=stdin, text=True, capture_output=True, timeout=LIMIT,
                          env=dict(os.environ, **(env or {})))
    return done.returncode, done.stdout, done.stderr
