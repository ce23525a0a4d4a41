//! The one file that joins ports and adapters: which engine serves which target.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
#[cfg(feature = "docker")]
use crate::disk;
use crate::disk::{StateDirectory, clock};
use crate::engine::{Cloud, Clouds, Event, EventSink, Pace};
use crate::local::{self, Fault};
use crate::model::environment::Used;
use crate::model::{AccountId, Environment, ProviderKind, Region, Target, TargetName};
use crate::port::{ImageBuilder, LeaseStore, Registry};

/// What makes two targets the same cloud: one listing, one poller, one budget.
type Key = (ProviderKind, AccountId, Region, Option<String>, Option<String>);

/// Connects every target of an environment, and of those it uses.
pub struct Wiring<'a> {
    session: &'a Session,
    /// The embedded engine; opened when the first target needs it.
    embedded: Option<local::Cloud>,
    faults: Vec<Fault>,
    is_confined: bool,
    known: BTreeMap<Key, Arc<Cloud>>,
}

/// Why an option cannot be used here.
#[derive(Debug, thiserror::Error)]
#[error("`--fail` needs the embedded engine, and target `{0}` is real")]
struct RealTarget(TargetName);

impl<'a> Wiring<'a> {
    /// Nothing is connected yet. `faults` are what `--fail` asked for.
    pub fn new(session: &'a Session, faults: Vec<Fault>) -> Self {
        Self { session, embedded: None, faults, is_confined: false, known: BTreeMap::new() }
    }

    /// With `true`: places that an environment does not name are not reached, whatever the ledger or a
    /// journal knows of them. They may be lost, and whoever calls them waits for nothing.
    #[must_use]
    pub fn confined(self, is_confined: bool) -> Self {
        Self { is_confined, ..self }
    }

    /// Whether only the places that an environment names may be reached.
    pub fn is_confined(&self) -> bool {
        self.is_confined
    }

    /// The failures that `--fail` asked for and that did not happen.
    pub fn idle_faults(&self) -> Vec<Fault> {
        self.embedded.as_ref().map(local::Cloud::idle_faults).unwrap_or_default()
    }

    /// The clouds of `environment`, the embedded engine keeping its state in `state`.
    pub async fn connect(
        &mut self,
        environment: &Environment,
        state: &StateDirectory,
    ) -> Result<Clouds, Failure> {
        let real = environment.targets.iter().find(|(_, target)| target.provider == ProviderKind::Aws);
        if let (false, Some((name, _))) = (self.faults.is_empty(), real) {
            return Err(Failure::new(ExitCode::Usage, RealTarget(name.clone())).hint("add `--rehearse`"));
        }
        let mut clouds =
            Clouds { targets: self.all(&environment.targets, state).await?, ..Clouds::default() };
        for (name, Used { targets, .. }) in &environment.uses {
            clouds.used.insert(name.clone(), self.all(targets, state).await?);
        }
        Ok(clouds)
    }

    /// Where the leases on `environment` are kept, each once and in a fixed order.
    pub async fn leases(
        &self,
        environment: &Environment,
        sink: &dyn EventSink,
    ) -> Result<Vec<Arc<dyn LeaseStore>>, Failure> {
        let mut stores = BTreeMap::new();
        let real = environment.targets.iter().filter(|(_, target)| target.provider == ProviderKind::Aws);
        for (name, target) in real {
            match lease_at(target, environment).await? {
                Some(store) => drop(stores.insert(store.place(), store)),
                None => {
                    let message = format!(
                        "target `{name}` names no bucket (`artifacts`): only runs on this machine are kept apart"
                    );
                    sink.send(Event::Notice { time: clock::now(), instance: None, message });
                }
            }
        }
        Ok(stores.into_values().collect())
    }

    async fn all(
        &mut self,
        targets: &BTreeMap<TargetName, Target>,
        state: &StateDirectory,
    ) -> Result<BTreeMap<TargetName, Arc<Cloud>>, Failure> {
        let mut connected = BTreeMap::new();
        for (name, target) in targets {
            connected.insert(name.clone(), self.one(target, state).await?);
        }
        Ok(connected)
    }

    async fn one(&mut self, target: &Target, state: &StateDirectory) -> Result<Arc<Cloud>, Failure> {
        let key = (
            target.provider,
            target.account.clone(),
            target.region.clone(),
            target.role.clone(),
            target.artifacts.clone(),
        );
        if let Some(cloud) = self.known.get(&key) {
            return Ok(Arc::clone(cloud));
        }
        let cloud = match target.provider {
            ProviderKind::Local => self.embedded(target, state)?,
            ProviderKind::Aws => real(self.session, target).await?,
        };
        self.known.insert(key, Arc::clone(&cloud));
        Ok(cloud)
    }

    fn embedded(&mut self, target: &Target, state: &StateDirectory) -> Result<Arc<Cloud>, Failure> {
        if self.embedded.is_none() {
            state.make()?;
            let options = local::Options { now: clock::now(), faults: self.faults.clone() };
            let engine = local::Cloud::open(&state.local(), options)?;
            engine.set_answers(self.session.answers()?);
            self.embedded = Some(engine);
        }
        let engine = self.embedded.as_ref().expect("it was opened above");
        Ok(virtual_cloud(engine, target))
    }
}

