//! What is said about images: lists of packages, and documents that are what their specifications ask for.

use serde_json::Value;

use super::*;
use crate::image::Blob;
use crate::model::Digest;

const STATUS: &str = "\
Package: curl
Status: install ok installed
Architecture: amd64
Source: curl-source (1.2)
Version: 1:7.88.1-10+deb12u5
Description: a tool
 with a text that goes on
 .
 Package: none

Package: gone
Status: deinstall ok config-files
Version: 1
Architecture: all

Package: libstdc++6
Status: hold ok installed
Version: 12.2.0-14
Architecture: amd64
";

fn texts(files: &[(&str, &str)]) -> Texts {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

#[test]
fn lists_of_packages_are_read() {
    let software = Software::read(&texts(&[
        ("usr/lib/os-release", "ID=other\n"),
        ("etc/os-release", "NAME=\"Debian\"\nVERSION_ID=\"12\"\nID=debian\n"),
        ("var/lib/dpkg/status", STATUS),
        ("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n"),
        (
            "lib/apk/db/installed",
            "C:Q1x=\nP:musl\nV:1.2.4-r2\nA:x86_64\no:musl\nF:lib\nR:x\n\nP:libcrypto3\nV:3.1\nA:x86_64\no:openssl\n",
        ),
    ]));
    let shown: Vec<String> = software
        .packages
        .iter()
        .map(|package| {
            format!(
                "{} {} {} {} {:?}",
                package.kind, package.name, package.version, package.architecture, package.source
            )
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    apk libcrypto3 3.1 x86_64 Some("openssl")
    apk musl 1.2.4-r2 x86_64 None
    deb base-files 12.4 amd64 None
    deb curl 1:7.88.1-10+deb12u5 amd64 Some("curl-source")
    deb libstdc++6 12.2.0-14 amd64 None
    "#);
    assert_eq!(software.distribution, Some(("debian".to_owned(), "12".to_owned())));
}

#[test]
fn files_are_found_by_their_paths() {
    for path in
        ["var/lib/dpkg/status", "var/lib/dpkg/status.d/x", "usr/lib/apk/db/installed", "etc/os-release"]
    {
        assert!(is_wanted(path.as_bytes()), "{path}");
    }
    for path in ["var/lib/dpkg/status-old", "var/lib/dpkg/status.d/x.md5sums", "x/etc/os-release"] {
        assert!(!is_wanted(path.as_bytes()), "{path}");
    }
    assert!(!is_wanted(b"var/lib/dpkg/status.d/\xff"));
}

#[test]
fn the_list_is_a_document_of_spdx() {
    let software = Software::read(&texts(&[
        ("etc/os-release", "ID=debian\nVERSION_ID=12\n"),
        ("var/lib/dpkg/status", STATUS),
    ]));
    let bytes = spdx("web", Digest::of("m"), &software);
    let mut document: Value = serde_json::from_slice(&bytes).unwrap();
    let packages = document["packages"].take();
    let relationships = document["relationships"].take();
    let shown = [&document, &packages[0], &packages[2], &relationships[0], &relationships[2]];
    let shown = shown.map(|part| serde_json::to_string_pretty(part).unwrap()).join("\n");
    insta::assert_snapshot!(shown.replace(env!("CARGO_PKG_VERSION"), "VERSION"), @r#"
    {
      "SPDXID": "SPDXRef-DOCUMENT",
      "creationInfo": {
        "created": "1970-01-01T00:00:00Z",
        "creators": [
          "Tool: rekindle-VERSION"
        ]
      },
      "dataLicense": "CC0-1.0",
      "documentNamespace": "https://example.invalid/rekindle/spdx/web/62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a",
      "name": "web",
      "packages": null,
      "relationships": null,
      "spdxVersion": "SPDX-2.3"
    }
    {
      "SPDXID": "SPDXRef-Image",
      "checksums": [
        {
          "algorithm": "SHA256",
          "checksumValue": "62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a"
        }
      ],
      "downloadLocation": "NOASSERTION",
      "filesAnalyzed": false,
      "name": "web",
      "primaryPackagePurpose": "CONTAINER",
      "versionInfo": "sha256:62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a"
    }
    {
      "SPDXID": "SPDXRef-Package-2-libstdc--6",
      "copyrightText": "NOASSERTION",
      "downloadLocation": "NOASSERTION",
      "externalRefs": [
        {
          "referenceCategory": "PACKAGE-MANAGER",
          "referenceLocator": "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12",
          "referenceType": "purl"
        }
      ],
      "filesAnalyzed": false,
      "licenseConcluded": "NOASSERTION",
      "licenseDeclared": "NOASSERTION",
      "name": "libstdc++6",
      "versionInfo": "12.2.0-14"
    }
    {
      "relatedSpdxElement": "SPDXRef-Image",
      "relationshipType": "DESCRIBES",
      "spdxElementId": "SPDXRef-DOCUMENT"
    }
    {
      "relatedSpdxElement": "SPDXRef-Package-2-libstdc--6",
      "relationshipType": "CONTAINS",
      "spdxElementId": "SPDXRef-Image"
    }
    "#);
    assert_eq!((packages.as_array().unwrap().len(), relationships.as_array().unwrap().len()), (3, 3));
}

#[test]
fn an_artifact_names_its_subject() {
    let blob = |text: &str| Blob { digest: Digest::of(text), size: text.len() as u64 };
    let shown = Attachment::ALL.map(|attachment| {
        let bytes = artifact(attachment, blob("document"), blob("image"));
        serde_json::to_string_pretty(&serde_json::from_slice::<Value>(&bytes).unwrap()).unwrap()
    });
    insta::assert_snapshot!(shown.join("\n"), @r#"
    {
      "artifactType": "application/vnd.in-toto+json",
      "config": {
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "mediaType": "application/vnd.oci.empty.v1+json",
        "size": 2
      },
      "layers": [
        {
          "annotations": {
            "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"
          },
          "digest": "sha256:43cc23fa52b87b4cc1d02b5b114154151d6adddb17c9fddc06b027fa99e24008",
          "mediaType": "application/vnd.in-toto+json",
          "size": 8
        }
      ],
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "schemaVersion": 2,
      "subject": {
        "digest": "sha256:6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d",
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "size": 5
      }
    }
    {
      "artifactType": "application/spdx+json",
      "config": {
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "mediaType": "application/vnd.oci.empty.v1+json",
        "size": 2
      },
      "layers": [
        {
          "digest": "sha256:43cc23fa52b87b4cc1d02b5b114154151d6adddb17c9fddc06b027fa99e24008",
          "mediaType": "application/spdx+json",
          "size": 8
        }
      ],
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "schemaVersion": 2,
      "subject": {
        "digest": "sha256:6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d",
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "size": 5
      }
    }
    "#);
}

#[test]
fn addresses_are_told_without_what_opens_them() {
    for (url, expected) in [
        ("https://files.example/a/b?X-Amz-Signature=1#x", "https://files.example/a/b"),
        ("https://somebody:secret@files.example:8443/a@b", "https://files.example:8443/a@b"),
        ("https://files.example", "https://files.example"),
    ] {
        assert_eq!(super::provenance::public(url), expected);
    }
}
