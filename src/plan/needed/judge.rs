//! What the answers mean: everything that is missing, and everything that nobody could say.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Diagnostic, Diagnostics, InstanceName, Outside, OutsideKind, Presence, Quota, QuotaKind, Target,
};
use crate::plan::needed::{Answers, Needed};

/// What stands in the way of a plan at `target`. A question without an answer does, unless
/// `may_be_unanswered`. What nobody there knows of is a warning.
pub fn judge(needed: &Needed, answers: &Answers, target: &Target, may_be_unanswered: bool) -> Diagnostics {
    let mut found = Vec::new();
    let mut unanswered: BTreeMap<OutsideKind, Vec<(&Outside, &str)>> = BTreeMap::new();
    let mut unknown = Vec::new();
    for (thing, by) in &needed.things {
        match answers.things.get(thing) {
            Some(Ok(Presence::There)) => {}
            Some(Ok(Presence::Missing(why))) => found.push(missing(thing, why, by, target)),
            Some(Ok(Presence::Unknown)) | None => unknown.push(thing.to_string()),
            Some(Err(why)) => unanswered.entry(thing.kind()).or_default().push((thing, why)),
        }
    }
    let unanswerable = |message: String, permissions: &str| {
        let unanswered = match may_be_unanswered {
            true => Diagnostic::warning("unanswered", message),
            false => Diagnostic::error("unanswered", message),
        };
        let way_out =
            if may_be_unanswered { "" } else { "; `--allow-unanswered` goes on without the answer" };
        unanswered.hint(format!("the question takes {permissions}{way_out}"))
    };
    for (kind, things) in unanswered {
        let names: Vec<String> = things.iter().map(|(thing, _)| format!("`{}`", thing.name())).collect();
        let (_, why) = things[0];
        let asked = match things.len() {
            1 => format!("{} {} is", kind.one(), names[0]),
            _ => format!("the {} {} are", kind.several(), names.join(", ")),
        };
        let message = format!("nobody could say whether {asked} there: {why}");
        found.push(unanswerable(message, kind.permissions()));
    }
    for (kind, wanted) in &needed.room {
        match answers.room.get(kind) {
            Some(Ok(Some(quota))) => found.extend(full(*kind, *wanted, *quota, target)),
            Some(Ok(None)) | None => {}
            Some(Err(why)) => {
                let message = format!("nobody could say how many {} there may be: {why}", kind.several());
                found.push(unanswerable(message, kind.permissions()));
            }
        }
    }
    if !unknown.is_empty() {
        let message = format!("whether these are there is not known here: {}", unknown.join(", "));
        found.push(Diagnostic::warning("not-asked", message).hint(
            "the embedded engine knows what its own stacks made; AWS is asked when the run is a real one",
        ));
    }
    Diagnostics(found)
}

fn missing(thing: &Outside, why: &str, by: &BTreeSet<InstanceName>, target: &Target) -> Diagnostic {
    let by: Vec<String> = by.iter().map(|instance| format!("`{instance}`")).collect();
    let message = format!("{thing} {why} ({}); {} needs it", target.described(), by.join(", "));
    let (name, region) = (thing.name(), &target.region);
    let hint = match thing {
        Outside::Secret { .. } => format!(
            "make it there, or replicate it from where it is: \
             `aws secretsmanager replicate-secret-to-regions --secret-id {name} --add-replica-regions Region={region}`"
        ),
        Outside::Parameter { .. } => {
            format!("make it there: `aws ssm put-parameter --region {region} --name {name} ...`")
        }
        Outside::MachineImage(_) => format!(
            "copy it (`aws ec2 copy-image --region {region} --source-image-id ...`), and give the copy's id below \
             `overrides` of the unit"
        ),
        Outside::Repository(_) => {
            format!(
                "make it there, in a stack of the environment or with `aws ecr create-repository --region {region}`"
            )
        }
    };
    Diagnostic::error("not-there", message).hint(hint)
}

