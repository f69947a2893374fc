"""The gateways that are compared, behind one face: start, submit, how fast it takes, what it uses.

Each gets a folder of its own and modems that speak on ptys. Every setting that makes a peer quicker
without making it spin is set; what it cannot do is said in its note."""
import concurrent.futures as futures
import glob
import itertools
import json
import os
import shutil
import subprocess
import time

import gate

CONNECTIONS = 64


def family(pid):
    """A process and all below it."""
    found = [pid]
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path, encoding="ascii") as file:
            found += [each for child in file.read().split() for each in family(int(child))]
    return found


def total(pids, path, count):
    """The sum of count(text) over the files of processes that are still there."""
    found = 0
    for name in (name for pid in pids for name in glob.glob(f"/proc/{pid}/{path}")):
        try:
            with open(name, encoding="ascii") as file:
                found += count(file.read())
        except OSError:
            pass
    return found


def private_kib(pids):
    return total(pids, "smaps_rollup", gate.private_kib)


def load(address, requests, *target):
    """Accepts a second over 64 connections that stay."""
    done = subprocess.run([os.path.join(gate.BUILD, "bench", "load_accepts"), address, str(CONNECTIONS),
                           str(requests), *target], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[0])


class Gateway:
    title, note, programs = "", "", ()

    def __init__(self, folder, modems):
        self.folder, self.modems, self.serial, self.processes = folder, modems, itertools.count(), []

    @classmethod
    def missing(cls):
        """A program that is not installed, or None."""
        return next((name for name in cls.programs if shutil.which(name) is None), None)

    def make(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def spawn(self, *command):
        self.processes.append(gate.Process(list(command), os.path.join(self.folder, f"{self.title}.log")))

    def submit_many(self, n):
        for i in range(n):
            self.submit(f"+7912346{i % 10000:04d}", f"text {i}")

    def pids(self):
        return [pid for process in self.processes for pid in family(process.popen.pid)]

    def cpu_seconds(self):
        return total(self.pids(), "task/*/schedstat", lambda text: int(text.split()[0])) / 1e9

    def private_kib(self):
        return private_kib(self.pids())

    def wake_ups(self):
        return total(self.pids(), "task/*/status",
                     lambda text: int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0]))

    def stop(self):
        for process in reversed(self.processes):
            process.popen.terminate()
        for process in reversed(self.processes):
            try:
                process.popen.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


class Simgate(Gateway):
    title = "simgate"

    def start(self):
        self.gateway = gate.Gateway(self.folder, *(gate.modem(*modem) for modem in self.modems), level="info")
        self.processes = [self.gateway]
        self.connection = gate.UnixConnection(self.gateway.socket)
        for name, _ in self.modems:
            self.gateway.wait_modem(name=name)

    def submit(self, phone, text):
        self.connection.request("POST", "/v1/messages", json.dumps({"to": phone, "text": text}))
        assert gate.Answer(self.connection.getresponse()).status == 202

    def submit_many(self, n):
        load(self.gateway.socket, n)

    def accepts(self):
        return load(self.gateway.socket, 20000)


class Spooled(Gateway):
    """Takes files from folders; a client that wants to be sure syncs what it drops there."""
    folders = ()

    def prepare(self):
        for name in (*self.folders, "new"):
            os.mkdir(os.path.join(self.folder, name))

    def drop(self, box, name, text, sure=False):
        """Moves a whole file into box; sure: it is there after a power cut."""
        new, box = os.path.join(self.folder, "new", name), os.path.join(self.folder, box)
        with open(new, "w", encoding="ascii") as file:
            file.write(text)
            if sure:
                file.flush()
                os.fsync(file.fileno())
        os.rename(new, os.path.join(box, name))
        if sure:
            folder = os.open(box, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    def accepts(self, n=2000):
        """Into a folder that nobody reads."""
        os.mkdir(os.path.join(self.folder, "accepted"))
        began = time.monotonic()
        with futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(lambda i: self.drop("accepted", f"a{i}", "To: 79123456789\n\ntext", True), range(n)))
        return n / (time.monotonic() - began)
