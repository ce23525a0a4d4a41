"""Writes src/catalogue/resource-types.bin from the resource schemas inside the package cfn-lint.

The schemas are AWS's public CloudFormation resource schemas with the corrections of the cfn-lint
project (MIT-0). Texts for people and permissions are left out; of the rest nothing is invented. A
schema keyword that this script has not heard of stops it, so that a new meaning cannot slip by.

The form of the file is described in docs/formats.md and read by src/catalogue/archive.rs.
"""

import argparse
import json
import pathlib
import re
import struct
import sys
import zlib
from importlib import metadata, resources

from constraints import constraints

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

FORMAT = 1
MAGIC = b"rekindle-types\n"

# Keywords of a type that are taken over.
TYPE_KEYWORDS = {
    "additionalIdentifiers", "conditionalCreateOnlyProperties", "createOnlyProperties", "definitions",
    "deprecatedProperties", "primaryIdentifier", "readOnlyProperties", "replacementStrategy", "tagging",
    "taggable", "writeOnlyProperties",
}
# Keywords of a schema, of a type or of a property, that are taken over.
SCHEMA_KEYWORDS = {
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "dependentExcluded", "dependentRequired", "else",
    "enum", "enumCaseInsensitive", "format", "if", "items", "maxItems", "maxLength", "maxProperties", "maximum",
    "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern",
    "patternProperties", "prefixItems", "properties", "propertyNames", "required", "requiredOr", "requiredXor",
    "then", "type", "uniqueItems", "uniqueKeys", "exclusiveMinimum", "exclusiveMaximum", "contains", "maxUniqueItems",
}
# For people, for other tools, or without a meaning that a template could break.
IGNORED = {
    "$comment", "$id", "$schema", "arrayType", "awsType", "default", "definitions", "dependencies", "description",
    "documentationUrl", "examples", "handlers", "insertionOrder", "lifecycle", "markdownDescription",
    "nonPublicDefinitions", "nonPublicProperties", "propertyTransform", "relationshipRef", "remote", "resourceLink",
    "sourceUrl", "title", "typeConfiguration", "typeName", "cfnLint", "anyOfRef", "comment", "tagProperty",
    "documentation", "id", "cfnlint",
}
BY_NAME = {"properties", "patternProperties"}
LISTS = {"allOf", "anyOf", "oneOf", "prefixItems"}
SINGLE = {"additionalProperties", "contains", "else", "if", "not", "propertyNames", "then"}


def schema(of, where, top=False):
    """The kept part of a schema, itself and everything in it."""
    if isinstance(of, bool):
        return {} if of else {"not": {}}
    if not isinstance(of, dict):
        return of
    kept = {}
    for key, value in of.items():
        if key in BY_NAME:
            kept[key] = {name: schema(inner, f"{where}/{name}") for name, inner in value.items()}
        elif key in LISTS:
            kept[key] = [schema(inner, f"{where}/{key}") for inner in value]
        elif key == "items":
            many = isinstance(value, list)
            kept[key] = [schema(inner, f"{where}/{key}") for inner in value] if many else schema(value, f"{where}/{key}")
        elif key == "additionalProperties" and isinstance(value, bool):
            kept[key] = value
        elif key in SINGLE:
            kept[key] = schema(value, f"{where}/{key}")
        elif key in SCHEMA_KEYWORDS:
            kept[key] = value
        elif key not in IGNORED and not (top and key in TYPE_KEYWORDS):
            sys.exit(f"{where}: the keyword `{key}` is not known to this script: take it over or ignore it")
    return kept


def resource_type(source, attributes):
    """One type: its schema, and what the schema says about its life."""
    name = source["typeName"]
    kept = schema(source, name, top=True)
    for key in sorted(TYPE_KEYWORDS & source.keys()):
        kept[key] = source[key]
    kept["definitions"] = {key: schema(value, f"{name}#{key}") for key, value in source.get("definitions", {}).items()}
    if "tagging" in source:
        kept["tagging"] = {key: source["tagging"][key] for key in ("taggable", "tagProperty") if key in source["tagging"]}
    kept["attributes"] = attributes
    return kept


