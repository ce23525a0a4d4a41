//! As much of HTTP/1.1 as the servers of the tests need: a listener, and one message on one connection, with
//! a body of a length that is told.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Listens on a free port of the loopback until it is dropped.
pub struct Listener {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Each connection is served in a thread of its own; `serve` is told the address, too.
    pub fn start(serve: impl Fn(&TcpStream, SocketAddr) -> Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            std::thread::scope(|scope| {
                for stream in listener.incoming() {
                    if stopped.load(Ordering::SeqCst) {
                        break;
                    }
                    // A client that goes away is not this server's problem.
                    scope.spawn(|| stream.and_then(|stream| serve(&stream, address)));
                }
            });
        });
        Self { address, stop, thread: Some(thread) }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread, which waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// A request or an answer.
pub struct Message {
    /// The first line and the headers.
    pub head: Vec<String>,
    /// What follows them.
    pub body: Vec<u8>,
}

impl Message {
    /// An answer after which the connection is closed; `status` is a number and a word.
    pub fn answer(status: &str, content_type: &str, body: String) -> Self {
        let head = vec![
            format!("HTTP/1.1 {status}"),
            format!("Content-Type: {content_type}"),
            format!("Content-Length: {}", body.len()),
            "Connection: close".to_owned(),
        ];
        Self { head, body: body.into_bytes() }
    }

    /// Reads a whole message; `None` where the other side closed instead of sending one.
    ///
    /// # Errors
    /// The connection's.
    pub fn read(stream: &TcpStream) -> Result<Option<Self>> {
        Self::read_with(stream, true)
    }

    /// The answer to a HEAD tells a length and has no body.
    fn read_with(stream: &TcpStream, has_body: bool) -> Result<Option<Self>> {
        let mut reader = BufReader::new(stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? <= 2 {
                break;
            }
            head.push(line.trim_end().to_owned());
        }
        let mut message = Self { head, body: Vec::new() };
        let length = message.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        message.body.resize(if has_body { length } else { 0 }, 0);
        reader.read_exact(&mut message.body)?;
        Ok((!message.head.is_empty()).then_some(message))
    }

    /// The answer of the server at `address`, which closes the connection afterwards.
    ///
    /// # Errors
    /// The connection's; `InvalidData` where it answers nothing.
    pub fn forward(mut self, address: &str) -> Result<Self> {
        self.replace("Connection", "close");
        let stream = TcpStream::connect(address)?;
        self.write(&stream)?;
        let has_body = !self.head[0].starts_with("HEAD ");
        Self::read_with(&stream, has_body)?.ok_or_else(|| std::io::ErrorKind::InvalidData.into())
    }

    /// A header's value.
    pub fn header(&self, wanted: &str) -> Option<&str> {
        self.head.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    }

    /// Sets a header.
    pub fn replace(&mut self, name: &str, value: &str) {
        self.head
            .retain(|line| line.split_once(':').is_none_or(|(other, _)| !other.eq_ignore_ascii_case(name)));
        self.head.push(format!("{name}: {value}"));
    }

    /// Sends it.
    ///
    /// # Errors
    /// The connection's.
    pub fn write(&self, mut stream: &TcpStream) -> Result<()> {
        stream.write_all(format!("{}\r\n\r\n", self.head.join("\r\n")).as_bytes())?;
        stream.write_all(&self.body)
    }
}
