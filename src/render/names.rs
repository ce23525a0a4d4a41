//! What a template may call, and what it may not and why.

/// The roots of everything a template sees.
pub(super) const ROOTS: [&str; 3] = ["inputs", "env", "lock"];

/// Filters on offer: Tera's own that depend on nothing but their arguments, and ours.
pub(super) const FILTERS: [&str; 35] = [
    "abs",
    "capitalize",
    "default",
    "first",
    "float",
    "get",
    "group_by",
    "indent",
    "int",
    "join",
    "json",
    "keys",
    "last",
    "length",
    "lower",
    "nth",
    "pairs",
    "pluralize",
    "replace",
    "reverse",
    "round",
    "shell",
    "slug",
    "sort",
    "split",
    "str",
    "title",
    "trim",
    "trim_end",
    "trim_start",
    "truncate",
    "unique",
    "upper",
    "values",
    "wordcount",
];

/// Functions on offer.
pub(super) const FUNCTIONS: [&str; 7] =
    ["file", "range", "resolve_parameter", "resolve_secret", "resolve_secure_parameter", "super", "throw"];

/// Filters that Tera has and templates may not use, with what to do instead.
pub(super) const REFUSED: [(&str, &str); 5] = [
    ("safe", "values are put in after parsing and need no escape; print a list or a map with `| json`"),
    ("escape", "values are put in after parsing and need no escape"),
    ("escape_html", "values are put in after parsing and need no escape"),
    ("escape_xml", "values are put in after parsing and need no escape"),
    ("newlines_to_br", "it makes HTML"),
];

// The hooks that `prepare` writes into sources. No template can name them: they are not on offer.

/// Filter around every printed expression.
pub(super) const PRINTED: &str = "rekindle_printed";
/// Filter around everything assigned.
pub(super) const KEPT: &str = "rekindle_kept";
/// Filter that makes a plain text of a captured one.
pub(super) const CAPTURED: &str = "rekindle_captured";
/// Filter that counts the turns of a list comprehension, and those of its condition.
pub(super) const COUNTED: &str = "rekindle_counted";
/// Filter around values that are compared, joined, searched or looped over: counts their size.
pub(super) const WEIGHED: &str = "rekindle_weighed";
/// Function that counts the turns of loops and calls.
pub(super) const STEP: &str = "rekindle_step";

/// The name under which a filter on offer counts what it goes over.
pub(super) fn counting(filter: &str) -> String {
    format!("rekindle_counting_{filter}")
}
