//! Pictures are sound: boxes apart, lines beside them, markup that can be read, the same bytes.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::estimate::{Durations, Mean, estimate};
use crate::model::Class;
use crate::ui::picture::layout::{Layout, layout};
use crate::ui::picture::rows::{Slot, reduced, rows};
use crate::ui::picture::svg::{escape, number};
use crate::ui::picture::{Node, UnitGraph, dot, graph};

/// `after[unit]` are its dependants: always later ones.
fn graphs() -> impl Strategy<Value = Vec<BTreeSet<usize>>> {
    prop::collection::vec((0_usize..40, 0_usize..40), 0..90).prop_map(|edges| {
        let mut after = vec![BTreeSet::new(); 40];
        for (one, other) in edges.into_iter().filter(|(one, other)| one != other) {
            after[one.min(other)].insert(one.max(other));
        }
        after
    })
}

/// Whether a point lies inside one of the boxes.
fn is_covered(layout: &Layout, (x, y): (f64, f64)) -> bool {
    layout.boxes.iter().any(|place| {
        place.x + 0.01 < x
            && x < place.x + place.width - 0.01
            && place.y + 0.01 < y
            && y < place.y + place.height - 0.01
    })
}

proptest! {
    #[test]
    fn no_line_runs_through_a_box(after in graphs()) {
        let layout = layout(&after, 120.0, 3);
        for stretch in &layout.stretches {
            let (from, to) = (stretch.from, stretch.to);
            for step in 0..=50 {
                // The curve as it is drawn: both middle points are half-way down.
                let t = f64::from(step) / 50.0;
                let x = from.0 + (to.0 - from.0) * (3.0 * t * t - 2.0 * t * t * t);
                let half = (from.1 + to.1) / 2.0;
                let u = 1.0 - t;
                let y = u * u * u * from.1 + 3.0 * u * u * t * half + 3.0 * u * t * t * half + t * t * t * to.1;
                prop_assert!(!is_covered(&layout, (x, y)), "{stretch:?} at {x} {y}");
            }
        }
    }

    #[test]
    fn boxes_are_apart_and_providers_above(after in graphs()) {
        let layout = layout(&after, 120.0, 3);
        for (unit, place) in layout.boxes.iter().enumerate() {
            for other in &layout.boxes[unit + 1..] {
                let apart = (place.y - other.y).abs() >= place.height || (place.x - other.x).abs() >= place.width;
                prop_assert!(apart, "{place:?} {other:?}");
            }
            prop_assert!(after[unit].iter().all(|to| layout.boxes[*to].y > place.y));
            prop_assert!(place.x >= -0.01 && place.x + place.width <= layout.width + 0.01);
        }
    }

    #[test]
    fn what_is_left_out_is_implied(after in graphs()) {
        let direct = reduced(&after);
        for unit in 0..after.len() {
            let (mut reached, mut open) = (BTreeSet::new(), vec![unit]);
            while let Some(next) = open.pop() {
                open.extend(direct[next].iter().filter(|to| reached.insert(**to)));
            }
            prop_assert!(after[unit].is_subset(&reached));
            prop_assert!(direct[unit].is_subset(&after[unit]));
        }
    }

    #[test]
    fn rows_hold_every_unit_once_and_few_beside_each_other(after in graphs()) {
        let rows = rows(&after, 4);
        let units = |row: &Vec<Slot>| row.iter().filter(|slot| matches!(slot, Slot::Unit(_))).count();
        prop_assert!(rows.iter().all(|row| (1..=4).contains(&units(row))));
        prop_assert_eq!(rows.iter().map(units).sum::<usize>(), after.len());
    }

    #[test]
    fn any_text_is_safe_in_markup(text in any::<String>()) {
        let escaped = escape(&text);
        let is_safe = !escaped.contains(['<', '>', '"', '\0', '\u{8}']);
        prop_assert!(is_safe);
        let entities = escaped.matches('&').count();
        let known = ["&amp;", "&lt;", "&gt;", "&quot;"].map(|entity| escaped.matches(entity).count());
        prop_assert_eq!(entities, known.iter().sum::<usize>());
    }
}

