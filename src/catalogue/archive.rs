//! The file of the catalogue: an index, and a compressed block of JSON for each service.
//!
//! Written by `scripts/catalogue/generate.py`. Any bytes may be offered: what is not a whole
//! catalogue of this format is an error, never a panic.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::sync::OnceLock;

use flate2::Crc;
use flate2::read::ZlibDecoder;
use serde::Deserialize;
use thiserror::Error;

use super::constraint::Constraint;

const MAGIC: &[u8] = b"rekindle-types\n";
const FORMAT: u32 = 1;
/// Far above what the largest part of a real catalogue has (750 kB), so that no file makes us
/// unpack without end.
const MAXIMUM_UNPACKED: usize = 16 << 20;

/// Why bytes are not a catalogue.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ArchiveError {
    /// It begins differently.
    #[error("this is not a catalogue of resource types")]
    Foreign,
    /// Written for another version of rekindle.
    #[error("the catalogue has format {found}, this version reads format {FORMAT}")]
    OtherFormat {
        /// The format it says it has.
        found: u32,
    },
    /// Its check sum, or something in it, is wrong.
    #[error("the catalogue is damaged: {what}")]
    Damaged {
        /// Which part.
        what: &'static str,
    },
}

const fn damaged(what: &'static str) -> ArchiveError {
    ArchiveError::Damaged { what }
}

/// Where everything is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Index {
    pub(super) schema_date: String,
    pub(super) source: String,
    region_sets: Vec<Vec<String>>,
    blocks: Vec<Block>,
    types: BTreeMap<String, Entry>,
    pub(super) constraints: Vec<Constraint>,
    /// Types whose resources hold what cannot be made again, according to cfn-lint.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test compares `stateful.csv` with it"))]
    pub(super) stateful: Vec<String>,
}

/// Offset and length in the body, and the length when unpacked; in bytes.
#[derive(Debug, Deserialize)]
struct Block(usize, usize, usize);

/// Number of the block, offset and length in it when unpacked, number of the set of regions.
#[derive(Debug, Deserialize)]
struct Entry(usize, usize, usize, usize);

/// Number of the block, offset and length in it when unpacked.
#[derive(Debug, Deserialize)]
pub(super) struct Span(usize, usize, usize);

/// An opened catalogue.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    pub(super) index: Index,
    body: &'a [u8],
    unpacked: Vec<OnceLock<Result<String, ArchiveError>>>,
}

impl<'a> Archive<'a> {
    /// Checks the bytes and reads the index.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ArchiveError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ArchiveError::Foreign)?;
        let (format, rest) = number(rest)?;
        if format != FORMAT {
            return Err(ArchiveError::OtherFormat { found: format });
        }
        let (length, rest) = number(rest)?;
        let (sum, rest) = number(rest)?;
        if check_sum(rest) != sum {
            return Err(damaged("its check sum is wrong"));
        }
        let split = usize::try_from(length).ok().filter(|length| *length <= rest.len());
        let (packed, body) = rest.split_at(split.ok_or(damaged("the index is cut off"))?);
        let index: Index = serde_json::from_str(&unpack(packed, MAXIMUM_UNPACKED)?)
            .map_err(|_| damaged("the index cannot be read"))?;
        let unpacked = index.blocks.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { index, body, unpacked })
    }

    /// The names of all types, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.index.types.keys().map(String::as_str)
    }

    /// The regions that have a type.
    pub(super) fn regions(&self, name: &str) -> Option<&[String]> {
        let Entry(.., set) = self.index.types.get(name)?;
        self.index.region_sets.get(*set).map(Vec::as_slice)
    }

    /// Whether any type is known of a region.
    pub(super) fn has_region(&self, region: &str) -> bool {
        self.index.region_sets.iter().flatten().any(|known| known == region)
    }

    /// The JSON of a type.
    pub(super) fn text(&self, name: &str) -> Result<&str, ArchiveError> {
        let &Entry(block, offset, length, _) =
            self.index.types.get(name).ok_or(damaged("a type is not in its index"))?;
        self.at(&Span(block, offset, length))
    }

    /// A piece of a block.
    pub(super) fn at(&self, &Span(block, offset, length): &Span) -> Result<&str, ArchiveError> {
        let slot = self.unpacked.get(block).ok_or(damaged("a block is missing"))?;
        let text = slot.get_or_init(|| self.block(block)).as_ref().map_err(Clone::clone)?;
        range(offset, length).and_then(|range| text.get(range)).ok_or(damaged("a piece is cut off"))
    }

    fn block(&self, number: usize) -> Result<String, ArchiveError> {
        let &Block(offset, packed, unpacked) =
            self.index.blocks.get(number).ok_or(damaged("a block is missing"))?;
        let bytes = range(offset, packed).and_then(|range| self.body.get(range));
        let text = unpack(bytes.ok_or(damaged("a block is cut off"))?, unpacked.min(MAXIMUM_UNPACKED))?;
        if text.len() == unpacked { Ok(text) } else { Err(damaged("a block has another length")) }
    }
}

fn range(offset: usize, length: usize) -> Option<Range<usize>> {
    Some(offset..offset.checked_add(length)?)
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8]), ArchiveError> {
    let (number, rest) = bytes.split_first_chunk().ok_or(damaged("its head is cut off"))?;
    Ok((u32::from_le_bytes(*number), rest))
}

fn check_sum(bytes: &[u8]) -> u32 {
    let mut sum = Crc::new();
    sum.update(bytes);
    sum.sum()
}

/// At most `maximum` bytes of text.
fn unpack(packed: &[u8], maximum: usize) -> Result<String, ArchiveError> {
    let mut text = String::new();
    let mut reader = ZlibDecoder::new(packed).take(maximum as u64 + 1);
    reader.read_to_string(&mut text).map_err(|_| damaged("a part cannot be unpacked"))?;
    if text.len() > maximum { Err(damaged("a part is larger than it says")) } else { Ok(text) }
}
