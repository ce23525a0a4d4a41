//! COPY and ADD as they are written: options, sources, here-documents.

use parse_dockerfile::{Flag, Source as From, UnescapedString};

use crate::image::copy::{Copy, Refusal, find};
use crate::image::dockerfile::{Problem, Span};
use crate::image::instructions::Stage;
use crate::image::tree::{Content, Kind, Node, Owner, Tree, parts};

impl<'s> Stage<'s> {
    /// Does what a COPY or ADD says.
    pub(super) fn copy(
        &mut self,
        options: &[Flag<'_>],
        sources: &[From<'_>],
        destination: &UnescapedString<'_>,
        added_by: Option<Span>,
    ) -> Result<(), Problem> {
        let path = self.expanded(destination)?;
        let is_directory = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
        if sources.len() > 1 && !is_directory {
            let message = "several files are copied to what is no directory";
            return self.source.refuse(
                "invalid-word",
                &destination.span,
                message,
                "end the destination in `/`",
            );
        }
        let destination_parts = parts(self.below_directory(&path).as_bytes());
        let mut copy = Copy {
            destination: destination_parts,
            is_directory,
            owner: None,
            mode: None,
            is_linked: false,
            added_by,
        };
        let from = self.options(options, &mut copy)?;
        let given = self.given;
        let from = from.unwrap_or(&given.context);
        for source in sources {
            let copied = match source {
                From::Path(path) => self.path(path, from, &copy)?,
                From::HereDoc(text) => {
                    let value = if text.expand {
                        self.text(&text.value, &text.span, true)?
                    } else {
                        text.value.clone().into_owned()
                    };
                    self.here_document(&value, &mut copy)
                }
                // The crate may learn of other forms; there are none.
                _ => Ok(()),
            };
            if let Err(why) = copied {
                return self.source.refuse(
                    "copy-conflict",
                    &destination.span,
                    why,
                    "name another destination",
                );
            }
        }
        Ok(())
    }

    fn path(
        &mut self,
        path: &UnescapedString<'_>,
        from: &Tree,
        copy: &Copy,
    ) -> Result<Result<(), String>, Problem> {
        let text = self.expanded(path)?;
        if copy.added_by.is_some() && (text.contains("://") || text.starts_with("git@")) {
            let message = "`ADD` from elsewhere is not supported yet";
            return self.source.refuse("not-yet", &path.span, message, "keep the file in the context");
        }
        let found = find(from, &text)
            .or_else(|(why, hint): Refusal| self.source.refuse("unknown-file", &path.span, why, hint))?;
        // Several names of one file, copied together, would have to stay one.
        self.state.takes_engine |= found.iter().any(|found| from.takes_engine(found.place()));
        Ok(copy.carry_out(from, &found, &mut self.state.tree))
    }

    /// A file written in the Dockerfile itself; its name is the destination's.
    fn here_document(&mut self, text: &str, copy: &mut Copy) -> Result<(), String> {
        let place = self.state.tree.resolve(&copy.destination)?;
        if copy.is_directory || self.state.tree.is_directory(&place) {
            return Err("a here-document needs the name of a file as its destination".to_owned());
        }
        let mut tree = Tree::default();
        let name = vec![copy.destination.last().cloned().unwrap_or_default()];
        let node = Node::new(Kind::File(Content::here(text.as_bytes())), 0o644, Owner::default());
        tree.put(name.clone(), node)?;
        let found = find(&tree, &String::from_utf8_lossy(&name.concat())).map_err(|(why, _)| why)?;
        copy.carry_out(&tree, &found, &mut self.state.tree)
    }

    /// Reads the options of COPY and ADD; gives the stage that is copied from.
    fn options(&self, options: &[Flag<'_>], copy: &mut Copy) -> Result<Option<&'s Tree>, Problem> {
        let mut from = None;
        for flag in options {
            let name = flag.name.value.as_ref();
            let value = match &flag.value {
                // Builders look stages up before they know any variable.
                Some(value) if name == "from" => value.value.clone().into_owned(),
                Some(value) => self.expanded(value)?,
                None => String::new(),
            };
            let invalid = |hint: &str| {
                self.source.refuse(
                    "invalid-option",
                    &flag.span(),
                    format!("`--{name}` says nothing that is understood"),
                    hint,
                )
            };
            match name {
                "chown" => match owner(&value) {
                    Some(owner) => copy.owner = Some(owner),
                    None => {
                        return invalid(
                            "write numbers, `--chown=USER:GROUP`: names have no meaning without the image's own list of users",
                        );
                    }
                },
                "chmod" => match u32::from_str_radix(&value, 8) {
                    Ok(mode) if mode <= 0o777 => copy.mode = Some(mode),
                    Ok(mode) if mode <= 0o7777 => {
                        return invalid(
                            "builders do not agree on the bits above 777: set them in a step, `RUN chmod 4755 FILE`",
                        );
                    }
                    _ => return invalid("write three or four octal digits, for example `--chmod=755`"),
                },
                "link" if flag.value.is_none() || value == "true" => copy.is_linked = true,
                "link" if value == "false" => copy.is_linked = false,
                "from" if value.contains('$') => {
                    return invalid("it takes no variables: give the stage a name with `FROM ... AS NAME`");
                }
                "from" if copy.added_by.is_none() => match (self.earlier)(&value) {
                    Some(tree) => from = Some(tree),
                    None => {
                        let message = format!("there is no stage `{value}` before this one");
                        let hint =
                            "name a stage by `FROM ... AS NAME` or by its number, or an image by its name";
                        return self.source.refuse("unknown-stage", &flag.span(), message, hint);
                    }
                },
                _ => {
                    let message = format!("the option `--{name}` is not supported yet");
                    return self.source.refuse(
                        "not-yet",
                        &flag.span(),
                        message,
                        "options are --from, --chown, --chmod and --link",
                    );
                }
            }
        }
        Ok(from)
    }
}

/// `USER[:GROUP]` in numbers; the group is the user's number where it is not said.
fn owner(text: &str) -> Option<Owner> {
    let number = |text: &str| text.parse::<u32>().ok().map(u64::from);
    let (user, group) = text.split_once(':').unwrap_or((text, text));
    Some(Owner { user: number(user)?, group: number(group)? })
}
