//! Nodes to JSON: types of scalars, values put in for tokens, short forms made long, duplicates
//! refused; and beside it a tree of the same shape that remembers where everything stood.

use serde_json::{Map, Value, json};

use crate::template::insertion::{Insertion, Insertions, Piece, contains_token_characters};
use crate::template::node::{Kind, Mark, Node, Problem, Style};
use crate::template::scalar;
use crate::template::short_form::long_form;

/// Where a value stood, and its children in the order of the value's own.
#[derive(Clone, Debug, Default)]
pub(super) struct Spot {
    pub(super) mark: Mark,
    pub(super) children: Children,
}

/// The places of what is inside a value.
#[derive(Clone, Debug, Default)]
pub(super) enum Children {
    #[default]
    None,
    Items(Vec<Spot>),
    /// Mark of the key and place of the value, sorted by key.
    Entries(Vec<(Mark, Spot)>),
}

/// Whether `${` has a meaning in a text.
#[derive(Clone, Copy, Default, PartialEq)]
enum Context {
    #[default]
    Text,
    Substitution,
}

/// Makes JSON of nodes. Problems are collected; the value is good only when there are none.
pub(super) struct Builder<'a> {
    insertions: &'a Insertions,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(insertions: &'a Insertions) -> Self {
        Self { insertions, problems: Vec::new() }
    }

    pub(super) fn build(&mut self, node: Node) -> (Value, Spot) {
        self.node(node, Context::Text)
    }

    fn node(&mut self, node: Node, context: Context) -> (Value, Spot) {
        let Node { mark, tag, kind } = node;
        let Some(tag) = tag else { return self.untagged(mark, kind, context) };
        if tag == "!!str" {
            return match kind {
                Kind::Scalar(text, _) => self.untagged(mark, Kind::Scalar(text, Style::Quoted), context),
                kind => self.untagged(mark, kind, context),
            };
        }
        match long_form(&tag, mark) {
            Ok(function) => self.call(function, mark, kind),
            Err(problem) => {
                self.problems.push(problem);
                Default::default()
            }
        }
    }

    fn call(&mut self, function: String, mark: Mark, kind: Kind) -> (Value, Spot) {
        let context = if function == "Fn::Sub" { Context::Substitution } else { Context::Text };
        let (mut argument, mut spot) = self.untagged(mark, kind, context);
        if let ("Fn::GetAtt", Value::String(text)) = (function.as_str(), &argument) {
            match text.split_once('.') {
                Some((resource, attribute)) => {
                    argument = json!([resource, attribute]);
                    let part = || Spot { mark, children: Children::None };
                    spot.children = Children::Items(vec![part(), part()]);
                }
                None => self.problems.push(
                    Problem::new("get-att-form", mark, format!("`!GetAtt {text}` names no attribute"))
                        .hint("write `!GetAtt RESOURCE.ATTRIBUTE`; `!Ref RESOURCE` is its physical id"),
                ),
            }
        }
        let mut object = Map::new();
        object.insert(function, argument);
        (Value::Object(object), Spot { mark, children: Children::Entries(vec![(mark, spot)]) })
    }

    fn untagged(&mut self, mark: Mark, kind: Kind, context: Context) -> (Value, Spot) {
        match kind {
            Kind::Scalar(text, style) => {
                (self.scalar(mark, text, style, context), Spot { mark, children: Children::None })
            }
            Kind::Sequence(items) => {
                // Of the list form of `Fn::Sub` only the first item is a text with `${}`.
                let contexts = std::iter::once(context).chain(std::iter::repeat(Context::Text));
                let built = items.into_iter().zip(contexts).map(|(item, context)| self.node(item, context));
                let (values, spots) = built.unzip();
                (Value::Array(values), Spot { mark, children: Children::Items(spots) })
            }
            Kind::Mapping(entries) => self.mapping(mark, entries),
        }
    }

    fn mapping(&mut self, mark: Mark, entries: Vec<(Node, Node)>) -> (Value, Spot) {
        let mut built = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key_mark = key.mark;
            let Some(key) = self.key(key) else { continue };
            let context = if key == "Fn::Sub" { Context::Substitution } else { Context::Text };
            let (value, spot) = self.node(value, context);
            built.push((key, key_mark, value, spot));
        }
        built.sort_by(|left, right| left.0.cmp(&right.0));
        let (mut object, mut spots) = (Map::new(), Vec::with_capacity(built.len()));
        for (key, key_mark, value, spot) in built {
            if object.contains_key(&key) {
                let problem = Problem::new("duplicate-key", key_mark, format!("`{key}` is given twice"));
                self.problems
                    .push(problem.hint("keep one of the two; CloudFormation would silently take the last"));
                continue;
            }
            object.insert(key, value);
            spots.push((key_mark, spot));
        }
        (Value::Object(object), Spot { mark, children: Children::Entries(spots) })
    }

    fn key(&mut self, node: Node) -> Option<String> {
        let mark = node.mark;
        let (Kind::Scalar(text, style), None) = (node.kind, &node.tag) else {
            let problem = Problem::new("key-form", mark, "a key must be a plain text");
            self.problems
                .push(problem.hint("a value that starts with `{{` and has no `.tera` file needs quotes"));
            return None;
        };
        if contains_token_characters(&text) {
            return Some(self.joined(mark, &text, Context::Text));
        }
        if style == Style::Plain && text == "<<" {
            let problem = Problem::new("yaml-merge", mark, "the merge key `<<` is not read");
            self.problems.push(problem.hint("write the entries out, or use an include in a `.tera` file"));
            return None;
        }
        match (style, scalar::read(&text)) {
            (Style::Plain, Err(refusal)) => {
                self.refuse(mark, &text, refusal);
                None
            }
            (Style::Plain, Ok(Value::Null)) => {
                self.problems.push(
                    Problem::new("key-form", mark, "a key must not be empty").hint("quote it if it is meant"),
                );
                None
            }
            _ => Some(text),
        }
    }

    fn scalar(&mut self, mark: Mark, text: String, style: Style, context: Context) -> Value {
        if contains_token_characters(&text) {
            let whole = self.insertions.whole(&text);
            return match (whole, style) {
                (Some(Insertion::Json(value)), Style::Plain) => value.clone(),
                _ => Value::String(self.joined(mark, &text, context)),
            };
        }
        if style == Style::Quoted {
            return Value::String(text);
        }
        scalar::read(&text).unwrap_or_else(|refusal| {
            self.refuse(mark, &text, refusal);
            Value::Null
        })
    }

    fn refuse(&mut self, mark: Mark, text: &str, refusal: scalar::Refusal) {
        let problem = Problem::new("ambiguous-scalar", mark, format!("`{text}` {}", refusal.reason()));
        self.problems.push(problem.hint(match refusal {
            scalar::Refusal::YesOrNo => format!("quote it: \"{text}\"; or write `true` or `false`"),
            _ => format!("quote it: \"{text}\""),
        }));
    }

    fn joined(&mut self, mark: Mark, text: &str, context: Context) -> String {
        let mut joined = Joined { context, ..Joined::default() };
        for piece in self.insertions.pieces(text) {
            let fine = match piece {
                Piece::Written(text) => joined.written(text),
                Piece::Inserted(insertion) => joined.inserted(&insertion.text()),
                Piece::Broken => {
                    let problem = Problem::new(
                        "broken-value",
                        mark,
                        "a printed value was cut or changed after it was printed",
                    );
                    self.problems.push(problem.hint("apply filters to the value, before it is printed"));
                    return String::new();
                }
            };
            if !fine {
                let problem =
                    Problem::new("value-in-substitution", mark, "a value inside `${...}` is no name");
                self.problems.push(problem.hint("only letters, digits, `.`, `:` and `_` may stand there"));
                return String::new();
            }
        }
        joined.text
    }
}

