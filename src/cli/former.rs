//! Looks at the places that `rekindle.yaml` no longer names and the ledger still does.

use std::collections::BTreeMap;

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::site::Site;
use crate::cli::wire::Wiring;
use crate::disk::StateDirectory;
use crate::engine::{self, Clouds, EventSink, Scope, Stop};
use crate::model::{Diagnostic, Diagnostics, Environment, InstanceName, StackName, TargetName};
use crate::plan::FormerPlace;
use crate::ui::text;
use crate::ui::verify_view::Difference;

/// A place that the source no longer names, and what is there now.
#[derive(Debug)]
pub struct Former {
    /// What the ledger says of it.
    pub recorded: FormerPlace,
    /// The instances that stand there, or why that is not known.
    pub standing: Result<Vec<InstanceName>, String>,
}

/// Why a command that must reach everything does not begin.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct OutOfReach(String);

/// Looks at one of them. `Ok` holds why it could not be read, unless the run was stopped.
pub async fn look(
    wiring: &mut Wiring<'_>,
    recorded: FormerPlace,
    environment: &Environment,
    state: &StateDirectory,
    (sink, stop): (&dyn EventSink, &Stop),
) -> Result<Former, Failure> {
    let targets = BTreeMap::from([(recorded.target.clone(), recorded.place.clone())]);
    let there = Environment { targets, uses: BTreeMap::new(), ..environment.clone() };
    let work = async {
        let clouds = wiring.connect(&there, state).await?;
        engine::check_identity(&clouds, &there, sink, stop).await?;
        read(&clouds, &recorded, &there, (sink, stop)).await
    };
    match work.await {
        Ok(standing) => Ok(Former { recorded, standing: Ok(standing) }),
        Err(failure) if failure.code == ExitCode::Interrupted => Err(failure),
        Err(failure) => Ok(Former { recorded, standing: Err(failure.to_string()) }),
    }
}

async fn read(
    clouds: &Clouds,
    recorded: &FormerPlace,
    there: &Environment,
    (sink, stop): (&dyn EventSink, &Stop),
) -> Result<Vec<InstanceName>, Failure> {
    let wanted = BTreeMap::from([(recorded.target.clone(), stack_names(recorded).collect())]);
    let scope = Scope { project: there.project.clone(), environment: there.name.clone(), wanted };
    let observation = engine::observe(clouds, &scope, sink, stop).await?;
    let ours =
        observation.stacks.values().flatten().filter_map(|stack| stack.identity()).filter(|identity| {
            identity.project == there.project
                && identity.environment == there.name
                && identity.instance.target == recorded.target
        });
    Ok(ours.map(|identity| identity.instance).collect())
}

/// The names in the recorded ARNs, to be read one by one where listing is denied.
pub fn stack_names(recorded: &FormerPlace) -> impl Iterator<Item = StackName> {
    recorded.instances.values().filter_map(|last| StackName::new(last.stack_id.split('/').nth(1)?).ok())
}

impl Former {
    /// Whether the environment can take it in under its old name.
    pub fn can_be_joined(&self) -> bool {
        self.recorded.is_dropped && self.standing.is_ok()
    }

    /// What is to be said about it; `None` where nothing is left.
    fn diagnostic(&self, environment: &Environment) -> Option<Diagnostic> {
        let FormerPlace { target, place, instances, is_dropped } = &self.recorded;
        let at = place.described();
        let what = match (is_dropped, environment.targets.get(target)) {
            (false, Some(now)) => {
                format!("target `{target}` was at {at} and is at {} by `rekindle.yaml`", now.described())
            }
            _ => format!("target `{target}` ({at}) is gone from `rekindle.yaml`"),
        };
        let command = self.command(environment);
        let warning = match &self.standing {
            Ok(standing) if standing.is_empty() => return None,
            Ok(standing) => Diagnostic::warning(
                "former-place",
                format!("{what}, and {} there: {}", stands(standing.len()), list(standing.iter())),
            )
            .hint(format!("`{command}` deletes what is there; to keep it, put the target back")),
            Err(error) => Diagnostic::warning(
                "former-place",
                format!(
                    "{what}, by the ledger these were left there: {}; it could not be read: {error}",
                    list(instances.keys())
                ),
            )
            .hint(format!(
                "make it readable, then `{command}`; if that place exists no more, move the records out of \
                 the ledger of `{}`",
                environment.name
            )),
        };
        Some(warning)
    }

