//! Has a Docker engine build an image, takes what came out, and makes it canonical.

use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::panic::resume_unwind;

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::image_build::base::{self, Carried};
use crate::cli::image_build::progress::Steps;
use crate::cli::image_build::secrets;
use crate::cli::image_build::{contents, doubt};
use crate::cli::{Session, runtime, wire};
use crate::disk::{Store, Workspace};
use crate::engine::Stop;
use crate::image::DOCKERFILE_NAME;
use crate::image::canonical::{self, Canonical, CanonicalError, FileNumber, Space as _, Wanted};
use crate::model::InstanceName;
use crate::port::{BuildOrder, BuildSecret, Builder, BuilderError, ImageBuilder};
use crate::release::DesiredImage;

/// A build that somebody stopped.
#[derive(Debug, thiserror::Error)]
#[error("interrupted: the build of `{0}` was stopped, and what it left in the engine is removed")]
struct Interrupted(InstanceName);

/// Builds an image that is not in the store, or not trusted.
pub(super) fn build(
    session: &Session,
    store: &Store,
    image: &DesiredImage,
    builder: Builder,
) -> Result<(Canonical, String), Failure> {
    let secrets = secrets::given(session, image)?;
    let mut space = store.workspace("build");
    let context = write_context(session, image, builder, &mut space)?;
    let (export, mut out) = space.create().map_err(CanonicalError::Write)?;
    let order = order(image, builder, secrets);
    let bases = image.recipe.bases.iter();
    let bases: Result<Vec<Carried>, Failure> =
        bases.map(|(name, base)| base::carry(store, &mut space, name, base)).collect();
    let build = Build { session, instance: &image.instance, order: &order, bases: bases? };
    let order = &order;
    std::thread::scope(|scope| {
        let (name, canonical) = runtime::run(async move |stop| {
            let engine = wire::image_builder(session).await?;
            let exported = build.run(&*engine, &space, context, &mut *out, stop).await;
            if let Err(failure) = exported {
                // The failure is what matters; an engine that is gone cannot be cleaned up.
                let _ = engine.clean_up().await;
                return Err(failure);
            }
            // The engine clears up while the image is made canonical: both take their time.
            let canonical = scope.spawn(move || canonicalise(store, image, &order.secrets, space, export));
            engine.clean_up().await?;
            Ok((engine.name(), canonical))
        })?;
        let canonical = canonical.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        Ok((canonical, name))
    })
}

/// Takes what the engine exported, and makes it canonical.
fn canonicalise(
    store: &Store,
    image: &DesiredImage,
    secrets: &[BuildSecret],
    mut space: Workspace,
    export: FileNumber,
) -> Result<Canonical, Failure> {
    let files = canonical::files(&space, export)?;
    let exported = canonical::unpack(&mut space, &files, None)?;
    let recipe = &image.recipe;
    let below = recipe.execution.base.as_ref().and_then(|name| Some((name, recipe.bases.get(name)?)));
    let (base, inherited) = match below {
        Some((name, image)) => (base::layers(store, name, image)?, base::variables(image)),
        None => (Vec::new(), 0),
    };
    secrets::check(image, secrets, &exported, base.len(), &space)?;
    let drop = &recipe.execution.drop;
    let wanted = Wanted { platform: &recipe.platform, base: &base, inherited, drop };
    let mut blobs = store;
    Ok(canonical::canonicalise(&exported, &wanted, &space, &mut blobs)?)
}

/// The context lies on disk before the engine is asked for anything: a file that changed or cannot be read
/// is told as such.
fn write_context(
    session: &Session,
    image: &DesiredImage,
    builder: Builder,
    space: &mut Workspace,
) -> Result<FileNumber, Failure> {
    let execution = &image.recipe.execution;
    let progress = Steps::new(session, &image.instance, execution.bytes());
    let (file, mut out) = space.create().map_err(CanonicalError::Write)?;
    let is_classic = builder == Builder::Classic;
    execution
        .write_context(is_classic, &build_name(), &contents(session, image)?, &progress, &mut out)
        .inspect_err(|error| doubt(session, error))?;
    out.flush().map_err(CanonicalError::Write)?;
    Ok(file)
}

/// A name that no other build has, on any machine that shares the engine: from random keys of the system.
fn build_name() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}

fn order(image: &DesiredImage, builder: Builder, secrets: Vec<BuildSecret>) -> BuildOrder {
    let execution = &image.recipe.execution;
    BuildOrder {
        builder,
        dockerfile: DOCKERFILE_NAME.to_owned(),
        arguments: execution.arguments.clone(),
        stage: execution.stage.clone(),
        labels: execution.labels.clone(),
        platform: image.recipe.platform.to_string(),
        secrets,
    }
}

struct Build<'b> {
    session: &'b Session,
    instance: &'b InstanceName,
    order: &'b BuildOrder,
    bases: Vec<Carried>,
}

impl Build<'_> {
    /// Builds and exports. What is left in the engine then is removed by whoever called.
    async fn run(
        &self,
        engine: &dyn ImageBuilder,
        space: &Workspace,
        context: FileNumber,
        out: &mut (dyn std::io::Write + Send),
        stop: Stop,
    ) -> Result<(), Failure> {
        self.tell(&format!("builds with {} ({})", engine.name(), self.order.builder.word()));
        let context = space.open(context).map_err(CanonicalError::Read)?;
        let work = async {
            for base in &self.bases {
                let archive = space.open(base.archive).map_err(BuilderError::Write)?;
                engine.load(&base.order, archive).await?;
            }
            let id = engine.build(self.order, context, &|line| self.tell(line)).await?;
            engine.export(&id, out).await
        };
        tokio::select! {
            done = work => {
                done?;
                Ok(out.flush().map_err(CanonicalError::Write)?)
            }
            () = stop.finishing() => {
                Err(Failure::new(ExitCode::Interrupted, Interrupted(self.instance.clone())))
            }
        }
    }

    fn tell(&self, line: &str) {
        // A line that cannot be written is no reason to stop.
        let _ = self.session.console.progress(&format!("{}: {line}\n", self.instance));
    }
}
