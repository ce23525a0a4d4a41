//! The units of an environment and what they need, as a picture.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::{Class, Environment, EnvironmentName, Protection, SealedUnit};
use crate::ui::picture::layout::{Layout, layout};
use crate::ui::picture::letters::{fitting, sentence_width, text_width};
use crate::ui::picture::svg::{Rectangle, Svg, escape, number};
use crate::ui::{SCHEMA, text};

const MARGIN: f64 = 16.0;
/// So many boxes may always stand beside each other: a narrow screen can show them.
const NARROW: usize = 3;
/// And never more than so many.
const WIDEST: usize = 12;
/// The picture is never narrower than its legend.
const NARROWEST: f64 = 520.0;

/// One unit in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `UNIT`, `UNIT@TARGET`, or `ENVIRONMENT/UNIT` of another environment.
    pub name: String,
    /// How precious it is; `None` for another environment's.
    pub class: Option<Class>,
    /// How many resources its template declares.
    pub resources: usize,
}

/// Units and what they need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitGraph {
    /// The environment.
    pub environment: EnvironmentName,
    /// Whether classes are kept: not where everything is disposable.
    pub keeps_classes: bool,
    /// By name.
    pub nodes: Vec<Node>,
    /// Provider and dependant, by their places.
    pub edges: BTreeSet<(usize, usize)>,
}

impl UnitGraph {
    /// The graph of an environment's units, with those of other environments that they use.
    pub fn of(environment: &Environment, units: &[SealedUnit]) -> Self {
        let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
        for unit in units {
            let name = unit.instance().to_string();
            let template = unit.template.tree();
            let resources = template.get("Resources").and_then(|resources| resources.as_object());
            let resources = resources.map_or(0, serde_json::Map::len);
            nodes.insert(name.clone(), Node { name, class: Some(unit.class), resources });
            for used in unit.uses() {
                let name = used.to_string();
                nodes.entry(name.clone()).or_insert(Node { name, class: None, resources: 0 });
            }
        }
        let places: BTreeMap<&String, usize> =
            nodes.keys().enumerate().map(|(place, name)| (name, place)).collect();
        let mut edges = BTreeSet::new();
        for unit in units {
            let needs = unit.needs.iter().map(ToString::to_string);
            let used = unit.uses().into_iter().map(|used| used.to_string());
            let dependant = places[&unit.instance().to_string()];
            let providers = needs.chain(used).filter_map(|name| places.get(&name).copied());
            edges.extend(providers.map(|provider| (provider, dependant)));
        }
        Self {
            environment: environment.name.clone(),
            keeps_classes: environment.protection != Protection::Disposable,
            nodes: nodes.into_values().collect(),
            edges,
        }
    }

    fn after(&self) -> Vec<BTreeSet<usize>> {
        let mut after = vec![BTreeSet::new(); self.nodes.len()];
        for (provider, dependant) in &self.edges {
            after[*provider].insert(*dependant);
        }
        after
    }
}

impl Node {
    /// The word for its class.
    pub(super) fn kind(&self) -> String {
        self.class.map_or_else(|| "elsewhere".to_owned(), |class| class.to_string())
    }

    /// What it holds, in a few words.
    pub(super) fn contents(&self) -> String {
        match self.class {
            Some(_) => text::count(self.resources, "resource"),
            None => "another environment".to_owned(),
        }
    }
}

/// The picture.
pub fn graph(graph: &UnitGraph) -> String {
    let longest = graph.nodes.iter().map(|node| text_width(&node.name, 18.0)).fold(116.0, f64::max);
    let width = (longest + 20.0).min(220.0);
    let layout = layout(&graph.after(), width, widest(graph.nodes.len()));
    let whole = (layout.width + 2.0 * MARGIN).max(NARROWEST);
    let title =
        format!("{}: {} and what they need", graph.environment, text::count(graph.nodes.len(), "unit"));
    let mut picture = Svg::new(whole);
    picture.text((MARGIN, 34.0), "title", &fitting(&title, 22.0, whole - 2.0 * MARGIN));
    picture.text((MARGIN, 60.0), "small faint", "What is needed stands above, and is made first.");
    let corner = ((whole - layout.width) / 2.0, 84.0);
    lines(&mut picture, &layout, corner);
    for (node, place) in graph.nodes.iter().zip(&layout.boxes) {
        unit(&mut picture, node, &Rectangle { x: place.x + corner.0, y: place.y + corner.1, ..*place });
    }
    let bottom = legend(&mut picture, graph, corner.1 + layout.height + 40.0);
    picture.finish(bottom, &title, &described(graph))
}

/// How many boxes may stand beside each other: of many units more, so that the whole is about as wide as it is
/// high.
fn widest(units: usize) -> usize {
    ((units as f64 / 2.0).sqrt().round() as usize).clamp(NARROW, WIDEST)
}

/// What somebody hears who does not see it.
fn described(graph: &UnitGraph) -> String {
    let one = |(place, node): (usize, &Node)| {
        let needs = graph.edges.iter().filter(|(_, dependant)| *dependant == place);
        let needs: Vec<&str> = needs.map(|(provider, _)| graph.nodes[*provider].name.as_str()).collect();
        match needs.is_empty() {
            true => format!("{} needs nothing.", node.name),
            false => format!("{} needs {}.", node.name, needs.join(", ")),
        }
    };
    graph.nodes.iter().enumerate().map(one).collect::<Vec<_>>().join(" ")
}

