//! Writes a loop out.

use serde_json::{Map, Value};

use crate::language::evaluate::EvaluateError;
use crate::language::expand::placeholders::{self, mentions};
use crate::language::expand::walk::{Expander, Keys, Spot};
use crate::language::expand::{
    ExpandError, MAXIMUM_COLLECTIONS, MAXIMUM_DEPTH, MAXIMUM_TURNS, Problem, Unknown,
};
use crate::language::transforms::is_loop;
use crate::language::value::{pointer, text_of, weight};

/// A loop as it is written: `[identifier, collection, {key: value}]`.
struct Loop<'v> {
    identifier: &'v str,
    collection: &'v Value,
    fragment: &'v Map<String, Value>,
}

impl<'v> Loop<'v> {
    fn read(value: &'v Value) -> Option<Self> {
        match value.as_array().map(Vec::as_slice)? {
            // Source for the plain text being refused: measured, see the module's documentation.
            [_, Value::String(_), _] => None,
            [Value::String(identifier), collection, Value::Object(fragment)]
                if !identifier.is_empty() && !fragment.is_empty() =>
            {
                Some(Self { identifier, collection, fragment })
            }
            _ => None,
        }
    }
}

impl Expander {
    /// Puts what the loop `key` makes into `result`. `spot` is that of the loop, in an object that
    /// is itself at the parent of `spot`.
    pub(super) fn repeat(
        &mut self,
        key: &str,
        value: &Value,
        spot: &Spot,
        keys: Keys,
        result: &mut Map<String, Value>,
    ) -> Result<(), ExpandError> {
        let repeated = Loop::read(value).ok_or_else(|| spot.error(Problem::Layout))?;
        if spot.bindings.len() >= MAXIMUM_DEPTH {
            return Err(spot.error(Problem::TooDeep));
        }
        let Some(items) = self.collection(repeated.collection, spot)? else {
            self.expansion.kept.insert(spot.source.clone());
            // In a loop around it every turn comes here: it is kept once.
            if !result.contains_key(key) {
                self.spend(weight(value), &spot.source)?;
                self.insert(result, key.to_owned(), value.clone(), spot)?;
            }
            return Ok(());
        };
        for item in items {
            self.turns += 1;
            if self.turns > MAXIMUM_TURNS {
                return Err(spot.error(Problem::TooManyTurns));
            }
            let mut inner = spot.child("2");
            inner.expanded = parent(&spot.expanded).to_owned();
            inner.bindings.push((repeated.identifier.to_owned(), item));
            self.turn(&repeated, &inner, keys, result)?;
        }
        Ok(())
    }

    /// One turn of a loop. `spot` is that of the fragment, with the parent in the result.
    fn turn(
        &mut self,
        repeated: &Loop<'_>,
        spot: &Spot,
        keys: Keys,
        result: &mut Map<String, Value>,
    ) -> Result<(), ExpandError> {
        for (key, value) in repeated.fragment {
            let mut inner = spot.child(key);
            if is_loop(key) {
                self.repeat(key, value, &inner, keys, result)?;
                continue;
            }
            if !mentions(key, repeated.identifier) {
                let (key, identifier) = (key.clone(), repeated.identifier.to_owned());
                return Err(inner.error(Problem::NoIdentifier { key, identifier }));
            }
            let made = placeholders::key(key, &spot.bindings);
            if keys != Keys::Any && !made.chars().all(|character| character.is_ascii_alphanumeric()) {
                let what = if keys == Keys::Outputs { "OutputKey" } else { "LogicalId" };
                return Err(inner.error(Problem::NotAlphanumeric { what, key: made }));
            }
            inner.expanded = pointer(&spot.expanded, &made);
            self.expansion.origins.insert(inner.expanded.clone(), inner.source.clone());
            let value = self.value(value, &inner)?;
            self.insert(result, made, value, &inner)?;
        }
        Ok(())
    }

    /// The items of a collection; `None` when they are not known and that is no error.
    fn collection(&mut self, collection: &Value, spot: &Spot) -> Result<Option<Vec<String>>, ExpandError> {
        let spot = spot.child("1");
        let counted = self.bytes;
        let expanded = self.value(collection, &spot)?;
        // A collection is not part of the result, but an inner loop looks at its own in every turn.
        self.collected += self.bytes - counted;
        self.bytes = counted;
        if self.collected > MAXIMUM_COLLECTIONS {
            return Err(spot.error(Problem::TooMuchToRepeat));
        }
        match self.known(&expanded) {
            Ok(Some(Value::Array(items))) => {
                let texts: Option<Vec<String>> = items.iter().map(text_of).collect();
                texts.map(Some).ok_or_else(|| spot.error(Problem::Collection))
            }
            Ok(_) => Err(spot.error(Problem::Collection)),
            Err(EvaluateError::NotKnown(_)) if self.unknown == Unknown::Keep => Ok(None),
            Err(EvaluateError::NotKnown(_)) => Err(spot.error(Problem::Collection)),
            Err(error) => Err(spot.error(error)),
        }
    }
}

fn parent(pointer: &str) -> &str {
    pointer.rfind('/').map_or("", |end| &pointer[..end])
}
