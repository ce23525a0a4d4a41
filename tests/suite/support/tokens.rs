//! A registry without images that wants a token, and gives one for the right password.

use std::net::{SocketAddr, TcpStream};

use super::http::{Listener, Message};
use super::registry::ENCODED;

/// Gives tokens until it is dropped.
pub struct Tokens {
    listener: Listener,
}

impl Tokens {
    /// On a free port.
    pub fn start() -> Self {
        Self { listener: Listener::start(serve) }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.listener.host()
    }
}

fn serve(stream: &TcpStream, address: SocketAddr) -> std::io::Result<()> {
    let Some(request) = Message::read(stream)? else { return Ok(()) };
    let shown = request.header("authorization").unwrap_or_default();
    let is_for_token = request.head[0].starts_with("GET /token?")
        && request.head[0].contains("scope=repository%3Abase%3Apull");
    let (status, body) = match shown {
        _ if !is_for_token && shown == "Bearer let-me-in" => ("404 Answer", ""),
        _ if !is_for_token => ("401 Answer", ""),
        _ if shown == format!("Basic {ENCODED}") => ("200 Answer", r#"{"token":"let-me-in"}"#),
        _ => ("401 Answer", "wrong"),
    };
    let mut answer = Message::answer(status, "application/json", body.to_owned());
    if status.starts_with("401") && !is_for_token {
        let challenge = format!("Bearer realm=\"http://{address}/token\",service=\"tests\"");
        answer.replace("WWW-Authenticate", &challenge);
    }
    answer.write(stream)
}
