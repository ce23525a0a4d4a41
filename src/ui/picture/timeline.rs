//! Who works when: one bar a unit, the critical path marked in it.

use crate::estimate::{Estimate, Phase, StepSpan, UnitSpan};
use crate::ui::estimate_view::{Estimated, basis, phase_word};
use crate::ui::picture::letters::{fitting, text_width};
use crate::ui::picture::svg::{Rectangle, Svg, number};
use crate::ui::text::duration;

const WIDTH: f64 = 600.0;
const MARGIN: f64 = 16.0;
/// Height of one unit's row, and of its bar in it.
const ROW: f64 = 32.0;
const BAR: f64 = 22.0;
/// Room to the right of the longest bar, for its duration.
const TAIL: f64 = 72.0;

/// Ticks are one of these apart, in seconds.
const INTERVALS: [f64; 17] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0,
    21_600.0, 43_200.0,
];

/// At most so many ticks.
const TICKS: f64 = 6.0;

/// The timeline of an estimate.
pub fn timeline(estimated: &Estimated<'_>) -> String {
    let Estimated { environment, operation, estimate, .. } = estimated;
    let (half, most) = (duration(estimate.p50_seconds), duration(estimate.p90_seconds));
    let title = format!("A {} of {environment} takes about {half}", operation.as_str());
    let note = format!("Nine of ten runs within {most}.");
    let mut picture = Svg::new(WIDTH);
    picture.text((MARGIN, 34.0), "title", &fitting(&title, 22.0, WIDTH - 2.0 * MARGIN));
    picture.text((MARGIN, 60.0), "small faint", &fitting(&note, 16.0, WIDTH - 2.0 * MARGIN));
    let basis = basis(&estimate.confidence);
    picture.text((MARGIN, 82.0), "small faint", &fitting(&basis, 16.0, WIDTH - 2.0 * MARGIN));
    let axis = Axis::of(estimate);
    let bottom = chart(&mut picture, estimate, &axis, 106.0);
    let bottom = legend(&mut picture, estimate, bottom + 30.0);
    picture.finish(bottom, &title, &described(estimate, &note))
}

/// What somebody hears who does not see it.
fn described(estimate: &Estimate, note: &str) -> String {
    let steps = estimate
        .critical_path
        .iter()
        .map(|step| format!("{} {} {}", step.instance, step.resource, duration(step.duration.p50)));
    let steps: Vec<String> = steps.collect();
    format!("{note} The critical path: {}.", steps.join(", "))
}

/// From seconds to places.
struct Axis {
    left: f64,
    scale: f64,
    seconds: f64,
}

impl Axis {
    fn of(estimate: &Estimate) -> Self {
        let units = estimate.phases.iter().flat_map(|phase| &phase.units);
        let widest = units.map(|unit| text_width(&unit.instance.to_string(), 18.0)).fold(70.0, f64::max);
        let left = MARGIN + widest.min(170.0) + 10.0;
        let seconds = estimate.p50_seconds.max(1.0);
        Self { left, scale: (WIDTH - MARGIN - TAIL - left) / seconds, seconds }
    }

    fn x(&self, seconds: f64) -> f64 {
        self.left + seconds * self.scale
    }

    /// Seconds between ticks.
    fn interval(&self) -> f64 {
        let wide_enough = |interval: &&f64| self.seconds / **interval <= TICKS;
        let days = (self.seconds / TICKS / 86_400.0).ceil() * 86_400.0;
        INTERVALS.iter().find(wide_enough).copied().unwrap_or(days)
    }
}

/// Draws the phases below each other, and returns where they end.
fn chart(picture: &mut Svg, estimate: &Estimate, axis: &Axis, top: f64) -> f64 {
    let rows: usize = estimate.phases.iter().map(|phase| phase.units.len() + 1).sum();
    let bottom = top + 26.0 + rows as f64 * ROW;
    ticks(picture, axis, top, bottom);
    let mut y = top + 26.0;
    let mut before = None;
    for phase in &estimate.phases {
        before = links(picture, axis, phase, y + ROW, before);
        heading(picture, phase, y);
        for (row_number, unit) in phase.units.iter().enumerate() {
            row(picture, axis, unit, y + (row_number + 1) as f64 * ROW);
        }
        y += (phase.units.len() + 1) as f64 * ROW;
    }
    bottom
}

fn ticks(picture: &mut Svg, axis: &Axis, top: f64, bottom: f64) {
    let interval = axis.interval();
    let count = (axis.seconds / interval).floor() as usize;
    for number_of in 0..=count {
        let seconds = number_of as f64 * interval;
        let x = number(axis.x(seconds));
        picture.add(format_args!(
            "<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\" class=\"grid\"/>",
            number(top + 20.0),
            number(bottom),
        ));
        picture.text((axis.x(seconds), top + 12.0), "small faint middle", &tick(seconds));
    }
}

