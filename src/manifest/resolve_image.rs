//! Images of one environment: their instances, and what `!image` in a stack's parameters means.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::manifest::decode::Decoder;
use crate::manifest::image_file::ImageDeclaration;
use crate::manifest::reference::{Declared, Parameter, UnitReference, not_yet};
use crate::manifest::resolve::inputs;
use crate::manifest::resolve_reference::Resolver;
use crate::manifest::source::{Located, Position};
use crate::manifest::unit_file::UnitDeclaration;
use crate::model::{
    Diagnostic, Fetch, InstanceName, Platform, Repository, Said, TargetName, TemplateRef, UnitKind, UnitName,
};

/// One instance of an image unit, resolved: all that is known of it before it is rendered.
#[derive(Clone, Debug)]
pub struct ResolvedImage {
    /// The unit and the target it is for.
    pub instance: InstanceName,
    /// Its template, and where that is said.
    pub template: Located<TemplateRef>,
    /// Every input its interface declares, with its value.
    pub inputs: Map<String, Value>,
    /// A directory of the project whose files it may copy.
    pub context: Option<Located<String>>,
    /// Build arguments.
    pub arguments: BTreeMap<String, String>,
    /// The stage of the Dockerfile that is wanted.
    pub stage: Option<Located<String>>,
    /// What it runs on.
    pub platform: Platform,
    /// Labels, beside those of the Dockerfile.
    pub labels: BTreeMap<String, String>,
    /// Files that are fetched into the context.
    pub fetches: Vec<Fetch>,
    /// Paths that are set to what the base has.
    pub drop: Vec<String>,
    /// Where arguments and drop rules are written.
    pub said: Said,
    /// The names of secrets that its steps may see.
    pub secrets: Vec<String>,
    /// Where it is pulled from, where that is said.
    pub repository: Option<Repository>,
}

/// A parameter bound to an image: `!image UNIT`.
#[derive(Clone, Debug)]
pub struct ImageUse {
    /// Where the parameter's name was written.
    pub key: Position,
    /// Where the reference was written.
    pub position: Position,
    /// The image.
    pub instance: InstanceName,
    /// Where it is pulled from.
    pub repository: Repository,
}

type Problem = Box<Diagnostic>;

/// Resolves one instance of an image unit.
pub(super) fn image(
    resolver: &Resolver<'_>,
    unit: &UnitDeclaration,
    declaration: &ImageDeclaration,
    target: &TargetName,
    decoder: &mut Decoder,
) -> Option<ResolvedImage> {
    let instance = InstanceName::new(unit.name.clone(), target.clone());
    let repository = match repository(resolver, unit, declaration, &instance) {
        Ok(repository) => repository,
        Err(problem) => return decoder.refuse(*problem),
    };
    Some(ResolvedImage {
        inputs: inputs(resolver, unit, target, decoder)?,
        instance,
        template: unit.template.clone(),
        context: declaration.context.clone(),
        arguments: declaration.arguments.clone(),
        stage: declaration.stage.clone(),
        platform: declaration.platform.clone(),
        labels: declaration.labels.clone(),
        fetches: declaration.fetches.clone(),
        drop: declaration.drop.clone(),
        said: declaration.said.clone(),
        secrets: declaration.secrets.clone(),
        repository,
    })
}

/// The target's own repository, else the unit's.
fn repository(
    resolver: &Resolver<'_>,
    unit: &UnitDeclaration,
    declaration: &ImageDeclaration,
    instance: &InstanceName,
) -> Result<Option<Repository>, Problem> {
    let own = unit.overrides.get(&instance.target).and_then(|entry| entry.repository.as_ref());
    let Some(parameter) = own.or(declaration.repository.as_ref()) else { return Ok(None) };
    match &parameter.declared {
        Declared::Output { of, name } => {
            let output = resolver.output(instance, of, name, &parameter.position)?;
            Ok(Some(Repository::Output(output)))
        }
        Declared::Literal(name) => Ok(Some(Repository::Literal(name.clone()))),
        // The unit's reader lets nothing else through.
        Declared::Secret(_) | Declared::Image(_) => Ok(None),
    }
}

/// What `from` means by `!image of`.
pub(super) fn image_use(
    resolver: &Resolver<'_>,
    from: &InstanceName,
    of: &UnitReference,
    parameter: &Parameter,
) -> Result<ImageUse, Problem> {
    let position = &parameter.position;
    let instance = resolver.image(from, of, position)?;
    let unit = resolver.project.units.get(&instance.unit);
    let declared = unit.and_then(|unit| Some((unit, unit.image.as_ref()?)));
    let repository = match declared {
        Some((unit, declaration)) => repository(resolver, unit, declaration, &instance)?,
        None => None,
    };
    let Some(repository) = repository else {
        let message = format!("the image `{instance}` says no repository to pull it from");
        return Err(Box::new(Diagnostic::error("missing-repository", message).at(position.place()).hint(
            format!(
                "write `repository: HOST/PATH` or `repository: !output UNIT.NAME` in `stacks/{}.yaml`",
                instance.unit
            ),
        )));
    };
    Ok(ImageUse { key: parameter.key.clone(), position: position.clone(), instance, repository })
}

/// Refuses a reference that wants another kind of unit.
pub(super) fn check_kind(
    resolver: &Resolver<'_>,
    unit: &UnitName,
    wanted: UnitKind,
    position: &Position,
) -> Result<(), Problem> {
    let Some(kind) = resolver.project.units.get(unit).map(UnitDeclaration::kind) else { return Ok(()) };
    let (message, hint) = match (kind, wanted) {
        (UnitKind::Image, UnitKind::Stack) => (
            format!("the unit `{unit}` is an image: it has no outputs, and nothing waits for it"),
            format!("`!image {unit}` gives its reference to a stack's parameter"),
        ),
        (UnitKind::Stack, UnitKind::Image) => (
            format!("the unit `{unit}` is a stack and no image"),
            format!("`!output {unit}.NAME` gives one of its outputs"),
        ),
        _ => return Ok(()),
    };
    Err(Box::new(Diagnostic::error("wrong-kind", message).at(position.place()).hint(hint)))
}

/// The problem of an image of another environment.
pub(super) fn not_from_elsewhere(position: &Position) -> Problem {
    Box::new(not_yet(position.clone(), "!image of another environment's unit"))
}
