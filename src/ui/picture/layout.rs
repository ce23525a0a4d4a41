//! Where the boxes and lines of a graph are. Lines run between boxes and never through one.

use std::collections::BTreeSet;

use crate::ui::picture::rows::{Rows, Slot, lines, reduced, rows};
use crate::ui::picture::svg::Rectangle;

/// Height of a box, and the room between rows.
pub(super) const BOX: f64 = 84.0;
const GAP: f64 = 56.0;
/// Room between neighbours in a row, and what a passing line takes.
const BESIDE: f64 = 16.0;
const LINE: f64 = 4.0;

/// How often the places are looked over.
const SWEEPS: usize = 10;

/// One stretch of a line: a curve between two rows, or a straight piece beside the boxes of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stretch {
    /// Its upper end.
    pub from: (f64, f64),
    /// Its lower end.
    pub to: (f64, f64),
    /// Whether it ends at a box.
    pub has_tip: bool,
}

/// The whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout {
    /// One a unit.
    pub boxes: Vec<Rectangle>,
    /// All lines.
    pub stretches: Vec<Stretch>,
    /// How wide it is.
    pub width: f64,
    /// How high it is.
    pub height: f64,
}

/// Places units. `after[unit]` are its dependants; every box is `width` wide.
pub(super) fn layout(after: &[BTreeSet<usize>], width: f64, widest: usize) -> Layout {
    let after = reduced(after);
    let rows = rows(&after, widest);
    let centres = centres(&rows, &after, width);
    let mut layout = Layout { boxes: vec![Rectangle::default(); after.len()], ..Layout::default() };
    let y = |row: usize| row as f64 * (BOX + GAP);
    for (row, slots) in rows.iter().enumerate() {
        for (slot, x) in slots.iter().zip(&centres[row]) {
            layout.width = layout.width.max(x + half(*slot, width));
            match slot {
                Slot::Unit(unit) => {
                    layout.boxes[*unit] = Rectangle { x: x - width / 2.0, y: y(row), width, height: BOX };
                }
                Slot::Line(_) => {
                    let (from, to) = ((*x, y(row)), (*x, y(row) + BOX));
                    layout.stretches.push(Stretch { from, to, has_tip: false });
                }
            }
        }
    }
    for row in 0..rows.len().saturating_sub(1) {
        let (upper, lower) = (y(row) + BOX, y(row + 1));
        layout.stretches.extend(between((&rows, row), &centres, &after, (upper, lower, width)));
    }
    layout.height = rows.len() as f64 * (BOX + GAP) - if rows.is_empty() { 0.0 } else { GAP };
    layout
}

fn half(slot: Slot, width: f64) -> f64 {
    match slot {
        Slot::Unit(_) => width / 2.0,
        Slot::Line(_) => LINE / 2.0,
    }
}

/// The curves from one row to the next. Those that end at the same box spread along its upper edge.
fn between(
    (rows, row): (&Rows, usize),
    centres: &[Vec<f64>],
    after: &[BTreeSet<usize>],
    (upper, lower, width): (f64, f64, f64),
) -> Vec<Stretch> {
    let next = &rows[row + 1];
    let mut arriving: Vec<Vec<f64>> = vec![Vec::new(); next.len()];
    for (from, to) in lines(&rows[row], next, after) {
        arriving[to].push(centres[row][from]);
    }
    let mut stretches = Vec::new();
    for (place, mut from) in arriving.into_iter().enumerate() {
        from.sort_by(f64::total_cmp);
        let (x, has_tip) = (centres[row + 1][place], matches!(next[place], Slot::Unit(_)));
        let apart = (width * 0.7 / from.len() as f64).min(26.0);
        for (number, start) in from.iter().enumerate() {
            let shift = if has_tip { (number as f64 - (from.len() - 1) as f64 / 2.0) * apart } else { 0.0 };
            stretches.push(Stretch { from: (*start, upper), to: (x + shift, lower), has_tip });
        }
    }
    stretches
}

/// The middle of every slot: as near to its neighbours above and below as the order of its row allows.
fn centres(rows: &Rows, after: &[BTreeSet<usize>], width: f64) -> Vec<Vec<f64>> {
    let mut centres: Vec<Vec<f64>> = rows.iter().map(|row| offsets(row, width)).collect();
    for sweep in 0..SWEEPS {
        let order: Vec<usize> = match sweep % 2 {
            0 => (0..rows.len()).collect(),
            _ => (0..rows.len()).rev().collect(),
        };
        for row in order {
            let wanted = wanted(rows, after, &centres, row);
            centres[row] = nearest(&wanted, &offsets(&rows[row], width));
        }
    }
    let left = rows
        .iter()
        .zip(&centres)
        .flat_map(|(row, centres)| row.iter().zip(centres).map(|(slot, x)| x - half(*slot, width)));
    let left = left.fold(f64::INFINITY, f64::min);
    centres.iter_mut().flatten().for_each(|x| *x -= left);
    centres
}

/// Middles of a row's slots when they stand as close as they may.
fn offsets(row: &[Slot], width: f64) -> Vec<f64> {
    let mut x = 0.0;
    let place = |slot: &Slot| {
        let middle = x + half(*slot, width);
        x = middle + half(*slot, width) + BESIDE;
        middle
    };
    row.iter().map(place).collect()
}

/// Where each slot of a row would like to be: in the middle of its neighbours.
fn wanted(rows: &Rows, after: &[BTreeSet<usize>], centres: &[Vec<f64>], row: usize) -> Vec<f64> {
    let mut neighbours: Vec<Vec<f64>> = vec![Vec::new(); rows[row].len()];
    if let Some(above) = row.checked_sub(1) {
        for (from, to) in lines(&rows[above], &rows[row], after) {
            neighbours[to].push(centres[above][from]);
        }
    }
    if let Some(next) = rows.get(row + 1) {
        for (from, to) in lines(&rows[row], next, after) {
            neighbours[from].push(centres[row + 1][to]);
        }
    }
    let own = &centres[row];
    let mean = |(place, xs): (usize, &Vec<f64>)| match xs.len() {
        0 => own[place],
        count => xs.iter().sum::<f64>() / count as f64,
    };
    neighbours.iter().enumerate().map(mean).collect()
}

/// The places nearest to the wanted ones that keep order and distance (least squares, by pooling
/// neighbours that would overlap).
fn nearest(wanted: &[f64], offsets: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (wanted, offset) in wanted.iter().zip(offsets) {
        let mut pool = (wanted - offset, 1);
        while let Some(last) = pools.pop_if(|last| last.0 > pool.0) {
            let count = last.1 + pool.1;
            pool = ((last.0 * last.1 as f64 + pool.0 * pool.1 as f64) / count as f64, count);
        }
        pools.push(pool);
    }
    let shifts = pools.into_iter().flat_map(|(shift, count)| std::iter::repeat_n(shift, count));
    shifts.zip(offsets).map(|(shift, offset)| shift + offset).collect()
}
