//! Writing the journal of one run: in order, and on the disk before an effect begins.
//!
//! Whoever has to wait for the disk waits together: the one whose turn it is writes everything that was
//! queued meanwhile, so that effects announced side by side cost one wait.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use camino::Utf8PathBuf;

use crate::disk::error::{Access, FileError};
use crate::disk::journal;
use crate::model::{Digest, JournalEntry, JournalHeader};
use crate::port::{Journal, PortError, PortErrorKind};

/// The open journal of a run.
#[derive(Debug)]
pub struct RunJournal {
    path: Utf8PathBuf,
    queue: Mutex<Queue>,
    /// Held by whoever writes.
    turn: tokio::sync::Mutex<Progress>,
    writer: Arc<Mutex<Writer>>,
}

/// Lines that are not in the file yet.
#[derive(Debug, Default)]
struct Queue {
    /// Each with its number.
    lines: Vec<(u64, String)>,
    /// The number of the last one that was queued.
    last: u64,
}

/// Up to which number lines are in the file, and up to which they outlast a power cut.
#[derive(Debug, Default)]
struct Progress {
    written: u64,
    synced: u64,
}

/// The end of the file.
#[derive(Debug)]
struct Writer {
    file: File,
    length: u64,
    /// Checksum of the last line.
    check: String,
    /// Why nothing more can be written: half a line could not be cut off.
    broken: Option<(io::ErrorKind, String)>,
}

/// A line's checksum, which covers the one before.
pub(super) fn check(before: &str, json: &str) -> String {
    Digest::of(format!("{before}\n{json}")).short(16)
}

impl RunJournal {
    /// Writes the header.
    pub(super) fn begin(path: Utf8PathBuf, file: File, header: JournalHeader) -> Result<Self, FileError> {
        let mut writer = Writer { file, length: 0, check: String::new(), broken: None };
        let header = json(&JournalEntry::Run(header));
        writer.append([&*header], true).map_err(FileError::at(Access::Write, &path))?;
        let (queue, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        Ok(Self { path, queue, turn, writer: Arc::new(Mutex::new(writer)) })
    }

    /// Removes the file: the run's record is in the ledger.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn close(&self) -> Result<(), FileError> {
        journal::remove(&self.path)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("no one panics while holding the queue")
    }

    async fn write(&self, entry: &JournalEntry, is_synced: bool) -> Result<(), PortError> {
        let number = self.enqueue(entry);
        let mut progress = self.turn.lock().await;
        let reached = if is_synced { progress.synced } else { progress.written };
        if reached >= number {
            return Ok(());
        }
        let (lines, last) = {
            let mut queue = self.queue();
            (std::mem::take(&mut queue.lines), queue.last)
        };
        let writer = Arc::clone(&self.writer);
        let written = tokio::task::spawn_blocking(move || {
            let mut writer = writer.lock().expect("no one panics while holding the file");
            (writer.append(lines.iter().map(|(_, line)| &**line), is_synced), lines)
        });
        match written.await {
            Ok((Ok(()), _)) => {
                progress.written = last;
                if is_synced {
                    progress.synced = last;
                }
                Ok(())
            }
            Ok((Err(error), mut lines)) => {
                // The others' lines are theirs to try again.
                lines.retain(|(other, _)| *other != number);
                self.queue().lines.splice(..0, lines);
                Err(self.failed(error))
            }
            Err(error) => Err(self.failed(io::Error::other(error))),
        }
    }

    fn enqueue(&self, entry: &JournalEntry) -> u64 {
        let mut queue = self.queue();
        queue.last += 1;
        let number = queue.last;
        queue.lines.push((number, json(entry)));
        number
    }

    fn failed(&self, error: io::Error) -> PortError {
        let reason = error.to_string();
        let error = FileError::at(Access::Write, &self.path)(error);
        let hint = error.hint().unwrap_or("correct the cause, then run the same command again");
        let operation = format!("write the journal `{}`", self.path);
        PortError::new(PortErrorKind::Unjournalled, operation, format!("{reason}; nothing was begun here"))
            .with_hint(hint)
    }
}

