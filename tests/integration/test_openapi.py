"""docs/openapi.yaml says what the daemon does: every route, every answer of a walk over all of
them, and no more."""
import json
import os
import re

import pytest

import gate
import openapi_check
import openapi_walk

yaml = pytest.importorskip("yaml")
jsonschema = pytest.importorskip("jsonschema")

METHODS = ("get", "post", "delete", "put", "patch")


@pytest.fixture(scope="module")
def doc():
    with open(os.path.join(gate.ROOT, "docs", "openapi.yaml"), encoding="utf-8") as file:
        return yaml.safe_load(file)


@pytest.fixture(scope="module")
def calls(shared):
    return openapi_walk.walk_everywhere(shared)


def operations(doc):
    for path, item in doc["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def pattern(path):
    return re.sub(r"\{\w+\}", "{}", path)


def routes():
    """The rows of the daemon's own table: method, pattern -> role."""
    with open(os.path.join(gate.ROOT, "api", "route.c"), encoding="utf-8") as file:
        found = re.findall(r'\{ "([A-Z]+)",\s+"([^"]+)",\s+ROLE_(\w+),', file.read())
    assert len(found) > 30
    return {(method, path): role.lower() for method, path, role in found}


def resolve(doc, node):
    while "$ref" in node:
        where = doc
        for step in node["$ref"][2:].split("/"):
            where = where[step]
        node = where
    return node


def test_every_route_is_documented_with_its_role_and_none_is_made_up(doc):
    assert {(m, pattern(p)): op["x-role"] for m, p, op in operations(doc)} == routes()


def test_the_file_is_well_formed(doc):
    assert doc["openapi"].startswith("3.1.")
    with open(os.path.join(gate.ROOT, "VERSION"), encoding="utf-8") as file:
        assert doc["info"]["version"] == file.read().strip()
    names = [op["operationId"] for _, _, op in operations(doc)]
    assert len(names) == len(set(names))
    for _, path, op in operations(doc):
        parameters = [resolve(doc, p) for p in op.get("parameters", [])]
        assert {p["name"] for p in parameters if p["in"] == "path"} == set(re.findall(r"\{(\w+)\}",
                                                                                     path))
        assert op["summary"] and all(r["description"] for r in op["responses"].values())
    for schema in doc["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for target in re.findall(r"'\$ref': '([^']+)'", str(doc)):
        assert resolve(doc, {"$ref": target})
    used = set(re.findall(r"#/components/schemas/(\w+)", str(doc)))
    assert used == set(doc["components"]["schemas"])


def operation_of(doc, method, path):
    for m, p, op in operations(doc):
        if (m, pattern(p)) == (method, path):
            return op
    raise AssertionError(f"{method} {path} is not documented")


def check(doc, schema, value, where):
    validator = jsonschema.Draft202012Validator({"components": doc["components"], **schema})
    errors = [f"{'/'.join(map(str, e.path))}: {e.message[:300]}"
              for e in validator.iter_errors(value)]
    assert not errors, f"{where}: {errors}"


def test_the_walk_comes_to_every_operation(doc, calls):
    walked = {(method, path) for method, path, *_ in calls}
    left = {(m, pattern(p)) for m, p, _ in operations(doc)} - walked
    assert left == {("GET", "/v1/modems/{}/trace")}  # a stream without an end: test_api has it


def test_answers_are_as_documented(doc, calls):
    for method, path, status, answer, _ in calls:
        where = f"{method} {path} {status}"
        responses = operation_of(doc, method, path)["responses"]
        assert str(status) in responses, f"{where} is not documented: {answer}"
        content = responses[str(status)].get("content")
        if content is None:
            assert answer.raw == b"", where
            continue
        kind = answer.headers["Content-Type"].split(";")[0]
        assert kind in content, f"{where}: {kind}"
        if "json" in kind:
            check(doc, content[kind]["schema"], json.loads(answer.raw), where)


def test_what_is_accepted_is_documented_too(doc, calls):
    for method, path, status, _, body in calls:
        if status >= 300 or body is None:
            continue
        schema = operation_of(doc, method, path)["requestBody"]["content"]["application/json"]
        check(doc, schema["schema"], body, f"{method} {path}")


def test_required_members_of_requests_are_required(doc, shared, calls):
    """And a member that is not documented is refused."""
    gateway = shared.gateways[0]
    assert calls
    for method, path, op in operations(doc):
        if "requestBody" not in op or "{" in path:
            continue
        schema = resolve(doc, op["requestBody"]["content"]["application/json"]["schema"])
        assert schema["additionalProperties"] is False
        answer = gateway.call(method, path, {"not_documented": 1})
        assert answer.status == 422, (method, path, answer)
        fields = {e["field"]: e["reason"] for e in answer["errors"]}
        assert fields["not_documented"] == "unknown_member"
        missing = {field for field, reason in fields.items() if reason != "unknown_member"}
        assert missing == set(schema.get("required", [])), (method, path, fields)


def test_query_names_are_documented(doc):
    with open(os.path.join(gate.ROOT, "api", "route.c"), encoding="utf-8") as file:
        rows = re.findall(r'\{ "([A-Z]+)",\s+"([^"]+)",\s+ROLE_\w+,\s+SITE_\w+,\s+\w+,\s+"([^"]*)"',
                          file.read())
    for method, path, query in rows:
        op = operation_of(doc, method, path)
        named = {p["name"] for p in (resolve(doc, p) for p in op.get("parameters", []))
                 if p["in"] == "query"}
        assert named == set(query.split()), (method, path)


def test_refusals_of_writing_are_documented(doc):
    for method, path, op in operations(doc):
        keyed = any(p.get("$ref", "").endswith("IdempotencyKey") for p in op.get("parameters", []))
        assert not keyed or {"409", "422", "503", "507"} <= set(op["responses"]), (method, path)
        assert method != "DELETE" or "507" in op["responses"], path


def test_a_text_too_many_is_documented(field):
    sites = gate.one_site().replace("allowed = true;", 'allowed = true; limits = [ "1/1h" ];')
    gateway = field.gateway(gate.modem("gsm0", f"{field.folder}/none"), sites=sites)
    body = {"to": "+79123456789", "text": "once"}
    assert gateway.post("/v1/messages", body).status == 202
    answer = gate.refused(gateway.post("/v1/messages", body), 429, "limit_reached")
    openapi_check.Checker()("POST", "/v1/messages", answer)
