//! A list of packages in the words of SPDX 2.3, as JSON. Source: the SPDX specification 2.3 and the
//! specification of package URLs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::image::about::software::{Package, Software};
use crate::model::{Digest, canonical};

/// SPDX wants a time; every time in an image is this one.
const EPOCH: &str = "1970-01-01T00:00:00Z";
const NAMESPACE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/spdx");
const TOOL: &str = concat!("Tool: rekindle-", env!("CARGO_PKG_VERSION"));
const IMAGE: &str = "SPDXRef-Image";

/// The list of what is in the image of a unit, as canonical JSON.
pub fn spdx(unit: &str, manifest: Digest, software: &Software) -> Vec<u8> {
    let mut packages = vec![json!({
        "SPDXID": IMAGE,
        "name": unit,
        "versionInfo": manifest.to_string(),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "primaryPackagePurpose": "CONTAINER",
        "checksums": [{"algorithm": "SHA256", "checksumValue": manifest.hex()}],
    })];
    let mut relationships = vec![relationship("SPDXRef-DOCUMENT", "DESCRIBES", IMAGE)];
    for (number, package) in software.packages.iter().enumerate() {
        // Names may have letters that an identifier may not, so the number tells them apart.
        let id = format!("SPDXRef-Package-{}-{}", number + 1, plain(&package.name));
        relationships.push(relationship(IMAGE, "CONTAINS", &id));
        packages.push(described(package, id, software));
    }
    canonical::bytes(&json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": unit,
        "documentNamespace": format!("{NAMESPACE}/{}/{}", unit, manifest.hex()),
        "creationInfo": {"created": EPOCH, "creators": [TOOL]},
        "packages": packages,
        "relationships": relationships,
    }))
}

fn described(package: &Package, id: String, software: &Software) -> Value {
    let mut described = json!({
        "SPDXID": id,
        "name": package.name,
        "versionInfo": package.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": purl(package, software),
        }],
    });
    if let Some(source) = &package.source {
        described["sourceInfo"] = json!(format!("built from the source package {source}"));
    }
    described
}

fn relationship(one: &str, kind: &str, other: &str) -> Value {
    json!({"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other})
}

/// `pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=amd64&distro=debian-12`
fn purl(package: &Package, software: &Software) -> String {
    let of_kind = if package.kind == "apk" { "alpine" } else { "debian" };
    let id = software.distribution.as_ref().map_or(of_kind, |(id, _)| id);
    let mut purl = format!(
        "pkg:{}/{}/{}@{}?arch={}",
        package.kind,
        encoded(id),
        encoded(&package.name),
        encoded(&package.version),
        encoded(&package.architecture)
    );
    if let Some((id, version)) = software.distribution.as_ref().filter(|(_, version)| !version.is_empty()) {
        let _ = write!(purl, "&distro={}-{}", encoded(id), encoded(version));
    }
    purl
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Letters that identifiers have.
fn plain(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '-';
    name.chars().map(|letter| if is_plain(letter) { letter } else { '-' }).collect()
}
