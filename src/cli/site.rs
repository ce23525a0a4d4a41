//! An environment with its clouds: looking at it, and carrying plans out on it.

use std::sync::Arc;

use crate::cli::args::TeardownConsents;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::former::{self, Former};
use crate::cli::hold::Hold;
use crate::cli::wire::Wiring;
use crate::cli::{prediction, recovery};
use crate::disk::{Journals, Ledger, StateDirectory};
use crate::engine::{self, Clouds, EventSink, Scope, Settled, Stop};
use crate::estimate::Durations;
use crate::model::{Diagnostics, Environment, SealedUnit};
use crate::plan::{self, Observation, RestoreTerms};

/// An environment with its clouds.
pub struct Site {
    /// The environment, with targets that the source dropped and that can still be reached.
    pub environment: Environment,
    /// Who serves its targets.
    pub clouds: Clouds,
    /// Where its history is; `None` in rehearsals, which leave none.
    pub ledger: Option<Ledger>,
    /// Where runs write down what they are about to do; `None` in rehearsals.
    pub journals: Option<Journals>,
    /// What keeps other runs away, while this one changes something.
    pub hold: Option<Arc<Hold>>,
    /// What is to be said about runs that are under way or died.
    pub unsettled: Diagnostics,
    /// Places that the source no longer names.
    pub former: Vec<Former>,
    /// How long things take there, as far as that is known.
    pub durations: Durations,
}

/// The wait for operations under way was cut short.
#[derive(Debug, thiserror::Error)]
#[error("stopped while waiting for operations that were already under way; nothing was changed")]
struct StoppedWaiting;

impl Site {
    /// Connects to every place of the environment, those included that only its ledger still knows.
    /// Refuses (exit code 4) when another account or region answers.
    pub async fn open(
        wiring: &mut Wiring<'_>,
        environment: &Environment,
        state: &StateDirectory,
        watch: (&dyn EventSink, &Stop),
    ) -> Result<Self, Failure> {
        let mut site = Self::open_here(wiring, environment, state, watch).await?;
        if wiring.is_confined() {
            return Ok(site);
        }
        let ledger = Ledger::of(state, &environment.name);
        let mut records: Vec<_> = ledger.records()?.into_iter().map(|(_, record)| record).collect();
        records.extend(recovery::supposed(&Journals::of(state, &environment.project, &environment.name)));
        for recorded in plan::former_places(environment, &records) {
            site.former.push(former::look(wiring, recorded, environment, state, watch).await?);
        }
        site.join_dropped(wiring, state).await?;
        Ok(site)
    }

    /// As [`Site::open`], for the places that the environment names and no others.
    pub async fn open_here(
        wiring: &mut Wiring<'_>,
        environment: &Environment,
        state: &StateDirectory,
        (sink, stop): (&dyn EventSink, &Stop),
    ) -> Result<Self, Failure> {
        let clouds = wiring.connect(environment, state).await?;
        engine::check_identity(&clouds, environment, sink, stop).await?;
        let ledger = Ledger::of(state, &environment.name);
        let durations = prediction::durations(environment, &ledger)?;
        let journals = Journals::of(state, &environment.project, &environment.name);
        let unsettled = recovery::unsettled(&journals, environment);
        let (environment, ledger, journals) = (environment.clone(), Some(ledger), Some(journals));
        let former = Vec::new();
        Ok(Self { environment, clouds, ledger, journals, hold: None, unsettled, former, durations })
    }

