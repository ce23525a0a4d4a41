//! Which row each unit of a graph is drawn in, and in which order: providers above their dependants,
//! few crossings, no row too wide.

use std::collections::{BTreeMap, BTreeSet};

/// What stands in a row: a unit, or the line of a provider on its way to rows further below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    /// A unit.
    Unit(usize),
    /// The line that comes from a unit.
    Line(usize),
}

/// Units and lines by row, from above.
pub(super) type Rows = Vec<Vec<Slot>>;

/// How often the order of the rows is looked over; of a graph so large that nobody follows its lines,
/// less often.
const SWEEPS: usize = 12;
const LARGE: usize = 2_000;

/// The edges that no others imply: who sees `a -> b -> c` needs no `a -> c`. `after[unit]` are its
/// dependants; the result likewise.
pub(super) fn reduced(after: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
    // A bit for every unit that can be reached.
    let mut reach = vec![vec![0_u64; after.len().div_ceil(64)]; after.len()];
    for unit in by_need(after).into_iter().rev() {
        let mut reached = std::mem::take(&mut reach[unit]);
        for next in &after[unit] {
            reached[next / 64] |= 1 << (next % 64);
            reached.iter_mut().zip(&reach[*next]).for_each(|(bits, more)| *bits |= more);
        }
        reach[unit] = reached;
    }
    let is_implied = |unit: usize, to: usize| {
        after[unit].iter().any(|other| *other != to && reach[*other][to / 64] >> (to % 64) & 1 == 1)
    };
    let direct = |unit: usize| after[unit].iter().copied().filter(|to| !is_implied(unit, *to)).collect();
    (0..after.len()).map(direct).collect()
}

/// Units, each after those it needs.
fn by_need(after: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut open = incoming(after);
    let mut ready: BTreeSet<usize> = (0..after.len()).filter(|unit| open[*unit] == 0).collect();
    let mut order = Vec::with_capacity(after.len());
    while let Some(unit) = ready.pop_first() {
        order.push(unit);
        for next in &after[unit] {
            open[*next] -= 1;
            if open[*next] == 0 {
                ready.insert(*next);
            }
        }
    }
    order
}

fn incoming(after: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut count = vec![0; after.len()];
    after.iter().flatten().for_each(|to| count[*to] += 1);
    count
}

/// The rows, at most `widest` units in each, with the lines that pass through them.
pub(super) fn rows(after: &[BTreeSet<usize>], widest: usize) -> Rows {
    let row_of = assigned(after, widest);
    let count = row_of.iter().max().map_or(0, |last| last + 1);
    let mut rows: Rows = vec![Vec::new(); count];
    for (unit, row) in row_of.iter().enumerate() {
        rows[*row].push(Slot::Unit(unit));
    }
    for (unit, followers) in after.iter().enumerate() {
        let last = followers.iter().map(|to| row_of[*to]).max().unwrap_or(0);
        (row_of[unit] + 1..last).for_each(|row| rows[row].push(Slot::Line(unit)));
    }
    ordered(rows, after)
}

/// Row by row, those at the head of the longest path first.
fn assigned(after: &[BTreeSet<usize>], widest: usize) -> Vec<usize> {
    let mut height = vec![0_usize; after.len()];
    for unit in by_need(after).into_iter().rev() {
        height[unit] = after[unit].iter().map(|to| height[*to] + 1).max().unwrap_or(0);
    }
    let mut open = incoming(after);
    let mut ready: Vec<usize> = (0..after.len()).filter(|unit| open[*unit] == 0).collect();
    let mut row_of = vec![0; after.len()];
    let mut row = 0;
    while !ready.is_empty() {
        ready.sort_by_key(|unit| (std::cmp::Reverse(height[*unit]), *unit));
        let later = ready.split_off(ready.len().min(widest));
        for unit in std::mem::replace(&mut ready, later) {
            row_of[unit] = row;
            for next in &after[unit] {
                open[*next] -= 1;
                if open[*next] == 0 {
                    ready.push(*next);
                }
            }
        }
        row += 1;
    }
    row_of
}

/// The lines between a row and the next one: places in both.
pub(super) fn lines(upper: &[Slot], lower: &[Slot], after: &[BTreeSet<usize>]) -> Vec<(usize, usize)> {
    let places: BTreeMap<Slot, usize> =
        lower.iter().enumerate().map(|(place, slot)| (*slot, place)).collect();
    let mut lines = Vec::new();
    for (from, slot) in upper.iter().enumerate() {
        let (Slot::Unit(unit) | Slot::Line(unit)) = *slot;
        let ends = after[unit].iter().map(|to| Slot::Unit(*to)).chain([Slot::Line(unit)]);
        lines.extend(ends.filter_map(|end| Some((from, *places.get(&end)?))));
    }
    lines
}

/// Sorts every row by where its neighbours are, and keeps the order with the fewest crossings.
fn ordered(mut rows: Rows, after: &[BTreeSet<usize>]) -> Rows {
    let mut best = (crossings(&rows, after), rows.clone());
    let is_large = rows.iter().map(Vec::len).sum::<usize>() > LARGE;
    for sweep in 0..if is_large { 2 } else { SWEEPS } {
        if sweep % 2 == 0 {
            (1..rows.len()).for_each(|row| sort(&mut rows, row, row - 1, after));
        } else {
            (0..rows.len().saturating_sub(1)).rev().for_each(|row| sort(&mut rows, row, row + 1, after));
        }
        let found = crossings(&rows, after);
        if found < best.0 {
            best = (found, rows.clone());
        }
    }
    best.1
}

/// Sorts `row` by the mean places of its neighbours in the row beside it; who has none stays put.
fn sort(rows: &mut Rows, row: usize, beside: usize, after: &[BTreeSet<usize>]) {
    let (upper, lower) = (row.min(beside), row.max(beside));
    let mut places: Vec<Vec<usize>> = vec![Vec::new(); rows[row].len()];
    for (from, to) in lines(&rows[upper], &rows[lower], after) {
        let (own, other) = if row == lower { (to, from) } else { (from, to) };
        places[own].push(other);
    }
    let scale = rows[beside].len() as f64 / rows[row].len().max(1) as f64;
    let mean = |place: usize| match places[place].len() {
        0 => place as f64 * scale,
        count => places[place].iter().sum::<usize>() as f64 / count as f64,
    };
    let mut order: Vec<usize> = (0..rows[row].len()).collect();
    order.sort_by(|one, other| mean(*one).total_cmp(&mean(*other)).then(one.cmp(other)));
    rows[row] = order.into_iter().map(|place| rows[row][place]).collect();
}

/// How many pairs of lines cross between the rows.
fn crossings(rows: &Rows, after: &[BTreeSet<usize>]) -> usize {
    let between = |pair: &[Vec<Slot>]| {
        let lines = lines(&pair[0], &pair[1], after);
        let cross = |one: &(usize, usize), other: &(usize, usize)| one.0 < other.0 && one.1 > other.1;
        lines.iter().map(|one| lines.iter().filter(|other| cross(one, other)).count()).sum::<usize>()
    };
    rows.windows(2).map(between).sum()
}
