"""What the checks need inside the emulated machine: the host, commands, waits, the daemon's API."""
import json
import pwd
import os
import subprocess
import time

LIMIT = 120  # seconds: the machine is emulated, and the host is shared
SHARE = "/mnt/share"


class Failed(Exception):
    """A check did not hold; the text says why."""


def expect(condition, why):
    if not condition:
        raise Failed(why)


class Host:
    """The other end of the virtio port: see run.py."""

    def __init__(self):
        self.port = open("/dev/virtio-ports/host", "r+b", buffering=0)

    def say(self, text):
        self.port.write(f"say {text}\n".encode())

    def done(self, text):
        self.port.write(f"done {text}\n".encode())

    def ask(self, what):
        """Has the host do it; returns the words of its answer."""
        self.port.write(f"{what}\n".encode())
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.port.read(1)
        words = answer.decode().split()
        expect(words[0] == "ok", f"{what}: {answer.decode().strip()}")
        return words[1:]


host = Host()


def try_run(*command, **more):
    """Runs it; returns exit code and what it printed on both outputs."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, stdin=subprocess.DEVNULL, **more)
    return done.returncode, done.stdout.strip()


def run(*command, **more):
    """Runs it, which must succeed; returns what it printed."""
    code, text = try_run(*command, **more)
    expect(code == 0, f"{' '.join(command)}: {code}: {text[-400:]}")
    return text


def wait_until(what, why, limit=LIMIT):
    """Returns what() as soon as it is true."""
    end = time.monotonic() + limit
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{why() if callable(why) else why} (waited {limit} s)")
        time.sleep(0.2)


def service(name, unit="simgated.service"):
    """A property of the unit."""
    return run("systemctl", "show", "--value", "-p", name, unit)


def status():
    return try_run("systemctl", "status", "--no-pager", "simgated")[1]


def pid():
    """Of the daemon; 0 while it is not there."""
    return int(service("MainPID"))


def journal(*matches):
    """Entries of simgated, oldest first."""
    text = run("journalctl", "-b", "-q", "--no-pager", "-o", "json", "-u", "simgated", *matches)
    return [json.loads(line) for line in text.split("\n") if line]


# ---- the daemon ----

def call(method, path, body=None, user="root"):
    """One request by that user: status and JSON. Status 0: the socket could not be opened."""
    command = ["curl", "-sS", "--max-time", str(LIMIT), "--unix-socket", "/run/simgate/api.sock", "-X", method,
               "-w", "\n%{http_code}", "http://simgate" + path]
    if body is not None:
        command += ["-d", json.dumps(body)]
    account = pwd.getpwnam(user)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, cwd="/",
                          user=account.pw_uid, group=account.pw_gid,
                          extra_groups=os.getgrouplist(user, account.pw_gid))
    text, _, status = done.stdout.rpartition("\n")
    if status == "000":
        return 0, done.stderr.strip()
    return int(status), json.loads(text) if text else None


def get(path):
    status, body = call("GET", path)
    expect(status == 200, f"GET {path}: {status} {body}")
    return body


def send(text, to="+79123456789", user="site"):
    """Queues it; returns the message's id."""
    status, body = call("POST", "/v1/messages", {"to": to, "text": text}, user)
    expect(status == 202, f"message refused: {status} {body}")
    return body["id"]


def wait_modem(*states):
    def state():
        status, body = call("GET", "/v1/modems/gsm0")
        seen[:] = [body]
        return status == 200 and body["state"] in states
    seen = []
    wait_until(state, lambda: f"gsm0 is not {states}: {seen}")


def wait_message(ident, *states):
    def state():
        seen[:] = [get(f"/v1/messages/{ident}")]
        return seen[0]["state"] in states
    seen = []
    wait_until(state, lambda: f"{ident} is not {states}: {seen}")


def received():
    """The texts that reached a phone, by the simulator on the host."""
    with open(os.path.join(SHARE, "handset.jsonl"), encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file.read().split("\n")[:-1]]


def wait_received(*texts):
    """Each of them has come, once."""
    wait_until(lambda: set(texts) <= set(received()), lambda: f"of {texts} came {received()}")
    twice = [text for text in texts if received().count(text) != 1]
    expect(not twice, f"came more than once: {twice}")
