//! How wide texts are in a font that nobody knows, and what of them fits.

use unicode_width::UnicodeWidthChar as _;

/// Widths of letters beside the size of the font, from the narrowest: those of a wide bold one (DejaVu Sans
/// Bold, rounded up), so that every usual font takes less.
const WIDTHS: [(&str, f64); 9] = [
    ("ijlI.,:;'|/\\ !()[]", 0.47),
    ("-frtJ\"*{}", 0.53),
    ("sczvxy_", 0.66),
    ("aekLTFEYSXPZ0123456789?$", 0.74),
    ("bdghnopquBCRAKV", 0.78),
    ("DGHNOQU&", 0.86),
    ("w+<>=~#", 0.93),
    ("mM@%", 1.05),
    ("W…", 1.12),
];

/// What any other letter takes of a column of a terminal.
const OTHER: f64 = 0.9;

fn letter(letter: char) -> f64 {
    let known = WIDTHS.iter().find(|(letters, _)| letters.contains(letter));
    known.map_or_else(|| letter.width().unwrap_or(0) as f64 * OTHER, |(_, width)| *width)
}

/// Width of a letter of a sentence: in many words wide and narrow ones even out.
const MEAN: f64 = 0.62;

/// About how wide a sentence is, in units of a font of this size.
pub(super) fn sentence_width(text: &str, size: f64) -> f64 {
    crate::ui::text::width(text) as f64 * size * MEAN
}

/// As much of a sentence as has room, with an ellipsis where the end is missing.
pub(super) fn fitting(text: &str, size: f64, room: f64) -> String {
    crate::ui::text::truncate(text, (room / (size * MEAN)).max(1.0) as usize)
}

/// How wide a name is at most, in units of a font of this size.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(letter).sum::<f64>() * size
}

/// As much of a name as has room. Names that belong together begin alike, and names of kinds end alike: it is
/// the middle that is missing.
pub(super) fn fitting_name(name: &str, size: f64, room: f64) -> String {
    if text_width(name, size) <= room {
        return name.to_owned();
    }
    let room = room / size - letter('…');
    let end = head(name.chars().rev(), room / 2.0);
    let used: f64 = end.iter().copied().map(letter).sum();
    let count = name.chars().count() - end.len();
    let start = head(name.chars().take(count), room - used);
    start.into_iter().chain(['…']).chain(end.into_iter().rev()).collect()
}

/// The first letters that have room.
fn head(letters: impl Iterator<Item = char>, room: f64) -> Vec<char> {
    let mut used = 0.0;
    let fits = |one: &char| {
        used += letter(*one);
        used <= room
    };
    letters.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_middle_of_a_name_is_left_out() {
        assert_eq!(fitting_name("orders-queue-of-the-warehouse", 10.0, 100.0), "orders-…house");
        assert_eq!(fitting_name("orders", 10.0, 100.0), "orders");
    }

    proptest! {
        #[test]
        fn what_is_shown_has_room(text in "[ -~äW網]{0,60}", room in 12.0..300.0_f64) {
            let shown = fitting_name(&text, 10.0, room);
            prop_assert!(text_width(&shown, 10.0) <= room, "{shown}");
            prop_assert!(shown == text || shown.contains('…'));
        }
    }
}
