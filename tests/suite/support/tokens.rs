//! Registries that want a token, and give one for the right password: one without images, and one whose tokens
//! end soon.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

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

/// Hands requests on to a registry for a token, which is good for a few of them only. What it says of a token
/// it says of all that a client may do.
pub struct ShortTokens {
    listener: Listener,
    /// What is left of each token that was given.
    given: Arc<Mutex<Vec<usize>>>,
}

impl ShortTokens {
    /// Before the registry at `behind`; each token is good for `uses` requests.
    pub fn before(behind: &str, uses: usize) -> Self {
        let given = Arc::new(Mutex::new(Vec::new()));
        let (own, behind) = (Arc::clone(&given), behind.to_owned());
        let listener = Listener::start(move |stream, address| hand_on(stream, address, &behind, uses, &own));
        Self { listener, given }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.listener.host()
    }

    /// How many tokens were given.
    pub fn given(&self) -> usize {
        self.given.lock().unwrap().len()
    }
}

fn hand_on(
    stream: &TcpStream,
    address: SocketAddr,
    behind: &str,
    uses: usize,
    given: &Mutex<Vec<usize>>,
) -> std::io::Result<()> {
    let Some(request) = Message::read(stream)? else { return Ok(()) };
    let shown = request.header("authorization").unwrap_or_default().to_owned();
    if request.head[0].starts_with("GET /token?") {
        if shown != format!("Basic {ENCODED}") {
            return Message::answer("401 Answer", "text/plain", String::new()).write(stream);
        }
        let mut given = given.lock().unwrap();
        let token = format!("{{\"token\":\"token-{}\"}}", given.len());
        given.push(uses);
        return Message::answer("200 Answer", "application/json", token).write(stream);
    }
    let is_good = {
        let mut given = given.lock().unwrap();
        let number = shown.strip_prefix("Bearer token-").and_then(|number| number.parse::<usize>().ok());
        let left = number.and_then(|number| given.get_mut(number)).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_some()
    };
    if !is_good {
        let mut answer = Message::answer("401 Answer", "text/plain", String::new());
        let challenge = format!("Bearer realm=\"http://{address}/token\",service=\"tests\"");
        answer.replace("WWW-Authenticate", &challenge);
        return answer.write(stream);
    }
    let mut answer = request.forward(behind)?;
    answer.replace("Connection", "close");
    answer.write(stream)
}