/// The clouds of a rehearsal: every target on one embedded engine in memory.
pub fn rehearsal(environment: &Environment, engine: &local::Cloud) -> Clouds {
    let mut known: BTreeMap<(AccountId, Region), Arc<Cloud>> = BTreeMap::new();
    let mut all = |targets: &BTreeMap<TargetName, Target>| {
        let connect = |(name, target): (&TargetName, &Target)| {
            let place = (target.account.clone(), target.region.clone());
            let cloud = known.entry(place).or_insert_with(|| virtual_cloud(engine, target));
            (name.clone(), Arc::clone(cloud))
        };
        targets.iter().map(connect).collect::<BTreeMap<_, _>>()
    };
    Clouds {
        targets: all(&environment.targets),
        used: environment.uses.iter().map(|(name, used)| (name.clone(), all(&used.targets))).collect(),
    }
}

fn virtual_cloud(engine: &local::Cloud, target: &Target) -> Arc<Cloud> {
    let client = engine.client(target.account.clone(), target.region.clone());
    let pace = if engine.answers_badly() { Pace::AWS } else { Pace::Virtual };
    Cloud::new(Arc::new(client), pace)
}

#[cfg(feature = "aws")]
async fn real(session: &Session, target: &Target) -> Result<Arc<Cloud>, Failure> {
    let pace = if session.surroundings.emulator.is_some() { Pace::EMULATOR } else { Pace::AWS };
    let port = crate::aws::connect(target, crate::aws::Settings::new(clock::now)).await?;
    Ok(Cloud::new(port, pace))
}

#[cfg(feature = "aws")]
async fn lease_at(
    target: &Target,
    environment: &Environment,
) -> Result<Option<Arc<dyn LeaseStore>>, Failure> {
    let Environment { project, name, .. } = environment;
    Ok(crate::aws::lease(target, (project, name), crate::aws::Settings::new(clock::now)).await?)
}

/// Without the feature no real target can be reached, and that is said when it is connected.
#[cfg(not(feature = "aws"))]
async fn lease_at(target: &Target, _: &Environment) -> Result<Option<Arc<dyn LeaseStore>>, Failure> {
    Err(without_aws(target))
}

/// Why a target cannot be reached with this binary.
#[cfg(not(feature = "aws"))]
#[derive(Debug, thiserror::Error)]
#[error("this rekindle was built without the feature `aws`")]
struct WithoutAws;

#[cfg(not(feature = "aws"))]
async fn real(_: &Session, target: &Target) -> Result<Arc<Cloud>, Failure> {
    Err(without_aws(target))
}

#[cfg(not(feature = "aws"))]
fn without_aws(_: &Target) -> Failure {
    Failure::new(ExitCode::Error, WithoutAws)
        .hint("build it with its default features, or add `--rehearse` to stay on the embedded engine")
}

/// The Docker engine that the surroundings name.
#[cfg(feature = "docker")]
pub async fn image_builder(session: &Session) -> Result<Box<dyn ImageBuilder>, Failure> {
    let surroundings = &session.surroundings;
    let certificates = surroundings.docker_certificates.as_deref().map(AsRef::as_ref);
    Ok(crate::docker::connect(surroundings.docker_host.as_deref(), certificates).await?)
}

/// Why no engine can be asked with this binary.
#[cfg(not(feature = "docker"))]
#[derive(Debug, thiserror::Error)]
#[error("this rekindle was built without the feature `docker`")]
struct WithoutDocker;

#[cfg(not(feature = "docker"))]
pub async fn image_builder(_: &Session) -> Result<Box<dyn ImageBuilder>, Failure> {
    Err(Failure::new(ExitCode::Error, WithoutDocker)
        .hint("build it with its default features; images that only copy and configure need none"))
}

/// Access to registries: to those of the accounts of `targets` with these accounts' credentials, to others with
/// what `docker login` left.
#[cfg(feature = "docker")]
pub fn registry<'t>(
    session: &Session,
    targets: impl IntoIterator<Item = &'t Target>,
) -> Result<Arc<dyn Registry>, Failure> {
    let configuration = match &session.surroundings.docker_configuration {
        Some(path) => disk::read_if_there(path)?,
        None => None,
    };
    #[cfg(feature = "aws")]
    let (logins, emulator) = (logins(targets), session.surroundings.registry_emulator.clone());
    #[cfg(not(feature = "aws"))]
    let (logins, emulator) = {
        drop(targets.into_iter());
        (None, None)
    };
    let access = crate::registry::Access { configuration, logins, emulator };
    Ok(Arc::new(crate::registry::Registries::new(access, crate::registry::Patience::default())?))
}

#[cfg(all(feature = "docker", feature = "aws"))]
fn logins<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Option<Arc<dyn crate::port::LoginProvider>> {
    let real = targets.into_iter().filter(|target| target.provider == ProviderKind::Aws);
    let settings = crate::aws::Settings::new(clock::now);
    Some(Arc::new(crate::aws::Logins::new(real.cloned().collect(), settings)))
}

#[cfg(not(feature = "docker"))]
pub fn registry<'t>(
    _: &Session,
    _: impl IntoIterator<Item = &'t Target>,
) -> Result<Arc<dyn Registry>, Failure> {
    Err(crate::port::RegistryError::Without.into())
}