fn lines(picture: &mut Svg, layout: &Layout, (left, top): (f64, f64)) {
    for stretch in &layout.stretches {
        let (from, to) = (stretch.from, stretch.to);
        let end = to.1 - if stretch.has_tip { 8.0 } else { 0.0 };
        let middle = number((from.1 + end) / 2.0 + top);
        let [x1, y1, x2, y2] = [from.0 + left, from.1 + top, to.0 + left, end + top].map(number);
        picture.add(format_args!(
            "<path d=\"M{x1} {y1}C{x1} {middle} {x2} {middle} {x2} {y2}\" class=\"edge\"/>"
        ));
        if stretch.has_tip {
            let [left, right] = [to.0 + left - 4.5, to.0 + left + 4.5].map(number);
            let (y, tip) = (number(end + top - 1.0), number(to.1 + top));
            picture.add(format_args!("<path d=\"M{left} {y}H{right}L{x2} {tip}Z\" class=\"tip\"/>"));
        }
    }
}

fn unit(picture: &mut Svg, node: &Node, place: &Rectangle) {
    let kind = node.kind();
    let title = escape(&format!("{}: {kind}, {}", node.name, node.contents()));
    picture.add(format_args!(
        "<path d=\"{}\" class=\"box {kind}\"><title>{title}</title></path>",
        outline(node.class, place)
    ));
    rim(picture, node.class, place);
    let middle = place.x + place.width / 2.0;
    picture.name((middle, place.y + 32.0), "strong middle", &node.name, (18.0, place.width - 10.0));
    picture.text((middle, place.y + 52.0), "small middle", &kind);
    let contents = fitting(&node.contents(), 16.0, place.width);
    picture.text((middle, place.y + 71.0), "small faint middle", &contents);
}

/// The front rim of a drum.
fn rim(picture: &mut Svg, class: Option<Class>, place: &Rectangle) {
    if class == Some(Class::Data) {
        let [left, right, y, radius] =
            [place.x, place.x + place.width, place.y + 7.0, place.width / 2.0].map(number);
        picture.add(format_args!("<path d=\"M{left} {y}A{radius} 7 0 0 0 {right} {y}\" class=\"box rim\"/>"));
    }
}

/// A shape a class: cut corners for what stays, a drum for data, a plain box for what can be made again.
fn outline(class: Option<Class>, place: &Rectangle) -> String {
    let Rectangle { x, y, width, height } = *place;
    let (right, bottom) = (number(x + width), number(y + height));
    let (left, top) = (number(x), number(y));
    match class {
        Some(Class::Permanent) => {
            let cut = (height / 7.0).min(11.0);
            let [x1, x2, y1, y2] = [x + cut, x + width - cut, y + cut, y + height - cut].map(number);
            format!("M{x1} {top}H{x2}L{right} {y1}V{y2}L{x2} {bottom}H{x1}L{left} {y2}V{y1}Z")
        }
        Some(Class::Data) => {
            let [y1, y2, radius] = [y + 7.0, y + height - 7.0, width / 2.0].map(number);
            format!("M{left} {y1}A{radius} 7 0 0 1 {right} {y1}V{y2}A{radius} 7 0 0 1 {left} {y2}Z")
        }
        Some(Class::Stateless) | None => format!("M{left} {top}H{right}V{bottom}H{left}Z"),
    }
}

fn legend(picture: &mut Svg, graph: &UnitGraph, y: f64) -> f64 {
    let kept = [
        (Some(Class::Permanent), "permanent: never torn down"),
        (Some(Class::Data), "data: only with consent"),
        (Some(Class::Stateless), "stateless: free to go"),
        (None, "of another environment"),
    ];
    let disposable = [
        (Some(Class::Permanent), "permanent"),
        (Some(Class::Data), "data"),
        (Some(Class::Stateless), "stateless"),
        (None, "of another environment"),
    ];
    let words = if graph.keeps_classes { kept } else { disposable };
    let (mut x, mut line) = (MARGIN, y);
    for (class, words) in
        words.into_iter().filter(|(class, _)| graph.nodes.iter().any(|node| node.class == *class))
    {
        let width = 36.0 + sentence_width(words, 16.0) + 12.0;
        if x + width > NARROWEST {
            (x, line) = (MARGIN, line + 32.0);
        }
        let kind = class.map_or_else(|| "elsewhere".to_owned(), |class| class.to_string());
        let swatch = Rectangle { x, y: line - 17.0, width: 28.0, height: 24.0 };
        picture.add(format_args!("<path d=\"{}\" class=\"box {kind}\"/>", outline(class, &swatch)));
        rim(picture, class, &swatch);
        picture.text((x + 36.0, line), "small", words);
        x += width;
    }
    if !graph.keeps_classes {
        line += 32.0;
        picture.text((MARGIN, line), "small faint", "Disposable: all of it may go, whatever its class.");
    }
    picture.text((MARGIN, line + 32.0), "small faint", "Arrows that others imply are left out.");
    line + 52.0
}

/// The graph for programs.
pub fn document(graph: &UnitGraph) -> Value {
    let nodes = graph.nodes.iter().enumerate().map(|(place, node)| {
        let needs = graph.edges.iter().filter(|(_, dependant)| *dependant == place);
        let needs: Vec<&str> = needs.map(|(provider, _)| graph.nodes[*provider].name.as_str()).collect();
        json!({"unit": node.name, "class": node.class, "resources": node.resources, "needs": needs})
    });
    json!({"schema": SCHEMA, "environment": graph.environment, "units": nodes.collect::<Vec<_>>()})
}
