//! `{{resolve:SERVICE:...}}` in texts: where they are and what they are made of.
//!
//! Source: AWS CloudFormation user guide, "Get values stored in other services using dynamic
//! references". May not judge them.

/// The inside of each `{{resolve:...}}`; `${...}` of a substitution may stand in it.
pub fn references(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("{{resolve:").filter_map(|(start, _)| {
        let inside = &text[start + 2..];
        let mut depth = 0_usize;
        let mut previous = ' ';
        for (at, letter) in inside.char_indices() {
            match letter {
                '\n' => return None,
                '{' if previous == '$' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                '}' if inside[at..].starts_with("}}") => return Some(&inside[..at]),
                _ => {}
            }
            previous = letter;
        }
        None
    })
}

/// Parts between colons, those inside `${...}` left alone.
pub fn parts(reference: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, letter) in reference.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(&reference[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&reference[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_with_substitutions_inside() {
        let found = |text: &'static str| references(text).collect::<Vec<_>>();
        assert_eq!(
            found("a{{resolve:ssm:/x:1}}b{{resolve:ssm:/y:2}}"),
            ["resolve:ssm:/x:1", "resolve:ssm:/y:2"]
        );
        assert_eq!(found("{{resolve:ssm:/${AWS::Region}/x:1}}"), ["resolve:ssm:/${AWS::Region}/x:1"]);
        assert_eq!(found("{{resolve:ssm:/x"), [""; 0]);
    }
}
