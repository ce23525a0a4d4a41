//! A registry without images that wants a token, and gives one for the right password.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::support::registry::ENCODED;

/// Listens until it is dropped.
pub struct Tokens {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tokens {
    /// On a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let _ = stream.and_then(|stream| serve(&stream, address));
            }
        });
        Self { address, stop, thread: Some(thread) }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread, which waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn serve(mut stream: &TcpStream, address: SocketAddr) -> std::io::Result<()> {
    let (mut first, mut shown) = (String::new(), String::new());
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if first.is_empty() {
            first = line;
        } else if line.to_ascii_lowercase().starts_with("authorization:") {
            shown = line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default();
        }
    }
    let basic = format!("Basic {ENCODED}");
    let (status, extra, body) =
        if first.starts_with("GET /token?") && first.contains("scope=repository%3Abase%3Apull") {
            if shown == basic {
                (200, String::new(), r#"{"token":"let-me-in"}"#)
            } else {
                (401, String::new(), "wrong")
            }
        } else if shown == "Bearer let-me-in" {
            (404, String::new(), "")
        } else {
            let challenge =
                format!("WWW-Authenticate: Bearer realm=\"http://{address}/token\",service=\"tests\"\r\n");
            (401, challenge, "")
        };
    write!(
        stream,
        "HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\n{extra}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