#[async_trait]
impl Journal for RunJournal {
    async fn announce(&self, entry: &JournalEntry) -> Result<(), PortError> {
        self.write(entry, true).await
    }

    async fn note(&self, entry: &JournalEntry) -> Result<(), PortError> {
        self.write(entry, false).await
    }
}

impl Writer {
    /// Appends all lines or none: a disk that is full takes half a line, which is cut off again.
    fn append<'l>(&mut self, lines: impl IntoIterator<Item = &'l str>, is_synced: bool) -> io::Result<()> {
        if let Some((kind, reason)) = &self.broken {
            return Err(io::Error::new(*kind, reason.clone()));
        }
        let (mut text, mut last) = (String::new(), self.check.clone());
        for line in lines {
            last = check(&last, line);
            text.push_str(&format!("{last} {line}\n"));
        }
        let written = self.file.write_all(text.as_bytes());
        let written = written.and_then(|()| if is_synced { self.file.sync_data() } else { Ok(()) });
        if let Err(error) = written {
            if let Err(stays) = self.file.set_len(self.length) {
                let reason = format!("{error}; half a line could not be taken back: {stays}");
                self.broken = Some((error.kind(), reason));
            }
            return Err(error);
        }
        self.length += text.len() as u64;
        self.check = last;
        Ok(())
    }
}

fn json(entry: &JournalEntry) -> String {
    serde_json::to_string(entry).expect("an entry has string keys and plain values")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InstanceName;

    fn entry(instance: &str) -> JournalEntry {
        JournalEntry::Finished {
            time: jiff::Timestamp::UNIX_EPOCH,
            instance: instance.parse::<InstanceName>().unwrap(),
            last: None,
        }
    }

    fn full() -> RunJournal {
        let file = std::fs::OpenOptions::new().append(true).open("/dev/full").unwrap();
        let writer = Writer { file, length: 0, check: String::new(), broken: None };
        RunJournal {
            path: "journal/demo/1-2.jsonl".into(),
            queue: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            writer: Arc::new(Mutex::new(writer)),
        }
    }

    #[tokio::test]
    async fn on_a_full_disk_nothing_is_announced_and_everybody_is_told() {
        let journal = full();
        let (one, other) = (entry("one"), entry("other"));
        for failed in futures_util::future::join_all([journal.announce(&one), journal.announce(&other)]).await
        {
            let error = failed.unwrap_err();
            assert_eq!(error.kind, PortErrorKind::Unjournalled);
            let text = error.to_string();
            assert!(text.starts_with("write the journal `journal/demo/1-2.jsonl`: No space left"), "{text}");
            assert!(error.hint.unwrap().contains("the disk is full"));
        }
    }

    #[tokio::test]
    async fn a_line_that_did_not_fit_leaves_no_trace() {
        let guard = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(guard.path().join("1-2.jsonl")).unwrap();
        let open = || std::fs::OpenOptions::new().append(true).create(true).open(&path).unwrap();
        let mut writer = Writer { file: open(), length: 0, check: String::new(), broken: None };
        writer.append(["first"], true).unwrap();
        // What a disk that fills up leaves behind.
        open().write_all(b"half a li").unwrap();
        writer.file = std::fs::File::open(&path).unwrap();
        writer.append(["second"], true).unwrap_err();
        assert!(writer.broken.is_some(), "a file that cannot be cut is written no more");
        writer.file = open();
        writer.append(["second"], true).unwrap_err();
        writer.broken = None;
        writer.file.set_len(writer.length).unwrap();
        writer.append(["second"], true).unwrap();
        let first = check("", "first");
        let second = check(&first, "second");
        let expected = format!("{first} first\n{second} second\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }
}