/// A text under construction in which no value may open a `${` of `Fn::Sub`.
#[derive(Default)]
struct Joined {
    text: String,
    context: Context,
}

impl Joined {
    fn written(&mut self, text: &str) -> bool {
        // A `$` at the end of a value and a written `{` are not a substitution either.
        let rest = self.guard(text);
        self.text.push_str(rest);
        true
    }

    fn inserted(&mut self, value: &str) -> bool {
        if self.context == Context::Text {
            self.text.push_str(value);
            return true;
        }
        let open = self.text.rfind("${").is_some_and(|start| !self.text[start..].contains('}'));
        if open && self.opened_by_author() {
            let name =
                |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | ':' | '_');
            self.text.push_str(value);
            return value.chars().all(name);
        }
        let rest = self.guard(value);
        self.text.push_str(&rest.replace("${", "${!"));
        true
    }

    /// Whether the last `${` is a substitution: a literal one reads `${!`.
    fn opened_by_author(&self) -> bool {
        self.text.rfind("${").is_some_and(|start| !self.text[start..].starts_with("${!"))
    }

    /// Keeps a `$` that ends one piece and a `{` that starts the next from meaning anything.
    /// Returns what is left of `next`.
    fn guard<'t>(&mut self, next: &'t str) -> &'t str {
        match next.strip_prefix('{') {
            Some(rest) if self.context == Context::Substitution && self.text.ends_with('$') => {
                self.text.push_str("{!");
                rest
            }
            _ => next,
        }
    }
}
