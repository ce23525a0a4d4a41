"""Plants one mistake into a clean template: one function for each kind."""

import copy
import json

KINDS = []


def kind(function):
    """Registers a kind; the function changes a template, and returns False where it cannot."""
    KINDS.append((function.__name__.replace("_", "-"), function))
    return function


def planted(template):
    """Every mistake that this template has room for: kind and the template with it."""
    for name, plant in KINDS:
        changed = copy.deepcopy(template)
        try:
            done = plant(changed)
        except (KeyError, IndexError, StopIteration, TypeError, AttributeError):
            continue
        if done is not False and json.dumps(changed) != json.dumps(template):
            yield name, changed


def resources(template):
    return template["Resources"]


def first(template, wanted=lambda resource: True):
    return next((name, one) for name, one in sorted(resources(template).items()) if wanted(one))


def properties(template, wanted=lambda name, value: True):
    """The first property that fits: its map, its name, its value."""
    for _, resource in sorted(resources(template).items()):
        found = _search(resource.get("Properties", {}), wanted)
        if found:
            return found
    raise StopIteration


def _search(value, wanted):
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
            return None
        for key in sorted(value):
            if wanted(key, value[key]):
                return value, key, value[key]
            found = _search(value[key], wanted)
            if found:
                return found
    if isinstance(value, list):
        for item in value:
            found = _search(item, wanted)
            if found:
                return found
    return None


# --- the template as a whole

@kind
def unknown_section(template):
    template["Resourcess"] = {}

@kind
def wrong_format_version(template):
    template["AWSTemplateFormatVersion"] = "2010-09-10"

@kind
def description_is_a_map(template):
    template["Description"] = {"a": "b"}

@kind
def description_too_long(template):
    template["Description"] = "x" * 1025

@kind
def no_resources(template):
    del template["Resources"]

@kind
def transform_without_a_name(template):
    template["Transform"] = {"Parameters": {}}

@kind
def empty_value(template):
    first(template)[1]["Metadata"] = {"a": None}

# --- resources

@kind
def unknown_type(template):
    first(template)[1]["Type"] = "AWS::S3::Bukket"

@kind
def no_type(template):
    del first(template)[1]["Type"]

@kind
def unknown_resource_key(template):
    first(template)[1]["Propertys"] = {}

@kind
def resource_name_with_a_hyphen(template):
    name, one = first(template)
    resources(template)["a-b"] = one
    del resources(template)[name]

@kind
def too_many_resources(template):
    for number in range(501):
        resources(template)[f"Topic{number}"] = {"Type": "AWS::SNS::Topic"}

@kind
def depends_on_nothing(template):
    first(template)[1]["DependsOn"] = "Nothing"

@kind
def depends_on_a_number(template):
    first(template)[1]["DependsOn"] = [{"a": 1}]

@kind
def circle_of_depends_on(template):
    names = sorted(resources(template))[:2]
    resources(template)[names[0]]["DependsOn"] = names[-1]
    resources(template)[names[-1]]["DependsOn"] = names[0]

@kind
def circle_of_references(template):
    resources(template)["CircleA"] = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "CircleB"}}}
    resources(template)["CircleB"] = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Sub": "${CircleA}"}}}

@kind
def unknown_condition_of_a_resource(template):
    first(template)[1]["Condition"] = "Nothing"

@kind
def wrong_deletion_policy(template):
    first(template)[1]["DeletionPolicy"] = "Keep"

@kind
def wrong_update_replace_policy(template):
    first(template)[1]["UpdateReplacePolicy"] = "RetainExceptOnCreate"

@kind
def snapshot_of_what_has_none(template):
    first(template, lambda one: "RDS" not in one["Type"] and "Volume" not in one["Type"])[1]["DeletionPolicy"] = "Snapshot"

@kind
def update_policy_of_another_type(template):
    first(template, lambda one: "AutoScalingGroup" not in one["Type"] and "Alias" not in one["Type"])[1]["UpdatePolicy"] = {"AutoScalingRollingUpdate": {"MinInstancesInService": 1}}

@kind
def unknown_key_of_an_update_policy(template):
    first(template, lambda one: one["Type"] == "AWS::AutoScaling::AutoScalingGroup")[1]["UpdatePolicy"] = {"AutoScalingRollingUpdate": {"MinInstances": 1}}

