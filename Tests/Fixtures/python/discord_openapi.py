"""Checks recorded calls of the local Discord against Discord's OpenAPI description (3.1).

Usage: discord_openapi.py [--strict] DESCRIPTION EXEMPTIONS URL [BOT...] - reads `URL/control/calls?bodies=1`; with bots,
only theirs, and each must have made one. --strict is for our own client: it also refuses what OpenAPI lets pass (query
parameters and members of a body that the description does not name, a body without its content type) and requests that
were answered as invalid forms; and it wants the record from the first call on.
Each request and each answer must fit its operation; a call to a route that the description does not have fails. What the
description gets wrong is in EXEMPTIONS, each with the sentence of Discord's documentation that overrules it."""
import json
import re
import sys
import urllib.parse
import urllib.request

import jsonschema
import yaml

METHODS = {"get", "put", "post", "patch", "delete"}


class Description:
    """The description with those exemptions put in that concern requests, or answers."""

    def __init__(self, path, exemptions, side, closed=False):
        with open(path) as file:
            self.document = json.load(file)
        for number, exemption in enumerate(exemptions):
            for key in ("where", "because", "source"):
                assert exemption.get(key), f"exemption {number + 1} has no {key}"
            if exemption.get("side", side) == side:
                self.amend(exemption)
        if closed:
            close(self.document["components"]["schemas"])
            close(self.document["paths"])
        self.routes = []
        for template, item in self.document["paths"].items():
            pattern = re.compile("^" + re.sub(r"\{[^}]+\}", "([^/]+)", re.sub(r"([.@])", r"\\\1", template)) + "$")
            for method in METHODS & item.keys():
                names = re.findall(r"\{([^}]+)\}", template)
                self.routes.append((len(names), pattern, template, method, item, names))
        self.routes.sort(key=lambda route: route[0])
        self.validators = {}

    def amend(self, exemption):
        """Applies a change to the description: a path of keys, and the members that are replaced there."""
        node = self.document
        for key in exemption["where"]:
            node = node[int(key) if isinstance(node, list) else key]
        node.update(exemption.get("merge", {}))
        for key in exemption.get("remove", []):
            if isinstance(node, list):
                node.remove(key)
            else:
                node.pop(key)

    def find(self, method, path):
        for _, pattern, template, known, item, names in self.routes:
            match = pattern.match(path) if known == method.lower() else None
            if match:
                return item[known], item.get("parameters", []), dict(zip(names, match.groups()))
        return None

    def validator(self, schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = {**schema, "components": self.document["components"]}
            self.validators[key] = jsonschema.Draft202012Validator(whole)
        return self.validators[key]

    def problems(self, schema, value):
        return [describe(error) for error in self.validator(schema).iter_errors(value)]


def close(node):
    """Refuses members that an object's schema does not name."""
    if isinstance(node, list):
        for each in node:
            close(each)
    elif isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and "additionalProperties" not in node and "allOf" not in node:
            node["additionalProperties"] = False
        for each in node.values():
            close(each)


def describe(error, depth=0):
    """The deepest cause, for unions say only that nothing fits."""
    place = "/".join(str(part) for part in error.absolute_path)
    if error.context and depth < 6:
        best = jsonschema.exceptions.best_match([error])
        if best is not error:
            return describe(best, depth + 1)
    return f"at {place or 'top'}: {error.message[:200]}"


def coerce(text, schema, description):
    """A query's text as the type that the description wants."""
    if "$ref" in schema:
        name = schema["$ref"].split("/")[-1]
        return coerce(text, description.document["components"]["schemas"][name], description)
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "integer" in kinds and re.fullmatch(r"-?\d+", text):
        return int(text)
    if "boolean" in kinds and text.lower() in ("true", "false", "1", "0"):
        return text.lower() in ("true", "1")
    return text


def check(description, answers, call, strict):
    split = urllib.parse.urlsplit(call["path"])
    path = re.sub(r"^/api(/v\d+)?", "", split.path)
    found = description.find(call["method"], path)
    if call["route"] is None:
        return ["the local Discord has no route for it"]
    if found is None:
        return ["Discord's description has no such route"]
    operation, shared, values = found
    problems = []
    known = shared + operation.get("parameters", [])
    # A request that was refused as an invalid form need not fit, unless it is ours.
    accepted = strict or 200 <= call["status"] < 300
    if strict and call["status"] in (400, 404, 405) and not refusal(call):
        problems.append(f"refused: {json.dumps(call['response'])[:300]}")
    for parameter in known:
        if parameter["in"] == "path" and parameter["name"] in values:
            value = coerce(urllib.parse.unquote(values[parameter["name"]]), parameter["schema"], description)
            place = f"path {parameter['name']}"
            problems += [f"{place} {p}" for p in description.problems(parameter["schema"], value)]
    parameters = {p["name"]: p for p in known if p["in"] == "query"}
    for name, text in urllib.parse.parse_qsl(split.query):
        if name not in parameters:
            if strict:
                problems.append(f"query: no parameter {name}")
        elif accepted:
            value = coerce(text, parameters[name]["schema"], description)
            problems += [f"query {name} {p}" for p in description.problems(parameters[name]["schema"], value)]
    body = operation.get("requestBody", {}).get("content", {})
    kind = (call.get("contentType") or "").split(";")[0]
    if strict and call["request"] is not None and kind not in ("application/json", "multipart/form-data"):
        problems.append(f"request: a body of type {kind or 'none'}")
    if strict and call["request"] is None and operation.get("requestBody", {}).get("required"):
        problems.append("request: the operation wants a body")
    if accepted and call["request"] is not None:
        schema = body.get("application/json", {}).get("schema")
        if schema is None:
            if call["request"] not in ({}, None):
                problems.append("request: the operation takes no JSON body")
        else:
            problems += [f"request {p}" for p in description.problems(schema, call["request"])]
    operation, _, _ = answers.find(call["method"], path)
    responses = operation["responses"]
    status = str(call["status"])
    response = responses.get(status) or responses.get(status[0] + "XX")
    if call["fault"]:
        return problems  # The description speaks of no server errors, lost answers or pages of proxies.
    if response is None:
        return problems + [f"answer: status {status} is not described"]
    if "$ref" in response:
        response = answers.document["components"]["responses"][response["$ref"].split("/")[-1]]
    schema = response.get("content", {}).get("application/json", {}).get("schema")
    if schema is None and call["response"] is not None:
        problems.append("answer: a body where none is described")
    elif schema is not None:
        problems += [f"answer {p}" for p in answers.problems(schema, call["response"])]
    return problems


def refusal(call):
    """Whether it is the state of the world that refuses (unknown message, already acknowledged), not the request's form."""
    code = (call["response"] or {}).get("code", 0)
    return code not in (0, 50035, 50109)


def main():
    strict = "--strict" in sys.argv
    path, exemptions_path, url, *bots = [argument for argument in sys.argv[1:] if argument != "--strict"]
    with open(exemptions_path) as file:
        exemptions = yaml.safe_load(file) or []
    requests, answers = Description(path, exemptions, "request", strict), Description(path, exemptions, "answer")
    with urllib.request.urlopen(f"{url}/control/calls?since=0&bodies=1") as response:
        recorded = json.load(response)
    calls = [call for call in recorded if not bots or call["bot"] in bots]
    assert calls, "no calls were recorded"
    assert not strict or recorded[0]["number"] == 1, "the first calls are no longer in the record"
    missing = set(bots) - {call["bot"] for call in calls}
    assert not missing, f"no calls of {', '.join(sorted(missing))}"
    failures = {}
    for call in calls:
        for problem in check(requests, answers, call, strict):
            key = (call["method"], call["route"] or call["path"], re.sub(r"/\d+/", "/n/", re.sub(r"\d{15,}", "id", problem)))
            failures.setdefault(key, call)
    for (method, route, problem), call in sorted(failures.items(), key=lambda item: item[0]):
        print(f"{method} {route} ({call['status']}): {problem}")
    if failures:
        sys.exit(f"{len(failures)} kinds of disagreement in {len(calls)} calls")
    print(f"{len(calls)} calls on {len({(c['method'], c['route']) for c in calls})} routes fit; done")


main()
