#!/usr/bin/env python3
"""Verify a number from Python, with its standard library alone: verify.py ACCOUNT PHONE."""
import http.client
import json
import os
import socket
import sys


class Simgate(http.client.HTTPConnection):
    """HTTP over the Unix socket."""

    def __init__(self, path=os.environ.get("SIMGATE_SOCKET", "/run/simgate/api.sock"), timeout=35):
        super().__init__("simgate", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def call(self, method, path, body=None):
        """(status, answer); a refusal has 'reason' and 'detail'."""
        self.request(method, path, json.dumps(body) if body is not None else None,
                     {"Content-Type": "application/json"})
        response = self.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else None


def main():
    account, phone = sys.argv[1:3]
    gate = Simgate()
    status, started = gate.call("POST", "/v1/verifications", {"account": account, "phone": phone})
    if status != 202:
        sys.exit(f"{started['reason']}: {started['detail']}")
    print("code: ", end="", file=sys.stderr, flush=True)
    code = sys.stdin.readline().strip()
    _, judged = gate.call("POST", f"/v1/verifications/{started['id']}/check", {"code": code})
    print(judged.get("result") or judged["reason"])


if __name__ == "__main__":
    main()
