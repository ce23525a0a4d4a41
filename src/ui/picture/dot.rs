//! The graph in the language of Graphviz. Source of its grammar: graphviz.org, "DOT Language".

use std::fmt::Write as _;

use crate::model::Class;
use crate::ui::picture::graph::{Node, UnitGraph};

/// The graph as text: edges go from what is needed to what needs it, as work goes.
pub fn dot(graph: &UnitGraph) -> String {
    let mut text = format!(
        "// Units of {}. An arrow leads from what is needed to what needs it.\ndigraph {} {{\n  \
         rankdir=TB;\n  node [fontname=\"Helvetica\", style=filled, fillcolor=white];\n",
        graph.environment,
        quoted(graph.environment.as_str()),
    );
    for node in &graph.nodes {
        let label = format!("{}\n{}\n{}", node.name, node.kind(), node.contents());
        let _ = writeln!(text, "  {} [label={}, {}];", quoted(&node.name), quoted(&label), look(node));
    }
    for (provider, dependant) in &graph.edges {
        let names = [*provider, *dependant].map(|place| quoted(&graph.nodes[place].name));
        let _ = writeln!(text, "  {} -> {};", names[0], names[1]);
    }
    text + "}\n"
}

fn look(node: &Node) -> &'static str {
    match node.class {
        Some(Class::Permanent) => "shape=octagon, fillcolor=\"#e4dcf5\"",
        Some(Class::Data) => "shape=cylinder, fillcolor=\"#d3ebd9\"",
        Some(Class::Stateless) => "shape=box, fillcolor=\"#dbe7f5\"",
        None => "shape=box, style=\"filled,dashed\"",
    }
}

/// A quoted id: quotation marks and backslashes are escaped, line ends written `\n`.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
