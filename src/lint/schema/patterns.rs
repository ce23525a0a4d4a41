//! Regular expressions of schemas, compiled once for all templates.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, RwLock};

use fancy_regex::{Regex, RegexBuilder};

/// Steps after which a match is given up: not all published expressions are benign.
const BACKTRACKING: usize = 100_000;

type Compiled = BTreeMap<&'static str, Option<Arc<Regex>>>;

static COMPILED: LazyLock<RwLock<Compiled>> = LazyLock::new(RwLock::default);

/// Whether an expression is found in a text. True where it cannot be told: an expression that this
/// program cannot read, or a match that takes too long, must not alarm.
pub(super) fn is_found(expression: &'static str, text: &str) -> bool {
    compiled(expression).is_none_or(|regex| regex.is_match(text).unwrap_or(true))
}

fn compiled(expression: &'static str) -> Option<Arc<Regex>> {
    if let Ok(known) = COMPILED.read()
        && let Some(found) = known.get(expression)
    {
        return found.clone();
    }
    let regex = RegexBuilder::new(expression).backtrack_limit(BACKTRACKING).build().ok().map(Arc::new);
    if let Ok(mut known) = COMPILED.write() {
        known.insert(expression, regex.clone());
    }
    regex
}
