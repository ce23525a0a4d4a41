"""What cfn-lint's rules demand of resources by a schema of their own, beside the types' schemas.

Taken are the rules that plain JSON schema says: combinations of properties, attributes, policy
documents, classes of instances by region. Rules that compare several resources (`cfnGather`) or
whose Python code decides are left out, but for a few that are said here as schemas.
"""

import json
import re
from importlib import resources

from cfnlint.core import get_rules

PLAIN = {
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "contains", "definitions", "dependentExcluded",
    "dependentRequired", "else", "enum", "enumCaseInsensitive", "exclusiveMaximum", "exclusiveMinimum", "format",
    "if", "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties",
    "minimum", "multipleOf", "not", "oneOf", "pattern", "patternProperties", "prefixItems", "properties",
    "propertyNames", "required", "requiredOr", "requiredXor", "then", "type", "uniqueItems", "uniqueKeys",
}  # fmt: skip
PROSE = {"description", "title", "$comment", "default", "$id", "$schema", "cfnLint"}
NAMED = {"properties", "patternProperties", "definitions", "dependentExcluded", "dependentRequired"}
# Rules whose Python code chooses what is looked at, or that have an equal in the linter.
LEFT_OUT = {"E3001", "E3028", "E3601"}
POLICIES = {
    "E3510": "policy_identity", "E3512": "policy_resource", "E3513": "policy_resource_ecr", "E3530": "policy_trust",
}  # fmt: skip
# Branches longer than this that occur more than once are written once.
LONG = 200
# Longer ones, after that, are tables of every engine version with its classes: too slow to try.
LARGEST = 400_000


class NotPlain(Exception):
    """The rule says more than plain JSON schema can."""


def constraints(types, date):
    """All constraints with their places, sorted by code; `date` is what today's dates are judged at."""
    found = []
    rules = get_rules([], [], ["I"], {}, False).all_rules
    for code, rule in sorted(rules.items()):
        if not code.startswith(("E2", "E3")) or code in LEFT_OUT:
            continue
        try:
            schemas = {region: shared(plain(one)) for region, one in by_region(code, rule).items()}
        except NotPlain:
            continue
        held = [place for place in places(rule) if place[0] == "*" or place[0] in types]
        if held and max(len(json.dumps(schema)) for schema in schemas.values()) <= LARGEST:
            found.append({"code": code, "title": rule.shortdesc, "places": held, "schemas": schemas})
    return sorted([*found, *spelled_out(types, date)], key=lambda one: one["code"])


def plain(schema, is_names=False):
    """The schema as src/catalogue/schema.rs reads it: no `true`, no `false`, no prose."""
    if schema is True:
        return {}
    if schema is False:
        return {"not": {}}
    if not isinstance(schema, dict):
        raise NotPlain(schema)
    if is_names:
        return {name: inner if isinstance(inner, list) else plain(inner) for name, inner in sorted(schema.items())}
    kept = {}
    for key, value in sorted(schema.items()):
        if key in PROSE or (key == "required" and not isinstance(value, list)):
            continue
        if key not in PLAIN:
            raise NotPlain(key)
        if key in NAMED:
            kept[key] = plain(value, is_names=True)
        elif key in ("allOf", "anyOf", "oneOf"):
            kept[key] = [plain(inner) for inner in value]
        elif key == "prefixItems":
            kept["items"] = [plain(inner) for inner in value]
        elif key in ("if", "then", "else", "not", "items", "contains", "propertyNames"):
            kept[key] = plain(value)
        elif key == "additionalProperties":
            kept[key] = value if isinstance(value, bool) else plain(value)
        else:
            kept[key] = value
    return kept


def by_region(code, rule):
    """The rule's schema by region; under "" where it is the same everywhere."""
    if code in POLICIES:
        return {"": policy(POLICIES[code])}
    schema = getattr(rule, "_schema", None)
    if not isinstance(schema, dict) or not schema:
        raise NotPlain("none")
    if hasattr(rule, "validate") and "lower" in rule.validate.__code__.co_names:
        schema = in_any_case(schema)
    regions = {key: one for key, one in schema.items() if re.fullmatch(r"[a-z]+(-[a-z]+)+-\d+", key)}
    return regions or {"": schema}


