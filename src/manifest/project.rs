//! A whole project: every file of ours decoded, joined and checked.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::cross_check;
use crate::manifest::decode::Decoder;
use crate::manifest::interface::{self, Interface};
use crate::manifest::lock::{Lock, TemplateDigest};
use crate::manifest::manifest_file::{self, ManifestFile};
use crate::manifest::unit_file::{self, UnitDeclaration};
use crate::manifest::yaml;
use crate::model::files::{LOCK_FILE, MANIFEST_FILE};
use crate::model::{
    Context, Diagnostic, Diagnostics, Place, ProjectFiles, TemplateName, TemplateRef, UnitName,
};

/// A project that is right as far as can be known without rendering.
#[derive(Clone, Debug)]
pub struct Project {
    /// `rekindle.yaml`.
    pub manifest: ManifestFile,
    /// The units by name.
    pub units: BTreeMap<UnitName, UnitDeclaration>,
    /// Every template version in `templates/`.
    pub templates: BTreeMap<TemplateRef, TemplateVersion>,
    /// `rekindle.lock`; empty when there is none.
    pub lock: Lock,
    /// The bytes all this was read from.
    pub files: ProjectFiles,
    /// What the directories hold that images copy from, by their paths, see
    /// [`Project::context_directories`]. One that does not exist is absent.
    pub contexts: BTreeMap<String, Context>,
    /// What is worth knowing although nothing is wrong.
    pub warnings: Diagnostics,
}

/// One folder `templates/NAME/VERSION/`.
#[derive(Clone, Debug)]
pub struct TemplateVersion {
    /// Its `interface.yaml`; without one a template takes no inputs.
    pub interface: Interface,
    /// Over the raw bytes of its files.
    pub digest: TemplateDigest,
    /// Whether the lock has its digest: from then on it never changes.
    pub published: bool,
}

impl Project {
    /// Reads a project from its files.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the files' names.
    pub fn read(files: ProjectFiles) -> Result<Self, Diagnostics> {
        let mut decoder = Decoder::default();
        let lock = read_lock(&mut decoder, &files);
        let manifest = read_manifest(&mut decoder, &files);
        let mut of_templates = Decoder::default();
        let templates = read_templates(&mut of_templates, &files, &lock);
        decoder.templates = templates.keys().cloned().collect();
        let units = read_units(&mut decoder, &files);
        let mut problems = decoder.problems;
        problems.extend(of_templates.problems);
        let Some(manifest) = manifest else { return Err(problems) };
        let mut project = Self {
            manifest,
            units,
            templates,
            lock,
            files,
            contexts: BTreeMap::new(),
            warnings: Diagnostics::default(),
        };
        if !problems.has_errors() {
            problems.extend(cross_check::check(&project));
        }
        if problems.has_errors() {
            return Err(problems);
        }
        project.warnings = problems;
        Ok(project)
    }

    /// Reads `rekindle.yaml` alone: enough for [`Project::environment`], however broken the rest is.
    ///
    /// # Errors
    /// Everything that is wrong in that file.
    pub fn read_manifest(files: ProjectFiles) -> Result<Self, Diagnostics> {
        let mut decoder = Decoder::default();
        let manifest = read_manifest(&mut decoder, &files);
        let mut problems = decoder.problems;
        let Some(manifest) = manifest else { return Err(problems) };
        let project = Self {
            manifest,
            units: BTreeMap::new(),
            templates: BTreeMap::new(),
            lock: Lock::default(),
            files,
            contexts: BTreeMap::new(),
            warnings: Diagnostics::default(),
        };
        problems.extend(cross_check::check_lineages(&project));
        if problems.has_errors() { Err(problems) } else { Ok(project) }
    }

    /// The directories of the project that images copy from. They are read after the project, which
    /// says which these are.
    pub fn context_directories(&self) -> BTreeSet<&str> {
        let images = self.units.values().filter_map(|unit| unit.image.as_ref());
        images.filter_map(|image| image.context.as_ref()).map(|context| context.value.as_str()).collect()
    }

    /// Name of the folder of a template version, relative to `templates/`.
    pub fn folder(template: &TemplateRef) -> String {
        format!("{}/{}", template.name, template.version)
    }
}

