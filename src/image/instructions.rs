//! What each instruction of a Dockerfile does to a stage.

use parse_dockerfile::{
    Command, HealthcheckArguments, HealthcheckInstruction, Instruction, JsonOrStringArray, UnescapedString,
};
use serde_json::{Value, json};

use crate::image::configuration::Configuration;
use crate::image::dockerfile::{Problem, Source, Span, keyword};
use crate::image::environment::{Environment, of_platform};
use crate::image::recipe::Given;
use crate::image::tree::{Owner, Tree, parts};
use crate::image::words::{self, Expansion, joined, pairs};

/// A stage so far.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) tree: Tree,
    pub(super) configuration: Configuration,
    pub(super) environment: Environment,
    /// Whether only an engine can carry out what was said.
    pub(super) takes_engine: bool,
}

/// The work on one stage.
pub(super) struct Stage<'s> {
    pub(super) source: &'s Source<'s>,
    pub(super) escape: char,
    pub(super) given: &'s Given<'s>,
    /// The trees of the stages before.
    pub(super) earlier: &'s dyn Fn(&str) -> Option<&'s Tree>,
    pub(super) state: State,
}

impl<'s> Stage<'s> {
    /// Does what an instruction says.
    pub(super) fn run(&mut self, instruction: &Instruction<'_>) -> Result<(), Problem> {
        let (name, span) = keyword(instruction);
        match instruction {
            Instruction::From(_) => Ok(()),
            Instruction::Arg(found) => self.argument(&found.arguments),
            Instruction::Env(found) => {
                for (name, value) in self.pairs(&found.arguments)? {
                    self.state.environment.keep(name, value);
                }
                Ok(())
            }
            Instruction::Label(found) => {
                let labels = self.pairs(&found.arguments)?;
                self.state.configuration.labels.extend(labels);
                Ok(())
            }
            Instruction::Copy(found) => self.copy(&found.options, &found.src, &found.dest, None),
            Instruction::Add(found) => self.copy(&found.options, &found.src, &found.dest, Some(span)),
            Instruction::Workdir(found) => self.directory(&found.arguments),
            // An engine carries out every stage that is needed when one of them has this.
            Instruction::Run(_) => Ok(()),
            Instruction::Onbuild(_) => self.source.refuse(
                "not-yet",
                &span,
                "`ONBUILD` acts in images built from this one",
                "write the instruction into their Dockerfiles, where one can see it",
            ),
            Instruction::Maintainer(_) => self.source.refuse(
                "not-yet",
                &span,
                "`MAINTAINER` is out of use",
                "write `LABEL org.opencontainers.image.authors=...`",
            ),
            other => self.configure(other, name, &span),
        }
    }

    /// The instructions that only change the configuration.
    fn configure(&mut self, instruction: &Instruction<'_>, name: &str, span: &Span) -> Result<(), Problem> {
        match instruction {
            Instruction::Cmd(found) => {
                self.state.configuration.command = Some(self.command(&found.arguments));
                self.state.configuration.has_own_command = true;
            }
            Instruction::Entrypoint(found) => {
                let entrypoint = self.command(&found.arguments);
                let configuration = &mut self.state.configuration;
                configuration.entrypoint = Some(entrypoint);
                if !configuration.has_own_command {
                    configuration.command = None;
                }
            }
            Instruction::User(found) => {
                let user = self.expanded(&found.arguments)?;
                self.state.configuration.user = Some(user);
            }
            Instruction::Expose(found) => {
                for port in &found.arguments {
                    let ports = self.ports(port)?;
                    self.state.configuration.ports.extend(ports);
                }
            }
            Instruction::Volume(found) => {
                let (JsonOrStringArray::String(paths)
                | JsonOrStringArray::Json(parse_dockerfile::Spanned { value: paths, .. })) = &found.arguments;
                for path in paths {
                    let path = self.expanded(path)?;
                    self.state.configuration.volumes.insert(path);
                }
            }
            Instruction::Stopsignal(found) => {
                self.state.configuration.stop_signal = Some(self.expanded(&found.arguments)?);
            }
            Instruction::Shell(found) => {
                let words = found.arguments.iter().map(|word| word.value.clone().into_owned());
                self.state.configuration.shell = Some(words.collect());
            }
            Instruction::Healthcheck(found) => {
                self.state.configuration.health = Some(self.health(found)?);
            }
            _ => {
                return self.source.refuse(
                    "not-yet",
                    span,
                    format!("`{name}` is not supported yet"),
                    "take it out",
                );
            }
        }
        Ok(())
    }

    /// A word with its variables replaced.
    pub(super) fn expanded(&self, word: &UnescapedString<'_>) -> Result<String, Problem> {
        self.text(&word.value, &word.span, false)
    }

    pub(super) fn text(&self, text: &str, span: &Span, keeps_quotes: bool) -> Result<String, Problem> {
        let variable = |name: &str| self.state.environment.get(name);
        let expansion = Expansion { variable: &variable, escape: self.escape, keeps_quotes };
        expansion.expand(text).or_else(|why| {
            self.source.refuse("invalid-word", span, why, "quotes come in pairs; `\\$` is a dollar sign")
        })
    }

    /// `NAME=VALUE ...`
    fn pairs(&self, arguments: &UnescapedString<'_>) -> Result<Vec<(String, String)>, Problem> {
        let found = pairs(&arguments.value, self.escape).or_else(|why| {
            self.source.refuse(
                "invalid-word",
                &arguments.span,
                why,
                "write NAME=VALUE, and quote white space",
            )
        })?;
        let expand = |text: &str| self.text(text, &arguments.span, false);
        found.into_iter().map(|(name, value)| Ok((expand(name)?, expand(value)?))).collect()
    }

