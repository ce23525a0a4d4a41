//! The adapter for registries against a real one, and against one that drops, throttles, lies and
//! shortens.

use std::io;
use std::time::Duration;

use rekindle::model::{Digest, Platform};
use rekindle::port::{Registry as _, RegistryError};
use rekindle::registry::{Access, Patience, Registries};
use serde_json::json;

use crate::support::registry::{ENCODED, Fault, Misbehaving, Registry};

/// Tries again at once.
const QUICKLY: Patience = Patience { tries: 3, first_pause: Duration::ZERO };

fn with(configuration: Vec<u8>) -> Access {
    Access { configuration: Some(configuration), ..Access::default() }
}

fn anonymous() -> Registries {
    Registries::new(Access::default(), QUICKLY).unwrap()
}

fn logged_in(host: &str, auth: &str) -> Registries {
    let configuration = json!({"auths": {host: {"auth": auth}}});
    Registries::new(with(configuration.to_string().into_bytes()), QUICKLY).unwrap()
}

/// Bytes that no compression makes small.
fn layer() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..300_000).map(|_| next()).collect()
}

/// A manifest of an image with one layer, and its configuration.
fn image(layer: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let configuration = json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [Digest::of(layer)]}, "config": {}});
    let configuration = configuration.to_string().into_bytes();
    let described = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": Digest::of(bytes), "size": bytes.len()});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described("application/vnd.oci.image.config.v1+json", &configuration),
        "layers": [described("application/vnd.oci.image.layer.v1.tar", layer)],
    });
    (manifest.to_string().into_bytes(), configuration)
}

async fn send(registries: &Registries, repository: &str, bytes: &[u8]) -> Result<bool, RegistryError> {
    let open = || Ok(Box::new(io::Cursor::new(bytes.to_vec())) as Box<dyn io::Read + Send>);
    registries.push(repository, Digest::of(bytes), bytes.len() as u64, &open).await
}

/// Pushes an image under a tag.
async fn put(registries: &Registries, repository: &str, tag: &str) -> Result<(), RegistryError> {
    let layer = layer();
    let (manifest, configuration) = image(&layer);
    send(registries, repository, &layer).await?;
    send(registries, repository, &configuration).await?;
    registries.tag(repository, tag, &manifest).await
}

async fn pulled(registries: &Registries, image: &str) -> Result<Vec<u8>, RegistryError> {
    let (layer, mut out) = (layer(), Vec::new());
    registries.pull(image, Digest::of(&layer), layer.len() as u64, &mut out).await?;
    Ok(out)
}

/// What a person is told.
fn told(error: &RegistryError, hosts: &[&str]) -> String {
    let mut text = error.to_string();
    if let Some(cause) = std::error::Error::source(error) {
        text += &format!(": {cause}");
    }
    text += &format!("\n  {}", error.hint().unwrap_or_default());
    for host in hosts {
        text = text.replace(host, "HOST");
    }
    text
}

#[tokio::test]
async fn an_image_goes_there_and_comes_back() {
    let registry = Registry::open();
    let repository = format!("{}/team/base", registry.host());
    let registries = anonymous();
    put(&registries, &repository, "1").await.unwrap();
    assert!(!send(&registries, &repository, &layer()).await.unwrap(), "it is there already");
    let found = registries.resolve(&format!("{repository}:1"), &Platform::default()).await.unwrap();
    let (manifest, configuration) = image(&layer());
    assert_eq!((found.digest, &found.manifest), (Digest::of(&manifest), &manifest));
    assert_eq!(found.configuration, configuration);
    let pinned = format!("{repository}:1@{}", found.digest);
    assert_eq!(registries.resolve(&pinned, &Platform::default()).await.unwrap(), found);
    assert_eq!(pulled(&registries, &pinned).await.unwrap(), layer());

    let missing = registries.resolve(&format!("{repository}:2"), &Platform::default()).await.unwrap_err();
    let other = "linux/arm64".parse().unwrap();
    let unfit = registries.resolve(&format!("{repository}:1"), &other).await.unwrap_err();
    let no_name = registries.resolve("Base:1", &other).await.unwrap_err();
    let host = registry.host();
    insta::assert_snapshot!([missing, unfit, no_name].map(|error| told(&error, &[&host])).join("\n"));
}

