"""Makes minimal values from JSON schemas of resource types, deterministically."""

import re
import re._parser as parser
import zlib

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"

# Texts that services want in a form that no schema says.
BY_FORMAT = {
    "date-time": "2026-01-01T00:00:00Z",
    "timestamp": "2026-01-01T00:00:00Z",
    "json": {"a": "b"},
    "AWS::IAM::Role.Arn": "arn:aws:iam::123456789012:role/example",
    "AWS::KMS::Key.Arn": "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012",
    "AWS::KMS::Key.Id": "12345678-1234-1234-1234-123456789012",
    "AWS::KMS::Alias.AliasName": "alias/example",
    "AWS::EC2::SecurityGroup.Id": "sg-0123456789abcdef0",
    "AWS::EC2::Subnet.Id": "subnet-0123456789abcdef0",
    "AWS::EC2::VPC.Id": "vpc-0123456789abcdef0",
    "AWS::EC2::Image.Id": "ami-0123456789abcdef0",
    "AWS::EC2::SecurityGroup.Name": "example",
    "AWS::S3::Bucket.Name": "example-bucket",
    "AWS::Lambda::Function.Arn": "arn:aws:lambda:us-east-1:123456789012:function:example",
    "AWS::SNS::Topic.Arn": "arn:aws:sns:us-east-1:123456789012:example",
    "AWS::SQS::Queue.Arn": "arn:aws:sqs:us-east-1:123456789012:example",
    "AWS::Logs::LogGroup.Name": "/example/logs",
    "AWS::ACM::Certificate.Arn": "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    "AWS::Route53::HostedZone.Id": "Z23YXV4OVPL04A",
    "AWS::Route53::AliasTarget.HostedZoneId": "Z23YXV4OVPL04A",
    "ipv4-network": "10.0.0.0/16",
    "ipv6-network": "2001:db8::/32",
    "uri": "https://example.com/x",
}


class Unmakeable(Exception):
    """This generator cannot satisfy the schema."""


def matching(pattern):
    """A text that matches a regular expression; look-around is left to luck."""
    try:
        return "".join(_matching(parser.parse(pattern)))
    except (re.error, RecursionError) as error:
        raise Unmakeable(pattern) from error


def _matching(parsed):
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL":
            yield chr(argument)
        elif name == "NOT_LITERAL":
            yield "a" if argument != ord("a") else "b"
        elif name == "ANY":
            yield "a"
        elif name == "IN":
            yield _member(argument)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = argument
            for _ in range(max(least, min(1, most))):
                yield from _matching(inner)
        elif name == "SUBPATTERN":
            yield from _matching(argument[3])
        elif name == "BRANCH":
            yield from _matching(argument[1][0])
        elif name in ("AT", "ASSERT", "ASSERT_NOT"):
            pass
        else:
            raise Unmakeable(name)


def _member(members):
    excluded = str(members[0][0]) == "NEGATE"
    for candidate in LETTERS + DIGITS + LETTERS.upper() + "-_/.: =+@,":
        if _is_member(candidate, members) != excluded:
            return candidate
    kind, argument = members[-1]
    if str(kind) == "LITERAL":
        return chr(argument)
    raise Unmakeable("class")


def _is_member(candidate, members):
    for kind, argument in members:
        kind = str(kind)
        if kind == "LITERAL" and chr(argument) == candidate:
            return True
        if kind == "RANGE" and argument[0] <= ord(candidate) <= argument[1]:
            return True
        if kind == "CATEGORY":
            category = str(argument)
            found = {"CATEGORY_DIGIT": candidate.isdigit(), "CATEGORY_WORD": candidate.isalnum() or candidate == "_",
                     "CATEGORY_SPACE": candidate.isspace(), "CATEGORY_NOT_SPACE": not candidate.isspace()}
            if found.get(category, False):
                return True
    return False


