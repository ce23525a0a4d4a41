//! The section `Conditions`.

use crate::language::transforms::is_loop;
use crate::lint::functions::{CONDITIONS, Call, Walk};
use crate::lint::path::Path;
use crate::lint::rules::CONDITION_FORM;
use crate::lint::values::kind;

pub(super) fn check(walk: &mut Walk<'_, '_>) {
    // `&` stands in names that loops make.
    walk.logical_names("Conditions", &['&', '_']);
    let path = Path::ROOT.key("Conditions");
    for (name, condition) in walk.scope.entries("Conditions") {
        walk.owner = ("Conditions", name);
        let path = path.key(name);
        match Call::of(condition) {
            Some(call) => {
                walk.call(call, CONDITIONS, &path);
            }
            None if condition.is_object() => {
                walk.report
                    .value(&CONDITION_FORM, &path, format!("`{name}` is not made of one condition function"))
                    .hint("use `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` or `Condition`");
            }
            None => {
                let message = format!("`{name}` is a condition function, this is {}", kind(condition));
                walk.report
                    .value(&CONDITION_FORM, &path, message)
                    .hint("write `!Equals [a, b]` to compare; a value alone is no condition");
            }
        }
    }
    for (key, value) in walk.scope.section("Conditions").into_iter().flatten() {
        if is_loop(key) {
            walk.looped(key, value, &path.key(key));
        }
    }
}
