//! What a run writes down before and after everything it asks a cloud to change.
//!
//! A journal belongs to one run and is gone once the run's record is in the ledger. One that is left
//! says that its run died: whoever comes next finds out what became of each effect it announces.
//! Journals never decide what exists; they say where to look.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    Digest, EnvironmentName, InstanceName, LastRecord, ProjectName, RestorePoints, Target, TargetName,
};

/// The number of this format, raised when a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// Whose journal it is: its first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalHeader {
    /// See [`SCHEMA`].
    pub schema: u32,
    /// The run; client tokens are derived from it.
    pub run: String,
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The command in the user's words: `deploy`, `teardown`, `rebuild`.
    pub operation: String,
    /// The release, where the plan makes something from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Digest>,
    /// The deployment, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Digest>,
    /// When the run began, by this machine's clock.
    pub started: Timestamp,
    /// Its process on this machine.
    pub process: u32,
    /// Where the targets of its instances are.
    pub places: BTreeMap<TargetName, Target>,
    /// The copies of data that its deletions rely on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub restore_points: RestorePoints,
}

/// Something a cloud is asked to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// A stack begins to be created.
    CreateStack,
    /// A stack begins to be deleted.
    DeleteStack,
    /// A stack begins to be updated without a change set.
    UpdateStack,
    /// A change set is made; the stack stays as it is.
    CreateChangeSet,
    /// A change set begins to be carried out.
    ExecuteChangeSet,
    /// A change set is removed; the stack stays as it is.
    DeleteChangeSet,
    /// The stack policy is set.
    SetStackPolicy,
    /// Termination protection is set or lifted.
    SetTerminationProtection,
    /// Objects of a bucket are deleted.
    EmptyBucket,
    /// Images of a repository are deleted.
    EmptyRepository,
    /// A network interface that nobody uses any more is deleted.
    DeleteInterface,
    /// The rollback of an update goes on.
    ContinueRollback,
}

impl Effect {
    /// In the words of the call.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateStack => "CreateStack",
            Self::DeleteStack => "DeleteStack",
            Self::UpdateStack => "UpdateStack",
            Self::CreateChangeSet => "CreateChangeSet",
            Self::ExecuteChangeSet => "ExecuteChangeSet",
            Self::DeleteChangeSet => "DeleteChangeSet",
            Self::SetStackPolicy => "SetStackPolicy",
            Self::SetTerminationProtection => "UpdateTerminationProtection",
            Self::EmptyBucket => "DeleteObjects",
            Self::EmptyRepository => "BatchDeleteImage",
            Self::DeleteInterface => "DeleteNetworkInterface",
            Self::ContinueRollback => "ContinueUpdateRollback",
        }
    }

    /// Whether an operation of the stack's runs afterwards.
    pub fn begins_operation(self) -> bool {
        matches!(
            self,
            Self::CreateStack
                | Self::DeleteStack
                | Self::UpdateStack
                | Self::ExecuteChangeSet
                | Self::ContinueRollback
        )
    }
}

/// What was answered when a cloud was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// It was taken on.
    Accepted {
        /// ARN of what was made, where something was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// It was understood and refused: nothing was begun.
    Refused {
        /// Why.
        reason: String,
    },
    /// Nobody knows: the answer was lost, or the run was stopped before it asked.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum JournalEntry {
    /// The first line.
    Run(JournalHeader),
    /// The cloud is about to be asked for an effect. On the disk before it is asked.
    Before {
        /// By the cloud's clock.
        time: Timestamp,
        /// The instance.
        instance: InstanceName,
        /// The effect.
        effect: Effect,
        /// The stack's ARN, or its name where it is about to be created.
        stack: String,
        /// The client token; the name or ARN of the change set; the bucket, the repository, the interface.
        subject: String,
    },
    /// It was asked.
    After {
        /// By the cloud's clock.
        time: Timestamp,
        /// The instance.
        instance: InstanceName,
        /// The effect.
        effect: Effect,
        /// What it answered.
        #[serde(flatten)]
        answer: Answer,
    },
    /// The work on an instance ended.
    Finished {
        /// By the cloud's clock.
        time: Timestamp,
        /// The instance.
        instance: InstanceName,
        /// How it stands, as in a record: `None` when it is gone.
        last: Option<LastRecord>,
    },
}

/// The journal of a run that did not get to its record.
#[derive(Clone, Debug, PartialEq)]
pub struct InterruptedRun {
    /// Whose it is.
    pub header: JournalHeader,
    /// What came after the first line, in its order.
    pub entries: Vec<JournalEntry>,
}

/// What a journal says about one instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// How it stood when the work on it ended; `None` when it did not end.
    pub finished: Option<Option<LastRecord>>,
    /// The effects asked for, in their order.
    pub effects: Vec<TracedEffect>,
}

/// One effect of a journal, with its answer if one was noted.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedEffect {
    /// The effect.
    pub effect: Effect,
    /// The stack's ARN or name.
    pub stack: String,
    /// The client token, or the name or ARN of the change set.
    pub subject: String,
    /// What was answered.
    pub answer: Option<Answer>,
}

impl Trace {
    /// The stack worked on last: its ARN as soon as one is known, or its name.
    pub fn stack(&self) -> Option<&str> {
        let last = self.effects.last()?;
        let created = self.effects.iter().rev().find(|it| it.effect == Effect::CreateStack);
        match created.map(|created| (&created.answer, &created.stack)) {
            Some((Some(Answer::Accepted { id: Some(id) }), _)) => Some(id),
            Some((_, name)) => Some(name),
            None => Some(&last.stack),
        }
    }

