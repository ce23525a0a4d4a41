//! As much of HTTP/1.1 as the servers of the tests need: one message on one connection, with a body of
//! a length that is told.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::TcpStream;

/// A request or an answer.
pub struct Message {
    /// The first line and the headers.
    pub head: Vec<String>,
    /// What follows them.
    pub body: Vec<u8>,
}

impl Message {
    /// Reads a whole message; `None` where the other side closed instead of sending one.
    ///
    /// # Errors
    /// The connection's.
    pub fn read(stream: &TcpStream) -> Result<Option<Self>> {
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
        message.body.resize(length, 0);
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
        Self::read(&stream)?.ok_or_else(|| std::io::ErrorKind::InvalidData.into())
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
