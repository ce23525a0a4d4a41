//! Pictures: SVG that needs nothing beside itself, and text for Graphviz. Pure, the same bytes every
//! time.
//!
//! | file | holds |
//! |---|---|
//! | `svg` | the frame of every picture: size, title, description, colours for light and dark |
//! | `letters` | how wide texts are, and what of them fits |
//! | `timeline` | who works when, with the critical path |
//! | `graph` | the units of an environment and what they need; `rows`, `layout` say where things go |
//! | `dot` | the same graph for Graphviz |
//!
//! Nothing is told by colour alone, and no text is smaller than 16 units in a picture that is about
//! 600 wide: ten pixels on a phone. A picture of many units is wider, and never shown at less than half its size.

mod dot;
mod graph;
mod layout;
mod letters;
mod rows;
mod svg;
#[cfg(test)]
mod tests;
mod timeline;

pub use dot::dot;
pub use graph::{Node, UnitGraph, document, graph};
pub use timeline::timeline;