fn read_manifest(decoder: &mut Decoder, files: &ProjectFiles) -> Option<ManifestFile> {
    let Some(bytes) = files.get(MANIFEST_FILE) else {
        let problem = Diagnostic::error("no-manifest", format!("there is no `{MANIFEST_FILE}`"));
        return decoder.refuse(problem.hint("`rekindle init` makes a project that works"));
    };
    match yaml::parse(MANIFEST_FILE, bytes) {
        Ok(root) => manifest_file::decode(decoder, &root),
        Err(problems) => {
            decoder.problems.extend(problems);
            None
        }
    }
}

fn read_lock(decoder: &mut Decoder, files: &ProjectFiles) -> Lock {
    match files.get(LOCK_FILE).map(Lock::read) {
        None => Lock::default(),
        Some(Ok(lock)) => lock,
        Some(Err(problems)) => {
            decoder.problems.extend(problems);
            Lock::default()
        }
    }
}

fn read_units(decoder: &mut Decoder, files: &ProjectFiles) -> BTreeMap<UnitName, UnitDeclaration> {
    let mut units = BTreeMap::new();
    for (path, bytes) in files.below("stacks") {
        let file = format!("stacks/{path}");
        let Some(stem) = path.strip_suffix(".yaml").filter(|stem| !stem.contains('/')) else {
            decoder.problems.push(stray(&file));
            continue;
        };
        let name = match UnitName::new(stem) {
            Ok(name) => name,
            Err(error) => {
                let problem = Diagnostic::error("invalid-name", error.to_string());
                decoder.problems.push(problem.at(Place::file(file)).hint("rename the file"));
                continue;
            }
        };
        match yaml::parse(&file, bytes) {
            Ok(root) => {
                units.extend(unit_file::decode(decoder, name.clone(), &root).map(|unit| (name, unit)));
            }
            Err(problems) => decoder.problems.extend(problems),
        }
    }
    units
}

fn stray(file: &str) -> Diagnostic {
    let hint = if file.ends_with(".yml") {
        format!("rename it to `{}.yaml`", file.trim_end_matches(".yml"))
    } else {
        "units are files `stacks/NAME.yaml`, without folders; put anything else elsewhere".to_owned()
    };
    Diagnostic::error("stray-file", format!("`{file}` is no unit")).at(Place::file(file)).hint(hint)
}

/// Files directly in `templates/` or `templates/NAME/` belong to no version and have no influence.
fn read_templates(
    decoder: &mut Decoder,
    files: &ProjectFiles,
    lock: &Lock,
) -> BTreeMap<TemplateRef, TemplateVersion> {
    let mut folders = BTreeSet::new();
    for (path, _) in files.below("templates") {
        if let [name, version, _] = path.splitn(3, '/').collect::<Vec<_>>()[..] {
            folders.insert((name, version));
        }
    }
    let mut templates = BTreeMap::new();
    for (name, version) in folders {
        match template_name(name, version) {
            Ok(template) => {
                let read = read_template(decoder, files, lock, &template);
                templates.insert(template, read);
            }
            Err(problem) => decoder.problems.push(*problem),
        }
    }
    templates
}

fn template_name(name: &str, version: &str) -> Result<TemplateRef, Box<Diagnostic>> {
    let folder = format!("templates/{name}/{version}");
    let wrong = |message: String, hint: &str| {
        Box::new(Diagnostic::error("invalid-name", message).at(Place::file(&*folder)).hint(hint))
    };
    let name = TemplateName::new(name).map_err(|error| wrong(error.to_string(), "rename the folder"))?;
    let version = semver::Version::parse(version).map_err(|error| {
        wrong(
            format!("`{version}` is not a version: {error}"),
            "a template's folder is `templates/NAME/VERSION`, for example `templates/data/1.2.0`",
        )
    })?;
    Ok(TemplateRef { name, version })
}

fn read_template(
    decoder: &mut Decoder,
    files: &ProjectFiles,
    lock: &Lock,
    template: &TemplateRef,
) -> TemplateVersion {
    let folder = format!("templates/{}", Project::folder(template));
    let digest = TemplateDigest::of(files.below(&folder));
    let locked = lock.template(template);
    let published = locked.is_some();
    decoder.problems.extend(locked.and_then(|locked| locked.compare(template, &digest)));
    let file = format!("{folder}/interface.yaml");
    let interface = match files.get(&file).map(|bytes| yaml::parse(&file, bytes)) {
        None => Interface::default(),
        Some(Ok(root)) => interface::decode(decoder, &root),
        Some(Err(problems)) => {
            decoder.problems.extend(problems);
            Interface::default()
        }
    };
    TemplateVersion { interface, digest, published }
}
