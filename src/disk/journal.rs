//! The journals of runs as files `journal/ENV/RUN.jsonl`: a line is a checksum, a space and JSON.
//!
//! A checksum covers the line and the checksum before it, so that no line can change, go or come
//! unnoticed. Only what a dying process leaves is forgiven: a last line without its end. Anything else
//! is an error: taking it for absent would forget what a run began.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk::error::{Access, FileError};
use crate::disk::run_journal::{RunJournal, check};
use crate::disk::state::StateDirectory;
use crate::disk::write::{make_directory, sync_directory};
use crate::model::journal::SCHEMA;
use crate::model::{EnvironmentName, InterruptedRun, JournalEntry, JournalHeader, ProjectName};

/// The journals of one environment.
#[derive(Clone, Debug)]
pub struct Journals {
    directory: Utf8PathBuf,
    project: ProjectName,
    environment: EnvironmentName,
}

/// Why the journals cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A journal is not as it was written.
    #[error("the journal `{path}` is damaged in line {line}: {what}")]
    Damaged {
        /// Its file.
        path: Utf8PathBuf,
        /// Counted from 1.
        line: usize,
        /// In which way.
        what: String,
    },
    /// A journal is of a format this version does not know.
    #[error("the journal `{path}` is of format {schema}, newer than {SCHEMA}")]
    Newer {
        /// Its file.
        path: Utf8PathBuf,
        /// Its format.
        schema: u32,
    },
    /// A journal is another environment's.
    #[error("the journal `{path}` belongs to `{environment}` of project `{project}`")]
    Foreign {
        /// Its file.
        path: Utf8PathBuf,
        /// Whose it is.
        project: ProjectName,
        /// Whose it is.
        environment: EnvironmentName,
    },
    /// Something else lies among the journals.
    #[error("`{path}` is no journal: journals are named `RUN.jsonl`")]
    Stray {
        /// Its file.
        path: Utf8PathBuf,
    },
}

impl JournalError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(error) => error.hint(),
            Self::Damaged { .. } => Some(
                "nothing was touched. Look with `rekindle status` at what that run left, then move the file \
                 away: the next command goes by the stacks, and only the ledger will lack what the file says",
            ),
            Self::Newer { .. } => Some("it was written by a later rekindle; let that one settle it"),
            Self::Foreign { .. } => Some("nothing was touched. Move the file to where it came from"),
            Self::Stray { .. } => Some("nothing was touched. Move it away"),
        }
    }
}

/// The journal of a run that ended without its record.
#[derive(Debug)]
pub struct LeftJournal {
    path: Utf8PathBuf,
    /// What it says; `None` when the run died before it had announced anything.
    pub run: Option<InterruptedRun>,
}

impl LeftJournal {
    /// Removes it: what it says is settled.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(self) -> Result<(), JournalError> {
        Ok(remove(&self.path)?)
    }
}

pub(super) fn remove(path: &Utf8Path) -> Result<(), FileError> {
    fs::remove_file(path)
        .and_then(|()| path.parent().map_or(Ok(()), sync_directory))
        .map_err(FileError::at(Access::Remove, path))
}

impl Journals {
    /// Those of `environment`. Nothing is made until a run begins.
    pub fn of(state: &StateDirectory, project: &ProjectName, environment: &EnvironmentName) -> Self {
        let directory = state.journal(environment);
        Self { directory, project: project.clone(), environment: environment.clone() }
    }

