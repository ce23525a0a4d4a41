//! The frame of every picture.

use std::fmt::Write as _;

use crate::ui::picture::letters::fitting_name;

/// Colours by role, for light and for dark surroundings. Each pair of text and ground has a contrast
/// of at least 4.5 to 1 (WCAG 2.2, success criterion 1.4.3).
const STYLE: &str = "\
:root{--paper:#ffffff;--ink:#1b1f24;--faint:#57606a;--grid:#d0d7de;--unit:#c9dcf2;--edge:#47617d;\
--critical:#a8200d;--on-critical:#ffffff;--permanent:#e4dcf5;--data:#d3ebd9;--stateless:#dbe7f5}\
@media(prefers-color-scheme:dark){:root{--paper:#0f1419;--ink:#e6edf3;--faint:#9aa7b4;--grid:#323b45;\
--unit:#2c4a6b;--edge:#8fb0d3;--critical:#ff8a75;--on-critical:#1b0500;--permanent:#453a63;--data:#25492f;\
--stateless:#27405c}}\
.paper{fill:var(--paper)}text{fill:var(--ink);font:18px system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\
.title{font-size:22px;font-weight:600}.small{font-size:16px}.faint{fill:var(--faint)}.strong{font-weight:600}\
.end{text-anchor:end}.middle{text-anchor:middle}.grid{stroke:var(--grid);stroke-width:1}\
.unit{fill:var(--unit);stroke:var(--edge);stroke-width:1}.critical{fill:var(--critical)}\
.on-critical{fill:var(--on-critical);font-size:16px}.halo{paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}.rim{fill:none}.link{fill:none;stroke:var(--critical);stroke-width:2;stroke-dasharray:4 3}\
.edge{fill:none;stroke:var(--edge);stroke-width:1.6}.tip{fill:var(--edge)}.box{stroke:var(--edge);stroke-width:1.6}\
.permanent{fill:var(--permanent)}.data{fill:var(--data)}.stateless{fill:var(--stateless)}\
.elsewhere{fill:var(--paper);stroke-dasharray:5 4}";

/// A picture as it is being drawn.
#[derive(Debug)]
pub(super) struct Svg {
    body: String,
    width: f64,
}

impl Svg {
    /// An empty one, so many units wide.
    pub(super) fn new(width: f64) -> Self {
        Self { body: String::new(), width }
    }

    /// Adds markup.
    pub(super) fn add(&mut self, markup: std::fmt::Arguments<'_>) {
        let _ = self.body.write_fmt(markup);
        self.body.push('\n');
    }

    /// Adds a line of text; `class` may hold several names.
    pub(super) fn text(&mut self, (x, y): (f64, f64), class: &str, text: &str) {
        self.add(format_args!(
            "<text x=\"{}\" y=\"{}\" class=\"{class}\">{}</text>",
            number(x),
            number(y),
            escape(text)
        ));
    }

    /// Adds a name, shortened in the middle where there is no room for it; the whole of it is told to who asks.
    pub(super) fn name(&mut self, (x, y): (f64, f64), class: &str, name: &str, (size, room): (f64, f64)) {
        let shown = fitting_name(name, size, room);
        let title = if shown == name { String::new() } else { format!("<title>{}</title>", escape(name)) };
        self.add(format_args!(
            "<text x=\"{}\" y=\"{}\" class=\"{class}\">{title}{}</text>",
            number(x),
            number(y),
            escape(&shown)
        ));
    }

    /// Adds a rectangle with rounded corners, and what it is.
    pub(super) fn rectangle(&mut self, place: &Rectangle, class: &str, title: &str) {
        let Rectangle { x, y, width, height } = place;
        let title =
            if title.is_empty() { String::new() } else { format!("<title>{}</title>", escape(title)) };
        self.add(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\" class=\"{class}\">{title}</rect>",
            number(*x),
            number(*y),
            number(*width),
            number(*height),
        ));
    }

    /// The finished picture. It takes the width it is given, from half of what it was drawn in up to half as much
    /// again: who has less room moves it about, and can read it.
    pub(super) fn finish(self, height: f64, title: &str, description: &str) -> String {
        let Self { body, width } = self;
        let (width, height) = (number(width), number(height));
        let (narrowest, widest) = ((self.width / 2.0).round(), (self.width * 1.5).round());
        let (narrowest, widest) = (number(narrowest), number(widest));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"100%\" \
             style=\"display:block;margin:auto;min-width:{narrowest}px;max-width:{widest}px\" role=\"img\" aria-labelledby=\"title description\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"description\">{}</desc>\n<style>{STYLE}</style>\n\
             <rect width=\"{width}\" height=\"{height}\" class=\"paper\"/>\n{body}</svg>\n",
            escape(title),
            escape(description),
        )
    }
}

/// Where a rectangle is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rectangle {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A number with at most one decimal: enough for the eye, and the same on every machine.
pub(super) fn number(value: f64) -> String {
    let text = format!("{:.1}", if value.abs() < 0.05 { 0.0 } else { value });
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Text inside markup. What XML cannot hold at all is left out.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {}
            character => escaped.push(character),
        }
    }
    escaped
}