/// `0`, `30s`, `5m`, `1h`, `1h 30m`, `2d`: what a tick stands for.
fn tick(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let parts = [(whole / 86_400, "d"), (whole / 3600 % 24, "h"), (whole / 60 % 60, "m"), (whole % 60, "s")];
    let shown: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if shown.is_empty() { "0".to_owned() } else { shown.join(" ") }
}

fn heading(picture: &mut Svg, phase: &Phase, y: f64) {
    let word = phase_word(phase.operation);
    let text = format!("{word}, {}", duration(phase.end - phase.start));
    picture.text((MARGIN, y + 22.0), "strong", &text);
}

fn row(picture: &mut Svg, axis: &Axis, unit: &UnitSpan, y: f64) {
    let name = unit.instance.to_string();
    let is_critical = unit.steps.iter().any(|step| step.is_critical);
    let class = if is_critical { "end strong" } else { "end" };
    picture.name((axis.left - 8.0, y + 22.0), class, &name, (18.0, axis.left - 8.0 - MARGIN));
    let took = duration(unit.end - unit.start);
    let bar = bar(axis, unit.start, unit.end, y);
    picture.rectangle(&bar, "unit", &format!("{name}: {} {took}", unit.action.as_str()));
    for step in unit.steps.iter().filter(|step| step.is_critical) {
        segment(picture, axis, step, y);
    }
    picture.text((bar.x + bar.width + 6.0, y + 22.0), "small faint halo", &took);
}

fn bar(axis: &Axis, start: f64, end: f64, y: f64) -> Rectangle {
    let x = axis.x(start);
    Rectangle { x, y: y + (ROW - BAR) / 2.0, width: (axis.x(end) - x).max(2.0), height: BAR }
}

/// A step of the critical path, with its name where there is room.
fn segment(picture: &mut Svg, axis: &Axis, step: &StepSpan, y: f64) {
    let whole = bar(axis, step.start, step.end, y);
    let place =
        Rectangle { y: whole.y + 3.0, height: BAR - 6.0, width: (whole.width - 0.6).max(1.0), ..whole };
    let took = duration(step.duration.p50);
    let title = format!("{} ({}, {}) {took}", step.resource, step.resource_type, step.operation.as_str());
    picture.rectangle(&place, "critical", &title);
    if text_width(&step.resource, 16.0) + 8.0 < place.width {
        picture.text((place.x + 5.0, whole.y + 17.0), "on-critical", &step.resource);
    }
}

/// Ties the units of the critical path together, each to the one before it.
fn links(
    picture: &mut Svg,
    axis: &Axis,
    phase: &Phase,
    top: f64,
    before: Option<(f64, f64)>,
) -> Option<(f64, f64)> {
    let rows =
        phase.units.iter().enumerate().filter(|(_, unit)| unit.steps.iter().any(|step| step.is_critical));
    let mut rows: Vec<(f64, f64, f64)> =
        rows.map(|(row, unit)| (unit.start, unit.end, top + row as f64 * ROW)).collect();
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut last = before;
    for (start, end, y) in rows {
        if let Some((_, from)) = last {
            let (x, from_edge, to_edge) = (axis.x(start), from + (ROW + BAR) / 2.0, y + (ROW - BAR) / 2.0);
            // Upwards from the upper edge, downwards from the lower one.
            let (from_edge, to_edge) = match from < y {
                true => (from_edge, to_edge),
                false => (from + (ROW - BAR) / 2.0, y + (ROW + BAR) / 2.0),
            };
            picture.add(format_args!(
                "<path d=\"M{0} {1}V{2}\" class=\"link\"/>",
                number(x),
                number(from_edge),
                number(to_edge),
            ));
        }
        last = Some((axis.x(end), y));
    }
    last
}

fn legend(picture: &mut Svg, estimate: &Estimate, y: f64) -> f64 {
    let swatch = |x: f64| Rectangle { x, y: y - 14.0, width: 26.0, height: 18.0 };
    picture.rectangle(&swatch(MARGIN), "unit", "");
    picture.text((MARGIN + 34.0, y), "small", "a unit at work");
    let path = MARGIN + 170.0;
    picture.rectangle(&swatch(path), "unit", "");
    let inner = Rectangle { x: path, y: y - 11.0, width: 26.0, height: 12.0 };
    picture.rectangle(&inner, "critical", "");
    picture.text((path + 34.0, y), "small", "on the critical path, which decides");
    let pole = estimate.long_pole.as_ref().map(|pole| {
        let (unit, resource) = (&pole.step.instance, &pole.step.resource);
        let (took, saves) = (duration(pole.step.duration.p50), duration(pole.saves_seconds));
        format!("Long pole: {unit}.{resource}, {took} (saves up to {saves})")
    });
    let types: Vec<&str> = estimate.unknown_types.iter().map(String::as_str).collect();
    let guessed = (!types.is_empty()).then(|| format!("Guessed: {}", types.join(", ")));
    let mut bottom = y;
    for line in [pole, guessed].into_iter().flatten() {
        bottom += 26.0;
        picture.text((MARGIN, bottom), "small", &fitting(&line, 16.0, WIDTH - 2.0 * MARGIN));
    }
    bottom + 20.0
}
