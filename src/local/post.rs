//! Delivers what stacks of one tree tell each other.

use jiff::SignedDuration;

use crate::local::nested::{Birth, Content, Letter, MAXIMUM_RESOURCES, Report};
use crate::local::operation::{Operation, Phase};
use crate::local::stack::{Parent, Stack};
use crate::local::world::World;
use crate::model::StackStatus;

impl World {
    /// Delivers letters until nobody has anything to tell.
    pub(super) fn deliver(&mut self) {
        while let Some(Letter { to, content }) = self.letters.pop_front() {
            match content {
                Content::Create(birth) => self.give_birth(*birth),
                Content::Report(report) => {
                    self.work_alone(&to, |work| work.hear(&report));
                }
                other => {
                    self.work_alone(&to, |work| work.follow(other));
                }
            }
        }
    }

    fn give_birth(&mut self, birth: Birth) {
        let Birth { parent: parent_id, logical_id, name, body, context, timeout_minutes, token } = birth;
        let Some(parent) = self.stack(&parent_id) else { return };
        let (place, root) = (parent.place.clone(), parent.root().to_owned());
        let is_preserved = parent.operation.as_ref().is_some_and(|operation| operation.is_preserved);
        let more = context.dependencies.len();
        let refusal = self.refusal_of_another(&place);
        let known = self.trees.get(&root).copied().unwrap_or_default();
        let too_many = (known + more > MAXIMUM_RESOURCES).then(|| {
            format!("Number of resources in nested stacks exceeds the limit of {MAXIMUM_RESOURCES}")
        });
        if let Some(reason) = refusal.or(too_many) {
            let (status, outputs) = (StackStatus::CreateFailed, Default::default());
            let report =
                Report { logical_id, status, reason: Some(reason), outputs, untouched: false, unborn: true };
            self.work_alone(&parent_id, |work| work.hear(&report));
            return;
        }
        let mut stack = Stack::new(place, &name, 1, body, self.clock);
        stack.parent = Some(Parent { id: parent_id, logical_id, root });
        stack.size = more;
        *self.trees.entry(stack.root().to_owned()).or_default() += more;
        let id = stack.id.clone();
        let mut operation = Operation::new(&token, Phase::Create);
        operation.is_preserved = is_preserved;
        let patience = timeout_minutes.map(SignedDuration::from_mins);
        operation.deadline = patience.and_then(|patience| self.clock.checked_add(patience).ok());
        self.add(stack);
        self.work_alone(&id, |work| work.begin(operation, Some(context), "User Initiated"));
    }
}
