//! Counts what a render works on, so that no template burns time or memory: turns of loops and calls
//! are steps, and everything that grows with its data (filters, comparisons, joined texts) costs the
//! size of that data. Counts, not clocks: the same render always ends the same way.

use std::sync::Arc;

use tera::{Error, Kwargs, Map, State, TeraResult, Value};

use crate::render::filters::{stop, stop_at_value};
use crate::render::names;
use crate::render::session::{self, Failure};

/// What one item of a list or a map costs; a text costs its bytes.
const ITEM: u64 = 16;

/// Lists in lists, at most. Comparing and dropping values is recursive.
const MAXIMUM_DEPTH: usize = 64;

/// Items that one `range` may make.
const LONGEST_RANGE: i128 = 100_000;

/// Registers the counting filter of every filter on offer, and the hooks that count.
pub(super) fn register(tera: &mut tera::Tera) {
    for name in names::FILTERS {
        tera.register_filter(
            names::counting(name),
            move |value: &Value, arguments: Kwargs, state: &State<'_>| filter(name, value, arguments, state),
        );
    }
    tera.register_filter(names::COUNTED, |value: &Value, arguments: Kwargs, _: &State<'_>| {
        step(&arguments).map(|()| value.clone())
    });
    tera.register_filter(names::WEIGHED, |value: &Value, arguments: Kwargs, _: &State<'_>| {
        let times = arguments.get::<u64>("times")?.unwrap_or(1);
        charge(weight(value)?.saturating_mul(times)).map(|()| value.clone())
    });
    tera.register_function(names::STEP, |arguments: Kwargs, _: &State<'_>| {
        step(&arguments).map(|()| Value::safe_string(""))
    });
    tera.register_function("range", |arguments: Kwargs, _: &State<'_>| range(&arguments));
}

/// A filter, with what it takes and what it makes counted. The ones that multiply are asked before
/// they do.
fn filter(name: &str, value: &Value, arguments: Kwargs, state: &State<'_>) -> TeraResult<Value> {
    let taken = weight(value)?;
    charge(match name {
        // Comparisons: a number of them for each item.
        "sort" | "unique" | "group_by" => taken.saturating_mul(16),
        "split" => taken.saturating_mul(ITEM),
        _ => taken,
    })?;
    let mut given = Map::new();
    for (key, argument) in arguments.iter() {
        charge(weight(argument)?)?;
        given.insert(key.clone(), argument.clone());
    }
    charge(growth(name, value, &arguments)?)?;
    let made = state.call_filter(name, value, Kwargs::new(Arc::new(given)))?;
    charge(weight(&made)?)?;
    Ok(made)
}

/// How much more a filter makes than it takes.
fn growth(name: &str, value: &Value, arguments: &Kwargs) -> TeraResult<u64> {
    let text = value.as_str().unwrap_or_default();
    let argument = |name: &str| -> TeraResult<u64> {
        Ok(arguments.get::<&str>(name).ok().flatten().map_or(0, str::len) as u64)
    };
    let (times, what) = match name {
        "replace" => match arguments.get::<&str>("from").ok().flatten() {
            Some(from) => (text.matches(from).count(), argument("to")?),
            None => (0, 0),
        },
        "join" => (value.len().unwrap_or_default(), argument("sep")?),
        "indent" => (text.lines().count(), arguments.get::<u64>("width").ok().flatten().unwrap_or(4)),
        _ => (0, 0),
    };
    Ok((times as u64).saturating_mul(what))
}

/// The size of everything in a value. What is shared counts as often as it appears, as it does in
/// whatever is made of it; counting stops where no render could pay for it.
pub(super) fn weight(value: &Value) -> TeraResult<u64> {
    let limit = session::with(|session| session.work_left);
    let mut sum = 0;
    if add(value, 0, limit, &mut sum) {
        return Ok(sum);
    }
    let hint = "keep it flat: lists in lists in lists are hard to read, too";
    Err(stop_at_value("value-too-large", &format!("nests more than {MAXIMUM_DEPTH} levels"), hint))
}

/// `false` when it is too deep.
fn add(value: &Value, depth: usize, limit: u64, sum: &mut u64) -> bool {
    if *sum > limit {
        return true;
    }
    if let Some(text) = value.as_str() {
        *sum += text.len() as u64;
    } else if let Some(items) = value.as_array() {
        *sum += ITEM * items.len() as u64;
        return depth < MAXIMUM_DEPTH && items.iter().all(|item| add(item, depth + 1, limit, sum));
    } else if let Some(map) = value.as_map() {
        *sum += 2 * ITEM * map.len() as u64;
        return depth < MAXIMUM_DEPTH && map.values().all(|item| add(item, depth + 1, limit, sum));
    }
    true
}

/// Takes a step, and what the source that runs in it costs.
fn step(arguments: &Kwargs) -> TeraResult<()> {
    let (left, limit) = session::with(|session| {
        let left = session.steps_left.checked_sub(1);
        session.steps_left = left.unwrap_or_default();
        (left, session.limits.steps)
    });
    if left.is_none() {
        return Err(too_long(
            format!(
                "the render takes more than {limit} steps (turns of loops, includes, calls of components)"
            ),
            "loop over less: nested ranges multiply",
        ));
    }
    charge(arguments.get::<u64>("cost")?.unwrap_or_default())
}

/// Takes work off what the render has left.
pub(super) fn charge(units: u64) -> TeraResult<()> {
    let (left, limit) = session::with(|session| {
        let left = session.work_left.checked_sub(units);
        session.work_left = left.unwrap_or_default();
        (left, session.limits.work)
    });
    left.map(|_| ()).ok_or_else(|| {
        too_long(
            format!("the render goes over more than {limit} bytes of values"),
            "loop over less, or over shorter values: what a loop reads counts at every turn",
        )
    })
}

fn too_long(message: String, hint: &str) -> Error {
    stop(Failure { code: "render-too-long", message, about_expression: false, hint: hint.to_owned() })
}

/// In place of Tera's own, which makes the numbers before anybody can count them.
fn range(arguments: &Kwargs) -> TeraResult<Value> {
    let start = arguments.get::<i128>("start")?.unwrap_or_default();
    let end = arguments.must_get::<i128>("end")?;
    let step = arguments.get::<i128>("step_by")?.unwrap_or(1);
    if step == 0 || (step > 0 && start > end) {
        let message = format!("a `range` from {start} to {end} in steps of {step} never ends");
        return Err(Error::message(message));
    }
    let span = end.saturating_sub(start).unsigned_abs();
    let is_empty = step < 0 && start <= end;
    let length = if is_empty { 0 } else { span.div_ceil(step.unsigned_abs()) };
    if length > LONGEST_RANGE.unsigned_abs() {
        let message = format!("a `range` of {length} numbers is longer than {LONGEST_RANGE}");
        return Err(Error::message(message));
    }
    charge(ITEM * length as u64)?;
    Ok(Value::from((0..length as i128).map(|index| Value::from(start + index * step)).collect::<Vec<_>>()))
}
