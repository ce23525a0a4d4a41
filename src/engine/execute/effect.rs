//! Effects: announced in the run's journal before the cloud is asked, the answer noted afterwards.
//!
//! Every call that changes something goes through here, so that after a kill nothing is forgotten.

use crate::engine::Event;
use crate::engine::execute::ending::is_refusal;
use crate::engine::execute::unit::Work;
use crate::engine::lane::{self, CallError};
use crate::model::{Answer, Effect, JournalEntry};
use crate::port::{CloudFormation, UpdateAnswer};

/// What is asked for, of which stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'e> {
    pub(super) effect: Effect,
    /// The stack's ARN, or its name where it is about to be created.
    pub(super) stack: &'e str,
    /// The client token, or the name or ARN of the change set.
    pub(super) subject: &'e str,
}

/// An answer of a call that has an effect.
pub(super) trait Accepted {
    /// ARN of what was made.
    fn id(&self) -> Option<&str> {
        None
    }
}

impl Accepted for () {}
impl Accepted for u64 {}
impl Accepted for UpdateAnswer {}
impl Accepted for String {
    fn id(&self) -> Option<&str> {
        Some(self)
    }
}

impl Work<'_> {
    /// Asks the cloud for an effect. One that cannot be announced is not asked for.
    ///
    /// # Errors
    /// As of [`lane::Lane::call`]; of kind `Unjournalled` when the journal cannot be written.
    pub(super) async fn effect<'a, T: Accepted>(
        &'a self,
        asked: Asked<'_>,
        request: impl Fn(&'a dyn CloudFormation) -> lane::Answer<'a, T>,
    ) -> Result<T, CallError> {
        let Some(journal) = &self.run.options.journal else { return self.lane.call(request).await };
        let Asked { effect, stack, subject } = asked;
        let instance = self.instance().clone();
        let (stack, subject) = (stack.to_owned(), subject.to_owned());
        let before = JournalEntry::Before { time: self.lane.now(), instance, effect, stack, subject };
        journal.announce(&before).await?;
        let answered = self.lane.call(request).await;
        let (time, instance) = (self.lane.now(), self.instance().clone());
        self.note(JournalEntry::After { time, instance, effect, answer: told(&answered) }).await;
        answered
    }

    /// Notes what happened. Where that cannot be written the stacks will tell the same, and the next
    /// announcement fails.
    pub(super) async fn note(&self, entry: JournalEntry) {
        let Some(journal) = &self.run.options.journal else { return };
        if let Err(error) = journal.note(&entry).await {
            let (time, instance) = (self.lane.now(), Some(self.instance().clone()));
            let message = format!("{error}; what runs is finished, nothing new can be begun");
            self.lane.send(Event::Notice { time, instance, message });
        }
    }
}

fn told<T: Accepted>(answered: &Result<T, CallError>) -> Answer {
    match answered {
        Ok(answer) => Answer::Accepted { id: answer.id().map(str::to_owned) },
        Err(CallError::Stopped) => Answer::Unknown { reason: "the run was stopped".to_owned() },
        Err(CallError::Failed { error, answer_lost: false }) if is_refusal(error.kind) => {
            Answer::Refused { reason: error.message.clone() }
        }
        Err(CallError::Failed { error, .. }) => Answer::Unknown { reason: error.message.clone() },
    }
}