def in_any_case(schema):
    """The same for a rule that looks at the engine's name without regard to case."""
    if isinstance(schema, list):
        return [in_any_case(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: in_any_case(one) for key, one in schema.items()}
    engine = changed.get("properties", {}).get("Engine")
    if isinstance(engine, dict) and (engine.keys() & {"const", "enum"}):
        values = engine.get("enum", [engine.get("const")])
        rest = {key: one for key, one in engine.items() if key not in ("const", "enum")}
        changed["properties"] = {**changed["properties"], "Engine": {**rest, "enumCaseInsensitive": values}}
    return changed


def policy(name):
    """A schema of policies, with what it borrows from the common one."""
    package = resources.files("cfnlint.data.schemas.other.iam")
    common, own = (json.loads(package.joinpath(f"{file}.json").read_text()) for file in ("policy", name))
    text = json.dumps(own).replace('"policy#/definitions/', '"#/definitions/common')
    own = json.loads(text.replace('"policy#/properties/', '"#/definitions/top'))
    definitions = {f"common{key}": value for key, value in common["definitions"].items()}
    definitions |= {f"top{key}": value for key, value in common["properties"].items()}
    inner = json.loads(json.dumps(definitions).replace('"#/definitions/', '"#/definitions/common'))
    own["definitions"] = inner | own.get("definitions", {})
    return own


def places(rule):
    """The type (`*` for all) and the path from the resource, for each place a rule holds at."""
    for keyword in getattr(rule, "keywords", None) or []:
        parts = keyword.split("/")
        if parts[0] == "Resources" and len(parts) > 1:
            yield [parts[1], parts[2:]]


def shared(schema):
    """The schema with long `then` branches that repeat made definitions, so that they are read once."""
    branches = schema.get("allOf", [])
    texts = [json.dumps(branch.get("then"), sort_keys=True) for branch in branches]
    repeated = sorted({text for text in texts if len(text) > LONG and texts.count(text) > 1})
    if not repeated:
        return schema
    names = {text: f"branch{number}" for number, text in enumerate(repeated)}
    branches = [
        {**branch, "then": {"$ref": f"#/definitions/{names[text]}"}} if text in names else branch
        for branch, text in zip(branches, texts)
    ]
    definitions = {name: json.loads(text) for text, name in names.items()}
    return {**schema, "allOf": branches, "definitions": {**schema.get("definitions", {}), **definitions}}


def spelled_out(types, date):
    """Rules of cfn-lint that are Python code or data, as the schemas they amount to."""
    rules = get_rules([], [], ["I"], {}, False).all_rules
    for code, schema in {**SPELLED_OUT, "E2531": {"not": {"enum": retired(date)}}}.items():
        held = [place for place in places(rules[code]) if place[0] in types]
        yield {"code": code, "title": rules[code].shortdesc, "places": held, "schemas": {"": schema}}
    package = resources.files("cfnlint.data.schemas.resources")
    sources = (json.loads(file.read_text()) for file in package.iterdir() if file.name.endswith(".json"))
    closed = {one["typeName"] for one in sources if one.get("lifecycle", {}).get("status") == "shutdown"}
    held = [[name, ["Type"]] for name in sorted(closed & types)]
    yield {"code": "E3710", "title": rules["E3710"].shortdesc, "places": held, "schemas": {"": {"not": {}}}}


def tier(name, least):
    days = {"properties": {"Days": {"minimum": least, "maximum": 730}}}
    return {"if": {"properties": {"AccessTier": {"const": name}}, "required": ["AccessTier"]}, "then": days}


SPELLED_OUT = {
    "E3013": {
        "allOf": [
            {"pattern": r"^(?!.*(?:\.\*\.)).*"},
            {"pattern": r"^(?:[a-z0-9\*](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$"},
        ]
    },
    "E3061": {"allOf": [tier("ARCHIVE_ACCESS", 90), tier("DEEP_ARCHIVE_ACCESS", 180)]},
    "E3063": {"dependentExcluded": {"DataSources": ["Features"]}},
    "E3511": {"pattern": r"^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/[a-zA-Z_0-9+=,.@\-_/]+$"},
    "E3673": {"requiredOr": ["ImageId", "LaunchTemplate"]},
}


def retired(date):
    """The runtimes with which no function could be made any more at a date."""
    file = resources.files("cfnlint.data.AdditionalSpecs").joinpath("LmbdRuntimeLifecycle.json")
    runtimes = json.loads(file.read_text(encoding="utf-8"))
    return sorted(name for name, life in runtimes.items() if (life.get("create-block") or "9999") <= date[:10])