    /// Begins the journal of a run. When this returns, its header is on the disk.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(&self, header: JournalHeader) -> Result<RunJournal, JournalError> {
        make_directory(&self.directory)?;
        let path = self.directory.join(format!("{}.jsonl", header.run));
        let open = || OpenOptions::new().append(true).create_new(true).open(&path);
        let file = open().map_err(FileError::at(Access::Write, &path))?;
        let begun = RunJournal::begin(path.clone(), file, header).and_then(|journal| {
            sync_directory(&self.directory).map_err(FileError::at(Access::Write, &path))?;
            Ok(journal)
        });
        if begun.is_err() {
            // Best effort: what matters is the first failure, and a file without a header is settled.
            let _ = fs::remove_file(&path);
        }
        Ok(begun?)
    }

    /// Every journal that is there, oldest first.
    ///
    /// # Errors
    /// One of them cannot be read, is damaged, or is not ours.
    pub fn left(&self) -> Result<Vec<LeftJournal>, JournalError> {
        let failed = || FileError::at(Access::Read, &self.directory);
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed()(error).into()),
        };
        let mut left = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed())?.file_name().to_string_lossy().into_owned();
            let path = self.directory.join(&name);
            if !name.ends_with(".jsonl") {
                return Err(JournalError::Stray { path });
            }
            // A run that ends meanwhile takes its journal with it.
            if let Some(journal) = self.read(path)? {
                left.push(journal);
            }
        }
        left.sort_by_key(|journal| journal.run.as_ref().map(|run| run.header.started));
        Ok(left)
    }

    fn read(&self, path: Utf8PathBuf) -> Result<Option<LeftJournal>, JournalError> {
        let mut text = Vec::new();
        match File::open(&path).and_then(|mut file| file.read_to_end(&mut text)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FileError::at(Access::Read, &path)(error).into()),
        }
        let run = parse(&path, &text)?;
        if let Some(InterruptedRun { header, .. }) = &run {
            let JournalHeader { project, environment, .. } = header;
            if (project, environment) != (&self.project, &self.environment) {
                let (project, environment) = (project.clone(), environment.clone());
                return Err(JournalError::Foreign { path, project, environment });
            }
        }
        Ok(Some(LeftJournal { path, run }))
    }
}

/// Reads a journal's lines; `None` when not even the first one was written.
fn parse(path: &Utf8Path, text: &[u8]) -> Result<Option<InterruptedRun>, JournalError> {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    // What follows the last line's end: nothing, or what its writer did not get to finish.
    lines.pop();
    let mut entries = Vec::new();
    let mut before = String::new();
    for (index, line) in lines.into_iter().enumerate() {
        let damaged = |what: String| JournalError::Damaged { path: path.to_owned(), line: index + 1, what };
        let text = str::from_utf8(line).map_err(|error| damaged(error.to_string()))?;
        let (found, json) = text.split_once(' ').ok_or_else(|| damaged("it has no checksum".to_owned()))?;
        if found != check(&before, json) {
            return Err(damaged("its checksum does not fit".to_owned()));
        }
        found.clone_into(&mut before);
        if index == 0 {
            is_known(path, json)
                .map_err(|error| error.unwrap_or_else(|| damaged("it is no header".to_owned())))?;
        }
        entries.push(serde_json::from_str(json).map_err(|error| damaged(error.to_string()))?);
    }
    if entries.is_empty() {
        return Ok(None);
    }
    match entries.remove(0) {
        JournalEntry::Run(header) => Ok(Some(InterruptedRun { header, entries })),
        _ => {
            Err(JournalError::Damaged { path: path.to_owned(), line: 1, what: "it is no header".to_owned() })
        }
    }
}

