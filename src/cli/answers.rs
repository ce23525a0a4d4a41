//! What the project keeps on file for the embedded engine: `rehearsal/`, which is no part of the
//! release.

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk;
use crate::local::{Answers, ReplyError};
use crate::model::{Diagnostic, Place, ProjectFiles};
use crate::template;

const OBJECTS: &str = "rehearsal/objects/";
const REPLIES: &str = "rehearsal/answers/";

/// A file that is no reply.
#[derive(Debug, thiserror::Error)]
#[error("`{file}` cannot be used")]
struct NoReply {
    file: String,
    #[source]
    source: ReplyError,
}

impl Session {
    /// What is on file; nothing where there is no project.
    pub(super) fn answers(&self) -> Result<Answers, Failure> {
        match self.root() {
            Ok(root) => read(&disk::read_rehearsal(&root)?),
            Err(_) => Ok(Answers::default()),
        }
    }
}

fn read(files: &ProjectFiles) -> Result<Answers, Failure> {
    let mut answers = Answers::default();
    for (path, bytes) in &files.0 {
        if let Some(object) = path.strip_prefix(OBJECTS) {
            // CloudFormation reads both; the engine is given JSON.
            let template = template::read(path, bytes)?;
            answers.put_object(object, template.value.to_string());
        } else if let Some(resource) = path.strip_prefix(REPLIES).and_then(|name| name.strip_suffix(".json"))
        {
            let text = String::from_utf8_lossy(bytes);
            answers.put_reply(resource, &text).map_err(|source| {
                Failure::new(ExitCode::Error, NoReply { file: path.clone(), source })
                    .hint("docs/local-engine.md, part G, says what a reply may hold")
            })?;
        } else {
            let problem = "the file is neither an object nor an answer";
            return Err(Diagnostic::error("unknown-file", problem)
                .at(Place::file(path))
                .hint("objects are `rehearsal/objects/BUCKET/KEY`, answers `rehearsal/answers/UNIT.RESOURCE.json`")
                .into());
        }
    }
    Ok(answers)
}