    /// Looks at what stands. `desired` adds the names the source wants.
    pub async fn look(
        &self,
        desired: &[SealedUnit],
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<Observation, Failure> {
        let mut scope = Scope {
            project: self.environment.project.clone(),
            environment: self.environment.name.clone(),
            wanted: Default::default(),
        };
        for unit in desired {
            scope.wanted.entry(unit.instance().target.clone()).or_default().insert(unit.stack.clone());
        }
        for Former { recorded, .. } in self.former.iter().filter(|former| former.can_be_joined()) {
            let names = former::stack_names(recorded);
            scope.wanted.entry(recorded.target.clone()).or_default().extend(names);
        }
        let mut observation = engine::observe(&self.clouds, &scope, sink, stop).await?;
        if let Some(ledger) = &self.ledger {
            observation.records = ledger.latest()?;
        }
        Ok(observation)
    }

    /// Looks, and waits for what is under way: an interrupted run's stacks come to rest first.
    pub async fn look_when_settled(
        &self,
        desired: &[SealedUnit],
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<Observation, Failure> {
        let mut observation = self.look(desired, sink, stop).await?;
        match engine::settle(&self.clouds, &mut observation, sink, stop).await? {
            Settled::Quiet => Ok(observation),
            Settled::Stopped => Err(Failure::new(ExitCode::Interrupted, StoppedWaiting)
                .hint("what is under way goes on; run the command again to continue")),
        }
    }

    /// Fetches the deployed templates that a plan has use for.
    pub async fn complete(
        &self,
        desired: &[SealedUnit],
        observation: &mut Observation,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let Environment { project, name, .. } = &self.environment;
        let wanted = plan::wanted_templates(project, name, desired, observation);
        Ok(engine::complete_templates(&self.clouds, observation, &wanted, sink, stop).await?)
    }

    /// Fetches the deployed templates of everything that stands.
    pub async fn complete_templates(
        &self,
        observation: &mut Observation,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let Environment { project, name, .. } = &self.environment;
        let ids = plan::standing_ids(project, name, observation);
        Ok(engine::complete_templates(&self.clouds, observation, &ids, sink, stop).await?)
    }

    /// Has everything that stands compared with its template.
    pub async fn complete_drifts(
        &self,
        observation: &mut Observation,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let Environment { project, name, .. } = &self.environment;
        let ids = plan::standing_ids(project, name, observation);
        Ok(engine::complete_drifts(&self.clouds, observation, &ids, sink, stop).await?)
    }

    /// Fetches what is foreseen of stacks that the source no longer has: templates, resources, contents.
    pub async fn complete_for_prune(
        &self,
        desired: &[SealedUnit],
        observation: &mut Observation,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let Environment { project, name, .. } = &self.environment;
        let ids = plan::gone_ids(project, name, desired, observation);
        engine::complete_templates(&self.clouds, observation, &ids, sink, stop).await?;
        engine::complete_resources(&self.clouds, observation, &ids, sink, stop).await?;
        Ok(engine::complete_contents(&self.clouds, observation, sink, stop).await?)
    }

    /// Fetches what a teardown foresees and proves by: the deployed templates of everything that stands,
    /// its resources, who imports its exports, what is in its buckets and repositories, who is in its
    /// networks.
    pub async fn complete_for_teardown(
        &self,
        observation: &mut Observation,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let Environment { project, name, .. } = &self.environment;
        let ids = plan::standing_ids(project, name, observation);
        self.complete_templates(observation, sink, stop).await?;
        engine::complete_resources(&self.clouds, observation, &ids, sink, stop).await?;
        let exported = plan::exported(observation);
        engine::complete_importers(&self.clouds, observation, &exported, sink, stop).await?;
        engine::complete_contents(&self.clouds, observation, sink, stop).await?;
        Ok(engine::complete_guests(&self.clouds, observation, sink, stop).await?)
    }

    /// Fetches the copies of what a teardown would lose, where they are to count; says when they do.
    pub async fn look_for_restore_points(
        &self,
        consents: &TeardownConsents,
        observation: &mut Observation,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<Option<RestoreTerms>, Failure> {
        let Some(within_seconds) = consents.restore_points_within else { return Ok(None) };
        let Environment { project, name, .. } = &self.environment;
        let asked = plan::restorable(project, name, observation);
        engine::complete_restore_points(&self.clouds, observation, &asked, sink, stop).await?;
        Ok(Some(RestoreTerms { within_seconds, now: self.clouds.now() }))
    }
}
