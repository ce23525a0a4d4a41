//! Keeps the state of the embedded cloud in one crash-safe file.
//!
//! A batch is written in one transaction: after a crash the file holds all of it or none of it.
#![allow(
    clippy::disallowed_methods,
    reason = "the store makes its own directory; its file is the database's"
)]

use std::io;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

use crate::local::inventory::{Orphan, OrphanKey};
use crate::local::silently;
use crate::local::stack::Stack;
use crate::model::StackEvent;
use crate::port::{PortError, PortErrorKind};

/// The number of this format. A file of another one is refused, never changed.
const FORMAT: u64 = 2;
/// Files of the format before are taken over: it knew nothing of orphans.
const WITHOUT_ORPHANS: u64 = 1;
const FILE: &str = "cloud.redb";

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const CLOCK: TableDefinition<'_, &str, &str> = TableDefinition::new("clock");
const STACKS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("stacks");
const ORPHANS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("orphans");
const EVENTS: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("events");

/// What is to be stored in one transaction.
#[derive(Debug)]
pub struct Batch {
    /// The virtual time.
    pub clock: Timestamp,
    /// Records that changed.
    pub stacks: Vec<StoredStack>,
    /// Orphans that changed; `None` for those that are gone.
    pub orphans: Vec<(OrphanKey, Option<Orphan>)>,
}

/// One stack's record and its events that are not stored yet.
#[derive(Debug)]
pub struct StoredStack {
    /// ARN.
    pub id: String,
    /// Number of the first event.
    pub first_event: usize,
    record: Vec<u8>,
    events: Vec<Vec<u8>>,
}

impl StoredStack {
    /// What is to be stored of a stack.
    pub fn of(stack: &Stack) -> Self {
        let first_event = stack.stored_events;
        let event = |event: &StackEvent| serde_json::to_vec(event).expect("an event has string keys");
        Self {
            id: stack.id.clone(),
            first_event,
            record: serde_json::to_vec(stack).expect("a stack has string keys and finite numbers"),
            events: stack.events[first_event..].iter().map(event).collect(),
        }
    }
}

/// The file that holds the state.
#[derive(Debug)]
pub struct Store {
    path: Utf8PathBuf,
    database: Database,
    /// Why a write failed first: afterwards the database only says that one did.
    first_failure: OnceLock<String>,
}

/// What a file holds.
#[derive(Debug)]
pub struct Loaded {
    /// The virtual time, once there was one.
    pub clock: Option<Timestamp>,
    /// Every stack.
    pub stacks: Vec<Stack>,
    /// Every orphan.
    pub orphans: Vec<Orphan>,
}

impl Store {
    /// Opens the file in `directory`, or makes both.
    ///
    /// # Errors
    /// `Busy` while another process has it open; `State` when it cannot be read, is damaged, or is
    /// of another format. It is never reset.
    pub fn open(directory: &Utf8Path) -> Result<(Self, Loaded), PortError> {
        let path = directory.join(FILE);
        // The integrity check answers damage with an error; this is the net below it.
        silently::catch_unwind(|| Self::open_file(directory, path.clone()))
            .unwrap_or_else(|| Err(damaged(&path)))
    }

    fn open_file(directory: &Utf8Path, path: Utf8PathBuf) -> Result<(Self, Loaded), PortError> {
        std::fs::create_dir_all(directory).map_err(|error| failed(&path, redb::Error::Io(error)))?;
        let there = path.try_exists().map_err(|error| failed(&path, redb::Error::Io(error)))?;
        if !there {
            make(&path)?;
        }
        let store = Self::at(&path)?;
        let loaded = store.load()?;
        Ok((store, loaded))
    }

