//! A run for programs: one JSON object per line, opened by a version, closed by a summary.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::{Event, EventSink};
use crate::ui::SCHEMA;
use crate::ui::outcome_view::Summary;
use crate::ui::run::RunView;
use crate::ui::run::writer::SilentWriter;

/// NDJSON. Lines go to the writer as events happen.
pub struct JsonView {
    writer: SilentWriter,
}

impl JsonView {
    /// Opens the stream with its version line.
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        let view = Self { writer: SilentWriter::new(writer) };
        view.line(&json!({"event": "version", "schema": SCHEMA, "rekindle": env!("CARGO_PKG_VERSION")}));
        view
    }

    fn line(&self, value: &Value) {
        self.writer.line(&value.to_string());
    }
}

impl EventSink for JsonView {
    fn send(&self, event: Event) {
        let value = serde_json::to_value(&event).expect("events have string keys and plain values");
        self.line(&value);
    }
}

impl RunView for JsonView {
    fn interval(&self) -> Option<Duration> {
        None
    }

    fn heartbeat(&self) {}

    fn finish(&self, summary: &Summary) -> io::Result<()> {
        self.line(&summary.document());
        self.writer.finish().map_err(|error| {
            io::Error::new(error.kind(), format!("could not write to standard output: {error}"))
        })
    }
}
