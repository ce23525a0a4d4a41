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
}

macro_rules! rules {
    ($($name:ident $code:literal $severity:ident $summary:literal;)*) => {
        $(pub(super) static $name: Rule =
            Rule { code: $code, severity: Severity::$severity, summary: $summary };)*
        /// All rules, by code.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    ACCEPTANCE "acceptance" Warning
        "An entry under `Metadata.RekindleAccept` names no rule, gives no reason, or nothing needs it.";
    ATTRIBUTE_FORM "attribute-form" Error
        "An attribute of a resource (`DependsOn`, `DeletionPolicy`, `UpdatePolicy`, ...) is not what CloudFormation takes.";
    CIRCULAR_DEPENDENCY "circular-dependency" Error
        "Resources or conditions need each other in a circle.";
    CONDITION_FORM "condition-form" Error
        "A condition is not made of the functions that conditions are made of.";
    DANGLING_REFERENCE "dangling-reference" Error
        "A function, a `DependsOn` or a condition names something that the template does not have.";
    DUPLICATE_ITEMS "duplicate-items" Error
        "A list that may hold everything once holds something twice.";
    DUPLICATE_NAME "duplicate-name" Error
        "A parameter and a resource have the same name.";
    DYNAMIC_REFERENCE "dynamic-reference" Error
        "A `{{resolve:...}}` has not the form of a dynamic reference, or stands where none is resolved.";
    EXCLUSIVE_PROPERTIES "exclusive-properties" Error
        "Properties that exclude each other stand together, or none of several that must be there is.";
    FUNCTION_FORM "function-form" Error
        "A function has not the arguments it takes.";
    FUNCTION_NESTING "function-nesting" Error
        "A function stands where CloudFormation does not evaluate it.";
    IDENTIFIER_TWICE "identifier-twice" Error
        "Two resources of a type have the same identifier.";
    LOGICAL_NAME "logical-name" Error
        "A logical name is not made of letters and digits, or is too long.";
    MAPPING_FORM "mapping-form" Error
        "A mapping is not a map of maps of values.";
    METADATA_FORM "metadata-form" Error
        "`Metadata` that CloudFormation reads itself is not what it takes.";
    MISSING_COMPANION "missing-companion" Error
        "A property needs another one that is not there.";
    MISSING_PROPERTY "missing-property" Error
        "A required property is not there.";
    MISSING_SUBSTITUTION "missing-substitution" Error
        "A text has `${NAME}` of something that exists, and no `Fn::Sub` around it.";
    NAME_TOO_LONG "name-too-long" Error
        "A physical name is longer than its service allows.";
    OUTPUT_FORM "output-form" Error
        "An output is not what CloudFormation takes, or its value is no text.";
    PARAMETER_DEFAULT "parameter-default" Error
        "The default of a parameter breaks the parameter's own rules.";
    PARAMETER_FORM "parameter-form" Error
        "A parameter is not what CloudFormation takes.";
    PARAMETER_TYPE "parameter-type" Error
        "A parameter has a type that does not exist.";
    PROPERTY_COMBINATION "property-combination" Error
        "Properties of a resource do not go together, or a policy document is none.";
    PROPERTY_COUNT "property-count" Error
        "A list or a map has too few or too many entries.";
    PROPERTY_FORMAT "property-format" Error
        "A value has not the form of what it should be: an ARN, an id, a date, JSON.";
    PROPERTY_LENGTH "property-length" Error
        "A text is too short or too long.";
    PROPERTY_PATTERN "property-pattern" Error
        "A text does not match the pattern of its property.";
    PROPERTY_RANGE "property-range" Error
        "A number is too small or too large.";
    PROPERTY_TYPE "property-type" Error
        "A value has the wrong type.";
    PROPERTY_VALUE "property-value" Error
        "A value is none of those that are allowed.";
    QUOTA "quota" Error
        "The template is larger than CloudFormation takes.";
    READ_ONLY_PROPERTY "read-only-property" Error
        "A property is set that only AWS sets.";
    REGION "region" Error
        "A resource type does not exist in the region of the target.";
    RESOURCE_FORM "resource-form" Error
        "A resource is not what CloudFormation takes.";
    RULE_FORM "rule-form" Error
        "An entry of `Rules` is not what CloudFormation takes.";
    SECRET_IN_TEXT "secret-in-text" Error
        "A text is a secret: a token, a key, a password in an address.";
    SECRET_LIKE_TEXT "secret-like-text" Warning
        "A text stands where a secret is expected, or is as random as one.";
    SOURCE_KIND "source-kind" Error
        "A `Ref` or `Fn::GetAtt` gives another kind of thing than the property takes.";
    TEMPLATE_FORM "template-form" Error
        "The template as a whole is not what CloudFormation takes.";
    UNKNOWN_ATTRIBUTE "unknown-attribute" Error
        "A resource type has no such attribute.";
    UNKNOWN_MAP_KEY "unknown-map-key" Error
        "A mapping has no such key.";
    UNKNOWN_PROPERTY "unknown-property" Error
        "A resource type has no such property.";
    UNKNOWN_TYPE "unknown-type" Error
        "There is no such resource type.";
    UNPINNED_LOOKUP "unpinned-lookup" Error
        "A value is looked up anew at every deployment, so the same source deploys differently tomorrow.";
    UNUSED_CONDITION "unused-condition" Warning
        "Nothing uses a condition.";
    UNUSED_MAPPING "unused-mapping" Warning
        "Nothing uses a mapping.";
    UNUSED_PARAMETER "unused-parameter" Warning
        "Nothing uses a parameter.";
    UNUSED_VARIABLE "unused-variable" Warning
        "A variable of `Fn::Sub` does not occur in its text.";
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
