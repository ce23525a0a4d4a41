"""Clean templates: what neither linter may complain about."""

import json
import subprocess
from pathlib import Path

import cfnlint
import yaml

from values import Maker, Unmakeable

DATA = Path(cfnlint.__file__).parent / "data" / "schemas"
REGION = "us-east-1"


def schemas():
    """The schema of every resource type that the region has, by name."""
    digests = json.loads((DATA / "providers" / f"{REGION}.json").read_text())
    for name, digest in sorted(digests.items()):
        if name.startswith("AWS::") and name != "AWS::CloudFormation::CustomResource":
            yield name, json.loads((DATA / "resources" / f"{digest}.json").read_text())


def minimal(schema):
    """The properties that a schema asks for, and one of each kind of those it allows."""
    maker = Maker(schema)
    properties = maker.make({key: value for key, value in schema.items() if key != "type"} | {"type": "object"})
    return {name: value for name, value in properties.items() if value not in (None, {}, [])} | {
        name: properties[name] for name in schema.get("required", []) if name in properties
    }


def generous(schema):
    """As minimal, with every property that can be made; what the linters make of it decides."""
    maker = Maker(schema)
    read_only = {path.split("/")[2] for path in schema.get("readOnlyProperties", []) if path.count("/") == 2}
    made = minimal(schema)
    for name, inner in sorted(schema.get("properties", {}).items()):
        if name in made or name in read_only:
            continue
        try:
            value = maker.make(inner, 1, name)
        except (Unmakeable, KeyError, RecursionError):
            continue
        if value not in ({}, []):
            made[name] = value
    return made


def generated():
    """For each type one template with little in it, and one with much."""
    for name, schema in schemas():
        for kind, make in (("minimal", minimal), ("generous", generous)):
            try:
                properties = make(schema)
            except (Unmakeable, KeyError, RecursionError, IndexError):
                continue
            template = {"Resources": {"Thing": {"Type": name, "Properties": properties}}}
            if not properties:
                del template["Resources"]["Thing"]["Properties"]
            yield f"{kind}-{name.replace('::', '-')}", template


def render_shipped(program, target):
    """The renders of every environment of the shipped project."""
    for environment in yaml.safe_load(Path("rekindle.yaml").read_text())["environments"]:
        subprocess.run(
            [program, "render", environment, "--out", str(target / environment)],
            check=True, capture_output=True,
        )
    for path in target.rglob("inputs.json"):
        path.unlink()