@kind
def unknown_key_of_a_creation_policy(template):
    first(template, lambda one: one["Type"] == "AWS::AutoScaling::AutoScalingGroup")[1]["CreationPolicy"] = {"ResourceSignal": {"Counts": 1}}

@kind
def parameter_named_like_a_resource(template):
    template.setdefault("Parameters", {})[first(template)[0]] = {"Type": "String"}

# --- properties

@kind
def unknown_property(template):
    first(template)[1].setdefault("Properties", {})["Nonsense"] = "x"

@kind
def misspelt_property(template):
    _, one = first(template, lambda one: one.get("Properties"))
    name = sorted(one["Properties"])[0]
    one["Properties"][name + "s"] = one["Properties"].pop(name)

@kind
def nested_unknown_property(template):
    parent, key, value = properties(template, lambda key, value: isinstance(value, dict) and value and not next(iter(value)).startswith(("Fn::", "Ref")) and key not in ("Tags",) and "Document" not in key)
    value["Nonsense"] = "x"

@kind
def missing_required_property(template):
    resources(template)["Missing"] = {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b", "Runtime": "python3.12"}}

@kind
def properties_are_empty(template):
    first(template)[1]["Properties"] = None

@kind
def list_where_a_text_is_wanted(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, str))
    parent[key] = ["x", "y"]

@kind
def map_where_a_text_is_wanted(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, str))
    parent[key] = {"A": "x", "B": "y"}

@kind
def text_where_a_list_is_wanted(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, list) and value)
    parent[key] = "x"

@kind
def text_where_a_map_is_wanted(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, dict) and value and not next(iter(value)).startswith(("Fn::", "Ref")))
    parent[key] = "x"

@kind
def text_where_a_number_is_wanted(template):
    parent, key, _ = properties(template, lambda key, value: type(value) is int)
    parent[key] = "many"

@kind
def text_where_a_boolean_is_wanted(template):
    parent, key, _ = properties(template, lambda key, value: type(value) is bool)
    parent[key] = "perhaps"

@kind
def negative_number(template):
    parent, key, _ = properties(template, lambda key, value: type(value) is int and value >= 0)
    parent[key] = -5

@kind
def enormous_number(template):
    parent, key, _ = properties(template, lambda key, value: type(value) is int)
    parent[key] = 10**12

@kind
def empty_text(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, str))
    parent[key] = ""

@kind
def enormous_text(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, str))
    parent[key] = "x" * 5000

@kind
def odd_letters_in_a_text(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, str))
    parent[key] = "?*!|~\u00e4"

@kind
def unknown_value_of_an_enumeration(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, str) and value.isupper() and len(value) > 2)
    parent[key] = "NONSENSE"

@kind
def list_with_something_twice(template):
    parent, key, value = properties(template, lambda key, value: isinstance(value, list) and value)
    value.append(copy.deepcopy(value[0]))

@kind
def list_that_is_too_long(template):
    parent, key, value = properties(template, lambda key, value: isinstance(value, list) and value and isinstance(value[0], str))
    parent[key] = [f"{value[0]}{number}" for number in range(3000)]

@kind
def empty_list(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, list) and value)
    parent[key] = []

@kind
def empty_item(template):
    parent, key, value = properties(template, lambda key, value: isinstance(value, list) and value and isinstance(value[0], dict))
    value[0].clear()

@kind
def same_tag_twice(template):
    parent, key, value = properties(template, lambda key, value: key == "Tags" and isinstance(value, list))
    value.extend([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])

@kind
def read_only_property(template):
    resources(template)["Set"] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:x"}}

@kind
def exclusive_properties(template):
    resources(template)["Both"] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "Ipv4IpamPoolId": "ipam-1", "Ipv4NetmaskLength": 16}}

@kind
def missing_companion(template):
    resources(template)["Alone"] = {"Type": "AWS::EC2::VPC", "Properties": {"Ipv4IpamPoolId": "ipam-1"}}

@kind
def wrong_format_of_an_id(template):
    resources(template)["Wrong"] = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": "my-vpc", "CidrBlock": "10.0.0.0/24"}}

@kind
def wrong_arn_of_a_role(template):
    resources(template)["Wrong"] = {"Type": "AWS::Lambda::Function", "Properties": {"Role": "arn:aws:iam::123456789012:user/x", "Code": {"ZipFile": "x"}, "Handler": "a.b", "Runtime": "python3.12"}}

