//! `fetch` in an image unit: files from elsewhere, each by its digest.

use crate::manifest::decode::Decoder;
use crate::manifest::yaml::Node;
use crate::model::{Digest, Fetch};

const KEYS: [&str; 4] = ["url", "sha256", "to", "mode"];

/// Decodes the list. Two entries for one path are told where the context is put together.
pub(super) fn decode(decoder: &mut Decoder, node: &Node) -> Vec<Fetch> {
    let items: Vec<&Node> = decoder.items(node).iter().collect();
    items.into_iter().filter_map(|item| entry(decoder, item)).collect()
}

fn entry(decoder: &mut Decoder, node: &Node) -> Option<Fetch> {
    let fields = decoder.fields(node, "the file to fetch", &KEYS);
    let url = fields.required(decoder, "url").and_then(|node| url(decoder, node));
    let digest = fields.required(decoder, "sha256").and_then(|node| sha256(decoder, node));
    let path = fields.required(decoder, "to").and_then(|node| path(decoder, node));
    let modes = [("0644", false), ("644", false), ("0755", true), ("755", true)];
    let executable = match fields.get("mode") {
        Some(node) => decoder.word(node, &modes)?,
        None => false,
    };
    Some(Fetch { url: url?, digest: digest?, executable, path: path? })
}

fn url(decoder: &mut Decoder, node: &Node) -> Option<String> {
    let url = decoder.text(node)?.value;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if rest.is_none_or(str::is_empty) {
        let problem = node.error("invalid-value", format!("`{url}` is no address that can be fetched"));
        return decoder.refuse(problem.hint("write https://HOST/PATH; what comes is compared with `sha256`"));
    }
    if rest.is_some_and(|rest| rest.split('/').next().unwrap_or_default().contains('@')) {
        let problem = node.error("invalid-value", "the address has a name or a password in it");
        return decoder
            .refuse(problem.hint("secrets do not belong into source: fetch from where none is needed"));
    }
    Some(url)
}

fn sha256(decoder: &mut Decoder, node: &Node) -> Option<Digest> {
    let text = decoder.text(node)?.value;
    let digest = format!("sha256:{}", text.trim_start_matches("sha256:")).parse();
    digest.ok().or_else(|| {
        let problem = node.error("invalid-value", format!("`{text}` is no SHA-256"));
        decoder.refuse(problem.hint("write its 64 hexadecimal digits, as `sha256sum FILE` prints them"))
    })
}

fn path(decoder: &mut Decoder, node: &Node) -> Option<String> {
    let text = decoder.text(node)?.value;
    if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        let problem = node.error("invalid-value", format!("`{text}` is no path in the context"));
        return decoder.refuse(
            problem.hint("write one without `.` and `..`, relative to the context: `vendor/tool.tgz`"),
        );
    }
    Some(text)
}
