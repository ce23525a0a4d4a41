//! A wire that fails: it stands between the tool and an emulator of AWS, hands calls on, and lets a
//! share of them come to grief as the network and AWS do.
//!
//! Which calls fail follows from the seed, from what is called about which stack, and from how often
//! that was called before. So the same program meets the same faults, however its calls are interleaved.

use std::collections::BTreeMap;
use std::io::Result;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rekindle::model::Digest;

use super::http::{Listener, Message};

/// What can happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Refused: too many calls.
    Throttled,
    /// Refused: the service is unwell, HTTP 503.
    Unwell,
    /// Refused: the service failed, HTTP 500.
    Failed,
    /// Refused: the credentials have expired. Only while stacks are waited for; whoever has nothing under
    /// way is told at once.
    Expired,
    /// The connection is closed before anything is read.
    Reset,
    /// It is carried out, and the connection is closed instead of an answer.
    AnswerLost,
    /// It is carried out, and the connection is closed in the middle of the answer.
    AnswerCut,
    /// It is carried out, and half of the answer is sent as if it were the whole.
    AnswerHalf,
    /// A gateway answers with a page, HTTP 502.
    Page,
    /// It is carried out after a while.
    Slow,
}

/// How often each happens, in a hundred calls.
const SHARES: [(Fault, u32); 10] = [
    (Fault::Throttled, 11),
    (Fault::Unwell, 4),
    (Fault::Failed, 3),
    (Fault::Expired, 1),
    (Fault::Reset, 6),
    (Fault::AnswerLost, 5),
    (Fault::AnswerCut, 2),
    (Fault::AnswerHalf, 1),
    (Fault::Page, 1),
    (Fault::Slow, 2),
];

/// What was called, and what happened to it.
#[derive(Debug, Default)]
pub struct Calls {
    /// How often each action was called, for any stack.
    pub by_action: BTreeMap<String, usize>,
    /// How often each fault happened.
    pub faults: BTreeMap<Fault, usize>,
    /// How often each call was made; what its next fault is drawn from.
    repeats: BTreeMap<String, usize>,
}

impl Calls {
    /// All of them.
    pub fn total(&self) -> usize {
        self.by_action.values().sum()
    }

    /// Those that failed.
    pub fn failed(&self) -> usize {
        self.faults.iter().filter(|(fault, _)| **fault != Fault::Slow).map(|(_, count)| count).sum()
    }
}

/// The wire, for as long as it is held.
pub struct Wire {
    listener: Listener,
    calls: Arc<Mutex<Calls>>,
}

impl Wire {
    /// Before the server at `behind`; without a seed nothing fails.
    pub fn before(behind: &str, seed: Option<u64>) -> Self {
        let calls = Arc::new(Mutex::new(Calls::default()));
        let behind = behind.trim_start_matches("http://").to_owned();
        let seen = Arc::clone(&calls);
        let listener = Listener::start(move |stream, _| serve(stream, &seen, &behind, seed));
        Self { listener, calls }
    }

    /// For `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.listener.host())
    }

    /// What was called so far; counting begins anew.
    pub fn take_calls(&self) -> Calls {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

/// One call on one connection.
fn serve(stream: &TcpStream, calls: &Mutex<Calls>, behind: &str, seed: Option<u64>) -> Result<()> {
    let Some(request) = Message::read(stream)? else { return Ok(()) };
    let fault = count(&mut calls.lock().unwrap(), &request, seed);
    if let Some(refusal) = fault.and_then(refusal) {
        return refusal.write(stream);
    }
    if fault == Some(Fault::Reset) {
        return Ok(());
    }
    if fault == Some(Fault::Slow) {
        std::thread::sleep(Duration::from_millis(1500));
    }
    let mut answer = request.forward(behind)?;
    answer.replace("Connection", "close");
    let half = answer.body.len() / 2;
    match fault {
        Some(Fault::AnswerLost) => return Ok(()),
        Some(Fault::AnswerCut) => answer.body.truncate(half),
        Some(Fault::AnswerHalf) => {
            answer.body.truncate(half);
            answer.replace("Content-Length", &half.to_string());
        }
        _ => {}
    }
    answer.write(stream)
}

/// Notes the call, and draws what happens to it.
fn count(calls: &mut Calls, request: &Message, seed: Option<u64>) -> Option<Fault> {
    let body = String::from_utf8_lossy(&request.body);
    let field = |name: &str| {
        body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    let line = request.head[0].trim_end_matches(" HTTP/1.1").to_owned();
    let action = field("Action").unwrap_or(line);
    let object = field("StackName").or_else(|| field("ChangeSetName")).unwrap_or_default();
    *calls.by_action.entry(action.clone()).or_default() += 1;
    let repeat = calls.repeats.entry(format!("{action} {object}")).or_default();
    *repeat += 1;
    let mut fault = draw(&format!("{} {action} {object} {repeat}", seed?))?;
    if fault == Fault::Expired && (action != "DescribeStacks" || object.is_empty()) {
        fault = Fault::Throttled;
    }
    *calls.faults.entry(fault).or_default() += 1;
    Some(fault)
}

fn draw(text: &str) -> Option<Fault> {
    let number = u32::from_str_radix(&Digest::of(text).short(8), 16).unwrap();
    let mut drawn = number % 100;
    SHARES.into_iter().find_map(|(fault, share)| {
        let is_it = drawn < share;
        drawn = drawn.wrapping_sub(share);
        is_it.then_some(fault)
    })
}

/// What is answered instead of handing the call on.
fn refusal(fault: Fault) -> Option<Message> {
    let error = |status: &str, code: &str, message: &str| {
        let body = format!(
            "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error>\
             <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>fault</RequestId></ErrorResponse>"
        );
        Message::answer(status, "text/xml", body)
    };
    match fault {
        Fault::Throttled => Some(error("400 Bad Request", "Throttling", "Rate exceeded")),
        Fault::Unwell => Some(error("503 Service Unavailable", "ServiceUnavailable", "Try again")),
        Fault::Failed => Some(error("500 Internal Server Error", "InternalFailure", "Something broke")),
        Fault::Expired => Some(error(
            "403 Forbidden",
            "ExpiredToken",
            "The security token included in the request is expired",
        )),
        Fault::Page => {
            Some(Message::answer("502 Bad Gateway", "text/html", "<html>Bad gateway</html>".to_owned()))
        }
        _ => None,
    }
}