    /// Change sets that were made, or may have been, and neither carried out nor removed: each with its
    /// stack.
    pub fn open_change_sets(&self) -> Vec<(&str, &str)> {
        let mut open: Vec<(&str, &str)> = Vec::new();
        for it in &self.effects {
            match (it.effect, &it.answer) {
                (Effect::CreateChangeSet, Some(Answer::Refused { .. })) => {}
                (Effect::CreateChangeSet, Some(Answer::Accepted { id: Some(id) })) => {
                    open.push((&it.stack, id))
                }
                (Effect::CreateChangeSet, _) => open.push((&it.stack, &it.subject)),
                (Effect::ExecuteChangeSet | Effect::DeleteChangeSet, Some(Answer::Accepted { .. })) => {
                    open.retain(|(_, id)| *id != it.subject);
                }
                _ => {}
            }
        }
        open
    }
}

impl InterruptedRun {
    /// What it says about each instance it worked on.
    pub fn traces(&self) -> BTreeMap<InstanceName, Trace> {
        let mut traces: BTreeMap<InstanceName, Trace> = BTreeMap::new();
        for entry in &self.entries {
            match entry {
                JournalEntry::Run(_) => {}
                JournalEntry::Before { instance, effect, stack, subject, .. } => {
                    let (effect, stack, subject) = (*effect, stack.clone(), subject.clone());
                    let traced = TracedEffect { effect, stack, subject, answer: None };
                    traces.entry(instance.clone()).or_default().effects.push(traced);
                }
                JournalEntry::After { instance, effect, answer, .. } => {
                    let trace = traces.entry(instance.clone()).or_default();
                    let asked = trace.effects.iter_mut().rev().find(|asked| asked.effect == *effect);
                    if let Some(asked) = asked {
                        asked.answer = Some(answer.clone());
                    }
                }
                JournalEntry::Finished { instance, last, .. } => {
                    traces.entry(instance.clone()).or_default().finished = Some(last.clone());
                }
            }
        }
        traces
    }

    /// What can be said of each instance without looking: for the places that a dead run worked at.
    pub fn supposed(&self) -> BTreeMap<InstanceName, Option<LastRecord>> {
        let supposed = |trace: Trace| match &trace.finished {
            Some(last) => last.clone(),
            None => trace.stack().map(|stack| LastRecord { stack_id: stack.to_owned(), changed: None }),
        };
        self.traces().into_iter().map(|(instance, trace)| (instance, supposed(trace))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(effect: Effect, stack: &str, subject: &str) -> JournalEntry {
        JournalEntry::Before {
            time: Timestamp::UNIX_EPOCH,
            instance: "data".parse().unwrap(),
            effect,
            stack: stack.to_owned(),
            subject: subject.to_owned(),
        }
    }

    fn after(effect: Effect, answer: Answer) -> JournalEntry {
        let (time, instance) = (Timestamp::UNIX_EPOCH, "data".parse().unwrap());
        JournalEntry::After { time, instance, effect, answer }
    }

    fn accepted(id: Option<&str>) -> Answer {
        Answer::Accepted { id: id.map(str::to_owned) }
    }

    fn trace(entries: Vec<JournalEntry>) -> Trace {
        let text = serde_json::json!({
            "schema": 1, "run": "1-2", "project": "fieldbook", "environment": "demo", "operation": "deploy",
            "started": "2026-11-23T10:00:00Z", "process": 2, "places": {},
        });
        let header = serde_json::from_value(text).unwrap();
        InterruptedRun { header, entries }.traces().remove(&"data".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_change_set_is_open_until_it_is_known_to_be_gone() {
        use Effect::{CreateChangeSet, DeleteChangeSet, ExecuteChangeSet};
        let made =
            || vec![before(CreateChangeSet, "arn", "name"), after(CreateChangeSet, accepted(Some("id")))];
        let unanswered = trace(vec![before(CreateChangeSet, "arn", "name")]);
        assert_eq!(unanswered.open_change_sets(), [("arn", "name")]);
        assert_eq!(trace(made()).open_change_sets(), [("arn", "id")]);
        for effect in [ExecuteChangeSet, DeleteChangeSet] {
            let mut entries = made();
            entries.push(before(effect, "arn", "id"));
            assert_eq!(trace(entries.clone()).open_change_sets(), [("arn", "id")], "nobody knows yet");
            entries.push(after(effect, accepted(None)));
            assert!(trace(entries).open_change_sets().is_empty());
        }
        let refused = Answer::Refused { reason: "no".to_owned() };
        let entries = vec![before(CreateChangeSet, "arn", "name"), after(CreateChangeSet, refused)];
        assert!(trace(entries).open_change_sets().is_empty());
    }

    #[test]
    fn the_stack_is_the_one_worked_on_last() {
        use Effect::{CreateStack, DeleteStack};
        let replaced = vec![before(DeleteStack, "old", "t"), before(CreateStack, "name", "t")];
        assert_eq!(trace(replaced.clone()).stack(), Some("name"));
        let known = [replaced, vec![after(CreateStack, accepted(Some("new")))]].concat();
        assert_eq!(trace(known).stack(), Some("new"));
        assert_eq!(trace(vec![before(DeleteStack, "old", "t")]).stack(), Some("old"));
    }
}
