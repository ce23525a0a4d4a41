//! An environment's records as files `ledger/ENV/NUMBER.json`, numbered from 1 and never changed.
//!
//! A record that cannot be read is an error: taking it for absent would forget what was done.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::disk::error::{Access, FileError};
use crate::disk::state::StateDirectory;
use crate::disk::write::write_new;
use crate::model::record::SCHEMA;
use crate::model::{EnvironmentName, InstanceName, LastRecord, Record};

/// The records of one environment.
#[derive(Clone, Debug)]
pub struct Ledger {
    directory: Utf8PathBuf,
}

/// Why a ledger could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A record is damaged.
    #[error("the record `{path}` is damaged")]
    Damaged {
        /// Its file.
        path: Utf8PathBuf,
        /// How.
        #[source]
        source: serde_json::Error,
    },
    /// A record is of a format this version does not know.
    #[error("the record `{path}` is of format {schema}, newer than {SCHEMA}")]
    Newer {
        /// Its file.
        path: Utf8PathBuf,
        /// Its format.
        schema: u32,
    },
    /// Something else lies among the records.
    #[error("`{path}` is no record: records are named `NUMBER.json`")]
    Stray {
        /// Its file.
        path: Utf8PathBuf,
    },
}

impl LedgerError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(error) => error.hint(),
            Self::Damaged { .. } => Some(
                "restore the file from a backup, or move it away to go on without what it says; \
                 the stacks themselves are not affected",
            ),
            Self::Newer { .. } => Some("it was written by a later rekindle; update this one"),
            Self::Stray { .. } => Some("move it away"),
        }
    }
}

impl Ledger {
    /// The ledger of `environment`. Nothing is made until something is recorded.
    pub fn of(state: &StateDirectory, environment: &EnvironmentName) -> Self {
        Self { directory: state.ledger(environment) }
    }

    /// Appends a record and returns its number.
    ///
    /// # Errors
    /// It cannot be written; no earlier record is touched.
    pub fn append(&self, record: &Record) -> Result<u64, LedgerError> {
        let text = serde_json::to_string_pretty(record).expect("a record has string keys and plain values");
        let mut number = self.numbers()?.last().map_or(1, |last| last + 1);
        // Another process may have taken the number since it was looked up.
        while !write_new(&self.path(number), format!("{text}\n").as_bytes())? {
            number += 1;
        }
        Ok(number)
    }

    /// Every record with its number, oldest first.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn records(&self) -> Result<Vec<(u64, Record)>, LedgerError> {
        self.numbers()?.into_iter().map(|number| Ok((number, read(&self.path(number))?))).collect()
    }

    /// What the latest record of each instance says; instances that were gone then are left out.
    ///
    /// # Errors
    /// One of the records cannot be read.
    pub fn latest(&self) -> Result<BTreeMap<InstanceName, LastRecord>, LedgerError> {
        let mut latest = BTreeMap::new();
        for (_, record) in self.records()? {
            latest.extend(record.instances);
        }
        Ok(latest.into_iter().filter_map(|(instance, last)| Some((instance, last?))).collect())
    }

    fn path(&self, number: u64) -> Utf8PathBuf {
        self.directory.join(format!("{number}.json"))
    }

    fn numbers(&self) -> Result<Vec<u64>, LedgerError> {
        let failed = || FileError::at(Access::Read, &self.directory);
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed()(error).into()),
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed())?.file_name().to_string_lossy().into_owned();
            // Left behind by a process that died while it wrote.
            if name.starts_with('.') {
                continue;
            }
            let number = name.strip_suffix(".json").and_then(|stem| stem.parse::<u32>().ok()).map(u64::from);
            let stray = || LedgerError::Stray { path: self.directory.join(&name) };
            numbers.push(number.ok_or_else(stray)?);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

#[derive(Deserialize)]
struct Format {
    schema: u32,
}

fn read(path: &Utf8Path) -> Result<Record, LedgerError> {
    let bytes = fs::read(path).map_err(FileError::at(Access::Read, path))?;
    let damaged = |source| LedgerError::Damaged { path: path.to_owned(), source };
    let Format { schema } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if schema > SCHEMA {
        return Err(LedgerError::Newer { path: path.to_owned(), schema });
    }
    serde_json::from_slice(&bytes).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let guard = tempfile::tempdir().unwrap();
        let state = StateDirectory::at(Utf8PathBuf::from_path_buf(guard.path().to_owned()).unwrap());
        (guard, Ledger::of(&state, &"demo".parse().unwrap()))
    }

    fn record(instances: &[(&str, Option<&str>)]) -> Record {
        let last = |id: &str| LastRecord { stack_id: id.to_owned(), changed: None };
        let instances = instances.iter().map(|(name, id)| (name.parse().unwrap(), id.map(last)));
        crate::model::record::fixture::record(BTreeMap::new(), instances.collect())
    }

    #[test]
    fn the_latest_record_of_each_instance_counts() {
        let (_guard, ledger) = ledger();
        assert!(ledger.latest().unwrap().is_empty());
        for (number, instances) in [
            (1, &[("network", Some("one")), ("data", Some("one")), ("web", Some("one"))][..]),
            (2, &[("data", Some("two"))]),
            (3, &[("web", None)]),
        ] {
            assert_eq!(ledger.append(&record(instances)).unwrap(), number);
        }
        let latest = ledger.latest().unwrap();
        let shown: Vec<_> =
            latest.iter().map(|(name, last)| (name.to_string(), last.stack_id.as_str())).collect();
        assert_eq!(shown, [("data".to_owned(), "two"), ("network".to_owned(), "one")]);
    }

    #[test]
    fn numbers_are_numbers_and_not_texts() {
        let (_guard, ledger) = ledger();
        for number in 1..=11 {
            assert_eq!(ledger.append(&record(&[])).unwrap(), number);
        }
        assert_eq!(ledger.records().unwrap().last().unwrap().0, 11);
    }

    #[test]
    fn a_record_that_cannot_be_read_is_an_error_that_names_it() {
        for (content, message) in [
            ("", "is damaged"),
            ("{\"schema\": 1}", "is damaged"),
            ("{\"schema\": 2}", "is of format 2, newer than 1"),
        ] {
            let (_guard, ledger) = ledger();
            ledger.append(&record(&[])).unwrap();
            fs::write(ledger.path(1), content).unwrap();
            let error = ledger.latest().unwrap_err();
            assert_eq!(error.to_string(), format!("the record `{}` {message}", ledger.path(1)));
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn a_stray_file_among_the_records_is_named() {
        let (_guard, ledger) = ledger();
        ledger.append(&record(&[])).unwrap();
        fs::write(ledger.directory.join("notes.txt"), "").unwrap();
        assert!(
            ledger
                .records()
                .unwrap_err()
                .to_string()
                .ends_with("notes.txt` is no record: records are named `NUMBER.json`")
        );
    }
}
