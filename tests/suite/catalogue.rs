//! The shipped catalogue of resource types is what its source gives.

use std::process::Command;

#[test]
fn the_catalogue_is_what_the_schemas_give() {
    let root = env!("CARGO_MANIFEST_DIR");
    let output = Command::new("scripts/catalogue/run").arg("--check").current_dir(root).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
