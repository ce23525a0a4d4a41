//! `rekindle verify`: compares what stands with what the source says.

use crate::cli::Session;
use crate::cli::args::VerifyArguments;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::runtime;
use crate::cli::site::Site;
use crate::cli::view::Notices;
use crate::cli::wire::Wiring;
use crate::engine::{self, EventSink, Stop, VerifyOptions};
use crate::release::Assembly;
use crate::ui::verify_view::{self, Difference, Unchecked, Verification};

/// Compares and shows every difference.
pub fn run(session: &Session, arguments: &VerifyArguments) -> Result<ExitCode, Failure> {
    let project = session.project_at(&arguments.environment, arguments.to.as_ref())?;
    let assembly = session.assemble(&project, &arguments.environment)?;
    let state = session.state()?;
    let options = VerifyOptions { drift: arguments.drift };
    let found = runtime::run(async |stop| {
        let notices = Notices::new(&session.console);
        let mut wiring = Wiring::new(session, Vec::new()).confined(arguments.to.is_some());
        let site = Site::open(&mut wiring, &assembly.environment, &state, (&notices, &stop)).await?;
        session.console.warnings(&site.warnings())?;
        compare(&site, &assembly, options, &notices, &stop).await
    })?;
    if session.console.is_json() {
        session.console.document(&verify_view::document(&found))?;
    } else {
        session.console.result(&verify_view::verification(&found, &session.console.palette_out()))?;
    }
    Ok(if found.differences.is_empty() { ExitCode::Done } else { ExitCode::Different })
}

/// Looks anew and compares every instance of the source.
pub(in crate::cli) async fn compare(
    site: &Site,
    assembly: &Assembly,
    options: VerifyOptions,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<Verification, Failure> {
    let observation = site.look(&assembly.units, sink, stop).await?;
    let report = engine::verify(&site.clouds, &assembly.units, &observation, options, sink, stop).await?;
    let differences = report.units.iter().flat_map(|unit| {
        unit.differences.iter().map(|difference| Difference {
            instance: unit.instance.clone(),
            difference: difference.to_string(),
            detail: serde_json::json!(difference),
        })
    });
    let unchecked = report.units.iter().flat_map(|unit| {
        unit.unchecked.iter().map(|one| Unchecked {
            instance: unit.instance.clone(),
            resource: one.logical_id.clone(),
            resource_type: one.resource_type.clone(),
        })
    });
    Ok(Verification {
        environment: assembly.environment.name.clone(),
        release: assembly.release,
        deployment: assembly.deployment,
        checked: assembly.units.len(),
        drift: options.drift,
        differences: differences.chain(site.unaccounted()).collect(),
        unchecked: unchecked.collect(),
    })
}
