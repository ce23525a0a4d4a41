//! Where a rule is looking, as a chain on the stack: a JSON pointer is spelled only for findings.

/// One step down from a parent, or the root.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    /// The template as a whole.
    pub(super) const ROOT: Path<'static> = Path { parent: None, step: Step::Root };

    /// The value of a key.
    pub(super) fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Key(key) }
    }

    /// An item of a list.
    pub(super) fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    /// The JSON pointer (RFC 6901).
    pub(super) fn pointer(&self) -> String {
        let mut pointer = self.parent.map(Path::pointer).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Step::Index(index) => pointer.push_str(&format!("/{index}")),
        }
        pointer
    }

    /// The key of this step, unless it is an item of a list.
    pub(super) fn name(&self) -> Option<&'a str> {
        match self.step {
            Step::Key(key) => Some(key),
            _ => None,
        }
    }

    /// The nearest key on the way up: for an item of a list, that of the list.
    pub(super) fn property(&self) -> Option<&'a str> {
        self.name().filter(|name| !name.starts_with("Fn::")).or_else(|| self.parent?.property())
    }

    /// The function whose arguments these are: the nearest key on the way up that looks like one.
    pub(super) fn function(&self) -> &str {
        match self.step {
            Step::Key(key) if key == "Ref" || key == "Condition" || key.starts_with("Fn::") => key,
            _ => self.parent.map_or("", Path::function),
        }
    }

    /// Whether any step down to here is this key.
    pub(super) fn passes(&self, wanted: &str) -> bool {
        self.name() == Some(wanted) || self.parent.is_some_and(|parent| parent.passes(wanted))
    }

    /// Whether this is the name of the condition that `Fn::If` asks.
    pub(super) fn is_condition_of_if(&self) -> bool {
        matches!(self.step, Step::Index(0))
            && self.parent.is_some_and(|parent| parent.name() == Some("Fn::If"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_escaped_as_its_standard_says() {
        let resources = Path::ROOT.key("Resources");
        let odd = resources.key("a/b~c");
        assert_eq!(odd.index(3).pointer(), "/Resources/a~1b~0c/3");
        assert!(odd.passes("Resources") && !odd.passes("Outputs"));
        assert_eq!(Path::ROOT.pointer(), "");
    }
}