    /// The command that deals with it.
    fn command(&self, environment: &Environment) -> String {
        let FormerPlace { target, place, is_dropped, .. } = &self.recorded;
        let Environment { project, name, .. } = environment;
        if *is_dropped {
            return format!("rekindle teardown {name} --target {target}");
        }
        let (provider, account, region) = (place.provider, &place.account, &place.region);
        format!(
            "rekindle teardown --project {project} --environment {name} --provider {provider} \
             --account {account} --region {region} --target {target}"
        )
    }
}

impl Site {
    /// What is to be said about runs that did not end, and about places that the source no longer names.
    pub fn warnings(&self) -> Diagnostics {
        let former = self.former.iter().filter_map(|former| former.diagnostic(&self.environment));
        Diagnostics(self.unsettled.0.iter().cloned().chain(former).collect())
    }

    /// What a verification finds at places that the environment could not take in.
    pub fn unaccounted(&self) -> Vec<Difference> {
        let out_of_reach = self.former.iter().filter(|former| !former.can_be_joined());
        let of = |former: &Former| -> Vec<Difference> {
            let FormerPlace { target, place, instances, .. } = &former.recorded;
            let (instances, text) = match &former.standing {
                Ok(standing) => {
                    (standing.clone(), format!("stands where `{target}` was: {}", place.described()))
                }
                Err(error) => {
                    let text = format!("was left at {}, which could not be read: {error}", place.described());
                    (instances.keys().cloned().collect(), text)
                }
            };
            let detail = serde_json::json!({
                "difference": "former-place",
                "target": target,
                "provider": place.provider,
                "account": place.account,
                "region": place.region,
            });
            let difference =
                |instance| Difference { instance, difference: text.clone(), detail: detail.clone() };
            instances.into_iter().map(difference).collect()
        };
        out_of_reach.flat_map(of).collect()
    }

    /// Refuses to tear down what cannot all be reached, unless `only` is another target.
    pub fn reach_everything(&self, only: Option<&TargetName>) -> Result<(), Failure> {
        let mut out_of_reach = self.former.iter().filter(|former| {
            !former.can_be_joined() && only.is_none_or(|only| *only == former.recorded.target)
        });
        match out_of_reach.find_map(|former| former.diagnostic(&self.environment)) {
            None => Ok(()),
            Some(Diagnostic { message, hint, .. }) => {
                Err(Failure::new(ExitCode::Refused, OutOfReach(message)).hint(hint.unwrap_or_default()))
            }
        }
    }

    /// Makes the dropped targets whose places can be read targets of the environment again: what
    /// stands there is gone from the source, like a stack whose unit is gone.
    pub(super) async fn join_dropped(
        &mut self,
        wiring: &mut Wiring<'_>,
        state: &StateDirectory,
    ) -> Result<(), Failure> {
        for former in self.former.iter().filter(|former| former.can_be_joined()) {
            let FormerPlace { target, place, .. } = &former.recorded;
            let is_new = |target: &crate::model::Target| target.provider != place.provider;
            if self.environment.targets.values().all(is_new) {
                // Nobody said that things of this provider are free to go.
                let protection = &mut self.environment.protection;
                *protection = (*protection).max(place.provider.default_protection());
            }
            self.environment.targets.insert(target.clone(), place.clone());
        }
        self.clouds = wiring.connect(&self.environment, state).await?;
        Ok(())
    }
}

fn stands(number: usize) -> String {
    let stacks = text::count(number, "stack");
    format!("{stacks} {}", if number == 1 { "stands" } else { "stand" })
}

fn list<'a>(instances: impl Iterator<Item = &'a InstanceName>) -> String {
    instances.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