#[tokio::test]
async fn a_tag_never_moves() {
    let registry = Registry::open();
    let repository = format!("{}/base", registry.host());
    let registries = anonymous();
    put(&registries, &repository, "1").await.unwrap();
    put(&registries, &repository, "1").await.expect("the same once more is no conflict");
    let (manifest, _) = image(&layer());
    let other = [&manifest[..], b" "].concat();
    let error = registries.tag(&repository, "1", &other).await.unwrap_err();
    assert!(matches!(error, RegistryError::Taken { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains(&Digest::of(&manifest).to_string()) && text.contains(&Digest::of(&other).to_string())
    );
}

#[tokio::test]
async fn an_index_leads_to_the_image_of_the_platform() {
    let registry = Registry::open();
    let repository = format!("{}/base", registry.host());
    let registries = anonymous();
    put(&registries, &repository, "1").await.unwrap();
    let (manifest, _) = image(&layer());
    let entry = |architecture: &str| {
        json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": Digest::of(&manifest),
               "size": manifest.len(), "platform": {"os": "linux", "architecture": architecture}})
    };
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry("amd64")]});
    registries.tag(&repository, "all", index.to_string().as_bytes()).await.unwrap();
    let all = format!("{repository}:all");
    let found = registries.resolve(&all, &Platform::default()).await.unwrap();
    assert_eq!(found.digest, Digest::of(&manifest));
    let error = registries.resolve(&all, &"linux/arm64".parse().unwrap()).await.unwrap_err();
    assert!(error.to_string().ends_with("is not made for linux/arm64; it is for linux/amd64"), "{error}");
}

#[tokio::test]
async fn credentials_are_those_of_docker_login() {
    let registry = Registry::with_password();
    let repository = format!("{}/base", registry.host());
    let registries = logged_in(&registry.host(), ENCODED);
    put(&registries, &repository, "1").await.unwrap();
    assert_eq!(pulled(&registries, &format!("{repository}:1")).await.unwrap(), layer());

    let nobody = put(&anonymous(), &repository, "1").await.unwrap_err();
    // `somebody:wrong`
    let wrong = logged_in(&registry.host(), "c29tZWJvZHk6d3Jvbmc=");
    let wrong = wrong.resolve(&format!("{repository}:1"), &Platform::default()).await.unwrap_err();
    let token = json!({"auths": {registry.host(): {"identitytoken": "x"}}}).to_string().into_bytes();
    let token = Registries::new(with(token), QUICKLY).unwrap();
    let token = put(&token, &repository, "1").await.unwrap_err();
    let damaged = Registries::new(with(b"{".to_vec()), QUICKLY).unwrap();
    let damaged = put(&damaged, &repository, "1").await.unwrap_err();
    let host = registry.host();
    let digest = Digest::of(layer()).to_string();
    insta::assert_snapshot!(
        [nobody, wrong, token, damaged]
            .map(|error| told(&error, &[&host]))
            .join("\n")
            .replace(&digest, "DIGEST")
    );
}

#[tokio::test]
async fn a_connection_that_breaks_is_gone_on_with() {
    let registry = Registry::open();
    let before = Misbehaving::before(&registry.host());
    put(&anonymous(), &format!("{}/base", registry.host()), "1").await.unwrap();
    let image = format!("{}/base:1", before.host());
    let blob = format!("GET /v2/base/blobs/{}", Digest::of(layer()));
    // More often than it is tried without coming further: each time some bytes came.
    before.add(&blob, Fault::DropAfter(40_000), 5);
    assert_eq!(pulled(&anonymous(), &image).await.unwrap(), layer());
    let ranges: Vec<String> = before.seen(&blob).iter().map(|seen| seen.replace(&blob, "")).collect();
    assert_eq!(
        ranges,
        ["  ", "  bytes=40000-", "  bytes=80000-", "  bytes=120000-", "  bytes=160000-", "  bytes=200000-"]
            .map(|text| &text[1..])
    );

    before.add(&blob, Fault::DropAfter(0), 3);
    let error = pulled(&anonymous(), &image).await.unwrap_err();
    assert!(matches!(error, RegistryError::Dropped { .. }), "{error:?}");
    assert_eq!(before.seen(&blob).len(), 6 + 3, "it gives up in the end");
}

#[tokio::test]
async fn a_busy_registry_is_waited_for() {
    let registry = Registry::open();
    let before = Misbehaving::before(&registry.host());
    let repository = format!("{}/base", before.host());
    for (part, status) in [("PUT /v2/base/manifests", 429), ("POST /v2/base/blobs", 503), ("GET /v2/ ", 429)]
    {
        before.add(part, Fault::Status(status), 2);
    }
    put(&anonymous(), &repository, "1").await.unwrap();
    before.add("GET /v2/base/manifests", Fault::Status(429), 3);
    let error = anonymous().resolve(&format!("{repository}:1"), &Platform::default()).await.unwrap_err();
    assert!(matches!(error, RegistryError::Throttled { .. }), "{error:?}");
}

