//! An HTTP server that gives every request the same answer: what stands between us and AWS when
//! something is wrong.

use super::http::{Listener, Message};

/// Answers until it is dropped.
pub struct Server {
    listener: Listener,
}

impl Server {
    /// Answers everything with this status, type and body.
    pub fn answering(status: u16, content_type: &str, body: String) -> Self {
        let answer = Message::answer(&format!("{status} Answer"), content_type, body);
        let listener = Listener::start(move |stream, _| match Message::read(stream)? {
            Some(_) => answer.write(stream),
            None => Ok(()),
        });
        Self { listener }
    }

    /// Where it listens, for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.listener.host())
    }
}