/// Whether a first line is of a format that can be read.
fn is_known(path: &Utf8Path, json: &str) -> Result<(), Option<JournalError>> {
    #[derive(serde::Deserialize)]
    struct Format {
        schema: u32,
    }
    let Format { schema } = serde_json::from_str(json).map_err(|_| None)?;
    if schema > SCHEMA { Err(Some(JournalError::Newer { path: path.to_owned(), schema })) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::Effect;
    use crate::port::Journal as _;

    fn journals() -> (tempfile::TempDir, Journals) {
        let guard = tempfile::tempdir().unwrap();
        let state = StateDirectory::at(Utf8PathBuf::from_path_buf(guard.path().to_owned()).unwrap());
        (guard, Journals::of(&state, &"fieldbook".parse().unwrap(), &"demo".parse().unwrap()))
    }

    fn header() -> JournalHeader {
        JournalHeader {
            schema: SCHEMA,
            run: "1-2".to_owned(),
            project: "fieldbook".parse().unwrap(),
            environment: "demo".parse().unwrap(),
            operation: "deploy".to_owned(),
            release: None,
            deployment: None,
            started: Timestamp::UNIX_EPOCH,
            process: 2,
            places: Default::default(),
            restore_points: Default::default(),
        }
    }

    fn entry(number: usize) -> JournalEntry {
        JournalEntry::Before {
            time: Timestamp::UNIX_EPOCH,
            instance: format!("unit-{number}").parse().unwrap(),
            effect: Effect::CreateStack,
            stack: "fieldbook-demo-data".to_owned(),
            subject: "token".to_owned(),
        }
    }

    async fn written() -> (tempfile::TempDir, Journals, Utf8PathBuf) {
        let (guard, journals) = journals();
        let journal = journals.begin(header()).unwrap();
        for number in 0..3 {
            journal.announce(&entry(number)).await.unwrap();
        }
        let path = journals.directory.join("1-2.jsonl");
        (guard, journals, path)
    }

    #[tokio::test]
    async fn what_was_written_side_by_side_is_read_in_one_order_and_gone_when_it_is_closed() {
        let (_guard, journals) = journals();
        assert!(journals.left().unwrap().is_empty());
        let journal = journals.begin(header()).unwrap();
        let lines: Vec<JournalEntry> = (0..40).map(entry).collect();
        let announced = lines.iter().map(|line| async {
            journal.announce(line).await.unwrap();
            journal.note(line).await.unwrap();
        });
        futures_util::future::join_all(announced).await;
        let mut left = journals.left().unwrap();
        let run = left.pop().unwrap().run.unwrap();
        assert_eq!(run.header, header());
        assert_eq!(run.entries.len(), 80);
        assert!(lines.iter().all(|line| run.entries.iter().filter(|entry| *entry == line).count() == 2));
        journal.close().unwrap();
        assert!(journals.left().unwrap().is_empty());
    }

    #[tokio::test]
    async fn cut_off_anywhere_it_is_read_up_to_its_last_whole_line() {
        let (_guard, journals, path) = written().await;
        let whole = fs::read(&path).unwrap();
        for length in 0..=whole.len() {
            for tail in [&b""[..], &[0; 100]] {
                fs::write(&path, [&whole[..length], tail].concat()).unwrap();
                let lines = whole[..length].iter().filter(|byte| **byte == b'\n').count();
                let run = journals.left().unwrap().pop().unwrap().run;
                assert_eq!(run.map_or(0, |run| run.entries.len() + 1), lines);
            }
        }
    }

    #[tokio::test]
    async fn one_that_was_changed_in_any_byte_is_damaged_and_named() {
        let (_guard, journals, path) = written().await;
        let whole = fs::read(&path).unwrap();
        for position in 0..whole.len() - 1 {
            let mut changed = whole.clone();
            changed[position] ^= 1;
            fs::write(&path, &changed).unwrap();
            let error = journals.left().unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("the journal `{path}` is damaged in line")),
                "{error}"
            );
            assert!(error.hint().unwrap().contains("nothing was touched"));
        }
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        for missing in 0..lines.len() - 1 {
            let mut lines = lines.clone();
            lines.remove(missing);
            fs::write(&path, lines.concat()).unwrap();
            journals.left().unwrap_err();
        }
    }

    #[tokio::test]
    async fn foreign_newer_and_stray_ones_are_named() {
        let (_guard, journals, path) = written().await;
        let other = Journals { environment: "staging".parse().unwrap(), ..journals.clone() };
        let error = other.left().unwrap_err().to_string();
        assert_eq!(error, format!("the journal `{path}` belongs to `demo` of project `fieldbook`"));
        fs::remove_file(&path).unwrap();
        drop(journals.begin(JournalHeader { schema: SCHEMA + 1, ..header() }).unwrap());
        let error = journals.left().unwrap_err().to_string();
        assert_eq!(error, format!("the journal `{path}` is of format 2, newer than 1"));
        fs::rename(&path, path.with_file_name("notes.txt")).unwrap();
        assert!(journals.left().unwrap_err().to_string().contains("notes.txt` is no journal"));
    }
}