#[tokio::test]
async fn a_registry_that_gives_other_bytes_is_found_out() {
    let registry = Registry::open();
    let before = Misbehaving::before(&registry.host());
    put(&anonymous(), &format!("{}/base", registry.host()), "1").await.unwrap();
    let image = format!("{}/base:1", before.host());
    let (mut layer, manifest) = (layer(), self::image(&layer()).0);
    let wanted = Digest::of(&layer);
    layer[0] ^= 1;
    let blob = format!("GET /v2/base/blobs/{wanted}");

    before.add(&blob, Fault::Change, 1);
    let error = pulled(&anonymous(), &image).await.unwrap_err();
    let RegistryError::WrongDigest { expected, found, .. } = &error else { panic!("{error:?}") };
    assert_eq!((expected, found), (&wanted.to_string(), &Digest::of(&layer).to_string()));
    assert_eq!(before.seen(&blob).len(), 1, "what is wrong is not asked for again");

    before.add("GET /v2/base/manifests", Fault::Change, 1);
    let error = anonymous().resolve(&image, &Platform::default()).await.unwrap_err();
    assert!(matches!(error, RegistryError::WrongDigest { .. }), "{error:?}");
    before.add("GET /v2/base/manifests", Fault::Change, 1);
    let pinned = format!("{image}@{}", Digest::of(&manifest));
    let error = anonymous().resolve(&pinned, &Platform::default()).await.unwrap_err();
    assert!(matches!(error, RegistryError::WrongDigest { .. }), "{error:?}");

    before.add(&blob, Fault::Shorten, 3);
    let error = pulled(&anonymous(), &image).await.unwrap_err();
    assert!(!matches!(error, RegistryError::Denied { .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_is_fetched_and_compared() {
    let registry = Registry::open();
    put(&anonymous(), &format!("{}/base", registry.host()), "1").await.unwrap();
    let before = Misbehaving::before(&registry.host());
    let digest = Digest::of(layer());
    // A registry is a server of files too.
    let url = format!("http://{}/v2/base/blobs/{digest}", before.host());
    before.add("GET", Fault::DropAfter(100_000), 1);
    let mut out = Vec::new();
    anonymous().fetch(&url, digest, &mut out).await.unwrap();
    assert_eq!(out, layer());
    assert!(before.seen("GET")[1].ends_with("bytes=100000-"));

    let other = Digest::of("other");
    let error = anonymous().fetch(&url, other, &mut Vec::new()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("wanted {other}, got {digest}")), "{text}");
    let missing = anonymous().fetch(&url.replace("base", "none"), digest, &mut Vec::new()).await.unwrap_err();
    assert!(matches!(missing, RegistryError::NotFound { .. }), "{missing:?}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused =
        anonymous().fetch(&format!("http://{nobody}/a"), digest, &mut Vec::new()).await.unwrap_err();
    assert!(matches!(refused, RegistryError::Unreachable { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_disk_that_is_full_is_said() {
    let registry = Registry::open();
    put(&anonymous(), &format!("{}/base", registry.host()), "1").await.unwrap();
    let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let layer = layer();
    let image = format!("{}/base:1", registry.host());
    let error =
        anonymous().pull(&image, Digest::of(&layer), layer.len() as u64, &mut full).await.unwrap_err();
    assert!(error.hint().unwrap().starts_with("the disk is full"), "{error:?}");
}

/// A registry that gives tokens, as most public ones do: 401 says where, the token is asked for with name
/// and password, and then shown.
#[tokio::test]
async fn a_token_is_asked_for_and_shown() {
    let tokens = crate::support::tokens::Tokens::start();
    let image = format!("{}/base:1", tokens.host());
    let error = anonymous().resolve(&image, &Platform::default()).await.unwrap_err();
    assert!(matches!(error, RegistryError::Denied { with_credentials: false, .. }), "{error:?}");
    let error = logged_in(&tokens.host(), ENCODED).resolve(&image, &Platform::default()).await.unwrap_err();
    // It was let in: there is nothing behind that door.
    assert!(matches!(error, RegistryError::NotFound { .. }), "{error:?}");
}