@kind
def reference_to_the_wrong_kind(template):
    resources(template)["Bucket9"] = {"Type": "AWS::S3::Bucket"}
    resources(template)["Wrong"] = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Bucket9"}, "CidrBlock": "10.0.0.0/24"}}

@kind
def attribute_of_the_wrong_kind(template):
    resources(template)["Bucket9"] = {"Type": "AWS::S3::Bucket"}
    resources(template)["Wrong"] = {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Key9", "Arn"]}, "Code": {"ZipFile": "x"}, "Handler": "a.b", "Runtime": "python3.12"}}
    resources(template)["Key9"] = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}}

@kind
def two_resources_of_one_name(template):
    for name in ("TwinA", "TwinB"):
        resources(template)[name] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "the-same-name"}}

@kind
def list_parameter_for_a_text(template):
    template.setdefault("Parameters", {})["Names"] = {"Type": "CommaDelimitedList"}
    parent, key, _ = properties(template, lambda key, value: isinstance(value, str))
    parent[key] = {"Ref": "Names"}

@kind
def text_parameter_for_a_list(template):
    template.setdefault("Parameters", {})["OneName"] = {"Type": "String"}
    parent, key, _ = properties(template, lambda key, value: isinstance(value, list) and value)
    parent[key] = {"Ref": "OneName"}

@kind
def join_for_a_list(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, list) and value)
    parent[key] = {"Fn::Join": ["", ["a", "b"]]}

@kind
def split_for_a_text(template):
    parent, key, _ = properties(template, lambda key, value: isinstance(value, str))
    parent[key] = {"Fn::Split": [",", "a,b"]}

