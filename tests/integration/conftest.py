"""Fixtures: a simulator, a daemon on it, and the promise that both end well."""
import contextlib
import shutil
import tempfile

import pytest

import gate


class Field:
    """A folder with the simulators and daemons of one test."""

    def __init__(self, folder):
        self.folder = folder
        self.simulators, self.gateways = [], []

    def simulator(self, *options, name="gsm0", **more):
        self.simulators.append(gate.Simulator(self.folder, *options, name=name, **more))
        return self.simulators[-1]

    def gateway(self, *modems, **more):
        self.gateways.append(gate.Gateway(self.folder, *modems, **more))
        return self.gateways[-1]

    def pair(self, *options, **more):
        """One simulator and a daemon on it, ready to send."""
        simulator = self.simulator(*options)
        gateway = self.gateway(gate.modem("gsm0", simulator.pty), **more)
        gateway.wait_modem()
        return simulator, gateway

    def end(self):
        codes = [g.stop() for g in self.gateways]
        for simulator in self.simulators:
            simulator.stop()
        return codes


@contextlib.contextmanager
def opened():
    # A short path: socket names may have 107 bytes.
    folder = tempfile.mkdtemp(prefix="sg")
    built = Field(folder)
    try:
        yield built
    finally:
        codes = built.end()
        logs = [g.output() for g in built.gateways]
        shutil.rmtree(folder, ignore_errors=True)
    for code, log in zip(codes, logs):
        assert "Sanitizer" not in log and "runtime error" not in log, log[-8000:]
        assert code in (0, -9), f"simgated ended with {code}:\n{log[-4000:]}"


@pytest.fixture
def field():
    with opened() as built:
        yield built


@pytest.fixture(scope="module")
def shared():
    """One field for a whole file, where tests do not disturb each other."""
    with opened() as built:
        yield built
