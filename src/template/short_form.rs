//! The YAML short forms of intrinsic functions (`!Ref`, `!GetAtt`) and their long forms.
//!
//! Names: AWS CloudFormation user guide, "Intrinsic function reference" and "Rule-specific
//! intrinsic functions".

use crate::model::diagnostic::did_you_mean;
use crate::template::node::{Mark, Problem};

/// Functions that have a short form, without their `Fn::`.
const FUNCTIONS: [&str; 28] = [
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "GetStackOutput",
    "If",
    "Implies",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
    // No prefix in their long form.
    "Condition",
    "Ref",
];

/// The key of the long form of `tag`, for example `Fn::GetAtt` for `!GetAtt`.
///
/// # Errors
/// When there is no such short form; the hint names the nearest, or explains a glued colon.
pub(super) fn long_form(tag: &str, mark: Mark) -> Result<String, Problem> {
    let name = tag.trim_start_matches('!');
    match name {
        "Ref" | "Condition" => return Ok(name.to_owned()),
        _ if FUNCTIONS.contains(&name) => return Ok(format!("Fn::{name}")),
        _ => {}
    }
    let problem = Problem::new("unknown-tag", mark, format!("`{tag}` is not a CloudFormation function"));
    Err(match did_you_mean(name.trim_end_matches(':'), FUNCTIONS) {
        Some(_) if name == "ForEach" => problem,
        Some(meant) if name.ends_with(':') => {
            problem.hint(format!("write `!{meant}` and a space, without the colon"))
        }
        Some(meant) => problem.hint(format!("did you mean `!{meant}`?")),
        None if name.starts_with("ForEach") => {
            problem.hint("a loop has no short form: write the key `Fn::ForEach::NAME`")
        }
        None if tag.starts_with("!!") => problem.hint("types are not tagged: quote what is meant as a text"),
        None => problem.hint("a text that starts with `!` needs quotes"),
    })
}