class Maker:
    """Makes values of one resource type's schema."""

    def __init__(self, root):
        self.root = root

    def resolve(self, schema):
        seen = 0
        while isinstance(schema, dict) and "$ref" in schema:
            target = self.root
            for part in schema["$ref"].lstrip("#/").split("/"):
                target = target[part.replace("~1", "/")]
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
            seen += 1
            if seen > 20:
                raise Unmakeable("circle")
        return schema

    def make(self, schema, depth=0, name=""):
        if depth > 12:
            raise Unmakeable("depth")
        schema = self.resolve(schema)
        if not isinstance(schema, dict):
            return "example"
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        if schema.get("enumCaseInsensitive"):
            return schema["enumCaseInsensitive"][0]
        kind = schema.get("type")
        for word in ("oneOf", "anyOf"):
            if kind is None and schema.get(word):
                return self.make({**schema[word][0], **{k: v for k, v in schema.items() if k != word}}, depth + 1, name)
        if schema.get("allOf") and kind is None:
            merged = {}
            for part in schema["allOf"]:
                merged.update(self.resolve(part))
            return self.make({**merged, **{k: v for k, v in schema.items() if k != "allOf"}}, depth + 1, name)
        if isinstance(kind, list):
            kind = next((one for one in ("string", "object", "array", "integer") if one in kind), kind[0])
        if kind is None:
            kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
        return getattr(self, "_" + kind)(schema, depth, name)

    def _string(self, schema, _depth, name):
        if schema.get("format") in BY_FORMAT:
            return BY_FORMAT[schema["format"]]
        least, most = schema.get("minLength", 0), schema.get("maxLength", 10_000)
        pattern = schema.get("pattern")
        if not pattern:
            text = "example" if name == "" else name.lower()
            return (text + "x" * max(0, least - len(text)))[:max(most, 1)]
        candidates = ["example", "arn:aws:iam::123456789012:role/example", "example-1", "10.0.0.0/16", "12345678-1234-1234-1234-123456789012"]
        for candidate in candidates:
            candidate = candidate + "x" * max(0, least - len(candidate))
            try:
                if len(candidate) <= most and re.search(pattern, candidate):
                    return candidate
            except re.error as error:
                raise Unmakeable(str(error)) from error
        try:
            text = matching(pattern)
        except Unmakeable as error:
            raise Unmakeable(pattern) from error
        if not least <= len(text) <= most or not re.search(pattern, text):
            raise Unmakeable(pattern)
        return text

    def _integer(self, schema, _depth, _name):
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1 if "exclusiveMinimum" in schema else None)
        if least is not None:
            return int(least)
        return int(min(schema.get("maximum", 1), 1))

    _number = _integer

    def _boolean(self, _schema, _depth, _name):
        return True

    def _null(self, _schema, _depth, _name):
        raise Unmakeable("null")

    def _array(self, schema, depth, name):
        least = schema.get("minItems", 0)
        if not least and depth == 0:
            least = 1
        items = schema.get("items", {"type": "string"})
        if least > 1 and schema.get("uniqueItems"):
            raise Unmakeable("unique")
        return [self.make(items, depth + 1, name) for _ in range(min(least, 4))]

    def _object(self, schema, depth, _name):
        properties = schema.get("properties", {})
        wanted = set(schema.get("required", []))
        for word in ("oneOf", "anyOf"):
            for choice in schema.get(word, [])[:1]:
                wanted |= set(self.resolve(choice).get("required", []))
        for choice in schema.get("requiredXor", [])[:1] + schema.get("requiredOr", [])[:1]:
            wanted.add(choice)
        for part in schema.get("allOf", []):
            wanted |= set(self.resolve(part).get("required", []))
        made = {}
        for name in sorted(wanted):
            if name in properties:
                made[name] = self.make(properties[name], depth + 1, name)
        if not made and not properties and schema.get("patternProperties") and schema.get("minProperties"):
            pattern, inner = next(iter(schema["patternProperties"].items()))
            made[matching(pattern)] = self.make(inner, depth + 1)
        return made


def choice(key, options):
    """One of the options, the same for the same key."""
    return options[zlib.crc32(key.encode()) % len(options)]
