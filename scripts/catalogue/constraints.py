"""What cfn-lint's rules demand of properties by a schema of their own, beside the types' schemas.

Rules that compare several resources (`cfnGather`) are no schema that one property could be checked
with; they are left out.
"""

import json

from cfnlint.core import get_rules
from cfnlint.rules.jsonschema.CfnLintJsonSchema import CfnLintJsonSchema
from cfnlint.rules.jsonschema.CfnLintJsonSchemaRegional import CfnLintJsonSchemaRegional

# Branches longer than this that occur more than once are written once.
LONG = 200
# Not about the property itself but about a document inside it, which cfn-lint reads first.
ABOUT_DOCUMENTS = {"E3601"}


def constraints(reduced, types):
    """All constraints with their places, sorted by code; `reduced` takes over a schema."""
    found = []
    rules = get_rules([], [], ["I", "E", "W"], {}, True)
    for rule in sorted(rules.rules.values(), key=lambda rule: rule.id):
        source = getattr(rule, "_schema", None)
        if not isinstance(rule, CfnLintJsonSchema) or not isinstance(source, dict) or "cfnGather" in source:
            continue
        if rule.id in ABOUT_DOCUMENTS:
            continue
        places = [place for place in map(place_of, rule.keywords) if place and place[0] in types]
        if not places or not source:
            continue
        if isinstance(rule, CfnLintJsonSchemaRegional):
            schemas = {region: one for region, one in source.items() if isinstance(one, dict)}
        else:
            schemas = {"": source}
        found.append({
            "code": rule.id,
            "title": rule.shortdesc,
            "places": places,
            "allFindings": bool(rule.all_matches),
            "refined": is_refined(rule),
            "schemas": {region: shared(reduced(one, rule.id)) for region, one in sorted(schemas.items())},
        })  # fmt: skip
    return found


def place_of(keyword):
    """Type and path of a rule's keyword, `Resources/TYPE/Properties/A/B`."""
    parts = keyword.split("/")
    if parts[0] != "Resources" or parts[2:3] != ["Properties"]:
        return None
    return [parts[1], "/" + "/".join(parts[2:]).replace("Properties", "properties", 1)]


def is_refined(rule):
    """Whether the rule does more in Python than to apply its schema."""
    own = [kind for kind in type(rule).__mro__ if kind not in CfnLintJsonSchemaRegional.__mro__]
    return any(name in kind.__dict__ for kind in own for name in ("validate", "_iter_errors"))


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
