//! Any bytes offered as a template: everything comes back, with an answer or an error, whatever it
//! costs the author. The entry functions are those of the fuzz targets.

#[path = "../../fuzz/entry.rs"]
mod entry;

use proptest::prelude::*;
use rekindle::template::read;

const SEEDS: [&[u8]; 2] =
    [include_bytes!("../../fuzz/seeds/loops.yaml"), include_bytes!("../../fuzz/seeds/functions.json")];

/// The seed as JSON: what the language and the engine read.
fn as_json(seed: &[u8]) -> Vec<u8> {
    serde_json::to_vec(&read("seed.yaml", seed).unwrap().value).unwrap()
}

fn all(bytes: &[u8]) {
    entry::template(bytes);
    entry::language(bytes);
    entry::engine(bytes);
}

#[test]
fn the_seeds_are_templates() {
    for seed in SEEDS {
        assert!(read("seed.yaml", seed).is_ok());
        all(seed);
        all(&as_json(seed));
    }
}

/// One edit of a text: something else in the place of a part of it.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, Vec<u8>)>> {
    let words: [&[u8]; 16] = [
        b"",
        b"{",
        b"[",
        b"\"",
        b"}",
        b"]",
        b",",
        b":",
        b"${",
        b"Fn::ForEach::A",
        b"Fn::Sub",
        b"Ref",
        b"\n  ",
        b"null",
        b"99999999999999999999",
        b"\xff",
    ];
    let insertion = prop_oneof![
        3 => prop::sample::select(words.to_vec()).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0u8..40, insertion), 1..6)
}

fn edited(seed: &[u8], edits: &[(prop::sample::Index, u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (place, length, insertion) in edits {
        let start = place.index(bytes.len() + 1);
        let end = (start + usize::from(*length)).min(bytes.len());
        bytes.splice(start..end, insertion.iter().copied());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        all(&bytes);
    }

    #[test]
    fn templates_with_damage(seed in 0..SEEDS.len(), edits in edits()) {
        all(&edited(SEEDS[seed], &edits));
        all(&edited(&as_json(SEEDS[seed]), &edits));
    }
}

#[test]
fn deep_nesting() {
    for depth in [90, 110, 130, 100_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
            let middle = if close.is_empty() { "x" } else { "1" };
            let nested = format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
            all(nested.as_bytes());
            all(format!(
                "{{\"Resources\": {{\"A\": {{\"Type\": \"T\", \"Properties\": {{\"P\": {nested}}}}}}}}}"
            )
            .as_bytes());
        }
        let functions = format!("{}1{}", r#"{"Fn::Base64":"#.repeat(depth), "}".repeat(depth));
        let template = format!(
            r#"{{"Resources": {{"A": {{"Type": "AWS::SNS::Topic", "Properties": {{"P": {functions}}}}}}}}}"#
        );
        all(template.as_bytes());
    }
}

#[test]
fn long_texts_and_many_of_everything() {
    let long = "x".repeat(3_000_000);
    all(long.as_bytes());
    all(format!("{{\"Resources\": {{\"A\": {{\"Type\": \"{long}\"}}}}}}").as_bytes());
    let many =
        |count: usize, entry: &dyn Fn(usize) -> String| (0..count).map(entry).collect::<Vec<_>>().join(",");
    let chain =
        many(10_000, &|index| format!("\"R{index}\":{{\"Type\":\"T\",\"DependsOn\":\"R{}\"}}", index + 1));
    all(format!("{{\"Resources\":{{{chain}}}}}").as_bytes());
    let conditions = many(10_000, &|index| format!("\"C{index}\":{{\"Condition\":\"C{}\"}}", index + 1));
    all(format!("{{\"Conditions\":{{{conditions},\"C10000\":{{\"Fn::Equals\":[1,1]}}}},\"Resources\":{{\"A\":{{\"Type\":\"AWS::SNS::Topic\"}}}}}}").as_bytes());
    let names = many(300, &|index| format!("\"R{index}\""));
    let tangle = many(300, &|index| format!("\"R{index}\":{{\"Type\":\"T\",\"DependsOn\":[{names}]}}"));
    all(format!("{{\"Resources\":{{{tangle}}}}}").as_bytes());
    let text = "v".repeat(4_000);
    let references = many(30_000, &|_| "{\"Ref\":\"P\"}".to_owned());
    all(format!("{{\"Parameters\":{{\"P\":{{\"Type\":\"String\",\"Default\":\"{text}\"}}}},\"Resources\":{{\"A\":{{\"Type\":\"AWS::SNS::Topic\",\"Properties\":{{\"P\":[{references}]}}}}}}}}").as_bytes());
}