fn odd() -> UnitGraph {
    let node = |name: &str, class| Node { name: name.to_owned(), class, resources: 2 };
    UnitGraph {
        environment: "demo".parse().unwrap(),
        keeps_classes: true,
        nodes: vec![
            node("account/\"audit\" \\ <x>", None),
            node("data", Some(Class::Data)),
            node("keys", Some(Class::Permanent)),
            node("web@recovery", Some(Class::Stateless)),
        ],
        edges: BTreeSet::from([(0, 1), (2, 1), (1, 3), (2, 3)]),
    }
}

#[test]
fn a_graph_for_graphviz() {
    insta::assert_snapshot!(dot(&odd()), @r##"
    // Units of demo. An arrow leads from what is needed to what needs it.
    digraph "demo" {
      rankdir=TB;
      node [fontname="Helvetica", style=filled, fillcolor=white];
      "account/\"audit\" \\ <x>" [label="account/\"audit\" \\ <x>\nelsewhere\nanother environment", shape=box, style="filled,dashed"];
      "data" [label="data\ndata\n2 resources", shape=cylinder, fillcolor="#d3ebd9"];
      "keys" [label="keys\npermanent\n2 resources", shape=octagon, fillcolor="#e4dcf5"];
      "web@recovery" [label="web@recovery\nstateless\n2 resources", shape=box, fillcolor="#dbe7f5"];
      "account/\"audit\" \\ <x>" -> "data";
      "data" -> "web@recovery";
      "keys" -> "data";
      "keys" -> "web@recovery";
    }
    "##);
}

#[test]
fn a_graph_leaves_out_what_others_imply_and_tells_everything_in_words() {
    let picture = graph(&odd());
    assert_eq!(picture, graph(&odd()));
    assert_eq!(picture.matches("class=\"tip\"").count(), 3, "keys to web is implied by data");
    assert!(picture.contains("web@recovery needs data, keys."), "{picture}");
    for word in ["permanent: never torn down", "data: only with consent", "of another environment"] {
        assert!(picture.contains(word), "{word}");
    }
    assert!(picture.contains("&quot;audit&quot; \\ &lt;x&gt;") && !picture.contains("<x>"));
}

#[test]
fn numbers_are_short() {
    assert_eq!([1.0, 0.04, -0.04, 12.345, 640.01].map(number), ["1", "0", "0", "12.3", "640"]);
}

#[test]
fn an_estimate_of_nothing_can_be_drawn() {
    let durations = Durations::of_table(|_, _| Mean::Guess(1.0));
    let estimated = crate::ui::estimate_view::Estimated {
        environment: &"demo".parse().unwrap(),
        operation: crate::engine::Operation::Deploy,
        estimate: &estimate(&[], 0),
        durations: &durations,
    };
    let picture = super::timeline(&estimated);
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
}

#[test]
fn many_units_stand_in_a_block_and_long_names_fit_their_boxes() {
    let name = |number: usize| format!("wm{number:03}-warehouse-notifications-of-mmmmmm");
    let nodes = (0..200).map(|number| Node { name: name(number), class: None, resources: 0 });
    let edges = (3..200).map(|unit| (unit / 2, unit)).collect();
    let many = UnitGraph {
        environment: "demo".parse().unwrap(),
        keeps_classes: false,
        nodes: nodes.collect(),
        edges,
    };
    let picture = graph(&many);
    let size = picture.split("viewBox=\"0 0 ").nth(1).unwrap().split('"').next().unwrap();
    let (width, height) = size.split_once(' ').unwrap();
    let (width, height): (f64, f64) = (width.parse().unwrap(), height.parse().unwrap());
    assert!(height < width * 2.0, "{width} x {height}");
    assert!(picture.contains(&format!("<title>{}</title>wm", name(7))), "the whole name is told");
    assert!(!picture.contains(&format!(">{}</text>", name(7))), "and not drawn");
}
