//! Images that a stack refers to: it is not begun before they can be pulled.

use crate::engine::UnitOutcome;
use crate::engine::execute::ending::{Ending, Step, plain};
use crate::engine::execute::unit::Work;
use crate::engine::lane::CallError;
use crate::model::{Binding, ObservedStack};

impl Work<'_> {
    /// Waits for the images in the stack's parameters. No virtual time passes meanwhile.
    pub(super) async fn images(&self) -> Step<()> {
        let Some(delivery) = &self.run.options.delivery else { return Ok(()) };
        let parameters = self.action.desired.iter().flat_map(|desired| desired.parameters.values());
        for binding in parameters {
            let Binding::Image(image) = binding else { continue };
            let delivered = tokio::select! {
                biased;
                () = self.run.stop.finishing() => Err(Ending::before_effect(CallError::Stopped)),
                delivered = delivery.delivered(image) => delivered.map_err(|failed| {
                    Ending::new(UnitOutcome::WithoutImage { cause: plain(failed.to_string()) })
                }),
            };
            delivered.map_err(Box::new)?;
        }
        Ok(())
    }

    /// The stack stands: others may refer to its outputs.
    pub(super) fn publish(&self, stack: &ObservedStack) {
        self.run.outputs.publish(self.instance(), stack);
        if let Some(delivery) = &self.run.options.delivery {
            delivery.stands(self.instance(), &stack.outputs);
        }
    }
}