def attributes(region, name):
    """What `Fn::GetAtt` may name, with `*` for any name of a map where cfn-lint has a pattern."""
    names = sorted(PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, name).get_atts)
    names = ["*" if attribute == ".*" else attribute.replace("\\..*", ".*") for attribute in names]
    odd = [attribute for attribute in names if not re.fullmatch(r"\*|[\w:-]+(\.([\w:-]+|\*))*", attribute)]
    if odd:
        sys.exit(f"{name}: these attributes have a form that the reader does not know: {odd}")
    return names


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def read():
    """All types by name, and the regions that have each."""
    package = resources.files("cfnlint.data.schemas")
    sources = {}
    for file in package.joinpath("resources").iterdir():
        if file.name.endswith(".json"):
            source = json.loads(file.read_text(encoding="utf-8"))
            sources[source["typeName"]] = source
    regions = {}
    for file in package.joinpath("providers").iterdir():
        region = file.name.removesuffix(".json")
        if re.fullmatch(r"[a-z]+(-[a-z]+)+-\d+", region):  # others are kinds of templates, not places
            for name in json.loads(file.read_text(encoding="utf-8")):
                regions.setdefault(name, set()).add(region)
    date = json.loads(package.joinpath("version.json").read_text(encoding="utf-8"))["schema_date"]
    return sources, regions, date


def stateful():
    """The types that cfn-lint takes for stateful."""
    file = resources.files("cfnlint.data.AdditionalSpecs").joinpath("StatefulResources.json")
    return sorted(json.loads(file.read_text(encoding="utf-8"))["ResourceTypes"])


def archive():
    """The bytes of the file."""
    sources, regions, date = read()
    sources = {name: source for name, source in sources.items() if name in regions}
    services = {}
    for name in sorted(sources):
        services.setdefault(name.split("::")[1], []).append(name)
    sets = sorted({tuple(sorted(regions[name])) for name in sources})
    numbers = {of: number for number, of in enumerate(sets)}
    types, blocks, body = {}, [], b""
    for number, names in enumerate(services.values()):
        block = b""
        for name in names:
            text = compact(resource_type(sources[name], attributes(min(regions[name]), name)))
            types[name] = [number, len(block), len(text), numbers[tuple(sorted(regions[name]))]]
            block += text
        packed = zlib.compress(block, 9)
        blocks.append([len(body), len(packed), len(block)])
        body += packed
    rules = []
    for rule in constraints(set(sources), date):
        block, places = b"", {}
        for region, of in rule.pop("schemas").items():
            text = compact(of)
            places[region] = [len(blocks), len(block), len(text)]
            block += text
        packed = zlib.compress(block, 9)
        blocks.append([len(body), len(packed), len(block)])
        body += packed
        rules.append({**rule, **({"everywhere": places[""]} if "" in places else {"regions": places})})
    version = f"cfn-lint {metadata.version('cfn-lint')}"
    index = {"schemaDate": date, "source": version, "regionSets": sets, "blocks": blocks, "types": types, "constraints": rules, "stateful": stateful()}
    packed = zlib.compress(compact(index), 9)
    return MAGIC + struct.pack("<III", FORMAT, len(packed), zlib.crc32(packed + body)) + packed + body


def unpacked(data):
    """The contents without their compression, which differs between versions of zlib."""
    start = len(MAGIC) + 12
    length = struct.unpack("<I", data[start - 8 : start - 4])[0]
    index = json.loads(zlib.decompress(data[start : start + length]))
    body = data[start + length :]
    blocks = [zlib.decompress(body[at : at + size]) for at, size, _ in index["blocks"]]
    return {key: value for key, value in index.items() if key != "blocks"}, blocks


def main():
    parser = argparse.ArgumentParser(description="Writes the catalogue of resource types.")
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="compare the contents of FILE instead of writing it")
    arguments = parser.parse_args()
    data = archive()
    if arguments.check:
        if unpacked(arguments.file.read_bytes()) != unpacked(data):
            sys.exit(f"{arguments.file} is not what the schemas give: run scripts/catalogue/run")
        return
    arguments.file.write_bytes(data)
    print(f"{arguments.file}: {len(data):,} bytes")


main()
