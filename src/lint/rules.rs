//! Every rule: its stable code, how bad a breach is, and what it is about.

use crate::model::Severity;

/// What is known of a rule without a template.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable, kebab-case.
    pub code: &'static str,
    /// How bad a breach is.
    pub severity: Severity,
    /// What is wrong where it is broken: one sentence.
    pub summary: &'static str,
    /// What to do about it, where a finding has no better advice.
    pub help: &'static str,
}

macro_rules! rules {
    ($($name:ident $code:literal $severity:ident $summary:literal $help:literal;)*) => {
        $(pub(super) static $name: Rule =
            Rule { code: $code, severity: Severity::$severity, summary: $summary, help: $help };)*
        /// All rules, by code.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    ACCEPTANCE "acceptance" Warning
        "An entry under `Metadata.RekindleAccept`, or a comment `# RekindleAccept`, names no rule, gives no reason, or nothing needs it."
        "name an existing rule with a reason, or take it out";
    ATTRIBUTE_FORM "attribute-form" Error
        "An attribute of a resource (`DependsOn`, `DeletionPolicy`, `UpdatePolicy`, ...) is not what CloudFormation takes."
        "see *Resource attribute reference* in the CloudFormation user guide";
    CIRCULAR_DEPENDENCY "circular-dependency" Error
        "Resources or conditions need each other in a circle."
        "take one of these references out, or move it into a resource of its own";
    CONDITION_FORM "condition-form" Error
        "A condition is not made of the functions that conditions are made of."
        "build it from Fn::Equals, Fn::And, Fn::Or, Fn::Not and other conditions";
    CONDITIONAL_DEPENDENCY "conditional-dependency" Error
        "`DependsOn` names a resource that a condition may leave out while the one that needs it is there."
        "give both the same condition, or take the dependency out";
    DANGLING_REFERENCE "dangling-reference" Error
        "A function, a `DependsOn` or a condition names something that the template does not have."
        "correct the name, or declare it";
    DUPLICATE_ITEMS "duplicate-items" Error
        "A list that may hold everything once holds something twice."
        "keep one of them";
    DUPLICATE_NAME "duplicate-name" Error
        "A parameter and a resource have the same name."
        "rename one of the two";
    DYNAMIC_REFERENCE "dynamic-reference" Error
        "A `{{resolve:...}}` has not the form of a dynamic reference, or stands where none is resolved."
        "see *Dynamic references* in the CloudFormation user guide";
    EXCLUSIVE_PROPERTIES "exclusive-properties" Error
        "Properties that exclude each other stand together, or none of several that must be there is."
        "keep exactly one of them";
    FUNCTION_FORM "function-form" Error
        "A function has not the arguments it takes."
        "see *Intrinsic function reference* in the CloudFormation user guide";
    FUNCTION_NESTING "function-nesting" Error
        "A function stands where CloudFormation does not evaluate it."
        "write the value out, or bring it in as a parameter";
    IDENTIFIER_TWICE "identifier-twice" Error
        "Two resources of a type have the same identifier."
        "give one of them another name";
    INTERFACE_PARAMETER "interface-parameter" Warning
        "`AWS::CloudFormation::Interface` names a parameter that the template does not have."
        "correct the name, or take the entry out";
    LANGUAGE_EXTENSIONS "language-extensions" Error
        "`AWS::LanguageExtensions` cannot write the template out."
        "see *AWS::LanguageExtensions transform* in the CloudFormation template reference";
    LATEST_TAG "latest-tag" Warning
        "A Dockerfile names an image by `latest`, or by no tag, which means the same."
        "name the version that is meant";
    LOGICAL_NAME "logical-name" Error
        "A logical name is not made of letters and digits, or is too long."
        "use letters and digits only";
    MAPPING_FORM "mapping-form" Error
        "A mapping is not a map of maps of values."
        "a mapping has two levels of keys and holds texts, numbers and lists";
    METADATA_FORM "metadata-form" Error
        "`Metadata` that CloudFormation reads itself is not what it takes."
        "see *Metadata* and *AWS::CloudFormation::Init* in the CloudFormation user guide";
    MISSING_COMPANION "missing-companion" Error
        "A property needs another one that is not there."
        "add the other property, or take this one out";
    MISSING_PROPERTY "missing-property" Error
        "A required property is not there."
        "add it";
    MISSING_SUBSTITUTION "missing-substitution" Error
        "A text has `${NAME}` of something that exists, and no `Fn::Sub` around it."
        "put `Fn::Sub` around the text, or write `${!NAME}` inside of one";
    MODULE_FORM "module-form" Error
        "A module has an attribute or a property that CloudFormation takes of resources only."
        "take it out; what the module holds has attributes of its own";
    MORE_FINDINGS "more-findings" Warning
        "There are more findings than are told."
        "correct these first";
    NAME_TOO_LONG "name-too-long" Error
        "A physical name is longer than its service allows."
        "shorten it";
    OUTPUT_FORM "output-form" Error
        "An output is not what CloudFormation takes, or its value is no text."
        "an output has a `Value` that is one text, and may have `Description`, `Condition` and `Export`";
    PARAMETER_DEFAULT "parameter-default" Error
        "The default of a parameter breaks the parameter's own rules."
        "correct the default or the constraint; a parameter may also have no default";
    PARAMETER_FORM "parameter-form" Error
        "A parameter is not what CloudFormation takes."
        "see *Parameters* in the CloudFormation user guide";
    PARAMETER_TYPE "parameter-type" Error
        "A parameter has a type that does not exist."
        "the usual ones are String, Number and CommaDelimitedList";
    PIPED_SCRIPT "piped-script" Error
        "A Dockerfile runs a script straight from the network."
        "name the script with its SHA-256 under `fetch` in the unit, COPY it, and run the file";
    PROPERTY_COMBINATION "property-combination" Error
        "Properties of a resource do not go together, or a policy document is none."
        "see the type in the CloudFormation template reference";
    PROPERTY_COUNT "property-count" Error
        "A list or a map has too few or too many entries."
        "add or remove entries";
    PROPERTY_FORMAT "property-format" Error
        "A value has not the form of what it should be: an ARN, an id, a date, JSON."
        "correct the value";
    PROPERTY_LENGTH "property-length" Error
        "A text is too short or too long."
        "correct the text";
    PROPERTY_PATTERN "property-pattern" Error
        "A text does not match the pattern of its property."
        "correct the text";
    PROPERTY_RANGE "property-range" Error
        "A number is too small or too large."
        "correct the number";
    PROPERTY_RELATION "property-relation" Error
        "Values that belong together, in one resource or in several, contradict each other."
        "change one of the two";
    PROPERTY_TYPE "property-type" Error
        "A value has the wrong type."
        "see the type in the CloudFormation template reference";
    PROPERTY_VALUE "property-value" Error
        "A value is none of those that are allowed."
        "see the type in the CloudFormation template reference";
    QUOTA "quota" Error
        "The template is larger than CloudFormation takes."
        "split the template";
    READ_ONLY_PROPERTY "read-only-property" Error
        "A property is set that only AWS sets."
        "take it out; `Fn::GetAtt` reads it";
    REGION "region" Error
        "A resource type does not exist in the region of the target."
        "deploy to another region, or leave the resource out there";
    RESOURCE_FORM "resource-form" Error
        "A resource is not what CloudFormation takes."
        "a resource has a `Type` and may have `Properties` and attributes";
    RETIRED_RUNTIME "retired-runtime" Error
        "Lambda makes no functions with this runtime any more."
        "move to a runtime that is supported";
    RULE_FORM "rule-form" Error
        "An entry of `Rules` is not what CloudFormation takes."
        "see *Rules* in the CloudFormation user guide";
    SECRET_IN_TEXT "secret-in-text" Error
        "A text is a secret: a token, a key, a password in an address."
        "revoke it, keep it in Secrets Manager and name it with `{{resolve:secretsmanager:...}}`; accept an example in `Metadata.RekindleAccept`";
    SECRET_LIKE_TEXT "secret-like-text" Warning
        "A text stands where a secret is expected, or is as random as one."
        "name a secret with `{{resolve:secretsmanager:...}}`; accept what is none in `Metadata.RekindleAccept`";
    SOURCE_KIND "source-kind" Error
        "A `Ref` or `Fn::GetAtt` gives another kind of thing than the property takes."
        "refer to a resource, or an attribute, of the kind that is wanted";
    TEMPLATE_FORM "template-form" Error
        "The template as a whole is not what CloudFormation takes."
        "see *Template sections* in the CloudFormation user guide";
    UNKNOWN_ATTRIBUTE "unknown-attribute" Error
        "A resource type has no such attribute."
        "see *Return values* of the type in the CloudFormation template reference";
    UNKNOWN_MAP_KEY "unknown-map-key" Error
        "A mapping has no such key."
        "correct the key, or add it to the mapping";
    UNKNOWN_PROPERTY "unknown-property" Error
        "A resource type has no such property."
        "see the type in the CloudFormation template reference";
    UNKNOWN_TYPE "unknown-type" Error
        "There is no such resource type."
        "types are named `AWS::SERVICE::RESOURCE`";
    UNLOCKED_DEPENDENCIES "unlocked-dependencies" Error
        "A package manager in a Dockerfile takes the newest versions that fit: no lock file, no exact version."
        "install from a lock file, or write exact versions";
    UNPINNED_BASE "unpinned-base" Error
        "A Dockerfile names an image without a digest, and there is no lock that pins it."
        "write NAME:TAG@sha256:..., or make it the template of a unit: `rekindle lock` then pins it";
    UNPINNED_LOOKUP "unpinned-lookup" Error
        "A value is looked up anew at every deployment, so the same source deploys differently tomorrow."
        "look it up once with `rekindle lock`, or write a version";
    UNPINNED_PACKAGES "unpinned-packages" Error
        "A Dockerfile installs what the distribution's archive has that day."
        "name a snapshot of the archive, or copy the packages in and install the files";
    UNUSED_CONDITION "unused-condition" Warning
        "Nothing uses a condition."
        "take it out, or use it";
    UNUSED_MAPPING "unused-mapping" Warning
        "Nothing uses a mapping."
        "take it out, or use it";
    UNUSED_PARAMETER "unused-parameter" Warning
        "Nothing uses a parameter."
        "take it out, or use it";
    UNUSED_VARIABLE "unused-variable" Warning
        "A variable of `Fn::Sub` does not occur in its text."
        "take it out, or use it";
    UNVERIFIED_DOWNLOAD "unverified-download" Error
        "A Dockerfile takes a file from the network, and nothing compares it with a digest."
        "name the file with its SHA-256 under `fetch` in the unit and COPY it, or compare it: `sha256sum --check`";
}

/// The rule with a code.
pub(super) fn by_code(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_their_codes_differ() {
        assert!(RULES.windows(2).all(|pair| pair[0].code < pair[1].code));
    }
}
