//! What plans of the suite's own environment are asked for: everything, where all is disposable.

use std::collections::BTreeMap;

use rekindle::model::{Digest, Protection};
use rekindle::plan::{Consents, DeployContext, TeardownContext};

/// A deploy of all units of `fieldbook` into `demo`.
pub fn deploy() -> DeployContext {
    DeployContext {
        project: "fieldbook".parse().unwrap(),
        environment: "demo".parse().unwrap(),
        protection: Protection::Disposable,
        targets: BTreeMap::new(),
        release: Digest::of("release"),
        deployment: Digest::of("deployment"),
        prune: false,
        selected: None,
        looks_for_drift: false,
        consents: Consents::none(),
    }
}

/// A teardown of all of it.
pub fn teardown() -> TeardownContext {
    TeardownContext {
        restore: None,
        project: "fieldbook".parse().unwrap(),
        environment: "demo".parse().unwrap(),
        protection: Protection::Disposable,
        selected: None,
        consents: Consents::none(),
    }
}
