"""The gateways that Debian packages, each with its best settings for one job: texts out, nothing in."""
import os
import socket
import time

import gate
from gateways import Spooled, Gateway, load


class Smstools(Spooled):
    title, programs = "smstools", ("smsd",)
    note = "sleeps whole seconds (delaytime 1); accepts: a file, synced by the client"
    folders = ("outgoing", "checked", "incoming", "sent", "failed")

    def start(self):
        self.prepare()
        paths = "".join(f"{name} = {self.folder}/{name}\n" for name in self.folders)
        devices = "".join(f"[{name}]\ndevice = {pty}\nincoming = no\nrtscts = no\ncheck_network = 0\n"
                          "check_memory_method = 0\npoll_faster = 1\n" for name, pty in self.modems)
        config = self.make("smsd.conf", f"devices = {', '.join(name for name, _ in self.modems)}\n{paths}"
                           f"logfile = {self.folder}/smsd.log\nloglevel = 2\ninfofile = {self.folder}/working\n"
                           f"pidfile = {self.folder}/pid\ndelaytime = 1\ndelaytime_mainprocess = 1\n"
                           f"errorsleeptime = 1\n{devices}")
        self.spawn("smsd", "-n", "MAINPROCESS", "-t", "-c", config)

    def submit(self, phone, text):
        self.drop("outgoing", f"m{next(self.serial)}", f"To: {phone[1:]}\n\n{text}")


class Gammu(Spooled):
    title, programs = "gammu-smsd", ("gammu-smsd",)
    note = "one process a modem; LoopSleep 1 (0 spins a core); accepts: a file, synced by the client"

    def start(self):
        self.folders = [f"{box}-{name}" for name, _ in self.modems for box in ("in", "out", "sent", "error")]
        self.prepare()
        for name, pty in self.modems:
            config = self.make(f"{name}.rc", f"""[gammu]
port = {pty}
connection = at115200
use_locking = no
synchronizetime = no
[smsd]
service = files
logfile = {self.folder}/{name}.log
checksecurity = 0
checkbattery = 0
checksignal = 0
checknetwork = 0
hangupcalls = 0
receive = 0
CommTimeout = 1
LoopSleep = 1
inboxpath = {self.folder}/in-{name}/
outboxpath = {self.folder}/out-{name}/
sentsmspath = {self.folder}/sent-{name}/
errorsmspath = {self.folder}/error-{name}/
""")
            self.spawn("gammu-smsd", "-c", config)

    def submit(self, phone, text):
        n = next(self.serial)
        name, _ = self.modems[n % len(self.modems)]
        self.drop(f"out-{name}", f"OUTC20260101_000000_{n:06d}_{phone}_sms0.txt", text)


def free_ports(n):
    """Ports of this machine that nobody listens to."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


class Kannel(Gateway):
    title, programs = "kannel", ("bearerbox", "smsbox")
    note = "modem type generic without its sleep between lines; accepts are in the spool, not synced"

    def start(self):
        admin, box, self.port = free_ports(3)
        os.mkdir(os.path.join(self.folder, "spool"))
        modems = "".join(f"group = smsc\nsmsc = at\nsmsc-id = {name}\nmodemtype = generic\ndevice = {pty}\n"
                         "speed = 115200\n\n" for name, pty in self.modems)
        config = self.make("kannel.conf", f"""group = core
admin-port = {admin}
admin-password = x
smsbox-port = {box}
box-allow-ip = 127.0.0.1
store-type = spool
store-location = {self.folder}/spool
log-level = 4

{modems}group = modems
id = generic
name = generic
sendline-sleep = 0

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {self.port}
global-sender = 123

group = sendsms-user
username = u
password = p

group = sms-service
keyword = default
text = ""
""")
        self.spawn("bearerbox", config)
        gate.wait_until(lambda: listens(box), why="bearerbox does not listen")
        self.spawn("smsbox", config)
        gate.wait_until(lambda: listens(self.port), why="smsbox does not listen")
        time.sleep(1)  # smsbox tells bearerbox of itself

    def target(self, phone, text):
        return f"/cgi-bin/sendsms?username=u&password=p&to={phone}&text={text.replace(' ', '+')}"

    def submit(self, phone, text):
        with socket.create_connection(("127.0.0.1", self.port), gate.LIMIT) as sock:
            sock.sendall(f"GET {self.target(phone.replace('+', '%2B'), text)} HTTP/1.0\r\n\r\n".encode())
            answer = sock.recv(4096)
        assert b"202" in answer.split(b"\r\n")[0], answer

    def accepts(self):
        return load(f"127.0.0.1:{self.port}", 4000, self.target("%2B7912#", "load"))


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


PEERS = (Smstools, Gammu, Kannel)