    /// `ARG`
    pub(super) fn argument(&mut self, arguments: &UnescapedString<'_>) -> Result<(), Problem> {
        for (name, default) in words::arguments(&arguments.value, self.escape) {
            let default = default.map(|value| self.text(value, &arguments.span, false)).transpose()?;
            let of_builder = name.strip_prefix("BUILD").map(|rest| format!("TARGET{rest}"));
            if of_builder.is_some_and(|name| of_platform(self.given.platform, &name).is_some()) {
                let message = format!("`{name}` is about the machine that builds");
                let hint = "an image must not differ from machine to machine; write `TARGET...`, or a name of your own";
                return self.source.refuse("invalid-word", &arguments.span, message, hint);
            }
            let value = self.given.arguments.get(name).cloned();
            let value = value.or_else(|| of_platform(self.given.platform, name));
            let value = value.or(default).or_else(|| self.given.globals.get(name).cloned());
            self.state.environment.argue(name.to_owned(), value);
        }
        Ok(())
    }

    fn command(&self, command: &Command<'_>) -> Vec<String> {
        match command {
            Command::Exec(words) => words.value.iter().map(|word| word.value.clone().into_owned()).collect(),
            Command::Shell(text) => {
                let shell = self.state.configuration.shell.clone();
                let mut words = shell.unwrap_or_else(|| ["/bin/sh", "-c"].map(str::to_owned).to_vec());
                words.push(joined(text.value, self.escape));
                words
            }
            // The crate may learn of other forms; there are none.
            _ => Vec::new(),
        }
    }

    /// `80`, `80/udp`, `8000-8010/tcp`
    fn ports(&self, word: &UnescapedString<'_>) -> Result<Vec<String>, Problem> {
        let mut ports = Vec::new();
        for text in self.expanded(word)?.split_whitespace() {
            let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let protocol = protocol.to_ascii_lowercase();
            match (first.parse::<u16>(), last.parse::<u16>()) {
                (Ok(first), Ok(last))
                    if first <= last && ["tcp", "udp", "sctp"].contains(&protocol.as_str()) =>
                {
                    ports.extend((first..=last).map(|port| format!("{port}/{protocol}")));
                }
                _ => {
                    let message = format!("`{text}` is no port");
                    return self.source.refuse(
                        "invalid-word",
                        &word.span,
                        message,
                        "write PORT, PORT/udp or FIRST-LAST",
                    );
                }
            }
        }
        Ok(ports)
    }

    fn directory(&mut self, path: &UnescapedString<'_>) -> Result<(), Problem> {
        let path_text = self.expanded(path)?;
        let directory = self.below_directory(&path_text);
        let refuse = |why| self.source.refuse("copy-conflict", &path.span, why, "name another directory");
        let place = self.state.tree.resolve(&parts(directory.as_bytes())).or_else(refuse)?;
        if let Err(why) = self.state.tree.make_directories(&place, Owner::default()) {
            return self.source.refuse("copy-conflict", &path.span, why, "name another directory");
        }
        self.state.configuration.directory = directory;
        Ok(())
    }

    /// A path of the image; a relative one starts in the working directory.
    pub(super) fn below_directory(&self, path: &str) -> String {
        let base = if path.starts_with('/') { "" } else { self.state.configuration.directory.as_str() };
        let parts = parts(format!("{base}/{path}").as_bytes());
        format!("/{}", String::from_utf8_lossy(&parts.join(&b'/')))
    }

    fn health(&self, check: &HealthcheckInstruction<'_>) -> Result<Value, Problem> {
        let HealthcheckArguments::Cmd { arguments, .. } = &check.arguments else {
            return Ok(json!({"Test": ["NONE"]}));
        };
        let test = match arguments {
            Command::Shell(text) => vec!["CMD-SHELL".to_owned(), joined(text.value, self.escape)],
            words => [vec!["CMD".to_owned()], self.command(words)].concat(),
        };
        let mut health = json!({ "Test": test });
        for flag in &check.options {
            let value = flag.value.as_ref().map(|value| value.value.as_ref()).unwrap_or_default();
            let (key, number) = match flag.name.value.as_ref() {
                "interval" => ("Interval", nanoseconds(value)),
                "timeout" => ("Timeout", nanoseconds(value)),
                "start-period" => ("StartPeriod", nanoseconds(value)),
                "start-interval" => ("StartInterval", nanoseconds(value)),
                "retries" => ("Retries", value.parse().ok()),
                _ => ("", None),
            };
            let Some(number) = number else {
                let hint = "options are --interval, --timeout, --start-period and --start-interval, for example `30s`, and --retries";
                return self.source.refuse(
                    "invalid-option",
                    &flag.span(),
                    "this is no option of HEALTHCHECK",
                    hint,
                );
            };
            health[key] = json!(number);
        }
        Ok(health)
    }
}

/// A duration as Go writes it, `1m30s`, in whole nanoseconds.
fn nanoseconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let units = [
            ("ns", 1),
            ("us", 1_000),
            ("ms", 1_000_000),
            ("s", 1_000_000_000),
            ("m", 60_000_000_000),
            ("h", 3_600_000_000_000),
        ];
        let (unit, factor) = units.into_iter().find(|(unit, _)| rest[digits..].starts_with(unit))?;
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = &rest[digits + unit.len()..];
    }
    (!text.is_empty()).then_some(total)
}
