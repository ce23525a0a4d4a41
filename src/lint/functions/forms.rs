//! The arguments that each function takes.
//!
//! Source: AWS CloudFormation user guide, "Intrinsic function reference".

use serde_json::Value;

use crate::lint::functions::arguments::Expected;
use crate::lint::functions::kind::{Call, Function, Functions};
use crate::lint::functions::places;
use crate::lint::functions::walk::Walk;
use crate::lint::path::Path;
use crate::lint::values::{integer, kind};

/// How many conditions `Fn::And` and `Fn::Or` take at most.
const CONDITIONS_AT_MOST: usize = 10;

/// Judges the argument of a call; `path` leads to the argument.
pub(super) fn check<'a>(walk: &mut Walk<'_, 'a>, call: Call<'a>, path: &Path<'_>) {
    let argument = call.argument;
    match call.function {
        Function::Ref => walk.reference(argument, path),
        Function::GetAtt => walk.attribute(argument, path),
        Function::Condition => walk.condition(argument, path),
        Function::FindInMap => walk.mapping(argument, path),
        Function::Sub => walk.substitution(argument, path),
        Function::If => walk.choice(argument, path),
        Function::And | Function::Or => walk.conditions(argument, 2, CONDITIONS_AT_MOST, path),
        Function::Not => walk.conditions(argument, 1, 1, path),
        Function::Equals => walk.equals(argument, path),
        Function::Base64 => walk.argument(argument, places::TEXTS, Expected::Text, path),
        Function::ImportValue => walk.argument(argument, places::IMPORT, Expected::Text, path),
        Function::GetAzs if argument.is_null() => {}
        Function::GetAzs => walk.argument(argument, places::REGION, Expected::Text, path),
        Function::Join => walk.join(argument, path),
        Function::Split => walk.split(argument, path),
        Function::Select => walk.select(argument, path),
        Function::Cidr => walk.cidr(argument, path),
        Function::GetStackOutput => walk.stack_output(argument, path),
        Function::Contains | Function::EachMemberEquals | Function::EachMemberIn => {
            walk.rule_comparison(argument, path);
        }
        Function::Length | Function::ToJsonString => walk.value(argument, path),
        // Whatever a macro, a loop or a rule's lookup is given has a meaning of its own.
        Function::ForEach
        | Function::Transform
        | Function::RefAll
        | Function::ValueOf
        | Function::ValueOfAll => {}
    }
}

impl<'a> Walk<'_, 'a> {
    fn choice(&mut self, argument: &'a Value, path: &Path<'_>) {
        let Some(items) = self.several(argument, 3, 3, path) else { return };
        self.condition(&items[0], &path.index(0));
        for (index, branch) in items.iter().enumerate().skip(1) {
            self.value(branch, &path.index(index));
        }
    }

    fn conditions(&mut self, argument: &'a Value, least: usize, most: usize, path: &Path<'_>) {
        let Some(items) = self.several(argument, least, most, path) else { return };
        let allowed = if self.owner.0 == "Rules" { places::RULE_CONDITIONS } else { places::CONDITIONS };
        for (index, item) in items.iter().enumerate() {
            self.argument(item, allowed, Expected::Call, &path.index(index));
        }
    }

    fn equals(&mut self, argument: &'a Value, path: &Path<'_>) {
        let allowed =
            if self.owner.0 == "Rules" { places::EQUALS.and(places::RULE_VALUES) } else { places::EQUALS };
        for (index, item) in self.several(argument, 2, 2, path).into_iter().flatten().enumerate() {
            self.argument(item, allowed, Expected::Text, &path.index(index));
        }
    }

    fn join(&mut self, argument: &'a Value, path: &Path<'_>) {
        let Some([delimiter, list]) = self.several(argument, 2, 2, path) else { return };
        self.argument(delimiter, Functions::NONE, Expected::Text, &path.index(0));
        self.list(list, places::LIST, &path.index(1), &mut |walk, item, path| {
            walk.argument(item, places::PIECES, Expected::Text, path);
        });
    }

    fn split(&mut self, argument: &'a Value, path: &Path<'_>) {
        let Some([delimiter, text]) = self.several(argument, 2, 2, path) else { return };
        if delimiter.as_str() == Some("") {
            self.form(&path.index(0), "the delimiter is empty".to_owned());
        }
        self.argument(delimiter, Functions::NONE, Expected::Text, &path.index(0));
        self.argument(text, places::PIECES, Expected::Text, &path.index(1));
    }

    fn select(&mut self, argument: &'a Value, path: &Path<'_>) {
        let Some([index, list]) = self.several(argument, 2, 2, path) else { return };
        self.argument(index, places::KEYS, Expected::Integer(0, i64::MAX), &path.index(0));
        self.list(list, places::LIST, &path.index(1), &mut |walk, item, path| {
            walk.argument(item, places::CHOICES, Expected::Anything, path);
        });
        // What `AWS::NoValue` and loops take out or put in is not counted.
        let (Value::Array(items), Some(wanted)) = (list, integer(index)) else { return };
        let is_plain = items.iter().all(|item| !item.is_object());
        if is_plain && usize::try_from(wanted).is_ok_and(|wanted| wanted >= items.len()) {
            let message = format!("index {wanted} of a list of {}; the first is 0", items.len());
            self.form(&path.index(0), message);
        }
    }

    fn cidr(&mut self, argument: &'a Value, path: &Path<'_>) {
        let Some(items) = self.several(argument, 2, 3, path) else { return };
        self.argument(&items[0], places::CIDR, Expected::Text, &path.index(0));
        if let Some(block) = items[0].as_str().filter(|block| !is_block(block)) {
            self.form(&path.index(0), format!("`{block}` is no block of addresses"));
        }
        for (index, greatest) in [(1, 256), (2, 128)] {
            if let Some(item) = items.get(index) {
                self.argument(item, places::CIDR, Expected::Integer(1, greatest), &path.index(index));
            }
        }
    }

    fn stack_output(&mut self, argument: &'a Value, path: &Path<'_>) {
        let Value::Object(entries) = argument else {
            return self.form(path, format!("the arguments are a map, this is {}", kind(argument)));
        };
        for (key, value) in entries {
            if !["StackName", "OutputName", "Region", "RoleArn"].contains(&key.as_str()) {
                self.form(&path.key(key), format!("there is no argument `{key}`"));
            }
            self.argument(value, places::STACK_OUTPUT, Expected::Text, &path.key(key));
        }
        for key in ["StackName", "OutputName"] {
            if !entries.contains_key(key) {
                self.form(path, format!("`{key}` is missing"));
            }
        }
    }

    fn rule_comparison(&mut self, argument: &'a Value, path: &Path<'_>) {
        for (index, item) in self.several(argument, 2, 2, path).into_iter().flatten().enumerate() {
            let path = path.index(index);
            if let (Value::Object(_), Some(call)) = (item, Call::of(item)) {
                self.call(call, places::RULE_VALUES, &path);
            }
        }
    }
}

/// Whether a text is a block of IPv4 or IPv6 addresses; what is resolved later is let pass.
fn is_block(text: &str) -> bool {
    text.contains("{{") || text.parse::<ipnet::IpNet>().is_ok()
}