@kind
def wrong_branch_of_if(template):
    template.setdefault("Conditions", {})["Yes"] = {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
    parent, key, value = properties(template, lambda key, value: isinstance(value, list) and value)
    parent[key] = {"Fn::If": ["Yes", value, "x"]}

# --- functions: each stands in a property that takes any text

def _value(template, value):
    resources(template)["Calls"] = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": value}}

CALLS = {
    "ref-to-nothing": {"Ref": "Nothing"},
    "ref-with-a-list": {"Ref": ["A"]},
    "get-att-of-nothing": {"Fn::GetAtt": ["Nothing", "Arn"]},
    "get-att-without-attribute": {"Fn::GetAtt": ["Calls2"]},
    "get-att-of-an-unknown-attribute": {"Fn::GetAtt": ["Calls2", "Nonsense"]},
    "get-att-with-three-parts": {"Fn::GetAtt": ["Calls2", "TopicArn", "x"]},
    "sub-of-nothing": {"Fn::Sub": "${Nothing}"},
    "sub-of-an-unknown-attribute": {"Fn::Sub": "${Calls2.Nonsense}"},
    "sub-with-a-map": {"Fn::Sub": {"a": "b"}},
    "sub-with-three-arguments": {"Fn::Sub": ["${AWS::Region}", {}, "x"]},
    "sub-with-a-list-of-variables": {"Fn::Sub": ["${a}", ["a"]]},
    "sub-with-nothing-in-braces": {"Fn::Sub": "a${}b"},
    "join-without-a-list": {"Fn::Join": [",", "abc"]},
    "join-with-one-argument": {"Fn::Join": [","]},
    "join-with-a-number-of-maps": {"Fn::Join": [",", [{"a": "b", "c": "d"}]]},
    "join-with-a-function-as-delimiter": {"Fn::Join": [{"Ref": "AWS::Region"}, ["a"]]},
    "split-with-one-argument": {"Fn::Select": [0, {"Fn::Split": [","]}]},
    "split-of-a-list": {"Fn::Select": [0, {"Fn::Split": [",", ["a"]]}]},
    "select-with-a-word-as-index": {"Fn::Select": ["first", ["a", "b"]]},
    "select-beyond-the-list": {"Fn::Select": [5, ["a", "b"]]},
    "select-with-a-negative-index": {"Fn::Select": [-1, ["a", "b"]]},
    "select-of-a-text": {"Fn::Select": [0, "abc"]},
    "base64-of-a-list": {"Fn::Base64": ["a"]},
    "import-value-of-a-list": {"Fn::ImportValue": ["a"]},
    "import-value-of-get-att": {"Fn::ImportValue": {"Fn::GetAtt": ["Calls2", "TopicName"]}},
    "get-azs-of-a-list": {"Fn::Select": [0, {"Fn::GetAZs": ["a"]}]},
    "cidr-of-a-word": {"Fn::Select": [0, {"Fn::Cidr": ["ten", 2, 8]}]},
    "cidr-with-one-argument": {"Fn::Select": [0, {"Fn::Cidr": ["10.0.0.0/16"]}]},
    "cidr-with-too-many": {"Fn::Select": [0, {"Fn::Cidr": ["10.0.0.0/16", 300, 8]}]},
    "if-with-two-arguments": {"Fn::If": ["Calls3", "a"]},
    "if-without-its-condition": {"Fn::If": ["Nothing", "a", "b"]},
    "if-with-a-function-as-condition": {"Fn::If": [{"Fn::Equals": ["a", "b"]}, "a", "b"]},
    "find-in-map-without-its-map": {"Fn::FindInMap": ["Nothing", "a", "b"]},
    "find-in-map-with-two-arguments": {"Fn::FindInMap": ["Calls4", "a"]},
    "find-in-map-of-an-unknown-key": {"Fn::FindInMap": ["Calls4", "x", "b"]},
    "find-in-map-of-an-unknown-second-key": {"Fn::FindInMap": ["Calls4", "a", "x"]},
    "find-in-map-of-get-att": {"Fn::FindInMap": ["Calls4", {"Fn::GetAtt": ["Calls2", "TopicName"]}, "b"]},
    "length-without-the-transform": {"Fn::Length": ["a"]},
    "to-json-string-without-the-transform": {"Fn::ToJsonString": {"a": "b"}},
    "equals-outside-of-conditions": {"Fn::Equals": ["a", "b"]},
    "unknown-function": {"Fn::Nonsense": "a"},
    "forgotten-sub": "${AWS::Region}",
    "dynamic-reference-to-nowhere": "{{resolve:vault:a}}",
    "dynamic-reference-with-a-word-as-version": "{{resolve:ssm:a:latest}}",
    "dynamic-reference-to-a-binary-secret": "{{resolve:secretsmanager:a:SecretBinary}}",
    "secure-string-where-none-is-resolved": "{{resolve:ssm-secure:a:1}}",
}


def _register(name, value):
    def plant(template):
        resources(template)["Calls2"] = {"Type": "AWS::SNS::Topic"}
        template.setdefault("Conditions", {})["Calls3"] = {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}
        template.setdefault("Mappings", {})["Calls4"] = {"a": {"b": "c"}}
        _value(template, value)

    KINDS.append((name, plant))


for _name, _call in CALLS.items():
    _register(_name, _call)

# --- conditions, parameters, mappings, outputs, rules, metadata

def _entry(section, name, entry):
    def plant(template):
        template.setdefault(section, {})[name] = copy.deepcopy(entry)

    return plant


ENTRIES = [
    ("condition-is-a-text", "Conditions", "C", "true"),
    ("condition-of-an-unknown-function", "Conditions", "C", {"Fn::Same": ["a", "b"]}),
    ("condition-with-a-property-function", "Conditions", "C", {"Fn::Join": ["", ["a"]]}),
    ("condition-that-refers-to-nothing", "Conditions", "C", {"Fn::Equals": [{"Ref": "Nothing"}, "x"]}),
    ("condition-that-names-no-condition", "Conditions", "C", {"Condition": "Nothing"}),
    ("condition-with-get-att", "Conditions", "C", {"Fn::Equals": [{"Fn::GetAtt": ["A", "Arn"]}, "x"]}),
    ("equals-with-three-arguments", "Conditions", "C", {"Fn::Equals": ["a", "b", "c"]}),
    ("equals-with-a-list", "Conditions", "C", {"Fn::Equals": ["a", ["b"]]}),
    ("not-with-two-arguments", "Conditions", "C", {"Fn::Not": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": ["a", "b"]}]}),
    ("and-with-one-argument", "Conditions", "C", {"Fn::And": [{"Fn::Equals": ["a", "b"]}]}),
    ("or-with-eleven-arguments", "Conditions", "C", {"Fn::Or": [{"Fn::Equals": ["a", str(number)]} for number in range(11)]}),
    ("or-with-a-text", "Conditions", "C", {"Fn::Or": ["a", "b"]}),
    ("parameter-without-a-type", "Parameters", "P", {"Default": "a"}),
    ("parameter-of-an-unknown-type", "Parameters", "P", {"Type": "Text"}),
    ("parameter-with-an-unknown-key", "Parameters", "P", {"Type": "String", "Defualt": "a"}),
    ("parameter-name-with-a-hyphen", "Parameters", "a-b", {"Type": "String"}),
    ("parameter-default-is-a-map", "Parameters", "P", {"Type": "String", "Default": {"a": "b"}}),
    ("parameter-default-not-allowed", "Parameters", "P", {"Type": "String", "Default": "c", "AllowedValues": ["a", "b"]}),
    ("parameter-default-against-the-pattern", "Parameters", "P", {"Type": "String", "Default": "c", "AllowedPattern": "^[ab]$"}),
    ("parameter-default-too-short", "Parameters", "P", {"Type": "String", "Default": "c", "MinLength": 3}),
    ("parameter-default-too-long", "Parameters", "P", {"Type": "String", "Default": "cccc", "MaxLength": 3}),
    ("parameter-default-too-small", "Parameters", "P", {"Type": "Number", "Default": 1, "MinValue": 3}),
    ("parameter-default-too-large", "Parameters", "P", {"Type": "Number", "Default": 5, "MaxValue": 3}),
    ("parameter-with-a-bound-of-another-type", "Parameters", "P", {"Type": "Number", "MinLength": 3}),
    ("parameter-with-a-word-as-no-echo", "Parameters", "P", {"Type": "String", "NoEcho": "maybe"}),
    ("parameter-with-a-text-of-allowed-values", "Parameters", "P", {"Type": "String", "AllowedValues": "a"}),
    ("mapping-is-a-text", "Mappings", "M", "a"),
    ("mapping-of-one-level", "Mappings", "M", {"a": "b"}),
    ("mapping-of-three-levels", "Mappings", "M", {"a": {"b": {"c": "d"}}}),
    ("mapping-with-a-function", "Mappings", "M", {"a": {"b": {"Ref": "AWS::Region"}}}),
    ("mapping-that-is-empty", "Mappings", "M", {"a": {}}),
    ("mapping-name-with-a-hyphen", "Mappings", "a-b", {"a": {"b": "c"}}),
    ("mapping-with-too-many-keys", "Mappings", "M", {f"k{number}": {"a": "b"} for number in range(201)}),
    ("output-without-a-value", "Outputs", "O", {"Description": "a"}),
    ("output-with-an-unknown-key", "Outputs", "O", {"Value": "a", "Exports": {}}),
    ("output-of-a-list", "Outputs", "O", {"Value": ["a", "b"]}),
    ("output-of-a-map", "Outputs", "O", {"Value": {"a": "b", "c": "d"}}),
    ("output-of-split", "Outputs", "O", {"Value": {"Fn::Split": [",", "a,b"]}}),
    ("output-that-refers-to-nothing", "Outputs", "O", {"Value": {"Ref": "Nothing"}}),
    ("output-of-an-unknown-condition", "Outputs", "O", {"Value": "a", "Condition": "Nothing"}),
    ("output-name-with-a-hyphen", "Outputs", "a-b", {"Value": "a"}),
    ("output-export-without-a-name", "Outputs", "O", {"Value": "a", "Export": {}}),
    ("output-description-is-a-map", "Outputs", "O", {"Value": "a", "Description": {"Ref": "AWS::Region"}}),
    ("secret-in-an-output", "Outputs", "O", {"Value": "{{resolve:secretsmanager:a:SecretString:b}}"}),
    ("rule-without-assertions", "Rules", "R", {"RuleCondition": {"Fn::Equals": ["a", "b"]}}),
    ("rule-that-refers-to-nothing", "Rules", "R", {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Nothing"}, "b"]}}]}),
    ("interface-of-an-unknown-parameter", "Metadata", "AWS::CloudFormation::Interface", {"ParameterGroups": [{"Parameters": ["Nothing"]}]}),
    ("interface-with-an-unknown-key", "Metadata", "AWS::CloudFormation::Interface", {"Groups": []}),
]

for _name, _section, _key, _content in ENTRIES:
    KINDS.append((_name, _entry(_section, _key, _content)))


@kind
def too_many_parameters(template):
    template["Parameters"] = {f"P{number}": {"Type": "String"} for number in range(201)}

@kind
def too_many_outputs(template):
    template["Outputs"] = {f"O{number}": {"Value": "a"} for number in range(201)}
