"""Writes src/catalogue/type-rules.json: rules about single resource types that no resource schema has.

The package cfn-lint carries them as JSON schemas (MIT-0), each with the places it holds at. Taken
are those that plain JSON schema says. Those that compare resources with each other or call Python
are left out; of values that differ by region the union is taken. One rule in a line.
"""

import argparse
import json
import pathlib
import sys
from importlib import resources

from cfnlint.core import get_rules

PLAIN = {
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "contains", "definitions", "dependentExcluded",
    "dependentRequired", "else", "enum", "enumCaseInsensitive", "exclusiveMaximum", "exclusiveMinimum", "format",
    "if", "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties",
    "minimum", "multipleOf", "not", "oneOf", "pattern", "patternProperties", "prefixItems", "properties",
    "propertyNames", "required", "requiredOr", "requiredXor", "then", "type", "uniqueItems", "uniqueKeys",
}
PROSE = {"description", "title", "$comment", "default", "$id", "$schema", "cfnLint"}
NAMED = {"properties", "patternProperties", "definitions", "dependentExcluded", "dependentRequired"}
# Rules whose Python code chooses what is looked at, or that have an equal here.
LEFT_OUT = {"E3001", "E3028", "E3601"}
# Larger ones are tables of every engine version in every region.
LARGEST = 60_000
POLICIES = {
    "E3510": "policy_identity", "E3512": "policy_resource", "E3513": "policy_resource_ecr", "E3530": "policy_trust",
}


class NotPlain(Exception):
    """The rule says more than plain JSON schema can."""


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


def over_regions(schema):
    """The union of schemas that only list values, one for each region."""
    values = {value for region in schema.values() for value in region.get("enum", [])}
    if not values or any(set(region) - {"enum", "type"} for region in schema.values()):
        raise NotPlain("regions")
    return {"enum": sorted(values)}


def policy(name):
    """A schema of policies, with what it borrows from the common one."""
    package = resources.files("cfnlint.data.schemas.other.iam")
    common, own = (json.loads(package.joinpath(f"{file}.json").read_text()) for file in ("policy", name))
    text = json.dumps(own).replace('"policy#/definitions/', '"#/definitions/common').replace('"policy#/properties/', '"#/definitions/top')
    own = json.loads(text)
    definitions = {f"common{key}": value for key, value in common["definitions"].items()}
    definitions |= {f"top{key}": value for key, value in common["properties"].items()}
    inner = json.loads(json.dumps(definitions).replace('"#/definitions/', '"#/definitions/common'))
    own["definitions"] = inner | own.get("definitions", {})
    return own


def schema_of(identifier, rule):
    if identifier in POLICIES:
        return policy(POLICIES[identifier])
    schema = getattr(rule, "_schema", None)
    if not isinstance(schema, dict) or not schema:
        raise NotPlain("none")
    regions = {key: value for key, value in schema.items() if key not in ("all", "description")}
    return over_regions(regions) if all(key.count("-") > 1 for key in regions) else schema


def places(rule):
    """The types and the path from the resource, for each place a rule holds at."""
    for keyword in getattr(rule, "keywords", None) or []:
        parts = keyword.split("/")
        if parts[0] != "Resources" or len(parts) < 2:
            continue
        if parts[1] == "*":
            parts = [parts[0], "*", *parts[2:]]
        elif not parts[1].startswith("AWS::") or parts[1].startswith("AWS::Serverless::"):
            continue
        yield parts[1], parts[2:]


def closed():
    """The types of services that have been shut down."""
    package = resources.files("cfnlint.data.schemas.resources")
    sources = (json.loads(file.read_text()) for file in package.iterdir() if file.name.endswith(".json"))
    return sorted(source["typeName"] for source in sources if source.get("lifecycle", {}).get("status") == "shutdown")


def rules():
    everything = get_rules([], [], ["I"], {}, False).all_rules
    for identifier, rule in sorted(everything.items()):
        if not identifier.startswith(("E2", "E3")) or identifier in LEFT_OUT:
            continue
        try:
            schema = plain(schema_of(identifier, rule))
        except NotPlain:
            continue
        if len(json.dumps(schema)) > LARGEST:
            continue
        found = {}
        for name, at in places(rule):
            found.setdefault(tuple(at), []).append(name)
        for at, names in sorted(found.items()):
            yield {"id": identifier, "types": sorted(names), "at": list(at), "schema": schema}
    yield {"id": "E3710", "types": closed(), "at": ["Type"], "schema": {"not": {}}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="compare FILE instead of writing it")
    arguments = parser.parse_args()
    lines = [json.dumps(rule, sort_keys=True, separators=(",", ":"), ensure_ascii=True) for rule in rules()]
    text = "[\n" + ",\n".join(lines) + "\n]\n"
    if arguments.check:
        if arguments.file.read_text() != text:
            sys.exit(f"{arguments.file} is not what the package gives: run scripts/catalogue/run")
        return
    arguments.file.write_text(text)
    print(f"{arguments.file}: {len(lines)} rules, {len(text):,} bytes")


if __name__ == "__main__":
    main()
