//! Looks for bytes that must not be in what an engine built: secrets of its steps.

use std::io::Write as _;

use memchr::memmem::Finder;

use crate::image::canonical::CanonicalError;
use crate::image::canonical::archive::Unpacked;
use crate::image::canonical::entries::{Entries, Entry};
use crate::image::canonical::space::{Reader, Space};
use crate::model::FilePath;

/// Bytes from which on something is looked for: shorter ones are found by chance.
pub const SHORTEST: usize = 8;

/// Where `wanted` is in an image, in names, attributes, contents and settings; `None` where it is not, or is too
/// short. The first `base` layers are not looked at: they were there before.
///
/// # Errors
/// The image is damaged.
pub fn find(
    image: &Unpacked,
    base: usize,
    wanted: &[u8],
    space: &dyn Space,
) -> Result<Option<String>, CanonicalError> {
    if wanted.len() < SHORTEST {
        return Ok(None);
    }
    let finder = Finder::new(wanted);
    // In the settings a text is written as JSON writes it.
    let written = serde_json::Value::from(String::from_utf8_lossy(wanted)).to_string();
    let settings = image.configuration.to_string();
    if settings.contains(written.trim_matches('"')) {
        return Ok(Some("the settings of the image".to_owned()));
    }
    for (number, (_, archive)) in image.layers.iter().enumerate().skip(base) {
        let mut names = Reader::new(space);
        let what = format!("layer {}", number + 1);
        let mut contents = Reader::new(space);
        let mut entries = Entries::new(&mut names, *archive, &what);
        while let Some(entry) = entries.next()? {
            if is_in(&entry, &finder, &mut contents)? {
                return Ok(Some(format!("`/{}`", FilePath(entry.name))));
            }
        }
    }
    Ok(None)
}

fn is_in(entry: &Entry, finder: &Finder<'_>, reader: &mut Reader<'_>) -> Result<bool, CanonicalError> {
    let has = |bytes: &[u8]| finder.find(bytes).is_some();
    if has(&entry.name) || has(&entry.target) || entry.attributes.values().any(|value| has(value)) {
        return Ok(true);
    }
    // The end of the part before is looked at with each part: what is wanted may lie across.
    let (mut window, mut found) = (Vec::new(), false);
    reader.each(&entry.content, &mut |part| {
        window.write_all(part).map_err(CanonicalError::Write)?;
        found = found || has(&window);
        let kept = window.len().min(finder.needle().len() - 1);
        window.drain(..window.len() - kept);
        Ok(())
    })?;
    Ok(found)
}