    fn at(path: &Utf8Path) -> Result<Self, PortError> {
        // Without the check a damaged page is found when it is used, by a panic.
        let opened = Database::builder().set_check_integrity_on_open(true).open(path);
        let database = opened.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => busy(path),
            other => failed(path, other.into()),
        })?;
        Ok(Self { path: path.to_owned(), database, first_failure: OnceLock::new() })
    }

    fn load(&self) -> Result<Loaded, PortError> {
        let fail = |error: redb::Error| failed(&self.path, error);
        self.check_format()?;
        let transaction = self.database.begin_read().map_err(|error| fail(error.into()))?;
        let clock = transaction.open_table(CLOCK).map_err(|error| fail(error.into()))?;
        let clock = match clock.get("now").map_err(|error| fail(error.into()))? {
            Some(text) => Some(text.value().parse().map_err(|error| unreadable(&self.path, error))?),
            None => None,
        };
        let mut stacks = Vec::new();
        let table = transaction.open_table(STACKS).map_err(|error| fail(error.into()))?;
        for entry in table.iter().map_err(|error| fail(error.into()))? {
            let (_, record) = entry.map_err(|error| fail(error.into()))?;
            let stack: Stack =
                serde_json::from_slice(record.value()).map_err(|error| unreadable(&self.path, error))?;
            stacks.push(stack);
        }
        let events = transaction.open_table(EVENTS).map_err(|error| fail(error.into()))?;
        for stack in &mut stacks {
            let range = (stack.id.as_str(), 0)..=(stack.id.as_str(), u64::MAX);
            for entry in events.range(range).map_err(|error| fail(error.into()))? {
                let (_, event) = entry.map_err(|error| fail(error.into()))?;
                let event =
                    serde_json::from_slice(event.value()).map_err(|error| unreadable(&self.path, error))?;
                stack.events.push(event);
            }
            stack.stored_events = stack.events.len();
        }
        let mut orphans = Vec::new();
        let table = transaction.open_table(ORPHANS).map_err(|error| fail(error.into()))?;
        for entry in table.iter().map_err(|error| fail(error.into()))? {
            let (_, record) = entry.map_err(|error| fail(error.into()))?;
            orphans
                .push(serde_json::from_slice(record.value()).map_err(|error| unreadable(&self.path, error))?);
        }
        Ok(Loaded { clock, stacks, orphans })
    }

    /// Writes the format's number into a new file and compares it in an old one.
    fn check_format(&self) -> Result<(), PortError> {
        let fail = |error: redb::Error| failed(&self.path, error);
        let transaction = self.database.begin_write().map_err(|error| fail(error.into()))?;
        let found = {
            let mut meta = transaction.open_table(META).map_err(|error| fail(error.into()))?;
            let found = meta.get("format").map_err(|error| fail(error.into()))?.map(|number| number.value());
            if matches!(found, None | Some(WITHOUT_ORPHANS)) {
                meta.insert("format", FORMAT).map_err(|error| fail(error.into()))?;
                transaction.open_table(ORPHANS).map_err(|error| fail(error.into()))?;
                transaction.open_table(CLOCK).map_err(|error| fail(error.into()))?;
                transaction.open_table(STACKS).map_err(|error| fail(error.into()))?;
                transaction.open_table(EVENTS).map_err(|error| fail(error.into()))?;
            }
            found
        };
        match found {
            None | Some(WITHOUT_ORPHANS) => transaction.commit().map_err(|error| fail(error.into())),
            Some(FORMAT) => transaction.abort().map_err(|error| fail(error.into())),
            Some(number) => Err(other_format(&self.path, number)),
        }
    }

    /// Stores a batch: all of it or, if this fails, none of it.
    ///
    /// # Errors
    /// `State`, for example when the disk is full.
    pub fn commit(&self, batch: &Batch) -> Result<(), PortError> {
        self.write(batch).map_err(|error| {
            let message = self.first_failure.get_or_init(|| error.to_string());
            PortError::new(PortErrorKind::State, format!("write `{}`", self.path), message)
                .with_hint(ROOM)
                .with_source(error)
        })
    }

    fn write(&self, batch: &Batch) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            transaction.open_table(CLOCK)?.insert("now", batch.clock.to_string().as_str())?;
            let mut stacks = transaction.open_table(STACKS)?;
            let mut events = transaction.open_table(EVENTS)?;
            for stored in &batch.stacks {
                stacks.insert(stored.id.as_str(), stored.record.as_slice())?;
                for (number, event) in (stored.first_event as u64..).zip(&stored.events) {
                    events.insert((stored.id.as_str(), number), event.as_slice())?;
                }
            }
            let mut orphans = transaction.open_table(ORPHANS)?;
            for (key, orphan) in &batch.orphans {
                let key = key.text();
                match orphan {
                    Some(orphan) => {
                        let record = serde_json::to_vec(orphan).expect("an orphan has string keys");
                        orphans.insert(key.as_str(), record.as_slice())?;
                    }
                    None => drop(orphans.remove(key.as_str())?),
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Removes stacks for good.
    ///
    /// # Errors
    /// `State`.
    pub fn forget(&self, ids: &[String]) -> Result<(), PortError> {
        let remove = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            {
                let mut stacks = transaction.open_table(STACKS)?;
                let mut events = transaction.open_table(EVENTS)?;
                for id in ids {
                    stacks.remove(id.as_str())?;
                    events.retain_in((id.as_str(), 0)..=(id.as_str(), u64::MAX), |_, _| false)?;
                }
            }
            transaction.commit()?;
            Ok(())
        };
        remove().map_err(|error| failed(&self.path, error))
    }
}

