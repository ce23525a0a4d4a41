//! JSON pointers (RFC 6901) of a walk through a tree: a step on the way costs nothing, only one that
//! is reported becomes a text.

use std::fmt;

/// Where a walk is. Each step borrows the one before it.
#[derive(Clone, Copy, Debug)]
pub enum Pointer<'a> {
    /// The whole tree.
    Root,
    /// The member of an object.
    Key(&'a Self, &'a str),
    /// The item of a list.
    Item(&'a Self, usize),
}

impl<'a> Pointer<'a> {
    /// The member with this key.
    pub fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }

    /// The item at this index.
    pub fn item(&'a self, index: usize) -> Self {
        Self::Item(self, index)
    }
}

/// The text of RFC 6901, section 3.
impl fmt::Display for Pointer<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(parent, key) if key.contains(['~', '/']) => {
                write!(formatter, "{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
            }
            Self::Key(parent, key) => {
                parent.fmt(formatter)?;
                formatter.write_str("/")?;
                formatter.write_str(key)
            }
            Self::Item(parent, index) => write!(formatter, "{parent}/{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_escaped() {
        let paths = Pointer::Root.key("Paths");
        let path = paths.key("/a~b");
        assert_eq!(path.item(2).to_string(), "/Paths/~1a~0b/2");
        assert_eq!(Pointer::Root.to_string(), "");
    }
}