fn full(kind: QuotaKind, wanted: u64, quota: Quota, target: &Target) -> Option<Diagnostic> {
    let used = quota.used.unwrap_or_default();
    (used + wanted > quota.most).then(|| {
        let message = format!(
            "account {} in {} takes {} {}: {used} are there, and this makes {wanted}",
            target.account,
            target.region,
            quota.most,
            kind.several(),
        );
        Diagnostic::error("quota", message)
            .hint("ask AWS for a higher quota, or remove what is no longer needed")
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_debug_snapshot;

    use super::*;
    use crate::model::{ProviderKind, Severity};

    fn target() -> Target {
        Target {
            provider: ProviderKind::Aws,
            account: "111122223333".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
            role: None,
            service_role: None,
            artifacts: None,
            notifications: Vec::new(),
        }
    }

    fn secret(name: &str) -> Outside {
        Outside::Secret { name: name.to_owned(), stage: None, version: None }
    }

    fn asked(answers: Vec<(Outside, Result<Presence, String>)>, may_be_unanswered: bool) -> Diagnostics {
        let by: BTreeSet<InstanceName> = ["data@recovery".parse().unwrap()].into();
        let things = answers.iter().map(|(thing, _)| (thing.clone(), by.clone())).collect();
        let room = [(QuotaKind::Stacks, 3), (QuotaKind::ElasticAddresses, 2)].into();
        let room_there = [
            (QuotaKind::Stacks, Ok(Some(Quota { most: 2000, used: Some(1998) }))),
            (QuotaKind::ElasticAddresses, Ok(Some(Quota { most: 5, used: Some(3) }))),
        ];
        let answers = Answers { things: answers.into_iter().collect(), room: room_there.into() };
        judge(&Needed { things, room }, &answers, &target(), may_be_unanswered)
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let missing = |why: &str| Ok(Presence::Missing(why.to_owned()));
        let found = asked(
            vec![
                (secret("there"), Ok(Presence::There)),
                (secret("gone"), missing("is not there")),
                (secret("a"), Err("DescribeSecret `a`: AccessDeniedException".to_owned())),
                (secret("b"), Err("DescribeSecret `b`: AccessDeniedException".to_owned())),
                (Outside::MachineImage("ami-12345678".to_owned()), missing("is not there")),
                (Outside::Parameter { name: "/size".to_owned(), version: Some(9) }, Ok(Presence::Unknown)),
            ],
            false,
        );
        assert_debug_snapshot!(found.0.iter().map(|one| (one.code, &one.message, &one.hint)).collect::<Vec<_>>(), @r#"
        [
            (
                "not-there",
                "the secret `gone` is not there (aws, account 111122223333, eu-west-1); `data@recovery` needs it",
                Some(
                    "make it there, or replicate it from where it is: `aws secretsmanager replicate-secret-to-regions --secret-id gone --add-replica-regions Region=eu-west-1`",
                ),
            ),
            (
                "not-there",
                "the machine image `ami-12345678` is not there (aws, account 111122223333, eu-west-1); `data@recovery` needs it",
                Some(
                    "copy it (`aws ec2 copy-image --region eu-west-1 --source-image-id ...`), and give the copy's id below `overrides` of the unit",
                ),
            ),
            (
                "unanswered",
                "nobody could say whether the secrets `a`, `b` are there: DescribeSecret `a`: AccessDeniedException",
                Some(
                    "the question takes secretsmanager:DescribeSecret; `--allow-unanswered` goes on without the answer",
                ),
            ),
            (
                "quota",
                "account 111122223333 in eu-west-1 takes 2000 stacks: 1998 are there, and this makes 3",
                Some(
                    "ask AWS for a higher quota, or remove what is no longer needed",
                ),
            ),
            (
                "not-asked",
                "whether these are there is not known here: the entry of Parameter Store `/size`",
                Some(
                    "the embedded engine knows what its own stacks made; AWS is asked when the run is a real one",
                ),
            ),
        ]
        "#);
    }

    #[test]
    fn a_question_without_an_answer_is_no_yes() {
        let answers = vec![(secret("a"), Err("no answer".to_owned()))];
        let of = |may: bool| {
            asked(answers.clone(), may).0.iter().find(|one| one.code == "unanswered").unwrap().severity
        };
        assert_eq!((of(false), of(true)), (Severity::Error, Severity::Warning));
    }
}