/// Makes an empty state. It gets its name when it is whole, so that a file of that name that is empty
/// or cut off is always damage, whatever the moment a process died at.
fn make(path: &Utf8Path) -> Result<(), PortError> {
    let refused = |error: io::Error| failed(path, redb::Error::Io(error));
    let unfinished = path.with_extension(format!("{}.new", std::process::id()));
    let database = Database::create(&unfinished).map_err(|error| failed(path, error.into()))?;
    let new = Store { path: path.to_owned(), database, first_failure: OnceLock::new() };
    new.check_format()?;
    drop(new);
    // Unlike a rename, a link never replaces what another process made meanwhile.
    match std::fs::hard_link(&unfinished, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(refused(error)),
        _ => {}
    }
    std::fs::remove_file(&unfinished).map_err(refused)
}

fn opening(path: &Utf8Path) -> String {
    format!("open the embedded cloud's state `{path}`")
}

fn busy(path: &Utf8Path) -> PortError {
    let message = "another process has it open";
    PortError::new(PortErrorKind::Busy, opening(path), message)
        .with_hint("wait until the other command has ended; a process that died holds nothing")
}

fn damaged(path: &Utf8Path) -> PortError {
    PortError::new(PortErrorKind::State, opening(path), "the file is damaged").with_hint(keep(path))
}

/// What to do with a file that cannot be read.
fn keep(path: &Utf8Path) -> String {
    format!(
        "nothing was reset; restore the file from a copy, or move `{path}` away to begin with an empty cloud"
    )
}

/// What to do when the system refuses, as it does when the disk is full.
const ROOM: &str = "make room on the disk or correct the permissions, then run the command again";

/// A failure of the system is no damage: the file is as good as it was.
fn failed(path: &Utf8Path, error: redb::Error) -> PortError {
    let is_damage = match &error {
        redb::Error::Io(cause) => {
            matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
        }
        redb::Error::PreviousIo => false,
        _ => true,
    };
    if is_damage {
        return unreadable(path, error);
    }
    PortError::new(PortErrorKind::State, opening(path), error.to_string()).with_hint(ROOM).with_source(error)
}

fn unreadable(path: &Utf8Path, error: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::new(PortErrorKind::State, opening(path), error.to_string())
        .with_hint(keep(path))
        .with_source(error)
}

fn other_format(path: &Utf8Path, number: u64) -> PortError {
    let message = format!("it has format {number}, this version of rekindle reads format {FORMAT}");
    PortError::new(PortErrorKind::State, opening(path), message).with_hint(format!(
        "nothing was reset; use the version of rekindle that wrote it, or move `{path}` away to begin with an empty cloud"
    ))
}
