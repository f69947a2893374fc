"""Holds answers against docs/openapi.yaml: SIMGATE_OPENAPI=1 makes every call of every test do so."""
import json
import os
import re

import gate


class Checker:
    def __init__(self):
        import jsonschema
        import yaml
        with open(os.path.join(gate.ROOT, "docs", "openapi.yaml"), encoding="utf-8") as file:
            self.doc = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.validator = jsonschema.Draft202012Validator
        self.rows = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"(\?.*)?"), item)
                     for path, item in self.doc["paths"].items()]
        self.ready = {}

    def __call__(self, method, path, answer):
        """Routes that there are not, and methods that they have not, are no matter here."""
        for matcher, item in self.rows:
            if matcher.fullmatch(path) and method.lower() in item:
                self.check(f"{method} {matcher.pattern}", item[method.lower()], answer)
                return

    def check(self, where, operation, answer):
        response = operation["responses"].get(str(answer.status))
        assert response is not None, f"{where} {answer.status} is not documented: {answer}"
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        content = response.get("content", {})
        assert kind in content or (not content and not answer.raw), f"{where}: {kind}"
        if "json" not in kind:
            return
        key = (where, answer.status, kind)
        if key not in self.ready:
            self.ready[key] = self.validator({"components": self.doc["components"],
                                              **content[kind]["schema"]})
        errors = [f"{'/'.join(map(str, e.path))}: {e.message[:200]}"
                  for e in self.ready[key].iter_errors(json.loads(answer.raw))]
        assert not errors, f"{where} {answer.status}: {errors}"
