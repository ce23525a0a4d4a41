//! A server that gives recorded answers, one per connection, and keeps what it was asked.
//!
//! It speaks plain HTTP over a socket, so that what the tests see is what the SDK really sends and
//! how it really fails: lost connections and pages of HTML included.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server does with one request.
pub enum Answer {
    /// Status and body, as XML.
    Xml(u16, String),
    /// Status and body, as JSON.
    Json(u16, String),
    /// Status and body, as HTML.
    Html(u16, &'static str),
    /// Status and body, as XML; the connection is closed in the middle of the body.
    Broken(u16, String),
    /// Reads the request and closes the connection.
    Nothing,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method and path.
    pub line: String,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The fields of a form, as CloudFormation and STS take them.
    pub form: BTreeMap<String, String>,
}

impl Request {
    /// The form's fields, one a line, sorted.
    pub fn fields(&self) -> String {
        self.form.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}

/// The server. It ends when it has given all its answers.
pub struct Answers {
    /// `http://127.0.0.1:PORT`
    pub endpoint: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Answers {
    /// Starts a server with these answers.
    pub fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let mut answers: VecDeque<Answer> = answers.into_iter().collect();
        std::thread::spawn(move || {
            while let Some(answer) = answers.pop_front() {
                let (mut stream, _) = listener.accept().unwrap();
                seen.lock().unwrap().push(read(&stream));
                write(&mut stream, &answer);
            }
        });
        Self { endpoint, requests }
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// A successful answer of CloudFormation to `call`, with `result` inside.
pub fn result(call: &str, result: &str) -> Answer {
    Answer::Xml(
        200,
        format!(
            "<{call}Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
             <{call}Result>{result}</{call}Result>\
             <ResponseMetadata><RequestId>b9b4b068-3a41-11e5-94eb-example</RequestId></ResponseMetadata>\
             </{call}Response>"
        ),
    )
}

/// An error of CloudFormation.
pub fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::Xml(
        status,
        format!(
            "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error>\
             <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>b9b4b068-3a41-11e5-94eb-example</RequestId></ErrorResponse>"
        ),
    )
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let is_form = headers.get("content-type").is_some_and(|kind| kind.contains("form-urlencoded"));
    let form = if is_form { form(&String::from_utf8(body).unwrap()) } else { BTreeMap::new() };
    Request { line: line.trim_end().trim_end_matches(" HTTP/1.1").to_owned(), headers, form }
}

fn form(body: &str) -> BTreeMap<String, String> {
    body.split('&')
        .map(|field| field.split_once('=').unwrap_or((field, "")))
        .map(|(name, value)| (unescape(name), unescape(value)))
        .collect()
}

fn unescape(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

fn write(stream: &mut TcpStream, answer: &Answer) {
    let (status, kind, body) = match answer {
        Answer::Xml(status, body) => (status, "text/xml", body.as_str()),
        Answer::Json(status, body) => (status, "application/x-amz-json-1.1", body.as_str()),
        Answer::Html(status, body) => (status, "text/html", *body),
        Answer::Broken(status, body) => (status, "text/xml", body.as_str()),
        Answer::Nothing => return,
    };
    let head = format!(
        "HTTP/1.1 {status} Recorded\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         x-amzn-RequestId: b9b4b068-example\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let is_broken = matches!(answer, Answer::Broken(..));
    let end = if is_broken { body.len() / 2 } else { body.len() };
    stream.write_all(&body.as_bytes()[..end]).unwrap();
}
