//! Tells how far a build is.

use std::cell::Cell;

use crate::cli::Session;
use crate::image::Progress;
use crate::model::InstanceName;
use crate::ui::text;

/// Tells of large images how far they are, every tenth part.
pub(super) struct Steps<'s> {
    session: &'s Session,
    instance: &'s InstanceName,
    /// Bytes of the whole image.
    all: u64,
    copied: Cell<u64>,
    told: Cell<u64>,
}

/// Bytes from which on an image is large: one takes about a second.
const LARGE: u64 = 256 << 20;

impl<'s> Steps<'s> {
    /// Nothing of `all` bytes is copied yet.
    pub(super) fn new(session: &'s Session, instance: &'s InstanceName, all: u64) -> Self {
        Self { session, instance, all, copied: Cell::new(0), told: Cell::new(0) }
    }
}

impl Progress for Steps<'_> {
    fn copied(&self, bytes: u64) {
        self.copied.set(self.copied.get() + bytes);
        if self.all < LARGE {
            return;
        }
        let tenth = self.copied.get() * 10 / self.all;
        if tenth > self.told.get() {
            self.told.set(tenth);
            let (copied, all) = (text::bytes(self.copied.get()), text::bytes(self.all));
            // A line that cannot be written is no reason to stop.
            let _ = self.session.console.progress(&format!("{}: {copied} of {all}\n", self.instance));
        }
    }
}
